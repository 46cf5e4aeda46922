//! What was seen before, as fingerprints of 128 bits.
//!
//! A configuration is a set of operations done and the state reached. The set is the exclusive or
//! of one fixed word for each member (Zobrist 1970), so that adding or removing one costs one
//! operation however long the history is; an exact bit set would cost as many bytes as the history
//! has operations, for each of millions of configurations. The state is hashed rather than kept,
//! because a state may be large (all that was ever appended to a string). Two configurations that
//! differ share a fingerprint with a chance of 2⁻¹²⁸; among the 2²² that 64 MiB hold, any two do
//! with a chance below 2⁻⁸⁰. Histories come from simulators, not from people who look for such pairs.

use std::hash::{Hash, Hasher};

/// A hasher of 128 bits, the same natively and in wasm: each word is folded in by an exclusive or,
/// a multiplication and a shift, each of which can be undone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fingerprint(u128);

impl Fingerprint {
    /// The fingerprint of one value.
    pub fn of<T: Hash + ?Sized>(value: &T) -> u128 {
        // The digits of π after the point.
        let mut hasher = Self(0x243f_6a88_85a3_08d3_1319_8a2e_0370_7344);
        value.hash(&mut hasher);
        // Without one word more, the last one would not reach all bits.
        hasher.write_u64(0);
        hasher.write_u64(0);
        hasher.0
    }
}

impl Hasher for Fingerprint {
    fn finish(&self) -> u64 {
        self.0 as u64
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        // An odd number whose bits show no pattern: the digits of e after the point.
        const FACTOR: u128 = 0xb7e1_5162_8aed_2a6a_bf71_5880_9cf4_f3c7;
        self.0 = (self.0 ^ u128::from(word)).wrapping_mul(FACTOR);
        self.0 ^= self.0 >> 67;
    }

    fn write_u8(&mut self, word: u8) {
        self.write_u64(word.into());
    }

    fn write_u16(&mut self, word: u16) {
        self.write_u64(word.into());
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(word.into());
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn write_isize(&mut self, word: isize) {
        self.write_u64(word as i64 as u64);
    }
}

/// A set of fingerprints: a table of a power of two of places, 0 in those that are free. One that
/// is not at its own place is at the next free one after it.
#[derive(Clone, Debug, Default)]
pub(super) struct Memo {
    places: Vec<u128>,
    used: usize,
}

const FEWEST_PLACES: usize = 64;

impl Memo {
    /// How many bytes it takes.
    pub fn memory(&self) -> u64 {
        self.places.len() as u64 * size_of::<u128>() as u64
    }

    /// Adds a fingerprint; tells whether it is new. When the table is full and may not take any more
    /// of the memory that is left, the fingerprint is not kept, and will be new again.
    pub fn insert(&mut self, fingerprint: u128, memory_left: &mut u64) -> bool {
        let fingerprint = fingerprint.max(1);
        if self.places.is_empty() && !self.grow(memory_left) {
            return true;
        }
        let at = self.find(fingerprint);
        if self.places[at] != 0 {
            return false;
        }
        // Three quarters full is full: places are found by going on to the next.
        if self.used < self.places.len() / 4 * 3 {
            self.places[at] = fingerprint;
            self.used += 1;
        } else if self.grow(memory_left) {
            let at = self.find(fingerprint);
            self.places[at] = fingerprint;
            self.used += 1;
        }
        true
    }

    /// Where a fingerprint is, or where it would be.
    fn find(&self, fingerprint: u128) -> usize {
        let mask = self.places.len() - 1;
        let mut at = fingerprint as usize & mask;
        while self.places[at] != 0 && self.places[at] != fingerprint {
            at = (at + 1) & mask;
        }
        at
    }

    /// Doubles the table, if there is memory for the old one and the new one at once.
    fn grow(&mut self, memory_left: &mut u64) -> bool {
        let wanted = (self.places.len() * 2).max(FEWEST_PLACES);
        let bytes = wanted as u64 * size_of::<u128>() as u64;
        if bytes > *memory_left {
            return false;
        }
        *memory_left = *memory_left - bytes + self.memory();
        for old in std::mem::replace(&mut self.places, vec![0; wanted]) {
            if old != 0 {
                let at = self.find(old);
                self.places[at] = old;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{Fingerprint, Memo};

    #[test]
    fn what_was_added_is_known_and_nothing_else_is() {
        let (mut memo, mut memory) = (Memo::default(), 1 << 20);
        for value in 0..10_000_u32 {
            assert!(memo.insert(Fingerprint::of(&value), &mut memory), "{value} is new");
        }
        for value in 0..10_000_u32 {
            assert!(!memo.insert(Fingerprint::of(&value), &mut memory), "{value} is known");
        }
        assert!(memo.insert(Fingerprint::of(&10_000_u32), &mut memory));
        assert_eq!(memo.memory() + memory, 1 << 20);
    }

    #[test]
    fn memory_ends_and_what_was_kept_stays_known() {
        let (mut memo, mut memory) = (Memo::default(), 100 * 16);
        let mut new = |value: u32| memo.insert(Fingerprint::of(&value), &mut memory);
        assert!((0..1_000).all(&mut new));
        let known = (0..1_000).filter(|&value| !new(value)).count();
        assert_eq!(known, 48, "three quarters of 64 places");
    }

    #[test]
    fn one_bit_of_difference_spreads_over_all_bits() {
        for bit in 0..64 {
            let difference = Fingerprint::of(&0_u64) ^ Fingerprint::of(&(1_u64 << bit));
            let (low, high) = (difference as u64, (difference >> 64) as u64);
            assert!((16..=48).contains(&low.count_ones()), "bit {bit}: {low:x}");
            assert!((16..=48).contains(&high.count_ones()), "bit {bit}: {high:x}");
        }
    }
}
