//! Raft (Ongaro & Ousterhout, "In Search of an Understandable Consensus Algorithm", 2014).
//!
//! A cluster agrees on a log by electing a leader and letting it decide alone: leader election
//! (§5.2, `election.rs`), log replication (§5.3, `replication.rs`) and the rules that make the two
//! safe together (§5.4). Names are those of the paper's Figure 2; section numbers stand beside the
//! rules that they state. `pre_vote.rs` adds what Ongaro's dissertation does about servers that are
//! badly connected.
//!
//! What it promises is Figure 3, checked after every event by [`Figure3`]. What it leaves out:
//! remote calls are single messages, never repeated by themselves — a lost RequestVote is made up
//! for by the next election, a lost AppendEntries by the next heartbeat, which carries whatever the
//! follower still lacks; the log is never compacted; the membership never changes. A [`Mutation`]
//! takes a rule away, to see what it is for.

mod config;
mod election;
mod invariants;
mod log;
pub mod membership;
mod message;
mod mutations;
mod pre_vote;
pub mod quorum;
mod reason;
mod replication;
mod view;

use crate::sim::machine::KeyValue;
use crate::sim::protocol::{Context, Effects, Input, Protocol, Setting};
use crate::sim::{Micros, NodeId, NodeSet};

pub use config::Config;
pub use invariants::{Breach, Figure3};
pub use log::{Entries, Entry, Index, Log, Payload, Term};
pub use message::{Conflict, Message, Outcome};
pub use mutations::{Mutation, Mutations};
pub use reason::{Reason, StepDown};

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
    /// When it last heard from the leader of its term, on its own clock.
    pub leader_heard: Option<Micros>,
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
    },
}

/// "Volatile state on leaders", for one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Progress {
    /// Index of the next entry to send: a guess, from above.
    pub next_index: Index,
    /// Index of the highest entry known to be replicated: a fact, from below.
    pub match_index: Index,
    /// Whether entries were sent since the last reply or heartbeat; more wait until then.
    pub awaiting: bool,
    /// Whether it was heard since the leader last made sure of its majority.
    pub heard: bool,
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

    fn settings() -> &'static [Setting<Config>] {
        config::SETTINGS
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
            durable.log = Log::default();
        }
        let server = Server {
            durable,
            commit_index: Index(0),
            last_applied: Index(0),
            machine: KeyValue::default(),
            leader_heard: None,
            role: Role::Follower { leader: None },
        };
        fx.explain(|| Reason::Started {
            term: server.durable.current_term,
            last_index: server.durable.log.last_index(),
        });
        server.set_election_timer(cx, fx);
        server
    }

    fn step(cx: &Cx<'_>, server: &mut Server, input: Input<'_, Self>, fx: &mut Fx) {
        match input {
            Input::Timer(Timer::Election) => server.election_timeout(cx, fx),
            Input::Timer(Timer::Heartbeat) => server.heartbeat(cx, fx),
            Input::Request(command) => server.client_request(cx, command, fx),
            Input::Message { from, message } => server.receive(cx, from, message, fx),
        }
    }

    fn disk(server: Server) -> Durable {
        server.durable
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
            Message::RequestVote { term, last_log_index, last_log_term } => {
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
            } => {
                let prev = (prev_log_index, prev_log_term);
                self.append_entries(cx, from, term, prev, entries, leader_commit, fx);
            }
            Message::PreVote { term, last_log_index, last_log_term } => {
                self.pre_vote(cx, from, term, (last_log_term, last_log_index), fx);
            }
            Message::PreVoteReply { term, vote_granted } => {
                self.pre_vote_reply(cx, from, term, vote_granted, fx);
            }
            Message::AppendEntriesReply { term, outcome } => {
                self.append_entries_reply(cx, from, term, outcome, fx);
            }
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

    /// "Election timeouts are chosen randomly from a fixed interval" (§5.2).
    fn set_election_timer(&self, cx: &Cx<'_>, fx: &mut Fx) {
        let Config { election_timeout_least, election_timeout_most, .. } = *cx.config;
        fx.set_timer(Timer::Election, election_timeout_least, election_timeout_most);
    }
}
