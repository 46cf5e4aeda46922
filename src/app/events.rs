//! One sentence for each event, with its reasons.

use conclave::scene::{Class, EventRow};
use conclave::text::say;
use web_sys::HtmlInputElement;
use yew::prelude::*;

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

fn event(ui: &Ui, row: &EventRow) -> Html {
    let class = classes!(
        "event",
        row.key.then_some("key"),
        match row.class {
            Class::Node => "of-node",
            Class::Network => "of-network",
            Class::Client => "of-client",
            Class::Person => "of-person",
            Class::Breach => "of-breach",
            Class::Milestone => "of-milestone",
        },
    );
    html! {
        <li {class} key={row.number}>
            <span class="event-time">{ clock(row.at) }</span>
            <span class="event-text">
                <span class="event-title" title={row.notation.clone()}>{ ui.say(row.title.clone()) }</span>
                { for row.reasons.iter().map(|reason| html! {
                    <span class={classes!("reason", reason.key.then_some("key"))}>
                        { ui.say(reason.phrase.clone()) }
                        { " " }<cite>{ reason.source }</cite>
                    </span>
                }) }
            </span>
        </li>
    }
}
