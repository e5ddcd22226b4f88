//! Chance that comes from the seed: each actor has a source of its own, so that none disturbs another's plan.

use std::time::Duration;

use ecluse::flows::random::Random;

/// A source.
#[derive(Clone)]
pub(crate) struct Dice(Random);

impl Dice {
    pub(crate) fn of(seed: u64, actor: u32) -> Self {
        Self(Random::seeded(seed.wrapping_mul(1_000_003).wrapping_add(u64::from(actor))))
    }

    pub(crate) fn below(&self, bound: u32) -> u32 {
        u32::from_be_bytes(self.0.bytes()) % bound
    }

    pub(crate) fn between(&self, least: u32, most: u32) -> u32 {
        least + self.below(most - least + 1)
    }

    /// True so many times in a hundred.
    pub(crate) fn chance(&self, of_hundred: u32) -> bool {
        self.below(100) < of_hundred
    }

    pub(crate) fn time(&self, up_to: Duration) -> Duration {
        Duration::from_micros(u64::from(self.below(u32::try_from(up_to.as_micros()).unwrap().max(1))))
    }

    pub(crate) fn pick<'a, T>(&self, from: &'a [T]) -> &'a T {
        &from[self.below(u32::try_from(from.len()).unwrap()) as usize]
    }
}
