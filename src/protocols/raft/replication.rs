//! Log replication (§5.3) and the commitment rule (§5.4.2).

use std::sync::Arc;

use super::log::{Entries, Entry, Payload};
use super::message::{Conflict, Outcome};
use super::mutations::{Mutation, enough, held};
use super::reads::ReadMode;
use super::{Config, Cx, Durable, Fx, Index, Message, Progress, Reason, Role, Server, Term, Timer};
use crate::sim::{Answer, Command, NodeId};

impl Server {
    /// "The leader appends the command to its log as a new entry, then issues AppendEntries RPCs in
    /// parallel to each of the other servers" (§5.3).
    pub(super) fn client_request(&mut self, cx: &Cx<'_>, command: &Command, fx: &mut Fx) {
        if self.serve_read(cx, command, fx) {
            return;
        }
        if let Role::Leader { transfer: Some(transfer), .. } = &self.role {
            let to = transfer.to;
            fx.explain(|| Reason::HandingOver { to });
            return fx.answer(command.request, Answer::Redirect(None));
        }
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
        self.spread_new_entries(cx, fx);
    }

    /// Sends what the leader's log has just got.
    pub(super) fn spread_new_entries(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        if !cx.config.entries_with_heartbeat {
            self.replicate(cx, Occasion::NewEntries, fx);
        }
        self.rush(cx, fx);
        // A leader that is a majority by itself need not wait for replies.
        self.advance_commit_index(cx, fx);
    }

    /// A leader's heartbeat (§5.2). It carries what a follower still lacks, and so is also the retry
    /// of whatever was lost: "the leader retries AppendEntries RPCs indefinitely" (§5.3).
    pub(super) fn heartbeat(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        if !self.check_quorum(cx, fx) {
            return;
        }
        self.abort_late_transfer(cx, fx);
        fx.explain(|| Reason::Heartbeat { term: self.term() });
        fx.set_timer(Timer::Heartbeat, cx.config.heartbeat_interval, cx.config.heartbeat_interval);
        if cx.config.reads == ReadMode::Lease
            && let Role::Leader { reads, .. } = &mut self.role
        {
            reads.begin_round(cx.clock);
        }
        self.replicate(cx, Occasion::Heartbeat, fx);
        self.count_round(cx, fx);
    }

    /// Begins a round of heartbeats for a reader (dissertation §6.4).
    pub(super) fn ask_round(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        if let Role::Leader { reads, .. } = &mut self.role {
            reads.begin_round(cx.clock);
        }
        self.replicate(cx, Occasion::Round, fx);
        self.count_round(cx, fx);
    }

    /// Sends AppendEntries to every follower that is due one.
    fn replicate(&mut self, cx: &Cx<'_>, occasion: Occasion, fx: &mut Fx) {
        let peers = self.peers(cx.id);
        let Self { durable, role: Role::Leader { progress, reads, .. }, commit_index, .. } = self
        else {
            return;
        };
        let mut calls = Calls::new(durable, cx.config, *commit_index, reads.round);
        for peer in peers {
            let follower = &mut progress[peer.slot()];
            match occasion {
                Occasion::NewEntries if !calls.room(follower) => {}
                Occasion::NewEntries => calls.send_next(peer, follower, fx),
                Occasion::Heartbeat => {
                    // What was sent ahead and not answered may be lost.
                    if follower.in_flight > 0 && !follower.probing {
                        follower.next_index = follower.match_index.next();
                    }
                    follower.in_flight = 0;
                    calls.send_next(peer, follower, fx);
                }
                Occasion::Round => fx.send(peer, calls.bare(follower.match_index)),
            }
        }
    }

