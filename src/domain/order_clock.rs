//! The one number that puts orders, credentials and affiliations into one sequence.

use serde::{Deserialize, Serialize};

/// One number, raised in the transaction of every change to any order, and after a restore, and by nothing else. It puts
/// orders, credentials and affiliations into one sequence that no clock of the day could give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderClock(pub i64);

/// A stretch of order-clock numbers `[began, ended)`; open-ended while `ended` is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockSpan {
    /// The order clock when it began: the orders up to this number came before.
    pub began: OrderClock,
    /// The order clock when it ended.
    pub ended: Option<OrderClock>,
}

impl ClockSpan {
    /// Whether an order that came into force as number `clock` found this open. What began under number 7 was there
    /// when order 8 came, and was not when order 7 did; what ended under number 7 had ended before order 8.
    pub fn met(&self, clock: OrderClock) -> bool {
        self.began < clock && self.ended.is_none_or(|ended| ended >= clock)
    }

    /// Whether it is open now.
    pub fn is_open(&self) -> bool {
        self.ended.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaving_does_not_free_and_arriving_later_does_not_bind() {
        let span =
            |began, ended: Option<i64>| ClockSpan { began: OrderClock(began), ended: ended.map(OrderClock) };
        let order = OrderClock(8);
        assert!(span(7, None).met(order), "was there");
        assert!(span(7, Some(8)).met(order), "left after");
        assert!(!span(8, None).met(order), "arrived after");
        assert!(!span(3, Some(7)).met(order), "left before");
    }
}
