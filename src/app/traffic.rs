//! The messages under way, as a list: what moves on the stage, for those who cannot hit it.

use conclave::scene::{Glyph, Message, Scene};
use conclave::sim::{Action, Micros};
use conclave::text::say;
use yew::prelude::*;

use super::element::{Element, all, el};
use super::stage::motion::{glyph_class, outline};
use super::{Msg, Selection, Ui, epoch_class};

/// The most messages in the list.
pub const MOST: usize = 60;

/// The list of messages under way.
pub fn traffic(ui: &Ui, messages: &[Message], scene: &Scene, selection: Option<Selection>) -> Html {
    if messages.is_empty() {
        return el("p").class("empty").say(ui, say::message::none()).into();
    }
    let rows = messages.iter().map(|message| row(ui, message, scene.now, selection));
    let list = el("ul").class("traffic").kids(rows).into();
    let more = (scene.in_flight > messages.len()).then(|| {
        let more = say::message::more(scene.in_flight - messages.len());
        el("p").class("empty").say(ui, more).into()
    });
    all(vec![list, more.unwrap_or_default()])
}

fn row(ui: &Ui, message: &Message, now: Micros, selection: Option<Selection>) -> Element {
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
    let part = |class, text| el("span").class(class).text(text);
    let pick = el("button")
        .attrs(
            &["type", "class", "aria-pressed"],
            vec!["button".into(), "traffic-pick".into(), selected.to_string().into()],
        )
        .on_click(ui, Msg::Select(Some(Selection::Message(id))))
        .kid(drawing(flight.glyph, &epoch_class(flight.epoch)))
        .kid(part("traffic-name", name))
        .kid(part("traffic-when", ui.say(when)))
        .kid(part("traffic-fields", fields.join(" · ").into()));
    let drop = ui.offer(say::act::drop_message(), "bad", Action::Drop { message: id });
    let li = el("li").key(id.0).kid(pick).kid(drop);
    if selected { li.class("selected") } else { li }
}

/// What stands for a kind of message, in the colour of an epoch.
pub fn drawing(glyph: Glyph, epoch: &str) -> Element {
    let class = format!("{} {epoch}", glyph_class(glyph));
    el("svg")
        .attrs(
            &["viewBox", "aria-hidden", "class"],
            vec!["-13 -13 26 26".into(), "true".into(), class.into()],
        )
        .kid(el("path").attrs(&["d"], vec![outline(glyph).into()]))
}
