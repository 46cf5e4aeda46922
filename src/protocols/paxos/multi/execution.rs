//! Execution, in the order of the slots and without gaps, and what takes the place of the prefix
//! that was executed.

use std::sync::Arc;

use super::log::{Snapshot, Value};
use super::{Cx, Fx, Reason, Replica, Role};
use crate::sim::digest::Digest;

impl Replica {
    /// Executes all that is known to be chosen, up to the first slot that is not. The leader answers
    /// the clients.
    pub(super) fn execute(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        let first = self.first_unchosen;
        while let Some(cell) = self.durable.log.get(self.first_unchosen).filter(|cell| cell.chosen)
        {
            self.history = Digest::of(&(self.history, &*cell.value));
            self.first_unchosen = self.first_unchosen.next();
            let leads = match &mut self.role {
                Role::Leader { acks, .. } => acks.pop_front().is_some(),
                Role::Follower { .. } | Role::Candidate { .. } => false,
            };
            let Value::Command(command) = &*cell.value else { continue };
            let answer = self.machine.apply(command, cx.config.client_sessions);
            if leads {
                fx.answer(command.request, answer);
            }
        }
        if let Role::Leader { next, .. } = &mut self.role {
            *next = self.first_unchosen.max(*next);
        }
        if first < self.first_unchosen {
            fx.explain(|| Reason::Executed { first, last: self.executed() });
        }
    }

    /// Takes a snapshot once enough was executed since the last one. That can wait for the next
    /// event, and so what an event decided can be seen after it.
    pub(super) fn compact_if_due(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        let since = self.executed().0 - self.durable.log.base().0;
        if (1..=since).contains(&cx.config.snapshot_threshold) {
            self.compact(fx);
        }
    }

    /// Replaces the executed prefix of the log by a snapshot of the state machine.
    pub(super) fn compact(&mut self, fx: &mut Fx) {
        let last = self.executed();
        if last <= self.durable.log.base() {
            return fx.explain(|| Reason::NothingToCompact);
        }
        let (history, machine) = (self.history, self.machine.clone());
        self.durable.snapshot = Arc::new(Snapshot { last, history, machine });
        self.durable.log.compact(last);
        fx.explain(|| Reason::Compacted { last });
    }

    /// Takes over a snapshot that goes beyond what it has executed.
    pub(super) fn install(&mut self, snapshot: &Arc<Snapshot>, fx: &mut Fx) {
        let last = snapshot.last;
        if last <= self.executed() {
            return;
        }
        if let Role::Leader { acks, .. } = &mut self.role {
            let passed = last.next().0 - self.first_unchosen.0;
            acks.drain(..(passed as usize).min(acks.len()));
        }
        self.durable.log.compact(last);
        self.durable.snapshot = snapshot.clone();
        self.machine = snapshot.machine.clone();
        self.history = snapshot.history;
        self.first_unchosen = last.next();
        fx.explain(|| Reason::Installed { last });
    }
}
