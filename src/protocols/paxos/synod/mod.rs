//! Paxos for one value (Lamport, "Paxos Made Simple", 2001, §2; section numbers are of that paper).
//!
//! Clients ask for writes; the cluster chooses one of them, once. A proposer asks the acceptors for
//! promises and then asks them to accept a value (`proposer.rs`); acceptors promise and accept
//! (`acceptor.rs`); learners find out what was chosen (`learner.rs`). A replica usually is all
//! three, and then its parts talk to each other without the network; the settings can place them
//! apart.
//!
//! The value that is proposed is a client's whole command. The client of the chosen write hears that
//! it is written; the client of any other hears what stands instead. A read is answered with what was
//! chosen or, when a quorum of promises shows that nothing was yet, with nothing.
//!
//! What it promises are the properties of [`Consensus`], checked after every event. What it leaves
//! out: messages are never repeated, a proposer whose round does not end begins another with a higher
//! number; nobody elects the distinguished proposer, a setting names it; a learner that misses the
//! news hears it only when it is asked by a client. A [`Mutation`] takes a rule
//! away, to see what it is for.

mod acceptor;
mod config;
mod invariants;
mod learner;
mod message;
mod proposer;
mod reason;
mod view;

use super::ballot::Ballot;
use super::mutations::Mutation;
use crate::sim::protocol::{Context, Effects, Input, Protocol, Setting};
use crate::sim::{Command, NodeId};

pub use config::{Config, Placement};
pub use invariants::{Breach, Consensus, Milestone};
pub use learner::{Learner, Tally};
pub use message::{Message, Proposal};
pub use proposer::{Phase, Proposer};
pub use reason::Reason;

/// The protocol, as a name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Paxos;

/// What goes off at a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// A proposer tries again: its round did not end, or its back-off is over.
    Retry,
}

/// What must be on "stable storage, preserved during failures" (§2.5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Durable {
    /// The proposer's: the round of "the highest-numbered proposal it has tried to issue" (§2.5).
    pub round: u64,
    /// The acceptor's: the number of the highest-numbered prepare request that it has promised;
    /// grows only.
    pub promised: Ballot,
    /// The acceptor's: the highest-numbered proposal that it has accepted, if any.
    pub accepted: Option<Proposal>,
}

/// A replica.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Replica {
    /// What survives a crash.
    pub durable: Durable,
    /// The highest number that it has heard of.
    pub seen: Ballot,
    /// The proposal with the highest number that it was asked to accept, whether or not it did.
    /// Nothing but a [defect](Mutation::ReportSeen) looks at it.
    pub asked: Option<Proposal>,
    /// The part that proposes.
    pub proposer: Proposer,
    /// The part that learns.
    pub learner: Learner,
}

type Cx<'a> = Context<'a, Paxos>;
type Fx = Effects<Paxos>;

impl Protocol for Paxos {
    type Config = Config;
    type Durable = Durable;
    type State = Replica;
    type Message = Message;
    type Timer = Timer;
    type Reason = Reason;
    type Judge = Consensus;

    const ID: &'static str = "paxos";
    const TIMERS: &'static [Timer] = &[Timer::Retry];

    fn settings() -> &'static [Setting<Config>] {
        config::SETTINGS
    }

    fn first_disk() -> Durable {
        Durable::default()
    }

    fn boot(cx: &Cx<'_>, mut durable: Durable, fx: &mut Fx) -> Replica {
        let mutations = cx.config.mutations;
        let mut seen = durable.promised;
        if mutations.has(Mutation::ForgetPromise) {
            durable.promised = Ballot::NONE;
        }
        if mutations.has(Mutation::ForgetAccepted) {
            durable.accepted = None;
        }
        if mutations.has(Mutation::ReuseNumber) {
            (durable.round, seen) = (0, Ballot::NONE);
        }
        let accepted = durable.accepted.as_ref().map(|proposal| proposal.ballot);
        fx.explain(|| Reason::Started { promised: durable.promised, accepted });
        let (proposer, learner) = (Proposer::default(), Learner::default());
        Replica { durable, seen, asked: None, proposer, learner }
    }

    fn step(cx: &Cx<'_>, replica: &mut Replica, input: Input<'_, Self>, fx: &mut Fx) {
        match input {
            Input::Timer(Timer::Retry) => replica.retry(cx, fx),
            Input::Request(command) => replica.client_request(cx, command, fx),
            Input::Message { from, message } => replica.receive(cx, from, message, fx),
            Input::Order(_) => unreachable!("it takes no orders"),
        }
    }

    fn disk(replica: Replica) -> Durable {
        replica.durable
    }

    fn committed(replica: &Replica) -> u64 {
        replica.learned().is_some().into()
    }

    fn kind(message: &Message) -> u8 {
        message.kind()
    }

    fn bytes(message: &Message) -> u64 {
        message.bytes()
    }
}

impl Replica {
    /// What it knows to be chosen.
    pub fn learned(&self) -> Option<&Proposal> {
        self.learner.learned.as_ref()
    }

    fn receive(&mut self, cx: &Cx<'_>, from: NodeId, message: &Message, fx: &mut Fx) {
        match message {
            Message::Prepare { ballot } => self.prepare(cx, from, *ballot, fx),
            Message::Promise { ballot, accepted } => {
                self.promise(cx, from, *ballot, accepted.as_ref(), fx);
            }
            Message::Accept(proposal) => self.accept(cx, from, proposal, fx),
            Message::Accepted(proposal) => self.accepted(cx, from, proposal, fx),
            Message::Refused { ballot, promised } => {
                fx.explain(|| Reason::RefusalHeard { from, ballot: *ballot, promised: *promised });
                self.notice(cx, *promised, fx);
            }
        }
    }

    /// Sends a message; what a replica says to itself needs no network.
    fn post(&mut self, cx: &Cx<'_>, to: NodeId, message: Message, fx: &mut Fx) {
        if to == cx.id {
            self.receive(cx, to, &message, fx);
        } else {
            fx.send(to, message);
        }
    }

    /// Sends everybody in a list a message, itself last: its own answer may end what it is doing.
    fn post_all(
        &mut self,
        cx: &Cx<'_>,
        to: impl Iterator<Item = NodeId>,
        message: &Message,
        fx: &mut Fx,
    ) {
        let mut own = false;
        for node in to {
            if node == cx.id {
                own = true;
            } else {
                fx.send(node, message.clone());
            }
        }
        if own {
            self.receive(cx, cx.id, message, fx);
        }
    }

    /// Somebody uses this number, or has promised it.
    fn notice(&mut self, cx: &Cx<'_>, ballot: Ballot, fx: &mut Fx) {
        self.seen = self.seen.max(ballot);
        self.preempted(cx, ballot, fx);
    }

    /// A client asks for something.
    fn client_request(&mut self, cx: &Cx<'_>, command: &Command, fx: &mut Fx) {
        if self.learner.learned.is_some() {
            return self.answer(command, fx);
        }
        let issuers = cx.config.issuers(cx.nodes);
        if !issuers.contains(&cx.id.0) {
            let to = NodeId(issuers.start);
            fx.explain(|| Reason::Redirected { to });
            return fx.answer(command.request, crate::sim::Answer::Redirect(Some(to)));
        }
        self.propose(cx, command, fx);
    }
}
