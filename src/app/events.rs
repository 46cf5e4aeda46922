//! One sentence for each event, with its reasons.

use conclave::scene::{Class, EventRow};
use conclave::text::say;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::element::{Element, el};
use super::{Msg, Ui, clock};

/// The list of events, newest first.
pub fn events(ui: &Ui, rows: &[EventRow], total: u64, only_key: bool) -> Html {
    let onchange = {
        let send = ui.send.clone();
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            send.emit(Msg::OnlyKeyEvents(input.checked()));
        })
    };
    html! {
        <>
            <p class="events-head">
                <label>
                    <input type="checkbox" checked={only_key} {onchange} />
                    { ui.say(say::event::only_key()) }
                </label>
                <span>{ ui.say(say::event::total(total)) }</span>
            </p>
            if rows.is_empty() {
                <p class="empty">{ ui.say(say::event::none()) }</p>
            }
            <div class="events" role="log" aria-live="off" aria-label={ui.say(say::tab::events())} tabindex="0">
                <ol>{ for rows.iter().rev().map(|row| event(ui, row)) }</ol>
            </div>
        </>
    }
}

fn event(ui: &Ui, row: &EventRow) -> Element {
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
    el("li")
        .attrs(&["class"], vec![class.into()])
        .key(row.number)
        .kid(el("span").class("event-time").text(clock(row.at).into()))
        .kid(el("span").class("event-text").kid(title).kids(reasons))
}
