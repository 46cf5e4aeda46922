//! Drawing a world: what only its protocol can say, and all that goes round it.

use super::events::notate_answer;
use super::sides::{parted, sides};
use super::{
    Column, Costs, Counters, Epoch, Exhibit, Face, Flight, Glyph, Logs, Look, Message, Node,
    Orders, Scene, Setting, Timer, Verdict, Window, Witness,
};
use crate::sim::environment::{Envelope, Environment};
use crate::sim::node::Status;
use crate::sim::protocol::Judge;
use crate::sim::world::{Body, Breached};
use crate::sim::{MessageId, NodeId, NodeSet, Order, Quality, Seat, SettingKind, World};
use crate::text::{Phrase, say};

/// A world of any protocol, as it is drawn.
pub(super) trait Subject {
    /// What knows no protocol.
    fn around(&self) -> &Environment;
    fn face(&self, node: NodeId, window: Window) -> Face;
    /// The index of the last entry of a node's log.
    fn last_index(&self, node: NodeId) -> u64;
    /// The epoch that a node leads, if it runs and does.
    fn leadership(&self, node: NodeId) -> Option<Epoch>;
    /// A timer's name, and whether it is the one to draw around its node.
    fn timer(&self, number: usize) -> (Phrase, bool);
    /// How each kind of message looks, by its number.
    fn kinds(&self) -> &'static [(Glyph, &'static str)];
    /// How the message in a slot looks.
    fn look(&self, slot: u32) -> Look;
    /// What the message in a slot is for, and what it says.
    fn contents(&self, slot: u32) -> (Phrase, Vec<(&'static str, String)>);
    fn verdicts(&self) -> Vec<Verdict>;
    fn milestone(&self) -> Option<Witness>;
    /// How things stand while nobody leads and no milestone is reached.
    fn beginning(&self) -> Phrase;
    /// Whether the nodes have a leader when all is well.
    fn is_led(&self) -> bool;
    /// Where nodes have roles of their own: who has which.
    fn columns(&self) -> Option<[Column; 3]>;
    fn settings(&self) -> Vec<Setting>;
    fn takes(&self, order: &Order) -> bool;
}

impl<P: Exhibit> Subject for World<P> {
    fn around(&self) -> &Environment {
        self.around()
    }

    fn face(&self, node: NodeId, window: Window) -> Face {
        match (self.state(node), self.disk(node)) {
            (Some(state), _) => P::face(node, self.size(), self.config(), state, window),
            (None, Some(disk)) => P::face_down(disk, window),
            (None, None) => unreachable!("a node is up or has a disk"),
        }
    }

    fn last_index(&self, node: NodeId) -> u64 {
        let up = self.state(node).map(P::last_index);
        up.or_else(|| self.disk(node).map(P::last_index_on)).unwrap_or(0)
    }

    fn leadership(&self, node: NodeId) -> Option<Epoch> {
        self.state(node).and_then(P::leadership)
    }

    fn timer(&self, number: usize) -> (Phrase, bool) {
        P::timer(P::TIMERS[number])
    }

    fn kinds(&self) -> &'static [(Glyph, &'static str)] {
        P::KINDS
    }

    fn look(&self, slot: u32) -> Look {
        let (glyph, kind) = match self.body(slot) {
            Body::Peer(message) => return P::look(message),
            Body::Request(_) => (Glyph::Request, "Request"),
            Body::Answer(..) => (Glyph::Answer, "Answer"),
        };
        Look { glyph, epoch: Epoch::default(), kind }
    }

    fn contents(&self, slot: u32) -> (Phrase, Vec<(&'static str, String)>) {
        match self.body(slot) {
            Body::Peer(message) => (P::purpose(message), P::fields(message)),
            Body::Request(command) => {
                let (request, operation) = (command.request.to_string(), command.op.to_string());
                let fields = vec![("request", request), ("operation", operation)];
                (say::message::request(), fields)
            }
            Body::Answer(request, answer) => {
                let (request, answer) = (request.to_string(), notate_answer(answer));
                (say::message::answer(), vec![("request", request), ("answer", answer)])
            }
        }
    }

    fn verdicts(&self) -> Vec<Verdict> {
        let all = 0..<P::Judge as Judge<P>>::INVARIANTS.len();
        let verdict = |number| {
            let (name, statement, source) = P::invariant(number);
            let broken = |breached: &&Breached<_>| {
                <P::Judge as Judge<P>>::invariant(&breached.breach) == number
            };
            let breach = self.breaches().iter().find(broken).map(|breached| {
                let (sentence, nodes) = P::breach(&breached.breach);
                Witness { at: breached.at, step: breached.step, sentence, nodes }
            });
            Verdict { name, statement, source, breach, open: false }
        };
        all.map(verdict).collect()
    }

    fn milestone(&self) -> Option<Witness> {
        let reached = self.milestone()?;
        let (sentence, nodes) = P::milestone(&reached.milestone);
        Some(Witness { at: reached.at, step: reached.step, sentence, nodes })
    }

    fn beginning(&self) -> Phrase {
        P::beginning()
    }

    fn is_led(&self) -> bool {
        P::LED
    }

    fn columns(&self) -> Option<[Column; 3]> {
        P::columns(self.config(), self.size())
    }

    fn settings(&self) -> Vec<Setting> {
        let setting = |setting: &crate::sim::Setting<P::Config>| {
            let (name, help) = P::setting(setting.id);
            let value = (setting.get)(self.config());
            let choices = match setting.kind {
                SettingKind::Choice { values } => {
                    (0..values).map(|value| P::choice(setting.id, value)).collect()
                }
                _ => Vec::new(),
            };
            Setting { id: setting.id, name, help, kind: setting.kind, value, choices }
        };
        P::settings().iter().map(setting).collect()
    }

    fn takes(&self, order: &Order) -> bool {
        P::takes(order)
    }
}

