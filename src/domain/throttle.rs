//! How often somebody may try.

use std::time::Duration;

/// The CNIL's throttle by delay (recommendation 2022-100): more than a minute after five failures, and at most
/// twenty-five failures in 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThrottleRules {
    /// Failures that cost no delay.
    pub free: u32,
    /// The first delay; each further failure doubles it.
    pub first_delay: Duration,
    /// The longest delay.
    pub longest_delay: Duration,
    /// Failures in one window.
    pub ceiling: u32,
    /// The window.
    pub window: Duration,
}