    /// Sends a follower what it lacks, if it lacks anything.
    pub(super) fn send_rest(&mut self, cx: &Cx<'_>, peer: NodeId, fx: &mut Fx) {
        let Self { durable, role: Role::Leader { progress, reads, .. }, commit_index, .. } = self
        else {
            return;
        };
        let last = durable.log.last_index();
        let mut calls = Calls::new(durable, cx.config, *commit_index, reads.round);
        let follower = &mut progress[peer.slot()];
        while calls.room(follower) && follower.next_index <= last {
            calls.send_next(peer, follower, fx);
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
        (leader_commit, round): (Index, u64),
        fx: &mut Fx,
    ) {
        let reply = |term, outcome| Message::AppendEntriesReply { term, round, outcome };
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
        // prevLogTerm" (§5.3). What a snapshot replaced was committed, and so is the leader's too.
        let last_included = self.log().last_included();
        let have = self.log().term_at(prev_log_index);
        if prev_log_index >= last_included && have != Some(prev_log_term) {
            fx.explain(|| Reason::LogsDoNotMeet {
                prev_index: prev_log_index,
                prev_term: prev_log_term,
                have,
            });
            let conflict = cx.config.fast_backup.then(|| self.conflict_at(prev_log_index));
            return fx.send(leader, reply(term, Outcome::Failure { prev_log_index, conflict }));
        }
        if cx.config.mutations.has(Mutation::TruncateAlways) {
            self.truncate(cx, prev_log_index.next(), fx);
        }
        self.store(cx, leader, prev_log_index, entries, fx);
        self.rush(cx, fx);
        let match_index = Index(prev_log_index.0 + entries.len() as u64).max(last_included);
        // 5. "If leaderCommit > commitIndex, set commitIndex = min(leaderCommit, index of last new
        // entry)".
        let commit = leader_commit.min(match_index);
        if commit > self.commit_index {
            fx.explain(|| Reason::CommitLearned { from: self.commit_index.next(), to: commit });
            self.commit_index = commit;
            self.apply(cx, fx);
            // Now it may be settled that this server has no vote.
            if !self.may_stand(cx.id) {
                fx.stop_timer(Timer::Election);
            }
        }
        fx.send(leader, reply(term, Outcome::Success { match_index }));
    }

    /// Acknowledges the leader of the current term; false when this server leads that term itself,
    /// which election safety rules out.
    pub(super) fn follow(&mut self, cx: &Cx<'_>, from: NodeId, fx: &mut Fx) -> bool {
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
        self.leader_heard = cx.clock;
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
    fn store(
        &mut self,
        cx: &Cx<'_>,
        leader: NodeId,
        prev: Index,
        entries: &[Arc<Entry>],
        fx: &mut Fx,
    ) {
        let mut first_new = None;
        for (offset, entry) in entries.iter().enumerate() {
            let index = Index(prev.0 + 1 + offset as u64);
            if index <= self.log().last_included() {
                continue;
            }
            match self.log().term_at(index) {
                Some(term) if term == entry.term => continue,
                // 3. "If an existing entry conflicts with a new one (same index but different
                // terms), delete the existing entry and all that follow it" (§5.3).
                Some(had) => {
                    let to = self.log().last_index();
                    fx.explain(|| Reason::Overwritten { from: index, to, had, got: entry.term });
                    self.truncate(cx, index, fx);
                }
                None => {}
            }
            // 4. "Append any new entries not already in the log".
            first_new = first_new.or(Some(index));
            self.durable.log.push(entry.clone());
            if let Payload::Configuration(configuration) = entry.payload {
                self.adopt(cx, index, configuration, fx);
            }
        }
        match first_new {
            Some(from) => fx.explain(|| Reason::Appended { from, to: self.log().last_index() }),
            None => fx.explain(|| Reason::NothingNew { leader }),
        }
    }

    /// Takes away the entry at an index and all that follow it, and with them the configurations
    /// that they bring.
    fn truncate(&mut self, cx: &Cx<'_>, index: Index, fx: &mut Fx) {
        self.durable.log.truncate_from(index);
        if self.configuration_index >= index {
            self.find_configuration(cx, fx);
        }
    }

    /// A follower answers a leader.
    pub(super) fn append_entries_reply(
        &mut self,
        cx: &Cx<'_>,
        from: NodeId,
        term: Term,
        round: u64,
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
        if round > follower.round {
            follower.round = round;
            self.count_round(cx, fx);
        }
        let Role::Leader { progress, .. } = &mut self.role else { return };
        let follower = &mut progress[from.slot()];
        match outcome {
            // "If successful: update nextIndex and matchIndex for follower" (Figure 2). A reply that
            // comes twice must not have more sent: that would be answered twice again, for ever. One
            // that speaks of more than this log holds answers a call of some other log.
            Outcome::Success { match_index } => {
                let known = follower.match_index.next()..=self.durable.log.last_index();
                if !known.contains(&match_index) {
                    return fx.explain(|| Reason::LateReply { from });
                }
                follower.in_flight = follower.in_flight.saturating_sub(1);
                follower.probing = false;
                follower.match_index = match_index;
                follower.next_index = follower.next_index.max(match_index.next());
                fx.explain(|| Reason::Matched { follower: from, index: match_index });
                // One more copy of what is committed already commits nothing.
                if match_index > self.commit_index {
                    self.advance_commit_index(cx, fx);
                }
                self.go_on_with_transfer(fx);
                if cx.config.entries_with_heartbeat {
                    return;
                }
            }
            // "If AppendEntries fails because of log inconsistency: decrement nextIndex and retry"
            // (Figure 2). A reply to an older call says nothing new.
            Outcome::Failure { prev_log_index, conflict } => {
                let late = match follower.probing {
                    true => prev_log_index.next() != follower.next_index,
                    false => prev_log_index >= follower.next_index,
                };
                if late || prev_log_index <= follower.match_index {
                    return fx.explain(|| Reason::LateReply { from });
                }
                follower.in_flight = 0;
                follower.probing = true;
                let old = follower.next_index;
                // Where the logs meet is known once the follower has accepted anything in this term;
                // then a call that was sent ahead came too early.
                let retry = match conflict {
                    _ if follower.match_index > Index(0) => follower.match_index.next(),
                    None => prev_log_index,
                    Some(conflict) => retry_index(&self.durable.log, conflict, prev_log_index),
                };
                follower.next_index = retry;
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
        if ahead + 1 < usize::from(enough(cx, self.configuration.voters.incoming)) {
            return;
        }
        // The leader holds its whole log.
        let own = self.log().last_index();
        let acked = |node: NodeId| match node == cx.id {
            true => own,
            false => progress[node.slot()].match_index,
        };
        let replicated = held(cx, self.configuration, acked);
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
        let from = self.commit_index.next();
        fx.explain(|| {
            let voters = self.configuration.voters();
            let replicas = voters.iter().filter(|&voter| acked(voter) >= replicated).count() as u8;
            Reason::Committed { from, to: replicated, replicas, of: voters.len() }
        });
        self.commit_index = replicated;
        self.apply(cx, fx);
        self.answer_reads(fx);
        self.settle_configuration(cx, fx);
    }

    /// "If commitIndex > lastApplied: increment lastApplied, apply log[lastApplied] to state
    /// machine" (Figure 2, all servers). The leader then answers the client (§5.3).
    fn apply(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        let most = match cx.config.max_applied {
            0 => self.commit_index,
            most => self.commit_index.min(Index(self.last_applied.0 + most)),
        };
        self.apply_up_to(cx, most, fx);
    }

    /// Applies what earlier events committed and left over, as far as it is still there where rules
    /// are taken away.
    pub(super) fn catch_up(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        if self.last_applied < self.commit_index.min(self.log().last_index()) {
            self.apply(cx, fx);
            self.answer_reads(fx);
        }
    }

    pub(super) fn apply_up_to(&mut self, cx: &Cx<'_>, last: Index, fx: &mut Fx) {
        let from = self.last_applied.next();
        let leads = self.is_leader();
        while self.last_applied < last {
            self.last_applied = self.last_applied.next();
            let entry = self.durable.log.get(self.last_applied);
            match &entry.expect("committed entries are in the log").payload {
                Payload::Noop | Payload::Configuration(_) => {}
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
            self.compact_if_due(cx, fx);
        }
    }
}

/// Why AppendEntries are sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Occasion {
    /// The leader has new entries: whoever has room for a call gets them.
    NewEntries,
    /// The leader must be heard: everybody gets a call.
    Heartbeat,
    /// A reader waits for a round of heartbeats: everybody gets a call without entries.
    Round,
}

/// The calls that a leader makes on one occasion.
struct Calls<'a> {
    durable: &'a Durable,
    config: &'a Config,
    leader_commit: Index,
    round: u64,
    /// Followers that lack the same entries share them.
    batch: (Index, Entries),
}

impl<'a> Calls<'a> {
    fn new(durable: &'a Durable, config: &'a Config, leader_commit: Index, round: u64) -> Self {
        Self { durable, config, leader_commit, round, batch: (Index(0), Entries::default()) }
    }

    /// Whether another call may be sent before the follower answers.
    fn room(&self, follower: &Progress) -> bool {
        let most = if follower.probing { 1 } else { self.config.pipeline };
        u64::from(follower.in_flight) < most
    }

    /// Sends what a follower needs next: entries as many as fit into one call, or the snapshot when
    /// the log does not reach back so far (§7).
    fn send_next(&mut self, peer: NodeId, follower: &mut Progress, fx: &mut Fx) {
        let log = &self.durable.log;
        let next = follower.next_index;
        if next < log.first_index() {
            follower.in_flight = 1;
            follower.probing = true;
            fx.explain(|| Reason::SnapshotSent { to: peer, index: log.last_included() });
            let (term, snapshot) = (self.durable.current_term, self.durable.snapshot.clone());
            return fx.send(peer, Message::InstallSnapshot { term, snapshot });
        }
        if self.batch.0 != next {
            self.batch = (next, log.slice(next, self.config.max_entries));
        }
        let entries = self.batch.1.clone();
        if !entries.is_empty() {
            follower.in_flight = follower.in_flight.saturating_add(1);
            if self.config.pipeline > 1 && !follower.probing {
                follower.next_index = Index(next.0 + entries.len() as u64);
            }
        }
        fx.send(peer, self.append_entries(next.previous(), entries));
    }

    /// A call without entries, after the last one that the follower is known to hold.
    fn bare(&self, match_index: Index) -> Message {
        self.append_entries(match_index.max(self.durable.log.last_included()), Entries::default())
    }

    fn append_entries(&self, prev_log_index: Index, entries: Entries) -> Message {
        let prev_log_term = self.durable.log.term_at(prev_log_index);
        Message::AppendEntries {
            term: self.durable.current_term,
            prev_log_index,
            prev_log_term: prev_log_term.expect("nextIndex is at most one past the leader's log"),
            entries,
            leader_commit: self.leader_commit,
            round: self.round,
        }
    }
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
