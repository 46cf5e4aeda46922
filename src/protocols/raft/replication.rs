//! Log replication (§5.3) and the commitment rule (§5.4.2).

use std::sync::Arc;

use super::log::{Entries, Entry, Payload};
use super::message::{Conflict, Outcome};
use super::mutations::{Mutation, quorum};
use super::{Cx, Fx, Index, Message, Reason, Role, Server, Term, Timer};
use crate::sim::{Answer, Command, MAX_NODES, NodeId};

impl Server {
    /// "The leader appends the command to its log as a new entry, then issues AppendEntries RPCs in
    /// parallel to each of the other servers" (§5.3).
    pub(super) fn client_request(&mut self, cx: &Cx<'_>, command: &Command, fx: &mut Fx) {
        if !self.is_leader() {
            let leader = match self.role {
                Role::Follower { leader } => leader,
                Role::PreCandidate { .. } | Role::Candidate { .. } | Role::Leader { .. } => None,
            };
            fx.explain(|| Reason::Redirected { leader });
            return fx.answer(command.request, Answer::Redirect(leader));
        }
        let term = self.term();
        self.durable.log.push(Entry::new(term, Payload::Command(command.clone())));
        fx.explain(|| Reason::CommandAppended { index: self.log().last_index(), term });
        self.replicate(cx, Occasion::NewEntries, fx);
        self.rush(cx, fx);
        // Only a leader that is a majority by itself need not wait for replies.
        if quorum(cx) == 1 {
            self.advance_commit_index(cx, fx);
        }
    }

    /// A leader's heartbeat (§5.2). It carries what a follower still lacks, and so is also the retry
    /// of whatever was lost: "the leader retries AppendEntries RPCs indefinitely" (§5.3).
    pub(super) fn heartbeat(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        if !self.check_quorum(cx, fx) {
            return;
        }
        fx.explain(|| Reason::Heartbeat { term: self.term() });
        fx.set_timer(Timer::Heartbeat, cx.config.heartbeat_interval, cx.config.heartbeat_interval);
        self.replicate(cx, Occasion::Heartbeat, fx);
    }

    /// Sends AppendEntries to every follower that is due one.
    fn replicate(&mut self, cx: &Cx<'_>, occasion: Occasion, fx: &mut Fx) {
        let Self { durable, role: Role::Leader { progress, .. }, commit_index, .. } = self else {
            return;
        };
        let mut batch = (Index(0), Entries::default());
        for peer in cx.peers() {
            let follower = &mut progress[peer.slot()];
            if occasion == Occasion::NewEntries && follower.awaiting {
                continue;
            }
            // Followers that lack the same entries share them.
            let next = follower.next_index;
            if batch.0 != next {
                batch = (next, durable.log.slice(next, cx.config.max_entries));
            }
            let entries = batch.1.clone();
            follower.awaiting = !entries.is_empty();
            fx.send(peer, append_entries(durable, next.previous(), entries, *commit_index));
        }
    }

    /// Sends a follower what it lacks, if it lacks anything.
    fn send_rest(&mut self, cx: &Cx<'_>, peer: NodeId, fx: &mut Fx) {
        let Self { durable, role: Role::Leader { progress, .. }, commit_index, .. } = self else {
            return;
        };
        let follower = &mut progress[peer.slot()];
        let prev = follower.next_index.previous();
        if !follower.awaiting && prev < durable.log.last_index() {
            let entries = durable.log.slice(follower.next_index, cx.config.max_entries);
            follower.awaiting = true;
            fx.send(peer, append_entries(durable, prev, entries, *commit_index));
        }
    }

    /// A leader, or a former one, brings entries or a heartbeat (Figure 2, AppendEntries, receiver).
    #[expect(clippy::too_many_arguments, reason = "these are the arguments of the paper's call")]
    pub(super) fn append_entries(
        &mut self,
        cx: &Cx<'_>,
        leader: NodeId,
        term: Term,
        (prev_log_index, prev_log_term): (Index, Term),
        entries: &[Arc<Entry>],
        leader_commit: Index,
        fx: &mut Fx,
    ) {
        let reply = |term, outcome| Message::AppendEntriesReply { term, outcome };
        // 1. "Reply false if term < currentTerm" (§5.1).
        if term < self.term() {
            fx.explain(|| Reason::StaleTerm { from: leader, theirs: term, ours: self.term() });
            let outcome = Outcome::Failure { prev_log_index, conflict: None };
            return fx.send(leader, reply(self.term(), outcome));
        }
        if !self.follow(cx, leader, fx) {
            return;
        }
        // 2. "Reply false if log doesn't contain an entry at prevLogIndex whose term matches
        // prevLogTerm" (§5.3).
        let have = self.log().term_at(prev_log_index);
        if have != Some(prev_log_term) {
            fx.explain(|| Reason::LogsDoNotMeet {
                prev_index: prev_log_index,
                prev_term: prev_log_term,
                have,
            });
            let conflict = cx.config.fast_backup.then(|| self.conflict_at(prev_log_index));
            return fx.send(leader, reply(term, Outcome::Failure { prev_log_index, conflict }));
        }
        if cx.config.mutations.has(Mutation::TruncateAlways) {
            self.durable.log.truncate_from(prev_log_index.next());
        }
        self.store(leader, prev_log_index, entries, fx);
        self.rush(cx, fx);
        let match_index = Index(prev_log_index.0 + entries.len() as u64);
        // 5. "If leaderCommit > commitIndex, set commitIndex = min(leaderCommit, index of last new
        // entry)".
        let commit = leader_commit.min(match_index);
        if commit > self.commit_index {
            fx.explain(|| Reason::CommitLearned { from: self.commit_index.next(), to: commit });
            self.commit_index = commit;
            self.apply(cx, fx);
        }
        fx.send(leader, reply(term, Outcome::Success { match_index }));
    }

