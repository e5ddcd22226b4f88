//! Orders, their book and their clock.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use crate::domain::order_clock::OrderClock;
use crate::domain::population::{Exclusions, Population};
use crate::domain::profile::Profile;
use crate::domain::reset_order::{Force, OrderBook, OrderId, OrderState, ResetOrder};
use crate::domain::territory::TerritoryPath;
use crate::domain::timestamp::Timestamp;
use crate::store::db::{Db, DbError, Row, Statement, q};

/// An order with what only reports read of it.
#[derive(Clone)]
pub struct OrderRecord {
    /// What the gate reads.
    pub order: ResetOrder,
    /// Why, in the author's words.
    pub reason: String,
    /// Who wrote it.
    pub author: String,
    /// From when on it binds, or was to.
    pub scheduled_at: Timestamp,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was put forward.
    pub submitted_at: Option<Timestamp>,
    /// The people whom it covered then, where they were counted.
    pub covered: Option<u64>,
    /// Whether a draft for the next year is written once it is let go.
    pub repeats: bool,
}

/// The book and its clock, in one statement.
pub async fn book(db: &Db) -> Result<OrderBook, DbError> {
    Ok(book_and_time(db).await?.0)
}

/// The book, its clock and the database's time, in one statement: what a change to an order is decided upon.
pub async fn book_and_time(db: &Db) -> Result<(OrderBook, Timestamp), DbError> {
    let rows = db
        .all(q!("SELECT k.value AS order_clock, now_us() AS now, r.id, r.state, r.level, r.path, r.profiles, r.exclusions,
                     r.scheduled_at, r.deadline, r.clock, r.in_force_at, r.hardened_at, r.closed_at, r.cancelled_at, r.codes_expire_at,
                     r.code_lifetime
                 FROM order_clock k LEFT JOIN reset_order r ON r.state NOT IN ('draft', 'awaiting_approval')
                     AND (r.state <> 'cancelled' OR r.clock IS NOT NULL)"))
        .await?;
    let first = rows.first().ok_or_else(|| DbError::Inconsistent {
        column: "order_clock.value".to_owned(),
        problem: "is missing; run `ecluse init`".to_owned(),
    })?;
    let (clock, now) = (OrderClock(first.int("order_clock")?), first.time("now")?);
    let orders = rows.iter().filter(|row| matches!(row.opt_str("id"), Ok(Some(_)))).map(order);
    Ok((OrderBook { clock, orders: orders.collect::<Result<_, _>>()? }, now))
}

/// Every order, the newest first.
pub async fn list(db: &Db) -> Result<Vec<OrderRecord>, DbError> {
    db.all(q!("SELECT * FROM reset_order ORDER BY created_at DESC, id DESC"))
        .await?
        .iter()
        .map(record)
        .collect()
}

/// Orders that cover a place, something below it, or all of something above it, the newest first, after this one; at most `limit`.
pub async fn page(
    db: &Db,
    place: &TerritoryPath,
    after: Option<&(Timestamp, OrderId)>,
    limit: usize,
) -> Result<Vec<OrderRecord>, DbError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let (at, id) = after.map_or((i64::MAX, ""), |(at, id)| (at.micros(), id.0.as_str()));
    let (from, to) = place.range_below();
    let sql = q!(
        "SELECT * FROM reset_order WHERE (created_at < $1 OR created_at = $1 AND id < $2)
             AND (path = $3 OR path > $4 AND path < $5 OR $3 LIKE (path || '>%'))
         ORDER BY created_at DESC, id DESC LIMIT $6",
        at,
        id,
        place.as_str(),
        from,
        to,
        limit
    );
    db.all(sql).await?.iter().map(record).collect()
}

/// Drafts at a place and below that were put forward before, or that are of every year and begin until then: those first that
/// are to begin soonest, then those whose instant has passed, the latest first.
pub async fn drafts_to_look_at(
    db: &Db,
    place: &TerritoryPath,
    (now, until): (Timestamp, Timestamp),
    limit: usize,
) -> Result<Vec<OrderRecord>, DbError> {
    let (from, to) = place.range_below();
    let sql = q!(
        "SELECT * FROM reset_order WHERE state = 'draft' AND (path = $1 OR path > $2 AND path < $3)
             AND (submitted_at IS NOT NULL OR repeats IS NOT NULL AND scheduled_at <= $5)
         ORDER BY CASE WHEN scheduled_at > $4 THEN scheduled_at - $4 ELSE $6 - scheduled_at END, id LIMIT $7",
        place.as_str(),
        from,
        to,
        now,
        until,
        i64::MAX,
        i64::try_from(limit).unwrap_or(i64::MAX)
    );
    db.all(sql).await?.iter().map(record).collect()
}

/// Orders at a place and below that wait for a second person, and were not put forward by this one: the longest first.
pub async fn waiting_for_approval(
    db: &Db,
    place: &TerritoryPath,
    approver: &str,
    limit: usize,
) -> Result<Vec<OrderRecord>, DbError> {
    let (from, to) = place.range_below();
    let sql = q!(
        "SELECT o.* FROM order_approval p JOIN reset_order o ON o.id = p.order_id
         WHERE p.ended_at IS NULL AND p.requested_by <> $4 AND (o.path = $1 OR o.path > $2 AND o.path < $3)
         ORDER BY p.requested_at, o.id LIMIT $5",
        place.as_str(),
        from,
        to,
        approver,
        i64::try_from(limit).unwrap_or(i64::MAX)
    );
    db.all(sql).await?.iter().map(record).collect()
}

/// What the places of orders are called, each with the school of a class: of those from this one, which is the newest, to that one.
pub async fn places(
    db: &Db,
    newest: (Timestamp, &OrderId),
    oldest: (Timestamp, &OrderId),
) -> Result<HashMap<TerritoryPath, String>, DbError> {
    let sql = q!(
        "SELECT DISTINCT t.path AS path, t.name AS name, s.name AS school FROM reset_order o
         JOIN territory t ON t.path = o.path
         LEFT JOIN territory s ON s.code = t.parent AND t.kind = 'class'
         WHERE (o.created_at < $1 OR o.created_at = $1 AND o.id <= $2)
         AND (o.created_at > $3 OR o.created_at = $3 AND o.id >= $4)",
        newest.0,
        newest.1.0.as_str(),
        oldest.0,
        oldest.1.0.as_str()
    );
    let called = |row: &Row| {
        let name = row.text("name")?;
        let name = row.opt_text("school")?.map_or_else(|| name.clone(), |school| format!("{school}, {name}"));
        Ok((TerritoryPath::from_stored(row.text("path")?), name))
    };
    db.all(sql).await?.iter().map(called).collect()
}

/// The order of this id.
pub async fn find(db: &Db, id: &OrderId) -> Result<Option<OrderRecord>, DbError> {
    db.one(q!("SELECT * FROM reset_order WHERE id = $1", id.0.as_str()))
        .await?
        .as_ref()
        .map(record)
        .transpose()
}

/// The sealed key of an order's codes; none once they have expired.
pub async fn sealed_code_key(db: &Db, id: &OrderId) -> Result<Option<String>, DbError> {
    let row = db.one(q!("SELECT sealed_code_key FROM reset_order WHERE id = $1", id.0.as_str())).await?;
    row.map_or(Ok(None), |row| row.opt_text("sealed_code_key"))
}

/// In a batch: a new order, with the sealed key of its codes.
pub fn insert(record: &OrderRecord, sealed_code_key: &str) -> Result<Statement, serde_json::Error> {
    let order = &record.order;
    let force = order.state.force();
    Ok(q!(
        "INSERT INTO reset_order (id, state, level, path, profiles, exclusions, reason, author, scheduled_at, deadline,
             clock, in_force_at, codes_expire_at, sealed_code_key, created_at, submitted_at, covered, repeats,
             code_lifetime)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
        order.id.0.as_str(),
        order.state.as_str(),
        order.level.as_str(),
        order.population.territory.as_str(),
        serde_json::to_string(&order.population.profiles)?,
        serde_json::to_string(&order.exclusions)?,
        record.reason.as_str(),
        record.author.as_str(),
        record.scheduled_at,
        order.deadline,
        force.map(|force| force.clock.0),
        force.map(|force| force.since),
        order.codes_expire_at,
        sealed_code_key,
        record.created_at,
        record.submitted_at,
        record.covered.map(count),
        record.repeats.then_some(1_i64),
        order.code_lifetime.map(micros)
    )
    .want(1))
}

