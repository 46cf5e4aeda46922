//! The bar below the stage: what is selected, and what can be done to it.

use conclave::scene::{Message, Node, Scene};
use conclave::sim::node::Status;
use conclave::sim::{Action, MessageId, Micros, NodeId};
use conclave::text::say;
use std::rc::Rc;
use yew::prelude::*;

use super::{crash_or_restart, node_name};
use crate::app::{Button, Dialog, Msg, Selection, Ui, use_ui};

/// How much the page delays a message by.
const DELAY: Micros = Micros::from_millis(50);

/// What the bar shows.
#[derive(Clone, PartialEq, Properties)]
pub struct ActionBarProps {
    /// The world.
    pub scene: Rc<Scene>,
    /// What is selected.
    pub selection: Option<Selection>,
    /// The selected message, if a message is selected and still under way.
    pub message: Option<Message>,
}

/// The bar. It has the same height whatever it shows, so that nothing below it moves.
#[component]
pub fn ActionBar(props: &ActionBarProps) -> Html {
    let ui = use_ui();
    let ActionBarProps { scene, selection, message } = props;
    let (title, buttons) = match selection {
        Some(Selection::Node(id)) => {
            let node = &scene.nodes[id.slot()];
            (ui.say(node_name(node)), node_actions(&ui, node, scene))
        }
        Some(Selection::Link(low, high)) => {
            (ui.say(say::link::name(*high, *low)), link_actions(&ui, scene, *low, *high))
        }
        Some(Selection::Message(id)) => match message {
            Some(message) => {
                let (from, to) = (message.flight.from, message.flight.to);
                let name = say::message::name(from, message.kind, to);
                (ui.say(name), message_actions(&ui, *id))
            }
            None => (ui.say(say::message::gone()), Html::default()),
        },
        None => (ui.say(say::stage::hint()), Html::default()),
    };
    html! {
        <div class="actions" role="toolbar" aria-label={ui.say(say::stage::actions())}>
            <strong class={classes!("actions-title", selection.is_none().then_some("hint"))}>
                { title }
            </strong>
            <span class="actions-buttons">
                { buttons }
                if !scene.cuts.is_empty() {
                    <Button label={ui.say(say::act::heal())} class="good" onclick={ui.act(Action::Heal)} />
                }
                <Button label={ui.say(say::act::partition())} onclick={ui.on(Msg::Dialog(Some(Dialog::Partition)))} />
            </span>
        </div>
    }
}

fn node_actions(ui: &Ui, node: &Node, scene: &Scene) -> Html {
    let id = node.id;
    let running = node.status == Status::Up;
    let crash = match node.status {
        Status::Up | Status::Paused => (say::act::crash(), "bad"),
        Status::Crashed => (say::act::restart(), "good"),
    };
    let freeze = match node.status {
        Status::Paused => Some((say::act::thaw(), Action::Resume { node: id })),
        Status::Up => Some((say::act::freeze(), Action::Pause { node: id })),
        Status::Crashed => None,
    };
    let isolated = scene.cuts.iter().filter(|(from, to)| *from == id || *to == id).count();
    let everything = 2 * (scene.nodes.len() - 1);
    html! {
        <>
            <Button label={ui.say(crash.0)} class={crash.1}
                onclick={ui.act(crash_or_restart(id, node.status))} />
            if let Some((label, action)) = freeze {
                <Button label={ui.say(label)} title={ui.say(say::act::freeze_help())} onclick={ui.act(action)} />
            }
            { for node.timers.iter().filter(|_| running).map(|timer| {
                let action = Action::FireTimer { node: id, timer: timer.number };
                html! {
                    <Button key={timer.number} label={ui.say(say::act::fire(timer.name.clone()))} onclick={ui.act(action)} />
                }
            }) }
            if isolated < everything {
                <Button label={ui.say(say::act::isolate())}
                    onclick={ui.act(isolate(id, scene.nodes.len()))} />
            }
            <Button label={ui.say(say::act::links())}
                onclick={ui.on(Msg::Dialog(Some(Dialog::Links(id))))} />
        </>
    }
}

/// The partition that leaves a node alone.
fn isolate(node: NodeId, nodes: usize) -> Action {
    Action::Partition { sides: (0..nodes).map(|place| (place == node.slot()).into()).collect() }
}

fn link_actions(ui: &Ui, scene: &Scene, low: NodeId, high: NodeId) -> Html {
    html! {
        <>
            { direction(ui, scene, low, high) }
            { direction(ui, scene, high, low) }
        </>
    }
}

/// The button that cuts or mends one direction of a link.
pub fn direction(ui: &Ui, scene: &Scene, from: NodeId, to: NodeId) -> Html {
    let cut = scene.cuts.contains(&(from, to));
    let (label, action) = match cut {
        true => (say::act::mend(from, to), Action::Mend { from, to }),
        false => (say::act::cut(from, to), Action::Cut { from, to }),
    };
    let class = if cut { "good" } else { "bad" };
    html! { <Button label={ui.say(label)} {class} onclick={ui.act(action)} /> }
}

fn message_actions(ui: &Ui, message: MessageId) -> Html {
    let delay = Action::Delay { message, by: DELAY };
    html! {
        <>
            <Button label={ui.say(say::act::drop_message())} class="bad" onclick={ui.act(Action::Drop { message })} />
            <Button label={ui.say(say::act::delay(DELAY))} onclick={ui.act(delay)} />
            <Button label={ui.say(say::act::deliver())} onclick={ui.act(Action::Deliver { message })} />
            <Button label={ui.say(say::act::duplicate())} onclick={ui.act(Action::Duplicate { message })} />
        </>
    }
}
