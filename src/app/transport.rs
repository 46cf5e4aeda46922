//! Play, pause, one event on, speed.

use conclave::scene::Scene;
use conclave::text::{Phrase, say};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::element::{Element, Is, el};
use super::options::{FASTEST, speed};
use super::{Msg, Travel, Ui, clock};

/// A button of the transport: what it asks for, its name, a hint and its drawing.
type Way = (Msg, fn() -> Phrase, fn() -> Phrase, &'static str);

/// The buttons after the first.
const WAYS: [Way; 6] = [
    (
        Msg::Travel(Travel::Undo),
        say::transport::undo,
        say::transport::undo_help,
        "M9 5L3 11l6 6v-4h5a4 4 0 0 1 0 8h-3v-2h3a2 2 0 0 0 0-4H9z",
    ),
    (
        Msg::Travel(Travel::Redo),
        say::transport::redo,
        say::transport::redo_help,
        "M15 5l6 6-6 6v-4h-5a4 4 0 0 0 0 8h3v-2h-3a2 2 0 0 1 0-4h5z",
    ),
    (
        Msg::Travel(Travel::LastBeat),
        say::transport::beat_back,
        say::transport::beat_back_help,
        "M12 4l-8 8 8 8zM20 4l-8 8 8 8z",
    ),
    (
        Msg::Travel(Travel::Back),
        say::transport::back,
        say::transport::back_help,
        "M19 4L9 12l10 8zM8 4H5v16h3z",
    ),
    (Msg::Step, say::transport::step, say::transport::step_help, "M5 4l10 8-10 8zM16 4h3v16h-3z"),
    (
        Msg::Travel(Travel::NextBeat),
        say::transport::beat,
        say::transport::beat_help,
        "M4 4l8 8-8 8zM12 4l8 8-8 8z",
    ),
];

/// A leap over dots.
const SKIP: &str = "M3 12a9 9 0 0 1 15.4-4.4L21 5v8h-8l3-3A6 6 0 0 0 6 12zM3 16h4v4H3zM10 16h4v4h-4zM17 16h4v4h-4z";

/// The transport. Its parts never move. Without `controls`, it is Play alone: what moves must have a
/// way to stop it.
pub fn transport(
    ui: &Ui,
    playing: bool,
    skips: bool,
    place: u32,
    controls: bool,
    time: &NodeRef,
    scene: &Scene,
) -> Html {
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
    let play = el("button")
        .attrs(
            &["type", "class", "aria-label", "title"],
            vec!["button".into(), "primary".into(), label.clone(), label],
        )
        .on_click(ui, msg)
        .kid(drawing(icon));
    let ways = WAYS.map(|(msg, label, help, icon)| {
        el("button")
            .attrs(
                &["type", "aria-label", "title"],
                vec!["button".into(), ui.say(label()), ui.say(help())],
            )
            .on_click(ui, msg)
            .kid(drawing(icon))
    });
    let skip = el("button")
        .attrs(
            &["type", "aria-label", "title", "aria-pressed"],
            vec![
                "button".into(),
                ui.say(say::transport::skip()),
                ui.say(say::transport::skip_help()),
                skips.to_string().into(),
            ],
        )
        .on_click(ui, Msg::SkipQuiet)
        .kid(drawing(SKIP));
    let moment = el("span")
        .class("moment")
        .kid(el("span").class("time").place(time).text(clock(scene.now).into()))
        .kid(el("span").class("steps").say(ui, say::transport::events(scene.steps)));
    let slider = html! {
        <input id="speed" type="range" min="0" max={FASTEST.to_string()} ~valueAsNumber={f64::from(place)} {oninput}
            aria-valuetext={pace.clone()} />
    };
    let label = el("label").fixed(&[("for", Is("speed"))]).say(ui, say::transport::speed());
    let pace = el("span").class("pace").text(pace);
    let names = &["class", "role", "aria-label", "part"];
    let name = ui.say(say::transport::label());
    let transport = el("div")
        .attrs(names, vec!["transport".into(), "toolbar".into(), name, "toolbar".into()])
        .kid(play);
    if !controls {
        return transport.kid(moment).into();
    }
    transport
        .kids(ways)
        .kid(skip)
        .kid(moment)
        .kid(el("span").class("speed").kid(label).kid(slider).kid(pace))
        .into()
}

/// The drawing on a button.
fn drawing(path: &'static str) -> Element {
    let drawing = el("svg").fixed(&[("viewBox", Is("0 0 24 24")), ("aria-hidden", Is("true"))]);
    drawing.kid(el("path").attrs(&["d"], vec![path.into()]))
}

/// A speed in two digits: milliseconds of the world in a second of the reader's.
fn pace(place: u32) -> u64 {
    let exact = speed(place);
    let step = js_sys::Math::pow(10.0, (js_sys::Math::log10(exact) - 1.0).floor().max(0.0));
    ((exact / step).round() * step) as u64
}
