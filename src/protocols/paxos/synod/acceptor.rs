//! The acceptor: it promises and accepts (§2.2, phases 1 (b) and 2 (b)).

use super::message::{Message, Proposal};
use super::{Cx, Fx, Reason, Replica};
use crate::protocols::paxos::ballot::Ballot;
use crate::protocols::paxos::mutations::Mutation;
use crate::protocols::paxos::rules::{may_accept, may_promise};
use crate::sim::NodeId;

impl Replica {
    /// A proposer asks for a promise.
    pub(super) fn prepare(&mut self, cx: &Cx<'_>, from: NodeId, ballot: Ballot, fx: &mut Fx) {
        let promised = self.durable.promised;
        if !may_promise(promised, ballot, cx.config.mutations) {
            if ballot == promised {
                return fx.explain(|| Reason::Repeated { from, ballot });
            }
            fx.explain(|| Reason::PrepareRefused { from, ballot, promised });
            return self.post(cx, from, Message::Refused { ballot, promised }, fx);
        }
        self.durable.promised = ballot;
        // "It responds to the request with a promise not to accept any more proposals numbered less
        // than n and with the highest-numbered proposal (if any) that it has accepted" (§2.2).
        let accepted = match cx.config.mutations.has(Mutation::ReportSeen) {
            false => self.durable.accepted.clone(),
            true => self.asked.clone().max_by_ballot(self.durable.accepted.clone()),
        };
        let reported = accepted.as_ref().map(|proposal| proposal.ballot);
        fx.explain(|| Reason::Promised { to: from, ballot, accepted: reported });
        self.post(cx, from, Message::Promise { ballot, accepted }, fx);
        self.notice(cx, ballot, fx);
    }

    /// A proposer issues a proposal.
    pub(super) fn accept(&mut self, cx: &Cx<'_>, from: NodeId, proposal: &Proposal, fx: &mut Fx) {
        let (ballot, promised) = (proposal.ballot, self.durable.promised);
        self.asked = self.asked.take().max_by_ballot(Some(proposal.clone()));
        if !may_accept(promised, ballot, cx.config.mutations) {
            fx.explain(|| Reason::AcceptRefused { from, ballot, promised });
            return self.post(cx, from, Message::Refused { ballot, promised }, fx);
        }
        // Who accepts n must refuse everything below n from now on, as if it had promised n.
        if !cx.config.mutations.has(Mutation::AcceptUnpromised) {
            self.durable.promised = promised.max(ballot);
        }
        self.durable.accepted = Some(proposal.clone());
        fx.explain(|| Reason::Accepted { ballot, value: proposal.value.op.clone() });
        // "Have each acceptor, whenever it accepts a proposal, respond to all learners" (§2.3); the
        // proposer learns of its own proposal too.
        let placement = cx.config.placement(cx.nodes);
        let message = Message::Accepted(proposal.clone());
        if !placement.learns(from) {
            self.post(cx, from, message.clone(), fx);
        }
        self.post_all(cx, placement.learners(), &message, fx);
        self.notice(cx, ballot, fx);
    }
}

/// The proposal with the higher number.
trait MaxByBallot {
    fn max_by_ballot(self, other: Self) -> Self;
}

impl MaxByBallot for Option<Proposal> {
    fn max_by_ballot(self, other: Self) -> Self {
        let number = |proposal: &Self| proposal.as_ref().map(|proposal| proposal.ballot);
        if number(&other) > number(&self) { other } else { self }
    }
}
