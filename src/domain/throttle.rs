//! How failed sign-ins are slowed down.
//!
//! CNIL deliberation 2022-100, throttling of access, option "temporisation": after some failures the wait
//! grows exponentially, is longer than a minute after five, and lets through at most 25 failures in 24 hours.
//! The account is never locked: whoever waits may try again.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::length;

/// The rules of one kind of counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ThrottleRules {
    /// Failures in the window before there is any wait: the last of them starts it. At least 1.
    pub free: u32,
    /// The wait after the failure that is the last free one. Each failure after it doubles the wait.
    #[serde(with = "length")]
    pub first_delay: Duration,
    /// The wait grows no longer than this.
    #[serde(with = "length")]
    pub longest_delay: Duration,
    /// Failures in one window, at most. After that the wait is until the window ends.
    pub ceiling: u32,
    /// A window begins with a failure and is this long; the first failure after it begins the next.
    #[serde(with = "length")]
    pub window: Duration,
}

impl Default for ThrottleRules {
    fn default() -> Self {
        Self::CNIL
    }
}

impl ThrottleRules {
    /// What the CNIL recommends, with the longest wait at an hour.
    ///
    /// "More than a minute" is why the first wait is not 60 seconds.
    pub const CNIL: Self = Self {
        free: 5,
        first_delay: Duration::from_secs(61),
        longest_delay: Duration::from_hours(1),
        ceiling: 25,
        window: Duration::from_hours(24),
    };

    /// The wait after the `failures`th failure of a window, below the ceiling.
    pub fn delay_after(&self, failures: u32) -> Duration {
        let Some(doublings) = failures.checked_sub(self.free) else { return Duration::ZERO };
        if doublings >= self.doublings() {
            return self.longest_delay;
        }
        self.first_delay.saturating_mul(1 << doublings)
    }

    /// How often the first wait is doubled until it would reach the longest. At most 31.
    pub fn doublings(&self) -> u32 {
        let reached = |doublings: &u32| self.first_delay.saturating_mul(1 << doublings) >= self.longest_delay;
        (0..31).find(reached).unwrap_or(31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_are_free_and_then_the_wait_doubles_up_to_an_hour() {
        let waits: Vec<_> = (4..=13).map(|n| ThrottleRules::CNIL.delay_after(n).as_secs()).collect();
        assert_eq!(waits, [0, 61, 122, 244, 488, 976, 1952, 3600, 3600, 3600]);
    }

    #[test]
    fn a_first_wait_of_nothing_never_grows() {
        let rules = ThrottleRules { first_delay: Duration::ZERO, ..ThrottleRules::CNIL };
        assert_eq!(rules.delay_after(30), Duration::ZERO);
    }
}
