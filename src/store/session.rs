//! Sessions that ended before their time.
//!
//! A session itself is a claim and may lie in another store. That it has ended is written with the durable data, in one batch
//! with the end of its grants, so that what is minted beside the ending does not outlive it.

use crate::domain::notice::Cause;
use crate::domain::session::Session;
use crate::domain::timestamp::Timestamp;
use crate::store::db::{Db, DbError, Statement, q};
use crate::store::{grant, notice};

/// In a batch: the session is over, with the grants that were not to outlive it, and its relying parties are told.
/// `expires_at` is when it would have ended.
///
/// Writing to the account's row waits for whoever is minting for it, so that the statements after it see what was minted;
/// and whoever comes later to mint waits, and then sees that the session has ended.
pub fn end(session: &Session, cause: &Cause, now: Timestamp, expires_at: Timestamp) -> [Statement; 4] {
    let [alone, ended] = ended(session, expires_at);
    [
        alone,
        ended,
        notice::session_ended(&session.sid, cause, now),
        grant::revoke_of_session(&session.sid, now),
    ]
}

/// In a batch: the same for what lay under the hash of a cookie and is not there to be looked at, whoever's it was: what
/// took it may put it back. There is no account to wait for; whoever mints finds no session either.
pub fn end_unseen(key: &str, cause: &Cause, now: Timestamp, expires_at: Timestamp) -> [Statement; 3] {
    [mark(key, expires_at), notice::session_ended(key, cause, now), grant::revoke_of_session(key, now)]
}

/// In a batch: the same person signed in again in the same browser. The grants come under the new session.
pub fn replace(before: &Session, session: &Session, expires_at: Timestamp) -> [Statement; 3] {
    let [alone, ended] = ended(before, expires_at);
    [alone, ended, grant::carry_to_session(&before.sid, &session.sid)]
}

fn ended(session: &Session, expires_at: Timestamp) -> [Statement; 2] {
    [
        q!("UPDATE account SET updated_at = updated_at WHERE id = $1", session.account.0.as_str()),
        mark(&session.sid, expires_at),
    ]
}

fn mark(sid: &str, expires_at: Timestamp) -> Statement {
    q!(
        "INSERT INTO ended_session (sid, expires_at) VALUES ($1, $2) ON CONFLICT (sid) DO UPDATE SET expires_at =
             CASE WHEN excluded.expires_at > ended_session.expires_at THEN excluded.expires_at
                  ELSE ended_session.expires_at END",
        sid,
        expires_at
    )
}

/// Whether it has ended.
pub async fn has_ended(db: &Db, sid: &str) -> Result<bool, DbError> {
    Ok(db.one(q!("SELECT sid FROM ended_session WHERE sid = $1", sid)).await?.is_some())
}

/// In a batch, after the account's number was insisted on: the session has not ended, and does not until the batch has
/// committed.
pub fn has_not_ended(sid: &str) -> Statement {
    q!("SELECT epoch FROM deployment WHERE NOT EXISTS (SELECT 1 FROM ended_session WHERE sid = $1)", sid)
        .holds()
        .named("session")
}

/// Forgets at most `limit` of those that would have ended by themselves.
pub fn tidy(now: Timestamp, limit: i64) -> Statement {
    q!(
        "DELETE FROM ended_session WHERE sid IN
             (SELECT sid FROM ended_session WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
        now,
        limit
    )
}
