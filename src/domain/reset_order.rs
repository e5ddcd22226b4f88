//! An authority's decision that a population must choose new passwords: its states, when it binds, whom it spares.
//!
//! ```text
//! Draft -> AwaitingApproval -> Scheduled -> InForce -> Closed
//!                    any of these  -> Cancelled
//! ```

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::facts::{Facts, Proof};
use super::gate::PolicyBook;
use super::level::Level;
use super::order_clock::OrderClock;
use super::population::{Exclusion, Exclusions, Population};
use super::territory::{TerritoryKind, TerritoryPath};
use super::timestamp::Timestamp;

/// Identifies an order: a `UUIDv7` as text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderId(pub String);

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An order, as the gate reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetOrder {
    /// Which one.
    pub id: OrderId,
    /// Whom it covers.
    pub population: Population,
    /// Whom it spares of them.
    pub exclusions: Exclusions,
    /// The level it was issued at.
    pub level: Level,
    /// Where it stands.
    pub state: OrderState,
    /// By when everybody should have changed. From then on a `change` order is `recover` for those whose code was printed or
    /// sent.
    pub deadline: Option<Timestamp>,
    /// How long its codes open the change page, as somebody chose; none for the deployment's setting when it begins.
    pub code_lifetime: Option<Duration>,
    /// Until when its codes open the change page; its key is destroyed afterwards. Of what has not begun, as it was written last.
    pub codes_expire_at: Timestamp,
}

/// Where an order stands. A transition consumes the state it leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderState {
    /// Being written.
    Draft,
    /// Waits for a second operator.
    AwaitingApproval,
    /// Comes into force at an instant; binds from then on by being read, also before it has drawn its number.
    Scheduled {
        /// The instant.
        at: Timestamp,
    },
    /// In force.
    InForce(Force),
    /// The campaign is over; the duty is not.
    Closed {
        /// Since when it binds.
        force: Force,
        /// When the campaign ended.
        at: Timestamp,
    },
    /// Lifted; what an order at level `recover` bound stays bound at level `change`.
    Cancelled {
        /// Since when it had been binding, if it had.
        force: Option<Force>,
        /// When it was cancelled.
        at: Timestamp,
    },
}

/// What an order has since it came into force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Force {
    /// Its number.
    pub clock: OrderClock,
    /// The instant.
    pub since: Timestamp,
    /// When its deadline was recorded as passed.
    pub hardened_at: Option<Timestamp>,
}

/// The order does not allow this from where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an order that is {} cannot be {to}", from.replace('_', " "))]
pub struct WrongState {
    /// Where it stands.
    pub from: &'static str,
    /// What was asked.
    pub to: &'static str,
}

impl OrderState {
    /// The stored and printed word.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::AwaitingApproval => "awaiting_approval",
            Self::Cancelled { .. } => "cancelled",
            Self::Closed { .. } => "closed",
            Self::Draft => "draft",
            Self::InForce(_) => "in_force",
            Self::Scheduled { .. } => "scheduled",
        }
    }

    /// Whether its instant has come and its number has not been drawn yet.
    pub fn is_due(&self, now: Timestamp) -> bool {
        matches!(self, Self::Scheduled { at } if *at <= now)
    }

    /// The order draws its number and comes into force.
    pub fn come_into_force(self, clock: OrderClock, now: Timestamp) -> Result<Self, WrongState> {
        match self {
            Self::Scheduled { at } if at <= now => {
                Ok(Self::InForce(Force { clock, since: now, hardened_at: None }))
            }
            other => Err(WrongState { from: other.as_str(), to: "in force" }),
        }
    }

    /// The campaign ends; credentials older than the order stay bound.
    pub fn close(self, now: Timestamp) -> Result<Self, WrongState> {
        match self {
            Self::InForce(force) => Ok(Self::Closed { force, at: now }),
            other => Err(WrongState { from: other.as_str(), to: "closed" }),
        }
    }

    /// The order is lifted.
    pub fn cancel(self, now: Timestamp) -> Result<Self, WrongState> {
        match self {
            Self::Draft | Self::AwaitingApproval | Self::Scheduled { .. } => {
                Ok(Self::Cancelled { force: None, at: now })
            }
            Self::InForce(force) | Self::Closed { force, .. } => {
                Ok(Self::Cancelled { force: Some(force), at: now })
            }
            Self::Cancelled { .. } => Err(WrongState { from: "cancelled", to: "cancelled" }),
        }
    }

    /// Since when the order binds or bound, if it has drawn its number.
    pub fn force(&self) -> Option<Force> {
        match self {
            Self::InForce(force) | Self::Closed { force, .. } => Some(*force),
            Self::Cancelled { force, .. } => *force,
            Self::Draft | Self::AwaitingApproval | Self::Scheduled { .. } => None,
        }
    }
}

