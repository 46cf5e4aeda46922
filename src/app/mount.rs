//! A page in an element, as the scripts in `static/` see it. There may be several in one document;
//! they share nothing but the program.

use std::cell::OnceCell;
use std::rc::Rc;

use conclave::protocols::catalog;
use conclave::scene::complain_recording;
use conclave::sim::{Micros, Recording};
use conclave::text::{Language, say};
use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;
use web_sys::Element;
use yew::AppHandle;

use super::Msg;
use super::browser::pairs;
use super::page::{Desk, Setup};

/// Lets a function of one argument, a text, be called just before the program traps.
#[wasm_bindgen]
pub fn prepare(on_panic: Function) {
    yew::set_custom_panic_hook(Box::new(move |info| {
        let message = JsValue::from_str(&info.to_string());
        web_sys::console::error_1(&message);
        // Nothing is left to do about a script that fails here too.
        let _ = on_panic.call1(&JsValue::NULL, &message);
    }));
}

/// Breaks the program, to see that nobody is left with a dead page.
#[wasm_bindgen]
pub fn trap() {
    panic!("asked for");
}

/// Plays a recording to a moment in microseconds; gives the digest of the state there.
#[wasm_bindgen]
pub fn replay(json: &str, until: f64) -> Result<String, JsError> {
    let recording = Recording::from_json(json).and_then(catalog::open);
    let refused = |why| JsError::new(&complain_recording(&why).render(Language::En));
    let mut lab = recording.map_err(refused)?;
    lab.run_until(Micros(until as u64), u64::MAX);
    Ok(format!("{:#018x}", lab.digest()))
}

/// The style sheet of a page.
#[wasm_bindgen]
pub fn style() -> String {
    include_str!(concat!(env!("OUT_DIR"), "/page.css")).into()
}

/// A page in an element.
#[wasm_bindgen]
pub struct Mounted {
    /// There until it is dropped.
    app: Option<AppHandle<Desk>>,
    desk: Rc<OnceCell<Desk>>,
}

#[wasm_bindgen]
impl Mounted {
    /// Puts a page into `host`, in place of all that is in it. Its language and theme become
    /// attributes of `root`; if that is `<html>`, the document's title is the page's, too. Links lead
    /// to `home`. `options` are pairs of texts. What happens is told by `tell`, with a name and JSON.
    #[wasm_bindgen(constructor)]
    pub fn new(host: Element, root: Element, home: String, options: Array, tell: Function) -> Self {
        let (options, desk) = (pairs(&options), Rc::new(OnceCell::new()));
        let setup = Setup { host: host.clone(), root, home, options, tell, desk: desk.clone() };
        let app = yew::Renderer::<Desk>::with_root_and_props(host, setup).render();
        Self { app: Some(app), desk }
    }

    /// It can be seen, or not any more.
    pub fn sight(&self, seen: bool) {
        self.ask(Msg::Sight(seen));
    }

    /// It has another width.
    pub fn resized(&self) {
        self.ask(Msg::Resized);
    }

    /// It is printed from now on, or not any more.
    pub fn printed(&self, now: bool) {
        self.ask(Msg::Printed(now));
    }

    /// Goes on from a link; if that cannot be, the page says why.
    pub fn visit(&self, link: String) {
        self.ask(Msg::OpenLink(link));
    }

    /// Takes other options: pairs of texts.
    pub fn set(&self, options: Array) {
        self.ask(Msg::Set(pairs(&options)));
    }

    /// Does what a method says, at once: its arguments are a JSON array, its result is JSON. What is
    /// shown follows soon.
    ///
    /// # Errors
    /// Why it was not done.
    pub fn call(&self, method: &str, arguments: &str) -> Result<String, JsError> {
        let desk = self.desk.get().ok_or_else(|| JsError::new("the page is not there yet"))?;
        let answer = desk.obey(method, arguments).map_err(|why| JsError::new(&why));
        self.ask(Msg::Show);
        answer
    }

    /// It could not be saved as one file.
    pub fn unbaked(&self) {
        self.ask(Msg::Complain(say::embed::not_saved()));
    }

    fn ask(&self, msg: Msg) {
        if let Some(app) = &self.app {
            app.send_message(msg);
        }
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        if let Some(app) = self.app.take() {
            app.destroy();
        }
    }
}
