//! The contract that an engine signs.
//!
//! An engine is a pure state machine: an [`Input`] goes in, [`Effects`] come out. It never sees the
//! world's clock, the network, another node, or chance: it asks for a timer *somewhere in a range*
//! and the world picks. What must survive a crash is a type of its own, [`Protocol::Durable`]; a
//! step changes it in place, and the world honours the contract of every consensus paper: what a
//! step wrote is on disk before any message of that step leaves.

use std::fmt::Debug;
use std::hash::Hash;

use super::order::Order;
use super::timeline::BeatKind;
use super::{Answer, Command, Micros, NodeId, RequestId};

/// An algorithm, seen by the world that runs it.
///
/// The type that implements it is only a name; the bounds let `derive` do its work.
pub trait Protocol: Sized + Clone + Debug + Eq + Hash + 'static {
    /// What can be tuned; the same for all nodes.
    type Config: Clone + Debug + Default + PartialEq;
    /// What a node keeps through a crash.
    type Durable: Clone + Debug + PartialEq + Hash;
    /// One node: its durable part and all that it forgets in a crash.
    type State: Clone + Debug + PartialEq + Hash;
    /// What travels between nodes.
    type Message: Clone + Debug + PartialEq + Eq + Hash;
    /// What can go off at a node.
    type Timer: Copy + Debug + PartialEq + Eq + 'static;
    /// Why something happened, as data.
    type Reason: Clone + Debug + PartialEq + Eq;
    /// The judge of the protocol's invariants.
    type Judge: Judge<Self>;

    /// The name in links and options: lower case, no spaces.
    const ID: &'static str;
    /// All timers; a timer's number is its place here. At most [`MAX_TIMERS`].
    const TIMERS: &'static [Self::Timer];

    /// Whether the nodes have a leader when all is well.
    const LED: bool = false;

    /// What of the configuration people can change, in the order in which to offer it.
    fn settings() -> &'static [Setting<Self::Config>];

    /// Whether a node can be asked for this; it may still refuse.
    fn takes(order: &Order) -> bool {
        let _ = order;
        false
    }

    /// What the disk of a new node holds.
    fn first_disk() -> Self::Durable;

    /// Starts a node from its disk alone: the first start and every restart are this one path.
    fn boot(cx: &Context<'_, Self>, disk: Self::Durable, fx: &mut Effects<Self>) -> Self::State;

    /// The whole algorithm: one node takes one input.
    fn step(
        cx: &Context<'_, Self>,
        state: &mut Self::State,
        input: Input<'_, Self>,
        fx: &mut Effects<Self>,
    );

    /// What is left of a node when it crashes.
    fn disk(state: Self::State) -> Self::Durable;

    /// About how many bytes one more copy of a node takes, without what copies share; more than the
    /// size of its type where logs are long.
    fn weight(_: &Self::State) -> usize {
        size_of::<Self::State>()
    }

    /// What of a reason is worth a stop on the way through a run, if anything: that a node leads, that
    /// something is decided.
    fn beat(_: &Self::Reason) -> Option<BeatKind> {
        None
    }

    /// The number with which a node leads, such as its term; none when it does not.
    fn leads(_: &Self::State) -> Option<u64> {
        None
    }

    /// How many entries of its log a node knows to be committed, or whether it knows what is chosen.
    fn committed(_: &Self::State) -> u64 {
        0
    }

    /// What kind of message it is: a number from zero, for counting each kind by itself.
    fn kind(_: &Self::Message) -> u8 {
        0
    }

    /// How many bytes a message takes when it is written down plainly: eight for a number, one for a
    /// name, a kind or a flag, and one more than its length for a text. 0 where nobody counts.
    fn bytes(_: &Self::Message) -> u64 {
        0
    }

    /// The number of a timer, its place in [`Protocol::TIMERS`].
    fn timer_number(timer: Self::Timer) -> usize {
        Self::TIMERS.iter().position(|&each| each == timer).expect("TIMERS holds every timer")
    }
}

/// The most timers that a protocol may have.
pub const MAX_TIMERS: usize = 4;

/// What a node knows of where it runs.
#[derive(Debug)]
pub struct Context<'a, P: Protocol> {
    /// Who it is.
    pub id: NodeId,
    /// How many nodes the cluster has.
    pub nodes: u8,
    /// Its own clock, in microseconds since it was first started; it need not run at the pace of
    /// any other clock.
    pub clock: Micros,
    /// How the cluster is tuned.
    pub config: &'a P::Config,
}

impl<P: Protocol> Context<'_, P> {
    /// All other nodes, in order.
    pub fn peers(&self) -> impl Iterator<Item = NodeId> + use<P> {
        let me = self.id;
        NodeId::all(self.nodes).filter(move |&node| node != me)
    }

    /// The least number of nodes that is more than half of all.
    pub fn majority(&self) -> u8 {
        self.nodes / 2 + 1
    }
}

/// What can happen to a node.
#[derive(Clone, Debug, PartialEq)]
pub enum Input<'a, P: Protocol> {
    /// A message from another node arrives.
    Message {
        /// The sender.
        from: NodeId,
        /// What it sent.
        message: &'a P::Message,
    },
    /// A timer goes off.
    Timer(P::Timer),
    /// A client asks for something.
    Request(&'a Command),
    /// A person asks for something else.
    Order(&'a Order),
}

/// What a timer should do from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// Go off after a span from `least` to `most` on the node's own clock; the world picks.
    After {
        /// The shortest span.
        least: Micros,
        /// The longest span.
        most: Micros,
    },
    /// Never go off.
    Off,
}

