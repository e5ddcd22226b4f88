//! What second persons are asked to approve.

use crate::domain::approval::{Digest, Request, Wish};
use crate::domain::reset_order::OrderId;
use crate::domain::timestamp::Timestamp;
use crate::store::db::{Db, DbError, Row, Statement, q};

/// In a batch: somebody is asked. One thing at a time for each order.
pub fn ask(id: &str, order: &OrderId, request: &Request) -> Statement {
    q!(
        "INSERT INTO order_approval (id, order_id, wish, digest, covered, requested_by, requested_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        id,
        order.0.as_str(),
        request.wish.as_str(),
        request.digest.0.as_str(),
        i64::try_from(request.covered).unwrap_or(i64::MAX),
        request.by.as_str(),
        request.at
    )
    .want(1)
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

/// In a batch: it was answered, with the name of whoever approved, or it fell.
pub fn end(order: &OrderId, approved_by: Option<&str>, now: Timestamp) -> Statement {
    q!(
        "UPDATE order_approval SET ended_at = $3, approved_by = $2 WHERE order_id = $1 AND ended_at IS NULL",
        order.0.as_str(),
        approved_by,
        now
    )
    .named("approval")
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