/// That an order binds an account, how, and since which number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding<'book> {
    /// The order.
    pub order: &'book ResetOrder,
    /// Its number; none while it is due and has not drawn one, which is above every credential.
    pub clock: Option<OrderClock>,
    /// What the old password is worth for this account.
    pub level: Level,
}

impl ResetOrder {
    /// The order once it stands there: from when it begins, its codes live.
    #[must_use]
    pub fn standing(&self, state: OrderState, policy: &PolicyBook) -> Self {
        let begins_at = match state {
            OrderState::Scheduled { at } => Some(at),
            OrderState::InForce(force) => Some(force.since),
            OrderState::Draft
            | OrderState::AwaitingApproval
            | OrderState::Closed { .. }
            | OrderState::Cancelled { .. } => None,
        };
        let live = policy.codes_of_order(self.code_lifetime);
        let codes_expire_at = begins_at.map_or(self.codes_expire_at, |begins_at| begins_at.plus(live));
        Self { state, codes_expire_at, ..self.clone() }
    }

    /// Until when its codes open the change page: of what has not begun, if it began at its instant, or now where that has
    /// passed.
    pub fn codes_expire(&self, begins_at: Timestamp, now: Timestamp, policy: &PolicyBook) -> Timestamp {
        match self.state {
            OrderState::Draft | OrderState::AwaitingApproval => {
                begins_at.max(now).plus(policy.codes_of_order(self.code_lifetime))
            }
            OrderState::Scheduled { .. } => self.standing(self.state, policy).codes_expire_at,
            OrderState::InForce(_) | OrderState::Closed { .. } | OrderState::Cancelled { .. } => {
                self.codes_expire_at
            }
        }
    }

    /// Whether codes that expire then leave somebody behind who still has until the deadline: another slip is needed.
    pub fn codes_end_early(&self, expire: Timestamp) -> bool {
        self.deadline.is_some_and(|deadline| expire < deadline)
    }

