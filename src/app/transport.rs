//! Play, pause, one event on, speed.

use conclave::scene::Scene;
use conclave::text::{Phrase, say};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::options::{FASTEST, speed};
use super::{Msg, Travel, Ui, clock};

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
            { for [
                (Travel::Undo, say::transport::undo(), say::transport::undo_help(), "M9 5L3 11l6 6v-4h5a4 4 0 0 1 0 8h-3v-2h3a2 2 0 0 0 0-4H9z"),
                (Travel::Redo, say::transport::redo(), say::transport::redo_help(), "M15 5l6 6-6 6v-4h-5a4 4 0 0 0 0 8h3v-2h-3a2 2 0 0 1 0-4h5z"),
                (Travel::LastBeat, say::transport::beat_back(), say::transport::beat_back_help(), "M12 4l-8 8 8 8zM20 4l-8 8 8 8z"),
                (Travel::Back, say::transport::back(), say::transport::back_help(), "M19 4L9 12l10 8zM8 4H5v16h3z"),
            ].into_iter().map(|(travel, label, help, icon)| way(ui, Msg::Travel(travel), label, help, icon)) }
            <button type="button" onclick={ui.on(Msg::Step)} aria-label={ui.say(say::transport::step())}
                title={ui.say(say::transport::step_help())}>
                <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M5 4l10 8-10 8zM16 4h3v16h-3z" /></svg>
            </button>
            { way(ui, Msg::Travel(Travel::NextBeat), say::transport::beat(), say::transport::beat_help(),
                "M4 4l8 8-8 8zM12 4l8 8-8 8z") }
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

/// A button of the transport.
fn way(ui: &Ui, msg: Msg, label: Phrase, help: Phrase, icon: &'static str) -> Html {
    html! {
        <button type="button" onclick={ui.on(msg)} aria-label={ui.say(label)} title={ui.say(help)}>
            <svg viewBox="0 0 24 24" aria-hidden="true"><path d={icon} /></svg>
        </button>
    }
}

/// A speed in two digits: milliseconds of the world in a second of the reader's.
fn pace(place: u32) -> u64 {
    let exact = speed(place);
    let step = js_sys::Math::pow(10.0, (js_sys::Math::log10(exact) - 1.0).floor().max(0.0));
    ((exact / step).round() * step) as u64
}
