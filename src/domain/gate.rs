//! The password-change gate: the pure decision whether an account may be given anything.
//!
//! [`evaluate`] reads facts and answers with a [`GatePass`], without which nothing can be minted, or with the strictest
//! [`Closure`]. It cannot fail, waits for nothing, and never sees a clock: the instant comes from the statement that
//! read the facts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::account::{AccountId, AccountNumber, WayIn};

use super::facts::{CredentialFacts, Facts, Proof};
use super::level::Level;
use super::order_clock::OrderClock;
use super::profile::Profile;
use super::reset_order::{Binding, OrderBook, OrderId};
use super::timestamp::Timestamp;

/// The deployment's settings that the gate reads: how old a credential may grow, by profile and for whoever holds a
/// role, and how long a code lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyBook {
    /// How long a code opens the change page that nobody chose another lifetime for.
    pub code_lifetime: Duration,
    /// The longest lifetime that an order may choose for its codes.
    pub code_ceiling: Duration,
    /// The maximum lifetime by profile.
    pub maximum_lifetime: BTreeMap<Profile, Duration>,
    /// The maximum lifetime for operators.
    pub operator_maximum_lifetime: Option<Duration>,
}

impl PolicyBook {
    /// How long the codes of an order open the change page that begins now. What was chosen under a higher ceiling ends at today's.
    pub fn codes_of_order(&self, chosen: Option<Duration>) -> Duration {
        chosen.map_or(self.code_lifetime, |chosen| chosen.min(self.code_ceiling))
    }
}

/// Facts together with the order book of the same order clock. Only a pair that agrees can be judged.
#[derive(Clone, Debug)]
pub struct Evidence {
    facts: Facts,
    book: Arc<OrderBook>,
}

impl Evidence {
    /// Pairs facts with a book; none when they were read at different order clocks, and both must be read again.
    pub fn new(facts: Facts, book: Arc<OrderBook>) -> Option<Self> {
        (facts.clock == book.clock).then_some(Self { facts, book })
    }

    /// The facts.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The orders.
    pub fn book(&self) -> &OrderBook {
        &self.book
    }

    /// The orders that bind this account now: reached, not spared, and newer than the credential.
    pub fn bindings(&self) -> impl Iterator<Item = Binding<'_>> {
        let now = self.facts.now;
        self.book.orders.iter().filter_map(move |order| order.reaches(&self.facts, now)).filter(
            move |binding| {
                let newer = match (binding.clock, &self.facts.credential) {
                    (Some(clock), Some(credential)) => clock > credential.clock,
                    (None, _) | (_, None) => true,
                };
                newer && binding.order.spares(&self.facts, *binding, &self.book, now).is_none()
            },
        )
    }

    /// The evidence as it will be once a new credential has been written under this order clock.
    #[must_use]
    pub fn after_change(&self, proof: Proof) -> Self {
        let mut facts = self.facts.clone();
        facts.number = AccountNumber(facts.number.0 + 1);
        facts.forced = None;
        facts.credential = Some(CredentialFacts {
            clock: facts.clock,
            chosen_at: facts.now,
            proof,
            weak: false,
            compromised: false,
        });
        Self { facts, book: Arc::clone(&self.book) }
    }

    /// The evidence as it will be once a new code has been issued under this order clock.
    #[must_use]
    pub fn after_issue(&self) -> Self {
        let mut facts = self.facts.clone();
        facts.number = AccountNumber(facts.number.0 + 1);
        facts.code.issue += 1;
        facts.code.issued_at = Some(facts.now);
        facts.code.issued_under = Some(facts.clock);
        facts.code.printed_under = Some(facts.clock);
        Self { facts, book: Arc::clone(&self.book) }
    }

    /// The evidence as it will be once the account's code has been printed.
    #[must_use]
    pub fn after_print(&self) -> Self {
        let mut facts = self.facts.clone();
        facts.code.printed_under = Some(facts.clock);
        Self { facts, book: Arc::clone(&self.book) }
    }

    /// Whether a session, code or grant of this order clock was minted before the account's passwords were believed
    /// stolen. It opens nothing then, whatever became of the order.
    pub fn predates_recovery(&self, minted_under: OrderClock) -> bool {
        let now = self.facts.now;
        self.book.orders.iter().any(|order| {
            let came_later = order.state.force().is_some_and(|force| force.clock > minted_under);
            let covered = order.population.covers(&self.facts, order.state.force().map(|force| force.clock));
            came_later && covered && order.was_recover_for(&self.facts, now)
        })
    }
}

/// Why the gate is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closure {
    /// No page opens it.
    Disabled,
    /// An authority's order decides.
    Ordered {
        /// The order.
        order: OrderId,
        /// What the old password is worth.
        level: Level,
    },
    /// Forced for this account.
    Individual {
        /// What the old password is worth.
        level: Level,
    },
    /// No password was chosen yet.
    NotActivated,
    /// Found in a leaked list, or reported.
    Compromised,
    /// Weak under today's rules.
    RulesTightened,
    /// Older than the profile's maximum lifetime.
    Expired,
}

