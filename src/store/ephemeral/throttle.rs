//! Counters of failures, booked before the outcome is known.
//!
//! An attempt is a failure until it has succeeded. So a hundred attempts sent at once are a hundred failures
//! at the door, and not one failure a hundred times.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;

use super::{Engine, Ephemeral, write};
use crate::domain::throttle::ThrottleRules;
use crate::domain::timestamp::Timestamp;
use crate::store::db::{Batch, Db, DbError, Row, Statement, q};

/// Counters that are read in one go.
const FEW: usize = 32;

/// Whether an attempt may be made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserve {
    /// It may, and is booked as a failure: the `failures`th of the window.
    Go {
        /// Counted from 1.
        failures: u32,
    },
    /// Not before this instant. Nothing was booked.
    Wait {
        /// When the next attempt will be let through.
        until: Timestamp,
    },
}

impl Ephemeral {
    /// Books one failure of `key` at `now`, if `rules` let an attempt through; decides and books in one
    /// statement.
    pub async fn throttle_reserve(
        &self,
        key: &str,
        now: Timestamp,
        rules: &ThrottleRules,
    ) -> Result<Reserve, DbError> {
        let db = match &self.engine {
            Engine::Database(db) => db,
            Engine::Redis(redis) => return redis.reserve(key, now, rules).await,
        };
        let state = q!("SELECT failures, window_began_at, next_at FROM throttle WHERE key = $1", key);
        let done = db.run(Batch::plain(vec![reserve_statement(key, now, rules), state.want(1)])).await?;
        let mut answers = done.into_iter().map(|done| done.rows.into_iter().next());
        let (booked, state) = (answers.next().flatten(), answers.next().flatten());
        match (booked, state) {
            (Some(booked), _) => Ok(Reserve::Go { failures: booked.number("failures")? }),
            (None, Some(state)) => Ok(Reserve::Wait { until: Counted::from_row(&state)?.opens_again(rules) }),
            (None, None) => Ok(Reserve::Wait { until: now }), // `want(1)` leaves no such answer
        }
    }

    /// Until when `key` lets nothing through; none where an attempt may be made now. Books nothing.
    pub async fn throttle_waits(
        &self,
        key: &str,
        now: Timestamp,
        rules: &ThrottleRules,
    ) -> Result<Option<Timestamp>, DbError> {
        let counted = match &self.engine {
            Engine::Database(db) => {
                let sql = q!("SELECT failures, window_began_at, next_at FROM throttle WHERE key = $1", key);
                db.one(sql).await?.as_ref().map(Counted::from_row).transpose()?
            }
            Engine::Redis(redis) => redis.counted(key).await?,
        };
        Ok(counted.and_then(|counted| counted.waits(now, rules)))
    }

    /// Those of these counters that let nothing through now, of many. Books nothing.
    pub async fn throttle_waiting(
        &self,
        keys: &[String],
        now: Timestamp,
        rules: &ThrottleRules,
    ) -> Result<BTreeSet<String>, DbError> {
        let mut waiting = BTreeSet::new();
        for few in keys.chunks(FEW) {
            let counted = match &self.engine {
                Engine::Database(db) => read_few(db, few).await?,
                Engine::Redis(redis) => {
                    let read = try_join_all(few.iter().map(|key| redis.counted(key))).await?;
                    few.iter().cloned().zip(read).filter_map(|(key, counted)| Some((key, counted?))).collect()
                }
            };
            waiting
                .extend(counted.into_iter().filter(|(_, it)| it.waits(now, rules).is_some()).map(|it| it.0));
        }
        Ok(waiting)
    }

    /// Takes back the booking of an attempt that succeeded, and ends the wait. See [`Claim::Refund`](super::Claim::Refund).
    pub async fn throttle_refund(&self, key: &str, now: Timestamp) -> Result<(), DbError> {
        match &self.engine {
            Engine::Database(db) => write(db, throttle_refund_statement(key, now)).await.map(|_| ()),
            Engine::Redis(redis) => redis.refund(key, now).await,
        }
    }
}

