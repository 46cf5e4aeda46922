//! What a run costs: counted as it happens, so that two runs can be compared.
//!
//! The counts are a part of the world: they go with it into keyframes and through every replay, so
//! at any moment they are those of the run up to there. They are no part of its digest.

use super::series::Series;
use super::{Micros, NodeId, NodeSet};

/// The counts of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many messages nodes have sent to each other. Copies that the network makes do not count.
    pub messages: u64,
    /// How many bytes they were, by [`Protocol::bytes`](super::Protocol::bytes).
    pub bytes: u64,
    /// How many operations of clients were answered.
    pub operations: u64,
    /// How long these took, from the first time that they were asked to the answer.
    pub latencies: Spread,
    /// All that was counted, over time.
    pub series: Series,
    /// How many entries of the log any node has known to be committed.
    committed: u64,
    /// The number with which each node led last, by id, as far as one did; 0 for none.
    led: Vec<u64>,
    /// The nodes that run and lead, also those that nobody follows any more.
    leaders: NodeSet,
    /// For how long there was no such node, up to `since`.
    leaderless: Micros,
    /// Since when there is one, or none.
    since: Micros,
}

impl Tally {
    /// A node sends a message.
    pub(super) fn sent(&mut self, kind: u8, bytes: u64, now: Micros) {
        self.messages += 1;
        self.bytes += bytes;
        self.series.at(now).sent(kind, bytes);
    }

    /// A client has its answer.
    pub(super) fn answered(&mut self, latency: Micros, now: Micros) {
        self.operations += 1;
        self.latencies.add(latency.0);
        self.series.at(now).latencies.add(latency.0);
    }

    /// A node knows so many entries to be committed.
    #[inline]
    pub(super) fn committed(&mut self, entries: u64, now: Micros) {
        if entries > self.committed {
            self.series.at(now).commits += entries - self.committed;
            self.committed = entries;
        }
    }

    /// A node runs and leads with a number, or does not.
    #[inline]
    pub(super) fn leads(&mut self, node: NodeId, number: Option<u64>, now: Micros) {
        let known = self.led.get(node.slot()).copied();
        if self.leaders.contains(node) != number.is_some() || (number.is_some() && number != known)
        {
            self.changes(node, number, now);
        }
    }

    fn changes(&mut self, node: NodeId, number: Option<u64>, now: Micros) {
        let before = self.leaderless(now);
        match number {
            Some(number) => {
                self.leaders.insert(node);
                self.led.resize(self.led.len().max(node.slot() + 1), 0);
                // Whoever goes on after a pause was not elected again.
                let last = std::mem::replace(&mut self.led[node.slot()], number);
                self.series.at(now).elections += u64::from(last != number);
            }
            None => self.leaders.remove(node),
        }
        (self.leaderless, self.since) = (before, now);
    }

    /// The nodes that run and lead.
    pub fn leaders(&self) -> NodeSet {
        self.leaders
    }

    /// For how long no node that runs has led, up to a moment.
    pub fn leaderless(&self, now: Micros) -> Micros {
        match self.leaders.is_empty() {
            true => self.leaderless + now.since(self.since),
            false => self.leaderless,
        }
    }

    /// About how many bytes a copy of it takes, beside its own size.
    pub(super) fn weight(&self) -> usize {
        self.latencies.weight() + self.series.weight() + self.led.len() * size_of::<u64>()
    }
}

/// How many parts each octave of [`Spread`] has.
const PARTS: u32 = 32;

/// How often each value came, to one part in 64: values that share their six leading bits are
/// counted together, so that a run of any length needs a few kilobytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    counts: Vec<u32>,
}

impl Spread {
    pub(super) fn add(&mut self, value: u64) {
        let shift = (u64::BITS - value.leading_zeros()).saturating_sub(PARTS.ilog2() + 1);
        let place = (shift * PARTS) as usize + (value >> shift) as usize;
        if self.counts.len() <= place {
            self.counts.resize(place + 1, 0);
        }
        self.counts[place] = self.counts[place].saturating_add(1);
    }

    /// Adds all values of another one.
    pub(super) fn join(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (sum, &count) in self.counts.iter_mut().zip(&other.counts) {
            *sum = sum.saturating_add(count);
        }
    }

    fn weight(&self) -> usize {
        self.counts.len() * size_of::<u32>()
    }

    /// How many values there are.
    pub fn count(&self) -> u64 {
        self.counts.iter().copied().map(u64::from).sum()
    }

    /// The least value that so many of a hundred do not exceed; none when there are no values.
    pub fn percentile(&self, percent: u8) -> Option<u64> {
        let wanted = (self.count() * u64::from(percent)).div_ceil(100).max(1);
        let mut seen = 0;
        let place = self.counts.iter().position(|&count| {
            seen += u64::from(count);
            seen >= wanted
        });
        Some(middle(place? as u64))
    }
}

/// The middle of the values that are counted at a place.
fn middle(place: u64) -> u64 {
    let parts = u64::from(PARTS);
    let shift = (place / parts).saturating_sub(1);
    let least = (place - shift * parts) << shift;
    least + (1 << shift) / 2
}

#[cfg(test)]
mod tests {
    use super::{Spread, Tally};
    use crate::sim::{Micros, NodeId};

    #[test]
    fn a_percentile_is_off_by_one_part_in_64_at_most() {
        for value in
            (0..62).flat_map(|bit| [1_u64 << bit, (1 << bit) + (1 << bit) / 3, 77 << bit >> 7])
        {
            let mut spread = Spread::default();
            spread.add(value);
            let found = spread.percentile(50).unwrap();
            assert!(found.abs_diff(value) <= value / 64, "{value} is said to be {found}");
        }
    }

    #[test]
    fn the_median_is_the_middle_and_the_95th_percentile_leaves_a_twentieth_above() {
        let mut spread = Spread::default();
        (1..=60).for_each(|value| spread.add(value));
        assert_eq!(spread.percentile(50), Some(30));
        assert_eq!(spread.percentile(95), Some(57));
        assert_eq!(spread.percentile(100), Some(60));
        assert_eq!(Spread::default().percentile(50), None);
    }

    #[test]
    fn time_without_a_leader_ends_with_the_first_and_begins_after_the_last() {
        let at = Micros::from_millis;
        let mut tally = Tally::default();
        assert_eq!(tally.leaderless(at(5)), at(5));
        tally.leads(NodeId(0), Some(1), at(10));
        tally.leads(NodeId(1), Some(2), at(20));
        tally.leads(NodeId(0), None, at(30));
        assert_eq!(tally.leaderless(at(40)), at(10));
        tally.leads(NodeId(1), None, at(50));
        assert_eq!(tally.leaderless(at(57)), at(17));
    }
}