/// What a step wants done, as data. The world carries it out when the step is over.
#[derive(Clone, Debug)]
pub struct Effects<P: Protocol> {
    pub(super) messages: Vec<(NodeId, P::Message)>,
    pub(super) alarms: Vec<(P::Timer, Alarm)>,
    pub(super) answers: Vec<(RequestId, Answer)>,
    pub(super) reasons: Vec<P::Reason>,
    pub(super) explaining: bool,
}

impl<P: Protocol> Effects<P> {
    /// No effects yet. Without `explaining`, reasons are not even computed.
    pub fn new(explaining: bool) -> Self {
        Self {
            messages: Vec::new(),
            alarms: Vec::new(),
            answers: Vec::new(),
            reasons: Vec::new(),
            explaining,
        }
    }

    /// Forgets all effects, before a step whose reasons are wanted or not.
    pub(super) fn begin(&mut self, explaining: bool) {
        self.clear();
        self.explaining = explaining;
    }

    /// Sends a message to another node.
    pub fn send(&mut self, to: NodeId, message: P::Message) {
        self.messages.push((to, message));
    }

    /// Lets a timer go off after a span from `least` to `most`, instead of whatever it was set to.
    pub fn set_timer(&mut self, timer: P::Timer, least: Micros, most: Micros) {
        self.alarms.push((timer, Alarm::After { least, most }));
    }

    /// Stops a timer.
    pub fn stop_timer(&mut self, timer: P::Timer) {
        self.alarms.push((timer, Alarm::Off));
    }

    /// Answers a client.
    pub fn answer(&mut self, request: RequestId, answer: Answer) {
        self.answers.push((request, answer));
    }

    /// Says why; the closure runs only when somebody listens.
    pub fn explain(&mut self, reason: impl FnOnce() -> P::Reason) {
        if self.explaining {
            self.reasons.push(reason());
        }
    }

    /// The messages sent, in order.
    pub fn messages(&self) -> &[(NodeId, P::Message)] {
        &self.messages
    }

    /// The timers set and stopped, in order.
    pub fn alarms(&self) -> &[(P::Timer, Alarm)] {
        &self.alarms
    }

    /// The answers to clients, in order.
    pub fn answers(&self) -> &[(RequestId, Answer)] {
        &self.answers
    }

    /// The reasons given, in order.
    pub fn reasons(&self) -> &[P::Reason] {
        &self.reasons
    }

    /// Forgets all of them, so that the next step finds none.
    pub fn clear(&mut self) {
        self.messages.clear();
        self.alarms.clear();
        self.answers.clear();
        self.reasons.clear();
    }
}

/// Watches a cluster from outside and says when an invariant does not hold.
///
/// It is asked after every event, about the one node that the event changed, so it should remember
/// what it saw and look only at what is new.
pub trait Judge<P: Protocol>: Clone + Debug {
    /// What it found wrong, as data.
    type Breach: Clone + Debug + PartialEq + Eq;
    /// What it saw come about that no node need know of yet, such as that a value is chosen, as data;
    /// [`Infallible`](std::convert::Infallible) when it reports nothing of the kind.
    type Milestone: Clone + Debug + PartialEq + Eq;

    /// The invariants by name, in the order in which to show them.
    const INVARIANTS: &'static [&'static str];

    /// A judge of a new cluster.
    fn new(nodes: u8) -> Self;

    /// The settings, before anything else and whenever they change.
    fn configured(&mut self, _config: &P::Config) {}

    /// `node` has changed; `states` holds every node, none for one that is down. Breaches found are
    /// pushed to `breaches`.
    fn changed(
        &mut self,
        states: &[Option<P::State>],
        node: NodeId,
        breaches: &mut Vec<Self::Breach>,
    );

    /// What it saw come about since it was last asked; taken out one by one.
    fn milestone(&mut self) -> Option<Self::Milestone> {
        None
    }

    /// Which of [`Judge::INVARIANTS`] the breach breaks.
    fn invariant(breach: &Self::Breach) -> usize;
}

/// One thing that can be tuned.
#[derive(Debug)]
pub struct Setting<C> {
    /// Its name in links and actions.
    pub id: &'static str,
    /// What values it takes.
    pub kind: SettingKind,
    /// Reads it.
    pub get: fn(&C) -> u64,
    /// Writes it; the value is one that `kind` allows.
    pub set: fn(&mut C, u64),
}

/// The values of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingKind {
    /// 0 is off, 1 is on.
    Switch,
    /// A deliberate defect: 1 takes a rule of the algorithm away.
    Defect,
    /// A span in microseconds, from `least` to `most`.
    Time {
        /// The least value.
        least: Micros,
        /// The greatest value.
        most: Micros,
    },
    /// One of so many named values, from zero.
    Choice {
        /// How many values there are.
        values: u64,
    },
    /// A whole number, from `least` to `most`.
    Count {
        /// The least value.
        least: u64,
        /// The greatest value.
        most: u64,
    },
}

impl SettingKind {
    /// The least and the greatest value.
    pub fn range(self) -> (u64, u64) {
        match self {
            Self::Switch | Self::Defect => (0, 1),
            Self::Choice { values } => (0, values - 1),
            Self::Time { least, most } => (least.0, most.0),
            Self::Count { least, most } => (least, most),
        }
    }
}
