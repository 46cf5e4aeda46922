//! The log: one instance of the algorithm in each slot, and a snapshot of those that are done with.

use std::fmt;
use std::sync::Arc;

use crate::protocols::paxos::ballot::Ballot;
use crate::sim::Command;
use crate::sim::machine::KeyValue;

/// The number of an instance; the first is 1, and 0 is the place before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u64);

impl Slot {
    /// The place after this one.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The place before this one; 0 stays 0.
    pub const fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// The slots from this one up to one that is not included.
    pub fn until(self, end: Self) -> impl Iterator<Item = Self> {
        (self.0..end.0).map(Self)
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What an instance decides on. It never changes, so all replicas and messages share it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// "A special 'no-op' command that leaves the state unchanged" (§3), to fill a gap.
    Noop,
    /// A client's command.
    Command(Command),
}

impl Value {
    /// How many bytes it takes: [`Protocol::bytes`](crate::sim::Protocol::bytes).
    pub fn bytes(&self) -> u64 {
        let kind = 1;
        match self {
            Self::Noop => kind,
            Self::Command(command) => kind + command.bytes(),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Noop => f.write_str("noop"),
            Self::Command(command) => command.op.fmt(f),
        }
    }
}

/// What an acceptor knows of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cell {
    /// The number of the proposal that it has accepted; [`Ballot::NONE`] when it accepted none and
    /// was told what is chosen.
    pub ballot: Ballot,
    /// The value accepted, or chosen.
    pub value: Arc<Value>,
    /// Whether it knows that this value is chosen.
    pub chosen: bool,
}

/// The state machine after some slot, in place of all slots up to there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Snapshot {
    /// The last slot that it replaces.
    pub last: Slot,
    /// A digest of all values up to there.
    pub history: u64,
    /// The state machine.
    pub machine: KeyValue,
}

/// The cells after the snapshot. There may be gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Log {
    /// The last slot that a snapshot replaces.
    base: Slot,
    cells: Vec<Option<Cell>>,
}

impl Log {
    /// The last slot that a snapshot replaces; 0 when none does.
    pub fn base(&self) -> Slot {
        self.base
    }

    /// The last slot in use, or replaced.
    pub fn last(&self) -> Slot {
        Slot(self.base.0 + self.cells.len() as u64)
    }

    /// What is known of a slot.
    pub fn get(&self, slot: Slot) -> Option<&Cell> {
        let place = slot.0.checked_sub(self.base.0 + 1)?;
        self.cells.get(place as usize)?.as_ref()
    }

    /// Everything that is known of slots from `first` on.
    pub fn from(&self, first: Slot) -> impl Iterator<Item = (Slot, &Cell)> {
        let skipped = first.0.saturating_sub(self.base.0 + 1);
        let cells = self.cells.iter().zip(self.base.0 + 1..).skip(skipped as usize);
        cells.filter_map(|(cell, slot)| Some((Slot(slot), cell.as_ref()?)))
    }

    /// Sets a cell; a slot that a snapshot replaced is left alone.
    pub(super) fn set(&mut self, slot: Slot, cell: Cell) {
        let Some(place) = slot.0.checked_sub(self.base.0 + 1) else { return };
        let place = place as usize;
        if self.cells.len() <= place {
            self.cells.resize(place + 1, None);
        }
        self.cells[place] = Some(cell);
    }

    /// Marks a value as known to be chosen.
    pub(super) fn mark_chosen(&mut self, slot: Slot) {
        let place = slot.0 - self.base.0 - 1;
        let cell = self.cells[place as usize].as_mut();
        cell.expect("only what is there is marked").chosen = true;
    }

    /// Forgets all cells up to a slot, because a snapshot replaces them.
    pub(super) fn compact(&mut self, upto: Slot) {
        let count = upto.0.saturating_sub(self.base.0).min(self.cells.len() as u64);
        self.cells.drain(..count as usize);
        self.base = self.base.max(upto);
    }
}
