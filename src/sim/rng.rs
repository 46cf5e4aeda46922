//! The one source of chance in a world.
//!
//! xoshiro256++ (Blackman & Vigna 2019), seeded by SplitMix64 as its authors advise; whole numbers
//! in a range come from Lemire's multiply–shift (the high 64 bits of draw × span). Both are fixed
//! for ever: a link holds only a seed.

use rand_core::{Rng as _, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::Micros;

/// The generator. Cloning it clones the future.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rng(Xoshiro256PlusPlus);

impl Rng {
    /// The generator that this seed names.
    pub fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// Any 64-bit number.
    pub fn draw(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number from `low` to `high`, both included. Draws nothing when there is no choice.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        if low >= high {
            return low;
        }
        let span = u128::from(high - low) + 1;
        low + ((u128::from(self.draw()) * span) >> 64) as u64
    }

    /// A time from `low` to `high`, both included.
    pub fn time(&mut self, low: Micros, high: Micros) -> Micros {
        Micros(self.between(low.0, high.0))
    }

    /// True with a chance of `ppm` in a million. Draws nothing when the chance is 0.
    pub fn chance(&mut self, ppm: u32) -> bool {
        ppm > 0 && self.between(0, 999_999) < u64::from(ppm)
    }

    /// What the next draw will be, without drawing: the generator's part of a state's digest.
    pub fn peek(&self) -> u64 {
        self.clone().draw()
    }
}

#[cfg(test)]
mod tests {
    use super::Rng;

    /// The published reference implementation, seeded with SplitMix64(0), begins like this.
    #[test]
    fn the_generator_is_the_published_one() {
        let mut rng = Rng::new(0);
        assert_eq!(rng.draw(), 0x5317_5d61_490b_23df);
        assert_eq!(rng.draw(), 0x61da_6f3d_c380_d507);
    }
}
