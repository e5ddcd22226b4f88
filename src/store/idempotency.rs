//! Requests that were sent with a key, so that the same one twice is one act.

use crate::domain::timestamp::Timestamp;
use crate::store::db::{Db, DbError, Statement, q};

/// The name of the statement that remembers: unmet, something came of the request before.
pub const SENT_BEFORE: &str = "idempotency key";

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// A hash of what was asked.
    pub request: String,
    /// What was made or done, for the act that did it to read.
    pub object: String,
}

/// What came of this actor's request with this key.
pub async fn find(db: &Db, actor: &str, key: &str) -> Result<Option<Done>, DbError> {
    let sql = q!("SELECT request, object FROM idempotency WHERE actor = $1 AND key = $2", actor, key);
    db.one(sql)
        .await?
        .map(|row| Ok(Done { request: row.text("request")?, object: row.text("object")? }))
        .transpose()
}

/// In a batch: this is what comes of it, unless something came of it already.
pub fn remember(actor: &str, key: &str, done: &Done, now: Timestamp) -> Statement {
    q!(
        "INSERT INTO idempotency (actor, key, request, object, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        actor,
        key,
        done.request.as_str(),
        done.object.as_str(),
        now
    )
    .want(1)
    .named(SENT_BEFORE)
}

/// Of those that are older, at most `limit` are forgotten.
pub fn tidy(before: Timestamp, limit: i64) -> Statement {
    q!(
        "DELETE FROM idempotency WHERE (actor, key) IN (
             SELECT actor, key FROM idempotency WHERE at < $1 ORDER BY at LIMIT $2)",
        before,
        limit
    )
}
