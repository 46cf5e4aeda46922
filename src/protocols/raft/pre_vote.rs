//! PreVote and CheckQuorum (dissertation §9.6, §6.2, §4.2.3): a server that cannot be reached, or can
//! be reached only one way, must not unseat a leader that works.

use super::mutations::{enough, wins};
use super::{Cx, Fx, Index, Message, Reason, Role, Server, Term, Timer};
use crate::sim::{NodeId, NodeSet};

impl Server {
    /// An election timeout elapsed without a leader (§5.2).
    pub(super) fn election_timeout(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        if self.keeps_promise(cx) {
            fx.explain(|| Reason::PromiseKept);
            self.set_election_timer(cx, fx);
        } else if cx.config.pre_vote {
            self.start_pre_vote(cx, fx);
        } else {
            self.start_election(cx, false, fx);
        }
    }

    /// "A candidate only increments its term if it first learns from a majority of the cluster that
    /// they would be willing to grant the candidate their votes" (§9.6).
    fn start_pre_vote(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        let term = self.term().next();
        self.role = Role::PreCandidate { granted: NodeSet::of(cx.id), refused: NodeSet::EMPTY };
        fx.explain(|| Reason::PreVoteStarted { term });
        self.set_election_timer(cx, fx);
        let (last_log_index, last_log_term) = (self.log().last_index(), self.log().last_term());
        for peer in self.electors(cx.id) {
            fx.send(peer, Message::PreVote { term, last_log_index, last_log_term });
        }
        self.count_pre_votes(cx, fx);
    }

    /// Somebody asks whether it would get the vote of a term. The answer binds nobody: neither the
    /// term nor the vote nor the timer changes.
    pub(super) fn pre_vote(
        &self,
        cx: &Cx<'_>,
        candidate: NodeId,
        term: Term,
        theirs: (Term, Index),
        fx: &mut Fx,
    ) {
        let refusal = if term <= self.term() {
            Some(Reason::StaleTerm { from: candidate, theirs: term, ours: self.term() })
        } else if self.hears_leader(cx) || self.keeps_promise(cx) {
            Some(Reason::LeaderAlive { candidate })
        } else {
            self.log_behind(cx, candidate, theirs)
        };
        let vote_granted = refusal.is_none();
        fx.explain(|| refusal.unwrap_or(Reason::PreVoteGranted { candidate, term }));
        let term = if vote_granted { term } else { self.term() };
        fx.send(candidate, Message::PreVoteReply { term, vote_granted });
    }

    /// An answer to it.
    pub(super) fn pre_vote_reply(
        &mut self,
        cx: &Cx<'_>,
        from: NodeId,
        term: Term,
        vote_granted: bool,
        fx: &mut Fx,
    ) {
        let wanted = self.term().next();
        match &mut self.role {
            Role::PreCandidate { granted, .. } if vote_granted && term == wanted => {
                granted.insert(from);
                let votes = granted.len();
                let needed = enough(cx, self.configuration.voters.incoming);
                fx.explain(|| Reason::PreVoteCounted { from, votes, needed });
                self.count_pre_votes(cx, fx);
            }
            Role::PreCandidate { refused, .. } if !vote_granted => {
                refused.insert(from);
                let refused = refused.len();
                fx.explain(|| Reason::RefusalCounted { from, refused });
            }
            Role::Follower { .. }
            | Role::PreCandidate { .. }
            | Role::Candidate { .. }
            | Role::Leader { .. } => fx.explain(|| Reason::LateVote { from, term }),
        }
    }

    fn count_pre_votes(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        if let Role::PreCandidate { granted, .. } = self.role
            && wins(cx, self.configuration, granted, NodeSet::EMPTY)
        {
            self.start_election(cx, false, fx);
        }
    }

    /// Whether a request to vote is to be left unread: "if a server receives a RequestVote request
    /// within the minimum election timeout of hearing from a current leader, it does not update its
    /// term or grant its vote" (§4.2.3). A request that the leader itself brought about is read.
    pub(super) fn disregards(&self, cx: &Cx<'_>, message: &Message) -> bool {
        matches!(message, Message::RequestVote { transfer: false, .. })
            && (cx.config.check_quorum && self.hears_leader(cx) || self.keeps_promise(cx))
    }

    /// Whether there is a leader, as far as this server can tell: itself, or one that it heard
    /// within the shortest election timeout on its own clock.
    fn hears_leader(&self, cx: &Cx<'_>) -> bool {
        match self.role {
            Role::Leader { .. } => true,
            Role::Follower { leader: Some(_) } => {
                cx.clock.since(self.leader_heard) < cx.config.election_timeout_least
            }
            Role::Follower { leader: None }
            | Role::PreCandidate { .. }
            | Role::Candidate { .. } => false,
        }
    }

    /// "A leader steps down if an election timeout elapses without a successful round of heartbeats
    /// to a majority of its cluster" (§6.2). Tells whether it still leads.
    pub(super) fn check_quorum(&mut self, cx: &Cx<'_>, fx: &mut Fx) -> bool {
        let (peers, configuration) = (self.peers(cx.id), self.configuration);
        let Role::Leader { progress, quorum_checked, .. } = &mut self.role else { return false };
        let due = cx.clock.since(*quorum_checked) >= cx.config.election_timeout_least;
        if !cx.config.check_quorum || !due {
            return true;
        }
        *quorum_checked = cx.clock;
        let mut heard = NodeSet::of(cx.id);
        for peer in peers {
            if std::mem::take(&mut progress[peer.slot()].heard) {
                heard.insert(peer);
            }
        }
        if wins(cx, configuration, heard, NodeSet::EMPTY) {
            return true;
        }
        let needed = enough(cx, configuration.voters.incoming);
        fx.explain(|| Reason::QuorumLost { heard: heard.len(), needed });
        fx.stop_timer(Timer::Heartbeat);
        self.role = Role::Follower { leader: None };
        self.set_election_timer(cx, fx);
        false
    }
}
