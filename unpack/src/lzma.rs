//! LZMA, as an encoder writes it that is given the parameters below, and neither header nor end marker.
//!
//! After Igor Pavlov's "LZMA specification" (lzma-specification.txt of the LZMA SDK, in the public domain); names in quotes
//! are the specification's.

/// The most of "lc": how many bits of the byte before decide on the probabilities of a literal.
pub const MOST_CONTEXT_BITS: u32 = 4;
/// "lp": how many bits of a literal's position do. The instructions of wasm are of any length, so none.
pub const LITERAL_POSITION_BITS: u32 = 0;
/// "pb": how many bits of the position decide on the probabilities of all else.
pub const POSITION_BITS: u32 = 0;

/// How many states there are: what the last few decisions were. Below [`AFTER_MATCH`], the last was a literal.
const STATES: usize = 12;
const AFTER_MATCH: usize = 7;

// Where the probabilities of each decision begin; the first is nobody's, see `flag`.
const IS_MATCH: usize = 1;
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
/// No fewer than all of them: a power of two, so that an index that is cut to it needs no check.
const ALL: usize = 1 << 14;

/// The probabilities of a length: two decisions, then 3, 3 or 8 bits.
const LENGTH_SIZE: usize = 2 + 8 + 8 + 256;
/// The probabilities of a literal: without a byte to compare with, with one that has a 0 next, and a 1.
const LITERAL_SIZE: usize = 3 * 256;

const _: () = assert!(LITERAL + (LITERAL_SIZE << MOST_CONTEXT_BITS) <= ALL);

/// Fills `out` with what `packed` unfolds to; `context_bits` is "lc".
///
/// # Panics
///
/// If `packed` is not what an encoder made of as many bytes.
pub fn decompress(packed: &[u8], out: &mut [u8], context_bits: u32) {
    let mut decoder = Decoder {
        context_bits,
        packed,
        out,
        at: 0,
        state: 0,
        reps: [1; 4],
        range: u32::MAX,
        code: 0,
        probabilities: [1 << 10; ALL],
    };
    for _ in 0..5 {
        decoder.shift();
    }
    while decoder.at < decoder.out.len() {
        decoder.packet();
    }
}

/// What was packed is not what an encoder made. As wasm without a message, which would take more room than all the rest.
pub fn broken() -> ! {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    panic!("what was packed is broken");
}

/// The range coder, what it has learned, and what it has made.
///
/// Browsers begin to run a wasm as it is, and go over to better code where a function is called again: so everything that
/// is done often is a function that is called, down to a packet, and none that is called once has a long loop.
struct Decoder<'a> {
    context_bits: u32,
    packed: &'a [u8],
    out: &'a mut [u8],
    /// How many bytes are there.
    at: usize,
    state: usize,
    /// The last four distances, the latest first.
    reps: [usize; 4],
    range: u32,
    code: u32,
    /// How probable a 0 is, of 2048.
    probabilities: [u16; ALL],
}

