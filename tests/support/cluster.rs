//! A world of Raft servers with the questions that tests ask it.

use std::hash::{Hash as _, Hasher as _};
use std::ops::{Deref, DerefMut};

use conclave::protocols::raft::{
    Config, Durable, Entry, Index, Log, Message, Payload, Raft, Server, Term, Timer,
};
use conclave::sim::digest::Digest;
use conclave::sim::node::Status;
use conclave::sim::world::{Body, Flight, Setup};
use conclave::sim::{
    Action, ActionError, ClientId, Event, EventKind, MessageId, Micros, NodeId, Op, Protocol,
    Quality, Watch, World,
};

use super::solo::s;

/// So many milliseconds.
pub const fn ms(millis: u64) -> Micros {
    Micros::from_millis(millis)
}

/// A world, and the rule that its judge never found anything wrong.
#[derive(Clone, Debug)]
pub struct Cluster(pub World<Raft>);

impl Deref for Cluster {
    type Target = World<Raft>;

    fn deref(&self) -> &World<Raft> {
        &self.0
    }
}

impl DerefMut for Cluster {
    fn deref_mut(&mut self) -> &mut World<Raft> {
        &mut self.0
    }
}

impl Cluster {
    /// A cluster with everything else at its default.
    pub fn new(nodes: u8, seed: u64) -> Self {
        Self::of(Setup { nodes, seed, ..Setup::default() })
    }

    /// A cluster with these settings of the protocol.
    pub fn tuned(nodes: u8, seed: u64, config: Config) -> Self {
        Self::of(Setup { nodes, seed, config, ..Setup::default() })
    }

    /// A cluster in which every message takes exactly as long as any other.
    pub fn even(nodes: u8, seed: u64, latency: Micros) -> Self {
        let quality = Quality { latency, jitter: Micros(0), ..Quality::default() };
        Self::of(Setup { nodes, seed, quality, ..Setup::default() })
    }

    pub fn of(setup: Setup<Config>) -> Self {
        Self(World::new(&setup, &mut ()))
    }

    /// Does what must be possible.
    pub fn act(&mut self, action: Action) {
        self.try_act(&action).unwrap_or_else(|error| panic!("{action:?}: {error}"));
    }

    pub fn try_act(&mut self, action: &Action) -> Result<(), ActionError> {
        self.0.act(action, &mut ())
    }

    /// Lets time pass.
    pub fn run_for(&mut self, span: Micros) {
        self.watch_for(span, &mut ());
    }

    /// Lets time pass while somebody watches.
    pub fn watch_for(&mut self, span: Micros, watch: &mut impl Watch<Raft>) {
        let moment = self.now() + span;
        self.0.run_until(moment, watch);
        assert_eq!(self.breaches(), [], "no invariant is ever broken");
    }

    /// Takes events until something is so; panics when it is not so within a minute.
    pub fn run_until_that(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let latest = self.now() + Micros::from_secs(60);
        while !holds(self) {
            assert!(self.now() <= latest, "within a minute: {what}");
            assert!(self.0.step(&mut ()), "something is always due");
        }
        assert_eq!(self.breaches(), [], "no invariant is ever broken");
    }

    /// Waits until one of these servers leads and all of them follow it.
    pub fn elect_among(&mut self, nodes: &[NodeId]) -> NodeId {
        self.run_until_that("a leader whom all follow", |world| {
            world.leader_among(nodes).is_some_and(|leader| {
                let term = world.server(leader).term();
                nodes.iter().all(|&node| world.server(node).term() == term)
            })
        });
        self.leader_among(nodes).expect("it was just there")
    }

    pub fn elect(&mut self) -> NodeId {
        let nodes: Vec<_> = self.up().collect();
        self.elect_among(&nodes)
    }

