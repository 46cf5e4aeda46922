//! What a run costs over time: the same counts as those of the whole run, stretch by stretch.
//!
//! All stretches are of one width. When a run would have more than [`MAX_STRETCHES`], two become
//! one, so that a run of any length has a course that can be drawn, and needs some hundred
//! kilobytes at most. Stretches that are over never change: copies of a world share them.

use std::sync::Arc;

use super::Micros;
use super::tally::Spread;

/// The most stretches.
pub const MAX_STRETCHES: usize = 240;
/// The width of a stretch in a short run.
const FIRST_WIDTH: Micros = Micros::from_millis(10);

/// What happened in a stretch of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// What nodes have sent to each other, by the number of the message's kind, as far as there is
    /// something.
    pub sent: Vec<Sent>,
    /// How many entries were committed, or values chosen, as far as any node knows.
    pub commits: u64,
    /// How often a node began to lead.
    pub elections: u64,
    /// How long operations of clients took that were answered in it, in microseconds.
    pub latencies: Spread,
}

/// How much was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// How many messages.
    pub messages: u64,
    /// How many bytes they were.
    pub bytes: u64,
}

impl Stretch {
    pub(super) fn sent(&mut self, kind: u8, bytes: u64) {
        let kind = usize::from(kind);
        if self.sent.len() <= kind {
            self.sent.resize(kind + 1, Sent::default());
        }
        self.sent[kind].messages += 1;
        self.sent[kind].bytes += bytes;
    }

    /// What was sent of a kind of message.
    pub fn of(&self, kind: usize) -> Sent {
        self.sent.get(kind).copied().unwrap_or_default()
    }

    /// Adds what happened in another stretch.
    pub fn add(&mut self, other: &Self) {
        if self.sent.len() < other.sent.len() {
            self.sent.resize(other.sent.len(), Sent::default());
        }
        for (sum, sent) in self.sent.iter_mut().zip(&other.sent) {
            sum.messages += sent.messages;
            sum.bytes += sent.bytes;
        }
        self.commits += other.commits;
        self.elections += other.elections;
        self.latencies.join(&other.latencies);
    }
}

/// The stretches of a run up to a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    width: Micros,
    over: Vec<Arc<Stretch>>,
    /// The last one that something happened in.
    open: Stretch,
    /// Where that one ends.
    end: Micros,
}

impl Default for Series {
    fn default() -> Self {
        let (over, open) = (Vec::new(), Stretch::default());
        Self { width: FIRST_WIDTH, over, open, end: FIRST_WIDTH }
    }
}

impl Series {
    /// The stretch of a moment that no other moment came after.
    #[inline]
    pub(super) fn at(&mut self, now: Micros) -> &mut Stretch {
        if now >= self.end {
            self.turn(now);
        }
        &mut self.open
    }

    /// Goes on to the stretch of a moment.
    #[cold]
    fn turn(&mut self, now: Micros) {
        self.over.push(Arc::new(std::mem::take(&mut self.open)));
        while now.0 / self.width.0 >= MAX_STRETCHES as u64 {
            self.width = self.width + self.width;
            self.over = self.over.chunks(2).map(join).collect();
        }
        let place = (now.0 / self.width.0) as usize;
        if self.over.len() > place {
            self.open = Arc::unwrap_or_clone(self.over.pop().expect("one was just pushed"));
        }
        self.over.resize(place, Arc::default());
        self.end = Micros((place as u64 + 1) * self.width.0);
    }

    /// How long each stretch is.
    pub fn width(&self) -> Micros {
        self.width
    }

    /// The stretches from the beginning of the run on, up to the last one in which something
    /// happened.
    pub fn stretches(&self) -> impl Iterator<Item = &Stretch> {
        self.over.iter().map(|stretch| &**stretch).chain([&self.open])
    }

    /// About how many bytes a copy of it takes, without what copies share.
    pub(super) fn weight(&self) -> usize {
        self.over.len() * size_of::<Arc<Stretch>>() + self.open.sent.len() * size_of::<Sent>()
    }
}

/// What happened in one or two stretches.
fn join(pair: &[Arc<Stretch>]) -> Arc<Stretch> {
    let [first, second] = pair else { return pair[0].clone() };
    let mut both = Stretch::clone(first);
    both.add(second);
    Arc::new(both)
}