/// In a batch: raises the order clock from what the decision was made at. Part of every change to any order, so that of
/// two changes decided at the same clock one is undone and decided again.
pub fn raise_clock(from: OrderClock) -> Statement {
    q!("UPDATE order_clock SET value = value + 1 WHERE value = $1", from.0).want(1).named("order clock")
}

/// In a batch: the order goes from the state it was read in to its next one.
pub fn change_state(id: &OrderId, from: OrderState, to: OrderState) -> Statement {
    let force = to.force();
    let (closed_at, cancelled_at) = match to {
        OrderState::Closed { at, .. } => (Some(at), None),
        OrderState::Cancelled { at, .. } => (None, Some(at)),
        OrderState::Draft
        | OrderState::AwaitingApproval
        | OrderState::Scheduled { .. }
        | OrderState::InForce(_) => (None, None),
    };
    q!(
        "UPDATE reset_order SET state = $3, clock = $4, in_force_at = $5, hardened_at = $6,
             closed_at = COALESCE($7, closed_at), cancelled_at = COALESCE($8, cancelled_at)
         WHERE id = $1 AND state = $2",
        id.0.as_str(),
        from.as_str(),
        to.as_str(),
        force.map(|force| force.clock.0),
        force.map(|force| force.since),
        force.and_then(|force| force.hardened_at),
        closed_at,
        cancelled_at
    )
    .want(1)
    .named("order state")
}

