//! Signing keys, sealed under the master key.

use crate::domain::client::SigningAlgorithm;
use crate::domain::timestamp::Timestamp;
use crate::store::db::{Db, DbError, Row, Statement, q};

/// A key as stored. Its private part is sealed.
pub struct StoredKey {
    /// Its name.
    pub kid: String,
    /// What it signs with.
    pub algorithm: SigningAlgorithm,
    /// `next`, `active` or `retired`.
    pub state: String,
    /// PKCS#8, sealed.
    pub sealed: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it began to sign.
    pub activated_at: Option<Timestamp>,
    /// When it ceased to sign.
    pub retired_at: Option<Timestamp>,
}

/// Every key, by algorithm and age.
pub async fn list(db: &Db) -> Result<Vec<StoredKey>, DbError> {
    db.all(q!("SELECT * FROM signing_key ORDER BY alg, created_at, kid")).await?.iter().map(read).collect()
}

/// In a batch: a new key. Of two programs that add one for the same algorithm and state, one is refused.
pub fn insert(key: &StoredKey) -> Statement {
    q!(
        "INSERT INTO signing_key (kid, alg, state, sealed, created_at, activated_at) VALUES ($1, $2, $3, $4, $5, $6)",
        key.kid.as_str(),
        key.algorithm.as_str(),
        key.state.as_str(),
        key.sealed.as_str(),
        key.created_at,
        key.activated_at
    )
    .want(1)
    .named("signing key")
}

/// In a batch: the key that signed ceases to.
pub fn retire(algorithm: SigningAlgorithm, kid: &str, now: Timestamp) -> Statement {
    q!(
        "UPDATE signing_key SET state = 'retired', retired_at = $3 WHERE alg = $1 AND kid = $2 AND state = 'active'",
        algorithm.as_str(),
        kid,
        now
    )
    .want(1)
    .named("signing key")
}

/// In a batch: the key that was published begins to sign.
pub fn activate(algorithm: SigningAlgorithm, kid: &str, now: Timestamp) -> Statement {
    q!(
        "UPDATE signing_key SET state = 'active', activated_at = $3 WHERE alg = $1 AND kid = $2 AND state = 'next'",
        algorithm.as_str(),
        kid,
        now
    )
    .want(1)
    .named("signing key")
}

/// In a batch: keys that ceased to sign before `since` are gone; nothing they signed is valid any more.
pub fn remove_retired(since: Timestamp) -> Statement {
    q!("DELETE FROM signing_key WHERE state = 'retired' AND retired_at < $1", since)
}

fn read(row: &Row) -> Result<StoredKey, DbError> {
    Ok(StoredKey {
        kid: row.text("kid")?,
        algorithm: SigningAlgorithm::from_stored(row.str("alg")?)
            .ok_or_else(|| row.inconsistent("alg", "is no known algorithm"))?,
        state: row.text("state")?,
        sealed: row.text("sealed")?,
        created_at: row.time("created_at")?,
        activated_at: row.opt_time("activated_at")?,
        retired_at: row.opt_time("retired_at")?,
    })
}
