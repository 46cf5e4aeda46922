//! Multi-Paxos: a replicated log, one instance of Paxos an entry ("Paxos Made Simple" §3; sections
//! without a name are of that paper).
//!
//! The replicas are proposers, acceptors and learners at once. One of them leads: it ran phase 1 once,
//! for all instances that are not decided yet, and from then on each command is one round trip of
//! phase 2 (`leader.rs`). A new leader first proposes again whatever may have been chosen, and fills
//! the gaps between with commands that do nothing. Acceptors follow the same rules as for one decree
//! (`acceptor.rs`). Values are executed in the order of their slots, without gaps (`execution.rs`).
//!
//! The paper leaves open how a leader is found and how a replica that lags learns what it missed.
//! Here, a replica that hears no leader for a random time runs for leader; and leader and
//! followers tell each other the first slot of which they do not know what is chosen (Ousterhout &
//! Ongaro, "Implementing Replicated Logs with Paxos", 2013). Prefixes that were executed can be
//! replaced by a snapshot (Chandra, Griesemer & Redstone, "Paxos Made Live", 2007, §5.5).
//!
//! What it promises are the properties of [`Replication`], checked after every event. What it leaves
//! out: the membership never changes, and reads are commands like any other. A [`Mutation`] takes a
//! rule away, to see what it is for.

mod acceptor;
mod config;
mod execution;
mod invariants;
mod leader;
mod log;
mod message;
mod reason;
mod view;

use std::collections::VecDeque;
use std::sync::Arc;

use super::ballot::Ballot;
use super::mutations::Mutation;
use crate::sim::machine::KeyValue;
use crate::sim::protocol::{Context, Effects, Input, Protocol, Setting};
use crate::sim::timeline::BeatKind;
use crate::sim::{Answer, Command, NodeId, NodeSet, Order, SortedMap};

pub use config::Config;
pub use invariants::{Breach, Milestone, Replication};
pub use log::{Cell, Log, Slot, Snapshot, Value};
pub use message::{Message, Values};
pub use reason::Reason;

/// The protocol, as a name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MultiPaxos;

/// What goes off at a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// No leader was heard, or phase 1 did not end in time.
    Election,
    /// It is time for a leader's next heartbeat.
    Heartbeat,
}

/// What must be on stable storage (§2.5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Durable {
    /// The round of the highest number that it has used as a proposer.
    pub round: u64,
    /// The highest number that it has promised, for all instances at once; grows only.
    pub promised: Ballot,
    /// What it has accepted in each instance.
    pub log: Log,
    /// What stands in for the beginning of the log.
    pub snapshot: Arc<Snapshot>,
}

/// A replica.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Replica {
    /// What survives a crash.
    pub durable: Durable,
    /// The highest number that it has heard of.
    pub seen: Ballot,
    /// The first slot of which it does not know what is chosen; all before it are executed.
    pub first_unchosen: Slot,
    /// A digest of all values executed.
    pub history: u64,
    /// The state machine.
    pub machine: KeyValue,
    /// What it is to the others; each role owns what only it knows.
    pub role: Role,
}

/// What a replica is to the others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// It accepts what a leader proposes.
    Follower {
        /// The leader, once heard of.
        leader: Option<NodeId>,
    },
    /// It runs phase 1.
    Candidate {
        /// The number that it wants to lead with.
        ballot: Ballot,
        /// Who has promised, itself included.
        promises: NodeSet,
        /// For each slot, the acceptance reported that counts most so far.
        reported: SortedMap<Slot, Cell>,
        /// Commands to propose then; only where a leader is not stable.
        waiting: Vec<Command>,
    },
    /// It proposes.
    Leader {
        /// Its number.
        ballot: Ballot,
        /// The slot of the next command.
        next: Slot,
        /// For each slot from [`Replica::first_unchosen`] on, who has accepted its proposal.
        acks: VecDeque<NodeSet>,
        /// For each replica, what the leader knows of it; its own place is not used.
        peers: Vec<Peer>,
    },
}

/// What a leader knows of another replica.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Peer {
    /// The first slot of which it did not know what is chosen.
    pub first_unchosen: Slot,
    /// The first slot whose proposal it was not sent yet.
    pub first_unsent: Slot,
    /// What that was at the last heartbeat: an answer to what was sent before then is overdue.
    pub overdue: Slot,
    /// Whether it was taught what it lacks since the last heartbeat or progress.
    pub teaching: bool,
}

type Cx<'a> = Context<'a, MultiPaxos>;
type Fx = Effects<MultiPaxos>;

impl Protocol for MultiPaxos {
    type Config = Config;
    type Durable = Durable;
    type State = Replica;
    type Message = Message;
    type Timer = Timer;
    type Reason = Reason;
    type Judge = Replication;

    const ID: &'static str = "multi_paxos";
    const TIMERS: &'static [Timer] = &[Timer::Election, Timer::Heartbeat];
    const LED: bool = true;

