//! What can be tuned.

use super::mutations::{self, Mutation, Mutations};
use super::reads::ReadMode;
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

const TIME: SettingKind =
    SettingKind::Time { least: Micros::from_millis(1), most: Micros::from_secs(10) };

/// What people can change.
pub(super) const SETTINGS: &[Setting<Config>] = &[
    Setting {
        id: "election_timeout_least",
        kind: TIME,
        get: |config| config.election_timeout_least.0,
        set: |config, value| config.election_timeout_least = Micros(value),
    },
    Setting {
        id: "election_timeout_most",
        kind: TIME,
        get: |config| config.election_timeout_most.0,
        set: |config, value| config.election_timeout_most = Micros(value),
    },
    Setting {
        id: "heartbeat_interval",
        kind: TIME,
        get: |config| config.heartbeat_interval.0,
        set: |config, value| config.heartbeat_interval = Micros(value),
    },
    Setting {
        id: "fast_backup",
        kind: SettingKind::Switch,
        get: |config| config.fast_backup.into(),
        set: |config, value| config.fast_backup = value != 0,
    },
    Setting {
        id: "leader_noop",
        kind: SettingKind::Switch,
        get: |config| config.leader_noop.into(),
        set: |config, value| config.leader_noop = value != 0,
    },
    Setting {
        id: "pre_vote",
        kind: SettingKind::Switch,
        get: |config| config.pre_vote.into(),
        set: |config, value| config.pre_vote = value != 0,
    },
    Setting {
        id: "check_quorum",
        kind: SettingKind::Switch,
        get: |config| config.check_quorum.into(),
        set: |config, value| config.check_quorum = value != 0,
    },
    Setting {
        id: "client_sessions",
        kind: SettingKind::Switch,
        get: |config| config.client_sessions.into(),
        set: |config, value| config.client_sessions = value != 0,
    },
    Setting {
        id: "max_entries",
        kind: SettingKind::Count { least: 1, most: 1_000 },
        get: |config| config.max_entries,
        set: |config, value| config.max_entries = value,
    },
    Setting {
        id: "pipeline",
        kind: SettingKind::Count { least: 1, most: 64 },
        get: |config| config.pipeline,
        set: |config, value| config.pipeline = value,
    },
    Setting {
        id: "entries_with_heartbeat",
        kind: SettingKind::Switch,
        get: |config| config.entries_with_heartbeat.into(),
        set: |config, value| config.entries_with_heartbeat = value != 0,
    },
    Setting {
        id: "snapshot_threshold",
        kind: SettingKind::Count { least: 0, most: 10_000 },
        get: |config| config.snapshot_threshold,
        set: |config, value| config.snapshot_threshold = value,
    },
    Setting {
        id: "max_applied",
        kind: SettingKind::Count { least: 0, most: 1_000 },
        get: |config| config.max_applied,
        set: |config, value| config.max_applied = value,
    },
    Setting {
        id: "reads",
        kind: SettingKind::Choice { values: 4 },
        get: |config| config.reads as u64,
        set: |config, value| config.reads = ReadMode::ALL[value as usize],
    },
    Setting {
        id: "clock_drift",
        kind: SettingKind::Count { least: 0, most: 90 },
        get: |config| config.clock_drift,
        set: |config, value| config.clock_drift = value,
    },
    Setting {
        id: "first_voters",
        kind: SettingKind::Count { least: 0, most: 101 },
        get: |config| config.first_voters,
        set: |config, value| config.first_voters = value,
    },
    Setting {
        id: "joint_consensus",
        kind: SettingKind::Switch,
        get: |config| config.joint_consensus.into(),
        set: |config, value| config.joint_consensus = value != 0,
    },
    Setting {
        id: "auto_leave",
        kind: SettingKind::Switch,
        get: |config| config.auto_leave.into(),
        set: |config, value| config.auto_leave = value != 0,
    },
    mutations::PLURALITY_WINS,
    mutations::VOTE_TWICE,
    mutations::FORGET_VOTE,
    mutations::FORGET_LOG,
    mutations::NO_LOG_CHECK,
    mutations::COMMIT_OLDER_TERM,
    mutations::HALF_QUORUM,
    mutations::COMMIT_BEFORE_ACK,
    mutations::TRUNCATE_ALWAYS,
    mutations::APPLY_BEFORE_COMMIT,
    mutations::UNCONFIRMED_READ,
    mutations::LONG_LEASE,
    mutations::TWO_SERVER_CHANGE,
    mutations::EARLY_CHANGE,
];
