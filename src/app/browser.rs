//! The little that the page needs of the browser, with nothing to go wrong: what a sandbox or an old
//! browser denies is simply not there.

use js_sys::Array;
use wasm_bindgen::prelude::*;
use web_sys::{Document, Element, Event, Window};

/// The least width of a page with a wide stage, as in the style sheet: in halves of the size of its
/// letters, so that larger ones are laid out as on a narrower page.
const WIDE: i32 = 80;
/// The least width of a page with room beside the stage.
const BROAD: i32 = 125;

/// The window.
pub fn window() -> Window {
    web_sys::window().expect("the page runs in a window")
}

/// The document.
pub fn document() -> Document {
    window().document().expect("a window has a document")
}

/// The browser's clock, in milliseconds.
pub fn clock() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

/// Whether a media query holds.
pub fn matches(query: &str) -> bool {
    let list = window().match_media(query).ok().flatten();
    list.is_some_and(|list| list.matches())
}

/// Whether the page that an element belongs to has room for a wide stage.
pub fn is_wide(element: &Element) -> bool {
    width(element) >= WIDE
}

/// Whether it has room beside the stage, too.
pub fn is_broad(element: &Element) -> bool {
    width(element) >= BROAD
}

/// How wide the page is that an element belongs to, in halves of the size of the document's letters.
fn width(element: &Element) -> i32 {
    let root = document().document_element();
    let style = root.and_then(|root| window().get_computed_style(&root).ok().flatten());
    let size = style.and_then(|style| style.get_property_value("font-size").ok());
    let size = js_sys::parse_int(&size.unwrap_or_default(), 10) as i32;
    let page = element.closest("#app").ok().flatten();
    page.map_or(0, |page| 2 * page.client_width() / size.max(1))
}

/// The languages that the reader prefers, best first.
pub fn languages() -> Vec<String> {
    window().navigator().languages().iter().filter_map(|tag| tag.as_string()).collect()
}

/// What the reader typed into the field of this id, in the form that an event comes from; nothing when
/// there is no such field.
pub fn value_of(event: &Event, id: &str) -> String {
    let field =
        form_of(event).and_then(|form| form.query_selector(&format!("#{id}")).ok().flatten());
    let value =
        field.and_then(|field| js_sys::Reflect::get(&field, &JsValue::from_str("value")).ok());
    value.and_then(|value| value.as_string()).unwrap_or_default()
}

/// Names and values from a script.
pub fn pairs(list: &Array) -> Vec<(String, String)> {
    let text = |pair: &JsValue, place| Array::from(pair).get(place).as_string();
    list.iter().filter_map(|pair| Some((text(&pair, 0)?, text(&pair, 1)?))).collect()
}

/// The form that an event comes from.
fn form_of(event: &Event) -> Option<Element> {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    target.and_then(|target| target.closest("form").ok().flatten())
}

/// The names and values of the form that an event comes from, as they would be sent.
pub fn values_of(event: &Event) -> Vec<(String, String)> {
    let form = form_of(event).and_then(|form| form.dyn_into().ok());
    let data = form.and_then(|form| web_sys::FormData::new_with_form(&form).ok());
    data.map(|data| pairs(&Array::from(&data))).unwrap_or_default()
}

/// Gives the focus to an element, if there is one.
pub fn focus(element: Option<web_sys::Element>) {
    if let Some(element) = element {
        // An element that cannot take the focus leaves it where it is.
        let _ = element.unchecked_into::<web_sys::HtmlElement>().focus();
    }
}

/// Lets an element fill the screen, or no longer. A sandbox may refuse.
pub fn fill_screen(root: &Element) {
    match document().fullscreen_element() {
        Some(_) => document().exit_fullscreen(),
        None => {
            let ask = js_sys::Reflect::get(root, &"requestFullscreen".into()).ok();
            let ask = ask.and_then(|ask| ask.dyn_into::<js_sys::Function>().ok());
            let asked = ask.and_then(|ask| ask.call0(root).ok());
            if let Some(asked) = asked.and_then(|asked| asked.dyn_into::<js_sys::Promise>().ok()) {
                let asked = wasm_bindgen_futures::JsFuture::from(asked);
                yew::platform::spawn_local(async { _ = asked.await });
            }
        }
    }
}

/// What is in a file; nothing when it cannot be read.
pub async fn bytes_of(file: web_sys::File) -> Vec<u8> {
    let buffer = wasm_bindgen_futures::JsFuture::from(file.array_buffer()).await;
    buffer.map(|buffer| js_sys::Uint8Array::new(&buffer).to_vec()).unwrap_or_default()
}

/// Copies a text; tells whether the browser allowed it.
pub async fn copy(text: &str) -> bool {
    let navigator = window().navigator();
    // Only a secure page has a clipboard.
    let clipboard = js_sys::Reflect::get(&navigator, &JsValue::from_str("clipboard"));
    let Some(clipboard) = clipboard.ok().filter(|clipboard| clipboard.is_object()) else {
        return false;
    };
    let clipboard: web_sys::Clipboard = clipboard.unchecked_into();
    wasm_bindgen_futures::JsFuture::from(clipboard.write_text(text)).await.is_ok()
}

/// Offers a file for download.
pub fn save(name: &str, bytes: &[u8]) -> Result<(), JsValue> {
    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes));
    let blob = web_sys::Blob::new_with_u8_array_sequence(&parts)?;
    let url = web_sys::Url::create_object_url_with_blob(&blob)?;
    save_from(name, &url)?;
    web_sys::Url::revoke_object_url(&url)
}

/// Offers what is at an address for download.
pub fn save_from(name: &str, url: &str) -> Result<(), JsValue> {
    let anchor: web_sys::HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    anchor.set_href(url);
    anchor.set_download(name);
    anchor.click();
    Ok(())
}

/// Calls a closure before each paint, from `start` until `stop`, and never else.
pub struct Frames {
    callback: Closure<dyn FnMut(f64)>,
    request: Option<i32>,
}

impl Frames {
    /// Frames that go to a callback; none are asked for yet.
    pub fn new(callback: impl FnMut(f64) + 'static) -> Self {
        Self { callback: Closure::new(callback), request: None }
    }

    /// Asks for the next frame.
    pub fn request(&mut self) {
        let function = self.callback.as_ref().unchecked_ref();
        self.request = window().request_animation_frame(function).ok();
    }

    /// Takes back the request for a frame.
    pub fn cancel(&mut self) {
        if let Some(request) = self.request.take() {
            // A frame that has come already cannot be taken back, and need not be.
            let _ = window().cancel_animation_frame(request);
        }
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        self.cancel();
    }
}
