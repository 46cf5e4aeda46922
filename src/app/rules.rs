//! Dials: the network, and the rules of the protocol.

use std::rc::Rc;

use conclave::scene::{Scene, Setting};
use conclave::sim::{Action, Micros, Quality, SettingKind};
use conclave::text::{Phrase, say};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::element::{all, card, check, el, field, meanings, option, select};
use super::{Msg, Ui, options};

/// The dials.
pub fn rules(ui: &Ui, scene: &Scene) -> Html {
    let is_defect = |each: &&Setting| each.kind == SettingKind::Defect;
    let names = scene.settings.iter().map(|each| (ui.say(each.name.clone()), each.help.clone()));
    let names = names.collect();
    let kept = scene.settings.iter().filter(|each| !is_defect(each));
    let defects = scene.settings.iter().filter(is_defect);
    let defects = el("details")
        .class("defects")
        .kid(el("summary").say(ui, say::rules::defects()))
        .kids(defects.map(|each| setting(ui, each)));
    let network = card(ui, "network-title", say::network::title()).kid(network(ui, scene.quality));
    let rules = card(ui, "rules-title", say::rules::title())
        .kids(kept.map(|each| setting(ui, each)))
        .kid(defects)
        .kid(meanings(ui, names));
    let turns = [
        (network, Action::SetNetwork { quality: scene.quality }),
        (rules, Action::Configure { setting: String::new(), value: 0 }),
    ];
    let offered = turns.into_iter().filter(|(_, action)| ui.faults.allow(action));
    all(offered.map(|(card, _)| card.into()).collect())
}

fn network(ui: &Ui, quality: Quality) -> Html {
    let millis = |value: u64| Micros::from_millis(value);
    let percent = |value: u64| value as u32 * 10_000;
    let dial = |id, name, value, (most, unit), change: Rc<dyn Fn(u64) -> Quality>| {
        let send = ui.send.clone();
        let turn = move |value| send.emit(Msg::Act(Action::SetNetwork { quality: change(value) }));
        slider(ui, id, name, value, (most, unit), Rc::new(turn))
    };
    all(vec![
        dial(
            "latency",
            say::network::latency(),
            quality.latency.0 / 1_000,
            (200, " ms"),
            Rc::new(move |value| Quality { latency: millis(value), ..quality }),
        ),
        dial(
            "jitter",
            say::network::jitter(),
            quality.jitter.0 / 1_000,
            (200, " ms"),
            Rc::new(move |value| Quality { jitter: millis(value), ..quality }),
        ),
        dial(
            "loss",
            say::network::loss(),
            u64::from(quality.loss_ppm) / 10_000,
            (100, " %"),
            Rc::new(move |value| Quality { loss_ppm: percent(value), ..quality }),
        ),
        dial(
            "duplication",
            say::network::duplication(),
            u64::from(quality.duplicate_ppm) / 10_000,
            (100, " %"),
            Rc::new(move |value| Quality { duplicate_ppm: percent(value), ..quality }),
        ),
        switch(
            ui,
            say::network::fifo(),
            say::network::fifo_help(),
            quality.fifo,
            Rc::new({
                let send = ui.send.clone();
                move |fifo| {
                    let quality = Quality { fifo, ..quality };
                    send.emit(Msg::Act(Action::SetNetwork { quality }));
                }
            }),
        ),
    ])
}

/// A slider from 0 to `most`; the number beside it follows the hand, the world hears of it when the
/// reader lets go.
fn slider(
    ui: &Ui,
    id: &'static str,
    name: Phrase,
    value: u64,
    (most, unit): (u64, &'static str),
    turn: Rc<dyn Fn(u64)>,
) -> Html {
    let onchange = Callback::from(move |event: Event| {
        let input: HtmlInputElement = event.target_unchecked_into();
        if let Ok(value) = input.value().parse() {
            turn(value);
        }
    });
    let oninput = Callback::from(move |event: InputEvent| {
        let input: HtmlInputElement = event.target_unchecked_into();
        if let Some(output) = input.next_element_sibling() {
            output.set_text_content(Some(&format!("{}{unit}", input.value())));
        }
    });
    let spoken = format!("{value}{unit}");
    let input = html! {
        <input {id} type="range" min="0" max={most.to_string()} ~valueAsNumber={value as f64}
            {onchange} {oninput} aria-valuetext={spoken.clone()} />
    };
    let value = el("span").class("unit").text(spoken.into());
    field("dial", id, ui.say(name), input).kid(value).into()
}

/// A box to tick, with a hint that appears when the pointer rests on it.
fn switch(ui: &Ui, name: Phrase, help: Phrase, on: bool, turn: Rc<dyn Fn(bool)>) -> Html {
    let names = &["class", "title"];
    check(ui.say(name), on, turn).attrs(names, vec!["check".into(), ui.say(help)]).into()
}

/// A setting of the protocol: a switch, or a number that is checked.
fn setting(ui: &Ui, setting: &Setting) -> Html {
    let Setting { id, name, help, kind, value, choices } = setting;
    let (id, configure) = (*id, {
        let (send, setting) = (ui.send.clone(), id.to_string());
        move |value| send.emit(Msg::Act(Action::Configure { setting: setting.clone(), value }))
    });
    let unit = match kind {
        SettingKind::Switch | SettingKind::Defect => {
            let turn = move |on: bool| configure(on.into());
            return switch(ui, name.clone(), help.clone(), *value != 0, Rc::new(turn));
        }
        SettingKind::Choice { .. } => {
            let onchange = Callback::from(move |event: Event| {
                let select: HtmlSelectElement = event.target_unchecked_into();
                configure(select.selected_index() as u64);
            });
            let choices = (0..).zip(choices).map(|(each, name)| {
                let name = ui.say(name.clone());
                option(name.clone(), name, each == *value)
            });
            let select = select(id, choices.collect(), onchange);
            let dial = field("dial", id, ui.say(name.clone()), select);
            return dial
                .attrs(&["class", "title"], vec!["dial".into(), ui.say(help.clone())])
                .into();
        }
        SettingKind::Time { .. } => 1_000,
        SettingKind::Count { .. } => 1,
    };
    let (least, most) = kind.range();
    let (least, most) = (least / unit, most / unit);
    let onchange = {
        let (send, value) = (ui.send.clone(), value / unit);
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            match options::number(input.value().trim(), least, most) {
                Ok(number) => configure(number * unit),
                Err(allowed) => {
                    send.emit(Msg::Complain(say::option::refused(allowed, id, input.value())));
                    input.set_value(&value.to_string());
                }
            }
        })
    };
    let input = html! {
        <input {id} type="number" min={least.to_string()} max={most.to_string()}
            ~valueAsNumber={(value / unit) as f64} {onchange} />
    };
    let unit = if unit == 1 { "" } else { "ms" };
    field("dial", id, ui.say(name.clone()), input)
        .attrs(&["class", "title"], vec!["dial".into(), ui.say(help.clone())])
        .kid(el("span").class("unit").text(unit.into()))
        .into()
}
