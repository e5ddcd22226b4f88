//! Claims that expire: sessions, interactions, codes on their way, counters of failures.
//!
//! They are claims and no more: whoever takes one out asks the gate again, and what lasts is written with the
//! durable data. A value is JSON under a kind and a key, and is there until its time. A key is readable in a copy of the
//! store: where it is a secret, callers pass its hash.
//!
//! Kept in the database's own tables `ephemeral` and `throttle`, so that a restart signs nobody out; or in Redis, where
//! several replicas would otherwise write every visit into one database.

mod claim;
mod redis;
mod throttle;

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use claim::{Claim, Write, Writes};
pub use redis::{Login, Redis, RedisSettings, RedisTally, Topology};
pub use throttle::Reserve;

use self::claim::{Held, unmet};
use super::db::{Batch, BatchError, Db, DbError, Row, Statement, q};
use super::examined::Examined;
use crate::domain::timestamp::Timestamp;

/// Rows deleted in one batch by [`Ephemeral::tidy`]: a few milliseconds in which nobody else writes.
const TIDY_ROWS: u32 = 500;

/// The store of what expires. Clones are the same store.
#[derive(Clone)]
pub struct Ephemeral {
    engine: Engine,
}

#[derive(Clone)]
enum Engine {
    Database(Db),
    Redis(Arc<Redis>),
}

/// How much of what was decided together has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committed {
    /// All of it.
    Whole,
    /// All statements, and not every claim that was to be kept: their store failed after the batch had committed.
    ClaimsLost,
}

impl Ephemeral {
    /// The store inside `db`.
    pub const fn in_database(db: Db) -> Self {
        Self { engine: Engine::Database(db) }
    }

    /// The store in Redis.
    pub fn in_redis(redis: Redis) -> Self {
        Self { engine: Engine::Redis(Arc::new(redis)) }
    }

    /// Whether claims lie elsewhere than in the database, so that one of them may outlive what ended it there.
    pub const fn lies_apart(&self) -> bool {
        matches!(self.engine, Engine::Redis(_))
    }

    /// Whether the store is one that this program may use.
    pub async fn check(&self) -> Result<(), DbError> {
        match &self.engine {
            Engine::Database(_) => Ok(()),
            Engine::Redis(redis) => redis.check_server().await,
        }
    }

    /// What was counted of Redis, and whether it is connected; none where the store is the database.
    pub fn redis_tally(&self) -> Option<(&RedisTally, bool)> {
        match &self.engine {
            Engine::Database(_) => None,
            Engine::Redis(redis) => Some((redis.tally(), redis.is_connected())),
        }
    }

    /// Looks for what would hurt later; none where the store is the database.
    pub async fn examine(&self) -> Option<Result<Examined, DbError>> {
        match &self.engine {
            Engine::Database(_) => None,
            Engine::Redis(redis) => Some(redis.examine().await),
        }
    }

    /// Whether the store answers.
    pub async fn ping(&self) -> Result<(), DbError> {
        match &self.engine {
            Engine::Database(_) => Ok(()), // it is the database, which whoever asks has asked before
            Engine::Redis(redis) => redis.ping().await,
        }
    }

    /// Keeps `value` until `expires_at`, in place of any that was there.
    pub async fn put<T: Serialize>(
        &self,
        kind: &str,
        key: &str,
        value: &T,
        expires_at: Timestamp,
    ) -> Result<(), DbError> {
        let json = written(kind, value)?;
        match &self.engine {
            Engine::Database(db) => write(db, put_statement(kind, key, &json, expires_at)).await.map(|_| ()),
            Engine::Redis(redis) => redis.put(kind, key, &json, expires_at).await,
        }
    }

    /// The value, unless its time is over.
    pub async fn get<T: DeserializeOwned>(&self, kind: &str, key: &str) -> Result<Option<T>, DbError> {
        let json = match &self.engine {
            Engine::Database(db) => {
                let row = db.one(q!(
                    "SELECT value FROM ephemeral WHERE kind = $1 AND key = $2 AND expires_at > now_us()",
                    kind,
                    key
                ));
                row.await?.map(|row| row.text("value")).transpose()?
            }
            Engine::Redis(redis) => redis.get(kind, key).await?,
        };
        json.map(|json| read(kind, &json)).transpose()
    }

    /// Takes the value out: of all that ask for it at once, one gets it.
    pub async fn take<T: DeserializeOwned>(&self, kind: &str, key: &str) -> Result<Option<T>, DbError> {
        let json = match &self.engine {
            Engine::Database(db) => {
                let rows = write(db, take_statement(kind, key)).await?;
                rows.first().map(|row| row.text("value")).transpose()?
            }
            Engine::Redis(redis) => redis.take(kind, key).await?.map(|taken| taken.json),
        };
        json.map(|json| read(kind, &json)).transpose()
    }

    /// Removes the value, if it is there.
    pub async fn remove(&self, kind: &'static str, key: &str) -> Result<(), DbError> {
        match &self.engine {
            Engine::Database(db) => write(db, Claim::remove(kind, key).statement()).await.map(|_| ()),
            Engine::Redis(redis) => redis.remove(kind, key).await,
        }
    }

