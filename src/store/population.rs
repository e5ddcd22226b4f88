//! How many an order covers, how it finds them, and whom it would leave without help.
//!
//! A class and an académie are counted by two texts: for the one, from its places to the few accounts there; for the other, through
//! the accounts in the order of their ids, in parts that are counted at once.

use crate::domain::account::AccountId;
use crate::domain::jurisdiction::RoleGrant;
use crate::domain::population::Population;
use crate::domain::territory::TerritoryPath;
use crate::domain::timestamp::Timestamp;
use crate::store::account::{FIELD, Person, RECORD, person_sql};
use crate::store::db::{Db, DbError, Row, Statement, Value, q};

/// How many affiliations are few.
pub const FEW: u32 = 50_000;

/// Parts that are counted at once: fewer than there are threads that read, for others read as well.
const PARTS: i64 = 3;

/// Whoever has a place in the population now: `$1` to `$4` are its bounds and profiles.
macro_rules! here_sql {
    ($account:literal) => {
        concat!(
            "f.path >= $1 AND f.path < $3 AND (f.path = $1 OR f.path > $2) AND f.ended IS NULL
             AND ($4 = '' OR (',' || $4 || ',') LIKE ('%,' || f.profile || ',%'))",
            $account
        )
    };
}

/// Few people: found by their places.
macro_rules! few_sql {
    () => {
        concat!(
            "(SELECT DISTINCT f.account_id FROM affiliation f WHERE ",
            here_sql!(""),
            ") p JOIN account a ON a.id = p.account_id"
        )
    };
}

/// Many people: a part of all accounts, of which those are taken that have a place there.
macro_rules! many_sql {
    ($joined:literal) => {
        concat!(
            "account a ",
            $joined,
            " WHERE EXISTS (SELECT 1 FROM affiliation f WHERE ",
            here_sql!(" AND f.account_id = a.id"),
            ") AND a.id > $5 AND ($6 = '' OR a.id <= $6)"
        )
    };
}

/// How each of them stands: 1 to 3 are spared, 4 is bound.
macro_rules! census_sql {
    ($($people:tt)*) => {
        concat!(
            "SELECT COUNT(*) AS covered,
                 CAST(COALESCE(SUM(CASE WHEN kind = 1 THEN 1 ELSE 0 END), 0) AS BIGINT) AS federated,
                 CAST(COALESCE(SUM(CASE WHEN kind = 2 THEN 1 ELSE 0 END), 0) AS BIGINT) AS never_activated,
                 CAST(COALESCE(SUM(CASE WHEN kind = 3 THEN 1 ELSE 0 END), 0) AS BIGINT) AS changed_since,
                 CAST(COALESCE(SUM(CASE WHEN kind = 4 AND email IS NULL THEN 1 ELSE 0 END), 0) AS BIGINT) AS without_email,
                 CAST(COALESCE(SUM(CASE WHEN kind = 4 THEN suspect ELSE 0 END), 0) AS BIGINT) AS suspect
             FROM (SELECT a.email,
                 CASE WHEN a.way_in = 'federated_only' THEN 1
                     WHEN c.account_id IS NULL THEN CASE WHEN CAST($7 AS BIGINT) = 1 THEN 2 ELSE 4 END
                     WHEN c.chosen_at >= CAST($8 AS BIGINT)
                         AND (CAST($9 AS BIGINT) = 0 OR c.proof <> 'old_password') THEN 3
                     ELSE 4 END AS kind,
                 CASE WHEN CAST($9 AS BIGINT) = 1 AND c.proof = 'old_password' AND c.chosen_at >= CAST($10 AS BIGINT)
                     AND c.chosen_at <= CAST($11 AS BIGINT) THEN 1 ELSE 0 END AS suspect
             FROM ",
            $($people)*,
            " AND a.id NOT IN (SELECT account_id FROM operator_role WHERE ended IS NULL)) AS each"
        )
    };
}

/// What is asked about people whom an order that comes into force now would find.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// Whether whoever was never activated is spared.
    pub never_activated: bool,
    /// Whether passwords chosen since then are.
    pub changed_since: Option<Timestamp>,
    /// Passwords chosen since then are suspect where nothing but the old one authorised them.
    pub suspect_since: Option<Timestamp>,
    /// Whether such passwords are spared by nothing.
    pub recover: bool,
    /// Now.
    pub now: Timestamp,
}

/// How people stand who hold no role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// All of them.
    pub covered: u64,
    /// Sign in elsewhere.
    pub federated: u64,
    /// Spared: never activated.
    pub never_activated: u64,
    /// Spared: changed since.
    pub changed_since: u64,
    /// Of those who are not spared, have no e-mail address.
    pub without_email: u64,
    /// Of those who are not spared, have a newer password that is suspect.
    pub suspect: u64,
}