/// The label of [`nothing_due`].
pub const NOTHING_DUE: &str = "nothing due";

/// In a batch under the order lock: no order is due without having drawn its number. Such an order binds whoever is at a
/// place and holds no role now; a place that ends or a role that begins before the number is drawn would free.
pub fn nothing_due() -> Statement {
    q!("SELECT value FROM order_clock WHERE NOT EXISTS (
            SELECT 1 FROM reset_order WHERE state = 'scheduled' AND scheduled_at <= now_us())")
    .holds()
    .named(NOTHING_DUE)
}

/// An order that is to begin is looked at now, unless somebody did since an instant.
pub fn look(id: &OrderId, now: Timestamp, since: Timestamp) -> Statement {
    q!(
        "UPDATE reset_order SET looked_at = $2
         WHERE id = $1 AND state = 'scheduled' AND (looked_at IS NULL OR looked_at <= $3)",
        id.0.as_str(),
        now,
        since
    )
    .want(1)
}

/// An order that is to begin, and is still as it was put forward, covers so many people now.
pub fn count_anew(record: &OrderRecord, covered: u64) -> Statement {
    q!(
        "UPDATE reset_order SET covered = $2 WHERE id = $1 AND state = 'scheduled' AND submitted_at = $3",
        record.order.id.0.as_str(),
        i64::try_from(covered).unwrap_or(i64::MAX),
        record.submitted_at
    )
    .want(1)
}

/// Destroys the keys whose codes have all expired: from then on not even the master key yields a code. The codes of what binds nobody
/// yet live from when it is let go, however long ago it was written.
pub fn destroy_expired_keys(now: Timestamp) -> Statement {
    q!(
        "UPDATE reset_order SET sealed_code_key = NULL WHERE sealed_code_key IS NOT NULL AND codes_expire_at <= $1
             AND state NOT IN ('draft', 'awaiting_approval')",
        now
    )
}

/// In a batch: an order that binds nobody yet is put forward, with the people it covers.
pub fn submit(id: &OrderId, author: &str, covered: Option<u64>, now: Timestamp) -> Statement {
    q!(
        "UPDATE reset_order SET submitted_at = $4, covered = $3, author = $2 WHERE id = $1",
        id.0.as_str(),
        author,
        covered.map(count),
        now
    )
    .want(1)
}

