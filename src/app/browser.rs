//! The little that the page needs of the browser, with nothing to go wrong: what a sandbox or an old
//! browser denies is simply not there.

use wasm_bindgen::prelude::*;
use web_sys::{Document, Window};

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

/// Whether the page can be seen at all.
pub fn visible() -> bool {
    document().visibility_state() == web_sys::VisibilityState::Visible
}

/// Whether a media query holds.
pub fn matches(query: &str) -> bool {
    let list = window().match_media(query).ok().flatten();
    list.is_some_and(|list| list.matches())
}

/// Sets an attribute of `<html>`.
pub fn set_root(name: &str, value: &str) {
    if let Some(root) = document().document_element() {
        // Only a name that is not one can fail.
        let _ = root.set_attribute(name, value);
    }
}

/// The languages that the reader prefers, best first.
pub fn languages() -> Vec<String> {
    window().navigator().languages().iter().filter_map(|tag| tag.as_string()).collect()
}

/// The query options of the page's address, in order.
pub fn query() -> Vec<(String, String)> {
    let search = window().location().search().unwrap_or_default();
    let Ok(parameters) = web_sys::UrlSearchParams::new_with_str(&search) else { return Vec::new() };
    let pairs = js_sys::Array::from(&parameters);
    let text = |pair: &JsValue, place| js_sys::Array::from(pair).get(place).as_string();
    pairs.iter().filter_map(|pair| Some((text(&pair, 0)?, text(&pair, 1)?))).collect()
}

/// What the reader typed into the field of this id; nothing when there is no such field.
pub fn value_of(id: &str) -> String {
    let Some(field) = document().get_element_by_id(id) else { return String::new() };
    match field.dyn_into::<web_sys::HtmlInputElement>() {
        Ok(input) => input.value(),
        Err(other) => other
            .dyn_into::<web_sys::HtmlSelectElement>()
            .map(|select| select.value())
            .unwrap_or_default(),
    }
}

/// What is in a file; nothing when it cannot be read.
pub async fn bytes_of(file: web_sys::File) -> Vec<u8> {
    let buffer = wasm_bindgen_futures::JsFuture::from(file.array_buffer()).await;
    buffer.map(|buffer| js_sys::Uint8Array::new(&buffer).to_vec()).unwrap_or_default()
}

/// What follows `#run=` in the page's address.
pub fn link() -> Option<String> {
    let hash = window().location().hash().ok()?;
    hash.strip_prefix("#run=").map(str::to_owned)
}

/// The page's address with a link in it. The page's own address stays as it is.
pub fn address(link: &str) -> String {
    let address = window().location().href().unwrap_or_default();
    let page = address.split('#').next().unwrap_or_default();
    format!("{page}#run={link}")
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

/// Keeps the recording where the page's script finds it when the wasm is no more.
pub fn keep_recording(json: &str) {
    let name = JsValue::from_str("__conclave_recording");
    // A frozen global object is no reason to stop.
    let _ = js_sys::Reflect::set(&js_sys::global(), &name, &JsValue::from_str(json));
}

/// Tells the page's script that the wasm is about to trap; the script covers the page with an apology.
pub fn report_panic(message: &str) {
    web_sys::console::error_1(&JsValue::from_str(message));
    let hook = js_sys::Reflect::get(&js_sys::global(), &JsValue::from_str("__conclave_panic"));
    if let Some(hook) = hook.ok().and_then(|hook| hook.dyn_into::<js_sys::Function>().ok()) {
        // Nothing is left to do about a script that fails here too.
        let _ = hook.call1(&JsValue::NULL, &JsValue::from_str(message));
    }
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
