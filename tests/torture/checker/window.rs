//! When something may have happened.

use crate::torture::history::{Event, Instant, Outcome};

/// The interval in which something had its effect, if it had one. What the database committed has an instant of its
/// clock, and two such instants are compared as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) from: Instant,
    pub(super) to: Instant,
    pub(super) committed: Option<Instant>,
}

/// How far the instants of the database may be off the run's clock.
pub(super) const SLACK: Instant = 50_000;

impl Window {
    pub(super) const fn between(from: Instant, to: Instant) -> Self {
        Self { from, to, committed: None }
    }

    /// The same, with the commit that was its effect.
    pub(super) fn committed_at(self, at: Instant) -> Self {
        Self { from: self.from.max(at - SLACK), to: self.to.min(at + SLACK), committed: Some(at) }
    }

    /// Whether a commit of this instant may be its effect.
    pub(super) fn may_be(&self, at: Instant) -> bool {
        self.from - SLACK <= at && at <= self.to.saturating_add(SLACK)
    }

    /// Whether, if both happened, this one was first.
    pub(super) fn surely_before(&self, other: &Self) -> bool {
        match (self.committed, other.committed) {
            (Some(this), Some(other)) => this < other,
            _ => self.to < other.from,
        }
    }

    /// Whether, if both happened, this one may have been first.
    pub(super) fn may_precede(&self, other: &Self) -> bool {
        match (self.committed, other.committed) {
            (Some(this), Some(other)) => this <= other,
            _ => self.from <= other.to,
        }
    }
}

/// Something that was asked for and was not refused.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deed<'h> {
    pub(super) event: &'h Event,
    pub(super) window: Window,
    /// It was acknowledged. Otherwise it may never have happened.
    pub(super) sure: bool,
}

impl<'h> Deed<'h> {
    /// None if it was refused. What was not answered may happen until everything is known to be still.
    pub(super) fn of(event: &'h Event, quiet: &[(Instant, Instant)]) -> Option<Self> {
        let to = match event.outcome {
            Outcome::Yes => event.ended,
            Outcome::No(_) => return None,
            Outcome::Unknown => {
                let still = quiet.iter().find(|(began, _)| event.began < *began);
                still.map_or(Instant::MAX, |(_, ended)| *ended)
            }
        };
        let window = Window::between(event.began, to);
        Some(Self { event, window, sure: event.outcome == Outcome::Yes })
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        self.event.id == other.event.id
    }
}

#[cfg(test)]
mod tests {
    use super::{SLACK, Window};

    #[test]
    fn what_overlaps_may_be_in_either_order() {
        let (early, late, long) = (Window::between(1, 2), Window::between(3, 4), Window::between(2, 3));
        assert!(early.surely_before(&late) && !late.may_precede(&early));
        for other in [early, late] {
            assert!(!long.surely_before(&other) && !other.surely_before(&long));
            assert!(long.may_precede(&other) && other.may_precede(&long));
        }
    }

    #[test]
    fn commits_are_compared_by_the_database_and_others_with_slack() {
        let wide = Window::between(0, 10 * SLACK);
        let (first, second) = (wide.committed_at(5), wide.committed_at(6));
        assert!(first.surely_before(&second) && !second.may_precede(&first));
        let answer = Window::between(7, 8);
        assert!(!first.surely_before(&answer) && answer.may_precede(&second));
        assert!(first.surely_before(&Window::between(6 + SLACK, 7 + SLACK)));
    }
}