    /// Acknowledges the leader of the current term; false when this server leads that term itself,
    /// which election safety rules out.
    fn follow(&mut self, cx: &Cx<'_>, from: NodeId, fx: &mut Fx) -> bool {
        match &mut self.role {
            Role::Leader { .. } => return false,
            Role::Follower { leader } => *leader = Some(from),
            // "If the leader's term is at least as large as the candidate's current term, then the
            // candidate recognizes the leader as legitimate and returns to follower state" (§5.2).
            Role::PreCandidate { .. } | Role::Candidate { .. } => {
                fx.explain(|| Reason::LeaderHeard {
                    leader: from,
                    term: self.durable.current_term,
                });
                self.role = Role::Follower { leader: Some(from) };
            }
        }
        self.leader_heard = Some(cx.clock);
        self.set_election_timer(cx, fx);
        true
    }

    /// Where a leader should try next, when the logs do not meet at `prev` (§5.3, end).
    fn conflict_at(&self, prev: Index) -> Conflict {
        match self.log().term_at(prev) {
            None => Conflict { term: None, first_index: self.log().last_index().next() },
            term => Conflict { term, first_index: self.log().first_of_term(prev) },
        }
    }

    /// Brings the log after `prev` in line with the leader's entries. What is there already is left
    /// alone: an old or repeated call must not take away what came after it.
    fn store(&mut self, leader: NodeId, prev: Index, entries: &[Arc<Entry>], fx: &mut Fx) {
        let mut first_new = None;
        for (offset, entry) in entries.iter().enumerate() {
            let index = Index(prev.0 + 1 + offset as u64);
            match self.log().term_at(index) {
                Some(term) if term == entry.term => continue,
                // 3. "If an existing entry conflicts with a new one (same index but different
                // terms), delete the existing entry and all that follow it" (§5.3).
                Some(had) => {
                    let to = self.log().last_index();
                    fx.explain(|| Reason::Overwritten { from: index, to, had, got: entry.term });
                    self.durable.log.truncate_from(index);
                }
                None => {}
            }
            // 4. "Append any new entries not already in the log".
            first_new = first_new.or(Some(index));
            self.durable.log.push(entry.clone());
        }
        match first_new {
            Some(from) => fx.explain(|| Reason::Appended { from, to: self.log().last_index() }),
            None => fx.explain(|| Reason::NothingNew { leader }),
        }
    }

    /// A follower answers a leader.
    pub(super) fn append_entries_reply(
        &mut self,
        cx: &Cx<'_>,
        from: NodeId,
        term: Term,
        outcome: Outcome,
        fx: &mut Fx,
    ) {
        if term < self.term() {
            return fx.explain(|| Reason::StaleTerm { from, theirs: term, ours: self.term() });
        }
        let Role::Leader { progress, .. } = &mut self.role else {
            return fx.explain(|| Reason::LateReply { from });
        };
        let follower = &mut progress[from.slot()];
        follower.heard = true;
        match outcome {
            // "If successful: update nextIndex and matchIndex for follower" (Figure 2). A reply that
            // comes twice must not have more sent: that would be answered twice again, for ever. One
            // that speaks of more than this log holds answers a call of some other log.
            Outcome::Success { match_index } => {
                let known = follower.match_index.next()..=self.durable.log.last_index();
                if !known.contains(&match_index) {
                    return fx.explain(|| Reason::LateReply { from });
                }
                follower.awaiting = false;
                follower.match_index = match_index;
                follower.next_index = follower.next_index.max(match_index.next());
                fx.explain(|| Reason::Matched { follower: from, index: match_index });
                // One more copy of what is committed already commits nothing.
                if match_index > self.commit_index {
                    self.advance_commit_index(cx, fx);
                }
            }
            // "If AppendEntries fails because of log inconsistency: decrement nextIndex and retry"
            // (Figure 2). A reply to an older call says nothing new.
            Outcome::Failure { prev_log_index, conflict } => {
                if prev_log_index.next() != follower.next_index
                    || prev_log_index <= follower.match_index
                {
                    return fx.explain(|| Reason::LateReply { from });
                }
                follower.awaiting = false;
                let old = follower.next_index;
                let retry = match conflict {
                    None => prev_log_index,
                    Some(conflict) => retry_index(&self.durable.log, conflict, prev_log_index),
                };
                follower.next_index = retry.max(follower.match_index.next());
                let to = follower.next_index;
                fx.explain(|| Reason::BackedUp { follower: from, from: old, to });
            }
        }
        self.send_rest(cx, from, fx);
    }

