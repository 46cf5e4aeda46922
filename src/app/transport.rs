//! Play, pause, one event on, speed.

use conclave::scene::Scene;
use conclave::text::say;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::options::{FASTEST, speed};
use super::{Msg, Ui, clock};

/// The transport. Its parts never move.
pub fn transport(ui: &Ui, playing: bool, place: u32, time: &NodeRef, scene: &Scene) -> Html {
    let (label, icon, msg) = match playing {
        true => (ui.say(say::transport::pause()), "M6 4h4v16H6zM14 4h4v16h-4z", Msg::Pause),
        false => (ui.say(say::transport::play()), "M7 4l13 8-13 8z", Msg::Play),
    };
    let oninput = {
        let send = ui.send.clone();
        Callback::from(move |event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            if let Ok(place) = input.value().parse() {
                send.emit(Msg::Speed(place));
            }
        })
    };
    let pace = ui.say(say::transport::pace(pace(place)));
    html! {
        <div class="transport" role="toolbar" aria-label={ui.say(say::transport::label())}>
            <button type="button" class="primary" onclick={ui.on(msg)} aria-label={label.clone()} title={label}>
                <svg viewBox="0 0 24 24" aria-hidden="true"><path d={icon} /></svg>
            </button>
            <button type="button" onclick={ui.on(Msg::Step)} aria-label={ui.say(say::transport::step())}
                title={ui.say(say::transport::step_help())}>
                <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M5 4l10 8-10 8zM16 4h3v16h-3z" /></svg>
            </button>
            <span class="moment">
                <span class="time" ref={time}>{ clock(scene.now) }</span>
                <span class="steps">{ ui.say(say::transport::events(scene.steps)) }</span>
            </span>
            <span class="speed">
                <label for="speed">{ ui.say(say::transport::speed()) }</label>
                <input id="speed" type="range" min="0" max={FASTEST.to_string()} ~valueAsNumber={f64::from(place)} {oninput}
                    aria-valuetext={pace.clone()} />
                <output for="speed">{ pace }</output>
            </span>
        </div>
    }
}

/// A speed in two digits: milliseconds of the world in a second of the reader's.
fn pace(place: u32) -> u64 {
    let exact = speed(place);
    let step = js_sys::Math::pow(10.0, (js_sys::Math::log10(exact) - 1.0).floor().max(0.0));
    ((exact / step).round() * step) as u64
}
