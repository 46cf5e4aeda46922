//! The messages under way, as a list: what moves on the stage, for those who cannot hit it.

use conclave::scene::Message;
use conclave::sim::{Action, Micros};
use conclave::text::say;
use yew::prelude::*;

use super::stage::motion::{glyph_class, outline};
use super::{Button, Msg, Selection, Ui, epoch_class, use_ui};

/// The most messages in the list.
pub const MOST: usize = 60;

/// What the list shows.
#[derive(Clone, PartialEq, Properties)]
pub struct TrafficProps {
    /// The messages, those that arrive first at the head; at most [`MOST`].
    pub messages: Vec<Message>,
    /// How many there are in all.
    pub total: usize,
    /// The moment.
    pub now: Micros,
    /// What is selected.
    pub selection: Option<Selection>,
}

/// The list of messages under way.
#[component]
pub fn Traffic(props: &TrafficProps) -> Html {
    let ui = use_ui();
    let TrafficProps { messages, total, now, selection } = props;
    if messages.is_empty() {
        return html! { <p class="empty">{ ui.say(say::message::none()) }</p> };
    }
    html! {
        <>
            <ul class="traffic">
                { for messages.iter().map(|message| row(&ui, message, *now, *selection)) }
            </ul>
            if *total > messages.len() {
                <p class="empty">{ ui.say(say::message::more(total - messages.len())) }</p>
            }
        </>
    }
}

fn row(ui: &Ui, message: &Message, now: Micros, selection: Option<Selection>) -> Html {
    let flight = message.flight;
    let id = flight.id;
    let selected = selection == Some(Selection::Message(id));
    let name = ui.say(say::message::name(flight.from, message.kind, flight.to));
    let when = match message.held {
        true => say::message::held(),
        false => say::message::arrives(flight.arrival.since(now)),
    };
    let fields: Vec<_> =
        message.fields.iter().map(|(name, value)| format!("{name} {value}")).collect();
    html! {
        <li key={id.0} class={classes!(selected.then_some("selected"))}>
            <button type="button" class="traffic-pick" aria-pressed={selected.to_string()}
                onclick={ui.on(Msg::Select(Some(Selection::Message(id))))}>
                <svg viewBox="-11 -11 22 22" aria-hidden="true"
                    class={format!("{} {}", glyph_class(flight.glyph), epoch_class(flight.epoch))}>
                    <path d={outline(flight.glyph)} />
                </svg>
                <span class="traffic-name">{ name.clone() }</span>
                <span class="traffic-when">{ ui.say(when) }</span>
                <span class="traffic-fields">{ fields.join(" · ") }</span>
            </button>
            <Button class="bad" label={ui.say(say::act::drop_message())}
                onclick={ui.act(Action::Drop { message: id })} />
        </li>
    }
}
