//! The fingerprints of all states that were reached, and from where.

/// A table of a power of two of places; a fingerprint is at its own place or at the next free one
/// after it.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// A fingerprint, 0 where there is none, and that of its parent.
    places: Vec<(u64, u64)>,
    used: usize,
}

const FEWEST_PLACES: usize = 1 << 10;

impl Seen {
    /// Adds a fingerprint and its parent, unless it is known; tells whether it is new.
    pub fn insert(&mut self, print: u64, parent: u64) -> bool {
        if self.used * 4 >= self.places.len() * 3 {
            self.grow();
        }
        let at = self.find(print);
        if self.places[at].0 != 0 {
            return false;
        }
        self.places[at] = (print.max(1), parent.max(1));
        self.used += 1;
        true
    }

    /// The parent of a fingerprint that is known.
    pub fn parent(&self, print: u64) -> u64 {
        self.places[self.find(print)].1
    }

    /// Where a fingerprint is, or where it would be. There always is a free place.
    fn find(&self, print: u64) -> usize {
        let (print, mask) = (print.max(1), self.places.len() - 1);
        let mut at = print as usize & mask;
        while self.places[at].0 != 0 && self.places[at].0 != print {
            at = (at + 1) & mask;
        }
        at
    }

    fn grow(&mut self) {
        let wanted = (self.places.len() * 2).max(FEWEST_PLACES);
        for old in std::mem::replace(&mut self.places, vec![(0, 0); wanted]) {
            if old.0 != 0 {
                let at = self.find(old.0);
                self.places[at] = old;
            }
        }
    }
}
