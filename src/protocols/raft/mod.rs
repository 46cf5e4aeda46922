//! Raft (Ongaro & Ousterhout, "In Search of an Understandable Consensus Algorithm", 2014).
//!
//! A cluster agrees on a log by electing a leader and letting it decide alone: leader election
//! (§5.2, `election.rs`), log replication (§5.3, `replication.rs`) and the rules that make the two
//! safe together (§5.4). Names are those of the paper's Figure 2; section numbers stand beside the
//! rules that they state. Snapshots (§7) are in `snapshot.rs`, changes of membership (§6) in
//! `reconfigure.rs`, which asks [`membership`] and [`quorum`] for the arithmetic. Ongaro's
//! dissertation adds what to do about servers that are badly connected (`pre_vote.rs`), reads that
//! leave the log alone (`reads.rs`) and leadership transfer (`transfer.rs`).
//!
//! What it promises is Figure 3, checked after every event by [`Figure3`]. What it leaves out:
//! remote calls are single messages, never repeated by themselves — a lost RequestVote is made up
//! for by the next election, a lost AppendEntries by the next heartbeat, which carries whatever the
//! follower still lacks; a snapshot travels in one piece. A [`Mutation`] takes a rule away, to see
//! what it is for.

mod config;
mod election;
mod invariants;
mod log;
pub mod membership;
mod message;
mod mutations;
mod order;
mod pre_vote;
pub mod quorum;
mod reads;
mod reason;
mod reconfigure;
mod replication;
mod sentences;
mod snapshot;
mod transfer;
mod view;

use std::sync::Arc;

use crate::sim::machine::KeyValue;
use crate::sim::order::Order;
use crate::sim::protocol::{Context, Effects, Input, Protocol, Setting};
use crate::sim::timeline::BeatKind;
use crate::sim::{Micros, NodeId, NodeSet};
use membership::Configuration;

pub use config::Config;
pub use invariants::{Breach, Figure3};
pub use log::{Entries, Entry, Index, Log, Payload, Term};
pub use message::{Conflict, Message, Outcome};
pub use mutations::{Mutation, Mutations};
pub use order::Refusal;
pub use reads::{Lease, ReadMode, Reads, Waiting};
pub use reason::{Reason, StepDown};
pub use snapshot::Snapshot;
pub use transfer::Transfer;

/// The protocol, as a name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Raft;

/// What goes off at a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// No leader was heard for an election timeout (§5.2).
    Election,
    /// It is time for a leader's next heartbeat (§5.2).
    Heartbeat,
}

/// "Persistent state on all servers (updated on stable storage before responding to RPCs)".
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Durable {
    /// The latest term that the server has seen; grows only.
    pub current_term: Term,
    /// The candidate that got its vote in the current term, if any.
    pub voted_for: Option<NodeId>,
    /// What stands in for the beginning of the log (§7).
    pub snapshot: Arc<Snapshot>,
    /// The log.
    pub log: Log,
}

/// A server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Server {
    /// What survives a crash.
    pub durable: Durable,
    /// Index of the highest entry known to be committed; grows only, while the server runs.
    pub commit_index: Index,
    /// Index of the highest entry applied to the state machine; grows only, likewise.
    pub last_applied: Index,
    /// The state machine.
    pub machine: KeyValue,
    /// The latest configuration in the log, committed or not (§6).
    pub configuration: Configuration,
    /// The index of its entry, or of the snapshot that holds it.
    pub configuration_index: Index,
    /// When it last heard from a leader, or started, on its own clock.
    pub leader_heard: Micros,
    /// What the server is to the others; each role owns what only it knows.
    pub role: Role,
}