impl Decoder<'_> {
    /// A literal or a copy.
    #[inline(never)]
    fn packet(&mut self) {
        let state = self.state;
        if self.flag(IS_MATCH + state) == 0 {
            return self.literal();
        }
        let after_literal = state < AFTER_MATCH;
        let length;
        if self.flag(IS_REP + state) == 0 {
            self.state = if after_literal { 7 } else { 10 };
            length = self.length(LENGTH);
            let [rep0, rep1, rep2, _] = self.reps;
            self.reps = [self.distance(length), rep0, rep1, rep2];
        } else {
            let latest = self.flag(IS_REP_G0 + state) == 0;
            if latest && self.flag(IS_REP0_LONG + state) == 0 {
                self.state = if after_literal { 9 } else { 11 };
                length = 1;
            } else {
                if !latest {
                    let [rep0, rep1, rep2, rep3] = self.reps;
                    self.reps = if self.flag(IS_REP_G1 + state) == 0 {
                        [rep1, rep0, rep2, rep3]
                    } else if self.flag(IS_REP_G2 + state) == 0 {
                        [rep2, rep0, rep1, rep3]
                    } else {
                        [rep3, rep0, rep1, rep2]
                    };
                }
                self.state = if after_literal { 8 } else { 11 };
                length = self.length(REP_LENGTH);
            }
        }
        self.copy(length);
    }

    /// So many bytes again, from the latest distance on.
    #[inline(never)]
    fn copy(&mut self, length: usize) {
        let (from, to) = (self.at.wrapping_sub(self.reps[0]), self.at);
        self.at += length;
        let Some(out) = self.out.get_mut(..self.at) else { broken() };
        if from >= to {
            broken();
        }
        for index in 0..length {
            out[to + index] = out[from + index];
        }
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

    /// One decision, 0 or 1, by the probability at `index`, which learns from it. Nobody can foresee which, so there is no
    /// branch.
    #[inline(always)]
    fn bit(&mut self, index: usize) -> usize {
        let probability = &mut self.probabilities[index % ALL];
        let zero = u32::from(*probability);
        let bound = (self.range >> 11) * zero;
        let bit = u32::from(self.code >= bound);
        // All ones if it is 1.
        let one = bit.wrapping_neg();
        self.range = bound ^ one & (bound ^ (self.range - bound));
        self.code -= one & bound;
        // A 32nd of the way to 2048, or to 0; the 31 is for rounding.
        let aim = 31 + (!one & (2048 - 31));
        *probability = (zero as i32 + ((aim as i32 - zero as i32) >> 5)) as u16;
        self.normalize();
        bit as usize
    }

    /// One decision: a tree of one bit, whose only node is its first.
    fn flag(&mut self, index: usize) -> usize {
        self.tree(index - 1, 1)
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
    #[inline(never)]
    fn tree(&mut self, start: usize, count: usize) -> usize {
        let mut node = 1;
        for _ in 0..count {
            node = node << 1 | self.bit(start + node);
        }
        node - (1 << count)
    }

    /// The same, the lowest first.
    fn reverse_tree(&mut self, start: usize, count: usize) -> usize {
        let value = self.tree(start, count);
        (0..count).fold(0, |reversed, place| reversed << 1 | value >> place & 1)
    }

    /// The byte so far back, or 0.
    fn back(&self, distance: usize) -> usize {
        self.out.get(self.at.wrapping_sub(distance)).map_or(0, |&byte| byte.into())
    }

    /// A byte by itself.
    #[inline(never)]
    fn literal(&mut self) {
        let context = self.back(1) >> (8 - self.context_bits);
        let start = LITERAL + LITERAL_SIZE * context;
        // After a copy, there is a byte that would have followed in it: not the right one, but the first bits may well be
        // the same, and as long as they are, its next bit decides on the probabilities, too.
        let mut compare = self.back(self.reps[0]);
        let mut same = if self.state >= AFTER_MATCH { 0x100 } else { 0 };
        let mut node = 1;
        while node < 0x100 {
            compare <<= 1;
            let expected = compare & same;
            let bit = self.bit(start + same + expected + node);
            node = node << 1 | bit;
            same &= if bit == 1 { expected } else { !expected };
        }
        let Some(place) = self.out.get_mut(self.at) else { broken() };
        *place = node as u8;
        self.at += 1;
        self.state = match self.state {
            0..4 => 0,
            4..10 => self.state - 3,
            _ => self.state - 6,
        };
    }

    /// How many bytes to copy.
    #[inline(never)]
    fn length(&mut self, start: usize) -> usize {
        if self.flag(start) == 0 {
            2 + self.tree(start + 2, 3)
        } else if self.flag(start + 1) == 0 {
            10 + self.tree(start + 2 + 8, 3)
        } else {
            18 + self.tree(start + 2 + 8 + 8, 8)
        }
    }

    /// From how far back to copy so many.
    #[inline(never)]
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
