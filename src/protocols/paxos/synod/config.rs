//! What can be tuned.

use std::ops::Range;

use crate::protocols::paxos::mutations::{Mutation, Mutations};
use crate::protocols::paxos::rules::Quorums;
use crate::protocols::settings::setting;
use crate::sim::protocol::Setting;
use crate::sim::{MAX_NODES, Micros, NodeId};

/// How a cluster is tuned; the same for all replicas.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// How many replicas propose, from the first on; 0 for all.
    pub proposers: u64,
    /// How many accept, those that follow the proposers; 0 for all.
    pub acceptors: u64,
    /// How many learn, the last; 0 for all.
    pub learners: u64,
    /// How many promises let a proposer propose; 0 for a majority of the acceptors.
    pub phase1_quorum: u64,
    /// How many acceptances choose a value; 0 for a majority of the acceptors.
    pub phase2_quorum: u64,
    /// How long a proposer waits for its round to end before it tries a higher number.
    pub round_timeout: Micros,
    /// Whether a proposer that is pre-empted waits before it tries again (§2.4).
    pub backoff: bool,
    /// The shortest such wait.
    pub backoff_least: Micros,
    /// The longest such wait.
    pub backoff_most: Micros,
    /// Whether only the first proposer proposes (§2.4).
    pub distinguished: bool,
    /// Which rules are taken away.
    pub mutations: Mutations,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            proposers: 0,
            acceptors: 0,
            learners: 0,
            phase1_quorum: 0,
            phase2_quorum: 0,
            round_timeout: Micros::from_millis(200),
            backoff: true,
            backoff_least: Micros::from_millis(20),
            backoff_most: Micros::from_millis(300),
            distinguished: false,
            mutations: Mutations::default(),
        }
    }
}

/// Who has which role. In the usual cluster every replica has all three.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    proposers: Range<u8>,
    acceptors: Range<u8>,
    learners: Range<u8>,
}

impl Config {
    /// Who has which role in a cluster of so many: proposers from the front, learners from the
    /// end, acceptors after the proposers or, where these leave no room, at the end.
    pub fn placement(&self, nodes: u8) -> Placement {
        let count = |wanted: u64| match wanted {
            0 => nodes,
            _ => wanted.min(nodes.into()) as u8,
        };
        let [proposers, acceptors, learners] =
            [self.proposers, self.acceptors, self.learners].map(count);
        let first = proposers.min(nodes - acceptors);
        Placement {
            proposers: 0..proposers,
            acceptors: first..first + acceptors,
            learners: nodes - learners..nodes,
        }
    }

    /// How many acceptors must answer in each phase.
    pub fn quorums(&self, nodes: u8) -> Quorums {
        let acceptors = self.placement(nodes).acceptors.len() as u8;
        Quorums::new(acceptors, (self.phase1_quorum, self.phase2_quorum), self.mutations)
    }

    /// Who may issue proposals: all proposers, or the distinguished one alone, "the only one to try
    /// issuing proposals" (§2.4).
    pub fn issuers(&self, nodes: u8) -> Range<u8> {
        let all = self.placement(nodes).proposers;
        if self.distinguished { all.start..all.start + 1 } else { all }
    }
}

impl Placement {
    /// Whether the replica proposes.
    pub fn proposes(&self, node: NodeId) -> bool {
        self.proposers.contains(&node.0)
    }

    /// Whether the replica accepts.
    pub fn accepts(&self, node: NodeId) -> bool {
        self.acceptors.contains(&node.0)
    }

    /// Whether the replica learns.
    pub fn learns(&self, node: NodeId) -> bool {
        self.learners.contains(&node.0)
    }

    /// Whether no replica both proposes and accepts.
    pub fn is_apart(&self) -> bool {
        self.proposers.end <= self.acceptors.start
    }

    /// All proposers.
    pub fn proposers(&self) -> impl Iterator<Item = NodeId> + use<> {
        self.proposers.clone().map(NodeId)
    }

    /// All acceptors.
    pub fn acceptors(&self) -> impl Iterator<Item = NodeId> + use<> {
        self.acceptors.clone().map(NodeId)
    }

    /// All learners.
    pub fn learners(&self) -> impl Iterator<Item = NodeId> + use<> {
        self.learners.clone().map(NodeId)
    }
}

/// What people can change.
pub(super) const SETTINGS: &[Setting<Config>] = &[
    setting!(count proposers, 0 to MAX_NODES as u64),
    setting!(count acceptors, 0 to MAX_NODES as u64),
    setting!(count learners, 0 to MAX_NODES as u64),
    setting!(count phase1_quorum, 0 to MAX_NODES as u64),
    setting!(count phase2_quorum, 0 to MAX_NODES as u64),
    setting!(time round_timeout),
    setting!(switch backoff),
    setting!(time backoff_least),
    setting!(time backoff_most),
    setting!(switch distinguished),
    setting!(defect "forget_promise", Mutation::ForgetPromise),
    setting!(defect "forget_accepted", Mutation::ForgetAccepted),
    setting!(defect "own_value", Mutation::OwnValue),
    setting!(defect "any_value", Mutation::AnyValue),
    setting!(defect "small_quorums", Mutation::SmallQuorums),
    setting!(defect "same_number", Mutation::SameNumber),
    setting!(defect "reuse_number", Mutation::ReuseNumber),
    setting!(defect "accept_below", Mutation::AcceptBelow),
    setting!(defect "report_seen", Mutation::ReportSeen),
    setting!(defect "accept_unpromised", Mutation::AcceptUnpromised),
    setting!(defect "id_first", Mutation::IdFirst),
];
