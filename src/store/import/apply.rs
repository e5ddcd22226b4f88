//! Staged lines become accounts. Every statement speaks of one window of lines and writes only what differs, so that a
//! batch is whole by itself and the same file applied twice writes nothing.
//!
//! Nothing here touches a credential, a code, a force or a disabling.
//!
//! `CROSS JOIN` stands where the order of the tables matters: SQLite keeps it, and so begins with the few lines of the
//! window; left to itself, without statistics, it may begin with all accounts, for every window again.

use super::Turn;
use crate::domain::timestamp::Timestamp;
use crate::store::db::{Db, DbError, Row, Statement, Value};

/// The label of the statement that creates accounts.
pub const CREATED: &str = "accounts created";

/// Lines `from` to `to`, both included, of one turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first line.
    pub from: u64,
    /// The last line.
    pub to: u64,
    /// The turn.
    pub turn: Turn,
}

/// What a window would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// People of the window.
    pub people: u64,
    /// Those without an account.
    pub created: u64,
    /// Those whose account, places or pupils are other than the file says.
    pub changed: u64,
}

/// The window `$1` to `$2` of turn `$3`, of the staged row `r`.
macro_rules! in_window {
    () => {
        " r.line >= $1 AND r.line <= $2 AND r.turn = $3 "
    };
}

/// The staged row `r` speaks of the account `a`.
macro_rules! same_person {
    () => {
        " a.source = r.source AND a.source_key = r.source_key "
    };
}

/// The row of account `a` is other than the staged row `r` says.
macro_rules! row_differs {
    () => {
        " (a.login <> r.login OR a.login_name <> r.login_name OR a.given_name <> r.given_name
           OR a.family_name <> r.family_name OR COALESCE(a.email, '') <> COALESCE(r.email, '')) "
    };
}

/// Where the accounts `c` are that the staged row `r` names as its pupils, by the rows `k`; [`is_named!`] says which. Joined
/// crosswise, so that SQLite begins with the few rows of the line: it may otherwise go through every pupil there is.
macro_rules! named_pupils {
    () => {
        " import_pupil k CROSS JOIN account c "
    };
}

/// The account `c` is the one that `k` names on the line of `r`.
macro_rules! is_named {
    () => {
        " k.line = r.line AND c.source = r.source AND c.source_key = k.pupil_key "
    };
}

/// The open affiliation `f` is one that the staged row `r` asks for: a place of its own, or one of a pupil.
macro_rules! asked_for {
    () => {
        concat!(
            " ((f.profile = r.profile
                AND EXISTS (SELECT 1 FROM import_place p WHERE p.line = r.line AND p.path = f.path))
               OR (f.profile = 'National_TUT' AND EXISTS (SELECT 1 FROM ",
            named_pupils!(),
            " CROSS JOIN affiliation e WHERE ",
            is_named!(),
            " AND e.account_id = c.id AND e.path = f.path AND e.profile = 'National_ELV' AND e.ended IS NULL))) "
        )
    };
}

/// Places and pupils of account `a` are other than the staged row `r` says.
macro_rules! places_differ {
    () => {
        concat!(
            " (EXISTS (SELECT 1 FROM affiliation f WHERE f.account_id = a.id AND f.ended IS NULL AND NOT ",
            asked_for!(),
            ") OR EXISTS (SELECT 1 FROM import_place p WHERE p.line = r.line AND NOT EXISTS (
                   SELECT 1 FROM affiliation f WHERE f.account_id = a.id AND f.path = p.path
                       AND f.profile = r.profile AND f.ended IS NULL))
               OR EXISTS (SELECT 1 FROM ",
            named_pupils!(),
            " CROSS JOIN affiliation e WHERE ",
            is_named!(),
            " AND e.account_id = c.id AND e.profile = 'National_ELV' AND e.ended IS NULL AND NOT EXISTS (
                       SELECT 1 FROM affiliation f WHERE f.account_id = a.id AND f.path = e.path
                           AND f.profile = 'National_TUT' AND f.ended IS NULL))
               OR EXISTS (SELECT 1 FROM ",
            named_pupils!(),
            " WHERE ",
            is_named!(),
            " AND NOT EXISTS (
                       SELECT 1 FROM guardianship g WHERE g.guardian_id = a.id AND g.pupil_id = c.id))
               OR EXISTS (SELECT 1 FROM guardianship g WHERE g.guardian_id = a.id AND NOT EXISTS (SELECT 1 FROM ",
            named_pupils!(),
            " WHERE ",
            is_named!(),
            " AND c.id = g.pupil_id))) "
        )
    };
}

impl Window {
    /// Counts what applying the window would do.
    pub async fn differences(&self, db: &Db) -> Result<Differences, DbError> {
        let row = db.one(self.count()).await?;
        let read = |row: &Row| {
            Ok(Differences {
                people: row.number("people")?,
                created: row.number("created")?,
                changed: row.number("changed")?,
            })
        };
        row.as_ref().map_or(Ok(Differences::default()), read)
    }

