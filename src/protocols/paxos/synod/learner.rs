//! The learner: it finds out that a value was chosen (§2.3).

use super::message::Proposal;
use super::proposer::Phase;
use super::{Cx, Fx, Reason, Replica, Timer};
use crate::sim::{Answer, Command, NodeId, NodeSet, Op};

/// The part of a replica that learns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Learner {
    /// The proposals of which it heard that they were accepted, in the order of hearing; none any
    /// more once it knows what is chosen.
    pub tallies: Vec<Tally>,
    /// What it knows to be chosen: the proposal that told it.
    pub learned: Option<Proposal>,
}

/// Who is known to have accepted a proposal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tally {
    /// The proposal.
    pub proposal: Proposal,
    /// Who accepted it.
    pub by: NodeSet,
}

impl Learner {
    /// Who is known to have accepted a proposal.
    pub fn acceptances(&self, proposal: &Proposal) -> NodeSet {
        let tally = self.tallies.iter().find(|tally| tally.proposal == *proposal);
        tally.map_or(NodeSet::EMPTY, |tally| tally.by)
    }
}

impl Replica {
    /// An acceptor has accepted a proposal. "To learn that a value has been chosen, a learner must
    /// find out that a proposal has been accepted by a majority of acceptors" (§2.3).
    pub(super) fn accepted(&mut self, cx: &Cx<'_>, from: NodeId, proposal: &Proposal, fx: &mut Fx) {
        if self.learner.learned.is_some() {
            return fx.explain(|| Reason::KnownAlready { from });
        }
        let tallies = &mut self.learner.tallies;
        let at =
            tallies.iter().position(|tally| tally.proposal == *proposal).unwrap_or_else(|| {
                tallies.push(Tally { proposal: proposal.clone(), by: NodeSet::EMPTY });
                tallies.len() - 1
            });
        tallies[at].by.insert(from);
        let (count, needed) = (tallies[at].by.len(), cx.config.quorums(cx.nodes).phase2);
        let ballot = proposal.ballot;
        fx.explain(|| Reason::AcceptanceHeard { from, ballot, count, needed });
        if count >= needed {
            fx.explain(|| Reason::Learned { ballot, value: proposal.value.op.clone(), count });
            self.learn(proposal, fx);
        }
    }

    /// It is known what is chosen: there is nothing left to propose, and everybody can be answered.
    fn learn(&mut self, proposal: &Proposal, fx: &mut Fx) {
        self.learner.tallies = Vec::new();
        self.learner.learned = Some(proposal.clone());
        self.proposer.phase = Phase::Idle;
        fx.stop_timer(Timer::Retry);
        for command in std::mem::take(&mut self.proposer.waiting) {
            self.answer(&command, fx);
        }
    }

    /// Answers a client when it is known what is chosen: its own command, or another.
    pub(super) fn answer(&self, command: &Command, fx: &mut Fx) {
        let Some(Proposal { value: chosen, .. }) = &self.learner.learned else {
            unreachable!("nobody is answered before something is known");
        };
        let answer = match &chosen.op {
            Op::Write { .. } if chosen.request == command.request => Answer::Written,
            Op::Write { key, value } if key == command.op.key() => {
                Answer::Value(Some(value.clone()))
            }
            Op::Write { .. } | Op::Read { .. } => Answer::Value(None),
        };
        fx.explain(|| Reason::Answered { request: command.request, chosen: chosen.op.clone() });
        fx.answer(command.request, answer);
    }
}