/// The three roles (§5.1) and what each knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Answers to leaders and candidates.
    Follower {
        /// The leader of the current term, once heard of.
        leader: Option<NodeId>,
    },
    /// Asks whether it could become leader (dissertation §9.6).
    PreCandidate {
        /// Who would vote for it, itself included.
        granted: NodeSet,
        /// Who would not.
        refused: NodeSet,
    },
    /// Wants to become leader.
    Candidate {
        /// Who voted for it, itself included.
        granted: NodeSet,
        /// Who refused.
        refused: NodeSet,
    },
    /// Handles all requests of clients.
    Leader {
        /// For each server, how far its log is known; the leader's own place is not used.
        progress: Vec<Progress>,
        /// When it last made sure that a majority hears it, on its own clock.
        quorum_checked: Micros,
        /// What it keeps for readers.
        reads: Reads,
        /// The hand-over under way, if any.
        transfer: Option<Transfer>,
    },
}

/// "Volatile state on leaders", for one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Progress {
    /// Index of the next entry to send: a guess, from above.
    pub next_index: Index,
    /// Index of the highest entry known to be replicated: a fact, from below.
    pub match_index: Index,
    /// How many calls with entries, or with a snapshot, were sent since the last heartbeat and not
    /// answered.
    pub in_flight: u8,
    /// Whether the leader does not know yet where the logs meet: then it sends one call at a time.
    pub probing: bool,
    /// Whether it was heard since the leader last made sure of its majority.
    pub heard: bool,
    /// The latest round of heartbeats that it answered.
    pub round: u64,
}

type Cx<'a> = Context<'a, Raft>;
type Fx = Effects<Raft>;

impl Protocol for Raft {
    type Config = Config;
    type Durable = Durable;
    type State = Server;
    type Message = Message;
    type Timer = Timer;
    type Reason = Reason;
    type Judge = Figure3;

    const ID: &'static str = "raft";
    const TIMERS: &'static [Timer] = &[Timer::Election, Timer::Heartbeat];
    const LED: bool = true;

    fn settings() -> &'static [Setting<Config>] {
        config::SETTINGS
    }

    fn takes(_: &Order) -> bool {
        true
    }

    fn first_disk() -> Durable {
        Durable::default()
    }

    /// "When servers start up, they begin as followers" (§5.2).
    fn boot(cx: &Cx<'_>, mut durable: Durable, fx: &mut Fx) -> Server {
        if cx.config.mutations.has(Mutation::ForgetVote) {
            durable.voted_for = None;
        }
        if cx.config.mutations.has(Mutation::ForgetLog) {
            (durable.snapshot, durable.log) = Default::default();
        }
        if durable.snapshot.configuration.voters().is_empty() {
            let configuration = Server::first_configuration(cx);
            durable.snapshot = Arc::new(Snapshot { configuration, ..Snapshot::default() });
        }
        let snapshot = &durable.snapshot;
        let mut server = Server {
            commit_index: snapshot.last_included_index,
            last_applied: snapshot.last_included_index,
            machine: snapshot.machine.clone(),
            configuration: snapshot.configuration,
            configuration_index: snapshot.last_included_index,
            leader_heard: cx.clock,
            role: Role::Follower { leader: None },
            durable,
        };
        fx.explain(|| Reason::Started {
            term: server.durable.current_term,
            last_index: server.durable.log.last_index(),
        });
        server.set_election_timer(cx, fx);
        server.find_configuration(cx, fx);
        server
    }

    fn step(cx: &Cx<'_>, server: &mut Server, input: Input<'_, Self>, fx: &mut Fx) {
        server.catch_up(cx, fx);
        match input {
            Input::Timer(Timer::Election) => server.election_timeout(cx, fx),
            Input::Timer(Timer::Heartbeat) => server.heartbeat(cx, fx),
            Input::Request(command) => server.client_request(cx, command, fx),
            Input::Order(order) => server.order(cx, order, fx),
            Input::Message { from, message } => server.receive(cx, from, message, fx),
        }
    }

    fn disk(server: Server) -> Durable {
        server.durable
    }

    fn weight(server: &Server) -> usize {
        size_of::<Server>() + server.durable.log.weight()
    }

    fn leads(server: &Server) -> Option<u64> {
        server.is_leader().then_some(server.term().0)
    }

    fn committed(server: &Server) -> u64 {
        server.commit_index.0
    }

    fn kind(message: &Message) -> u8 {
        message.kind()
    }

    fn bytes(message: &Message) -> u64 {
        message.bytes()
    }

    fn beat(reason: &Reason) -> Option<BeatKind> {
        match reason {
            Reason::Elected { term, .. } => Some(BeatKind::Led(term.0)),
            Reason::Committed { .. } => Some(BeatKind::Decided),
            _ => None,
        }
    }
}

