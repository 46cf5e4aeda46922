//! The page, in Yew.

use yew::prelude::*;

#[component]
fn Page() -> Html {
    html! { <h1>{ "Conclave" }</h1> }
}

/// Mounts the page on `#app`.
pub fn start() {
    yew::Renderer::<Page>::new().render();
}