/// Counts everybody of the population who holds no role. `few` is how many affiliations are few.
pub async fn census(
    db: &Db,
    population: &Population,
    question: &Question,
    few: u32,
) -> Result<Census, DbError> {
    const FEW_SQL: &str = census_sql!(
        few_sql!(),
        " LEFT JOIN credential c ON c.account_id = a.id WHERE a.id > $5 AND ($6 = '' OR a.id <= $6)"
    );
    const MANY_SQL: &str = census_sql!(many_sql!("LEFT JOIN credential c ON c.account_id = a.id"));
    let never = Timestamp::from_micros(i64::MAX);
    let asked = [
        i64::from(question.never_activated).into(),
        question.changed_since.unwrap_or(never).into(),
        i64::from(question.recover).into(),
        question.suspect_since.unwrap_or(never).into(),
        question.now.into(),
    ];
    let mut census = Census::default();
    for row in counted(db, population, [FEW_SQL, MANY_SQL], &asked, few).await? {
        census.covered += row.number::<u64>("covered")?;
        census.federated += row.number::<u64>("federated")?;
        census.never_activated += row.number::<u64>("never_activated")?;
        census.changed_since += row.number::<u64>("changed_since")?;
        census.without_email += row.number::<u64>("without_email")?;
        census.suspect += row.number::<u64>("suspect")?;
    }
    Ok(census)
}

/// The accounts that an order over this population would cover if it came into force now.
pub async fn covered(db: &Db, population: &Population) -> Result<u64, DbError> {
    const FEW_SQL: &str = concat!(
        "SELECT COUNT(*) AS covered FROM ",
        few_sql!(),
        " WHERE a.id > $5 AND ($6 = '' OR a.id <= $6)"
    );
    const MANY_SQL: &str = concat!("SELECT COUNT(*) AS covered FROM ", many_sql!(""));
    let rows = counted(db, population, [FEW_SQL, MANY_SQL], &[], FEW).await?;
    rows.iter().map(|row| row.number::<u64>("covered")).sum()
}

/// The answer to one of two questions for each part of the accounts: to the first where few have a place there.
async fn counted(
    db: &Db,
    population: &Population,
    [few_sql, many_sql]: [&'static str; 2],
    asked: &[Value],
    few: u32,
) -> Result<Vec<Row>, DbError> {
    let bounds = bounds(population);
    let statement = |sql, from: &str, to: &str| {
        let part = [Value::from(from), Value::from(to)];
        Statement::new(sql, bounds.iter().cloned().chain(part).chain(asked.iter().cloned()).collect())
    };
    if has_few(db, &bounds, few).await? {
        return db.all(statement(few_sql, "", "")).await;
    }
    let ends = ends(db).await?;
    let end = |place: usize| ends.get(place).map_or("", String::as_str);
    let (first, second, third) = tokio::try_join!(
        db.all(statement(many_sql, "", end(0))),
        db.all(statement(many_sql, end(0), end(1))),
        db.all(statement(many_sql, end(1), "")),
    )?;
    Ok(first.into_iter().chain(second).chain(third).collect())
}

fn bounds(population: &Population) -> [Value; 4] {
    let (from, to) = population.territory.range_below();
    let profiles: Vec<_> = population.profiles.iter().map(|profile| profile.as_str()).collect();
    [population.territory.as_str().into(), from.into(), to.into(), profiles.join(",").into()]
}

/// Whether few have a place there: counts no further.
async fn has_few(db: &Db, bounds: &[Value; 4], few: u32) -> Result<bool, DbError> {
    const SQL: &str = concat!(
        "SELECT COUNT(*) AS here FROM (SELECT 1 FROM affiliation f WHERE ",
        here_sql!(""),
        " LIMIT $5) AS part"
    );
    let values = bounds.iter().cloned().chain([(i64::from(few) + 1).into()]);
    let row = db.one(Statement::new(SQL, values.collect())).await?;
    row.map_or(Ok(true), |row| Ok(row.int("here")? <= i64::from(few)))
}

/// Where parts of the accounts end that are equally large; the last has no end.
async fn ends(db: &Db) -> Result<Vec<String>, DbError> {
    let all = db.one(q!("SELECT COUNT(*) AS accounts FROM account")).await?;
    let all = all.map_or(Ok(0), |row| row.int("accounts"))?;
    let mut ends = Vec::new();
    for part in 1..PARTS {
        let end =
            db.one(q!("SELECT id FROM account ORDER BY id LIMIT 1 OFFSET $1", all * part / PARTS)).await?;
        ends.extend(end.map(|row| row.text("id")).transpose()?);
    }
    Ok(ends)
}

/// Everybody of the population who holds a role.
pub async fn operators(db: &Db, population: &Population) -> Result<Vec<Person>, DbError> {
    const SQL: &str = person_sql!(
        "",
        "account a",
        "WHERE a.id IN (SELECT r.account_id FROM operator_role r WHERE r.ended IS NULL) AND EXISTS
             (SELECT 1 FROM affiliation f WHERE f.account_id = a.id AND f.ended IS NULL
                  AND f.path >= $3 AND f.path < $5 AND (f.path = $3 OR f.path > $4)
                  AND ($6 = '' OR (',' || $6 || ',') LIKE ('%,' || f.profile || ',%')))
         ORDER BY a.login_name"
    );
    let values = [FIELD.into(), RECORD.into()].into_iter().chain(bounds(population));
    db.all(Statement::new(SQL, values.collect())).await?.iter().map(Person::from_row).collect()
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