    /// Does what was decided together; on an error of the kind `Unmet` or `Unique` nothing of it. Once the statements are
    /// committed nothing is an error any more: what of the claims was lost is for the caller to weigh.
    ///
    /// `db` is where the statements run, and for a store inside a database that one.
    pub async fn commit(&self, db: &Db, writes: Writes) -> Result<Committed, BatchError> {
        match &self.engine {
            Engine::Database(db) => db.run(writes.into_batch()).await.map(|_| Committed::Whole),
            Engine::Redis(redis) => {
                // On a task of its own: whoever hangs up must not leave half of it.
                let done = tokio::spawn(beside(Arc::clone(redis), db.clone(), writes));
                done.await.unwrap_or(Err(BatchError::Db(DbError::WorkerLost)))
            }
        }
    }

    /// Deletes what has expired, in steps short enough that nobody waits for them, and answers how many rows
    /// that were. Redis does so by itself.
    pub async fn tidy(&self) -> Result<u64, DbError> {
        let Engine::Database(db) = &self.engine else { return Ok(0) };
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
                db.run(Batch::plain(vec![claims, counters])).await?.iter().map(|done| done.count).sum();
            deleted += step;
            if step == 0 {
                return Ok(deleted);
            }
        }
    }
}

/// Takes what must be there, runs the batch, writes the rest. What was taken for a batch that did not happen is put
/// back, so that the next try finds it. What is renewed must be there before, and says what it says from now on only once
/// the batch has happened: it may be leave that a code in the batch gives.
async fn beside(redis: Arc<Redis>, db: Db, writes: Writes) -> Result<Committed, BatchError> {
    let mut held = Vec::new();
    let done = take_and_run(&redis, &db, &writes, &mut held).await;
    if done.is_err() {
        for Held { kind, key, taken } in &held {
            if let Err(error) = redis.put_back(kind, key, taken).await {
                tracing::error!(kind, %error, "a claim is lost: it could not be put back");
            }
        }
        return done.map(|()| Committed::Whole);
    }
    let mut committed = Committed::Whole;
    for claim in &writes.claims {
        let written = match claim {
            Claim::Use { .. } => Ok(()),
            // Gone meanwhile, it stays away.
            Claim::Renew { kind, key, json, expires_at } => {
                redis.replace(kind, key, json, Some(*expires_at)).await.map(drop)
            }
            Claim::Put { kind, key, json, expires_at } => redis.put(kind, key, json, *expires_at).await,
            Claim::Remove { kind, key } => redis.remove(kind, key).await,
            Claim::Clear { key } => redis.clear(key).await,
            Claim::Refund { key, now } => redis.refund(key, *now).await,
        };
        let Err(error) = written else { continue };
        tracing::error!(kind = claim.kind(), %error, "a claim was not written after what it belongs to");
        // What was to go is dead in the database, or is a counter that runs out by itself.
        if matches!(claim, Claim::Put { .. } | Claim::Renew { .. }) {
            committed = Committed::ClaimsLost;
        }
    }
    Ok(committed)
}

async fn take_and_run(
    redis: &Redis,
    db: &Db,
    writes: &Writes,
    held: &mut Vec<Held>,
) -> Result<(), BatchError> {
    for claim in &writes.claims {
        match claim {
            Claim::Use { kind, key } => {
                let taken = redis.take(kind, key).await?.ok_or_else(|| unmet(kind))?;
                held.push(Held { kind, key: key.clone(), taken });
            }
            Claim::Renew { kind, key, .. } => {
                redis.get(kind, key).await?.ok_or_else(|| unmet(kind))?;
            }
            Claim::Put { .. } | Claim::Remove { .. } | Claim::Clear { .. } | Claim::Refund { .. } => {}
        }
    }
    db.run(Batch::new(writes.statements.clone(), writes.order_lock)).await.map(|_| ())
}

async fn write(db: &Db, statement: Statement) -> Result<Vec<Row>, DbError> {
    let done = db.run(Batch::plain(vec![statement])).await?;
    Ok(done.into_iter().flat_map(|done| done.rows).collect())
}

fn put_statement(kind: &str, key: &str, json: &str, expires_at: Timestamp) -> Statement {
    q!(
        "INSERT INTO ephemeral (kind, key, value, expires_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at",
        kind,
        key,
        json,
        expires_at
    )
}

fn take_statement(kind: &str, key: &str) -> Statement {
    q!(
        "DELETE FROM ephemeral WHERE kind = $1 AND key = $2 AND expires_at > now_us() RETURNING value",
        kind,
        key
    )
}

fn replace_statement(kind: &str, key: &str, json: &str, expires_at: Option<Timestamp>) -> Statement {
    q!(
        "UPDATE ephemeral SET value = $3, expires_at = COALESCE($4, expires_at) \
         WHERE kind = $1 AND key = $2 AND expires_at > now_us() RETURNING key",
        kind,
        key,
        json,
        expires_at
    )
}

fn read<T: DeserializeOwned>(kind: &str, json: &str) -> Result<T, DbError> {
    // What serde says of the error may quote the value.
    serde_json::from_str(json).map_err(|_| DbError::Inconsistent {
        column: "value".to_owned(),
        problem: format!("does not read as a value of kind {kind}"),
    })
}

fn written<T: Serialize>(kind: &str, value: &T) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|_| DbError::Inconsistent {
        column: "value".to_owned(),
        problem: format!("cannot be written as JSON for kind {kind}"),
    })
}

#[cfg(test)]
mod tests;
