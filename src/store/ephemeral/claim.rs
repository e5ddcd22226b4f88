//! What a decision does to claims beside what it writes in SQL.
//!
//! In the database both happen in one batch. Redis has no part in a transaction, so there the order is: take and renew what
//! must be there, run the batch, then write. Whatever falls between leaves somebody to begin again, and opens nothing: each
//! claim is judged anew by the gate, single use has its last word in SQL, and so has the end of a session.

use serde::Serialize;

use super::throttle::{throttle_clear_statement, throttle_refund_statement};
use super::written;
use crate::domain::timestamp::Timestamp;
use crate::store::db::{Batch, BatchError, DbError, OrderLock, Statement, q};

/// One thing done to a claim or a counter.
pub enum Claim {
    /// Taken out; unless it was there, nothing happens at all, and the batch is unmet under the claim's kind.
    Use {
        /// The kind.
        kind: &'static str,
        /// The key.
        key: String,
    },
    /// Kept until a time, in place of any that was there.
    Put {
        /// The kind.
        kind: &'static str,
        /// The key.
        key: String,
        /// The value as JSON.
        json: String,
        /// Its end.
        expires_at: Timestamp,
    },
    /// Put in the place of one that is there. One that was ended does not come back to life: then nothing happens, and the
    /// batch is unmet under the claim's kind.
    Renew {
        /// The kind.
        kind: &'static str,
        /// The key.
        key: String,
        /// The value as JSON.
        json: String,
        /// Its end.
        expires_at: Timestamp,
    },
    /// Removed, if it is there.
    Remove {
        /// The kind.
        kind: &'static str,
        /// The key.
        key: String,
    },
    /// The failures of a counter are forgotten.
    Clear {
        /// The counter.
        key: String,
    },
    /// The booking of an attempt that succeeded is taken back, and the wait is over.
    Refund {
        /// The counter.
        key: String,
        /// The present instant.
        now: Timestamp,
    },
}

impl Claim {
    /// Takes it out; must be there.
    pub fn take(kind: &'static str, key: impl Into<String>) -> Self {
        Self::Use { kind, key: key.into() }
    }

    /// Keeps a value.
    pub fn put<T: Serialize>(
        kind: &'static str,
        key: impl Into<String>,
        value: &T,
        expires_at: Timestamp,
    ) -> Result<Self, DbError> {
        Ok(Self::Put { kind, key: key.into(), json: written(kind, value)?, expires_at })
    }

    /// Renews a value that must be there.
    pub fn renew<T: Serialize>(
        kind: &'static str,
        key: impl Into<String>,
        value: &T,
        expires_at: Timestamp,
    ) -> Result<Self, DbError> {
        Ok(Self::Renew { kind, key: key.into(), json: written(kind, value)?, expires_at })
    }

    /// Removes it.
    pub fn remove(kind: &'static str, key: impl Into<String>) -> Self {
        Self::Remove { kind, key: key.into() }
    }

    /// What it is done to, for the log.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Use { kind, .. }
            | Self::Put { kind, .. }
            | Self::Renew { kind, .. }
            | Self::Remove { kind, .. } => kind,
            Self::Clear { .. } | Self::Refund { .. } => "throttle",
        }
    }

    /// The same in SQL.
    pub(super) fn statement(&self) -> Statement {
        match self {
            Self::Use { kind, key } => super::take_statement(kind, key).want(1).named(kind),
            Self::Put { kind, key, json, expires_at } => super::put_statement(kind, key, json, *expires_at),
            Self::Renew { kind, key, json, expires_at } => {
                super::replace_statement(kind, key, json, Some(*expires_at)).want(1).named(kind)
            }
            Self::Remove { kind, key } => {
                q!("DELETE FROM ephemeral WHERE kind = $1 AND key = $2", *kind, key)
            }
            Self::Clear { key } => throttle_clear_statement(key),
            Self::Refund { key, now } => throttle_refund_statement(key, *now),
        }
    }
}

/// What is decided together: statements for the database and claims, in whichever store they lie.
pub struct Writes {
    pub(super) statements: Vec<Statement>,
    pub(super) claims: Vec<Claim>,
    pub(super) order_lock: OrderLock,
}

/// A part of [`Writes`].
pub enum Write {
    /// In the database.
    Sql(Statement),
    /// In the ephemeral store.
    Claim(Claim),
}

impl From<Statement> for Write {
    fn from(statement: Statement) -> Self {
        Self::Sql(statement)
    }
}

impl From<Claim> for Write {
    fn from(claim: Claim) -> Self {
        Self::Claim(claim)
    }
}

impl Writes {
    /// Nothing yet; what is added is indifferent to orders.
    pub const fn plain() -> Self {
        Self { statements: Vec::new(), claims: Vec::new(), order_lock: OrderLock::None }
    }

    /// Nothing yet; orders stand still while it is written. See [`Batch::under_order_lock`].
    pub const fn under_order_lock() -> Self {
        Self { statements: Vec::new(), claims: Vec::new(), order_lock: OrderLock::Shared }
    }

    /// Adds one.
    pub fn push(&mut self, write: impl Into<Write>) {
        match write.into() {
            Write::Sql(statement) => self.statements.push(statement),
            Write::Claim(claim) => self.claims.push(claim),
        }
    }

    pub(super) fn into_batch(self) -> Batch {
        let mut statements = self.statements;
        statements.extend(self.claims.iter().map(Claim::statement));
        Batch::new(statements, self.order_lock)
    }
}

impl<T: Into<Write>> Extend<T> for Writes {
    fn extend<I: IntoIterator<Item = T>>(&mut self, writes: I) {
        writes.into_iter().for_each(|write| self.push(write));
    }
}

/// What was taken out of Redis for a batch, to be put back if the batch does not happen.
pub(super) struct Held {
    pub(super) kind: &'static str,
    pub(super) key: String,
    pub(super) taken: super::redis::Taken,
}

/// The claim of this kind was not there.
pub(super) const fn unmet(kind: &'static str) -> BatchError {
    BatchError::Unmet { statement: 0, label: kind, wanted: 1, touched: 0 }
}
