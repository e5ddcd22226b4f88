//! The tree of places.

use std::collections::{BTreeSet, HashMap};

use crate::domain::profile::Profile;
use crate::domain::territory::{TerritoryCode, TerritoryPath};
use crate::domain::timestamp::Timestamp;
use crate::store::db::{Db, DbError, Row, Statement, q};

/// A place as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Territory {
    /// Its code.
    pub code: TerritoryCode,
    /// Where it lies.
    pub path: TerritoryPath,
    /// What people call it.
    pub name: String,
}

/// The place of this code.
pub async fn find(db: &Db, code: &TerritoryCode) -> Result<Option<Territory>, DbError> {
    let row = db.one(q!("SELECT code, path, name FROM territory WHERE code = $1", code.as_str())).await?;
    row.as_ref().map(read).transpose()
}

/// The place itself and everything below it, each before what lies below it.
pub async fn subtree(db: &Db, root: &TerritoryPath) -> Result<Vec<Territory>, DbError> {
    let (from, to) = root.range_below();
    let sql = q!(
        "SELECT code, path, name FROM territory WHERE path = $1 OR (path > $2 AND path < $3) ORDER BY path",
        root.as_str(),
        from,
        to
    );
    db.all(sql).await?.iter().map(read).collect()
}

/// The schools of a place, by path, with their names.
pub async fn schools(db: &Db, root: &TerritoryPath) -> Result<Vec<(TerritoryPath, String)>, DbError> {
    let (from, to) = root.range_below();
    let sql = q!(
        "SELECT path, name FROM territory WHERE kind = 'school' AND (path = $1 OR (path > $2 AND path < $3))",
        root.as_str(),
        from,
        to
    );
    let named = |row: &Row| Ok((TerritoryPath::from_stored(row.text("path")?), row.text("name")?));
    db.all(sql).await?.iter().map(named).collect()
}

/// The names of a place and of all below it but classes.
pub async fn names(db: &Db, root: &TerritoryPath) -> Result<HashMap<TerritoryPath, String>, DbError> {
    let (from, to) = root.range_below();
    let sql = q!(
        "SELECT path, name FROM territory WHERE (path = $1 OR (path > $2 AND path < $3)) AND kind <> 'class'",
        root.as_str(),
        from,
        to
    );
    let rows = db.all(sql).await?;
    rows.iter().map(|row| Ok((TerritoryPath::from_stored(row.text("path")?), row.text("name")?))).collect()
}

/// The place itself and what lies directly below it, by name; at most `limit`.
pub async fn near(db: &Db, place: &TerritoryPath, limit: usize) -> Result<Vec<Territory>, DbError> {
    let code = place.code().map(|code| code.to_string()).unwrap_or_default();
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let sql = q!(
        "SELECT code, path, name FROM territory WHERE code = $1 OR parent = $1 ORDER BY parent = $1, name, code LIMIT $2",
        code,
        limit
    );
    db.all(sql).await?.iter().map(read).collect()
}

/// What lies directly below a place, by name, behind one of them; at most `limit`.
pub async fn below(
    db: &Db,
    place: &TerritoryCode,
    after: Option<&TerritoryCode>,
    limit: usize,
) -> Result<Vec<Territory>, DbError> {
    let sql = q!(
        "SELECT code, path, name FROM territory
         WHERE parent = $1 AND ($2 = '' OR (name, code) > (SELECT b.name, b.code FROM territory b WHERE b.code = $2))
         ORDER BY name, code LIMIT $3",
        place.as_str(),
        after.map_or("", TerritoryCode::as_str),
        i64::try_from(limit).unwrap_or(i64::MAX)
    );
    db.all(sql).await?.iter().map(read).collect()
}

/// Every place wider than a school, each before what lies below it.
pub async fn wide(db: &Db) -> Result<Vec<Territory>, DbError> {
    let sql = q!(
        "SELECT code, path, name FROM territory WHERE kind IN ('ministry', 'academie', 'departement') ORDER BY path"
    );
    db.all(sql).await?.iter().map(read).collect()
}

/// Whether anybody of these profiles has a place in the territory; of any profile when none is named.
pub async fn has_people(
    db: &Db,
    root: &TerritoryPath,
    profiles: &BTreeSet<Profile>,
) -> Result<bool, DbError> {
    let (from, to) = root.range_below();
    let root = root.as_str();
    if profiles.is_empty() {
        let sql = q!(
            "SELECT account_id FROM affiliation
             WHERE path >= $1 AND path < $3 AND (path = $1 OR path > $2) AND ended IS NULL LIMIT 1",
            root,
            from,
            to
        );
        return Ok(db.one(sql).await?.is_some());
    }
    // One search of an index for each profile, whatever the size of the territory: an order waits for this.
    for profile in profiles {
        let sql = q!(
            "SELECT account_id FROM affiliation
             WHERE profile = $4 AND path >= $1 AND path < $3 AND (path = $1 OR path > $2) AND ended IS NULL LIMIT 1",
            root,
            from.as_str(),
            to.as_str(),
            profile.as_str()
        );
        if db.one(sql).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// In a batch: a new place; one that exists keeps its path and takes the new name.
pub fn put(territory: &Territory, parent: Option<&TerritoryCode>, now: Timestamp) -> Statement {
    q!(
        "INSERT INTO territory (code, kind, parent, path, name, created_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (code) DO UPDATE SET name = excluded.name WHERE territory.path = excluded.path",
        territory.code.as_str(),
        territory.code.kind().as_str(),
        parent.map(TerritoryCode::as_str),
        territory.path.as_str(),
        territory.name.as_str(),
        now
    )
    .want(1)
    .named("territory")
}

/// In a batch: a place that may have been created meanwhile; then it keeps its name, and must lie where it is said to.
pub fn put_if_missing(territory: &Territory, parent: &TerritoryCode, now: Timestamp) -> Statement {
    q!(
        "INSERT INTO territory (code, kind, parent, path, name, created_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (code) DO UPDATE SET name = territory.name WHERE territory.path = excluded.path",
        territory.code.as_str(),
        territory.code.kind().as_str(),
        parent.as_str(),
        territory.path.as_str(),
        territory.name.as_str(),
        now
    )
    .want(1)
    .named("territory")
}

fn read(row: &Row) -> Result<Territory, DbError> {
    let code = TerritoryCode::parse(row.str("code")?)
        .map_err(|_| row.inconsistent("code", "is no territory code"))?;
    Ok(Territory { code, path: TerritoryPath::from_stored(row.text("path")?), name: row.text("name")? })
}
