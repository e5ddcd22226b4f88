//! What second persons are asked to approve.

use crate::domain::account::AccountId;
use crate::domain::approval::{Digest, Request, Wish};
use crate::domain::reset_order::OrderId;
use crate::domain::timestamp::Timestamp;
use crate::store::db::{Db, DbError, Row, Statement, q};

/// In a batch: somebody is asked. One thing at a time for each order: of two who ask at once, one is undone.
pub fn ask(id: &str, order: &OrderId, request: &Request) -> Statement {
    q!(
        "INSERT INTO order_approval (id, order_id, wish, digest, covered, requested_by, requested_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        id,
        order.0.as_str(),
        request.wish.as_str(),
        request.digest.0.as_str(),
        i64::try_from(request.covered).unwrap_or(i64::MAX),
        request.by.as_str(),
        request.at
    )
    .want(1)
    .named("approval")
}

/// What somebody is asked about an order now.
pub async fn open(db: &Db, order: &OrderId) -> Result<Option<Request>, DbError> {
    let sql = q!("SELECT * FROM order_approval WHERE order_id = $1 AND ended_at IS NULL", order.0.as_str());
    db.one(sql).await?.as_ref().map(request).transpose()
}

/// Whether an order was ever approved by a second person: then lifting it needs one, too.
pub async fn was_approved(db: &Db, order: &OrderId) -> Result<bool, DbError> {
    let sql = q!(
        "SELECT id FROM order_approval WHERE order_id = $1 AND wish = 'issue' AND approved_by IS NOT NULL LIMIT 1",
        order.0.as_str()
    );
    Ok(db.one(sql).await?.is_some())
}

/// Something about an order that a second person approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// What was asked.
    pub wish: Wish,
    /// Who approved it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What was approved about an order, the oldest first.
pub async fn approved(db: &Db, order: &OrderId) -> Result<Vec<Approved>, DbError> {
    let sql = q!(
        "SELECT wish, approved_by, ended_at FROM order_approval
         WHERE order_id = $1 AND approved_by IS NOT NULL ORDER BY ended_at, id",
        order.0.as_str()
    );
    let rows = db.all(sql).await?;
    rows.iter()
        .map(|row| Ok(Approved { wish: wish(row)?, by: row.text("approved_by")?, at: row.time("ended_at")? }))
        .collect()
}

/// In a batch: this request was answered, with the name of whoever approved, or it fell. One that was made since, of the same order, is
/// another: whoever approved did not look at who asks for it now.
pub fn answer(order: &OrderId, request: &Request, approved_by: Option<&str>, now: Timestamp) -> Statement {
    q!(
        "UPDATE order_approval SET ended_at = $3, approved_by = $2
         WHERE order_id = $1 AND ended_at IS NULL AND wish = $4 AND requested_by = $5 AND requested_at = $6",
        order.0.as_str(),
        approved_by,
        now,
        request.wish.as_str(),
        request.by.as_str(),
        request.at
    )
    .want(1)
    .named("approval")
}

/// In a batch: whatever was asked about the order is asked no more.
pub fn end(order: &OrderId, now: Timestamp) -> Statement {
    q!(
        "UPDATE order_approval SET ended_at = $2 WHERE order_id = $1 AND ended_at IS NULL",
        order.0.as_str(),
        now
    )
}

/// What of an author's counts together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Orders that were put forward, whatever became of them, or that begin or began, since then; and whom they shut out apart from that.
    Ordered,
    /// The same, less the orders that a second person approved as they were put forward.
    OrderedAlone,
    /// Whom they shut out one by one: forced, disabled, or gave a new code.
    OneByOne,
}

impl Counted {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ordered => "ordered",
            Self::OrderedAlone => "ordered alone",
            Self::OneByOne => "one by one",
        }
    }
}

macro_rules! reached {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            "CAST((SELECT COALESCE(SUM(o.covered), 0) FROM reset_order o
                   WHERE o.author = $1 AND o.submitted_at IS NOT NULL
                       AND (o.submitted_at >= $2 OR o.scheduled_at >= $2 AND (o.state <> 'cancelled' OR o.clock IS NOT NULL))
                       AND ($3 = 'ordered' OR $3 = 'ordered alone' AND NOT EXISTS (SELECT 1 FROM order_approval p
                           WHERE p.order_id = o.id AND p.wish = 'issue' AND p.approved_by IS NOT NULL
                               AND p.requested_at >= o.submitted_at)))
               + (SELECT COUNT(*) FROM audit l
                   WHERE l.actor = $1 AND l.act IN ('password.force', 'account.disable', 'code.issue')
                       AND l.at >= $2) AS BIGINT)",
            $after
        )
    };
}

/// The people whom an author's orders and other acts that shut out reached since an instant.
pub async fn reached_since(
    db: &Db,
    counted: Counted,
    author: &str,
    since: Timestamp,
) -> Result<u64, DbError> {
    let values = vec![author.into(), since.into(), counted.as_str().into()];
    let row = db.one(Statement::new(reached!("SELECT ", " AS people"), values)).await?;
    row.map_or(Ok(0), |row| row.number("people"))
}

/// In a batch: they reached no more than so many.
pub fn reached_at_most(counted: Counted, author: &str, since: Timestamp, most: i64) -> Statement {
    let values = vec![author.into(), since.into(), counted.as_str().into(), most.into()];
    Statement::new(reached!("SELECT 1 AS met WHERE ", " <= $4"), values).want(1).named("author's people")
}

/// In a batch: of what somebody orders nothing else is counted meanwhile.
pub fn hold_author(author: &AccountId) -> Statement {
    q!("SELECT id FROM account WHERE id = $1", author.0.as_str()).holds_alone().named("author")
}

fn request(row: &Row) -> Result<Request, DbError> {
    Ok(Request {
        wish: wish(row)?,
        digest: Digest(row.text("digest")?),
        covered: u64::try_from(row.int("covered")?).unwrap_or_default(),
        by: row.text("requested_by")?,
        at: row.time("requested_at")?,
    })
}

fn wish(row: &Row) -> Result<Wish, DbError> {
    Wish::from_stored(row.str("wish")?).ok_or_else(|| row.inconsistent("wish", "is none of the known wishes"))
}
