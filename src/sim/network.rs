//! The network: how long a message takes, whether it arrives, and which links are cut.

use super::json::json_struct;
use super::rng::Rng;
use super::world::Loss;
use super::{Micros, NodeId, NodeSet, SortedMap};

/// How good a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quality {
    /// The shortest time from sending to arrival; nothing takes less than a microsecond.
    pub latency: Micros,
    /// How much longer it may take; the world picks evenly.
    pub jitter: Micros,
    /// The chance that a message is lost, in parts per million.
    pub loss_ppm: u32,
    /// The chance that a message arrives twice, in parts per million.
    pub duplicate_ppm: u32,
    /// Whether messages arrive in the order in which they were sent.
    pub fifo: bool,
}

json_struct!(Quality { latency, jitter, loss_ppm, duplicate_ppm, fifo });

impl Default for Quality {
    /// A good local network, slow enough to watch: 10 to 20 ms one way, nothing lost.
    fn default() -> Self {
        Self {
            latency: Micros::from_millis(10),
            jitter: Micros::from_millis(10),
            loss_ppm: 0,
            duplicate_ppm: 0,
            fifo: false,
        }
    }
}

impl Quality {
    /// The longest latency and the longest jitter.
    pub const MAX_TIME: Micros = Micros::from_secs(10);
}

/// All links between nodes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    quality: Quality,
    /// Links that differ from the rest.
    links: SortedMap<(NodeId, NodeId), Quality>,
    /// For each sender, whom it cannot reach.
    cut: Vec<NodeSet>,
    /// For each link that keeps order, when its last message arrives.
    last_arrival: SortedMap<(NodeId, NodeId), Micros>,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Passage {
    /// When its fate is settled: when it arrives, or when it is lost on the way.
    pub due: Micros,
    /// When it arrives, or would arrive.
    pub arrival: Micros,
    /// Why it is lost on the way, if it is.
    pub doom: Option<Loss>,
}

impl Passage {
    /// A message that is lost is lost half way, so that it can be seen to go.
    fn new(now: Micros, arrival: Micros, doom: Option<Loss>) -> Self {
        let due = match doom {
            None => arrival,
            Some(_) => Micros(now.0 + (arrival.0 - now.0) / 2),
        };
        Self { due, arrival, doom }
    }
}

impl Quality {
    /// Draws the moment of arrival of a message that is sent now. Even on the fastest link that is
    /// not this moment, or a run could go on for ever without any time passing.
    fn arrival(&self, now: Micros, rng: &mut Rng) -> Micros {
        let span = rng.time(self.latency, self.latency + self.jitter);
        now + span.max(Micros(1))
    }

    /// Draws whether the link loses a message.
    fn loses(&self, rng: &mut Rng) -> Option<Loss> {
        rng.chance(self.loss_ppm).then_some(Loss::Chance)
    }
}

impl Network {
    pub(super) fn new(nodes: u8, quality: Quality) -> Self {
        Self {
            quality,
            links: SortedMap::default(),
            cut: vec![NodeSet::EMPTY; nodes.into()],
            last_arrival: SortedMap::default(),
        }
    }

    /// The quality of all links that have none of their own.
    pub fn quality(&self) -> Quality {
        self.quality
    }

    /// The quality of one link, in one direction.
    pub fn link(&self, from: NodeId, to: NodeId) -> Quality {
        if self.links.is_empty() {
            return self.quality;
        }
        self.links.get(&(from, to)).copied().unwrap_or(self.quality)
    }

    /// Of each node, by its id, those that nothing reaches which it sends.
    pub fn cuts(&self) -> &[NodeSet] {
        &self.cut
    }

    /// Whether messages in this direction are stopped.
    pub fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        self.cut[from.slot()].contains(to)
    }

    pub(super) fn set_quality(&mut self, quality: Quality) {
        self.quality = quality;
        self.links.clear();
    }

    pub(super) fn set_link(&mut self, from: NodeId, to: NodeId, quality: Quality) {
        self.links.insert((from, to), quality);
    }

    pub(super) fn cut(&mut self, from: NodeId, to: NodeId) {
        self.cut[from.slot()].insert(to);
    }

    pub(super) fn mend(&mut self, from: NodeId, to: NodeId) {
        self.cut[from.slot()].remove(to);
    }

    pub(super) fn mend_all(&mut self) {
        self.cut.fill(NodeSet::EMPTY);
    }

    /// Sends a message into a link.
    pub(super) fn passage(
        &mut self,
        from: NodeId,
        to: NodeId,
        now: Micros,
        rng: &mut Rng,
    ) -> Passage {
        let quality = self.link(from, to);
        let mut arrival = quality.arrival(now, rng);
        if quality.fifo {
            let last = self.last_arrival.get_or_insert((from, to), arrival);
            arrival = arrival.max(*last);
            *last = arrival;
        }
        let loss = quality.loses(rng);
        let doom = if self.is_cut(from, to) { Some(Loss::Cut) } else { loss };
        Passage::new(now, arrival, doom)
    }

    /// Sends a message between a client and a node: the common quality, no cuts.
    pub(super) fn client_passage(&self, now: Micros, rng: &mut Rng) -> Passage {
        let arrival = self.quality.arrival(now, rng);
        Passage::new(now, arrival, self.quality.loses(rng))
    }

    /// Whether a message sent now is duplicated by the network.
    pub(super) fn duplicates(&self, from: NodeId, to: NodeId, rng: &mut Rng) -> bool {
        rng.chance(self.link(from, to).duplicate_ppm)
    }
}
