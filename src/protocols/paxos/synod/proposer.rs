//! The proposer: it asks for promises and issues proposals (§2.2, phases 1 (a) and 2 (a)).

use super::message::{Message, Proposal};
use super::{Cx, Fx, Reason, Replica, Timer};
use crate::protocols::paxos::ballot::Ballot;
use crate::protocols::paxos::mutations::Mutation;
use crate::protocols::paxos::rules::outweighs;
use crate::sim::{Answer, Command, Micros, NodeId, NodeSet, Op};

/// The part of a replica that proposes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Proposer {
    /// What clients asked of it and were not answered yet, oldest first. The first write is the value
    /// that it would propose.
    pub waiting: Vec<Command>,
    /// How far its round is.
    pub phase: Phase,
    /// How many rounds it has given up, since it was started.
    pub wasted: u64,
}

/// How far a round is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Phase {
    /// There is none.
    #[default]
    Idle,
    /// Phase 1: it asked for promises.
    Prepare {
        /// The number asked about.
        ballot: Ballot,
        /// Who has promised.
        promises: NodeSet,
        /// The acceptance reported that counts most so far.
        reported: Option<Proposal>,
        /// How many of those that wait were there when the round began.
        early: u64,
    },
    /// Phase 2: it issued a proposal.
    Accept {
        /// The proposal.
        proposal: Proposal,
    },
    /// It was pre-empted, and will try again when its back-off is over.
    BackOff,
}

impl Phase {
    /// The number of the round, if there is one.
    pub fn ballot(&self) -> Option<Ballot> {
        match self {
            Self::Idle | Self::BackOff => None,
            Self::Prepare { ballot, .. } => Some(*ballot),
            Self::Accept { proposal } => Some(proposal.ballot),
        }
    }
}

impl Replica {
    /// A client's command is to be proposed.
    pub(super) fn propose(&mut self, cx: &Cx<'_>, command: &Command, fx: &mut Fx) {
        let waiting = &mut self.proposer.waiting;
        if waiting.iter().any(|each| each.request == command.request) {
            return fx.explain(|| Reason::Waits);
        }
        waiting.push(command.clone());
        match self.proposer.phase {
            Phase::Idle => self.start_round(cx, fx),
            Phase::Prepare { .. } | Phase::Accept { .. } | Phase::BackOff => {
                fx.explain(|| Reason::Waits);
            }
        }
    }

    /// Phase 1 (a): "a proposer selects a proposal number n and sends a prepare request with number
    /// n to a majority of acceptors" (§2.2), here to all of them.
    fn start_round(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        if self.proposer.waiting.is_empty() || !cx.config.issuers(cx.nodes).contains(&cx.id.0) {
            self.proposer.phase = Phase::Idle;
            return fx.stop_timer(Timer::Retry);
        }
        let ballot = Ballot::next(cx.id, self.durable.round, self.seen, cx.config.mutations);
        self.durable.round = ballot.round;
        let early = self.proposer.waiting.len() as u64;
        self.proposer.phase =
            Phase::Prepare { ballot, promises: NodeSet::EMPTY, reported: None, early };
        fx.explain(|| Reason::RoundStarted { ballot });
        fx.set_timer(Timer::Retry, cx.config.round_timeout, cx.config.round_timeout);
        let acceptors = cx.config.placement(cx.nodes).acceptors();
        self.post_all(cx, acceptors, &Message::Prepare { ballot }, fx);
    }

    /// The round did not end in time, or the back-off is over.
    pub(super) fn retry(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        if let Some(ballot) = self.proposer.phase.ballot() {
            self.proposer.wasted += 1;
            fx.explain(|| Reason::TimedOut { ballot });
        }
        self.start_round(cx, fx);
    }

