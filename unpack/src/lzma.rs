//! LZMA, as an encoder writes it that is given the parameters below, and neither header nor end marker.
//!
//! After Igor Pavlov's "LZMA specification" (lzma-specification.txt of the LZMA SDK, in the public domain); names in quotes
//! are the specification's.

/// "lc": how many bits of the byte before decide on the probabilities of a literal.
pub const LITERAL_CONTEXT_BITS: u32 = 2;
/// "lp": how many bits of a literal's position do. The instructions of wasm are of any length, so none.
pub const LITERAL_POSITION_BITS: u32 = 0;
/// "pb": how many bits of the position decide on the probabilities of all else.
pub const POSITION_BITS: u32 = 0;

/// How many states there are: what the last few decisions were. Below [`AFTER_MATCH`], the last was a literal.
const STATES: usize = 12;
const AFTER_MATCH: usize = 7;

// Where the probabilities of each decision begin.
const IS_MATCH: usize = 0;
const IS_REP: usize = IS_MATCH + STATES;
const IS_REP_G0: usize = IS_REP + STATES;
const IS_REP_G1: usize = IS_REP_G0 + STATES;
const IS_REP_G2: usize = IS_REP_G1 + STATES;
const IS_REP0_LONG: usize = IS_REP_G2 + STATES;
const POSITION_SLOT: usize = IS_REP0_LONG + STATES;
const POSITION: usize = POSITION_SLOT + 4 * 64;
const ALIGNMENT: usize = POSITION + 128;
const LENGTH: usize = ALIGNMENT + 16;
const REP_LENGTH: usize = LENGTH + LENGTH_SIZE;
const LITERAL: usize = REP_LENGTH + LENGTH_SIZE;
const ALL: usize = LITERAL + (LITERAL_SIZE << LITERAL_CONTEXT_BITS);

/// The probabilities of a length: two decisions, then 3, 3 or 8 bits.
const LENGTH_SIZE: usize = 2 + 8 + 8 + 256;
/// The probabilities of a literal: without a byte to compare with, with one that has a 0 next, and a 1.
const LITERAL_SIZE: usize = 3 * 256;

/// Fills `out` with what `packed` unfolds to.
///
/// # Panics
///
/// If `packed` is not what an encoder made of as many bytes.
pub fn decompress(packed: &[u8], out: &mut [u8]) {
    let mut decoder = Decoder::new(packed);
    let mut state = 0;
    // The last four distances, the latest first.
    let (mut rep0, mut rep1, mut rep2, mut rep3) = (1, 1, 1, 1);
    let mut at = 0;
    while at < out.len() {
        if decoder.bit(IS_MATCH + state) == 0 {
            let before = if at > 0 { back(out, at, 1) } else { 0 };
            let compare = (state >= AFTER_MATCH).then(|| back(out, at, rep0));
            out[at] = decoder.literal(before, compare);
            at += 1;
            state = match state {
                0..4 => 0,
                4..10 => state - 3,
                _ => state - 6,
            };
            continue;
        }
        let after_literal = state < AFTER_MATCH;
        let length;
        if decoder.bit(IS_REP + state) == 0 {
            state = if after_literal { 7 } else { 10 };
            length = decoder.length(LENGTH);
            (rep1, rep2, rep3) = (rep0, rep1, rep2);
            rep0 = decoder.distance(length);
        } else {
            let latest = decoder.bit(IS_REP_G0 + state) == 0;
            if latest && decoder.bit(IS_REP0_LONG + state) == 0 {
                state = if after_literal { 9 } else { 11 };
                length = 1;
            } else {
                if !latest {
                    if decoder.bit(IS_REP_G1 + state) == 0 {
                        (rep0, rep1) = (rep1, rep0);
                    } else if decoder.bit(IS_REP_G2 + state) == 0 {
                        (rep0, rep1, rep2) = (rep2, rep0, rep1);
                    } else {
                        (rep0, rep1, rep2, rep3) = (rep3, rep0, rep1, rep2);
                    }
                }
                state = if after_literal { 8 } else { 11 };
                length = decoder.length(REP_LENGTH);
            }
        }
        for _ in 0..length {
            let byte = back(out, at, rep0);
            let Some(place) = out.get_mut(at) else { broken() };
            *place = byte;
            at += 1;
        }
    }
}

/// The byte so far back.
fn back(out: &[u8], at: usize, distance: usize) -> u8 {
    match out.get(at.wrapping_sub(distance)) {
        Some(byte) => *byte,
        None => broken(),
    }
}

