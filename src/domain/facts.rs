//! What the gate reads of one account, read by one statement.

use serde::{Deserialize, Serialize};

use super::account::{AccountId, AccountNumber, Affiliation, WayIn};
use super::level::Level;
use super::order_clock::{ClockSpan, OrderClock};
use super::territory::TerritoryPath;
use super::timestamp::Timestamp;

/// Everything about one account that the gate reads, read by one statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Whose.
    pub account: AccountId,
    /// The account number at the reading.
    pub number: AccountNumber,
    /// The deployment's epoch at the reading.
    pub epoch: i64,
    /// The order clock at the reading.
    pub clock: OrderClock,
    /// The database's time at the reading: the `now` of lifetimes, schedules and deadlines.
    pub now: Timestamp,
    /// Whether the account is disabled.
    pub disabled: bool,
    /// How the person signs in.
    pub way_in: WayIn,
    /// The credential, if one was ever chosen.
    pub credential: Option<CredentialFacts>,
    /// Forced on this account alone, at a level.
    pub forced: Option<Level>,
    /// Where the person belongs and belonged.
    pub affiliations: Vec<Affiliation>,
    /// When the person held a role over others.
    pub roles: Vec<ClockSpan>,
    /// The account's one-time code.
    pub code: CodeFacts,
}

impl Facts {
    /// The smallest place that holds all that the person is; the root for somebody who belongs nowhere.
    pub fn place(&self) -> TerritoryPath {
        let open = self.affiliations.iter().filter(|affiliation| affiliation.span.is_open());
        let places = open.map(|affiliation| affiliation.path.clone());
        places.reduce(|above, path| above.common(&path)).unwrap_or_else(TerritoryPath::root)
    }

    /// Whether the person holds a role over others.
    pub fn is_operator(&self) -> bool {
        self.roles.iter().any(ClockSpan::is_open)
    }
}

/// What the gate reads of a credential; the hash is not among it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CredentialFacts {
    /// The order clock it was chosen under.
    pub clock: OrderClock,
    /// When it was chosen.
    pub chosen_at: Timestamp,
    /// What authorised the choice.
    pub proof: Proof,
    /// Found weak under the rules of the day at a sign-in.
    pub weak: bool,
    /// Found in a leaked list, or reported.
    pub compromised: bool,
}

/// What the account's row says of its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeFacts {
    /// The deployment's epoch as far as codes go: another one than sessions', as codes on paper may outlive those.
    pub epoch: i64,
    /// The issue number: raised by *new code*, by a force and by every change, so that the code before it is dead.
    pub issue: i64,
    /// When a code of the deployment's key was issued, if one is alive.
    pub issued_at: Option<Timestamp>,
    /// The order clock at that instant.
    pub issued_under: Option<OrderClock>,
    /// The order clock when a code of this account was last printed.
    pub printed_under: Option<OrderClock>,
}

/// What authorised the choice of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// A printed code.
    Code,
    /// The password before it. A thief has that, too.
    OldPassword,
}

impl Proof {
    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::OldPassword => "old_password",
        }
    }

    /// Reads the stored form.
    pub fn from_stored(text: &str) -> Option<Self> {
        [Self::Code, Self::OldPassword].into_iter().find(|proof| proof.as_str() == text)
    }
}
