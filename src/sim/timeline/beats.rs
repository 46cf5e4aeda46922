//! What is worth a mark beside the slider, and a stop on the way along it.

use std::ops::Deref;

use super::tree::Moment;
use crate::sim::Micros;

/// The most beats that a branch keeps; of a run that has more, every second decision is forgotten.
pub const MAX_BEATS: usize = 1 << 16;

/// Something worth a mark beside the slider, and a stop on the way along it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beat {
    /// The moment just after it.
    pub moment: Moment,
    /// What it is.
    pub kind: BeatKind,
}

/// What a beat is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BeatKind {
    /// A person did something.
    Acted,
    /// A node was elected and leads; the number gives its leadership a colour.
    Led(u64),
    /// Something was decided for good.
    Decided,
    /// An invariant was broken.
    Breached,
}

/// The beats of a branch, in order; of a long one, not all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beats {
    kept: Vec<Beat>,
    thinned: Option<Micros>,
}

impl Deref for Beats {
    type Target = [Beat];

    fn deref(&self) -> &[Beat] {
        &self.kept
    }
}

impl Beats {
    /// Up to when some beats are forgotten; none while all are there.
    pub const fn thinned(&self) -> Option<Micros> {
        self.thinned
    }

    pub(super) fn push(&mut self, beat: Beat) {
        let Self { kept, thinned } = self;
        if kept.len() == MAX_BEATS {
            *thinned = kept.last().map(|last| last.moment.at);
            let mut odd = false;
            kept.retain(|beat| {
                odd ^= beat.kind == BeatKind::Decided;
                beat.kind != BeatKind::Decided || odd
            });
            // A run of so many other beats forgets its oldest.
            kept.drain(..kept.len().saturating_sub(MAX_BEATS / 2));
        }
        kept.push(beat);
    }

    /// Those up to a moment, for a branch that begins there.
    pub(super) fn up_to(&self, moment: Moment) -> Self {
        let count = self.partition_point(|beat| beat.moment <= moment);
        let thinned = self.thinned.map(|at| at.min(moment.at));
        Self { kept: self.kept[..count].to_vec(), thinned }
    }
}
