//! Roles that wait for a second operator.

use crate::domain::account::AccountId;
use crate::domain::approval::PendingRole;
use crate::domain::jurisdiction::RoleGrant;
use crate::domain::territory::TerritoryPath;
use crate::domain::timestamp::Timestamp;
use crate::store::db::{Db, DbError, Row, Statement, q};

/// In a batch: somebody asks for a role. The same role at the same place is asked for once at a time.
pub fn ask(pending: &PendingRole) -> Statement {
    q!(
        "INSERT INTO pending_role (id, account_id, role, path, requested_by, requested_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        pending.id.as_str(),
        pending.account.0.as_str(),
        pending.grant.role.as_str(),
        pending.grant.over.as_str(),
        pending.by.as_str(),
        pending.at
    )
    .want(1)
    .named("pending role")
}

/// In a batch: what was asked for before this instant is asked for no more.
pub fn lapse(account: &AccountId, grant: &RoleGrant, before: Timestamp) -> Statement {
    q!(
        "UPDATE pending_role SET ended_at = $4
         WHERE account_id = $1 AND role = $2 AND path = $3 AND ended_at IS NULL AND requested_at < $4",
        account.0.as_str(),
        grant.role.as_str(),
        grant.over.as_str(),
        before
    )
}

/// Whether somebody asked for it at this instant or later, and nobody has answered.
pub async fn is_asked(
    db: &Db,
    account: &AccountId,
    grant: &RoleGrant,
    since: Timestamp,
) -> Result<bool, DbError> {
    let sql = q!(
        "SELECT id FROM pending_role
         WHERE account_id = $1 AND role = $2 AND path = $3 AND ended_at IS NULL AND requested_at >= $4",
        account.0.as_str(),
        grant.role.as_str(),
        grant.over.as_str(),
        since
    );
    Ok(db.one(sql).await?.is_some())
}

/// In a batch: it was answered, with the name of whoever approved.
pub fn end(id: &str, approved_by: Option<&str>, now: Timestamp) -> Statement {
    q!(
        "UPDATE pending_role SET ended_at = $3, approved_by = $2 WHERE id = $1 AND ended_at IS NULL",
        id,
        approved_by,
        now
    )
    .want(1)
    .named("pending role")
}

/// What waits under this id and was asked for at this instant or later.
pub async fn find(db: &Db, id: &str, since: Timestamp) -> Result<Option<PendingRole>, DbError> {
    let sql = q!(
        "SELECT id, account_id, role, path, requested_by, requested_at FROM pending_role
         WHERE id = $1 AND ended_at IS NULL AND requested_at >= $2",
        id,
        since
    );
    db.one(sql).await?.as_ref().map(read).transpose()
}

/// What was asked for under this id, whatever came of it.
pub async fn find_any(db: &Db, id: &str) -> Result<Option<PendingRole>, DbError> {
    let sql = q!(
        "SELECT id, account_id, role, path, requested_by, requested_at FROM pending_role WHERE id = $1",
        id
    );
    db.one(sql).await?.as_ref().map(read).transpose()
}

/// What waits at a place and below, and was asked for at this instant or later, the oldest first, behind one of them; at most `limit`.
pub async fn list(
    db: &Db,
    place: &TerritoryPath,
    (since, after): (Timestamp, Option<&(Timestamp, String)>),
    limit: u32,
) -> Result<Vec<PendingRole>, DbError> {
    let (from, to) = place.range_below();
    let (at, id) = after.map_or((since, ""), |(at, id)| (*at, id.as_str()));
    let sql = q!(
        "SELECT id, account_id, role, path, requested_by, requested_at FROM pending_role
         WHERE ended_at IS NULL AND (path = $1 OR path > $2 AND path < $3) AND requested_at >= $4
             AND (requested_at > $5 OR requested_at = $5 AND id > $6)
         ORDER BY requested_at, id LIMIT $7",
        place.as_str(),
        from,
        to,
        since,
        at,
        id,
        limit
    );
    db.all(sql).await?.iter().map(read).collect()
}

/// Whether one that somebody else asked for waits there and below, asked for since an instant.
pub async fn any_of_others(
    db: &Db,
    place: &TerritoryPath,
    since: Timestamp,
    asker: &str,
) -> Result<bool, DbError> {
    let (from, to) = place.range_below();
    let sql = q!(
        "SELECT id FROM pending_role WHERE ended_at IS NULL AND (path = $1 OR path > $2 AND path < $3)
             AND requested_at >= $4 AND requested_by <> $5 LIMIT 1",
        place.as_str(),
        from,
        to,
        since,
        asker
    );
    Ok(db.one(sql).await?.is_some())
}

fn read(row: &Row) -> Result<PendingRole, DbError> {
    Ok(PendingRole {
        id: row.text("id")?,
        account: AccountId(row.text("account_id")?),
        grant: RoleGrant { role: row.parsed("role")?, over: TerritoryPath::from_stored(row.text("path")?) },
        by: row.text("requested_by")?,
        at: row.time("requested_at")?,
    })
}
