//! How an order is told: a walk for each relying party, and one for mail, through the people that the order covers, a page at a time, each page
//! and the place reached in one batch. So an order writes nothing but itself when it comes into force, and any replica goes
//! on where another one died.

use std::time::Duration;

use super::tell_sql;
use crate::domain::account::AccountId;
use crate::domain::notice::{Cause, Receiver};
use crate::domain::order_clock::OrderClock;
use crate::domain::reset_order::OrderId;
use crate::domain::territory::TerritoryPath;
use crate::domain::timestamp::Timestamp;
use crate::store::account::{FIELD, Person, RECORD, person_sql};
use crate::store::db::{Batch, Db, DbError, Row, Statement, Value, q};

/// A walk that is not finished.
pub struct Walk {
    /// Of which order.
    pub order: OrderId,
    /// What its number is: sessions of an older one are over.
    pub clock: OrderClock,
    /// Through which part of the territory.
    pub territory: TerritoryPath,
    /// For whom.
    pub receiver: Receiver,
}

/// A place and a person there: walks go by place, then by person.
#[derive(Clone)]
pub struct Place {
    path: String,
    account: String,
}

/// What is left to be told to relying parties, the oldest order first. What was cancelled is left where it is.
pub async fn open(db: &Db) -> Result<Vec<Walk>, DbError> {
    let sql = q!("SELECT r.id AS order_id, r.clock, r.path AS territory, c.id AS client_id
         FROM reset_order r CROSS JOIN client c
         LEFT JOIN notice_walk w ON w.order_id = r.id AND w.client_id = c.id
         WHERE r.state IN ('in_force', 'closed') AND c.backchannel_logout_uri IS NOT NULL
             AND c.created_at <= r.in_force_at AND w.finished_at IS NULL
         ORDER BY r.clock, c.id");
    db.all(sql).await?.iter().map(walk).collect()
}

/// What is left to be told by mail. An order that came into force before `since` is gone on with where it was begun, and not
/// begun: mail may have been set up since.
pub async fn open_by_mail(db: &Db, since: Timestamp) -> Result<Vec<Walk>, DbError> {
    let sql = q!(
        "SELECT r.id AS order_id, r.clock, r.path AS territory, '' AS client_id
         FROM reset_order r LEFT JOIN notice_walk w ON w.order_id = r.id AND w.client_id = ''
         WHERE r.state IN ('in_force', 'closed') AND w.finished_at IS NULL
             AND (w.order_id IS NOT NULL OR r.in_force_at >= $1)
         ORDER BY r.clock",
        since
    );
    db.all(sql).await?.iter().map(walk).collect()
}

fn walk(row: &Row) -> Result<Walk, DbError> {
    Ok(Walk {
        order: OrderId(row.text("order_id")?),
        clock: OrderClock(row.int("clock")?),
        territory: TerritoryPath::from_stored(row.text("territory")?),
        receiver: Receiver::from_stored(row.text("client_id")?),
    })
}

/// Takes a walk in hand, and says how far it got: nobody else takes it until it was taken further, or `lease` has passed. None
/// where somebody else has it.
pub async fn take(db: &Db, walk: &Walk, lease: Duration) -> Result<Option<Place>, DbError> {
    let sql = q!(
        "INSERT INTO notice_walk (order_id, client_id, path, account_id, held_until) VALUES ($1, $2, '', '', now_us() + $3)
         ON CONFLICT (order_id, client_id) DO UPDATE SET held_until = excluded.held_until
             WHERE notice_walk.held_until <= now_us() AND notice_walk.finished_at IS NULL
         RETURNING path, account_id",
        walk.order.0.as_str(),
        walk.receiver.as_str(),
        i64::try_from(lease.as_micros()).unwrap_or(i64::MAX)
    );
    let done = db.run(Batch::plain(vec![sql])).await?;
    let row = done.iter().flat_map(|affected| &affected.rows).next();
    row.map(|row| Ok(Place { path: row.text("path")?, account: row.text("account_id")? })).transpose()
}

/// How many notices wait to be sent to a receiver; counted no further than `limit`.
pub async fn waiting(db: &Db, receiver: &Receiver, limit: usize) -> Result<usize, DbError> {
    let sql = q!(
        "SELECT COUNT(*) AS waiting FROM
             (SELECT id FROM notice WHERE client_id = $1 AND due_at IS NOT NULL LIMIT $2) AS part",
        receiver.as_str(),
        i64::try_from(limit).unwrap_or(i64::MAX)
    );
    db.one(sql).await?.map_or(Ok(0), |row| row.number("waiting"))
}

/// Where the next page of a walk ends, `size` places of people further; none when nobody is left.
pub async fn page_end(db: &Db, walk: &Walk, begin: &Place, size: usize) -> Result<Option<Place>, DbError> {
    let (from, to) = walk.territory.range_below();
    let sql = q!(
        "SELECT path, account_id FROM
             (SELECT path, account_id FROM affiliation
              WHERE path >= $1 AND path < $3 AND (path = $1 OR path > $2) AND (path, account_id) > ($4, $5)
              ORDER BY path, account_id LIMIT $6) AS page
         ORDER BY path DESC, account_id DESC LIMIT 1",
        walk.territory.as_str(),
        from,
        to,
        begin.path.as_str(),
        begin.account.as_str(),
        i64::try_from(size).unwrap_or(i64::MAX)
    );
    let row = db.one(sql).await?;
    row.map(|row| Ok(Place { path: row.text("path")?, account: row.text("account_id")? })).transpose()
}

/// The people of a page who hold a grant of the relying party that is older than the order; of the walk for mail, those who
/// have an address.
pub async fn page(db: &Db, walk: &Walk, begin: &Place, end: &Place) -> Result<Vec<Person>, DbError> {
    const SQL: &str = person_sql!(
        "",
        "account a",
        "WHERE a.id IN (
             SELECT f.account_id FROM affiliation f JOIN token_grant g ON g.account_id = f.account_id
             WHERE f.path >= $3 AND f.path < $5 AND (f.path = $3 OR f.path > $4)
                 AND (f.path, f.account_id) > ($6, $7) AND (f.path, f.account_id) <= ($8, $9)
                 AND g.client_id = $10 AND g.clock < $11 AND g.revoked_at IS NULL)"
    );
    if walk.receiver == Receiver::Mail {
        return page_by_mail(db, walk, begin, end).await;
    }
    let mut values = bounds(walk, begin, end);
    values.extend([walk.receiver.as_str().into(), walk.clock.0.into()]);
    db.all(Statement::new(SQL, values)).await?.iter().map(Person::from_row).collect()
}

