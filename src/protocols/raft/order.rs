//! What a person asks of a server beside what clients do, and why it may refuse.

use super::membership::{Change, MembershipError};
use super::{Cx, Fx, Index, Server, Term};
use crate::sim::NodeId;
use crate::sim::order::{MemberChange, Order, Place};

/// Why an order is refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Only a leader can do it.
    NotLeader,
    /// It leads already.
    LeadsAlready,
    /// Leadership is on its way to another server.
    TransferUnderWay,
    /// That server has no vote, so it cannot lead.
    NoVoter(NodeId),
    /// The change before is not committed yet (dissertation §4.1).
    ChangePending { index: Index },
    /// No entry of the leader's own term is committed yet (dissertation §4.1, as mended in 2015).
    NothingCommitted { term: Term },
    /// The rules of membership do not allow the change.
    Membership(MembershipError),
    /// Nothing was applied since the last snapshot.
    NothingToCompact,
}

impl Server {
    pub(super) fn order(&mut self, cx: &Cx<'_>, order: &Order, fx: &mut Fx) {
        match order {
            Order::Transfer { to } => self.transfer_order(cx, *to, fx),
            Order::Reconfigure { changes } => {
                let changes: Vec<Change> = changes.iter().map(change).collect();
                self.reconfigure_order(cx, &changes, fx);
            }
            Order::Compact => self.compact_order(fx),
        }
    }
}

fn change(change: &MemberChange) -> Change {
    let MemberChange { node, place } = *change;
    match place {
        Place::Voter => Change::AddVoter(node),
        Place::Learner => Change::AddLearner(node),
        Place::Outside => Change::Remove(node),
    }
}