/// What was packed is not what an encoder made. As wasm without a message, which would take more room than all the rest.
pub fn broken() -> ! {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    panic!("what was packed is broken");
}

/// The range coder, and what it has learned.
struct Decoder<'a> {
    packed: &'a [u8],
    range: u32,
    code: u32,
    /// How probable a 0 is, of 2048.
    probabilities: [u16; ALL],
}

impl<'a> Decoder<'a> {
    fn new(packed: &'a [u8]) -> Self {
        let mut decoder = Self { packed, range: u32::MAX, code: 0, probabilities: [1 << 10; ALL] };
        for _ in 0..5 {
            decoder.shift();
        }
        decoder
    }

    /// Takes in one byte more.
    #[inline(always)]
    fn shift(&mut self) {
        let Some((byte, rest)) = self.packed.split_first() else { broken() };
        self.code = self.code << 8 | u32::from(*byte);
        self.packed = rest;
    }

    #[inline(always)]
    fn normalize(&mut self) {
        if self.range < 1 << 24 {
            self.range <<= 8;
            self.shift();
        }
    }

    /// One decision, 0 or 1, by the probability at `index`, which learns from it.
    fn bit(&mut self, index: usize) -> usize {
        let Some(probability) = self.probabilities.get_mut(index) else { broken() };
        let bound = (self.range >> 11) * u32::from(*probability);
        let bit = usize::from(self.code >= bound);
        if bit == 0 {
            self.range = bound;
            *probability += (2048 - *probability) >> 5;
        } else {
            self.range -= bound;
            self.code -= bound;
            *probability -= *probability >> 5;
        }
        self.normalize();
        bit
    }

    /// A number of bits that are as probable as not, the highest first.
    fn direct_bits(&mut self, count: usize) -> usize {
        let mut value = 0;
        for _ in 0..count {
            self.range >>= 1;
            let bit = self.code >= self.range;
            if bit {
                self.code -= self.range;
            }
            value = value << 1 | usize::from(bit);
            self.normalize();
        }
        value
    }

    /// A number of `count` bits, the highest first; what came before decides on the probability of the next.
    fn tree(&mut self, start: usize, count: usize) -> usize {
        let mut node = 1;
        for _ in 0..count {
            node = node << 1 | self.bit(start + node);
        }
        node - (1 << count)
    }

    /// The same, the lowest first.
    fn reverse_tree(&mut self, start: usize, count: usize) -> usize {
        let (mut node, mut value) = (1, 0);
        for place in 0..count {
            let bit = self.bit(start + node);
            node = node << 1 | bit;
            value |= bit << place;
        }
        value
    }

    /// A byte by itself. After a copy, `compare` is the byte that would have followed in it: not the right one, but the
    /// first bits may well be the same.
    fn literal(&mut self, before: u8, compare: Option<u8>) -> u8 {
        let context = usize::from(before >> (8 - LITERAL_CONTEXT_BITS));
        let start = LITERAL + LITERAL_SIZE * context;
        let mut node = 1;
        if let Some(compare) = compare {
            let mut place = 8;
            while place > 0 {
                place -= 1;
                let expected = usize::from(compare >> place & 1);
                let bit = self.bit(start + 256 * (1 + expected) + node);
                node = node << 1 | bit;
                if bit != expected {
                    break;
                }
            }
        }
        while node < 256 {
            node = node << 1 | self.bit(start + node);
        }
        node as u8
    }

    /// How many bytes to copy.
    fn length(&mut self, start: usize) -> usize {
        if self.bit(start) == 0 {
            2 + self.tree(start + 2, 3)
        } else if self.bit(start + 1) == 0 {
            10 + self.tree(start + 2 + 8, 3)
        } else {
            18 + self.tree(start + 2 + 8 + 8, 8)
        }
    }

    /// From how far back to copy so many.
    fn distance(&mut self, length: usize) -> usize {
        let slot = self.tree(POSITION_SLOT + 64 * (length - 2).min(3), 6);
        if slot < 4 {
            return slot + 1;
        }
        let count = (slot >> 1) - 1;
        let base = (2 | slot & 1) << count;
        if slot < 14 {
            base + self.reverse_tree(POSITION + base - slot, count) + 1
        } else {
            base + (self.direct_bits(count - 4) << 4) + self.reverse_tree(ALIGNMENT, 4) + 1
        }
    }
}
