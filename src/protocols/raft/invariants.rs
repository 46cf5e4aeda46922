//! The five safety properties of Figure 3, that what must only grow only grows, and checks of one
//! state and of two in a row in the manner of LogCabin's list of invariants.
//!
//! The judge sees the cluster from outside and keeps a ghost history that no server has: who led
//! which term, every entry that ever was in a log, what was committed and what was applied at each
//! index. After an event it looks only at what changed at one server. The digests that logs keep
//! ([`Log::digest_at`](super::Log::digest_at)) make each comparison of two logs one comparison.

use std::convert::Infallible;

use super::{Index, Log, Progress, Raft, Role, Server, Term};
use crate::sim::protocol::Judge;
use crate::sim::{NodeId, SortedMap, Trail};

/// What was found wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Breach {
    /// Two servers led in one term.
    TwoLeaders { term: Term, first: NodeId, second: NodeId },
    /// A leader changed or lost an entry of its own log.
    LeaderRewrote { leader: NodeId, index: Index },
    /// Two logs have an entry of the same index and term, and differ there or before.
    LogsDiffer { node: NodeId, index: Index, term: Term },
    /// A leader's log lacks an entry that was committed in an earlier term.
    CommittedEntryMissing { leader: NodeId, index: Index, term: Term },
    /// Two servers applied, or hold as committed, different entries at the same index; or what was
    /// committed there is gone.
    AppliedDiffers { node: NodeId, index: Index },
    /// A server applied an entry that it does not know to be committed.
    AppliedBeforeCommit { node: NodeId, index: Index },
    /// A server's term went back.
    TermWentBack { node: NodeId, from: Term, to: Term },
    /// A running server's commit index went back.
    CommitWentBack { node: NodeId, from: Index, to: Index },
    /// A server took its vote back, or gave it to another, in the same term.
    VoteChanged { node: NodeId, term: Term },
    /// A candidate or leader did not vote for itself.
    NoOwnVote { node: NodeId, term: Term },
    /// A snapshot goes beyond what its server knows to be committed.
    IndexesOutOfOrder { node: NodeId },
    /// A log ends in a later term than its server is in, or its terms go back.
    TermsOutOfOrder { node: NodeId, index: Index },
    /// A leader believes a follower to hold what it does not hold, or more than it holds itself.
    WrongMatchIndex { leader: NodeId, follower: NodeId, index: Index },
}

/// What the judge remembers of one server.
#[derive(Clone, Debug, Default)]
struct Seen {
    term: Term,
    voted_for: Option<NodeId>,
    led: bool,
    last: (Index, u64),
    commit: Index,
    applied: Index,
}

/// The judge.
#[derive(Clone, Debug)]
pub struct Figure3 {
    seen: Vec<Seen>,
    leaders: SortedMap<Term, NodeId>,
    /// For each index from 1, the term of the entry that was seen there first, and the digest of
    /// the log up to it; term 0 where none was seen yet.
    first: Trail<(Term, u64)>,
    /// The same for entries of other terms that were there, which are few.
    others: SortedMap<(Index, Term), u64>,
    /// For each index from 1, the digest of the committed log up to it and the term in which it was
    /// committed.
    committed: Trail<(u64, Term)>,
}

const ELECTION_SAFETY: usize = 0;
const LEADER_APPEND_ONLY: usize = 1;
const LOG_MATCHING: usize = 2;
const LEADER_COMPLETENESS: usize = 3;
const STATE_MACHINE_SAFETY: usize = 4;
const MONOTONIC: usize = 5;
const ONE_VOTE: usize = 6;
const ORDER: usize = 7;
const LEADER_KNOWLEDGE: usize = 8;

impl Judge<Raft> for Figure3 {
    type Breach = Breach;
    type Milestone = Infallible;

