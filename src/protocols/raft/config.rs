//! What can be tuned.

use super::mutations::{self, Mutations};
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
            mutations: Mutations::default(),
        }
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
];