/// Everything there is to draw but the messages under way.
pub(super) fn scene(subject: &dyn Subject, window: Window) -> Scene {
    let around = subject.around();
    let ids = || NodeId::all(around.size());
    let longest = ids().map(|id| subject.last_index(id)).max().unwrap_or(0);
    let columns = window.columns.max(1);
    let end = (longest + 1).saturating_sub(columns).max(1);
    let first = window.first.unwrap_or(end).clamp(1, longest.max(1));
    let window = Window { first: Some(first), columns };
    let nodes: Vec<_> = ids().map(|id| node(subject, id, window)).collect();
    let milestone = subject.milestone();
    let standing = match &milestone {
        Some(witness) => witness.sentence.clone(),
        None => subject.beginning(),
    };
    let pairs = ids().flat_map(|from| ids().map(move |to| (from, to)));
    let cuts: Vec<_> = pairs.filter(|&(from, to)| around.network.is_cut(from, to)).collect();
    let sides = sides(around.network.cuts());
    Scene {
        now: around.now,
        steps: around.steps,
        summary: summary(&nodes, &cuts, &sides, standing),
        nodes,
        milestone,
        cuts,
        sides,
        logs: Logs { first, columns, longest },
        waiting: around.clients.iter().filter(|client| client.pending.is_some()).count(),
        verdicts: subject.verdicts(),
        quality: around.network.quality(),
        workload: around.workload,
        settings: subject.settings(),
        orders: Orders {
            transfer: subject.takes(&Order::Transfer { to: NodeId(0) }),
            reconfigure: subject.takes(&Order::Reconfigure { changes: Vec::new() }),
            compact: subject.takes(&Order::Compact),
        },
        in_flight: around.post.iter().count(),
        costs: costs(subject),
        columns: subject.columns(),
    }
}

fn node(subject: &dyn Subject, id: NodeId, window: Window) -> Node {
    let seat = subject.around().node(id);
    let timers = seat.timers().map(|(number, running)| {
        let (name, drawn) = subject.timer(number);
        Timer { number: number as u8, name, set: running.set, due: running.due(), drawn }
    });
    Node {
        id,
        status: seat.status,
        clock_ppm: seat.clock_ppm,
        face: subject.face(id, window),
        timers: timers.collect(),
    }
}

/// What was counted so far.
pub(super) fn counters(subject: &dyn Subject) -> Counters<'_> {
    Counters { kinds: subject.kinds(), tally: &subject.around().tally, is_led: subject.is_led() }
}

fn costs(subject: &dyn Subject) -> Costs {
    let Environment { tally, now, network, .. } = subject.around();
    let median = tally.latencies.percentile(50);
    let Quality { latency, jitter, .. } = network.quality();
    let round_trip = 2 * latency.0 + jitter.0;
    Costs {
        messages: tally.messages,
        bytes: tally.bytes,
        operations: tally.operations,
        median,
        most: tally.latencies.percentile(95),
        round_trips: median
            .and_then(|median| (median * 10 + round_trip / 2).checked_div(round_trip)),
        leaderless: subject.is_led().then(|| tally.leaderless(*now)),
    }
}

/// How things stand: who leads, or else what was said of it; who is down; how the network is split, or
/// else how many links are cut, in one direction or both.
fn summary(
    nodes: &[Node],
    cuts: &[(NodeId, NodeId)],
    sides: &[NodeSet],
    leaderless: Phrase,
) -> Phrase {
    let leaders = nodes.iter().filter(|node| node.face.leads).map(|node| {
        let Node { id, face, .. } = node;
        say::summary::leader(face.epoch, face.epoch_name.clone(), *id).into()
    });
    let leaders: Vec<_> = leaders.collect();
    let standing = if leaders.is_empty() { leaderless } else { say::summary::leads(leaders) };
    let down = nodes.iter().filter(|node| node.status != Status::Up).map(|node| node.id.into());
    let down: Vec<_> = down.collect();
    let standing = if down.is_empty() { standing } else { say::summary::some_down(down, standing) };
    if sides.len() > 1 {
        return say::summary::split(parted(sides, nodes.len() <= 9), standing);
    }
    match cuts
        .iter()
        .filter(|&&(from, to)| from < to || cuts.binary_search(&(to, from)).is_err())
        .count()
    {
        0 => standing,
        cut => say::summary::some_cut(cut, standing),
    }
}

/// The messages under way, into a list that is cleared first.
pub(super) fn flights(subject: &dyn Subject, into: &mut Vec<Flight>) {
    into.clear();
    let post = subject.around().post.iter();
    into.extend(post.map(|(slot, envelope)| flight(envelope, &subject.look(slot))));
}

fn flight(envelope: &Envelope, look: &Look) -> Flight {
    let Envelope { id, from, to, sent, arrival, .. } = *envelope;
    Flight { id, from, to, sent, arrival, glyph: look.glyph, epoch: look.epoch }
}

/// One message under way, whole.
pub(super) fn message(subject: &dyn Subject, id: MessageId) -> Option<Message> {
    let around = subject.around();
    let slot = around.post.find(id).ok()?;
    let envelope = around.post.at(slot);
    let look = subject.look(slot);
    let (help, fields) = subject.contents(slot);
    let held = match envelope.to {
        Seat::Node(node) => {
            around.node(node).status == Status::Paused && envelope.due() < around.now
        }
        Seat::Client(_) => false,
    };
    Some(Message { flight: flight(envelope, &look), kind: look.kind, help, fields, held })
}