    const INVARIANTS: &'static [&'static str] = &[
        "election_safety",
        "leader_append_only",
        "log_matching",
        "leader_completeness",
        "state_machine_safety",
        "monotonic",
        "one_vote",
        "order",
        "leader_knowledge",
    ];

    fn new(nodes: u8) -> Self {
        Self {
            seen: vec![Seen::default(); nodes.into()],
            leaders: SortedMap::default(),
            first: Trail::default(),
            others: SortedMap::default(),
            committed: Trail::default(),
        }
    }

    fn changed(&mut self, states: &[Option<Server>], node: NodeId, breaches: &mut Vec<Breach>) {
        let Some(server) = &states[node.slot()] else {
            // A crash forgets what is volatile; the disk, and so the term and the log, stay.
            let seen = &mut self.seen[node.slot()];
            (seen.led, seen.commit, seen.applied) = (false, Index(0), Index(0));
            return;
        };
        let last = (server.log().last_index(), server.log().digest());
        let seen = &self.seen[node.slot()];
        let leads = server.is_leader();
        let voted_for = server.durable.voted_for;
        if (server.term(), voted_for) != (seen.term, seen.voted_for) || leads != seen.led {
            self.term_changed(server, node, breaches);
        }
        let seen = &self.seen[node.slot()];
        if last != seen.last {
            self.log_changed(server, node, breaches);
        }
        let seen = &self.seen[node.slot()];
        if (last, server.commit_index, server.last_applied)
            != (seen.last, seen.commit, seen.applied)
        {
            self.commit_changed(states, server, node, breaches);
        }
        if let Role::Leader { progress, .. } = &server.role {
            knows(states, server, node, progress, breaches);
        }
        self.seen[node.slot()] = Seen {
            term: server.term(),
            voted_for,
            led: leads,
            last,
            commit: server.commit_index,
            applied: server.last_applied,
        };
    }

    fn invariant(breach: &Breach) -> usize {
        match breach {
            Breach::TwoLeaders { .. } => ELECTION_SAFETY,
            Breach::LeaderRewrote { .. } => LEADER_APPEND_ONLY,
            Breach::LogsDiffer { .. } => LOG_MATCHING,
            Breach::CommittedEntryMissing { .. } => LEADER_COMPLETENESS,
            Breach::AppliedDiffers { .. } | Breach::AppliedBeforeCommit { .. } => {
                STATE_MACHINE_SAFETY
            }
            Breach::TermWentBack { .. } | Breach::CommitWentBack { .. } => MONOTONIC,
            Breach::VoteChanged { .. } | Breach::NoOwnVote { .. } => ONE_VOTE,
            Breach::IndexesOutOfOrder { .. } | Breach::TermsOutOfOrder { .. } => ORDER,
            Breach::WrongMatchIndex { .. } => LEADER_KNOWLEDGE,
        }
    }
}

impl Figure3 {
    /// "At most one leader can be elected in a given term" (§5.2), and "if a log entry is committed
    /// in a given term, then that entry will be present in the logs of the leaders for all
    /// higher-numbered terms" (§5.4).
    fn term_changed(&mut self, server: &Server, node: NodeId, breaches: &mut Vec<Breach>) {
        let seen = &self.seen[node.slot()];
        let term = server.term();
        if term < seen.term {
            breaches.push(Breach::TermWentBack { node, from: seen.term, to: term });
        }
        let voted_for = server.durable.voted_for;
        if term == seen.term && seen.voted_for.is_some() && voted_for != seen.voted_for {
            breaches.push(Breach::VoteChanged { node, term });
        }
        let stands = matches!(server.role, Role::Candidate { .. } | Role::Leader { .. });
        if stands && voted_for != Some(node) {
            breaches.push(Breach::NoOwnVote { node, term });
        }
        if !server.is_leader() || (seen.led && seen.term == term) {
            return;
        }
        let first = *self.leaders.get_or_insert(term, node);
        if first != node {
            breaches.push(Breach::TwoLeaders { term, first, second: node });
        }
        let earlier = self.committed.iter().rposition(|&(_, committed)| committed < term);
        if let Some(place) = earlier {
            self.complete(server, node, place, breaches);
        }
    }

    /// Whether a leader's log holds the committed log up to a place.
    fn complete(&self, server: &Server, leader: NodeId, place: usize, breaches: &mut Vec<Breach>) {
        let index = Index(place as u64 + 1);
        let (_, term) = self.committed[place];
        if !self.holds(server.log(), index) {
            breaches.push(Breach::CommittedEntryMissing { leader, index, term });
        }
    }

