//! The bar below the stage: what is selected, and what can be done to it.

use conclave::scene::{Message, Node, Scene};
use conclave::sim::node::Status;
use conclave::sim::{Action, MessageId, Micros, NodeId, Order};
use conclave::text::say;
use yew::prelude::*;

use super::{crash_or_restart, node_name};
use crate::app::element::el;
use crate::app::{Dialog, Msg, Selection, Ui, button, button_with, inspector};

/// How much the page delays a message by.
pub const DELAY: Micros = Micros::from_millis(50);

/// The bar; beside another cluster, it offers what can be done to both. It has the same height
/// whatever it shows, so that nothing below it moves. Where the inspector is out of sight, it leads
/// there.
pub fn action_bar(
    ui: &Ui,
    scene: &Scene,
    selection: Option<Selection>,
    message: Option<&Message>,
    paired: bool,
    inspects: bool,
) -> Html {
    let (title, buttons) = match selection {
        Some(Selection::Node(id)) => {
            let node = &scene.nodes[id.slot()];
            (ui.say(node_name(node)), node_actions(ui, node, scene, paired))
        }
        Some(Selection::Link(low, high)) => {
            let both = [direction(ui, scene, low, high), direction(ui, scene, high, low)];
            (ui.say(say::link::name(high, low)), both.into_iter().collect())
        }
        Some(Selection::Message(id)) => match message {
            Some(message) => {
                let (from, to) = (message.flight.from, message.flight.to);
                let buttons = if paired { Html::default() } else { message_actions(ui, id) };
                (ui.say(say::message::name(from, message.kind, to)), buttons)
            }
            None => (ui.say(say::message::gone()), Html::default()),
        },
        None => (ui.say(say::stage::hint()), Html::default()),
    };
    let title_class = if selection.is_none() { "actions-title hint" } else { "actions-title" };
    let details = (inspects && selection.is_some())
        .then(|| button(ui.say(say::inspect::details()), "", ui.on(Msg::Unfold(inspector::TITLE))));
    let both = paired.then(|| {
        let help = Some(ui.say(say::act::crash_leaders_help()));
        let label = ui.say(say::act::crash_leaders());
        button_with(label, "bad", help, None, ui.on(Msg::CrashLeaders))
    });
    let both = both.filter(|_| ui.faults.allow(&Action::Crash { node: NodeId(0) }));
    let heal = (!scene.cuts.is_empty()).then(|| ui.offer(say::act::heal(), "good", Action::Heal));
    let open = |label, dialog| button(ui.say(label), "", ui.on(Msg::Dialog(Some(dialog))));
    let may_split = ui.faults.allow(&Action::Partition { sides: Vec::new() });
    let partition = may_split.then(|| open(say::act::partition(), Dialog::Partition));
    let may_order = ui.faults.allow(&Action::Order { node: NodeId(0), order: Order::Compact });
    let members =
        (scene.orders.reconfigure && may_order).then(|| open(say::act::members(), Dialog::Members));
    let buttons = el("span")
        .class("actions-buttons")
        .kid(buttons)
        .kid(both.unwrap_or_default())
        .kid(heal.unwrap_or_default())
        .kid(members.unwrap_or_default())
        .kid(partition.unwrap_or_default());
    let names = &["class", "role", "aria-label"];
    el("div")
        .attrs(names, vec!["actions".into(), "toolbar".into(), ui.say(say::stage::actions())])
        .kid(el("strong").class(title_class).text(title))
        .kid(details.unwrap_or_default())
        .kid(buttons)
        .into()
}

fn node_actions(ui: &Ui, node: &Node, scene: &Scene, paired: bool) -> Html {
    let id = node.id;
    let mut buttons = Vec::new();
    let (label, class) = match node.status {
        Status::Up | Status::Paused => (say::act::crash(), "bad"),
        Status::Crashed => (say::act::restart(), "good"),
    };
    buttons.push(ui.offer(label, class, crash_or_restart(id, node.status)));
    let freeze = match node.status {
        Status::Paused => Some((say::act::thaw(), Action::Resume { node: id })),
        Status::Up => Some((say::act::freeze(), Action::Pause { node: id })),
        Status::Crashed => None,
    };
    if let Some((label, action)) = freeze {
        let help = Some(say::act::freeze_help());
        buttons.push(ui.offer_with(label, "", help, None, action));
    }
    // A timer belongs to one cluster alone.
    if node.status == Status::Up && !paired {
        buttons.extend(node.timers.iter().map(|timer| {
            let action = Action::FireTimer { node: id, timer: timer.number };
            ui.offer(say::act::fire(timer.name.clone()), "", action)
        }));
    }
    if let Some(leader) = scene.leader().filter(|leader| leader.id != id && scene.orders.transfer)
        && node.status == Status::Up
    {
        let action = Action::Order { node: leader.id, order: Order::Transfer { to: id } };
        let help = Some(say::act::lead_help());
        buttons.push(ui.offer_with(say::act::lead(), "", help, None, action));
    }
    if scene.orders.compact && node.status == Status::Up {
        let nothing = node.face.log.applied <= node.face.log.snapshot;
        let nothing = nothing.then(|| ui.say(say::act::compact_nothing()));
        let action = Action::Order { node: id, order: Order::Compact };
        let help = Some(say::act::compact_help());
        buttons.push(ui.offer_with(say::act::compact(), "", help, nothing, action));
    }
    let dead_ends = scene.cuts.iter().filter(|(from, to)| *from == id || *to == id).count();
    if dead_ends < 2 * (scene.nodes.len() - 1) {
        let action = isolate(id, scene.nodes.len());
        buttons.push(ui.offer(say::act::isolate(), "", action));
    }
    let (from, to) = (id, id);
    let may_cut = [Action::Cut { from, to }, Action::Mend { from, to }];
    if scene.nodes.len() > 1 && may_cut.iter().any(|action| ui.faults.allow(action)) {
        let links = Msg::Dialog(Some(Dialog::Links(id)));
        buttons.push(button(ui.say(say::act::links()), "", ui.on(links)));
    }
    buttons.into_iter().collect()
}

/// The partition that leaves a node alone.
fn isolate(node: NodeId, nodes: usize) -> Action {
    Action::Partition { sides: (0..nodes).map(|place| (place == node.slot()).into()).collect() }
}

/// The button that cuts or mends one direction of a link.
pub fn direction(ui: &Ui, scene: &Scene, from: NodeId, to: NodeId) -> Html {
    match scene.cuts.contains(&(from, to)) {
        true => ui.offer(say::act::mend(from, to), "good", Action::Mend { from, to }),
        false => ui.offer(say::act::cut(from, to), "bad", Action::Cut { from, to }),
    }
}

fn message_actions(ui: &Ui, message: MessageId) -> Html {
    let delay = Action::Delay { message, by: DELAY };
    let buttons = [
        ui.offer(say::act::drop_message(), "bad", Action::Drop { message }),
        ui.offer(say::act::delay(DELAY), "", delay),
        ui.offer(say::act::deliver(), "", Action::Deliver { message }),
        ui.offer(say::act::duplicate(), "", Action::Duplicate { message }),
    ];
    buttons.into_iter().collect()
}
