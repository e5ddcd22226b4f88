//! The time of day, handed down so that a test can hold it still.
//!
//! The database is given the same clock: what SQL reads from `now_us()` and what Rust reads here agree.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::domain::timestamp::Timestamp;

/// Where the time comes from. Clones of a manual clock are hands of the same clock.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `now` until it is advanced.
    pub fn manual(now: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(now.micros()))))
    }

    /// The present instant. A machine set before 1970 reads as 1970.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => system_now(),
            Source::Manual(micros) => Timestamp::from_micros(micros.load(Ordering::SeqCst)),
        }
    }

    /// Where a manual clock stands; none for the machine's, which the database reads by itself.
    pub fn by_hand(&self) -> Option<Timestamp> {
        match &self.0 {
            Source::System => None,
            Source::Manual(_) => Some(self.now()),
        }
    }

    /// Moves a manual clock, and all its clones, forward. The machine's clock is nobody's to move: there it
    /// does nothing.
    pub fn advance(&self, span: Duration) {
        if let Source::Manual(micros) = &self.0 {
            let step = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
            micros.fetch_add(step, Ordering::SeqCst);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place where the machine's clock is read")]
fn system_now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_in_all_its_clones() {
        let clock = Clock::manual(Timestamp::from_micros(5));
        let hand = clock.clone();
        clock.advance(Duration::from_micros(7));
        assert_eq!(hand.now(), Timestamp::from_micros(12));
    }

    #[test]
    fn the_machine_is_set_after_this_was_written() {
        assert!(Clock::system().now().seconds() > 1_700_000_000);
    }
}