impl Server {
    /// The latest term that the server has seen.
    pub fn term(&self) -> Term {
        self.durable.current_term
    }

    /// The log.
    pub fn log(&self) -> &Log {
        &self.durable.log
    }

    /// Whether it leads.
    pub fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader { .. })
    }

    fn receive(&mut self, cx: &Cx<'_>, from: NodeId, message: &Message, fx: &mut Fx) {
        // "If RPC request or response contains term T > currentTerm: set currentTerm = T, convert
        // to follower" (Figure 2, all servers; §5.1).
        if self.disregards(cx, message) {
            return fx.explain(|| Reason::LeaderAlive { candidate: from });
        }
        if message.binds() && message.term() > self.term() {
            self.step_down(cx, message.term(), from, fx);
        }
        match *message {
            Message::RequestVote { term, last_log_index, last_log_term, .. } => {
                self.request_vote(cx, from, term, (last_log_term, last_log_index), fx);
            }
            Message::RequestVoteReply { term, vote_granted } => {
                self.request_vote_reply(cx, from, term, vote_granted, fx);
            }
            Message::AppendEntries {
                term,
                prev_log_index,
                prev_log_term,
                ref entries,
                leader_commit,
                round,
            } => {
                let prev = (prev_log_index, prev_log_term);
                self.append_entries(cx, from, term, prev, entries, (leader_commit, round), fx);
            }
            Message::PreVote { term, last_log_index, last_log_term } => {
                self.pre_vote(cx, from, term, (last_log_term, last_log_index), fx);
            }
            Message::PreVoteReply { term, vote_granted } => {
                self.pre_vote_reply(cx, from, term, vote_granted, fx);
            }
            Message::AppendEntriesReply { term, round, outcome } => {
                self.append_entries_reply(cx, from, term, round, outcome, fx);
            }
            Message::InstallSnapshot { term, ref snapshot } => {
                self.install_snapshot(cx, from, term, snapshot, fx);
            }
            Message::TimeoutNow { term } => self.timeout_now(cx, from, term, fx),
        }
    }

    /// Gives way to a higher term.
    fn step_down(&mut self, cx: &Cx<'_>, term: Term, from: NodeId, fx: &mut Fx) {
        let was = match self.role {
            Role::Follower { .. } => StepDown::Follower,
            Role::PreCandidate { .. } | Role::Candidate { .. } => StepDown::Candidate,
            Role::Leader { .. } => StepDown::Leader,
        };
        fx.explain(|| Reason::HigherTerm { from, term, old: self.durable.current_term, was });
        if was == StepDown::Leader {
            fx.stop_timer(Timer::Heartbeat);
            self.set_election_timer(cx, fx);
        }
        self.durable.current_term = term;
        self.durable.voted_for = None;
        self.role = Role::Follower { leader: None };
    }

    /// "Election timeouts are chosen randomly from a fixed interval" (§5.2). Who has no vote does not
    /// wait for one.
    fn set_election_timer(&self, cx: &Cx<'_>, fx: &mut Fx) {
        if !self.may_stand(cx.id) {
            return fx.stop_timer(Timer::Election);
        }
        let Config { election_timeout_least, election_timeout_most, .. } = *cx.config;
        fx.set_timer(Timer::Election, election_timeout_least, election_timeout_most);
    }
}

impl Progress {
    /// "nextIndex: initialized to leader last log index + 1; matchIndex: to 0" (Figure 2).
    const fn new(next_index: Index) -> Self {
        Self {
            next_index,
            match_index: Index(0),
            in_flight: 0,
            probing: true,
            heard: false,
            round: 0,
        }
    }
}
