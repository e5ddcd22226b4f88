//! What a browser may hold: a session whose gate was open, or the right to choose a new password. They are two types,
//! and nothing that mints accepts the second.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::account::{AccountId, AccountNumber};
use super::code::{LiveCode, live_code};
use super::facts::Proof;
use super::gate::{Closure, Evidence, GatePass, PolicyBook};
use super::order_clock::OrderClock;
use super::timestamp::Timestamp;

/// How long a session lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// Without a request.
    pub idle: Duration,
    /// From the sign-in on.
    pub absolute: Duration,
}

/// A signed-in browser. Kept under the hash of its cookie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Identifies the session to relying parties (`sid`); the cookie's hash, so it opens nothing.
    pub sid: String,
    /// Who.
    pub account: AccountId,
    /// The account number as read by the statement that read the hash which was verified.
    pub number: AccountNumber,
    /// The deployment's epoch then.
    pub epoch: i64,
    /// The order clock then.
    pub clock: OrderClock,
    /// When the person proved who they are (`auth_time`).
    pub authenticated_at: Timestamp,
    /// The last request that renewed it.
    pub seen_at: Timestamp,
}

impl Session {
    /// Opens a session for whom the gate let through.
    pub fn open(pass: &GatePass, sid: String, now: Timestamp) -> Self {
        Self {
            sid,
            account: pass.account().clone(),
            number: pass.number(),
            epoch: pass.epoch(),
            clock: pass.clock(),
            authenticated_at: now,
            seen_at: now,
        }
    }

    /// Whether the session still stands: within its limits, not ended by a change, a force or a restore, and not minted
    /// before its account's passwords were believed stolen.
    pub fn stands(&self, evidence: &Evidence, limits: SessionLimits) -> bool {
        let facts = evidence.facts();
        let now = facts.now;
        self.account == facts.account
            && self.number == facts.number
            && self.epoch == facts.epoch
            && now < self.seen_at.plus(limits.idle)
            && now < self.authenticated_at.plus(limits.absolute)
            && !facts.disabled
            && !evidence.predates_recovery(self.clock)
    }
}

/// The right of a browser to choose a new password for one account, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingChange {
    /// For whom.
    pub account: AccountId,
    /// The account number when the proof was verified.
    pub number: AccountNumber,
    /// The deployment's epoch then.
    pub epoch: i64,
    /// What opened the page.
    pub opened_by: OpenedBy,
    /// When.
    pub since: Timestamp,
}

/// What opened the change page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenedBy {
    /// The old password; it is asked again with the change.
    OldPassword,
    /// A code, which must still be the live one when the change is made.
    Code(LiveCode),
}

impl OpenedBy {
    /// The proof that a change made from here records.
    pub const fn proof(&self) -> Proof {
        match self {
            Self::OldPassword => Proof::OldPassword,
            Self::Code(_) => Proof::Code,
        }
    }
}

impl PendingChange {
    /// Whether it opens the change page still: no change, force, new code or restore ended it since, and what opened it
    /// would open it now, under what the gate answers now.
    pub fn opens(
        &self,
        evidence: &Evidence,
        closure: Option<&Closure>,
        policy: &PolicyBook,
        lifetime: Duration,
    ) -> bool {
        let would_open = match &self.opened_by {
            OpenedBy::OldPassword => closure.is_none_or(Closure::admits_old_password),
            OpenedBy::Code(opened) => live_code(evidence, closure, policy).as_ref() == Some(opened),
        };
        would_open && self.stands(evidence, lifetime)
    }

    fn stands(&self, evidence: &Evidence, lifetime: Duration) -> bool {
        let facts = evidence.facts();
        self.account == facts.account
            && self.number == facts.number
            && self.epoch == facts.epoch
            && facts.now < self.since.plus(lifetime)
            && !facts.disabled
    }
}
