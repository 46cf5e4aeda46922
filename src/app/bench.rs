//! What the benchmarks and the determinism tests ask of the page, through `globalThis`:
//! `__conclave_replay` plays a recording and tells its digest. It runs the same engine as the page.

use conclave::protocols::catalog;
use conclave::sim::{Micros, Recording};
use wasm_bindgen::prelude::*;

/// Puts the hooks where scripts find them.
pub fn offer() {
    let replay = Closure::<dyn Fn(String, f64) -> Result<String, JsValue>>::new(replay);
    let name = JsValue::from_str("__conclave_replay");
    // A frozen global object only hides the hook.
    let _ = js_sys::Reflect::set(&js_sys::global(), &name, &replay.into_js_value());
}

/// Plays a recording up to a moment in microseconds; tells the digest in hexadecimal.
fn replay(recording: String, until: f64) -> Result<String, JsValue> {
    let complain = |error: conclave::sim::RecordingError| JsValue::from_str(&error.to_string());
    let recording = Recording::from_json(&recording).map_err(complain)?;
    let mut lab = catalog::open(recording).map_err(complain)?;
    lab.run_until(Micros(until as u64), u64::MAX);
    Ok(format!("{:#018x}", lab.digest()))
}