    /// "If there exists an N such that N > commitIndex, a majority of matchIndex[i] ≥ N, and
    /// log[N].term == currentTerm: set commitIndex = N" (Figure 2; §5.3, §5.4).
    pub(super) fn advance_commit_index(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        let Role::Leader { progress, .. } = &self.role else { return };
        let ahead = progress.iter().filter(|each| each.match_index > self.commit_index).count();
        if ahead + 1 < usize::from(quorum(cx)) {
            return;
        }
        let replicated = on_majority(cx, progress, self.log().last_index());
        if replicated <= self.commit_index {
            return;
        }
        // "Only log entries from the leader's current term are committed by counting replicas"
        // (§5.4.2): an older one on a majority may still be overwritten (Figure 8).
        let of = self.log().term_at(replicated).expect("replicated entries are in the log");
        if of != self.term() && !cx.config.mutations.has(Mutation::CommitOlderTerm) {
            let current = self.term();
            return fx.explain(|| Reason::OlderTerm { index: replicated, of, current });
        }
        let replicas = 1 + cx.peers().fold(0, |count, peer| {
            count + u8::from(progress[peer.slot()].match_index >= replicated)
        });
        let from = self.commit_index.next();
        fx.explain(|| Reason::Committed { from, to: replicated, replicas, of: cx.nodes });
        self.commit_index = replicated;
        self.apply(cx, fx);
    }

    /// "If commitIndex > lastApplied: increment lastApplied, apply log[lastApplied] to state
    /// machine" (Figure 2, all servers). The leader then answers the client (§5.3).
    fn apply(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        self.apply_up_to(cx, self.commit_index, fx);
    }

    pub(super) fn apply_up_to(&mut self, cx: &Cx<'_>, last: Index, fx: &mut Fx) {
        let from = self.last_applied.next();
        let leads = self.is_leader();
        while self.last_applied < last {
            self.last_applied = self.last_applied.next();
            let entry = self.durable.log.get(self.last_applied);
            match &entry.expect("committed entries are in the log").payload {
                Payload::Noop => {}
                Payload::Command(command) => {
                    let answer = self.machine.apply(command, cx.config.client_sessions);
                    if leads {
                        fx.answer(command.request, answer);
                    }
                }
            }
        }
        let to = self.last_applied;
        if from <= to {
            fx.explain(|| Reason::Applied { from, to });
        }
    }
}

/// Why AppendEntries are sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Occasion {
    /// The leader has new entries: whoever owes no reply gets them.
    NewEntries,
    /// The leader must be heard: everybody gets a call.
    Heartbeat,
}

fn append_entries(
    durable: &super::Durable,
    prev_log_index: Index,
    entries: Entries,
    leader_commit: Index,
) -> Message {
    let prev_log_term = durable.log.term_at(prev_log_index);
    Message::AppendEntries {
        term: durable.current_term,
        prev_log_index,
        prev_log_term: prev_log_term.expect("nextIndex is at most one past the leader's log"),
        entries,
        leader_commit,
    }
}

/// The highest index that a majority of servers is known to hold; the leader holds its whole log.
fn on_majority(cx: &Cx<'_>, progress: &[super::Progress], own: Index) -> Index {
    let mut held = [Index(0); MAX_NODES as usize];
    let held = &mut held[..progress.len()];
    for (place, follower) in held.iter_mut().zip(progress) {
        *place = follower.match_index;
    }
    held[cx.id.slot()] = own;
    let minority = held.len() - usize::from(quorum(cx));
    *held.select_nth_unstable(minority).1
}

/// Where to go back to: "when the leader has entries of the conflicting term, to the last of them;
/// else to the follower's first of that term" (after §5.3, end).
fn retry_index(log: &super::Log, conflict: Conflict, before: Index) -> Index {
    let theirs = conflict.first_index.min(before);
    match conflict.term {
        None => theirs,
        Some(term) => {
            log.last_of_term(term, before.previous()).map_or(theirs, Index::next).min(before)
        }
    }
}
