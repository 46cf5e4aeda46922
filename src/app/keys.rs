//! Keys: which of the table was pressed, and what the page does then.

use conclave::scene::keys::{Held, command};
use conclave::sim::NodeId;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

use super::{Msg, browser, focus};

/// What has all keys for itself.
const TAKES_ALL: &str = "input:not(#timeline), select, textarea, [role=tab]";
/// What is pressed by Space and by Enter.
const TAKES_PRESSES: &str = "button, summary, a, [role=button]";

/// What a key asks of the page, if anything; `single` is whether letters, digits and signs ask for
/// anything.
pub fn obey(event: &KeyboardEvent, single: bool) -> Option<Msg> {
    let key = match event.key() {
        key if key.len() == 1 => key.to_ascii_lowercase(),
        key if key == "Escape" => return Some(Msg::Select(None)),
        key => key,
    };
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let within =
        |what: &str| target.as_ref().and_then(|target| target.closest(what).ok().flatten());
    let presses = key == " " || key == "Enter";
    if within(TAKES_ALL).is_some() || presses && within(TAKES_PRESSES).is_some() {
        return None;
    }
    let control = event.ctrl_key() || event.meta_key();
    let held = Held { control, alt: event.alt_key(), shift: event.shift_key() };
    if !single && key.len() == 1 && !control && key != " " {
        return None;
    }
    let command = command(&key, held)?;
    let node = within("[data-node]").and_then(|node| node.get_attribute("data-node")?.parse().ok());
    Some(Msg::Obey(command, node.map(NodeId), key.bytes().next().unwrap_or_default()))
}

/// Arrows, Home and End go from tab to tab, and show what each is for.
pub fn among_tabs(event: KeyboardEvent) {
    let tab = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let Some((tab, list)) = tab.and_then(|tab| Some((tab.clone(), tab.parent_element()?))) else {
        return;
    };
    let tabs = list.children();
    let (here, all) = (focus::place(&tab), tabs.length());
    let next = match event.key().as_str() {
        "ArrowRight" => (here + 1) % all,
        "ArrowLeft" => (here + all - 1) % all,
        "Home" => 0,
        "End" => all - 1,
        _ => return,
    };
    event.prevent_default();
    let next: Option<HtmlElement> = tabs.item(next).map(JsCast::unchecked_into);
    next.iter().for_each(HtmlElement::click);
    browser::focus(next.map(Into::into));
}