    /// All servers that are up.
    pub fn up(&self) -> impl Iterator<Item = NodeId> + '_ {
        NodeId::all(self.size()).filter(|&node| self.status(node) == Status::Up)
    }

    /// Who leads in the latest term that is led.
    pub fn leader(&self) -> Option<NodeId> {
        let nodes: Vec<_> = self.up().collect();
        self.leader_among(&nodes)
    }

    pub fn leader_among(&self, nodes: &[NodeId]) -> Option<NodeId> {
        let leaders = nodes.iter().filter(|&&node| self.server(node).is_leader());
        leaders.copied().max_by_key(|&node| self.server(node).term())
    }

    /// A server that is not down.
    pub fn server(&self, node: NodeId) -> &Server {
        self.state(node).expect("the server is not down")
    }

    pub fn term(&self, node: NodeId) -> Term {
        self.durable(node).current_term
    }

    pub fn commit(&self, node: NodeId) -> Index {
        self.server(node).commit_index
    }

    pub fn log(&self, node: NodeId) -> &Log {
        &self.durable(node).log
    }

    /// What a server has on disk, down or not.
    pub fn durable(&self, node: NodeId) -> &Durable {
        self.state(node).map(|server| &server.durable).or(self.disk(node)).expect("one or other")
    }

    /// What a key is bound to at a server.
    pub fn value(&self, node: NodeId, key: &str) -> Option<String> {
        self.server(node).machine.get(key).map(|value| value.to_string())
    }

    /// The terms and commands of a log, such as `1 x=1, 2 noop`.
    pub fn story(&self, node: NodeId) -> Vec<String> {
        story(self.log(node))
    }

    /// Somebody asks a server to write, once.
    pub fn write(&mut self, node: NodeId, key: &str, value: &str) -> ClientId {
        self.ask(node, write_op(key, value), false)
    }

    /// Somebody asks a server, and goes on asking when `persistent`; tells which client it was.
    pub fn ask(&mut self, node: NodeId, op: Op, persistent: bool) -> ClientId {
        let mut asked = Asked(None);
        let action = Action::Request { node, op, persistent };
        self.0.act(&action, &mut asked).expect("a free client");
        asked.0.expect("the client asks at once")
    }

    /// Whether the client waits for an answer.
    pub fn waits(&self, client: ClientId) -> bool {
        self.clients()[usize::from(client.0)].pending.is_some()
    }

    pub fn fire(&mut self, node: NodeId, timer: Timer) {
        self.act(Action::FireTimer { node, timer: Raft::timer_number(timer) as u8 });
    }

    pub fn crash(&mut self, node: NodeId) {
        self.act(Action::Crash { node });
    }

    pub fn restart(&mut self, node: NodeId) {
        self.act(Action::Restart { node });
    }

    /// Cuts the cluster in two: these servers, and the others.
    pub fn isolate(&mut self, nodes: &[NodeId]) {
        let sides = NodeId::all(self.size()).map(|node| u8::from(nodes.contains(&node))).collect();
        self.act(Action::Partition { sides });
    }

    /// The messages between servers that are under way, in the order of sending.
    pub fn mail(&self) -> Vec<(MessageId, NodeId, NodeId, Message)> {
        use conclave::sim::Seat;
        let mut mail: Vec<_> = self
            .flights()
            .filter_map(|flight| match (flight.from, flight.to, &flight.body) {
                (Seat::Node(from), Seat::Node(to), Body::Peer(message)) => {
                    Some((flight.id, from, to, message.clone()))
                }
                _ => None,
            })
            .collect();
        mail.sort_unstable_by_key(|(id, ..)| *id);
        mail
    }

    /// A message under way.
    pub fn flight(&self, id: MessageId) -> Option<Flight<'_, Raft>> {
        self.flights().find(|flight| flight.id == id)
    }

    /// Asserts that all servers hold the same log and have applied all of it.
    pub fn assert_agreed(&self) {
        for node in NodeId::all(self.size()) {
            assert_eq!(self.story(node), self.story(s(1)), "{node} agrees with S1");
            assert_eq!(self.server(node).last_applied, self.log(s(1)).last_index(), "{node}");
            assert_eq!(self.server(node).machine, self.server(s(1)).machine, "{node}");
        }
    }
}

/// The terms and commands of a log, such as `1 x=1, 2 noop`.
pub fn story(log: &Log) -> Vec<String> {
    let tell = |entry: &Entry| match &entry.payload {
        Payload::Noop => format!("{} noop", entry.term),
        Payload::Command(command) => format!("{} {}", entry.term, command.op),
        Payload::Configuration(configuration) => format!("{} {configuration}", entry.term),
    };
    log.entries().iter().map(|entry| tell(entry)).collect()
}

pub fn write_op(key: &str, value: &str) -> Op {
    Op::Write { key: key.into(), value: value.into() }
}

/// Hears which client asks.
struct Asked(Option<ClientId>);

impl Watch<Raft> for Asked {
    fn event(&mut self, event: Event<'_, Raft>) {
        if let EventKind::Asked { request, .. } = event.kind {
            self.0 = Some(request.client);
        }
    }
}

/// Everything that happens after the first boots, boiled down to a number.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    pub events: u64,
    digest: Digest,
}

impl PartialEq for Trace {
    fn eq(&self, other: &Self) -> bool {
        (self.events, self.digest.finish()) == (other.events, other.digest.finish())
    }
}

impl Watch<Raft> for Trace {
    fn event(&mut self, event: Event<'_, Raft>) {
        if event.step == 0 {
            return;
        }
        self.events += 1;
        let into = &mut self.digest;
        (event.at, event.step, std::mem::discriminant(&event.kind)).hash(into);
        let mut carry = |flight: &Flight<Raft>| {
            (flight.id, flight.from, flight.to, flight.sent, flight.arrival).hash(into);
            (flight.doom, &flight.body).hash(into);
        };
        match &event.kind {
            EventKind::Arrived(flight) | EventKind::Held(flight) => carry(flight),
            EventKind::Returned { flight, request, answer } => {
                carry(flight);
                (request, answer).hash(into);
            }
            EventKind::Lost(flight, why) => {
                carry(flight);
                why.hash(into);
            }
            EventKind::Booted(node) => node.hash(into),
            EventKind::TimerFired(node, timer) => (node, timer).hash(into),
            EventKind::Asked { request, op, node, again } => {
                (request, op, node, again).hash(into);
            }
            EventKind::Acted(action) => action.hash(into),
            EventKind::Breached(breach) => panic!("{breach:?}"),
            EventKind::Reached(milestone) => match **milestone {},
        }
        event.reasons.hash(into);
    }
}
