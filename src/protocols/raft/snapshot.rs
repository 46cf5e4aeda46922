//! Snapshots (§7): "the entire current system state is written to a snapshot on stable storage, then
//! the entire log up to that point is discarded".

use std::sync::Arc;

use super::membership::Configuration;
use super::order::Refusal;
use super::{Cx, Fx, Index, Log, Message, Outcome, Reason, Server, Term};
use crate::sim::NodeId;
use crate::sim::machine::KeyValue;

/// What stands in for the beginning of a log. Every server has one: at first, that of the empty log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Snapshot {
    /// The index of the last entry that it replaces; 0 at first.
    pub last_included_index: Index,
    /// The term of that entry.
    pub last_included_term: Term,
    /// The latest configuration up to that entry.
    pub configuration: Configuration,
    /// The state machine after that entry.
    pub machine: KeyValue,
    /// The digest of the log up to that entry.
    pub log_digest: u64,
}

impl Server {
    /// Takes a snapshot once enough entries were applied since the last one.
    pub(super) fn compact_if_due(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        let threshold = cx.config.snapshot_threshold;
        let applied = self.can_be_replaced().0.saturating_sub(self.log().last_included().0);
        if threshold > 0 && applied >= threshold {
            self.compact(fx);
        }
    }

    /// A person asks for a snapshot now.
    pub(super) fn compact_order(&mut self, fx: &mut Fx) {
        if self.can_be_replaced() <= self.log().last_included() {
            return fx.explain(|| Reason::OrderRefused(Refusal::NothingToCompact));
        }
        self.compact(fx);
    }

    /// How far a snapshot could reach. Where rules are taken away, a server may have applied what is
    /// not committed, or hold no more what it has applied.
    fn can_be_replaced(&self) -> Index {
        self.last_applied.min(self.commit_index).min(self.log().last_index())
    }

    /// "Each server takes snapshots independently, covering just the committed entries in its log"
    /// (§7).
    fn compact(&mut self, fx: &mut Fx) {
        let index = self.can_be_replaced();
        let log = &self.durable.log;
        let first = log.first_index();
        let snapshot = Snapshot {
            last_included_index: index,
            last_included_term: log.term_at(index).expect("applied entries are in the log"),
            configuration: self.configuration_at(index),
            machine: self.machine.clone(),
            log_digest: log.digest_at(index).expect("and so are their digests"),
        };
        self.durable.snapshot = Arc::new(snapshot);
        self.durable.log.compact(index);
        fx.explain(|| Reason::SnapshotTaken { from: first, to: index });
    }

    /// A leader brings its snapshot, because it has discarded the next entry that this server needs
    /// (Figure 13, InstallSnapshot, receiver). It comes in one piece.
    pub(super) fn install_snapshot(
        &mut self,
        cx: &Cx<'_>,
        leader: NodeId,
        term: Term,
        snapshot: &Arc<Snapshot>,
        fx: &mut Fx,
    ) {
        let Snapshot { last_included_index: index, last_included_term, .. } = **snapshot;
        // 1. "Reply immediately if term < currentTerm".
        if term < self.term() {
            fx.explain(|| Reason::StaleTerm { from: leader, theirs: term, ours: self.term() });
            let outcome = Outcome::Failure { prev_log_index: index, conflict: None };
            let term = self.term();
            return fx.send(leader, Message::AppendEntriesReply { term, round: 0, outcome });
        }
        if !self.follow(cx, leader, fx) {
            return;
        }
        if index <= self.commit_index {
            fx.explain(|| Reason::NothingNew { leader });
        } else {
            // 6. "If existing log entry has same index and term as snapshot's last included entry,
            // retain log entries following it"; 7. else "discard the entire log".
            if self.log().term_at(index) == Some(last_included_term) {
                self.durable.log.compact(index);
            } else {
                self.durable.log = Log::after(snapshot);
            }
            self.durable.snapshot = snapshot.clone();
            self.find_configuration(cx, fx);
            // 8. "Reset state machine using snapshot contents".
            self.machine = snapshot.machine.clone();
            self.commit_index = index;
            self.last_applied = index;
            fx.explain(|| Reason::SnapshotInstalled { leader, index });
        }
        // The paper's reply holds the term alone; on a network that repeats and reorders, it must
        // say which call it answers.
        let outcome = Outcome::Success { match_index: index };
        fx.send(leader, Message::AppendEntriesReply { term, round: 0, outcome });
    }
}
