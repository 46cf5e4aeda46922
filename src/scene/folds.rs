//! What of a long run is kept more sparsely, and told.

use super::trace::STRETCH;
use crate::sim::Micros;
use crate::sim::timeline::Branch;
use crate::text::{Phrase, say};

/// What of a long run is kept more sparsely, so that memory stays bounded. Nothing is lost by it:
/// every moment can still be gone to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Folds {
    /// How many events are replayed on the way to a moment at most, if keyframes were given up.
    pub replayed: Option<u64>,
    /// Up to when some beats are forgotten.
    pub thinned: Option<Micros>,
    /// How many events the space–time diagram holds at a time, if there are more.
    pub traced: Option<u64>,
}

impl Folds {
    pub(super) fn of(branch: &Branch, longest_way: Option<u64>) -> Self {
        Self {
            replayed: longest_way,
            thinned: branch.beats.thinned(),
            traced: (branch.end.after > STRETCH).then_some(STRETCH),
        }
    }

    /// What is folded in either of two runs.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            replayed: self.replayed.max(other.replayed),
            thinned: self.thinned.max(other.thinned),
            traced: self.traced.max(other.traced),
        }
    }

    /// The same in sentences; none while nothing is folded.
    pub fn tell(&self) -> Vec<Phrase> {
        let replayed = self.replayed.map(say::folded::replayed);
        let thinned = self.thinned.map(|at| say::folded::thinned(at.0.div_ceil(1_000_000)));
        let traced = self.traced.map(say::folded::traced);
        [replayed, thinned, traced].into_iter().flatten().collect()
    }
}
