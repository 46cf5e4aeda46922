//! The replicated log.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::sim::Command;
use crate::sim::digest::Digest;

/// A term: "time is divided into terms, and each term begins with an election" (§5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term(pub u64);

impl Term {
    /// The term after this one.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A place in the log; the first entry has index 1, and 0 is the place before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Index(pub u64);

impl Index {
    /// The place after this one.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The place before this one; 0 stays 0.
    pub const fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What an entry is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Payload {
    /// Nothing: the first entry of a leader's term, when it adds one (§8).
    Noop,
    /// A client's command.
    Command(Command),
}

/// An entry of the log. It never changes, so all servers, messages and copies of a world share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The term of the leader that made it.
    pub term: Term,
    /// What it is for.
    pub payload: Payload,
    /// Its digest, computed once for all logs that hold it.
    digest: u64,
}

impl Entry {
    /// An entry of a leader's term.
    pub fn new(term: Term, payload: Payload) -> Self {
        let digest = Digest::of(&(term, &payload));
        Self { term, payload, digest }
    }
}

impl Hash for Entry {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.digest.hash(state);
    }
}

/// Entries on their way.
pub type Entries = Arc<[Arc<Entry>]>;

/// A log. Beside each entry it keeps a digest of the whole log up to there, so that two logs can be
/// compared up to any index, and a log be hashed, in one step.
#[derive(Clone, Debug, Default)]
pub struct Log {
    entries: Vec<Arc<Entry>>,
    digests: Vec<u64>,
}

impl PartialEq for Log {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl Eq for Log {}

impl Hash for Log {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.last_index(), self.digest_at(self.last_index())).hash(state);
    }
}

impl Log {
    /// The index of the last entry; 0 when there is none.
    pub fn last_index(&self) -> Index {
        Index(self.entries.len() as u64)
    }

    /// The term of the last entry; 0 when there is none.
    pub fn last_term(&self) -> Term {
        self.entries.last().map_or(Term(0), |entry| entry.term)
    }

    /// The term at an index; term 0 before the first entry, none after the last.
    pub fn term_at(&self, index: Index) -> Option<Term> {
        if index == Index(0) { Some(Term(0)) } else { self.get(index).map(|entry| entry.term) }
    }

    /// The entry at an index, from 1.
    pub fn get(&self, index: Index) -> Option<&Entry> {
        self.entries.get((index.0 as usize).checked_sub(1)?).map(Arc::as_ref)
    }

    /// All entries, in order.
    pub fn entries(&self) -> &[Arc<Entry>] {
        &self.entries
    }

    /// At most `most` entries from an index on.
    pub fn slice(&self, from: Index, most: u64) -> Entries {
        let rest = &self.entries[(from.0 as usize).saturating_sub(1).min(self.entries.len())..];
        if rest.is_empty() {
            Entries::default()
        } else {
            rest[..rest.len().min(most as usize)].into()
        }
    }

    /// The first index whose entry has the term of the entry at `index`.
    pub fn first_of_term(&self, index: Index) -> Index {
        let term = self.term_at(index);
        let mut first = index;
        while first > Index(1) && self.term_at(first.previous()) == term {
            first = first.previous();
        }
        first
    }

    /// The last index, not after `before`, whose entry is of this term.
    pub fn last_of_term(&self, term: Term, before: Index) -> Option<Index> {
        let upto = (before.0 as usize).min(self.entries.len());
        // Terms only grow along a log, so those of a later term can be cut off by halving.
        let after = self.entries[..upto].partition_point(|entry| entry.term <= term);
        let last = Index(after as u64);
        (after > 0 && self.term_at(last) == Some(term)).then_some(last)
    }

    /// A digest of the entries up to an index; 0 for the empty log.
    ///
    /// # Panics
    /// When the index is after the last entry.
    pub fn digest_at(&self, index: Index) -> u64 {
        if index == Index(0) { 0 } else { self.digests[index.0 as usize - 1] }
    }

    /// Adds an entry at the end.
    pub fn push(&mut self, entry: impl Into<Arc<Entry>>) {
        let entry = entry.into();
        let before = self.digest_at(self.last_index());
        self.digests.push(Digest::of(&(before, entry.digest)));
        self.entries.push(entry);
    }

    /// Takes away the entry at an index and all that follow it.
    pub fn truncate_from(&mut self, index: Index) {
        self.entries.truncate(index.0 as usize - 1);
        self.digests.truncate(index.0 as usize - 1);
    }
}
