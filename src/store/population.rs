//! How many an order covers, how it finds them, and whom it would leave without help.
//!
//! A class and an académie are counted by other texts: for the one, from its places to the few accounts there; for the other, through
//! the accounts in the order of their ids, in parts that are counted at once. That text reads no rows, which lie in the order of
//! imports and are wide, but `account_counted`, where everything lies that an order may ask about: each tree more in which a million
//! people are looked up costs most of a second of a core.

use std::array;

use futures_util::future::try_join_all;

use crate::domain::account::AccountId;
use crate::domain::jurisdiction::RoleGrant;
use crate::domain::population::Population;
use crate::domain::profile::Profile;
use crate::domain::territory::TerritoryPath;
use crate::domain::timestamp::Timestamp;
use crate::store::account::{FIELD, Person, RECORD, person_sql};
use crate::store::db::{Db, DbError, Row, Statement, Value, q};

/// How many affiliations are few.
pub const FEW: u32 = 50_000;

/// The values of [`bounds`].
const BOUNDS: usize = 3 + Profile::ALL.len();

/// Behind every id.
const LAST: &str = "~";

/// Parts that are counted at once: behind which account each begins, and where it ends. They are fewer than there are threads that
/// read, for others read as well.
type Parts = Vec<(String, String)>;

/// Whoever has a place in the population now: `$1` to `$14` are [`bounds`]. PostgreSQL knows how many people there are of each profile
/// that it is given, and takes its way accordingly; of one that is compared in any other words it reckons with few.
macro_rules! here_sql {
    ($account:literal) => {
        concat!(
            "f.path >= $1 AND f.path < $3 AND (f.path = $1 OR f.path > $2) AND f.ended IS NULL
             AND ($4 = '' OR f.profile IN ($4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14))",
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
            ") p JOIN account a ON a.id = p.account_id WHERE a.id > $15 AND a.id <= $16"
        )
    };
}

/// Many people: a part of all accounts, of which those are taken that have a place there. That their places are of the same part need not
/// be said for the answer, but PostgreSQL would read those of everybody for each part.
macro_rules! many_sql {
    () => {
        concat!(
            "account a WHERE EXISTS (SELECT 1 FROM affiliation f WHERE ",
            here_sql!(" AND f.account_id = a.id AND f.account_id > $15 AND f.account_id <= $16"),
            ") AND a.id > $15 AND a.id <= $16"
        )
    };
}

