//! How many an order covers, and whom it would leave without help.

use crate::domain::account::AccountId;
use crate::domain::jurisdiction::RoleGrant;
use crate::domain::population::Population;
use crate::domain::territory::TerritoryPath;
use crate::store::db::{Db, DbError, q};

/// The accounts that an order over this population would cover if it came into force now.
pub async fn covered(db: &Db, population: &Population) -> Result<u64, DbError> {
    let (from, to) = population.territory.range_below();
    let profiles: Vec<_> = population.profiles.iter().map(|profile| profile.as_str()).collect();
    let sql = q!(
        "SELECT COUNT(DISTINCT account_id) AS covered FROM affiliation
         WHERE path >= $1 AND path < $3 AND (path = $1 OR path > $2) AND ended IS NULL
             AND ($4 = '' OR (',' || $4 || ',') LIKE ('%,' || profile || ',%'))",
        population.territory.as_str(),
        from,
        to,
        profiles.join(",")
    );
    let row = db.one(sql).await?;
    row.map_or(Ok(0), |row| Ok(u64::try_from(row.int("covered")?).unwrap_or_default()))
}

/// Everybody who holds a role in the territory or above it, with that role.
pub async fn operators_around(
    db: &Db,
    territory: &TerritoryPath,
) -> Result<Vec<(AccountId, RoleGrant)>, DbError> {
    let (from, to) = territory.range_below();
    let sql = q!(
        "SELECT account_id, role, path FROM operator_role
         WHERE ended IS NULL AND (path = $1 OR path > $2 AND path < $3 OR $1 LIKE (path || '>%'))
         ORDER BY path, account_id, role",
        territory.as_str(),
        from,
        to
    );
    let rows = db.all(sql).await?;
    rows.iter()
        .map(|row| {
            let over = TerritoryPath::from_stored(row.text("path")?);
            Ok((AccountId(row.text("account_id")?), RoleGrant { role: row.parsed("role")?, over }))
        })
        .collect()
}
