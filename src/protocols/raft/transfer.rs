//! Leadership transfer (dissertation §3.10): a leader brings another server up to date and asks it to
//! stand for election at once.

use super::order::Refusal;
use super::{Cx, Fx, Message, Reason, Role, Server, Term};
use crate::sim::{Micros, NodeId};

/// A transfer under way. "The prior leader stops accepting new client requests" until it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Transfer {
    /// Who is to lead.
    pub to: NodeId,
    /// When it was asked for, on the leader's clock.
    pub since: Micros,
    /// Whether the other was asked to stand.
    pub asked: bool,
}

impl Server {
    /// A person asks the leader to hand over.
    pub(super) fn transfer_order(&mut self, cx: &Cx<'_>, to: NodeId, fx: &mut Fx) {
        let refusal = match &self.role {
            Role::Leader { transfer: Some(_), .. } => Some(Refusal::TransferUnderWay),
            Role::Leader { .. } if to == cx.id => Some(Refusal::LeadsAlready),
            Role::Leader { .. } if !self.configuration.voters().contains(to) => {
                Some(Refusal::NoVoter(to))
            }
            Role::Leader { .. } => None,
            Role::Follower { .. } | Role::PreCandidate { .. } | Role::Candidate { .. } => {
                Some(Refusal::NotLeader)
            }
        };
        if let Some(refusal) = refusal {
            return fx.explain(|| Reason::OrderRefused(refusal));
        }
        if let Role::Leader { transfer, .. } = &mut self.role {
            *transfer = Some(Transfer { to, since: cx.clock, asked: false });
        }
        fx.explain(|| Reason::TransferBegun { to });
        self.send_rest(cx, to, fx);
        self.go_on_with_transfer(fx);
    }

    /// "The prior leader fully updates the target server's log to match its own log […], then sends a
    /// TimeoutNow request to the target server".
    pub(super) fn go_on_with_transfer(&mut self, fx: &mut Fx) {
        let term = self.term();
        let Self { durable, role: Role::Leader { progress, transfer, reads, .. }, .. } = self
        else {
            return;
        };
        if let Some(Transfer { to, asked: asked @ false, .. }) = transfer
            && progress[to.slot()].match_index == durable.log.last_index()
        {
            *asked = true;
            // The vote that this asks for breaks the promise that a lease rests on (§6.4.1), and the
            // message may be late: no lease in this term any more.
            reads.give_up_lease();
            fx.explain(|| Reason::TimeoutNowSent { to: *to });
            fx.send(*to, Message::TimeoutNow { term });
        }
    }

    /// "If leadership transfer does not complete after about an election timeout, the prior leader
    /// aborts the transfer and resumes accepting client requests".
    pub(super) fn abort_late_transfer(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        if let Role::Leader { transfer, .. } = &mut self.role
            && let Some(Transfer { to, since, .. }) = *transfer
            && cx.clock.since(since) >= cx.config.election_timeout_least
        {
            *transfer = None;
            fx.explain(|| Reason::TransferAborted { to });
        }
    }

    /// The leader asks this server to stand for election: it asks nobody first, and its requests to
    /// vote are marked, so that servers that hear the leader read them all the same (§4.2.3).
    pub(super) fn timeout_now(&mut self, cx: &Cx<'_>, from: NodeId, term: Term, fx: &mut Fx) {
        if term < self.term() {
            return fx.explain(|| Reason::StaleTerm { from, theirs: term, ours: self.term() });
        }
        if self.is_leader() || !self.may_stand(cx.id) {
            return fx.explain(|| Reason::LateReply { from });
        }
        fx.explain(|| Reason::TimeoutNowHeard { leader: from });
        self.start_election(cx, true, fx);
    }
}