    /// Whether the order reaches the account at all at this instant, whoever it spares and whatever was chosen since.
    pub fn reaches<'book>(&'book self, facts: &Facts, now: Timestamp) -> Option<Binding<'book>> {
        let clock = match self.state {
            OrderState::Draft | OrderState::AwaitingApproval => return None,
            OrderState::Scheduled { at } if at > now => return None,
            OrderState::Scheduled { .. } => None,
            OrderState::InForce(force) | OrderState::Closed { force, .. } => Some(force.clock),
            OrderState::Cancelled { force, .. } => Some(force?.clock),
        };
        if !self.population.covers(facts, clock) {
            return None;
        }
        let hardened = self.is_hardened(facts, clock, now);
        let level = match (self.state, self.level.max(hardened)) {
            (OrderState::Cancelled { .. }, Level::Change) => return None,
            (OrderState::Cancelled { .. }, Level::Recover) => Level::Change,
            (_, level) => level,
        };
        Some(Binding { order: self, clock, level })
    }

    /// Whether it ever was at level `recover` for the account: sessions older than that open nothing any more, not even
    /// after it was cancelled.
    pub fn was_recover_for(&self, facts: &Facts, now: Timestamp) -> bool {
        let clock = self.state.force().map(|force| force.clock);
        self.level == Level::Recover || self.is_hardened(facts, clock, now) == Level::Recover
    }

    /// A deadline that has passed makes the order `recover` for those who hold a code, and for them only: the others
    /// would be left with nothing to open the page with, and so would those who have no password yet and hold the code
    /// of a first activation. A cancelled order's deadline stopped at the cancellation.
    fn is_hardened(&self, facts: &Facts, clock: Option<OrderClock>, now: Timestamp) -> Level {
        let until = match self.state {
            OrderState::Cancelled { at, .. } => at,
            _ => now,
        };
        let passed = self.deadline.is_some_and(|deadline| deadline <= until);
        let has_code = match (clock, facts.code.printed_under) {
            (Some(clock), Some(printed)) => printed >= clock,
            _ => false,
        };
        let has_password = facts.credential.is_some();
        if passed && has_code && has_password { Level::Recover } else { Level::Change }
    }

    /// Why the order spares an account it reaches, if it does. At level `recover` a credential chosen with nothing but
    /// the old password as proof is no reason: the thief may be the one who chose it.
    pub fn spares(
        &self,
        facts: &Facts,
        binding: Binding<'_>,
        book: &OrderBook,
        now: Timestamp,
    ) -> Option<Exclusion> {
        if self.spares_operator(facts, binding.clock) {
            return Some(Exclusion::Operator);
        }
        let Some(credential) = &facts.credential else {
            return self.exclusions.never_activated.then_some(Exclusion::NeverActivated);
        };
        if self.level == Level::Recover && credential.proof == Proof::OldPassword {
            return None;
        }
        if self.exclusions.changed_since.is_some_and(|since| credential.chosen_at >= since) {
            return Some(Exclusion::ChangedSince);
        }
        // A school's own order defers to no other school's: two that deferred to each other would bind nobody.
        let since = self.exclusions.reset_by_school_since.filter(|_| !self.is_by_school())?;
        let by_school = |order: &ResetOrder| {
            order.is_by_school()
                && order.level >= self.level
                && order.stands_since(since)
                && order
                    .reaches(facts, now)
                    .is_some_and(|binding| order.spares(facts, binding, book, now).is_none())
        };
        book.orders.iter().any(by_school).then_some(Exclusion::ResetBySchool)
    }

    /// The places of the orders by schools that may spare somebody of this one, none inside another of them: nobody else is
    /// spared for what a school did.
    pub fn schools_before(&self, book: &OrderBook) -> Vec<TerritoryPath> {
        let Some(since) = self.exclusions.reset_by_school_since.filter(|_| !self.is_by_school()) else {
            return Vec::new();
        };
        let territory = &self.population.territory;
        let meets = |place: &&TerritoryPath| territory.contains(place) || place.contains(territory);
        let acted = book
            .orders
            .iter()
            .filter(|order| order.is_by_school() && order.level >= self.level && order.stands_since(since));
        let places: BTreeSet<_> = acted.map(|order| &order.population.territory).filter(meets).collect();
        let is_outermost =
            |place: &&TerritoryPath| !places.iter().any(|other| *other != *place && other.contains(place));
        places.iter().copied().filter(is_outermost).cloned().collect()
    }

    fn spares_operator(&self, facts: &Facts, clock: Option<OrderClock>) -> bool {
        let held =
            |span: &super::order_clock::ClockSpan| clock.map_or(span.is_open(), |clock| span.met(clock));
        facts.roles.iter().any(held) && !self.exclusions.named_operators.contains(&facts.account)
    }

    /// Whether it came into force at this instant or later and was not lifted.
    fn stands_since(&self, instant: Timestamp) -> bool {
        match self.state {
            OrderState::InForce(force) | OrderState::Closed { force, .. } => force.since >= instant,
            OrderState::Draft
            | OrderState::AwaitingApproval
            | OrderState::Scheduled { .. }
            | OrderState::Cancelled { .. } => false,
        }
    }

    fn is_by_school(&self) -> bool {
        self.population.territory.code().is_some_and(|code| code.kind() >= TerritoryKind::School)
    }
}

/// Every order that can bind anybody, read together with the clock they were read at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderBook {
    /// The order clock of that reading.
    pub clock: OrderClock,
    /// The orders.
    pub orders: Vec<ResetOrder>,
}

impl OrderBook {
    /// The orders that are due and have not drawn their number yet.
    pub fn due(&self, now: Timestamp) -> impl Iterator<Item = &ResetOrder> {
        self.orders.iter().filter(move |order| order.state.is_due(now))
    }

    /// The order of this id.
    pub fn find(&self, id: &OrderId) -> Option<&ResetOrder> {
        self.orders.iter().find(|order| order.id == *id)
    }
}
