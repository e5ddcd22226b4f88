//! The second person behind an order, or behind a role that gives power over many: what is approved, by whom, and until when that
//! counts.

use std::time::Duration;

use thiserror::Error;

use super::account::AccountId;
use super::jurisdiction::RoleGrant;
use super::reset_order::ResetOrder;
use super::secret::Secret;
use super::timestamp::Timestamp;

/// What approval is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// To put the order into force.
    Issue,
    /// To lift an order at level `recover` that is in force.
    Cancel,
}

impl Wish {
    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Cancel => "cancel",
        }
    }

    /// Reads the stored form.
    pub fn from_stored(text: &str) -> Option<Self> {
        [Self::Issue, Self::Cancel].into_iter().find(|wish| wish.as_str() == text)
    }
}

/// Stands for everything of an order that an approval is about: whoever approves one thing has not approved another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest(pub String);

impl Digest {
    /// Of an order that begins at this instant.
    pub fn of(order: &ResetOrder, begins_at: Timestamp) -> Self {
        let words = serde_json::json!([
            order.id,
            order.population,
            order.exclusions,
            order.level.as_str(),
            begins_at,
            order.deadline,
            order.code_lifetime.map(|chosen| chosen.as_secs()),
        ]);
        Self(Secret::new(words.to_string()).hash())
    }

    /// Of an order as it is shown, with what is asked about it: whoever approves or changes it says what they saw.
    pub fn shown(order: &ResetOrder, begins_at: Timestamp, asked: Option<&Request>) -> Self {
        asked.map_or_else(|| Self::of(order, begins_at), Request::shown)
    }
}

/// An approval that was asked for and not given yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What for.
    pub wish: Wish,
    /// What was shown to whoever asked.
    pub digest: Digest,
    /// The people whom the order covered then.
    pub covered: u64,
    /// Who asked, as the audit log names them.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Why somebody's approval does not count.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Objection {
    /// The same person asked for it.
    #[error("somebody else must approve what you asked for")]
    OwnWish,
    /// One of the two may be the other, or both a third person: a role, a code or a reset was given lately.
    #[error(
        "within the last 30 days whoever asked for this gave you a role, a code or a reset, or you them a code, or somebody a \
         code to both; somebody else must approve"
    )]
    Beholden,
    /// What would be approved is not what was shown.
    #[error("the order was changed since it was shown to you; look at it again")]
    Changed,
    /// The approver or whoever asked is among those whom the order is made to reach in spite of their role.
    #[error("an order that names its author or its approver needs somebody else")]
    Involved,
    /// So many people came or went that it is another order.
    #[error(
        "the order covered {then} people when it was put forward and covers {now} now; it must be put forward again"
    )]
    Drifted {
        /// Then.
        then: u64,
        /// Now.
        now: u64,
    },
    /// The host's command line is one person already.
    #[error("the command line cannot be the second person; in an emergency, --break-glass")]
    Local,
}

/// How long a favour makes beholden.
pub const FAVOUR: Duration = Duration::from_hours(30 * 24);

/// For how long an author's orders count together.
pub const TOGETHER: Duration = Duration::from_hours(24);

/// How long a role that was asked for may be approved.
pub const PENDING: Duration = Duration::from_hours(7 * 24);

/// A role that somebody asked for, for somebody, and that a second operator has not approved yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingRole {
    /// Which request.
    pub id: String,
    /// Who would hold it.
    pub account: AccountId,
    /// What, and where.
    pub grant: RoleGrant,
    /// Who asked, as the audit log names them.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl PendingRole {
    /// Who asked; none where it was no operator.
    pub fn author(&self) -> Option<AccountId> {
        operator(&self.by)
    }
}

/// The account of somebody as the audit log names them; none of a shell on the host.
pub fn operator(name: &str) -> Option<AccountId> {
    name.strip_prefix("account:").map(|id| AccountId(id.to_owned()))
}

/// Whether so many people came or went that it is another order: more than one in twenty.
pub const fn has_drifted(then: u64, now: u64) -> bool {
    then.abs_diff(now) * 20 > then
}

impl Request {
    /// Stands for what whoever approves is shown: the order, what is asked about it, by whom and when, and how many it covered then. What
    /// was shown of one request is no answer to a later one.
    pub fn shown(&self) -> Digest {
        let words = serde_json::json!([self.wish.as_str(), self.digest.0, self.covered, self.by, self.at]);
        Digest(Secret::new(words.to_string()).hash())
    }

    /// Whether this may be approved, as it is now, by whoever this is. That favours make beholden is asked apart.
    pub fn check(
        &self,
        order: &ResetOrder,
        now: &Digest,
        covers: u64,
        approver: &AccountId,
    ) -> Result<(), Objection> {
        let named = |account: &AccountId| order.exclusions.named_operators.contains(account);
        let author = operator(&self.by);
        if author.as_ref() == Some(approver) {
            return Err(Objection::OwnWish);
        }
        if named(approver) || author.as_ref().is_some_and(named) {
            return Err(Objection::Involved);
        }
        if self.digest != *now {
            return Err(Objection::Changed);
        }
        if self.wish == Wish::Issue && has_drifted(self.covered, covers) {
            return Err(Objection::Drifted { then: self.covered, now: covers });
        }
        Ok(())
    }
}
