//! What an authority does with reset orders. Every change to an order raises the order clock in its own batch, decided
//! upon the clock it was read at.

pub mod approve;
pub mod cancel;
pub mod classes;
pub mod come_into_force;
pub mod draft;
pub mod help;
pub mod issue;
pub mod left;
pub mod look_ahead;
pub mod preview;
mod put_forward;
pub mod read;
pub mod report;
pub mod revise;
pub mod roll_up;

use crate::domain::order_clock::OrderClock;
use crate::domain::reset_order::{Force, OrderState};
use crate::domain::timestamp::Timestamp;

/// The rules that bind whoever orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderRules {
    /// An author's orders of a day may cover so many people together; beyond that a second person approves.
    pub approval_above: u64,
}

/// The state of an order that is let go: in force, or at its instant.
fn released(begins_at: Timestamp, clock: OrderClock, now: Timestamp) -> OrderState {
    if begins_at > now {
        OrderState::Scheduled { at: begins_at }
    } else {
        OrderState::InForce(Force { clock: OrderClock(clock.0 + 1), since: now, hardened_at: None })
    }
}