/// How each of them stands who holds no role: `$17` to `$21` are [`Question::values`]. What holds of most people is asked first.
macro_rules! census_sql {
    ($($people:tt)*) => {
        concat!(
            "SELECT COUNT(*) AS covered,
                 COUNT(*) FILTER (WHERE a.way_in = 'federated_only') AS federated,
                 COUNT(*) FILTER (WHERE a.chosen_at IS NULL AND CAST($17 AS BIGINT) = 1 AND a.way_in <> 'federated_only')
                     AS never_activated,
                 COUNT(*) FILTER (WHERE a.chosen_at >= CAST($18 AS BIGINT) AND a.way_in <> 'federated_only'
                     AND (CAST($19 AS BIGINT) = 0 OR a.proof <> 'old_password')) AS changed_since,
                 COUNT(*) FILTER (WHERE a.email IS NULL AND a.way_in <> 'federated_only'
                     AND (a.chosen_at < CAST($18 AS BIGINT) OR a.chosen_at IS NULL AND CAST($17 AS BIGINT) = 0
                         OR CAST($19 AS BIGINT) = 1 AND a.proof = 'old_password')) AS without_email,
                 COUNT(*) FILTER (WHERE a.chosen_at >= CAST($20 AS BIGINT) AND a.chosen_at <= CAST($21 AS BIGINT)
                     AND CAST($19 AS BIGINT) = 1 AND a.proof = 'old_password' AND a.way_in <> 'federated_only') AS suspect
             FROM ",
            $($people)*,
            " AND a.id NOT IN (SELECT account_id FROM operator_role WHERE ended IS NULL)"
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
    let mut census = Census::default();
    for row in Here::of(population).ask(db, few, CENSUS_SQL, &question.values()).await? {
        census.covered += row.number::<u64>("covered")?;
        census.federated += row.number::<u64>("federated")?;
        census.never_activated += row.number::<u64>("never_activated")?;
        census.changed_since += row.number::<u64>("changed_since")?;
        census.without_email += row.number::<u64>("without_email")?;
        census.suspect += row.number::<u64>("suspect")?;
    }
    Ok(census)
}

/// Of few, and of many: of those by `account_counted` alone and their places.
const CENSUS_SQL: [&str; 2] = [census_sql!(few_sql!()), census_sql!(many_sql!())];

impl Question {
    fn values(&self) -> [Value; 5] {
        let never = Timestamp::from_micros(i64::MAX);
        [
            i64::from(self.never_activated).into(),
            self.changed_since.unwrap_or(never).into(),
            i64::from(self.recover).into(),
            self.suspect_since.unwrap_or(never).into(),
            self.now.into(),
        ]
    }
}

/// The accounts that an order over this population would cover if it came into force now.
pub async fn covered(db: &Db, population: &Population) -> Result<u64, DbError> {
    const SQL: [&str; 2] = [
        concat!("SELECT COUNT(*) AS covered FROM ", few_sql!()),
        concat!("SELECT COUNT(*) AS covered FROM ", many_sql!()),
    ];
    let rows = Here::of(population).ask(db, FEW, SQL, &[]).await?;
    rows.iter().map(|row| row.number::<u64>("covered")).sum()
}

/// The bounds and profiles of a population, as the texts have them.
struct Here([Value; BOUNDS]);

impl Here {
    fn of(population: &Population) -> Self {
        Self(bounds(population))
    }

    /// Whether few have a place there: counts no further.
    async fn are_few(&self, db: &Db, few: u32) -> Result<bool, DbError> {
        const SQL: &str = concat!(
            "SELECT COUNT(*) AS here FROM (SELECT 1 FROM affiliation f WHERE ",
            here_sql!(""),
            " LIMIT $15) AS part"
        );
        let values = self.0.iter().cloned().chain([(i64::from(few) + 1).into()]);
        let row = db.one(Statement::new(SQL, values.collect()).planned_anew()).await?;
        row.map_or(Ok(true), |row| Ok(row.int("here")? <= i64::from(few)))
    }

    /// A question about the accounts behind one and up to another.
    fn statement(&self, sql: &'static str, part: [&str; 2], asked: &[Value]) -> Statement {
        let part = part.map(Value::from);
        let values = self.0.iter().cloned().chain(part).chain(asked.iter().cloned());
        Statement::new(sql, values.collect()).planned_anew()
    }

    /// The answers to a question, in the words for few people or in those for many: then about each part of the accounts.
    async fn ask(
        &self,
        db: &Db,
        few: u32,
        [of_few, of_many]: [&'static str; 2],
        asked: &[Value],
    ) -> Result<Vec<Row>, DbError> {
        if self.are_few(db, few).await? {
            return db.all(self.statement(of_few, ["", LAST], asked)).await;
        }
        let parts = parts(db).await?;
        let each = parts.iter().map(|(from, to)| db.all(self.statement(of_many, [from, to], asked)));
        Ok(try_join_all(each).await?.concat())
    }
}

/// The place, what lies behind it and where that ends, and as many profiles as there are: empty where fewer are meant, or all.
fn bounds(population: &Population) -> [Value; BOUNDS] {
    let (from, to) = population.territory.range_below();
    let profiles = population.profiles.iter().map(|profile| profile.as_str().into());
    let mut given =
        [population.territory.as_str().into(), from.into(), to.into()].into_iter().chain(profiles);
    array::from_fn(|_| given.next().unwrap_or_else(|| "".into()))
}

/// Parts of the accounts that are equally large.
async fn parts(db: &Db) -> Result<Parts, DbError> {
    let all = db.one(q!("SELECT COUNT(*) AS accounts FROM account")).await?;
    let all = all.map_or(Ok(0), |row| row.int("accounts"))?;
    let at = |place| db.one(q!("SELECT id FROM account ORDER BY id LIMIT 1 OFFSET $1", place));
    let mut ends = Vec::with_capacity(3);
    for row in try_join_all([at(all / 3), at(all * 2 / 3)]).await? {
        ends.push(row.map_or_else(|| Ok(LAST.to_owned()), |row| row.text("id"))?);
    }
    ends.push(LAST.to_owned());
    let from = [String::new()].into_iter().chain(ends.clone());
    Ok(from.zip(ends).collect())
}

/// Everybody of the population who holds a role: from the few who do anywhere. PostgreSQL, told only that they are among the accounts, went
/// through a million of those in the order of their logins; SQLite goes through a cross join as it is written.
pub async fn operators(db: &Db, population: &Population) -> Result<Vec<Person>, DbError> {
    db.all(operators_of(population)).await?.iter().map(Person::from_row).collect()
}

fn operators_of(population: &Population) -> Statement {
    const SQL: &str = person_sql!(
        "",
        "(SELECT DISTINCT r.account_id AS operator FROM operator_role r WHERE r.ended IS NULL) o
             CROSS JOIN account a",
        "WHERE a.id = o.operator AND EXISTS (SELECT 1 FROM affiliation f WHERE f.account_id = a.id AND f.ended IS NULL
                  AND f.path >= $3 AND f.path < $5 AND (f.path = $3 OR f.path > $4)
                  AND ($6 = '' OR f.profile IN ($6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)))
         ORDER BY a.login_name"
    );
    let values = [FIELD.into(), RECORD.into()].into_iter().chain(bounds(population));
    Statement::new(SQL, values.collect())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::clock::Clock;
    use crate::store::db::Batch;
    use crate::store::db::test_database::{TestDatabase, plan};

    /// A preview of a million people took four times as long where it read the rows of accounts and passwords.
    #[tokio::test]
    async fn many_are_counted_in_the_order_of_ids_and_by_indexes_alone() {
        let directory = tempfile::tempdir().unwrap();
        let db = Db::open_sqlite(&directory.path().join("p.sqlite3"), Clock::system(), 1).unwrap();
        db.migrate().await.unwrap();
        let here = Here::of(&population("academie:13", []));
        let steps = plan(&db, here.statement(CENSUS_SQL[1], ["", LAST], &question().values())).await;
        let first = "a USING COVERING INDEX account_counted (id>? AND id<?)";
        assert!(steps[0].contains(first), "{steps:#?}");
        let place = "f EXISTS USING INDEX affiliation_open (account_id=? AND path>? AND path<?)";
        assert!(steps.iter().any(|step| step.contains(place)), "{steps:#?}");
    }

    /// A server went through all accounts by login, and for a school through its places for each of them, until it was broken off.
    #[tokio::test]
    async fn whoever_holds_a_role_is_found_without_going_through_everybody() {
        let database = TestDatabase::create().await;
        let db = of_twenty_thousand(&database).await;
        for place in ["academie:13", "academie:13>uai:12"] {
            let steps = plan(&db, operators_of(&population(place, []))).await;
            for all in ["SCAN a", "Seq Scan on account", "account_login_name_key"] {
                assert!(!steps.iter().any(|step| step.contains(all)), "{steps:#?}");
            }
        }
    }

    /// A server reckoned with few people of whatever profile: it looked 700,000 pupils up one by one, and read everybody's places for the heads.
    #[tokio::test]
    async fn many_and_few_of_a_profile_are_counted_each_in_its_own_way() {
        let database = TestDatabase::create().await;
        let db = of_twenty_thousand(&database).await;
        let [of_few, of_many] = CENSUS_SQL;
        for (sql, profile, part, slow) in [
            (of_many, Profile::Pupil, ["2", "3"], "Nested Loop"),
            (of_few, Profile::Head, ["", LAST], "Seq Scan on affiliation"),
        ] {
            let here = Here::of(&population("academie:13", [profile]));
            let steps = plan(&db, here.statement(sql, part, &question().values())).await;
            assert!(!steps.iter().any(|step| step.contains(slow)), "{steps:#?}");
        }
    }

    fn population(place: &str, profiles: impl IntoIterator<Item = Profile>) -> Population {
        let territory = TerritoryPath::from_stored(place.to_owned());
        Population { territory, profiles: profiles.into_iter().collect() }
    }

    fn question() -> Question {
        let now = Timestamp::from_micros(1);
        Question {
            never_activated: true,
            changed_since: Some(now),
            suspect_since: Some(now),
            recover: true,
            now,
        }
    }

    /// Pupils, of whom every thousandth is a head.
    async fn of_twenty_thousand(database: &TestDatabase) -> Db {
        let db = database.open(&Clock::system()).await;
        db.migrate().await.unwrap();
        let people = q!(
            "INSERT INTO account (id, source, source_key, login, login_name, given_name, family_name, way_in, number,
                 code_issue, created_at, updated_at)
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
             SELECT CAST(i AS TEXT), 'AC', CAST(i AS TEXT), CAST(i AS TEXT), CAST(i AS TEXT), 'Zoé', 'Essai', 'local',
                 0, 0, 0, 0 FROM n"
        );
        let places = q!("INSERT INTO affiliation (account_id, path, profile, began)
             SELECT id, 'academie:13>uai:' || substr(id, 1, 2),
                 CASE WHEN id LIKE '%000' THEN 'National_DIR' ELSE 'National_ELV' END, 0 FROM account");
        let look = ["ANALYZE account", "ANALYZE affiliation"].map(|sql| Statement::new(sql, Vec::new()));
        db.run(Batch::plain(vec![people, places])).await.unwrap();
        db.run(Batch::plain(look.to_vec())).await.unwrap();
        db
    }
}