/// At most [`FEW`] counters, those that there are.
async fn read_few(db: &Db, keys: &[String]) -> Result<Vec<(String, Counted)>, DbError> {
    const SQL: &str = "SELECT key, failures, window_began_at, next_at FROM throttle WHERE key IN
        ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
         $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)";
    let key = |number: usize| keys.get(number).map_or("", String::as_str).into();
    let rows = db.all(Statement::new(SQL, (0..FEW).map(key).collect())).await?;
    rows.iter().map(|row| Ok((row.text("key")?, Counted::from_row(row)?))).collect()
}

pub(super) fn throttle_clear_statement(key: &str) -> Statement {
    q!("DELETE FROM throttle WHERE key = $1", key)
}

/// Takes back the booking of an attempt that succeeded, and ends the wait; what failed before still counts in its window.
///
/// For a counter that strangers share with the owner: if the owner's success cleared it, every one of them would give the
/// strangers a new set of guesses.
pub(super) fn throttle_refund_statement(key: &str, now: Timestamp) -> Statement {
    q!("UPDATE throttle SET failures = failures - 1, next_at = $2 WHERE key = $1 AND failures > 0", key, now)
}

/// `$2` is now, `$5` where a window must have begun for now to be in it. The delay after the nth failure is
/// [`ThrottleRules::delay_after`], in SQL; below the free failures there is none, and `next_at` is but another request's now,
/// which clocks may have read in another order; the shift wants its right side as an integer on PostgreSQL.
fn reserve_statement(key: &str, now: Timestamp, rules: &ThrottleRules) -> Statement {
    q!(
        "INSERT INTO throttle (key, failures, window_began_at, next_at, expires_at) \
         VALUES ($1, 1, $2, $4, $3) \
         ON CONFLICT (key) DO UPDATE SET \
           failures = CASE WHEN throttle.window_began_at <= $5 THEN 1 ELSE throttle.failures + 1 END, \
           window_began_at = CASE WHEN throttle.window_began_at <= $5 \
             THEN excluded.window_began_at ELSE throttle.window_began_at END, \
           next_at = CASE \
             WHEN throttle.window_began_at <= $5 THEN excluded.next_at \
             WHEN throttle.failures + 1 < $7 THEN excluded.window_began_at \
             WHEN throttle.failures + 1 - $7 >= $8 THEN $9 \
             ELSE $2 + (CAST($10 AS BIGINT) << CAST(throttle.failures + 1 - $7 AS INTEGER)) END, \
           expires_at = excluded.expires_at \
         WHERE (throttle.next_at <= $2 OR throttle.failures < $7) AND (throttle.failures < $6 OR throttle.window_began_at <= $5) \
         RETURNING failures",
        key,
        now,
        now.plus(rules.window.max(rules.longest_delay)),
        now.plus(rules.delay_after(1)),
        now.minus(rules.window),
        rules.ceiling,
        rules.free,
        rules.doublings(),
        now.plus(rules.longest_delay),
        i64::try_from(rules.first_delay.as_micros()).unwrap_or(i64::MAX)
    )
}

/// A counter as it stands.
pub(super) struct Counted {
    pub(super) failures: i64,
    pub(super) window_began_at: Timestamp,
    pub(super) next_at: Timestamp,
}

impl Counted {
    fn from_row(row: &Row) -> Result<Self, DbError> {
        Ok(Self {
            failures: row.int("failures")?,
            window_began_at: row.time("window_began_at")?,
            next_at: row.time("next_at")?,
        })
    }

    /// The same until when, if not now.
    fn waits(&self, now: Timestamp, rules: &ThrottleRules) -> Option<Timestamp> {
        let is_over = self.window_began_at <= now.minus(rules.window);
        let goes = (self.next_at <= now || self.failures < i64::from(rules.free))
            && (self.failures < i64::from(rules.ceiling) || is_over);
        (!goes && !is_over).then(|| self.opens_again(rules))
    }

    /// When it lets the next attempt through.
    pub(super) fn opens_again(&self, rules: &ThrottleRules) -> Timestamp {
        if self.failures < i64::from(rules.ceiling) {
            return self.next_at;
        }
        self.next_at.max(self.window_began_at.plus(rules.window))
    }
}
