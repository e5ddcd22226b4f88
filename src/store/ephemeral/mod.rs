//! Claims that expire: sessions, interactions, codes on their way, counters of failures.
//!
//! They are claims and no more: whoever takes one out asks the gate again, and what lasts is written with the
//! durable data. A value is JSON under a kind and a key, and is there until its time, by the database's clock.
//! A key is readable in a copy of the database: where it is a secret, callers pass its hash.
//!
//! Kept in the tables `ephemeral` and `throttle`, so that a restart signs nobody out, and so that a claim can
//! be written or taken in the same batch as what depends on it (the functions that make a [`Statement`]).

mod throttle;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use throttle::{Reserve, throttle_clear_statement, throttle_refund_statement};

use super::db::{Batch, Db, DbError, Row, Statement, q};
use crate::domain::timestamp::Timestamp;

/// Rows deleted in one batch by [`Ephemeral::tidy`]: a few milliseconds in which nobody else writes.
const TIDY_ROWS: u32 = 500;

/// The store of what expires. Clones are the same store.
#[derive(Clone)]
pub struct Ephemeral {
    db: Db,
}

impl Ephemeral {
    /// The store inside `db`.
    pub const fn new(db: Db) -> Self {
        Self { db }
    }

    /// Keeps `value` until `expires_at`, in place of any that was there.
    pub async fn put<T: Serialize>(
        &self,
        kind: &str,
        key: &str,
        value: &T,
        expires_at: Timestamp,
    ) -> Result<(), DbError> {
        self.write(put_statement(kind, key, value, expires_at)?).await?;
        Ok(())
    }

    /// The value, unless its time is over.
    pub async fn get<T: DeserializeOwned>(&self, kind: &str, key: &str) -> Result<Option<T>, DbError> {
        let row = self.db.one(q!(
            "SELECT value FROM ephemeral WHERE kind = $1 AND key = $2 AND expires_at > now_us()",
            kind,
            key
        ));
        row.await?.map(|row| read(kind, &row)).transpose()
    }

    /// Takes the value out: of all that ask for it at once, one gets it.
    pub async fn take<T: DeserializeOwned>(&self, kind: &str, key: &str) -> Result<Option<T>, DbError> {
        let rows = self.write(take_statement(kind, key)).await?;
        rows.first().map(|row| read(kind, row)).transpose()
    }

    /// Puts `value` in the place of one that is there, until `expires_at` or, without it, until the old one
    /// would have expired. Answers whether one was there.
    pub async fn replace_if_present<T: Serialize>(
        &self,
        kind: &str,
        key: &str,
        value: &T,
        expires_at: impl Into<Option<Timestamp>>,
    ) -> Result<bool, DbError> {
        let rows = self.write(replace_statement(kind, key, value, expires_at)?).await?;
        Ok(!rows.is_empty())
    }

    /// Removes the value, if it is there.
    pub async fn remove(&self, kind: &str, key: &str) -> Result<(), DbError> {
        self.write(remove_statement(kind, key)).await?;
        Ok(())
    }

    /// Deletes what has expired, in steps short enough that nobody waits for them, and answers how many rows
    /// that were.
    pub async fn tidy(&self) -> Result<u64, DbError> {
        let mut deleted = 0;
        loop {
            let claims = q!(
                "DELETE FROM ephemeral WHERE (kind, key) IN \
                 (SELECT kind, key FROM ephemeral WHERE expires_at <= now_us() LIMIT $1)",
                TIDY_ROWS
            );
            let counters = q!(
                "DELETE FROM throttle WHERE key IN \
                 (SELECT key FROM throttle WHERE expires_at <= now_us() LIMIT $1)",
                TIDY_ROWS
            );
            let step: u64 =
                self.db.run(Batch::plain(vec![claims, counters])).await?.iter().map(|done| done.count).sum();
            deleted += step;
            if step == 0 {
                return Ok(deleted);
            }
        }
    }

    async fn write(&self, statement: Statement) -> Result<Vec<Row>, DbError> {
        let done = self.db.run(Batch::plain(vec![statement])).await?;
        Ok(done.into_iter().flat_map(|done| done.rows).collect())
    }
}

/// [`put`](Ephemeral::put), for a batch.
pub fn put_statement<T: Serialize>(
    kind: &str,
    key: &str,
    value: &T,
    expires_at: Timestamp,
) -> Result<Statement, DbError> {
    Ok(q!(
        "INSERT INTO ephemeral (kind, key, value, expires_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at",
        kind,
        key,
        written(kind, value)?,
        expires_at
    ))
}

/// [`take`](Ephemeral::take), for a batch: answers the row for [`read`], or none. With `want(1)`
/// the batch happens once per value.
pub fn take_statement(kind: &str, key: &str) -> Statement {
    q!(
        "DELETE FROM ephemeral WHERE kind = $1 AND key = $2 AND expires_at > now_us() RETURNING value",
        kind,
        key
    )
}

/// [`replace_if_present`](Ephemeral::replace_if_present), for a batch: touches one row, or none.
pub fn replace_statement<T: Serialize>(
    kind: &str,
    key: &str,
    value: &T,
    expires_at: impl Into<Option<Timestamp>>,
) -> Result<Statement, DbError> {
    Ok(q!(
        "UPDATE ephemeral SET value = $3, expires_at = COALESCE($4, expires_at) \
         WHERE kind = $1 AND key = $2 AND expires_at > now_us() RETURNING key",
        kind,
        key,
        written(kind, value)?,
        expires_at.into()
    ))
}

/// [`remove`](Ephemeral::remove), for a batch.
pub fn remove_statement(kind: &str, key: &str) -> Statement {
    q!("DELETE FROM ephemeral WHERE kind = $1 AND key = $2", kind, key)
}

/// The condition, for a batch, that the value is there and stays until commit.
pub fn holds_statement(kind: &str, key: &str) -> Statement {
    q!("SELECT key FROM ephemeral WHERE kind = $1 AND key = $2 AND expires_at > now_us()", kind, key).holds()
}

/// Reads the value of a row answered by [`take_statement`].
pub fn read<T: DeserializeOwned>(kind: &str, row: &Row) -> Result<T, DbError> {
    // What serde says of the error may quote the value.
    serde_json::from_str(row.str("value")?)
        .map_err(|_| row.inconsistent("value", format!("does not read as a value of kind {kind}")))
}

fn written<T: Serialize>(kind: &str, value: &T) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|_| DbError::Inconsistent {
        column: "value".to_owned(),
        problem: format!("cannot be written as JSON for kind {kind}"),
    })
}

#[cfg(test)]
mod tests;
