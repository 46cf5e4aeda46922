//! The numbers of proposals.

use std::fmt;

use super::mutations::{Mutation, Mutations};
use crate::scene::Epoch;
use crate::sim::NodeId;
use crate::text::Argument;

/// The number of a proposal: "different proposers choose their numbers from disjoint sets of
/// numbers" (§2.5), because each puts its own name in. Ordered as pairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ballot {
    /// Counts the attempts, from 1; 0 is below every number that is ever used.
    pub round: u64,
    /// Whose it is.
    pub proposer: NodeId,
}

impl Ballot {
    /// Below every number that is ever used: nothing was promised yet.
    pub const NONE: Self = Self { round: 0, proposer: NodeId(0) };

    /// How many bytes it takes in a message.
    pub(super) const BYTES: u64 = 8 + 1;

    /// A number of its own with the colour that it has on the stage.
    pub(super) fn tint(self) -> u64 {
        self.round + 2 * u64::from(self.proposer.0)
    }

    /// The number of a proposer's next attempt: above `seen`, and above all that it used before,
    /// the last of which had the round `used`.
    pub(super) fn next(me: NodeId, used: u64, seen: Self, mutations: Mutations) -> Self {
        if mutations.has(Mutation::IdFirst) {
            let own = (u64::from(me.0) + 1) * ID_FIRST;
            return Self { round: used.max(own) + 1, proposer: me };
        }
        let proposer = if mutations.has(Mutation::SameNumber) { NodeId(0) } else { me };
        Self { round: used.max(seen.round) + 1, proposer }
    }
}

/// With the proposer's name before the count, a proposer has this many numbers to itself.
const ID_FIRST: u64 = 1_000;

/// `3.2` is the third of S2; `0` is none.
impl fmt::Display for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Epoch::from(*self).fmt(f)
    }
}

impl From<Ballot> for Epoch {
    fn from(ballot: Ballot) -> Self {
        Self { number: ballot.round, node: Some(ballot.proposer) }
    }
}

impl From<Ballot> for Argument {
    fn from(ballot: Ballot) -> Self {
        Epoch::from(ballot).into()
    }
}
