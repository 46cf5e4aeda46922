//! What happens in a world, for whoever watches.

use crate::sim::environment::Envelope;
use crate::sim::{
    Action, Answer, Command, Judge, MessageId, Micros, NodeId, Op, Protocol, RequestId, Seat,
};

/// What a message carries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Body<P: Protocol> {
    /// From node to node.
    Peer(P::Message),
    /// From a client to a node.
    Request(Command),
    /// From a node to a client.
    Answer(RequestId, Answer),
}

/// A message under way.
#[derive(Clone, Debug)]
pub struct Flight<'a, P: Protocol> {
    /// Its name in this run.
    pub id: MessageId,
    /// Who sent it.
    pub from: Seat,
    /// Who is to get it.
    pub to: Seat,
    /// What it carries.
    pub body: &'a Body<P>,
    /// When it was sent.
    pub sent: Micros,
    /// When it arrives, or would arrive if it were not lost on the way.
    pub arrival: Micros,
    /// Why it will be lost on the way; none when it will arrive.
    pub doom: Option<Loss>,
    due: Micros,
}

impl<'a, P: Protocol> Flight<'a, P> {
    pub(super) fn new(envelope: &Envelope, body: &'a Body<P>) -> Self {
        let Envelope { id, from, to, sent, arrival, doom, ticket } = *envelope;
        Self { id, from, to, body, sent, arrival, doom, due: ticket.at }
    }

    /// When its fate is settled: at its arrival, or earlier when it is lost.
    pub fn due(&self) -> Micros {
        self.due
    }
}

/// Why a message was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Loss {
    /// The network lost it by chance.
    Chance,
    /// The link is cut.
    Cut,
    /// The receiver is down.
    Down,
    /// A person dropped it.
    Hand,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Event<'a, P: Protocol> {
    /// When.
    pub at: Micros,
    /// The world's count of steps, this one included.
    pub step: u64,
    /// What.
    pub kind: EventKind<'a, P>,
    /// Why the node did what it did about it.
    pub reasons: &'a [P::Reason],
}

/// What happened.
#[derive(Clone, Debug)]
pub enum EventKind<'a, P: Protocol> {
    /// A node was started, for the first time or again.
    Booted(NodeId),
    /// A message arrived and was taken in.
    Arrived(&'a Flight<'a, P>),
    /// A message arrived at a paused node and waits.
    Held(&'a Flight<'a, P>),
    /// A message was lost.
    Lost(&'a Flight<'a, P>, Loss),
    /// A timer went off.
    TimerFired(NodeId, P::Timer),
    /// A client asks a node for something, for the first time or again.
    Asked {
        /// The operation's name.
        request: RequestId,
        /// What is asked.
        op: &'a Op,
        /// Who is asked.
        node: NodeId,
        /// Whether it was asked before.
        again: bool,
    },
    /// An operation of a client is over: the answer arrived.
    Returned {
        /// The message that brought the answer.
        flight: &'a Flight<'a, P>,
        /// The operation's name.
        request: RequestId,
        /// The answer; a redirect means that the client gave up.
        answer: &'a Answer,
    },
    /// A person did something.
    Acted(&'a Action),
    /// The judge found an invariant broken.
    Breached(&'a <P::Judge as Judge<P>>::Breach),
    /// The judge saw something come about, whether or not any node knows.
    Reached(&'a <P::Judge as Judge<P>>::Milestone),
}

/// Somebody who wants to know what happens.
pub trait Watch<P: Protocol> {
    /// Whether reasons are wanted; without, they are not computed.
    const EXPLAIN: bool = true;

    /// Whether reasons are wanted now.
    fn explains(&self) -> bool {
        Self::EXPLAIN
    }

    /// Something happened.
    fn event(&mut self, event: Event<'_, P>);
}

impl<P: Protocol> Watch<P> for () {
    const EXPLAIN: bool = false;

    #[inline]
    fn event(&mut self, _: Event<'_, P>) {}
}

/// A breach of an invariant, and when it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breached<B> {
    /// When.
    pub at: Micros,
    /// The world's count of steps.
    pub step: u64,
    /// What is wrong.
    pub breach: B,
}

/// Something that came about, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached<M> {
    /// When.
    pub at: Micros,
    /// The world's count of steps.
    pub step: u64,
    /// What.
    pub milestone: M,
}
