//! The run at this moment, for a page of somebody else: what to paste, or the page as one file.

use std::rc::Rc;

use conclave::scene::embed::{DEEDS, Fields, HOSTS, LONG, snippet};
use conclave::text::{LANGUAGES, Phrase, say};
use yew::html::{oninput, onsubmit};
use yew::prelude::*;

use super::element::{Element, Is, all, el, field, option};
use super::options::{PANELS, Panel};
use super::{Msg, Theme, Ui, browser, button};

/// What the panels are called.
const PANEL_NAMES: [fn() -> Phrase; PANELS.len()] = [
    say::tab::logs,
    say::tab::space_time,
    say::tab::events,
    say::embed::flights,
    say::tab::clients,
    say::tab::counters,
    say::embed::timeline,
    say::embed::branches,
    say::inspect::title,
    say::verdict::title,
    say::costs::what,
    say::rules::title,
];
/// What the groups of deeds are called.
const DEED_NAMES: [fn() -> Phrase; DEEDS.len()] = [
    say::embed::crash,
    say::embed::freeze,
    say::embed::timers,
    say::embed::links,
    say::embed::messages,
    say::embed::network,
    say::embed::orders,
    say::embed::rules,
];

/// The form, and what comes of it. `link` leads to this moment. What is chosen is the browser's to
/// keep: the form is drawn as it begins.
pub fn form(ui: &Ui, fields: &Fields, link: &str, title: &str, told: Option<&Phrase>) -> Html {
    // The page's address has no `#`, but maybe options of its own.
    let (home, run) = link.split_once('#').unwrap_or_default();
    let (home, run) =
        (home.split('?').next().unwrap_or_default(), run.strip_prefix("run=").unwrap_or_default());
    let home = if home.starts_with("http") { home } else { "conclave/index.html" };
    let text: AttrValue = snippet(fields, home, run, title).into();
    let mut hosts = Vec::new();
    for (name, _) in HOSTS {
        hosts.push((name, name.into()));
    }
    let mut languages = vec![("auto", ui.say(say::embed::auto()))];
    for (language, id) in LANGUAGES {
        languages.push((id, language.name().into()));
    }
    let mut themes = Vec::new();
    for ((id, _), name) in Theme::ALL.into_iter().zip(Theme::names()) {
        themes.push((id, ui.say(name)));
    }
    let compose = {
        let send = ui.send.clone();
        Callback::from(move |event: InputEvent| send.emit(Msg::Compose(browser::values_of(&event))))
    };
    // Without it, Enter would leave the page.
    let stay = {
        let copy = ui.on(Msg::Copy(text.clone()));
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            copy.emit(());
        })
    };
    let names = &["id", "name", "value"];
    let address =
        el("input").attrs(names, vec!["address".into(), "address".into(), home.to_owned().into()]);
    let area = html! {
        <textarea id="snippet" readonly=true rows="6" spellcheck="false" value={text.clone()} />
    };
    let form = el("form")
        .class("form embedding")
        .listen(Rc::new(oninput::Wrapper::new(compose)))
        .listen(Rc::new(onsubmit::Wrapper::new(stay)))
        .kid(choice(ui, "host", say::embed::host(), hosts))
        .kid(field("entry", "address", ui.say(say::embed::address()), address.into()))
        .kid(choice(ui, "lang", say::page::language(), languages))
        .kid(choice(ui, "theme", say::theme::label(), themes))
        .kid(ticks(
            ui,
            "panels",
            say::embed::panels(),
            &PANELS,
            &PANEL_NAMES,
            Panel::Inspector as usize,
        ))
        .kid(ticks(ui, "faults", say::embed::deeds(), &DEEDS, &DEED_NAMES, DEEDS.len()))
        .kid(tick(ui, "controls", "none", say::embed::controls(), false))
        .kid(tick(ui, "poster", "true", say::embed::poster(), false))
        .kid(field("entry", "snippet", ui.say(say::embed::snippet()), area));
    let length = text.chars().count();
    let long = (length > LONG).then(|| el("p").class("problem").say(ui, say::embed::long(LONG)));
    let foot = el("p")
        .class("dialog-foot")
        .kid(button(ui.say(say::embed::copy()), "primary", ui.on(Msg::Copy(text))))
        .kid(button(ui.say(say::embed::save()), "", ui.on(Msg::Bake)));
    let told = told.map(|told| ui.say(told.clone())).unwrap_or_default();
    all(vec![
        el("p").say(ui, say::embed::about()).into(),
        form.into(),
        el("p").say(ui, say::embed::length(length)).into(),
        status().kids(long).into(),
        foot.into(),
        status().text(told).into(),
    ])
}

/// What is said when it changes.
fn status() -> Element {
    el("div").fixed(&[("role", Is("status"))])
}

/// A field to choose one of several in. The first is what is when nothing is said.
#[inline(never)]
fn choice(
    ui: &Ui,
    name: &'static str,
    label: Phrase,
    options: Vec<(&'static str, AttrValue)>,
) -> Element {
    let mut select = el("select").attrs(&["id", "name"], vec![name.into(), name.into()]);
    for (place, (value, label)) in options.into_iter().enumerate() {
        let value = if place == 0 { "" } else { value };
        // Yew puts the last in first, and browsers choose what comes first.
        select = select.kid(option(value.into(), label, place == 0));
    }
    field("entry", name, ui.say(label), select.into())
}

/// Boxes to tick, of which the first are.
#[inline(never)]
fn ticks(
    ui: &Ui,
    name: &'static str,
    label: Phrase,
    values: &[&'static str],
    names: &[fn() -> Phrase],
    ticked: usize,
) -> Element {
    let mut ticks = el("fieldset").class("ticks").kid(el("legend").say(ui, label));
    for (place, value) in values.iter().enumerate() {
        ticks = ticks.kid(tick(ui, name, value, names[place](), place < ticked));
    }
    ticks
}

#[inline(never)]
fn tick(ui: &Ui, name: &'static str, value: &'static str, label: Phrase, on: bool) -> Element {
    let names = &["type", "name", "value", "checked"];
    let values = vec!["checkbox".into(), name.into(), value.into(), "".into()];
    el("label").class("check").kid(el("input").attrs_if(names, values, on)).say(ui, label)
}
