//! Assertions by which clients said who they are. Each is good once, on whichever replica it is shown.

use crate::domain::client::ClientId;
use crate::domain::timestamp::Timestamp;
use crate::store::db::{Statement, q};

/// In a batch: an assertion is used; of two uses, at once or one after the other, the second is undone.
pub fn spend(client: &ClientId, jti_hash: &str, expires_at: Timestamp) -> Statement {
    q!(
        "INSERT INTO used_assertion (client_id, jti_hash, expires_at) VALUES ($1, $2, $3)
         ON CONFLICT (client_id, jti_hash) DO NOTHING",
        client.0.as_str(),
        jti_hash,
        expires_at
    )
    .want(1)
    .named("assertion")
}

/// Forgets at most `limit` of those that nobody takes for fresh any more.
pub fn tidy(now: Timestamp, limit: i64) -> Statement {
    q!(
        "DELETE FROM used_assertion WHERE (client_id, jti_hash) IN
             (SELECT client_id, jti_hash FROM used_assertion WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
        now,
        limit
    )
}
