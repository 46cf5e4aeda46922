//! The focus, when what had it is moved or taken away.

use wasm_bindgen::JsCast;
use web_sys::{Element, FocusOptions, HtmlElement};

/// What can have the focus.
const STOPS: &str = "button, input, select, summary, [tabindex='0']";

/// What has the focus, and what that stands in, from the inside outwards; each with its place among
/// its siblings.
pub struct Focus {
    page: Element,
    around: Vec<(Element, u32)>,
}

impl Focus {
    /// What has the focus in a page; nothing if it is elsewhere.
    pub fn within(page: &Element) -> Self {
        let mut around = Vec::new();
        let mut next = active(page);
        while let Some(element) = next.filter(|element| element != page) {
            next = element.parent_element();
            let place = place(&element);
            around.push((element, place));
        }
        Self { page: page.clone(), around }
    }

    /// Gives the focus back if it was lost: to what had it, else to what stands in its place now, or
    /// near it.
    pub fn restore(self) {
        let Self { page, around } = self;
        let lost = active(&page).is_none();
        let kept = around.iter().position(|(element, _)| element.is_connected());
        let Some(kept) = kept.filter(|_| lost) else { return };
        let siblings = around[kept].0.children();
        let near = kept.checked_sub(1).and_then(|taken| {
            let last = siblings.length().checked_sub(1)?;
            siblings.item(around[taken].1.min(last))
        });
        for place in near.iter().chain(around[kept..].iter().map(|(element, _)| element)) {
            let stop = match place.matches(STOPS) {
                Ok(true) => Some(place.clone()),
                _ => place.query_selector(STOPS).ok().flatten(),
            };
            stop.iter().for_each(focus);
            if active(&page).is_some() {
                return;
            }
        }
    }
}

/// An element's place among its siblings.
pub fn place(element: &Element) -> u32 {
    let mut place = 0;
    let mut before = element.previous_element_sibling();
    while let Some(sibling) = before {
        place += 1;
        before = sibling.previous_element_sibling();
    }
    place
}

/// What has the focus within a page.
fn active(page: &Element) -> Option<Element> {
    // A document and a shadow root say it alike.
    let active = js_sys::Reflect::get(&page.get_root_node(), &"activeElement".into()).ok()?;
    let active: Element = active.dyn_into().ok()?;
    page.contains(Some(&active)).then_some(active)
}

/// What moves must not make the page scroll.
fn focus(element: &Element) {
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    // An element that cannot take the focus leaves it where it is.
    let _ = element.unchecked_ref::<HtmlElement>().focus_with_options(&options);
}
