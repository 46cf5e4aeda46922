//! A 64-bit digest of state that is the same natively and in wasm.
//!
//! `derive(Hash)` feeds lengths and discriminants as `usize` and `isize`, whose width differs
//! between targets; [`Digest`] widens them. Each 64-bit word is folded in by the multiply–rotate
//! step of FxHash, and the finish is the finalizer of SplitMix64 (Steele et al. 2014), so that a
//! difference in any bit spreads. It tells runs apart; it is no defence against an adversary.

use std::hash::{Hash, Hasher};

/// The hasher. `Digest::default()`, feed it with [`Hash::hash`], read [`Hasher::finish`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Digest(u64);

impl Digest {
    /// The digest of one value.
    pub fn of<T: Hash + ?Sized>(value: &T) -> u64 {
        let mut digest = Self::default();
        value.hash(&mut digest);
        digest.finish()
    }
}

/// A little-endian word of up to 7 bytes, the missing ones zero.
fn padded(bytes: &[u8]) -> u64 {
    let (low, high) = match bytes.split_first_chunk() {
        Some((low, rest)) => (u32::from_le_bytes(*low), rest),
        None => (0, bytes),
    };
    let rest = match *high {
        [] => 0,
        [a] => u32::from_le_bytes([a, 0, 0, 0]),
        [a, b] => u32::from_le_bytes([a, b, 0, 0]),
        [a, b, c, ..] => u32::from_le_bytes([a, b, c, 0]),
    };
    let at = 8 * (bytes.len() - high.len());
    u64::from(low) | u64::from(rest) << at
}

impl Hasher for Digest {
    fn finish(&self) -> u64 {
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            self.write_u64(padded(rest));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
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

    fn write_u128(&mut self, word: u128) {
        self.write_u64(word as u64);
        self.write_u64((word >> 64) as u64);
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn write_isize(&mut self, word: isize) {
        self.write_u64(word as i64 as u64);
    }
}

#[cfg(test)]
mod tests {
    use std::hash::Hasher;

    use super::Digest;

    #[test]
    fn bytes_are_taken_as_little_endian_words() {
        let bytes: Vec<u8> = (1..=20).collect();
        for length in 0..=bytes.len() {
            let mut whole = Digest::default();
            whole.write(&bytes[..length]);
            let mut words = Digest::default();
            for chunk in bytes[..length].chunks(8) {
                let word = chunk.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
                words.write_u64(word);
            }
            assert_eq!(whole.finish(), words.finish(), "{length} bytes");
        }
    }
}
