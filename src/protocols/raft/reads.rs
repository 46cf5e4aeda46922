//! Reads that leave the log alone (§8; dissertation §6.4): a leader must make sure that it still leads
//! before it answers from its own state machine, by a round of heartbeats (ReadIndex) or by a lease.

use std::collections::VecDeque;

use super::log::{Entry, Payload};
use super::mutations::{Mutation, held};
use super::{Cx, Fx, Index, Reason, Role, Server};
use crate::sim::{Answer, Command, Micros, NodeId, Op};

/// The most rounds that are kept open. A later round confirms all before it, so that the oldest can
/// go.
const MOST_OPEN: usize = 64;

/// How reads are served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ReadMode {
    /// Through the log, like writes.
    #[default]
    Log,
    /// Any server answers from its own state machine at once: the answer may be stale.
    Local,
    /// The leader confirms by a round of heartbeats that it leads (§6.4).
    ReadIndex,
    /// The leader trusts that nobody else is elected while its lease lasts (§6.4.1).
    Lease,
}

impl ReadMode {
    /// All of them; a mode's number is its place.
    pub const ALL: [Self; 4] = [Self::Log, Self::Local, Self::ReadIndex, Self::Lease];
}

/// A read that waits at its leader.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Waiting {
    /// What is asked.
    pub command: Command,
    /// How far the state machine must have come: the readIndex.
    pub read_index: Index,
    /// The round of heartbeats that must be answered first.
    pub round: u64,
}

/// What a leader keeps for its readers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reads {
    /// The number of the latest round of heartbeats; 0 before the first.
    pub round: u64,
    /// The latest round that a majority answered: the leader led when it began.
    pub confirmed: u64,
    /// Later rounds, and when each began, on the leader's clock.
    pub open: VecDeque<(u64, Micros)>,
    /// The reads that wait, in the order in which they came.
    pub waiting: VecDeque<Waiting>,
    /// The lease, if there is one.
    pub lease: Option<Lease>,
    /// Whether there can be no lease any more in this term.
    pub lease_given_up: bool,
}

/// A leader's lease, on its own clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// When the round of heartbeats began that it rests on.
    pub from: Micros,
    /// When it ends.
    pub until: Micros,
}

impl Reads {
    /// Begins a round of heartbeats.
    pub(super) fn begin_round(&mut self, clock: Micros) {
        self.round += 1;
        if self.open.len() == MOST_OPEN {
            self.open.pop_front();
        }
        self.open.push_back((self.round, clock));
    }

    /// Serves no read by a lease any more.
    pub(super) fn give_up_lease(&mut self) {
        self.lease_given_up = true;
        self.lease = None;
    }

    /// Until when the leader may read by its lease; none when it may not now. Should the timeouts
    /// have been changed meanwhile, the shorter lease counts.
    fn lease_until(&self, cx: &Cx<'_>) -> Option<Micros> {
        let Lease { from, until } = self.lease?;
        let until = until.min(from + cx.config.lease());
        (cx.clock < until).then_some(until)
    }
}

impl Server {
    /// Answers a read without the log, where the mode says so; tells whether it took care of it.
    pub(super) fn serve_read(&mut self, cx: &Cx<'_>, command: &Command, fx: &mut Fx) -> bool {
        let Op::Read { key } = &command.op else { return false };
        if cx.config.reads == ReadMode::Local || cx.config.mutations.has(Mutation::UnconfirmedRead)
        {
            let applied = self.last_applied;
            fx.explain(|| Reason::ReadLocally { applied });
            fx.answer(command.request, Answer::Value(self.machine.get(key).cloned()));
            return true;
        }
        if cx.config.reads == ReadMode::Log || !self.is_leader() {
            return false;
        }
        let read_index = self.read_index(cx, fx);
        let applied = self.last_applied;
        let Role::Leader { reads, .. } = &mut self.role else { return false };
        if applied >= read_index
            && cx.config.reads == ReadMode::Lease
            && let Some(until) = reads.lease_until(cx)
        {
            fx.explain(|| Reason::ReadByLease { until });
            fx.answer(command.request, Answer::Value(self.machine.get(key).cloned()));
            return true;
        }
        let round = reads.round + 1;
        // A reader that asks again waits at the end.
        reads.waiting.retain(|read| read.command.request != command.request);
        reads.waiting.push_back(Waiting { command: command.clone(), read_index, round });
        fx.explain(|| Reason::ReadWaits { index: read_index, round });
        self.ask_round(cx, fx);
        true
    }

    /// "If the leader has not yet marked an entry from its current term committed, it waits until it
    /// has done so"; then "the leader saves its current commit index in a local variable readIndex"
    /// (§6.4). A term that has no entry yet gets one.
    fn read_index(&mut self, cx: &Cx<'_>, fx: &mut Fx) -> Index {
        if self.committed_in_term() {
            return self.commit_index;
        }
        let term = self.term();
        if self.log().last_term() != term {
            self.durable.log.push(Entry::new(term, Payload::Noop));
            fx.explain(|| Reason::NoopAppended { index: self.log().last_index(), term });
            self.spread_new_entries(cx, fx);
        }
        self.log().first_of_term(self.log().last_index()).max(self.commit_index)
    }

    /// Counts who answered which round.
    pub(super) fn count_round(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        let configuration = self.configuration;
        let Role::Leader { progress, reads, .. } = &mut self.role else { return };
        if reads.open.is_empty() {
            return;
        }
        let latest = reads.round;
        let answered = |node: NodeId| match node == cx.id {
            true => Index(latest),
            false => Index(progress[node.slot()].round),
        };
        let confirmed = held(cx, configuration, answered).0;
        let mut began = None;
        while let Some(&(round, at)) = reads.open.front()
            && round <= confirmed
        {
            began = Some((round, at));
            reads.open.pop_front();
        }
        let Some((round, from)) = began else { return };
        reads.confirmed = round;
        fx.explain(|| Reason::RoundConfirmed { round });
        if cx.config.reads == ReadMode::Lease && !reads.lease_given_up {
            let until = from + cx.config.lease();
            reads.lease = Some(Lease { from, until });
            fx.explain(|| Reason::LeaseExtended { round, until });
        }
        self.answer_reads(fx);
    }

    /// Answers the reads whose round is confirmed and whose index is applied.
    pub(super) fn answer_reads(&mut self, fx: &mut Fx) {
        let Self { machine, last_applied, role: Role::Leader { reads, .. }, .. } = self else {
            return;
        };
        while let Some(Waiting { command, read_index, round }) = reads.waiting.front()
            && *round <= reads.confirmed
            && read_index <= last_applied
        {
            let index = *read_index;
            fx.explain(|| Reason::ReadAnswered { index });
            let value = machine.get(command.op.key()).cloned();
            fx.answer(command.request, Answer::Value(value));
            reads.waiting.pop_front();
        }
    }

    /// Whether a leader may still be reading by its lease, as far as this server can tell: then it
    /// has promised to help nobody else to lead (§6.4.1). A server that has just started may have
    /// promised before it crashed.
    pub(super) fn keeps_promise(&self, cx: &Cx<'_>) -> bool {
        cx.config.reads == ReadMode::Lease
            && cx.clock.since(self.leader_heard) < cx.config.election_timeout_least
    }
}
