//! Deliberate defects: each takes one rule away, so that people and searches can see what the rule
//! is for. All are off by default; each is a setting, so that it is part of a run like any other.

use super::config::Config;
use super::membership::Configuration;
use super::quorum::Majority;
use super::{Cx, Fx, Index, Server};
use crate::sim::protocol::{Setting, SettingKind};
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

/// Which rules are taken away; none by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Mutations(u16);

impl Mutations {
    /// Whether a rule is taken away.
    #[inline]
    pub const fn has(self, mutation: Mutation) -> bool {
        self.0 >> mutation as u16 & 1 == 1
    }

    /// Takes a rule away, or gives it back.
    pub const fn set(&mut self, mutation: Mutation, on: bool) {
        let bit = 1 << mutation as u16;
        self.0 = if on { self.0 | bit } else { self.0 & !bit };
    }
}

/// The setting of a mutation.
macro_rules! setting {
    ($id:literal, $mutation:ident) => {
        Setting {
            id: $id,
            kind: SettingKind::Defect,
            get: |config: &Config| config.mutations.has(Mutation::$mutation).into(),
            set: |config: &mut Config, value| config.mutations.set(Mutation::$mutation, value != 0),
        }
    };
}

pub(super) const PLURALITY_WINS: Setting<Config> = setting!("plurality_wins", PluralityWins);
pub(super) const VOTE_TWICE: Setting<Config> = setting!("vote_twice", VoteTwice);
pub(super) const FORGET_VOTE: Setting<Config> = setting!("forget_vote", ForgetVote);
pub(super) const FORGET_LOG: Setting<Config> = setting!("forget_log", ForgetLog);
pub(super) const NO_LOG_CHECK: Setting<Config> = setting!("no_log_check", NoLogCheck);
pub(super) const COMMIT_OLDER_TERM: Setting<Config> =
    setting!("commit_older_term", CommitOlderTerm);
pub(super) const HALF_QUORUM: Setting<Config> = setting!("half_quorum", HalfQuorum);
pub(super) const COMMIT_BEFORE_ACK: Setting<Config> =
    setting!("commit_before_ack", CommitBeforeAck);
pub(super) const TRUNCATE_ALWAYS: Setting<Config> = setting!("truncate_always", TruncateAlways);
pub(super) const APPLY_BEFORE_COMMIT: Setting<Config> =
    setting!("apply_before_commit", ApplyBeforeCommit);
pub(super) const UNCONFIRMED_READ: Setting<Config> = setting!("unconfirmed_read", UnconfirmedRead);
pub(super) const LONG_LEASE: Setting<Config> = setting!("long_lease", LongLease);
pub(super) const TWO_SERVER_CHANGE: Setting<Config> =
    setting!("two_server_change", TwoServerChange);
pub(super) const EARLY_CHANGE: Setting<Config> = setting!("early_change", EarlyChange);

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
