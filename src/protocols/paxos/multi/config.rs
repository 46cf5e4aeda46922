//! What can be tuned.

use crate::protocols::paxos::mutations::{Mutation, Mutations, defect};
use crate::protocols::paxos::rules::Quorums;
use crate::sim::protocol::{Setting, SettingKind};
use crate::sim::{MAX_NODES, Micros};

/// How a cluster is tuned; the same for all replicas.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// The shortest time without a leader after which a replica wants to lead.
    pub election_timeout_least: Micros,
    /// The longest such time.
    pub election_timeout_most: Micros,
    /// The time between two heartbeats of a leader.
    pub heartbeat_interval: Micros,
    /// How many promises make a leader; 0 for a majority.
    pub phase1_quorum: u64,
    /// How many acceptances choose a value; 0 for a majority.
    pub phase2_quorum: u64,
    /// Whether a leader runs phase 1 once for all instances (§3), or before each command again.
    pub stable_leader: bool,
    /// Whether the state machine remembers each client's last command, so that a retry is not done
    /// twice.
    pub client_sessions: bool,
    /// The most values in one message.
    pub max_entries: u64,
    /// How many commands a replica executes before it replaces them by a snapshot; 0 is never.
    pub snapshot_threshold: u64,
    /// Which rules are taken away.
    pub mutations: Mutations,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            election_timeout_least: Micros::from_millis(150),
            election_timeout_most: Micros::from_millis(300),
            heartbeat_interval: Micros::from_millis(50),
            phase1_quorum: 0,
            phase2_quorum: 0,
            stable_leader: true,
            client_sessions: true,
            max_entries: 64,
            snapshot_threshold: 0,
            mutations: Mutations::default(),
        }
    }
}

impl Config {
    /// How many replicas must answer in each phase; all of them are acceptors.
    pub fn quorums(&self, nodes: u8) -> Quorums {
        Quorums::new(nodes, (self.phase1_quorum, self.phase2_quorum), self.mutations)
    }
}

const TIME: SettingKind =
    SettingKind::Time { least: Micros::from_millis(1), most: Micros::from_secs(10) };
const COUNT: SettingKind = SettingKind::Count { least: 0, most: MAX_NODES as u64 };

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
        id: "phase1_quorum",
        kind: COUNT,
        get: |config| config.phase1_quorum,
        set: |config, value| config.phase1_quorum = value,
    },
    Setting {
        id: "phase2_quorum",
        kind: COUNT,
        get: |config| config.phase2_quorum,
        set: |config, value| config.phase2_quorum = value,
    },
    Setting {
        id: "stable_leader",
        kind: SettingKind::Switch,
        get: |config| config.stable_leader.into(),
        set: |config, value| config.stable_leader = value != 0,
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
        id: "snapshot_threshold",
        kind: SettingKind::Count { least: 0, most: 1_000 },
        get: |config| config.snapshot_threshold,
        set: |config, value| config.snapshot_threshold = value,
    },
    defect!("forget_promise", ForgetPromise),
    defect!("forget_accepted", ForgetAccepted),
    defect!("own_value", OwnValue),
    defect!("any_value", AnyValue),
    defect!("small_quorums", SmallQuorums),
    defect!("same_number", SameNumber),
    defect!("reuse_number", ReuseNumber),
    defect!("accept_below", AcceptBelow),
    defect!("accept_unpromised", AcceptUnpromised),
];
