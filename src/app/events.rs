//! One sentence for each event, with its reasons.

use conclave::scene::{Class, EventRow};
use conclave::sim::timeline::Moment;
use conclave::text::say;
use yew::prelude::*;

use super::element::{Element, all, check, el};
use super::{Msg, Travel, Ui, clock};

/// The list of events, newest first.
pub fn events(ui: &Ui, rows: &[EventRow], total: u64, only_key: bool) -> Html {
    let only = check(ui.say(say::event::only_key()), only_key, ui.on_tick(Msg::OnlyKeyEvents));
    let head = el("div").class("events-head").kid(only);
    let head = head.kid(el("span").say(ui, say::event::total(total)));
    let empty = rows.is_empty().then(|| el("p").class("empty").say(ui, say::event::none()));
    let names = &["class", "role", "aria-live", "aria-label", "tabindex", "part"];
    let label = ui.say(say::tab::events());
    let go = ui.say(say::event::go());
    let list = el("div")
        .attrs(
            names,
            vec!["events".into(), "log".into(), "off".into(), label, "0".into(), "events".into()],
        )
        // What can have the focus must be seen to have it, also while it is empty.
        .kid(empty.map(Html::from).unwrap_or_default())
        .kid(el("ol").kids(rows.iter().rev().map(|row| event(ui, row, &go))));
    all(vec![head.into(), list.into()])
}

/// `go` says what its time is for: it leads there.
fn event(ui: &Ui, row: &EventRow, go: &AttrValue) -> Element {
    let class = match row.class {
        Class::Node => "of-node",
        Class::Network => "of-network",
        Class::Client => "of-client",
        Class::Person => "of-person",
        Class::Breach => "of-breach",
        Class::Milestone => "of-milestone",
    };
    let class = format!("event {}{class}", if row.key { "key " } else { "" });
    let title = el("span")
        .attrs(&["class", "title"], vec!["event-title".into(), row.notation.clone().into()])
        .say(ui, row.title.clone());
    let reasons = row.reasons.iter().map(|reason| {
        el("span")
            .class(if reason.key { "reason key" } else { "reason" })
            .say(ui, reason.phrase.clone())
            .text(" ".into())
            .kid(el("cite").text(reason.source.into()))
    });
    let there = Msg::Travel(Travel::To(Moment { after: row.step, at: row.at }));
    // By keyboard the steps, beats and the slider lead there, without hundreds of stops on the way.
    let names = &["type", "class", "title", "tabindex"];
    let time = el("button")
        .attrs(names, vec!["button".into(), "event-time".into(), go.clone(), "-1".into()])
        .on_click(ui, there)
        .text(clock(row.at).into());
    el("li")
        .attrs(&["class"], vec![class.into()])
        .key(row.number)
        .kid(time)
        .kid(el("span").class("event-text").kid(title).kids(reasons))
}
