//! What can be tuned.

use std::ops::Range;

use crate::protocols::paxos::mutations::{Mutation, Mutations, defect};
use crate::protocols::paxos::rules::Quorums;
use crate::sim::protocol::{Setting, SettingKind};
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

    /// All acceptors.
    pub fn acceptors(&self) -> impl Iterator<Item = NodeId> + use<> {
        self.acceptors.clone().map(NodeId)
    }

    /// All learners.
    pub fn learners(&self) -> impl Iterator<Item = NodeId> + use<> {
        self.learners.clone().map(NodeId)
    }
}

const TIME: SettingKind =
    SettingKind::Time { least: Micros::from_millis(1), most: Micros::from_secs(10) };
const COUNT: SettingKind = SettingKind::Count { least: 0, most: MAX_NODES as u64 };

/// What people can change.
pub(super) const SETTINGS: &[Setting<Config>] = &[
    Setting {
        id: "proposers",
        kind: COUNT,
        get: |config| config.proposers,
        set: |config, value| config.proposers = value,
    },
    Setting {
        id: "acceptors",
        kind: COUNT,
        get: |config| config.acceptors,
        set: |config, value| config.acceptors = value,
    },
    Setting {
        id: "learners",
        kind: COUNT,
        get: |config| config.learners,
        set: |config, value| config.learners = value,
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
        id: "round_timeout",
        kind: TIME,
        get: |config| config.round_timeout.0,
        set: |config, value| config.round_timeout = Micros(value),
    },
    Setting {
        id: "backoff",
        kind: SettingKind::Switch,
        get: |config| config.backoff.into(),
        set: |config, value| config.backoff = value != 0,
    },
    Setting {
        id: "backoff_least",
        kind: TIME,
        get: |config| config.backoff_least.0,
        set: |config, value| config.backoff_least = Micros(value),
    },
    Setting {
        id: "backoff_most",
        kind: TIME,
        get: |config| config.backoff_most.0,
        set: |config, value| config.backoff_most = Micros(value),
    },
    Setting {
        id: "distinguished",
        kind: SettingKind::Switch,
        get: |config| config.distinguished.into(),
        set: |config, value| config.distinguished = value != 0,
    },
    defect!("forget_promise", ForgetPromise),
    defect!("forget_accepted", ForgetAccepted),
    defect!("own_value", OwnValue),
    defect!("any_value", AnyValue),
    defect!("small_quorums", SmallQuorums),
    defect!("same_number", SameNumber),
    defect!("reuse_number", ReuseNumber),
    defect!("accept_below", AcceptBelow),
    defect!("report_seen", ReportSeen),
    defect!("accept_unpromised", AcceptUnpromised),
    defect!("id_first", IdFirst),
];