    /// Whether a log holds the committed log up to an index. Of what a snapshot replaced, only the
    /// end can be compared.
    fn holds(&self, log: &Log, index: Index) -> bool {
        let at = index.max(log.last_included());
        let committed = self.committed.get((at.0 as usize).wrapping_sub(1));
        match (log.digest_at(at), committed) {
            (Some(digest), Some(&(committed, _))) => digest == committed,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }

    /// "A leader never overwrites or deletes entries in its log; it only appends new entries"
    /// (§5.3), and "if two logs contain an entry with the same index and term, then the logs are
    /// identical in all entries up through the given index" (§5.3).
    fn log_changed(&mut self, server: &Server, node: NodeId, breaches: &mut Vec<Breach>) {
        let log = server.log();
        let seen = &self.seen[node.slot()];
        let (old_last, old_digest) = seen.last;
        let still_leads = seen.led && seen.term == server.term() && server.is_leader();
        let replaced = old_last < log.last_included();
        if still_leads && !replaced && log.digest_at(old_last) != Some(old_digest) {
            breaches.push(Breach::LeaderRewrote { leader: node, index: old_last });
        }
        // Back from the end, until an entry that was seen before: what is before it was seen too.
        let mut index = log.last_index();
        let mut later = server.term();
        while let Some(term) = log.term_at(index).filter(|_| index > Index(0))
            && let Some(digest) = log.digest_at(index)
        {
            if term > later {
                breaches.push(Breach::TermsOutOfOrder { node, index });
            }
            later = term;
            match self.seen_before(index, term, digest) {
                None => index = index.previous(),
                Some(known) if known == digest => break,
                Some(_) => return breaches.push(Breach::LogsDiffer { node, index, term }),
            }
        }
    }

    /// The digest of the first log that had an entry of this term at this index; none, and this one
    /// is remembered, when it is the first.
    fn seen_before(&mut self, index: Index, term: Term, digest: u64) -> Option<u64> {
        let place = index.0 as usize - 1;
        while self.first.len() <= place {
            self.first.push((Term(0), 0));
        }
        let first = self.first[place];
        if first.0 == term {
            return Some(first.1);
        }
        if first.0 == Term(0) {
            self.first.set(place, (term, digest));
            return None;
        }
        let known = self.others.get(&(index, term)).copied();
        if known.is_none() {
            self.others.insert((index, term), digest);
        }
        known
    }

    /// "If a server has applied a log entry at a given index to its state machine, no other server
    /// will ever apply a different log entry for the same index" (§5.4.3). So what a server knows to
    /// be committed is the same as everywhere, and stays in its log.
    fn commit_changed(
        &mut self,
        states: &[Option<Server>],
        server: &Server,
        node: NodeId,
        breaches: &mut Vec<Breach>,
    ) {
        let seen = &self.seen[node.slot()];
        let commit = server.commit_index;
        if commit < seen.commit {
            breaches.push(Breach::CommitWentBack { node, from: seen.commit, to: commit });
        }
        if server.last_applied > commit {
            breaches.push(Breach::AppliedBeforeCommit { node, index: server.last_applied });
        }
        let log = server.log();
        let (last, upto) = (log.last_index(), commit.max(server.last_applied));
        if commit < log.last_included() {
            breaches.push(Breach::IndexesOutOfOrder { node });
        }
        if last < upto {
            return breaches.push(Breach::AppliedDiffers { node, index: last.next() });
        }
        let known = Index(self.committed.len() as u64);
        let agreed = upto.min(known);
        if agreed > Index(0) && !self.holds(log, agreed) {
            return breaches.push(Breach::AppliedDiffers { node, index: agreed });
        }
        let term = server.term();
        for place in known.0..upto.0 {
            // A digest is unknown only where an engine replaced what was not committed.
            let digest = log.digest_at(Index(place + 1)).unwrap_or_default();
            self.committed.push((digest, term));
        }
        if upto > known {
            self.later_leaders_hold(states, term, breaches);
        }
    }

    /// Leaders of later terms that are there already must hold what was committed just now.
    fn later_leaders_hold(
        &self,
        states: &[Option<Server>],
        term: Term,
        breaches: &mut Vec<Breach>,
    ) {
        for (slot, server) in states.iter().enumerate() {
            if let Some(server) = server
                && matches!(server.role, Role::Leader { .. })
                && server.term() > term
            {
                let place = self.committed.len() - 1;
                self.complete(server, NodeId(slot as u8), place, breaches);
            }
        }
    }
}

/// Whether what a leader believes of its followers is so: matchIndex is before nextIndex and within
/// its own log, and a follower of the same term holds the leader's log up to there.
fn knows(
    states: &[Option<Server>],
    server: &Server,
    leader: NodeId,
    progress: &[Progress],
    breaches: &mut Vec<Breach>,
) {
    let log = server.log();
    for (slot, (each, state)) in progress.iter().zip(states).enumerate() {
        let follower = NodeId(slot as u8);
        let index = each.match_index;
        if index == Index(0) || follower == leader {
            continue;
        }
        let held = state.as_ref().filter(|state| state.term() == server.term());
        let differs = held.is_some_and(|held| {
            let at = index.max(held.log().last_included()).max(log.last_included());
            at <= index && held.log().digest_at(at) != log.digest_at(at)
        });
        if index >= each.next_index || index > log.last_index() || differs {
            breaches.push(Breach::WrongMatchIndex { leader, follower, index });
        }
    }
}