    fn count(&self) -> Statement {
        const SQL: &str = concat!(
            "SELECT COUNT(*) AS people, COUNT(*) FILTER (WHERE a.id IS NULL) AS created,
                 COUNT(*) FILTER (WHERE a.id IS NOT NULL AND (",
            row_differs!(),
            " OR ",
            places_differ!(),
            ")) AS changed FROM import_row r LEFT JOIN account a ON ",
            same_person!(),
            " WHERE ",
            in_window!()
        );
        self.statement(SQL)
    }

    /// In a batch: the changes to people who have an account, for a window in which there are any.
    pub fn change(&self, now: Timestamp) -> Vec<Statement> {
        vec![
            self.raise_numbers(now),
            self.end_affiliations(),
            self.forget_guardianships(),
            self.update_accounts(now),
        ]
    }

    /// In a batch: accounts for those who have none; insists on their number.
    pub fn create(&self, count: u64, now: Timestamp) -> Statement {
        const SQL: &str = concat!(
            "INSERT INTO account (id, source, source_key, login, login_name, given_name, family_name, email, way_in,
                 number, code_issue, created_at, updated_at)
             SELECT r.account_id, r.source, r.source_key, r.login, r.login_name, r.given_name, r.family_name, r.email,
                 'local', 1, 1, CAST($4 AS BIGINT), CAST($4 AS BIGINT)
             FROM import_row r WHERE ",
            in_window!(),
            " AND NOT EXISTS (SELECT 1 FROM account a WHERE ",
            same_person!(),
            ")"
        );
        self.statement_at(SQL, now).want(count).named(CREATED)
    }

    /// In a batch, after the accounts: places and pupils that are not there yet.
    pub fn place(&self) -> Vec<Statement> {
        const OWN: &str = concat!(
            "INSERT INTO affiliation (account_id, path, profile, began)
             SELECT a.id, p.path, r.profile, (SELECT value FROM order_clock) FROM import_row r JOIN account a ON ",
            same_person!(),
            " JOIN import_place p ON p.line = r.line WHERE ",
            in_window!(),
            " ON CONFLICT DO NOTHING"
        );
        const GUARDIANSHIPS: &str = concat!(
            "INSERT INTO guardianship (guardian_id, pupil_id)
             SELECT a.id, c.id FROM import_row r JOIN account a ON ",
            same_person!(),
            " CROSS JOIN ",
            named_pupils!(),
            " WHERE ",
            is_named!(),
            " AND ",
            in_window!(),
            " ON CONFLICT DO NOTHING"
        );
        const WITH_PUPILS: &str = concat!(
            "INSERT INTO affiliation (account_id, path, profile, began)
             SELECT DISTINCT a.id, e.path, 'National_TUT', (SELECT value FROM order_clock)
             FROM import_row r CROSS JOIN account a CROSS JOIN guardianship g CROSS JOIN affiliation e
             WHERE ",
            in_window!(),
            " AND ",
            same_person!(),
            " AND g.guardian_id = a.id AND e.account_id = g.pupil_id AND e.profile = 'National_ELV'
             AND e.ended IS NULL ON CONFLICT DO NOTHING"
        );
        let own = self.statement(OWN);
        match self.turn {
            Turn::First => vec![own],
            Turn::Guardians => vec![own, self.statement(GUARDIANSHIPS), self.statement(WITH_PUPILS)],
        }
    }

    /// In a batch, after the pupils have their places: their guardians follow them, also those whom the file does not
    /// name. Answers the account of each guardian who came to a new place.
    pub fn follow(&self) -> [Statement; 2] {
        // The profile as an expression: as a column its index would lead to every guardian there is.
        const LEAVE: &str = concat!(
            "UPDATE affiliation AS f SET ended = (SELECT value FROM order_clock)
             WHERE f.ended IS NULL AND f.profile || '' = 'National_TUT' AND f.account_id IN (
                 SELECT g.guardian_id FROM import_row r JOIN account a ON ",
            same_person!(),
            " JOIN guardianship g ON g.pupil_id = a.id WHERE ",
            in_window!(),
            ") AND NOT EXISTS (
                 SELECT 1 FROM guardianship g CROSS JOIN affiliation e
                 WHERE g.guardian_id = f.account_id AND e.account_id = g.pupil_id AND e.path = f.path
                     AND e.profile = 'National_ELV' AND e.ended IS NULL)"
        );
        const ARRIVE: &str = concat!(
            "INSERT INTO affiliation (account_id, path, profile, began)
             SELECT DISTINCT g.guardian_id, e.path, 'National_TUT', (SELECT value FROM order_clock)
             FROM import_row r CROSS JOIN account a CROSS JOIN guardianship g CROSS JOIN affiliation e
             WHERE ",
            in_window!(),
            " AND ",
            same_person!(),
            " AND g.pupil_id = a.id AND e.account_id = a.id AND e.profile = 'National_ELV'
             AND e.ended IS NULL ON CONFLICT DO NOTHING RETURNING account_id"
        );
        [self.statement(LEAVE), self.statement(ARRIVE)]
    }

    /// The gate's answer can depend on which profiles somebody has (a maximum lifetime is set by profile), never on
    /// where. So the account number is raised when the set of profiles changes, and a move ends no session.
    fn raise_numbers(&self, now: Timestamp) -> Statement {
        const SQL: &str = concat!(
            "UPDATE account SET number = number + 1, updated_at = $4 WHERE id IN (
                 SELECT a.id FROM import_row r JOIN account a ON ",
            same_person!(),
            " WHERE ",
            in_window!(),
            " AND (NOT EXISTS (SELECT 1 FROM affiliation f
                        WHERE f.account_id = a.id AND f.ended IS NULL AND f.profile = r.profile)
                   OR (EXISTS (SELECT 1 FROM import_pupil k WHERE k.line = r.line) AND NOT EXISTS (
                        SELECT 1 FROM affiliation f
                        WHERE f.account_id = a.id AND f.ended IS NULL AND f.profile = 'National_TUT'))
                   OR EXISTS (SELECT 1 FROM affiliation f
                        WHERE f.account_id = a.id AND f.ended IS NULL AND f.profile <> r.profile
                            AND NOT (f.profile = 'National_TUT'
                                AND EXISTS (SELECT 1 FROM import_pupil k WHERE k.line = r.line))))
                 UNION
                 SELECT g.guardian_id FROM import_row r JOIN account a ON ",
            same_person!(),
            " JOIN guardianship g ON g.pupil_id = a.id WHERE ",
            in_window!(),
            " AND (r.profile = 'National_ELV') <> EXISTS (SELECT 1 FROM affiliation f
                     WHERE f.account_id = a.id AND f.ended IS NULL AND f.profile = 'National_ELV'))"
        );
        self.statement_at(SQL, now)
    }

    fn end_affiliations(&self) -> Statement {
        const SQL: &str = concat!(
            "UPDATE affiliation AS f SET ended = (SELECT value FROM order_clock)
             FROM import_row r JOIN account a ON ",
            same_person!(),
            " WHERE ",
            in_window!(),
            " AND f.account_id = a.id AND f.ended IS NULL AND NOT ",
            asked_for!()
        );
        self.statement(SQL)
    }

    fn forget_guardianships(&self) -> Statement {
        const SQL: &str = concat!(
            "DELETE FROM guardianship WHERE guardian_id IN (SELECT a.id FROM import_row r JOIN account a ON ",
            same_person!(),
            " WHERE ",
            in_window!(),
            ") AND NOT EXISTS (SELECT 1 FROM account a JOIN import_row r ON ",
            same_person!(),
            " CROSS JOIN ",
            named_pupils!(),
            " WHERE ",
            is_named!(),
            " AND a.id = guardianship.guardian_id AND c.id = guardianship.pupil_id)"
        );
        self.statement(SQL)
    }

    fn update_accounts(&self, now: Timestamp) -> Statement {
        const SQL: &str = concat!(
            "UPDATE account AS a SET login = r.login, login_name = r.login_name, given_name = r.given_name,
                 family_name = r.family_name, email = r.email, updated_at = $4
             FROM import_row r WHERE ",
            in_window!(),
            " AND ",
            same_person!(),
            " AND ",
            row_differs!()
        );
        self.statement_at(SQL, now)
    }

    fn statement(&self, sql: &'static str) -> Statement {
        Statement::new(sql, self.values())
    }

    fn statement_at(&self, sql: &'static str, now: Timestamp) -> Statement {
        let mut values = self.values();
        values.push(Value::from(now));
        Statement::new(sql, values)
    }

    fn values(&self) -> Vec<Value> {
        vec![
            super::line_value(self.from).into(),
            super::line_value(self.to).into(),
            self.turn.stored().into(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::clock::Clock;
    use crate::store::db::test_database::plan;

    /// An import of guardians took minutes instead of seconds where a statement went through every pupil there is.
    #[tokio::test]
    async fn every_statement_begins_with_the_window_and_finds_accounts_one_by_one() {
        let directory = tempfile::tempdir().unwrap();
        let db = Db::open_sqlite(&directory.path().join("i.sqlite3"), Clock::system(), 1).unwrap();
        db.migrate().await.unwrap();
        let window = Window { from: 1, to: 600, turn: Turn::Guardians };
        let now = Timestamp::from_micros(1);
        let mut statements = vec![window.count(), window.create(1, now)];
        statements.extend(window.change(now));
        statements.extend(window.place());
        statements.extend(window.follow());
        for statement in statements {
            let sql = statement.sql();
            for step in plan(&db, statement).await {
                // The index by profile leads to every pupil of a place, or of all.
                let all =
                    ["SCAN a", "SCAN c", "SCAN f", "SCAN g", "SCAN e", "(source=?)", "affiliation_profile"];
                assert!(!all.iter().any(|wrong| step.contains(wrong)), "{step}\nin {sql}");
            }
        }
    }
}
