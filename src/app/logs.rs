//! The logs: nodes × indexes.

use conclave::scene::{Node, Scene};
use conclave::sim::node::Status;
use conclave::text::say;
use yew::prelude::*;

use super::element::{Element, Is, all, column_head, el, row_head};
use super::{Msg, Ui, button_with, epoch_class};

/// The table of logs, with the leader's knowledge of the others below it.
pub fn logs(ui: &Ui, scene: &Scene) -> Html {
    let conclave::scene::Logs { first, columns, longest } = scene.logs;
    if longest == 0 {
        return el("p").class("empty").say(ui, say::log::empty()).into();
    }
    let shown = first..=(first + columns - 1).min(longest);
    let leader = scene.leader();
    let last_window = (longest + 1).saturating_sub(columns).max(1);
    let head = el("tr").kid(column_head().say(ui, say::log::node()));
    let indexes =
        shown.clone().map(|index| column_head().key(index).text(index.to_string().into()));
    let rows = scene.nodes.iter().map(|node| row(ui, node, leader, shown.clone()));
    let table = el("table").class("logs").kid(el("thead").kid(head.kids(indexes)));
    // A sign and its meaning stay together.
    let sign = |class, text: &'static str, meaning| {
        el("span").kid(el("span").class(class).text(text.into())).say(ui, meaning)
    };
    let mut legend = el("p")
        .class("legend")
        .kid(sign("cell epoch-0 committed", "x=1", say::log::committed()))
        .kid(sign("cell epoch-0", "x=1", say::log::uncommitted()));
    if scene.nodes.iter().any(|node| node.face.log.snapshot > 0) {
        legend = legend.kid(sign("cell snapshot", "", say::log::in_snapshot()));
    }
    if leader.is_some() {
        legend = legend.kid(sign("mark", "◂", say::log::matched())).kid(sign(
            "mark",
            "▴",
            say::log::next(),
        ));
    }
    let mut foot = el("div").class("log-foot").kid(legend);
    if longest > columns {
        let to = |label, end: bool, index| {
            let refused = end.then(|| ui.say(say::log::no_more()));
            button_with(ui.say(label), "", None, refused, ui.on(Msg::ShowLogsFrom(index)))
        };
        let (back, on) = (first.saturating_sub(columns).max(1), (first + columns).min(last_window));
        foot = foot.kid(
            el("span")
                .class("pager")
                .kid(to(say::log::earlier(), first == 1, Some(back)))
                .kid(to(say::log::later(), first >= last_window, Some(on)))
                .kid(to(say::log::follow(), false, None)),
        );
    }
    let names = &["class", "tabindex", "role", "aria-label", "part"];
    let name = ui.say(say::log::table());
    let values = vec!["log-scroll".into(), "0".into(), "region".into(), name, "log".into()];
    all(vec![
        el("div").attrs(names, values).kid(table.kid(el("tbody").kids(rows))).into(),
        foot.into(),
    ])
}

fn row(
    ui: &Ui,
    node: &Node,
    leader: Option<&Node>,
    shown: std::ops::RangeInclusive<u64>,
) -> Element {
    let mark =
        leader.and_then(|leader| leader.face.log.marks.iter().find(|mark| mark.node == node.id));
    let leads = leader.is_some_and(|leader| leader.id == node.id);
    let sign = match node.status {
        Status::Crashed => " ✕",
        Status::Paused => " ❄",
        Status::Up if leads => " ★",
        Status::Up => "",
    };
    let log = &node.face.log;
    let cell = |index: u64| {
        let sign = |there: bool, sign: &'static str, name| match there {
            true => titled("mark", ui.say(name)).text(sign.into()).into(),
            false => Html::default(),
        };
        let (matched, next) = mark.map_or((0, 0), |mark| (mark.matched, mark.next));
        let marks = all(vec![
            sign(matched == index, "◂", say::log::matched()),
            sign(next == index, "▴", say::log::next()),
        ]);
        let td = el("td").key(index);
        if index <= log.snapshot {
            let title = ui.say(say::log::in_snapshot());
            let spoken = el("span").class("sr").text(title.clone());
            return td.kid(titled("cell snapshot", title).kid(spoken)).kid(marks);
        }
        // A log may have gaps.
        let place = log.cells.binary_search_by_key(&index, |cell| cell.index);
        let Ok(cell) = place.map(|place| &log.cells[place]) else {
            return td.class("none").kid(marks);
        };
        let committed = index <= log.commit && node.status != Status::Crashed;
        let class = format!("cell {}", epoch_class(cell.epoch));
        let class = if committed { class + " committed" } else { class };
        let text: AttrValue = match &cell.text {
            Some(text) => text.clone().into(),
            None => ui.say(say::log::noop()),
        };
        let state = if committed { say::log::committed() } else { say::log::uncommitted() };
        let spoken = ui.say(say::log::cell(cell.epoch, node.face.epoch_name.clone(), state));
        let part = |class, text| el("span").class(class).text(text);
        let cell = titled(class, format!("{text}: {spoken}").into())
            .kid(part("cell-epoch", cell.epoch.to_string().into()))
            .kid(part("cell-text", text))
            .kid(part("sr", spoken));
        td.kid(cell).kid(marks)
    };
    let sign = el("span").fixed(&[("aria-hidden", Is("true"))]).text(sign.into());
    let name = row_head().text(node.id.to_string().into()).kid(sign);
    el("tr").key(node.id.0).kid(name).kids(shown.map(cell))
}

/// A part of a text, with a hint that appears when the pointer rests on it.
fn titled(class: impl Into<AttrValue>, title: AttrValue) -> Element {
    el("span").attrs(&["class", "title"], vec![class.into(), title])
}
