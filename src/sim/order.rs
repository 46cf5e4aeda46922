//! What a person asks a node to do, beside what clients ask: to hand over, to change who belongs to
//! the cluster, to tidy up. A protocol says which of these it takes
//! ([`Protocol::takes`](super::Protocol::takes)).

use super::NodeId;
use super::json::{json_enum, json_struct};

/// Something that a person asks a node to do. The node may refuse, and says why.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// To let another node lead.
    Transfer {
        /// Which.
        to: NodeId,
    },
    /// To change who belongs to the cluster; no changes at all: to end a change that has two steps.
    Reconfigure {
        /// What becomes of whom; each node at most once.
        changes: Vec<MemberChange>,
    },
    /// To replace the log that it has applied by a snapshot.
    Compact,
}

json_enum! {
    Order {
        "transfer" => Transfer { to },
        "reconfigure" => Reconfigure { changes },
        "compact" => Compact {},
    }
}

/// What becomes of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MemberChange {
    /// Which.
    pub node: NodeId,
    /// What it is to be.
    pub place: Place,
}

json_struct!(MemberChange { node, place });

/// What a node is to the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// It votes.
    Voter,
    /// It receives everything and does not vote.
    Learner,
    /// It does not belong to it.
    Outside,
}

json_enum! {
    Place {
        "voter" => Voter {},
        "learner" => Learner {},
        "outside" => Outside {},
    }
}