    /// Somebody uses a higher number than the round that is under way: this round may come to
    /// nothing. A proposer that tries again at once pre-empts the other in turn, perhaps for ever
    /// (§2.4); one that waits a while, by chance, lets somebody win.
    pub(super) fn preempted(&mut self, cx: &Cx<'_>, by: Ballot, fx: &mut Fx) {
        let Some(ballot) = self.proposer.phase.ballot().filter(|ballot| *ballot < by) else {
            return;
        };
        self.proposer.wasted += 1;
        self.proposer.phase = Phase::BackOff;
        fx.explain(|| Reason::Preempted { ballot, by });
        let (least, most) = match cx.config.backoff {
            true => (cx.config.backoff_least, cx.config.backoff_most),
            false => (Micros(0), Micros(0)),
        };
        fx.set_timer(Timer::Retry, least, most);
    }

    /// An acceptor promises.
    pub(super) fn promise(
        &mut self,
        cx: &Cx<'_>,
        from: NodeId,
        ballot: Ballot,
        accepted: Option<&Proposal>,
        fx: &mut Fx,
    ) {
        let Phase::Prepare { ballot: current, promises, reported, .. } = &mut self.proposer.phase
        else {
            return fx.explain(|| Reason::LateReply { from, ballot });
        };
        if ballot != *current {
            return fx.explain(|| Reason::LateReply { from, ballot });
        }
        promises.insert(from);
        if let Some(proposal) = accepted {
            let mutations = cx.config.mutations;
            let best = reported.as_ref().map(|best| best.ballot);
            if best.is_none_or(|best| outweighs(proposal.ballot, best, mutations)) {
                *reported = Some(proposal.clone());
            }
        }
        let (promises, needed) = (promises.len(), cx.config.quorums(cx.nodes).phase1);
        fx.explain(|| Reason::PromiseCounted {
            from,
            promises,
            needed,
            accepted: accepted.map(|proposal| proposal.ballot),
        });
        if promises >= needed {
            self.issue(cx, fx);
        }
    }

    /// Phase 2 (a): "it sends an accept request to each of those acceptors for a proposal numbered n
    /// with a value v, where v is the value of the highest-numbered proposal among the responses, or
    /// is any value if the responses reported no proposals" (§2.2).
    fn issue(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        let Phase::Prepare { ballot, reported, early, promises } =
            std::mem::take(&mut self.proposer.phase)
        else {
            unreachable!("only a round that prepares comes to its proposal");
        };
        let promises = promises.len();
        let own = self.proposer.waiting.iter().find(|each| matches!(each.op, Op::Write { .. }));
        let ignore = cx.config.mutations.has(Mutation::OwnValue) && own.is_some();
        let value = match (reported, own) {
            (Some(Proposal { ballot: of, value }), _) if !ignore => {
                fx.explain(|| Reason::ValueBound { ballot, value: value.op.clone(), of, promises });
                value
            }
            (_, Some(own)) => {
                fx.explain(|| Reason::ValueFree { ballot, value: own.op.clone(), promises });
                own.clone()
            }
            (_, None) => return self.nothing_chosen(cx, early, promises, fx),
        };
        let proposal = Proposal { ballot, value };
        self.proposer.phase = Phase::Accept { proposal: proposal.clone() };
        fx.set_timer(Timer::Retry, cx.config.round_timeout, cx.config.round_timeout);
        let acceptors = cx.config.placement(cx.nodes).acceptors();
        self.post_all(cx, acceptors, &Message::Accept(proposal), fx);
    }

    /// No promise reported a proposal, and there is none to issue: only reads wait. A quorum that has
    /// accepted nothing shows that nothing was chosen when the round began, so those that waited then
    /// are answered so; those that came later need another round.
    fn nothing_chosen(&mut self, cx: &Cx<'_>, early: u64, promises: u8, fx: &mut Fx) {
        fx.explain(|| Reason::NothingChosen { promises });
        for read in self.proposer.waiting.drain(..early as usize) {
            fx.answer(read.request, Answer::Value(None));
        }
        self.start_round(cx, fx);
    }
}
