//! A run in a few pictures, for paper.

use super::Lab;
use crate::sim::Text;
use crate::sim::timeline::{Beat, BeatKind, Mark, Moment};

/// The most moments of a run in which the reader has marked none.
pub const MOST_MOMENTS: usize = 6;

/// The moments that tell a run, in order: those that its reader has marked, or else up to six beats,
/// evenly spread, breaches before actions, those before elections, and decisions last; or else this
/// moment.
pub fn storyboard(lab: &dyn Lab) -> Vec<Mark> {
    let marks = lab.tree().marks();
    if !marks.is_empty() {
        return marks.into_iter().cloned().collect();
    }
    let mut moments: Vec<Moment> = Vec::new();
    for rank in 0..4 {
        let beats = lab.tree().current().beats.iter().filter(|beat| self::rank(beat) == rank);
        let mut fresh: Vec<Moment> = beats.map(|beat| beat.moment).collect();
        fresh.retain(|moment| !moments.contains(moment));
        let room = (MOST_MOMENTS - moments.len()).min(fresh.len());
        for number in 0..room {
            let spread = number * (fresh.len() - 1) / (room - 1).max(1);
            let place = moments.partition_point(|&moment| moment < fresh[spread]);
            moments.insert(place, fresh[spread]);
        }
    }
    if moments.is_empty() {
        moments.push(lab.moment());
    }
    moments.into_iter().map(|moment| Mark { moment, text: Text::default() }).collect()
}

/// How soon a beat is chosen.
const fn rank(beat: &Beat) -> u8 {
    match beat.kind {
        BeatKind::Breached => 0,
        BeatKind::Acted => 1,
        BeatKind::Led(_) => 2,
        BeatKind::Decided => 3,
    }
}
