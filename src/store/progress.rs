//! How far orders have got, as it was counted last.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::client::ClientId;
use crate::domain::notice::Cause;
use crate::domain::population::Exclusion;
use crate::domain::profile::Profile;
use crate::domain::progress::{Opened, Progress, Spared, Tally};
use crate::domain::reset_order::OrderId;
use crate::domain::territory::TerritoryPath;
use crate::domain::timestamp::Timestamp;
use crate::store::db::{Db, DbError, Row, Statement, q};

/// How a count went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// As of when it is true.
    pub as_of: Timestamp,
    /// How long counting took.
    pub took: Duration,
    /// What would open if the order were lifted; none where orders changed meanwhile.
    pub opened: Option<Opened>,
}

/// The last count of an order.
pub async fn last(db: &Db, order: &OrderId) -> Result<Option<Counted>, DbError> {
    let sql = q!(
        "SELECT as_of, took, opened, opened_change_page FROM order_count WHERE order_id = $1 AND as_of IS NOT NULL",
        order.0.as_str()
    );
    let row = db.one(sql).await?;
    row.map(|row| {
        let took = Duration::from_micros(u64::try_from(row.int("took")?).unwrap_or_default());
        let number = |column| Ok::<_, DbError>(row.opt_int(column)?.and_then(|it| u64::try_from(it).ok()));
        let opened = number("opened")?.zip(number("opened_change_page")?);
        let opened = opened.map(|(gate, change_page)| Opened { gate, change_page });
        Ok(Counted { as_of: row.time("as_of")?, took, opened })
    })
    .transpose()
}

/// In a batch: this program counts the order until then, unless another one does.
pub fn take(order: &OrderId, now: Timestamp, until: Timestamp) -> Statement {
    q!(
        "INSERT INTO order_count (order_id, held_until) VALUES ($1, $3)
         ON CONFLICT (order_id) DO UPDATE SET held_until = $3 WHERE order_count.held_until <= $2",
        order.0.as_str(),
        now,
        until
    )
    .want(1)
}

/// In a batch: the count is there. `held_until` is what [`take`] was given: whoever took longer than that has no say any more.
pub fn settle(order: &OrderId, held_until: Timestamp, counted: &Counted) -> Statement {
    q!(
        "UPDATE order_count SET as_of = $3, took = $4, opened = $5, opened_change_page = $6, held_until = $3
         WHERE order_id = $1 AND held_until = $2",
        order.0.as_str(),
        held_until,
        counted.as_of,
        i64::try_from(counted.took.as_micros()).unwrap_or(i64::MAX),
        counted.opened.map(|opened| number(opened.gate)),
        counted.opened.map(|opened| number(opened.change_page))
    )
    .want(1)
}

/// In a batch: how some people stand at a school.
pub fn put(order: &OrderId, path: &TerritoryPath, profile: Profile, tally: &Tally) -> Statement {
    let [covered, bound, done, printed] = numbers(tally);
    q!(
        "INSERT INTO order_progress (order_id, path, profile, covered, bound, done, printed, spared)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (order_id, path, profile) DO UPDATE SET covered = excluded.covered, bound = excluded.bound,
             done = excluded.done, printed = excluded.printed, spared = excluded.spared",
        order.0.as_str(),
        path.as_str(),
        profile.as_str(),
        covered,
        bound,
        done,
        printed,
        spared_text(&tally.spared)
    )
}

/// In a batch: nobody is there any more.
pub fn forget(order: &OrderId, path: &TerritoryPath, profile: Profile) -> Statement {
    q!(
        "DELETE FROM order_progress WHERE order_id = $1 AND path = $2 AND profile = $3",
        order.0.as_str(),
        path.as_str(),
        profile.as_str()
    )
}

/// In a batch: how everybody stands now. A point is kept for each instant at which that was something else.
pub fn point(order: &OrderId, at: Timestamp, all: &Tally) -> Statement {
    let [covered, bound, done, printed] = numbers(all);
    q!(
        "INSERT INTO order_point (order_id, at, covered, bound, done, printed, spared)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (order_id, at) DO NOTHING",
        order.0.as_str(),
        at,
        covered,
        bound,
        done,
        printed,
        spared_text(&all.spared)
    )
}

/// How everybody stood at the points of time that were kept, the oldest first.
pub async fn points(db: &Db, order: &OrderId) -> Result<Vec<(Timestamp, Tally)>, DbError> {
    let sql = q!("SELECT * FROM order_point WHERE order_id = $1 ORDER BY at", order.0.as_str());
    db.all(sql).await?.iter().map(|row| Ok((row.time("at")?, tally(row)?))).collect()
}

/// In a batch: of the points between two instants, only the last of each span of time is kept.
pub fn thin(order: &OrderId, before: Timestamp, span: Duration) -> Statement {
    let span = i64::try_from(span.as_micros()).unwrap_or(i64::MAX).max(1);
    q!(
        "DELETE FROM order_point WHERE order_id = $1 AND at < $2 AND EXISTS (
             SELECT 1 FROM order_point p WHERE p.order_id = $1 AND p.at > order_point.at AND p.at / $3 = order_point.at / $3)",
        order.0.as_str(),
        before,
        span
    )
}

