//! What is selected, in full: a node with what it keeps and what it forgets, or a message.

use conclave::scene::{Field, Message, Node, Scene, Table};
use conclave::sim::node::{Status, TRUE_CLOCK_PPM};
use conclave::sim::{Action, Micros, Seat};
use conclave::text::{Phrase, say};
use web_sys::HtmlSelectElement;
use yew::prelude::*;
use yew::virtual_dom::VText;

use super::element::{
    Element, Is, all, column_head, el, heading, meanings, option, row_head, select,
};
use super::stage::node_name;
use super::{Msg, Selection, Ui, clock};

/// The name of its heading.
pub const TITLE: &str = "inspector-title";

/// The inspector.
pub fn inspector(
    ui: &Ui,
    scene: &Scene,
    selection: Option<Selection>,
    message: Option<&Message>,
    tries: Vec<Phrase>,
) -> Html {
    let content = match (selection, message) {
        (Some(Selection::Node(id)), _) => node(ui, &scene.nodes[id.slot()], scene),
        (Some(Selection::Message(_)), Some(message)) => letter(ui, message, scene),
        (Some(Selection::Message(_)), None) => {
            el("p").class("empty").say(ui, say::message::gone()).into()
        }
        (Some(Selection::Link(low, high)), _) => {
            el("p").say(ui, say::link::about(high, low)).into()
        }
        (None, _) => invitation(ui, tries),
    };
    el("section")
        .fixed(&[
            ("class", Is("card inspector")),
            ("aria-labelledby", Is(TITLE)),
            ("tabindex", Is("0")),
            ("part", Is("inspector")),
        ])
        .kid(heading(ui, TITLE, say::inspect::title(), None))
        .kid(content)
        .into()
}

/// What to do when nothing is selected yet.
fn invitation(ui: &Ui, tries: Vec<Phrase>) -> Html {
    let tries = tries.into_iter().map(|each| el("li").say(ui, each));
    all(vec![
        el("p").class("empty").say(ui, say::inspect::nothing()).into(),
        el("h3").say(ui, say::inspect::to_try()).into(),
        el("ol").class("tries").kids(tries).into(),
    ])
}

fn node(ui: &Ui, node: &Node, scene: &Scene) -> Html {
    let part = |durable: bool| {
        let fields = node.face.fields.iter().filter(|field| field.durable == durable);
        el("dl").kids(fields.map(|each| field(ui, each)))
    };
    let volatile = match node.status {
        Status::Crashed => el("p").class("empty").say(ui, say::inspect::lost()).into(),
        Status::Up | Status::Paused => {
            let table = node.face.peers.as_ref().map(|table| peers(ui, table));
            all(vec![
                part(false).into(),
                clocks(ui, node, scene.now).into(),
                table.unwrap_or_default(),
            ])
        }
    };
    let fields = node.face.fields.iter();
    let names = fields.map(|field| (field.name.into(), field.help.clone())).collect();
    all(vec![
        el("p").class("inspector-name").say(ui, node_name(node)).into(),
        el("h3").say(ui, say::inspect::durable()).into(),
        part(true).into(),
        el("h3").say(ui, say::inspect::volatile()).into(),
        volatile,
        meanings(ui, names).into(),
    ])
}

/// The timers of a node, and its clock.
fn clocks(ui: &Ui, node: &Node, now: Micros) -> Element {
    let timers = node.timers.iter().map(|timer| {
        let name = el("dt").say(ui, timer.name.clone());
        row(name, el("dd").say(ui, say::inspect::left(timer.due.since(now)))).key(timer.number)
    });
    let label = el("label").fixed(&[("for", Is("clock-rate"))]);
    let name = el("dt").kid(label.say(ui, say::inspect::clock()));
    el("dl").kids(timers).kid(row(name, el("dd").kid(clock_rate(ui, node))))
}

/// What a node knows of the others.
fn peers(ui: &Ui, table: &Table) -> Html {
    let names = table.columns.iter().map(|name| column_head().kid(code(name)));
    let head = el("tr").kid(column_head().say(ui, say::log::node())).kids(names);
    let rows = table.rows.iter().map(|(node, values)| {
        let name = row_head().text(node.to_string().into());
        let values = values.iter().map(|value| el("td").text(value.to_string().into()));
        el("tr").key(node.0).kid(name).kids(values)
    });
    let body = el("tbody").kids(rows);
    all(vec![
        el("h3").fixed(&[("id", Is("peers-title"))]).say(ui, table.title.clone()).into(),
        el("table")
            .fixed(&[("class", Is("small")), ("aria-labelledby", Is("peers-title"))])
            .kid(el("thead").kid(head))
            .kid(body)
            .into(),
    ])
}

fn field(ui: &Ui, field: &Field) -> Element {
    let value = el("dd").say(ui, field.value.clone());
    row(el("dt").kid(code(field.name)), value)
        .attrs(&["class", "title"], vec!["field".into(), ui.say(field.help.clone())])
        .key(field.name)
}

/// A name and what it stands for.
fn row(name: Element, value: Element) -> Element {
    el("div").class("field").kid(name).kid(value)
}

/// A name of the paper's.
fn code(name: &'static str) -> Element {
    el("code").fixed(&[("lang", Is("en"))]).text(name.into())
}

/// The pace of a node's clock, to choose from.
fn clock_rate(ui: &Ui, node: &Node) -> Html {
    let id = node.id;
    let onchange = {
        let send = ui.send.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            if let Ok(ppm) = select.value().parse() {
                send.emit(Msg::Act(Action::SetClock { node: id, ppm }));
            }
        })
    };
    let current = node.clock_ppm / (TRUE_CLOCK_PPM / 100);
    if !ui.faults.allow(&Action::SetClock { node: id, ppm: current }) {
        return VText::new(format!("{current} %")).into();
    }
    let mut paces = vec![10, 50, 90, 100, 110, 200, 1000];
    if let Err(place) = paces.binary_search(&current) {
        paces.insert(place, current);
    }
    let paces = paces.into_iter().map(|percent| {
        let value = (percent * (TRUE_CLOCK_PPM / 100)).to_string();
        option(value.into(), format!("{percent} %").into(), percent == current)
    });
    select("clock-rate", paces.collect(), onchange)
}

fn letter(ui: &Ui, message: &Message, scene: &Scene) -> Html {
    let flight = message.flight;
    let told = |name: Phrase, value: AttrValue| row(el("dt").say(ui, name), el("dd").text(value));
    let seat = |seat: Seat| seat.to_string().into();
    let when = match message.held {
        true => say::message::held(),
        false => say::message::arrives(flight.arrival.since(scene.now)),
    };
    let fields = message.fields.iter().map(|(name, value)| {
        row(el("dt").kid(code(name)), el("dd").text(value.to_string().into()))
    });
    let name = say::message::name(flight.from, message.kind, flight.to);
    all(vec![
        el("p").class("inspector-name").say(ui, name).into(),
        el("p").say(ui, message.help.clone()).into(),
        el("dl")
            .kid(told(say::message::from(), seat(flight.from)))
            .kid(told(say::message::to(), seat(flight.to)))
            .kids(fields)
            .kid(told(say::message::sent(), clock(flight.sent).into()))
            .kid(told(say::message::arrival(), ui.say(when)))
            .into(),
    ])
}
