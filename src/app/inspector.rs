//! What is selected, in full: a node with what it keeps and what it forgets, or a message.

use conclave::scene::{Field, Message, Node, Scene};
use conclave::sim::node::{Status, TRUE_CLOCK_PPM};
use conclave::sim::{Action, Seat};
use conclave::text::{Phrase, say};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::stage::node_name;
use super::{Msg, Selection, Ui, clock};

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
            html! { <p class="empty">{ ui.say(say::message::gone()) }</p> }
        }
        (Some(Selection::Link(low, high)), _) => {
            html! { <p>{ ui.say(say::link::about(high, low)) }</p> }
        }
        (None, _) => invitation(ui, tries),
    };
    html! {
        <section class="card inspector" aria-labelledby="inspector-title" tabindex="0">
            <h2 id="inspector-title">{ ui.say(say::inspect::title()) }</h2>
            { content }
        </section>
    }
}

/// What to do when nothing is selected yet.
fn invitation(ui: &Ui, tries: Vec<Phrase>) -> Html {
    html! {
        <>
            <p class="empty">{ ui.say(say::inspect::nothing()) }</p>
            <h3>{ ui.say(say::inspect::to_try()) }</h3>
            <ol class="tries">{ for tries.into_iter().map(|each| html! { <li>{ ui.say(each) }</li> }) }</ol>
        </>
    }
}

fn node(ui: &Ui, node: &Node, scene: &Scene) -> Html {
    let down = node.status == Status::Crashed;
    let part = |durable: bool| {
        let fields = node.face.fields.iter().filter(move |field| field.durable == durable);
        html! { <dl>{ for fields.map(|each| field(ui, each)) }</dl> }
    };
    html! {
        <>
            <p class="inspector-name">{ ui.say(node_name(node)) }</p>
            <h3>{ ui.say(say::inspect::durable()) }</h3>
            { part(true) }
            <h3>{ ui.say(say::inspect::volatile()) }</h3>
            if down {
                <p class="empty">{ ui.say(say::inspect::lost()) }</p>
            } else {
                { part(false) }
                <dl>
                    { for node.timers.iter().map(|timer| html! {
                        <div class="field" key={timer.number}>
                            <dt>{ ui.say(timer.name.clone()) }</dt>
                            <dd>{ ui.say(say::inspect::left(timer.due.since(scene.now))) }</dd>
                        </div>
                    }) }
                    <div class="field">
                        <dt><label for="clock-rate">{ ui.say(say::inspect::clock()) }</label></dt>
                        <dd>{ clock_rate(ui, node) }</dd>
                    </div>
                </dl>
                if let Some(table) = &node.face.peers {
                    <h3>{ ui.say(table.title.clone()) }</h3>
                    <table class="small">
                        <thead><tr>
                            <th scope="col">{ ui.say(say::log::node()) }</th>
                            { for table.columns.iter().map(|name| html! { <th scope="col"><code lang="en">{ *name }</code></th> }) }
                        </tr></thead>
                        <tbody>
                            { for table.rows.iter().map(|(node, values)| html! {
                                <tr key={node.0}>
                                    <th scope="row">{ node.to_string() }</th>
                                    { for values.iter().map(|value| html! { <td>{ value }</td> }) }
                                </tr>
                            }) }
                        </tbody>
                    </table>
                }
            }
        </>
    }
}

fn field(ui: &Ui, field: &Field) -> Html {
    html! {
        <div class="field" key={field.name} title={ui.say(field.help.clone())}>
            <dt><code lang="en">{ field.name }</code></dt>
            <dd>{ ui.say(field.value.clone()) }</dd>
        </div>
    }
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
    let mut paces = vec![10, 50, 90, 100, 110, 200, 1000];
    let current = node.clock_ppm / (TRUE_CLOCK_PPM / 100);
    if let Err(place) = paces.binary_search(&current) {
        paces.insert(place, current);
    }
    html! {
        <select id="clock-rate" {onchange}>
            { for paces.into_iter().map(|percent| html! {
                <option value={(percent * (TRUE_CLOCK_PPM / 100)).to_string()} selected={percent == current}>
                    { format!("{percent} %") }
                </option>
            }) }
        </select>
    }
}

fn letter(ui: &Ui, message: &Message, scene: &Scene) -> Html {
    let flight = message.flight;
    let seat = |seat: Seat| seat.to_string();
    let when = match message.held {
        true => say::message::held(),
        false => say::message::arrives(flight.arrival.since(scene.now)),
    };
    html! {
        <>
            <p class="inspector-name">
                { ui.say(say::message::name(flight.from, message.kind, flight.to)) }
            </p>
            <p>{ ui.say(message.help.clone()) }</p>
            <dl>
                <div class="field"><dt>{ ui.say(say::message::from()) }</dt><dd>{ seat(flight.from) }</dd></div>
                <div class="field"><dt>{ ui.say(say::message::to()) }</dt><dd>{ seat(flight.to) }</dd></div>
                { for message.fields.iter().map(|(name, value)| html! {
                    <div class="field"><dt><code lang="en">{ *name }</code></dt><dd>{ value }</dd></div>
                }) }
                <div class="field"><dt>{ ui.say(say::message::sent()) }</dt><dd>{ clock(flight.sent) }</dd></div>
                <div class="field"><dt>{ ui.say(say::message::arrival()) }</dt><dd>{ ui.say(when) }</dd></div>
            </dl>
        </>
    }
}