impl Closure {
    /// Every word of [`as_str`](Self::as_str).
    pub const WORDS: [&str; 7] =
        ["compromised", "disabled", "expired", "individual", "not_activated", "ordered", "rules_tightened"];

    /// The word for logs, tables and tests.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Compromised => "compromised",
            Self::Disabled => "disabled",
            Self::Expired => "expired",
            Self::Individual { .. } => "individual",
            Self::NotActivated => "not_activated",
            Self::Ordered { .. } => "ordered",
            Self::RulesTightened => "rules_tightened",
        }
    }

    /// Whether the old password may open the change page.
    pub const fn admits_old_password(&self) -> bool {
        match self {
            Self::Disabled | Self::NotActivated => false,
            Self::Ordered { level, .. } | Self::Individual { level } => matches!(level, Level::Change),
            Self::Compromised | Self::Expired | Self::RulesTightened => true,
        }
    }

    /// Whether passwords are believed stolen: then a password's answer must tell nothing.
    pub const fn is_recover(&self) -> bool {
        matches!(
            self,
            Self::Ordered { level: Level::Recover, .. } | Self::Individual { level: Level::Recover }
        )
    }

    /// The larger, the stricter.
    fn strictness(&self) -> u8 {
        match self {
            Self::Disabled => 9,
            Self::Ordered { level: Level::Recover, .. } => 8,
            Self::Individual { level: Level::Recover } => 7,
            Self::NotActivated => 6,
            Self::Ordered { level: Level::Change, .. } => 5,
            Self::Individual { level: Level::Change } => 4,
            Self::Compromised => 3,
            Self::RulesTightened => 2,
            Self::Expired => 1,
        }
    }
}

/// Proof that the gate was asked for an account and was open. Whatever mints takes it by value, and its batch insists on
/// the numbers in it.
#[derive(Debug)]
pub struct GatePass {
    account: AccountId,
    number: AccountNumber,
    clock: OrderClock,
    epoch: i64,
    asked_at: Timestamp,
}

impl GatePass {
    /// Whom it lets through.
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The account number the gate was asked at.
    pub fn number(&self) -> AccountNumber {
        self.number
    }

    /// The order clock the gate was asked at.
    pub fn clock(&self) -> OrderClock {
        self.clock
    }

    /// The deployment's epoch the gate was asked at.
    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    /// The database's time the gate was asked at.
    pub fn asked_at(&self) -> Timestamp {
        self.asked_at
    }
}

/// Asks the gate.
pub fn evaluate(evidence: &Evidence, policy: &PolicyBook) -> Result<GatePass, Closure> {
    let facts = evidence.facts();
    closures(evidence, policy).max_by_key(Closure::strictness).map_or_else(
        || {
            Ok(GatePass {
                account: facts.account.clone(),
                number: facts.number,
                clock: facts.clock,
                epoch: facts.epoch,
                asked_at: facts.now,
            })
        },
        Err,
    )
}

fn closures<'a>(evidence: &'a Evidence, policy: &'a PolicyBook) -> impl Iterator<Item = Closure> + 'a {
    let facts = evidence.facts();
    let asked = facts.way_in == WayIn::Local;
    let disabled = facts.disabled.then_some(Closure::Disabled);
    let own = [
        facts.credential.is_none().then_some(Closure::NotActivated),
        facts.forced.map(|level| Closure::Individual { level }),
        facts.credential.filter(|credential| credential.compromised).map(|_| Closure::Compromised),
        facts.credential.filter(|credential| credential.weak).map(|_| Closure::RulesTightened),
        is_expired(facts, policy).then_some(Closure::Expired),
    ];
    let local = own.into_iter().flatten().chain(strictest_order(evidence)).filter(move |_| asked);
    disabled.into_iter().chain(local)
}

/// The order that decides: the strictest level, then the latest number; one that is due and unnumbered is the latest.
fn strictest_order(evidence: &Evidence) -> Option<Closure> {
    evidence
        .bindings()
        .max_by_key(|binding| {
            (binding.level, binding.clock.map_or(i64::MAX, |clock| clock.0), &binding.order.id)
        })
        .map(|binding| Closure::Ordered { order: binding.order.id.clone(), level: binding.level })
}

fn is_expired(facts: &Facts, policy: &PolicyBook) -> bool {
    let Some(credential) = &facts.credential else { return false };
    let open = facts.affiliations.iter().filter(|affiliation| affiliation.span.is_open());
    let by_profile =
        open.filter_map(|affiliation| policy.maximum_lifetime.get(&affiliation.profile).copied());
    let by_role = policy.operator_maximum_lifetime.filter(|_| facts.is_operator());
    by_profile.chain(by_role).min().is_some_and(|lifetime| facts.now >= credential.chosen_at.plus(lifetime))
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
