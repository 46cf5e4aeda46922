//! The messages under way, as a list: what moves on the stage, for those who cannot hit it.

use conclave::scene::{Message, Scene};
use conclave::sim::{Action, Micros};
use conclave::text::say;
use yew::prelude::*;

use super::stage::motion::{glyph_class, outline};
use super::{Msg, Selection, Ui, button, epoch_class};

/// The most messages in the list.
pub const MOST: usize = 60;

/// The list of messages under way.
pub fn traffic(ui: &Ui, messages: &[Message], scene: &Scene, selection: Option<Selection>) -> Html {
    if messages.is_empty() {
        return html! { <p class="empty">{ ui.say(say::message::none()) }</p> };
    }
    html! {
        <>
            <ul class="traffic">
                { for messages.iter().map(|message| row(ui, message, scene.now, selection)) }
            </ul>
            if scene.in_flight > messages.len() {
                <p class="empty">{ ui.say(say::message::more(scene.in_flight - messages.len())) }</p>
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
                <svg viewBox="-13 -13 26 26" aria-hidden="true"
                    class={format!("{} {}", glyph_class(flight.glyph), epoch_class(flight.epoch))}>
                    <path d={outline(flight.glyph)} />
                </svg>
                <span class="traffic-name">{ name.clone() }</span>
                <span class="traffic-when">{ ui.say(when) }</span>
                <span class="traffic-fields">{ fields.join(" · ") }</span>
            </button>
            { button(ui.say(say::act::drop_message()), "bad", ui.act(Action::Drop { message: id })) }
        </li>
    }
}
