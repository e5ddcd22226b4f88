//! When nothing can be decided.

use thiserror::Error;

use crate::domain::jurisdiction::Refusal;
use crate::flows::hash_pool::HashError;
use crate::store::db::DbError;

/// The request cannot be decided now. Nothing was given, and nothing was said about the account: come back later.
#[derive(Debug, Error)]
pub enum Unavailable {
    /// The database did not answer.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Passwords cannot be hashed now.
    #[error(transparent)]
    Hashing(#[from] HashError),
    /// What was decided is written down, and what it was to leave in the browser's hand is not.
    #[error("the store of claims failed after what they belong to was written")]
    ClaimsLost,
    /// What was decided upon kept changing.
    #[error("what was decided upon changed {TRIES} times in a row")]
    Contended,
    /// The same request was done at the same time, under the same key: what came of it is the answer.
    #[error("the same request was done at the same time")]
    SentBefore,
    /// The right that it rested on was taken while it was under way. What was given until then is not all of it.
    #[error("whoever asked for it may not have the rest: {0}")]
    Withdrawn(Refusal),
    /// A stored value does not open, or a key is missing.
    #[error("{0}")]
    Broken(String),
}

/// How often a decision is made again when what it was made upon has changed.
pub const TRIES: usize = 8;
