//! The replicated log.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::membership::Configuration;
use super::snapshot::Snapshot;
use crate::sim::digest::Digest;
use crate::sim::{Command, Trail};

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
    /// Who belongs to the cluster from here on (§6).
    Configuration(Configuration),
}

impl Payload {
    /// How many bytes it takes: [`Protocol::bytes`](crate::sim::Protocol::bytes). Of a configuration,
    /// a name and its places for each member.
    pub fn bytes(&self) -> u64 {
        let kind = 1;
        match self {
            Self::Noop => kind,
            Self::Command(command) => kind + command.bytes(),
            Self::Configuration(configuration) => {
                kind + 2 * u64::from(configuration.members().len())
            }
        }
    }
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

/// A log. Its beginning may have been replaced by a snapshot: then the entries up to
/// [`Log::last_included`] are gone, and only the index and term of the last of them are known. Beside
/// each entry it keeps a digest of the whole log up to there, so that two logs can be compared up to
/// any index, and a log be hashed, in one step.
#[derive(Clone, Debug, Default)]
pub struct Log {
    start: Start,
    entries: Trail<Arc<Entry>>,
    /// Where the digests begin: at the snapshot before the last one, so that a judge can compare what
    /// was committed and replaced in one step.
    known: (Index, u64),
    digests: Trail<u64>,
}

/// What is left of the entries that a snapshot replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Start {
    index: Index,
    term: Term,
}

impl PartialEq for Log {
    fn eq(&self, other: &Self) -> bool {
        self.start == other.start && self.entries == other.entries
    }
}

impl Eq for Log {}

impl Hash for Log {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.start.index, self.last_index(), self.digest()).hash(state);
    }
}

impl Log {
    /// A log that goes on after a snapshot.
    pub fn after(snapshot: &Snapshot) -> Self {
        let Snapshot { last_included_index: index, last_included_term: term, .. } = *snapshot;
        let known = (index, snapshot.log_digest);
        let start = Start { index, term };
        Self { start, known, ..Self::default() }
    }

    /// The index of the last entry that a snapshot replaced; 0 when there is no snapshot.
    pub fn last_included(&self) -> Index {
        self.start.index
    }

    /// The index of the first entry that is here, or would be.
    pub fn first_index(&self) -> Index {
        self.start.index.next()
    }

    /// The index of the last entry, replaced ones included; 0 when there never was one.
    pub fn last_index(&self) -> Index {
        Index(self.start.index.0 + self.entries.len() as u64)
    }

    /// The term of the last entry; 0 when there is none.
    pub fn last_term(&self) -> Term {
        self.entries.last().map_or(self.start.term, |entry| entry.term)
    }

    /// The term at an index; term 0 before the first entry of all. None after the last, and none
    /// for entries that a snapshot replaced, but for the last of them.
    pub fn term_at(&self, index: Index) -> Option<Term> {
        if index == self.start.index {
            Some(self.start.term)
        } else {
            self.get(index).map(|entry| entry.term)
        }
    }

    /// Where an entry is kept.
    fn place(&self, index: Index) -> Option<usize> {
        (index.0 as usize).checked_sub(self.start.index.0 as usize + 1)
    }

    /// The entry at an index; none when a snapshot replaced it, or none has come there yet.
    pub fn get(&self, index: Index) -> Option<&Entry> {
        self.entries.get(self.place(index)?).map(Arc::as_ref)
    }

    /// All entries that are here, in order.
    pub fn entries(&self) -> &Trail<Arc<Entry>> {
        &self.entries
    }

    /// About how many bytes a copy takes.
    pub fn weight(&self) -> usize {
        self.entries.weight() + self.digests.weight()
    }

    /// At most `most` entries from an index on, or from the first that is here.
    pub fn slice(&self, from: Index, most: u64) -> Entries {
        let first = self.place(from).unwrap_or(0).min(self.entries.len());
        let count = (self.entries.len() - first).min(most as usize);
        if count == 0 {
            Entries::default()
        } else {
            (first..first + count).map(|place| self.entries[place].clone()).collect()
        }
    }

    /// The first index that is here whose entry has the term of the entry at `index`.
    pub fn first_of_term(&self, index: Index) -> Index {
        let term = self.term_at(index);
        let mut first = index;
        while first > self.first_index() && self.term_at(first.previous()) == term {
            first = first.previous();
        }
        first
    }

    /// The last index, not after `before`, whose entry is of this term.
    pub fn last_of_term(&self, term: Term, before: Index) -> Option<Index> {
        let upto = self.place(before.next()).unwrap_or(0).min(self.entries.len());
        // Terms only grow along a log, so those of a later term can be cut off by halving.
        let (mut after, mut beyond) = (0, upto);
        while after < beyond {
            let middle = usize::midpoint(after, beyond);
            if self.entries[middle].term <= term {
                after = middle + 1;
            } else {
                beyond = middle;
            }
        }
        let last = Index(self.start.index.0 + after as u64);
        (after > 0 && self.term_at(last) == Some(term)).then_some(last)
    }

    /// A digest of the whole log up to an index; 0 for the empty log. None after the last entry, and
    /// for entries that an earlier snapshot than the last replaced.
    pub fn digest_at(&self, index: Index) -> Option<u64> {
        let (known, digest) = self.known;
        match (index.0).checked_sub(known.0)? {
            0 => Some(digest),
            place => self.digests.get(place as usize - 1).copied(),
        }
    }

    /// The digest of the whole log.
    pub fn digest(&self) -> u64 {
        self.digests.last().copied().unwrap_or(self.known.1)
    }

    /// Adds an entry at the end.
    pub fn push(&mut self, entry: impl Into<Arc<Entry>>) {
        let entry = entry.into();
        self.digests.push(Digest::of(&(self.digest(), entry.digest)));
        self.entries.push(entry);
    }

    /// Takes away the entry at an index and all that follow it; entries that a snapshot replaced
    /// stay replaced.
    pub fn truncate_from(&mut self, index: Index) {
        let kept = self.place(index).unwrap_or(0);
        self.entries.truncate(kept);
        self.digests.truncate(kept + (self.start.index.0 - self.known.0.0) as usize);
    }

    /// Takes away the entries that a snapshot replaces: those up to the one at `index`.
    ///
    /// # Panics
    /// When the log has no entry there.
    pub fn compact(&mut self, index: Index) {
        let term = self.term_at(index).expect("what is replaced was there");
        let digest = self.digest_at(self.start.index).expect("it begins there or before");
        self.digests.forget((self.start.index.0 - self.known.0.0) as usize);
        self.known = (self.start.index, digest);
        self.entries.forget((index.0 - self.start.index.0) as usize);
        self.start = Start { index, term };
    }
}
