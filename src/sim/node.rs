//! A seat in the cluster: up, paused or crashed; its timers, the pace of its clock.

use std::hash::Hash;

use super::Micros;
use super::digest::Digest;
use super::protocol::MAX_TIMERS;
use super::queue::{Due, Plan, Ticket};

/// The pace of a clock that is neither fast nor slow, in parts per million.
pub const TRUE_CLOCK_PPM: u32 = 1_000_000;

/// What a node is doing, seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// It runs.
    Up,
    /// It stands still, as in a long garbage collection: nothing is lost, all of it is late.
    Paused,
    /// It is down; only its disk is left.
    Crashed,
}

/// A timer that will go off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Running {
    /// When it was set.
    pub set: Micros,
    pub(super) ticket: Ticket,
}

impl Running {
    /// When it goes off.
    pub fn due(&self) -> Micros {
        self.ticket.at
    }
}

/// A timer.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Timer {
    /// When it was set last.
    pub set: Micros,
    pub plan: Plan,
}

impl Timer {
    pub fn running(&self) -> Option<Running> {
        self.plan.ticket.map(|ticket| Running { set: self.set, ticket })
    }
}

/// One node's seat.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub status: Status,
    pub(super) timers: [Timer; MAX_TIMERS],
    /// What came due while the node was paused, in order.
    pub(super) backlog: Vec<Due>,
    /// The pace of its clock.
    pub clock_ppm: u32,
    /// Its clock showed `clock_base` at `clock_since`.
    pub clock_base: Micros,
    pub clock_since: Micros,
}

impl Node {
    pub fn new() -> Self {
        Self {
            status: Status::Up,
            timers: [Timer::default(); MAX_TIMERS],
            backlog: Vec::new(),
            clock_ppm: TRUE_CLOCK_PPM,
            clock_base: Micros(0),
            clock_since: Micros(0),
        }
    }

    /// The timers that run, with their numbers.
    pub fn timers(&self) -> impl Iterator<Item = (usize, Running)> {
        let timers = self.timers.iter().enumerate();
        timers.filter_map(|(number, timer)| Some((number, timer.running()?)))
    }

    /// What its clock shows.
    pub fn clock(&self, now: Micros) -> Micros {
        if self.clock_ppm == TRUE_CLOCK_PPM {
            return self.clock_base + now.since(self.clock_since);
        }
        let passed = now.since(self.clock_since);
        self.clock_base + scale(passed, self.clock_ppm, TRUE_CLOCK_PPM)
    }

    /// How long the world waits while this node's clock counts off `span`.
    pub fn to_world(&self, span: Micros) -> Micros {
        if self.clock_ppm == TRUE_CLOCK_PPM {
            return span;
        }
        scale(span, TRUE_CLOCK_PPM, self.clock_ppm)
    }

    /// Changes the pace of its clock, from now on; timers that run keep their moment.
    pub fn set_clock(&mut self, now: Micros, ppm: u32) {
        self.clock_base = self.clock(now);
        self.clock_since = now;
        self.clock_ppm = ppm;
    }

    /// What of a node's digest comes after its disk.
    pub fn hash_rest(&self, now: Micros, into: &mut Digest) {
        (self.clock_ppm, self.clock(now), self.backlog.len()).hash(into);
        self.timers.map(|timer| timer.running()).hash(into);
    }
}

/// `span * by / over`, rounded down; what is multiplied is the whole and the rest apart, so that it fits.
fn scale(span: Micros, by: u32, over: u32) -> Micros {
    let (by, over) = (u64::from(by), u64::from(over));
    Micros((span.0 / over).wrapping_mul(by).wrapping_add(span.0 % over * by / over))
}
