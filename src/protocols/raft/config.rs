//! What can be tuned.

use super::mutations::{Mutation, Mutations};
use super::reads::ReadMode;
use crate::protocols::settings::setting;
use crate::sim::Micros;
use crate::sim::protocol::{Setting, SettingKind};

/// How a cluster is tuned; the same for all servers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// The shortest election timeout (§5.2: "e.g., 150–300ms").
    pub election_timeout_least: Micros,
    /// The longest election timeout.
    pub election_timeout_most: Micros,
    /// The time between two heartbeats of a leader.
    pub heartbeat_interval: Micros,
    /// Whether a follower that refuses entries says where the leader should try next, so that the
    /// leader goes back by a term instead of by an entry (§5.3, end).
    pub fast_backup: bool,
    /// Whether a new leader begins its term with an entry that does nothing, so that it learns soon
    /// what is committed (§8).
    pub leader_noop: bool,
    /// Whether a server asks before it begins a new term (dissertation §9.6).
    pub pre_vote: bool,
    /// Whether a leader that no majority answers steps down, and servers that hear a leader leave
    /// requests to vote unread (dissertation §6.2, §4.2.3).
    pub check_quorum: bool,
    /// Whether the state machine remembers each client's last command, so that a retry is not done
    /// twice (§8; dissertation §6.3).
    pub client_sessions: bool,
    /// The most entries in one AppendEntries.
    pub max_entries: u64,
    /// How many AppendEntries with entries may be under way to a follower before it answers; more
    /// than one is called pipelining (dissertation §10.2.1).
    pub pipeline: u64,
    /// Whether new entries wait for the next heartbeat.
    pub entries_with_heartbeat: bool,
    /// How many entries a server applies before it replaces them by a snapshot; 0 is never (§7).
    pub snapshot_threshold: u64,
    /// How many entries a server applies at once; the rest follows with its next events. 0 is all that
    /// are committed.
    pub max_applied: u64,
    /// How reads are served (§8; dissertation §6.4).
    pub reads: ReadMode,
    /// By how much clocks may drift apart, in percent: a leader's lease is shorter than the election
    /// timeout by so much (dissertation §6.4.1).
    pub clock_drift: u64,
    /// How many servers the cluster begins with, the first ones; 0 is all. The others can be added.
    pub first_voters: u64,
    /// Whether a change of one server also goes through a joint configuration (§6).
    pub joint_consensus: bool,
    /// Whether a leader leaves a joint configuration by itself once it is committed (§6).
    pub auto_leave: bool,
    /// Which rules are taken away.
    pub mutations: Mutations,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            election_timeout_least: Micros::from_millis(150),
            election_timeout_most: Micros::from_millis(300),
            heartbeat_interval: Micros::from_millis(50),
            fast_backup: false,
            leader_noop: false,
            pre_vote: false,
            check_quorum: false,
            client_sessions: true,
            max_entries: 64,
            pipeline: 1,
            entries_with_heartbeat: false,
            snapshot_threshold: 0,
            max_applied: 0,
            reads: ReadMode::Log,
            clock_drift: 10,
            first_voters: 0,
            joint_consensus: false,
            auto_leave: true,
            mutations: Mutations::default(),
        }
    }
}

impl Config {
    /// How long a leader's lease lasts from the beginning of the round of heartbeats that it rests on:
    /// the shortest election timeout less the drift of the clocks (dissertation §6.4.1).
    pub(super) fn lease(&self) -> Micros {
        if self.mutations.has(Mutation::LongLease) {
            return Micros(self.election_timeout_most.0 * 10);
        }
        Micros(self.election_timeout_least.0 * (100 - self.clock_drift) / 100)
    }
}

/// What people can change.
pub(super) const SETTINGS: &[Setting<Config>] = &[
    setting!(time election_timeout_least),
    setting!(time election_timeout_most),
    setting!(time heartbeat_interval),
    setting!(switch fast_backup),
    setting!(switch leader_noop),
    setting!(switch pre_vote),
    setting!(switch check_quorum),
    setting!(switch client_sessions),
    setting!(count max_entries, 1 to 1_000),
    setting!(count pipeline, 1 to 64),
    setting!(switch entries_with_heartbeat),
    setting!(count snapshot_threshold, 0 to 10_000),
    setting!(count max_applied, 0 to 1_000),
    Setting {
        id: "reads",
        kind: SettingKind::Choice { values: 4 },
        get: |config| config.reads as u64,
        set: |config, value| config.reads = ReadMode::ALL[value as usize],
    },
    setting!(count clock_drift, 0 to 90),
    setting!(count first_voters, 0 to 101),
    setting!(switch joint_consensus),
    setting!(switch auto_leave),
    setting!(defect "plurality_wins", Mutation::PluralityWins),
    setting!(defect "vote_twice", Mutation::VoteTwice),
    setting!(defect "forget_vote", Mutation::ForgetVote),
    setting!(defect "forget_log", Mutation::ForgetLog),
    setting!(defect "no_log_check", Mutation::NoLogCheck),
    setting!(defect "commit_older_term", Mutation::CommitOlderTerm),
    setting!(defect "half_quorum", Mutation::HalfQuorum),
    setting!(defect "commit_before_ack", Mutation::CommitBeforeAck),
    setting!(defect "truncate_always", Mutation::TruncateAlways),
    setting!(defect "apply_before_commit", Mutation::ApplyBeforeCommit),
    setting!(defect "unconfirmed_read", Mutation::UnconfirmedRead),
    setting!(defect "long_lease", Mutation::LongLease),
    setting!(defect "two_server_change", Mutation::TwoServerChange),
    setting!(defect "early_change", Mutation::EarlyChange),
];
