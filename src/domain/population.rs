//! Whom an order speaks of: people of some profiles below a place, less those it spares.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::account::AccountId;
use super::facts::Facts;
use super::order_clock::OrderClock;
use super::profile::Profile;
use super::territory::TerritoryPath;
use super::timestamp::Timestamp;

/// A part of a territory: the affiliations below a place whose profile is one of `profiles`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Population {
    /// The place, with everything below it.
    pub territory: TerritoryPath,
    /// The profiles; every profile when empty.
    pub profiles: BTreeSet<Profile>,
}

impl Population {
    /// Whether an order of this number found the account in the population. A due order that has no number yet finds
    /// those whose affiliation is open now.
    pub fn covers(&self, facts: &Facts, clock: Option<OrderClock>) -> bool {
        facts.affiliations.iter().any(|affiliation| {
            self.territory.contains(&affiliation.path)
                && (self.profiles.is_empty() || self.profiles.contains(&affiliation.profile))
                && clock.map_or(affiliation.span.is_open(), |clock| affiliation.span.met(clock))
        })
    }
}

/// Whom an order spares though it covers them. Part of the order's row; asked each time the gate is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusions {
    /// Spares accounts that were never activated: they have no password to steal, and their first code is enough.
    #[serde(default)]
    pub never_activated: bool,
    /// Spares credentials chosen at this instant or later.
    #[serde(default)]
    pub changed_since: Option<Timestamp>,
    /// Spares accounts which their school has reset itself, at this instant or later, at the same level or a
    /// stricter one.
    #[serde(default)]
    pub reset_by_school_since: Option<Timestamp>,
    /// The operators that are *not* left out: named one by one, after having been shown.
    #[serde(default)]
    pub named_operators: BTreeSet<AccountId>,
}

/// Why an account that an order covers is spared by it. Accounts without a local password need no entry in the row:
/// the gate does not ask them for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exclusion {
    /// The credential is newer than the date given.
    ChangedSince,
    /// Never activated.
    NeverActivated,
    /// Signs in elsewhere: no local password.
    NoLocalPassword,
    /// Holds a role and was not named.
    Operator,
    /// The school has reset it already.
    ResetBySchool,
}

impl Exclusion {
    /// Every reason.
    pub const ALL: [Self; 5] = [
        Self::ChangedSince,
        Self::NeverActivated,
        Self::NoLocalPassword,
        Self::Operator,
        Self::ResetBySchool,
    ];

    /// The written form, on the command line and in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChangedSince => "changed-since",
            Self::NeverActivated => "never-activated",
            Self::NoLocalPassword => "no-local-password",
            Self::Operator => "operator",
            Self::ResetBySchool => "reset-by-school",
        }
    }
}