/// How far an order had got when it was counted last; at a place with everything below it, of the whole when none is given.
pub async fn find(db: &Db, order: &OrderId, under: Option<&TerritoryPath>) -> Result<Progress, DbError> {
    let Some(counted) = last(db, order).await? else { return Ok(Progress::default()) };
    let (at, from, to) = match under {
        None => (String::new(), String::new(), "~".to_owned()),
        Some(path) => {
            let (from, to) = path.range_below();
            (path.as_str().to_owned(), from, to)
        }
    };
    let sql = q!(
        "SELECT * FROM order_progress WHERE order_id = $1 AND (path = $2 OR path > $3 AND path < $4)
         ORDER BY path, profile",
        order.0.as_str(),
        at,
        from,
        to
    );
    let mut parts = BTreeMap::new();
    for row in db.all(sql).await? {
        let place = TerritoryPath::from_stored(row.text("path")?);
        parts.insert((place, row.parsed("profile")?), tally(&row)?);
    }
    let all = all(db, order).await?;
    let opened = if under.is_none() { counted.opened } else { None };
    Ok(Progress { as_of: Some(counted.as_of), all, opened, parts })
}

/// The same of everybody together, without the places: as of when, and how they stand.
pub async fn of_all(db: &Db, order: &OrderId) -> Result<Option<(Timestamp, Tally)>, DbError> {
    let Some(counted) = last(db, order).await? else { return Ok(None) };
    Ok(Some((counted.as_of, all(db, order).await?)))
}

async fn all(db: &Db, order: &OrderId) -> Result<Tally, DbError> {
    let sql = q!("SELECT * FROM order_point WHERE order_id = $1 ORDER BY at DESC LIMIT 1", order.0.as_str());
    Ok(db.one(sql).await?.as_ref().map(tally).transpose()?.unwrap_or_default())
}

fn tally(row: &Row) -> Result<Tally, DbError> {
    let number = |column| Ok::<_, DbError>(u64::try_from(row.int(column)?).unwrap_or_default());
    Ok(Tally {
        covered: number("covered")?,
        bound: number("bound")?,
        done: number("done")?,
        printed: number("printed")?,
        spared: spared(row)?,
    })
}

/// The reasons and how many, in one column: only the page and the report read them.
fn spared_text(spared: &Spared) -> String {
    let each: Vec<_> = spared.each().map(|(why, number)| format!("{}={number}", why.as_str())).collect();
    each.join(",")
}

fn spared(row: &Row) -> Result<Spared, DbError> {
    let wrong = || row.inconsistent("spared", "is not a list of reasons");
    let mut spared = Spared::default();
    for each in row.str("spared")?.split(',').filter(|each| !each.is_empty()) {
        let (word, number) = each.split_once('=').ok_or_else(wrong)?;
        let why = Exclusion::ALL.into_iter().find(|why| why.as_str() == word).ok_or_else(wrong)?;
        spared.add(why, number.parse().map_err(|_| wrong())?);
    }
    Ok(spared)
}

/// What one relying party was told of an order, as it was counted last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Which.
    pub client: ClientId,
    /// Notices that it took.
    pub delivered: u64,
    /// Notices that wait to be sent.
    pub waiting: u64,
    /// Notices that were given up.
    pub failed: u64,
    /// Whether everybody whom the order covers was looked at.
    pub finished: bool,
}

/// In a batch: counts what relying parties were told of an order. What was delivered is forgotten after some days, so that the
/// highest number that was ever counted is kept.
pub fn count_told(order: &OrderId) -> Statement {
    q!(
        "INSERT INTO order_told (order_id, client_id, delivered, waiting, failed, finished_at)
         SELECT w.order_id, w.client_id, COUNT(n.delivered_at), COUNT(n.due_at), COUNT(n.parked_at), MAX(w.finished_at)
         FROM notice_walk w LEFT JOIN notice n ON n.cause = $2 AND n.client_id = w.client_id
         WHERE w.order_id = $1 GROUP BY w.order_id, w.client_id
         ON CONFLICT (order_id, client_id) DO UPDATE SET waiting = excluded.waiting, failed = excluded.failed,
             finished_at = excluded.finished_at, delivered = CASE WHEN order_told.delivered > excluded.delivered
                 THEN order_told.delivered ELSE excluded.delivered END",
        order.0.as_str(),
        Cause::from(order).0
    )
}

/// What relying parties were told of an order, as it was counted last, by client.
pub async fn told(db: &Db, order: &OrderId) -> Result<Vec<Told>, DbError> {
    let sql = q!("SELECT * FROM order_told WHERE order_id = $1 ORDER BY client_id", order.0.as_str());
    let rows = db.all(sql).await?;
    rows.iter()
        .map(|row| {
            Ok(Told {
                client: ClientId(row.text("client_id")?),
                delivered: row.number("delivered")?,
                waiting: row.number("waiting")?,
                failed: row.number("failed")?,
                finished: row.opt_int("finished_at")?.is_some(),
            })
        })
        .collect()
}

fn numbers(tally: &Tally) -> [i64; 4] {
    [tally.covered, tally.bound, tally.done, tally.printed].map(number)
}

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
