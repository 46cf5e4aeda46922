//! What tests and benchmarks ask of the page beyond what a reader can: a few functions on
//! `globalThis`. They run the same engine, in the same wasm, as the page.
//!
//! * `__conclave_replay(json, until)` plays a recording to a moment in microseconds and gives the
//!   digest of the state there. It is offered in a worker as well.
//! * `__conclave_open(json)` lets the page go on from a recording, as its dialog does with a file.
//! * `__conclave_trap()` breaks the wasm, to see that nobody is left with a dead page.

use conclave::protocols::catalog;
use conclave::sim::{Micros, Recording, RecordingError};
use wasm_bindgen::prelude::*;
use yew::Callback;

use super::Msg;

/// Puts the hook that wants no page where scripts find it.
pub fn offer_replay() {
    let replay = Closure::<dyn Fn(String, f64) -> Result<String, JsValue>>::new(replay);
    hang("__conclave_replay", replay.into_js_value());
}

/// Puts the other hooks where scripts find them.
pub fn offer(send: &Callback<Msg>) {
    let open = {
        let send = send.clone();
        move |json: String| send.emit(Msg::Open(json.into_bytes()))
    };
    hang("__conclave_open", Closure::<dyn Fn(String)>::new(open).into_js_value());
    hang("__conclave_trap", Closure::<dyn Fn()>::new(|| panic!("asked for")).into_js_value());
}

fn hang(name: &str, function: JsValue) {
    // A frozen global object only hides the hook.
    let _ = js_sys::Reflect::set(&js_sys::global(), &JsValue::from_str(name), &function);
}

fn replay(json: String, until: f64) -> Result<String, JsValue> {
    let complain = |error: RecordingError| JsValue::from_str(&error.to_string());
    let recording = Recording::from_json(&json).map_err(complain)?;
    let mut lab = catalog::open(recording).map_err(complain)?;
    lab.run_until(Micros(until as u64), u64::MAX);
    Ok(format!("{:#018x}", lab.digest()))
}
