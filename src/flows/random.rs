//! Chance, handed down so that a test can foresee it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest::{Context, SHA256};

use crate::domain::timestamp::Timestamp;

/// Where random bytes come from. Clones of a seeded one share its stream.
#[derive(Clone)]
pub struct Random(Source);

#[derive(Clone)]
enum Source {
    System,
    Seeded { seed: u64, drawn: Arc<AtomicU64> },
}

impl Random {
    /// The system's generator, for everything but tests.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// The same bytes in the same order for the same seed. Anyone can foresee them: for tests only.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded { seed, drawn: Arc::new(AtomicU64::new(0)) })
    }

    /// Fresh bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &self.0 {
            Source::System => fill_from_system(&mut bytes),
            Source::Seeded { seed, drawn } => fill_from_seed(&mut bytes, *seed, drawn),
        }
        bytes
    }

    /// A fresh identifier: a `UUIDv7` (RFC 9562 section 5.7), which sorts by the instant it was made.
    pub fn id(&self, now: Timestamp) -> String {
        let millis = u64::try_from(now.micros() / 1_000).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid().to_string()
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place where the system's randomness is read")]
#[expect(
    clippy::expect_used,
    reason = "the library answers an error for no call it makes; without randomness nothing can go on safely"
)]
fn fill_from_system(bytes: &mut [u8]) {
    aws_lc_rs::rand::fill(bytes).expect("the system has randomness");
}

fn fill_from_seed(bytes: &mut [u8], seed: u64, drawn: &AtomicU64) {
    for block in bytes.chunks_mut(32) {
        let mut hash = Context::new(&SHA256);
        hash.update(&seed.to_be_bytes());
        hash.update(&drawn.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        block.copy_from_slice(&hash.finish().as_ref()[..block.len()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_foretells_the_bytes_and_clones_go_on_with_them() {
        let one = Random::seeded(7);
        let other = Random::seeded(7);
        let first: [u8; 40] = one.bytes();
        assert_eq!(first, other.bytes());
        let next: [u8; 40] = one.clone().bytes();
        assert_ne!(first, next);
        assert_eq!(next, other.bytes());
        assert_ne!(Random::seeded(8).bytes::<32>(), Random::seeded(7).bytes::<32>());
    }

    #[test]
    fn the_system_does_not_repeat_itself() {
        assert_ne!(Random::system().bytes::<16>(), Random::system().bytes::<16>());
    }

    #[test]
    fn identifiers_sort_by_their_instant() {
        let random = Random::seeded(1);
        let early = random.id(Timestamp::from_micros(1_700_000_000_000_000));
        let late = random.id(Timestamp::from_micros(1_700_000_000_001_000));
        assert!(early < late);
        assert_eq!(early.len(), 36);
        assert_eq!(early.as_bytes()[14], b'7');
    }
}
