//! Roles over territories.

use serde::{Deserialize, Serialize};

use crate::domain::account::{AccountId, AccountNumber};
use crate::domain::jurisdiction::RoleGrant;
use crate::domain::operator::Role;
use crate::domain::profile::Profile;
use crate::domain::territory::TerritoryPath;
use crate::store::db::{Db, DbError, Row, Statement, q};

/// What an account may do to others now.
pub async fn held(db: &Db, account: &AccountId) -> Result<Vec<RoleGrant>, DbError> {
    let sql = q!(
        "SELECT role, path FROM operator_role WHERE account_id = $1 AND ended IS NULL ORDER BY path, role",
        account.0.as_str()
    );
    db.all(sql).await?.iter().map(grant_of).collect()
}

fn grant_of(row: &Row) -> Result<RoleGrant, DbError> {
    Ok(RoleGrant { role: row.parsed("role")?, over: TerritoryPath::from_stored(row.text("path")?) })
}

/// In a batch: a role that begins now, in order-clock numbers; the same role at the same place is held once.
pub fn grant(account: &AccountId, role: Role, path: &TerritoryPath) -> Statement {
    q!(
        "INSERT INTO operator_role (account_id, role, path, began)
         VALUES ($1, $2, $3, (SELECT value FROM order_clock)) ON CONFLICT DO NOTHING",
        account.0.as_str(),
        role.as_str(),
        path.as_str()
    )
}

/// In a batch: a role ends, if it is held.
pub fn revoke(account: &AccountId, role: Role, path: &TerritoryPath) -> Statement {
    q!(
        "UPDATE operator_role SET ended = (SELECT value FROM order_clock)
         WHERE account_id = $1 AND role = $2 AND path = $3 AND ended IS NULL",
        account.0.as_str(),
        role.as_str(),
        path.as_str()
    )
    .want(1)
    .named("operator role")
}

/// In a batch: the operator still holds this, and does until the batch has committed.
pub fn still_holds(operator: &AccountId, grant: &RoleGrant) -> Statement {
    q!(
        "SELECT role FROM operator_role WHERE account_id = $1 AND role = $2 AND path = $3 AND ended IS NULL",
        operator.0.as_str(),
        grant.role.as_str(),
        grant.over.as_str()
    )
    .holds()
    .named("operator role")
}

/// In a batch: nothing has ended what the operator signed in with, and nothing does until the batch has committed. One operator's
/// batches come one after another: if several held this at once, more could join them for ever, and whoever disables the account
/// would wait for the last.
pub fn still_signed_in(operator: &AccountId, number: AccountNumber) -> Statement {
    q!("SELECT id FROM account WHERE id = $1 AND number = $2", operator.0.as_str(), number.0)
        .holds_alone()
        .named("operator sign-in")
}

/// In a batch: the grant still reaches all that this account is anywhere, by the rule of
/// [`jurisdiction`](crate::domain::jurisdiction): something of it is inside, and nothing that may do anything to others is
/// outside, or is there at all where the role is for families.
pub fn still_reaches(grant: &RoleGrant, account: &AccountId) -> Statement {
    let (from, to) = grant.over.range_below();
    q!(
        "SELECT id FROM account WHERE id = $1
             AND (EXISTS (SELECT 1 FROM affiliation f WHERE f.account_id = $1 AND f.ended IS NULL
                      AND (f.path = $2 OR f.path > $3 AND f.path < $4))
                  OR EXISTS (SELECT 1 FROM operator_role r WHERE r.account_id = $1 AND r.ended IS NULL
                      AND (r.path = $2 OR r.path > $3 AND r.path < $4)))
             AND NOT EXISTS (SELECT 1 FROM affiliation f WHERE f.account_id = $1 AND f.ended IS NULL
                      AND f.profile <> $5 AND f.profile <> $6
                      AND ($7 = 1 OR NOT (f.path = $2 OR f.path > $3 AND f.path < $4)))
             AND NOT EXISTS (SELECT 1 FROM operator_role r WHERE r.account_id = $1 AND r.ended IS NULL
                      AND ($7 = 1 OR NOT (r.path = $2 OR r.path > $3 AND r.path < $4)))",
        account.0.as_str(),
        grant.over.as_str(),
        from,
        to,
        Profile::Pupil.as_str(),
        Profile::Guardian.as_str(),
        i64::from(grant.role.is_for_families())
    )
    .holds_alone()
    .named("jurisdiction")
}

/// Where a page of those who hold roles ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// Where the role holds.
    pub path: String,
    /// Whose it is.
    pub account: String,
    /// Which.
    pub role: String,
}

/// Somebody who holds a role.
pub struct Holder {
    /// Whose account.
    pub account: AccountId,
    /// The login.
    pub login: String,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// The role.
    pub grant: RoleGrant,
    /// Whether the account is disabled.
    pub disabled: bool,
}

impl Holder {
    /// Where it stands among others.
    pub fn position(&self) -> Position {
        Position {
            path: self.grant.over.as_str().to_owned(),
            account: self.account.0.clone(),
            role: self.grant.role.as_str().to_owned(),
        }
    }
}

/// Those who hold roles at a place and below, by place; at most `limit` behind a position.
pub async fn holders(
    db: &Db,
    place: &TerritoryPath,
    after: Option<&Position>,
    limit: u32,
) -> Result<Vec<Holder>, DbError> {
    let (from, to) = place.range_below();
    let [path, account, role] = after.map_or([""; 3], |it| [&*it.path, &*it.account, &*it.role]);
    let sql = q!(
        "SELECT r.account_id, r.role, r.path, a.login, a.given_name, a.family_name, a.disabled_at
         FROM operator_role r JOIN account a ON a.id = r.account_id
         WHERE r.ended IS NULL AND (r.path = $1 OR r.path > $2 AND r.path < $3)
             AND (r.path, r.account_id, r.role) > ($4, $5, $6)
         ORDER BY r.path, r.account_id, r.role LIMIT $7",
        place.as_str(),
        from,
        to,
        path,
        account,
        role,
        limit
    );
    let rows = db.all(sql).await?;
    rows.iter()
        .map(|row| {
            Ok(Holder {
                account: AccountId(row.text("account_id")?),
                login: row.text("login")?,
                given_name: row.text("given_name")?,
                family_name: row.text("family_name")?,
                grant: grant_of(row)?,
                disabled: row.opt_time("disabled_at")?.is_some(),
            })
        })
        .collect()
}
