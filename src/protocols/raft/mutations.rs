//! Deliberate defects: each takes one rule away, so that people and searches can see what the rule
//! is for. All are off by default; each is a setting, so that it is part of a run like any other.

use super::membership::Configuration;
use super::quorum::Majority;
use super::{Cx, Fx, Index, Server};
use crate::protocols::settings::{self, Rule};
use crate::sim::{NodeId, NodeSet};

/// A rule that can be taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mutation {
    /// A candidate wins with more votes than refusals, not with a majority (against §5.2).
    PluralityWins,
    /// A server votes for every candidate of a term, not for one (against §5.2).
    VoteTwice,
    /// A restart forgets `votedFor` (against Figure 2, persistent state).
    ForgetVote,
    /// A restart forgets the log (against Figure 2, persistent state).
    ForgetLog,
    /// A server votes for candidates whose log is behind its own (against §5.4.1).
    NoLogCheck,
    /// A leader commits entries of earlier terms by counting replicas (against §5.4.2).
    CommitOlderTerm,
    /// Half of the servers, rounded down, are enough (against §5.2 and §5.3).
    HalfQuorum,
    /// A leader commits before any follower has the entry (against §5.3).
    CommitBeforeAck,
    /// A follower cuts its log at every AppendEntries, not only at a conflict (against §5.3).
    TruncateAlways,
    /// A server applies entries that are not committed (against §5.3).
    ApplyBeforeCommit,
    /// Any server answers a read from its own state machine, and calls that the latest value (against
    /// §8).
    UnconfirmedRead,
    /// A leader's lease lasts longer than the promise that it rests on (against dissertation §6.4.1).
    LongLease,
    /// The membership changes by several servers in one step (against §6; dissertation §4.1).
    TwoServerChange,
    /// A leader changes the membership before an entry of its own term is committed (against
    /// dissertation §4.1, as mended in 2015).
    EarlyChange,
}

impl Mutation {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::PluralityWins,
        Self::VoteTwice,
        Self::ForgetVote,
        Self::ForgetLog,
        Self::NoLogCheck,
        Self::CommitOlderTerm,
        Self::HalfQuorum,
        Self::CommitBeforeAck,
        Self::TruncateAlways,
        Self::ApplyBeforeCommit,
        Self::UnconfirmedRead,
        Self::LongLease,
        Self::TwoServerChange,
        Self::EarlyChange,
    ];
}

impl Rule for Mutation {
    fn place(self) -> u16 {
        self as u16
    }
}

/// Which rules are taken away.
pub type Mutations = settings::Mutations<Mutation>;

/// How many of these voters are enough: a majority, unless that rule is taken away.
pub(super) fn enough(cx: &Cx<'_>, majority: Majority) -> u8 {
    if cx.config.mutations.has(Mutation::HalfQuorum) {
        (majority.voters.len() / 2).max(1)
    } else {
        majority.quorum()
    }
}

/// Whether those who said yes are enough, in each half of the configuration.
pub(super) fn wins(
    cx: &Cx<'_>,
    configuration: Configuration,
    granted: NodeSet,
    refused: NodeSet,
) -> bool {
    configuration.voters.halves().all(|half| {
        let votes = granted.intersection(half.voters).len();
        let plurality = cx.config.mutations.has(Mutation::PluralityWins)
            && votes > 1
            && votes > refused.intersection(half.voters).len();
        plurality || votes >= enough(cx, half)
    })
}

/// The highest index that enough voters of each half are known to hold.
pub(super) fn held(
    cx: &Cx<'_>,
    configuration: Configuration,
    mut acked: impl FnMut(NodeId) -> Index,
) -> Index {
    let halves = configuration.voters.halves();
    let held = halves.map(|half| half.held_by(enough(cx, half), &mut acked));
    held.min().unwrap_or_default()
}

impl Server {
    /// Does to a log that has just grown what no correct server does.
    pub(super) fn rush(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        if self.is_leader() && cx.config.mutations.has(Mutation::CommitBeforeAck) {
            self.commit_index = self.log().last_index();
            self.apply_up_to(cx, self.commit_index, fx);
        }
        if cx.config.mutations.has(Mutation::ApplyBeforeCommit) {
            self.apply_up_to(cx, self.log().last_index(), fx);
        }
    }
}