    fn settings() -> &'static [Setting<Config>] {
        config::SETTINGS
    }

    fn takes(order: &Order) -> bool {
        matches!(order, Order::Compact)
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
            durable.log = Log::default();
            durable.log.compact(durable.snapshot.last);
        }
        if mutations.has(Mutation::ReuseNumber) {
            (durable.round, seen) = (0, Ballot::NONE);
        }
        let snapshot = durable.snapshot.clone();
        let mut replica = Replica {
            durable,
            seen,
            first_unchosen: snapshot.last.next(),
            history: snapshot.history,
            machine: snapshot.machine.clone(),
            role: Role::Follower { leader: None },
        };
        fx.explain(|| Reason::Started {
            promised: replica.durable.promised,
            last: replica.durable.log.last(),
        });
        replica.execute(cx, fx);
        replica.set_election_timer(cx, fx);
        replica
    }

    fn step(cx: &Cx<'_>, replica: &mut Replica, input: Input<'_, Self>, fx: &mut Fx) {
        replica.compact_if_due(cx, fx);
        match input {
            Input::Timer(Timer::Election) => replica.election_timeout(cx, fx),
            Input::Timer(Timer::Heartbeat) => replica.heartbeat(cx, fx),
            Input::Request(command) => replica.client_request(cx, command, fx),
            Input::Message { from, message } => replica.receive(cx, from, message, fx),
            Input::Order(_) => replica.compact(fx),
        }
    }

    fn disk(replica: Replica) -> Durable {
        replica.durable
    }

    fn leads(replica: &Replica) -> Option<u64> {
        match replica.role {
            Role::Leader { ballot, .. } => Some(ballot.round),
            Role::Follower { .. } | Role::Candidate { .. } => None,
        }
    }

    fn committed(replica: &Replica) -> u64 {
        replica.executed().0
    }

    fn kind(message: &Message) -> u8 {
        message.kind()
    }

    fn bytes(message: &Message) -> u64 {
        message.bytes()
    }

    fn beat(reason: &Reason) -> Option<BeatKind> {
        match reason {
            Reason::Leads { ballot, .. } => Some(BeatKind::Led(ballot.tint())),
            _ => None,
        }
    }
}

impl Replica {
    /// Whether it leads.
    pub fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader { .. })
    }

    /// The last slot that it has executed.
    pub fn executed(&self) -> Slot {
        self.first_unchosen.previous()
    }

    /// The number that it leads with, or wants to lead with.
    pub fn own_ballot(&self) -> Option<Ballot> {
        match &self.role {
            Role::Follower { .. } => None,
            Role::Candidate { ballot, .. } | Role::Leader { ballot, .. } => Some(*ballot),
        }
    }

    fn receive(&mut self, cx: &Cx<'_>, from: NodeId, message: &Message, fx: &mut Fx) {
        match message {
            Message::Prepare { ballot, first_unchosen } => {
                self.prepare(cx, from, *ballot, *first_unchosen, fx);
            }
            Message::Promise { ballot, accepted, snapshot } => {
                self.promise(cx, from, *ballot, accepted, snapshot.as_ref(), fx);
            }
            Message::Accept { ballot, first, values, first_unchosen } => {
                self.accept(cx, from, *ballot, (*first, values), *first_unchosen, fx);
            }
            Message::Accepted { ballot, first, count, first_unchosen, behind } => {
                let peer = (*first_unchosen, *behind);
                self.accepted(cx, from, *ballot, (*first, *count), peer, fx);
            }
            Message::Refused { ballot, promised } => {
                self.refused(cx, from, *ballot, *promised, fx);
            }
            Message::Success { ballot, first, values, first_unchosen } => {
                self.success(cx, from, *ballot, (*first, values), *first_unchosen, fx);
            }
            Message::Install { ballot, snapshot, first_unchosen } => {
                self.install(snapshot, fx);
                self.acknowledge(cx, from, *ballot, (Slot(0), 0), *first_unchosen, fx);
            }
        }
    }

    fn client_request(&mut self, cx: &Cx<'_>, command: &Command, fx: &mut Fx) {
        match &mut self.role {
            Role::Leader { .. } if cx.config.stable_leader => {
                self.propose(cx, Value::Command(command.clone()), fx);
            }
            Role::Leader { .. } => self.run_for_leader(cx, vec![command.clone()], fx),
            Role::Candidate { waiting, .. } if !cx.config.stable_leader => {
                waiting.push(command.clone());
                fx.explain(|| Reason::Waits);
            }
            Role::Candidate { .. } | Role::Follower { leader: None } => {
                fx.explain(|| Reason::RedirectedNowhere);
                fx.answer(command.request, Answer::Redirect(None));
            }
            Role::Follower { leader: Some(leader) } => {
                let to = *leader;
                fx.explain(|| Reason::Redirected { to });
                fx.answer(command.request, Answer::Redirect(Some(to)));
            }
        }
    }

    /// Somebody uses a number that this replica does not lead with: it follows.
    fn follow(&mut self, cx: &Cx<'_>, leader: Option<NodeId>, fx: &mut Fx) {
        if self.is_leader() {
            fx.stop_timer(Timer::Heartbeat);
        }
        self.role = Role::Follower { leader };
        self.set_election_timer(cx, fx);
    }

    fn set_election_timer(&self, cx: &Cx<'_>, fx: &mut Fx) {
        let Config { election_timeout_least, election_timeout_most, .. } = *cx.config;
        fx.set_timer(Timer::Election, election_timeout_least, election_timeout_most);
    }
}
