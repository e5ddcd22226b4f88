//! Second factors, and the codes that stand in for them.

use crate::domain::account::AccountId;
use crate::domain::factor::{Kind, Purpose};
use crate::domain::timestamp::Timestamp;
use crate::store::db::{Db, DbError, Row, Statement, q};

/// The name of the statements that use something up: one of them unmet means that it was used before.
pub const USED_BEFORE: &str = "factor";

/// A second factor as stored.
pub struct Factor {
    /// Which one.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// An app's secret, sealed.
    pub sealed: Option<String>,
    /// The last step of an app that was accepted.
    pub last_step: Option<i64>,
    /// Codes that are left to stand in for it.
    pub spare: i64,
}

/// The factor of an account.
pub async fn find(db: &Db, account: &AccountId) -> Result<Option<Factor>, DbError> {
    let sql = q!(
        "SELECT f.id, f.kind, f.sealed, f.last_step,
             (SELECT COUNT(*) FROM spare_code s WHERE s.account_id = $1 AND s.purpose = $2) AS spare
         FROM factor f WHERE f.account_id = $1",
        account.0.as_str(),
        Purpose::Factor.as_str()
    );
    db.one(sql).await?.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<Factor, DbError> {
    let kind = Kind::from_stored(row.str("kind")?)
        .ok_or_else(|| row.inconsistent("kind", "is not a kind of factor"))?;
    Ok(Factor {
        id: row.text("id")?,
        kind,
        sealed: row.opt_text("sealed")?,
        last_step: row.opt_int("last_step")?,
        spare: row.int("spare")?,
    })
}

/// In a batch: a factor for whoever has none.
pub fn enrol(
    id: &str,
    account: &AccountId,
    kind: Kind,
    app: Option<(&str, i64)>,
    now: Timestamp,
) -> Statement {
    let (sealed, step) = app.unzip();
    q!(
        "INSERT INTO factor (id, account_id, kind, sealed, last_step, enrolled_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        id,
        account.0.as_str(),
        kind.as_str(),
        sealed,
        step,
        now
    )
    .want(1)
    .named(USED_BEFORE)
}

/// In a batch: a step of an app is accepted. Of two that accept it at once, on whichever replicas, one is undone.
pub fn use_step(factor: &str, step: i64) -> Statement {
    q!("UPDATE factor SET last_step = $2 WHERE id = $1 AND last_step < $2", factor, step)
        .want(1)
        .named(USED_BEFORE)
}

/// In a batch: a code is used up, the same way.
pub fn use_code(account: &AccountId, tag: &str, purpose: Purpose, now: Timestamp) -> Statement {
    q!(
        "DELETE FROM spare_code WHERE account_id = $1 AND tag = $2 AND purpose = $3
             AND (expires_at IS NULL OR expires_at > $4)",
        account.0.as_str(),
        tag,
        purpose.as_str(),
        now
    )
    .want(1)
    .named(USED_BEFORE)
}

/// In a batch: a code.
pub fn add_code(
    account: &AccountId,
    tag: &str,
    purpose: Purpose,
    expires_at: Option<Timestamp>,
) -> Statement {
    q!(
        "INSERT INTO spare_code (account_id, tag, purpose, expires_at) VALUES ($1, $2, $3, $4)",
        account.0.as_str(),
        tag,
        purpose.as_str(),
        expires_at
    )
    .want(1)
}

/// Until when a code for enrolling works; none where it was used, or never given.
pub async fn enrolment_until(
    db: &Db,
    account: &AccountId,
    tag: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>, DbError> {
    let sql = q!(
        "SELECT expires_at FROM spare_code WHERE account_id = $1 AND tag = $2 AND purpose = $3 AND expires_at > $4",
        account.0.as_str(),
        tag,
        Purpose::Enrolment.as_str(),
        now
    );
    db.one(sql).await?.map(|row| row.time("expires_at")).transpose()
}

/// In a batch: the account has no factor any more, and no code for one.
pub fn forget(account: &AccountId) -> [Statement; 2] {
    [q!("DELETE FROM factor WHERE account_id = $1", account.0.as_str()), forget_codes(account)]
}

/// In a batch: a list of codes that its owner enrolled is one no more.
pub fn forget_list(account: &AccountId) -> Statement {
    q!("DELETE FROM factor WHERE account_id = $1 AND kind = $2", account.0.as_str(), Kind::List.as_str())
}

/// In a batch: no code gives leave to enrol any more.
pub fn forget_leave(account: &AccountId) -> Statement {
    q!(
        "DELETE FROM spare_code WHERE account_id = $1 AND purpose = $2",
        account.0.as_str(),
        Purpose::Enrolment.as_str()
    )
}

/// In a batch: no code is left.
pub fn forget_codes(account: &AccountId) -> Statement {
    q!("DELETE FROM spare_code WHERE account_id = $1", account.0.as_str())
}