/// In a batch: an order that was written some time ago begins, now or at its instant: its codes live from then on
/// ([`ResetOrder::standing`]).
pub fn begins(order: &ResetOrder, now: Timestamp) -> Option<Statement> {
    let at = match order.state {
        OrderState::Scheduled { at } => at,
        OrderState::InForce(_) => now,
        OrderState::Draft
        | OrderState::AwaitingApproval
        | OrderState::Closed { .. }
        | OrderState::Cancelled { .. } => return None,
    };
    let sql = q!(
        "UPDATE reset_order SET scheduled_at = $2, codes_expire_at = $3 WHERE id = $1",
        order.id.0.as_str(),
        at,
        order.codes_expire_at
    );
    Some(sql.want(1))
}

/// In a batch: what an order says that binds nobody yet; whoever had it approved must ask again.
pub fn rewrite(record: &OrderRecord) -> Result<Statement, serde_json::Error> {
    let order = &record.order;
    Ok(q!(
        "UPDATE reset_order SET level = $2, path = $3, profiles = $4, exclusions = $5, reason = $6, scheduled_at = $7,
             deadline = $8, codes_expire_at = $9, repeats = $10, code_lifetime = $11, submitted_at = NULL,
             covered = NULL
         WHERE id = $1 AND clock IS NULL",
        order.id.0.as_str(),
        order.level.as_str(),
        order.population.territory.as_str(),
        serde_json::to_string(&order.population.profiles)?,
        serde_json::to_string(&order.exclusions)?,
        record.reason.as_str(),
        record.scheduled_at,
        order.deadline,
        order.codes_expire_at,
        record.repeats.then_some(1_i64),
        order.code_lifetime.map(micros)
    )
    .want(1)
    .named("order state"))
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

fn record(row: &Row) -> Result<OrderRecord, DbError> {
    Ok(OrderRecord {
        order: order(row)?,
        reason: row.text("reason")?,
        author: row.text("author")?,
        scheduled_at: row.time("scheduled_at")?,
        created_at: row.time("created_at")?,
        submitted_at: row.opt_time("submitted_at")?,
        repeats: row.opt_int("repeats")?.is_some(),
        covered: row.opt_int("covered")?.map(|covered| u64::try_from(covered).unwrap_or_default()),
    })
}

fn order(row: &Row) -> Result<ResetOrder, DbError> {
    let profiles: BTreeSet<Profile> = json(row, "profiles")?;
    let exclusions: Exclusions = json(row, "exclusions")?;
    Ok(ResetOrder {
        id: OrderId(row.text("id")?),
        population: Population { territory: TerritoryPath::from_stored(row.text("path")?), profiles },
        exclusions,
        level: row.parsed("level")?,
        state: state(row)?,
        deadline: row.opt_time("deadline")?,
        code_lifetime: row
            .opt_int("code_lifetime")?
            .map(|micros| Duration::from_micros(u64::try_from(micros).unwrap_or_default())),
        codes_expire_at: row.time("codes_expire_at")?,
    })
}

fn state(row: &Row) -> Result<OrderState, DbError> {
    let force = match (row.opt_int("clock")?, row.opt_time("in_force_at")?) {
        (Some(clock), Some(since)) => {
            Some(Force { clock: OrderClock(clock), since, hardened_at: row.opt_time("hardened_at")? })
        }
        _ => None,
    };
    let forced =
        || force.ok_or_else(|| row.inconsistent("clock", "is missing on an order that was in force"));
    match row.str("state")? {
        "draft" => Ok(OrderState::Draft),
        "awaiting_approval" => Ok(OrderState::AwaitingApproval),
        "scheduled" => Ok(OrderState::Scheduled { at: row.time("scheduled_at")? }),
        "in_force" => Ok(OrderState::InForce(forced()?)),
        "closed" => Ok(OrderState::Closed { force: forced()?, at: row.time("closed_at")? }),
        "cancelled" => Ok(OrderState::Cancelled { force, at: row.time("cancelled_at")? }),
        _ => Err(row.inconsistent("state", "is none of the known states")),
    }
}

fn json<T: serde::de::DeserializeOwned>(row: &Row, column: &'static str) -> Result<T, DbError> {
    serde_json::from_str(row.str(column)?)
        .map_err(|_| row.inconsistent(column, "is not the JSON that was written"))
}
