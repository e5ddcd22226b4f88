//! People as an operator looks for them: by name, login, class or school, inside a territory, a page at a time.

use crate::domain::account::AccountId;
use crate::domain::jurisdiction::RoleGrant;
use crate::domain::profile::Profile;
use crate::domain::territory::TerritoryPath;
use crate::store::db::{Db, DbError, Row, Statement, Value};

/// Above every text that a name begins with.
const LAST: &str = "\u{10ffff}";

/// Somebody who was found.
pub struct Found {
    /// Whose account.
    pub account: AccountId,
    /// The login.
    pub login: String,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// The places inside the territory, by name.
    pub places: String,
}

/// What is looked for.
pub struct Wanted<'a> {
    /// As typed, in lower case.
    pub text: &'a str,
    /// The school that the text names, if it names one.
    pub school: Option<&'a TerritoryPath>,
    /// Behind whom the page begins.
    pub after: Option<&'a AccountId>,
    /// People at most.
    pub limit: u32,
}

/// Beginnings of names and of logins, a class by its name, everybody of a school. What was typed is compared as it is: no sign
/// in it stands for others.
const SQL: &str = "
    SELECT a.id, a.login, a.given_name, a.family_name,
        COALESCE((SELECT string_agg(t.name, ', ') FROM affiliation f JOIN territory t ON t.path = f.path
            WHERE f.account_id = a.id AND f.ended IS NULL
                AND (f.path = $1 OR f.path > $2 AND f.path < $3)), '') AS places
    FROM account a
    WHERE a.id IN (
            SELECT f.account_id FROM affiliation f
                WHERE f.ended IS NULL AND (f.path = $1 OR f.path > $2 AND f.path < $3)
            UNION SELECT r.account_id FROM operator_role r
                WHERE r.ended IS NULL AND (r.path = $1 OR r.path > $2 AND r.path < $3))
        AND ($4 = 0 OR NOT EXISTS (SELECT 1 FROM affiliation f WHERE f.account_id = a.id AND f.ended IS NULL
                    AND f.profile <> $5 AND f.profile <> $6)
                AND NOT EXISTS (SELECT 1 FROM operator_role r WHERE r.account_id = a.id AND r.ended IS NULL))
        AND (a.login_name >= $7 AND a.login_name < $8
            OR lower(a.family_name) >= $7 AND lower(a.family_name) < $8
            OR lower(a.family_name) >= $9 AND lower(a.family_name) < $10
                AND lower(a.given_name) >= $11 AND lower(a.given_name) < $12
            OR lower(a.given_name) >= $9 AND lower(a.given_name) < $10
                AND lower(a.family_name) >= $11 AND lower(a.family_name) < $12
            OR a.id IN (SELECT f.account_id FROM affiliation f JOIN territory t ON t.path = f.path
                WHERE f.ended IS NULL AND t.kind = 'class' AND lower(t.name) = $7)
            OR a.id IN (SELECT f.account_id FROM affiliation f
                WHERE f.ended IS NULL AND (f.path = $13 OR f.path > $14 AND f.path < $15)))
        AND ($16 = '' OR (a.family_name, a.given_name, a.id) >
            (SELECT c.family_name, c.given_name, c.id FROM account c WHERE c.id = $16))
    ORDER BY a.family_name, a.given_name, a.id LIMIT $17";

/// Those whom one grant lets its holder see, by family name, given name and id.
pub async fn look(db: &Db, grant: &RoleGrant, wanted: &Wanted<'_>) -> Result<Vec<Found>, DbError> {
    let (from, to) = grant.over.range_below();
    let (first, second) = wanted.text.split_once(' ').unwrap_or((wanted.text, ""));
    let until = |text: &str| format!("{text}{LAST}");
    let (school, below) = match wanted.school {
        Some(path) => (path.as_str().to_owned(), path.range_below()),
        None => (String::new(), (String::new(), String::new())),
    };
    let values: Vec<Value> = vec![
        grant.over.as_str().into(),
        from.into(),
        to.into(),
        i64::from(grant.role.is_for_families()).into(),
        Profile::Pupil.as_str().into(),
        Profile::Guardian.as_str().into(),
        wanted.text.into(),
        until(wanted.text).into(),
        first.into(),
        until(first).into(),
        second.trim_start().into(),
        until(second.trim_start()).into(),
        school.into(),
        below.0.into(),
        below.1.into(),
        wanted.after.map_or("", |account| account.0.as_str()).into(),
        wanted.limit.into(),
    ];
    db.all(Statement::new(SQL, values)).await?.iter().map(found).collect()
}

fn found(row: &Row) -> Result<Found, DbError> {
    Ok(Found {
        account: AccountId(row.text("id")?),
        login: row.text("login")?,
        given_name: row.text("given_name")?,
        family_name: row.text("family_name")?,
        places: row.text("places")?,
    })
}
