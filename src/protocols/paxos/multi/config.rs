//! What can be tuned.

use crate::protocols::paxos::mutations::{Mutation, Mutations};
use crate::protocols::paxos::rules::Quorums;
use crate::protocols::settings::setting;
use crate::sim::protocol::Setting;
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

/// What people can change.
pub(super) const SETTINGS: &[Setting<Config>] = &[
    setting!(time election_timeout_least),
    setting!(time election_timeout_most),
    setting!(time heartbeat_interval),
    setting!(count phase1_quorum, 0 to MAX_NODES as u64),
    setting!(count phase2_quorum, 0 to MAX_NODES as u64),
    setting!(switch stable_leader),
    setting!(switch client_sessions),
    setting!(count max_entries, 1 to 1_000),
    setting!(count snapshot_threshold, 0 to 1_000),
    setting!(defect "forget_promise", Mutation::ForgetPromise),
    setting!(defect "forget_accepted", Mutation::ForgetAccepted),
    setting!(defect "own_value", Mutation::OwnValue),
    setting!(defect "any_value", Mutation::AnyValue),
    setting!(defect "small_quorums", Mutation::SmallQuorums),
    setting!(defect "same_number", Mutation::SameNumber),
    setting!(defect "reuse_number", Mutation::ReuseNumber),
    setting!(defect "accept_below", Mutation::AcceptBelow),
    setting!(defect "accept_unpromised", Mutation::AcceptUnpromised),
];
