//! Leader election (§5.2) and its restriction (§5.4.1).

use super::log::{Entry, Payload};
use super::mutations::{Mutation, enough, wins};
use super::reads::Reads;
use super::{Cx, Fx, Index, Message, Progress, Reason, Role, Server, Term, Timer};
use crate::sim::{NodeId, NodeSet};

impl Server {
    /// "To begin an election, a follower increments its current term and transitions to candidate
    /// state. It then votes for itself and issues RequestVote RPCs in parallel" (§5.2).
    pub(super) fn start_election(&mut self, cx: &Cx<'_>, transfer: bool, fx: &mut Fx) {
        let term = self.term().next();
        self.durable.current_term = term;
        self.durable.voted_for = Some(cx.id);
        self.role = Role::Candidate { granted: NodeSet::of(cx.id), refused: NodeSet::EMPTY };
        fx.explain(|| Reason::ElectionTimeout { term });
        self.set_election_timer(cx, fx);
        for peer in self.electors(cx.id) {
            fx.send(
                peer,
                Message::RequestVote {
                    term,
                    last_log_index: self.log().last_index(),
                    last_log_term: self.log().last_term(),
                    transfer,
                },
            );
        }
        self.count_votes(cx, fx);
    }

    /// A candidate asks for this server's vote.
    pub(super) fn request_vote(
        &mut self,
        cx: &Cx<'_>,
        candidate: NodeId,
        term: Term,
        last: (Term, Index),
        fx: &mut Fx,
    ) {
        let vote_granted = match self.refusal(cx, candidate, term, last) {
            Some(reason) => {
                fx.explain(|| reason);
                false
            }
            None => {
                fx.explain(|| Reason::VoteGranted { candidate, term });
                self.durable.voted_for = Some(candidate);
                // Granting a vote restarts the timer (Figure 2, followers).
                self.set_election_timer(cx, fx);
                true
            }
        };
        fx.send(candidate, Message::RequestVoteReply { term: self.term(), vote_granted });
    }

    /// Why a candidate does not get the vote; none when it does.
    fn refusal(
        &self,
        cx: &Cx<'_>,
        candidate: NodeId,
        term: Term,
        theirs: (Term, Index),
    ) -> Option<Reason> {
        if term < self.term() {
            return Some(Reason::StaleTerm { from: candidate, theirs: term, ours: self.term() });
        }
        let mutations = cx.config.mutations;
        match self.durable.voted_for {
            Some(me) if me == cx.id => return Some(Reason::OwnCandidate { candidate, term }),
            Some(other) if other != candidate && !mutations.has(Mutation::VoteTwice) => {
                return Some(Reason::AlreadyVoted { candidate, voted_for: other, term });
            }
            // "First-come-first-served" (§5.2); the same candidate may ask again.
            Some(_) | None => {}
        }
        self.log_behind(cx, candidate, theirs)
    }

    /// The refusal of a candidate whose log is behind: "if the logs have last entries with different
    /// terms, then the log with the later term is more up-to-date. If the logs end with the same
    /// term, then whichever log is longer is more up-to-date" (§5.4.1). Pairs compare just so.
    pub(super) fn log_behind(
        &self,
        cx: &Cx<'_>,
        candidate: NodeId,
        theirs: (Term, Index),
    ) -> Option<Reason> {
        let ours = (self.log().last_term(), self.log().last_index());
        let behind = theirs < ours && !cx.config.mutations.has(Mutation::NoLogCheck);
        behind.then_some(Reason::LogBehind { candidate, theirs, ours })
    }

    /// A vote, or a refusal, comes in.
    pub(super) fn request_vote_reply(
        &mut self,
        cx: &Cx<'_>,
        from: NodeId,
        term: Term,
        vote_granted: bool,
        fx: &mut Fx,
    ) {
        if term < self.term() {
            return fx.explain(|| Reason::StaleTerm { from, theirs: term, ours: self.term() });
        }
        match &mut self.role {
            Role::Candidate { granted, .. } if vote_granted => {
                granted.insert(from);
                let votes = granted.len();
                let needed = enough(cx, self.configuration.voters.incoming);
                fx.explain(|| Reason::VoteCounted { from, votes, needed });
                self.count_votes(cx, fx);
            }
            Role::Candidate { refused, .. } => {
                refused.insert(from);
                let refused = refused.len();
                fx.explain(|| Reason::RefusalCounted { from, refused });
            }
            Role::Follower { .. } | Role::PreCandidate { .. } | Role::Leader { .. } => {
                fx.explain(|| Reason::LateVote { from, term });
            }
        }
    }

    /// "A candidate wins an election if it receives votes from a majority of the servers in the
    /// full cluster for the same term" (§5.2).
    fn count_votes(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        if let Role::Candidate { granted, refused } = self.role
            && wins(cx, self.configuration, granted, refused)
        {
            let (term, votes) = (self.term(), granted.len());
            let of = self.configuration.voters().len();
            fx.explain(|| Reason::Elected { term, votes, of });
            self.become_leader(cx, fx);
        }
    }

    /// "Once a candidate wins an election, it becomes leader. It then sends heartbeat messages to
    /// all of the other servers" (§5.2).
    fn become_leader(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        let progress = vec![Progress::new(self.log().last_index().next()); cx.nodes.into()];
        let reads = Reads::default();
        self.role = Role::Leader { progress, quorum_checked: cx.clock, reads, transfer: None };
        fx.stop_timer(Timer::Election);
        if cx.config.leader_noop {
            let term = self.term();
            self.durable.log.push(Entry::new(term, Payload::Noop));
            fx.explain(|| Reason::NoopAppended { index: self.log().last_index(), term });
        }
        self.heartbeat(cx, fx);
        self.advance_commit_index(cx, fx);
    }
}
