//! People as an operator looks for them: by name, login, class or school, inside a territory, a page at a time.

use crate::domain::account::AccountId;
use crate::domain::profile::Profile;
use crate::domain::territory::TerritoryPath;
use crate::store::account::{FIELD, Person, RECORD, person_sql};
use crate::store::db::{Db, DbError, Statement, Value, q};

/// Above every text that a name begins with.
const LAST: &str = "\u{10ffff}";

/// Somebody who was found.
pub struct Found {
    /// Who.
    pub person: Person,
    /// The places inside the territory, by name.
    pub places: String,
}

/// Who somebody is at the place that is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Anybody, also whoever only holds a role there.
    Anybody,
    /// A pupil or a guardian.
    Family,
    /// Somebody of this profile.
    Of(Profile),
}

const FAMILY: [&str; 2] = [Profile::Pupil.as_str(), Profile::Guardian.as_str()];

impl Who {
    /// The one and the other; empty where any is meant.
    const fn profiles(self) -> [&'static str; 2] {
        match self {
            Self::Anybody => [""; 2],
            Self::Family => FAMILY,
            Self::Of(profile) => [profile.as_str(); 2],
        }
    }
}

/// Whether more people than this have a place there, and are that: counts no further.
pub async fn are_more(db: &Db, place: &TerritoryPath, who: Who, than: u64) -> Result<bool, DbError> {
    let ((from, to), [one, other]) = (place.range_below(), who.profiles());
    let than = i64::try_from(than).unwrap_or(i64::MAX - 1);
    let sql = q!(
        "SELECT COUNT(*) AS people FROM (SELECT DISTINCT f.account_id FROM affiliation f
            WHERE f.ended IS NULL AND f.path >= $1 AND f.path < $3 AND (f.path = $1 OR f.path > $2)
                AND ($4 = '' OR f.profile = $4 OR f.profile = $5) LIMIT $6) AS part",
        place.as_str(),
        from,
        to,
        one,
        other,
        than + 1
    );
    db.one(sql.planned_anew()).await?.map_or(Ok(false), |row| Ok(row.int("people")? > than))
}

/// What is looked for.
pub struct Wanted<'a> {
    /// The place, with everything below it.
    pub place: &'a TerritoryPath,
    /// Who they are there.
    pub who: Who,
    /// Whether nobody is found who is anything but a pupil or a guardian, anywhere.
    pub families_alone: bool,
    /// Why the gate of those is closed who are looked for; empty where it may be otherwise. What lies on the row of an account alone is looked
    /// at here, so that a few are found among many; what else there may be is for the gate.
    pub state: &'a str,
    /// As typed, in lower case.
    pub text: &'a str,
    /// The school that the text names, if it names one.
    pub school: Option<&'a TerritoryPath>,
    /// Behind whom the page begins.
    pub after: Option<&'a AccountId>,
    /// People at most.
    pub limit: u32,
}

/// Beginnings of names and of logins, a class by its name, everybody of a school, both as far as they lie at the place: where else somebody
/// belongs is not for whoever sees them here. What was typed is compared as it is: no sign
/// in it stands for others. Whatever else is read of somebody is read of those alone who come on the page.
const SQL: &str = person_sql!(
    "COALESCE((SELECT string_agg(t.name, ', ') FROM affiliation f JOIN territory t ON t.path = f.path
        WHERE f.account_id = a.id AND f.ended IS NULL
            AND (f.path = $3 OR f.path > $4 AND f.path < $5)), '') AS places, ",
    "(SELECT a.id AS wanted FROM account a WHERE a.id IN (
            SELECT f.account_id FROM affiliation f
                WHERE f.ended IS NULL AND (f.path = $3 OR f.path > $4 AND f.path < $5)
                    AND ($6 = '' OR f.profile = $6 OR f.profile = $7)
            UNION SELECT r.account_id FROM operator_role r
                WHERE $6 = '' AND r.ended IS NULL AND (r.path = $3 OR r.path > $4 AND r.path < $5))
        AND ($8 = 0 OR NOT EXISTS (SELECT 1 FROM affiliation f WHERE f.account_id = a.id AND f.ended IS NULL
                    AND f.profile <> $9 AND f.profile <> $10)
                AND NOT EXISTS (SELECT 1 FROM operator_role r WHERE r.account_id = a.id AND r.ended IS NULL))
        AND (a.login_name >= $11 AND a.login_name < $12
            OR lower(a.family_name) >= $11 AND lower(a.family_name) < $12
            OR lower(a.family_name) >= $13 AND lower(a.family_name) < $14
                AND lower(a.given_name) >= $15 AND lower(a.given_name) < $16
            OR lower(a.given_name) >= $13 AND lower(a.given_name) < $14
                AND lower(a.family_name) >= $15 AND lower(a.family_name) < $16
            OR a.id IN (SELECT f.account_id FROM affiliation f JOIN territory t ON t.path = f.path
                WHERE f.ended IS NULL AND t.kind = 'class' AND lower(t.name) = $11
                    AND (f.path = $3 OR f.path > $4 AND f.path < $5))
            OR a.id IN (SELECT f.account_id FROM affiliation f
                WHERE f.ended IS NULL AND (f.path = $17 OR f.path > $18 AND f.path < $19)
                    AND (f.path = $3 OR f.path > $4 AND f.path < $5)))
        AND CASE $22 WHEN 'disabled' THEN a.disabled_at IS NOT NULL
            WHEN 'individual' THEN a.forced_level IS NOT NULL
            WHEN 'not_activated' THEN NOT EXISTS (SELECT 1 FROM credential c WHERE c.account_id = a.id)
            WHEN 'compromised' THEN
                EXISTS (SELECT 1 FROM credential c WHERE c.account_id = a.id AND c.compromised_at IS NOT NULL)
            WHEN 'rules_tightened' THEN
                EXISTS (SELECT 1 FROM credential c WHERE c.account_id = a.id AND c.weak_at IS NOT NULL)
            ELSE TRUE END
        AND ($20 = '' OR (a.family_name, a.given_name, a.id) >
            (SELECT c.family_name, c.given_name, c.id FROM account c WHERE c.id = $20))
        ORDER BY a.family_name, a.given_name, a.id LIMIT $21) w JOIN account a ON a.id = w.wanted",
    "ORDER BY a.family_name, a.given_name, a.id"
);

/// Those of a place, by family name, given name and id.
pub async fn look(db: &Db, wanted: &Wanted<'_>) -> Result<Vec<Found>, DbError> {
    let (from, to) = wanted.place.range_below();
    let (first, second) = wanted.text.split_once(' ').unwrap_or((wanted.text, ""));
    let until = |text: &str| format!("{text}{LAST}");
    let (school, below) = match wanted.school {
        Some(path) => (path.as_str().to_owned(), path.range_below()),
        None => (String::new(), (String::new(), String::new())),
    };
    let [pupil, guardian] = FAMILY;
    let [one, other] = wanted.who.profiles();
    let values: Vec<Value> = vec![
        FIELD.into(),
        RECORD.into(),
        wanted.place.as_str().into(),
        from.into(),
        to.into(),
        one.into(),
        other.into(),
        i64::from(wanted.families_alone).into(),
        pupil.into(),
        guardian.into(),
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
        wanted.state.into(),
    ];
    let rows = db.all(Statement::new(SQL, values).planned_anew()).await?;
    rows.iter().map(|row| Ok(Found { person: Person::from_row(row)?, places: row.text("places")? })).collect()
}