/// The people of a page who have an address.
async fn page_by_mail(db: &Db, walk: &Walk, begin: &Place, end: &Place) -> Result<Vec<Person>, DbError> {
    const SQL: &str = person_sql!(
        "",
        "account a",
        "WHERE a.email IS NOT NULL AND a.id IN (
             SELECT f.account_id FROM affiliation f
             WHERE f.path >= $3 AND f.path < $5 AND (f.path = $3 OR f.path > $4)
                 AND (f.path, f.account_id) > ($6, $7) AND (f.path, f.account_id) <= ($8, $9))"
    );
    let values = bounds(walk, begin, end);
    db.all(Statement::new(SQL, values)).await?.iter().map(Person::from_row).collect()
}

/// What a page is found by: `$1` to `$9`.
fn bounds(walk: &Walk, begin: &Place, end: &Place) -> Vec<Value> {
    let (from, to) = walk.territory.range_below();
    let texts = [walk.territory.as_str(), &from, &to, &begin.path, &begin.account, &end.path, &end.account];
    [FIELD, RECORD].into_iter().map(Value::from).chain(texts.into_iter().map(Value::from)).collect()
}

/// In a batch: what the relying party is told of one person.
pub fn tell(walk: &Walk, account: &AccountId, now: Timestamp) -> Statement {
    const SQL: &str = tell_sql!(
        "JOIN account a ON a.id = g.account_id JOIN deployment d ON d.epoch = g.epoch",
        "g.account_id = $3 AND g.account_number = a.number AND g.client_id = $4 AND g.clock < $5"
    );
    let cause = Cause::from(&walk.order);
    let texts = [account.0.as_str().into(), walk.receiver.as_str().into(), walk.clock.0.into()];
    Statement::new(SQL, [cause.0.into(), now.into()].into_iter().chain(texts).collect())
}

/// In a batch: the order has not been cancelled.
pub fn still_binds(walk: &Walk) -> Statement {
    q!("SELECT id FROM reset_order WHERE id = $1 AND state IN ('in_force', 'closed')", walk.order.0.as_str())
        .holds()
        .named("order")
}

/// In a batch: the walk got further, and whoever comes first takes it in hand again. Of two that went on from the same place, as
/// they may where a lease was too short, one is undone.
pub fn reach(walk: &Walk, begin: &Place, end: &Place) -> Statement {
    q!(
        "UPDATE notice_walk SET path = $3, account_id = $4, held_until = 0
         WHERE order_id = $1 AND client_id = $2 AND path = $5 AND account_id = $6",
        walk.order.0.as_str(),
        walk.receiver.as_str(),
        end.path.as_str(),
        end.account.as_str(),
        begin.path.as_str(),
        begin.account.as_str()
    )
    .want(1)
    .named("walk")
}

/// In a batch: nobody is left.
pub fn finish(walk: &Walk, now: Timestamp) -> Statement {
    q!(
        "UPDATE notice_walk SET finished_at = $3 WHERE order_id = $1 AND client_id = $2 AND finished_at IS NULL",
        walk.order.0.as_str(),
        walk.receiver.as_str(),
        now
    )
}
