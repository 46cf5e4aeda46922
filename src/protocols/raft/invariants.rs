//! The five safety properties of Figure 3, and that what must only grow only grows.
//!
//! The judge sees the cluster from outside and keeps a ghost history that no server has: who led
//! which term, every entry that ever was in a log, what was committed and what was applied at each
//! index. After an event it looks only at what changed at one server. The digests that logs keep
//! ([`Log::digest_at`](super::Log::digest_at)) make each comparison of two logs one comparison.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::convert::Infallible;

use super::{Index, Raft, Role, Server, Term};
use crate::sim::NodeId;
use crate::sim::protocol::Judge;

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
}

/// What the judge remembers of one server.
#[derive(Clone, Debug, Default)]
struct Seen {
    term: Term,
    led: bool,
    last: (Index, u64),
    commit: Index,
    applied: Index,
}

/// The judge.
#[derive(Clone, Debug)]
pub struct Figure3 {
    seen: Vec<Seen>,
    leaders: BTreeMap<Term, NodeId>,
    /// For each index from 1, the term of the entry that was seen there first, and the digest of
    /// the log up to it; term 0 where none was seen yet.
    first: Vec<(Term, u64)>,
    /// The same for entries of other terms that were there, which are few.
    others: BTreeMap<(Index, Term), u64>,
    /// For each index from 1, the digest of the committed log up to it and the term in which it was
    /// committed.
    committed: Vec<(u64, Term)>,
}

const ELECTION_SAFETY: usize = 0;
const LEADER_APPEND_ONLY: usize = 1;
const LOG_MATCHING: usize = 2;
const LEADER_COMPLETENESS: usize = 3;
const STATE_MACHINE_SAFETY: usize = 4;
const MONOTONIC: usize = 5;

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
    ];

    fn new(nodes: u8) -> Self {
        Self {
            seen: vec![Seen::default(); nodes.into()],
            leaders: BTreeMap::new(),
            first: Vec::new(),
            others: BTreeMap::new(),
            committed: Vec::new(),
        }
    }

    fn changed(&mut self, states: &[Option<Server>], node: NodeId, breaches: &mut Vec<Breach>) {
        let Some(server) = &states[node.slot()] else {
            // A crash forgets what is volatile; the disk, and so the term and the log, stay.
            let seen = &mut self.seen[node.slot()];
            (seen.led, seen.commit, seen.applied) = (false, Index(0), Index(0));
            return;
        };
        let last = (server.log().last_index(), server.log().digest_at(server.log().last_index()));
        let seen = &self.seen[node.slot()];
        let leads = server.is_leader();
        if server.term() != seen.term || leads != seen.led {
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
        self.seen[node.slot()] = Seen {
            term: server.term(),
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
        if !server.is_leader() || (seen.led && seen.term == term) {
            return;
        }
        let first = *self.leaders.entry(term).or_insert(node);
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
        let (digest, term) = self.committed[place];
        if server.log().last_index() < index || server.log().digest_at(index) != digest {
            breaches.push(Breach::CommittedEntryMissing { leader, index, term });
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
        if still_leads && (log.last_index() < old_last || log.digest_at(old_last) != old_digest) {
            breaches.push(Breach::LeaderRewrote { leader: node, index: old_last });
        }
        // Back from the end, until an entry that was seen before: what is before it was seen too.
        let mut index = log.last_index();
        while let Some(term) = log.term_at(index).filter(|_| index > Index(0)) {
            let digest = log.digest_at(index);
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
        if self.first.len() <= place {
            self.first.resize(place + 1, (Term(0), 0));
        }
        let first = &mut self.first[place];
        if first.0 == term {
            return Some(first.1);
        }
        if first.0 == Term(0) {
            *first = (term, digest);
            return None;
        }
        match self.others.entry((index, term)) {
            Entry::Occupied(known) => Some(*known.get()),
            Entry::Vacant(new) => {
                new.insert(digest);
                None
            }
        }
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
        let known = Index(self.committed.len() as u64);
        let (last, upto) = (server.log().last_index(), commit.max(server.last_applied));
        if last < upto {
            return breaches.push(Breach::AppliedDiffers { node, index: last.next() });
        }
        let agreed = upto.min(known);
        if agreed > Index(0)
            && server.log().digest_at(agreed) != self.committed[agreed.0 as usize - 1].0
        {
            breaches.push(Breach::AppliedDiffers { node, index: agreed });
            return;
        }
        let term = server.term();
        for place in known.0..upto.0 {
            self.committed.push((server.log().digest_at(Index(place + 1)), term));
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
