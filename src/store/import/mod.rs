//! A file of people on its way into the accounts: staged as a whole, checked as a whole, applied in short batches.
//!
//! One import holds the staging tables at a time. Each of its batches insists on that, so that of two imports the later
//! one goes on and the earlier one stops between two batches. What a killed import left behind is cleared by the next.

pub mod apply;
pub mod check;

use crate::domain::account::{AccountId, LoginName};
use crate::domain::profile::Profile;
use crate::domain::territory::TerritoryPath;
use crate::store::db::{Db, DbError, Statement, q};

/// The label of the statement by which a batch insists that the staging tables are still its import's.
pub const HELD: &str = "import";

/// One person as a line of the file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedPerson {
    /// The line, counted from 1.
    pub line: u64,
    /// Who keeps the person's file.
    pub source: String,
    /// The person's identifier at that source.
    pub key: String,
    /// The login as written.
    pub login: String,
    /// The login in its normal form.
    pub login_name: LoginName,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// E-mail address, where there is one.
    pub email: Option<String>,
    /// Who the person is.
    pub profile: Profile,
}

/// When a line is applied. Guardians come last: they are placed where their pupils then are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// People who are somebody by themselves.
    First,
    /// People who are the guardians of others.
    Guardians,
}

impl Turn {
    const fn stored(self) -> i64 {
        match self {
            Self::First => 1,
            Self::Guardians => 2,
        }
    }
}

/// In a batch: the staging tables are emptied and belong to the import `id`.
pub fn begin(id: &str) -> Vec<Statement> {
    let mut statements = vec![q!(
        "INSERT INTO import_run (singleton, id) VALUES (1, $1)
         ON CONFLICT (singleton) DO UPDATE SET id = excluded.id",
        id
    )];
    statements.extend(clear());
    statements
}

/// In a batch: the staging tables still belong to the import `id`.
pub fn held(id: &str) -> Statement {
    q!("SELECT id FROM import_run WHERE id = $1", id).holds_alone().named(HELD)
}

/// In a batch: the import `id` is over, and its tables are emptied.
pub fn end(id: &str) -> Vec<Statement> {
    let mut statements = vec![held(id), q!("DELETE FROM import_run")];
    statements.extend(clear());
    statements
}

/// In a batch: a person is staged. `fresh` becomes the account's id if there is none yet.
pub fn stage(person: &StagedPerson, turn: Turn, fresh: &AccountId) -> Statement {
    q!(
        "INSERT INTO import_row (line, turn, account_id, source, source_key, login, login_name, given_name,
             family_name, email, profile) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        line_value(person.line),
        turn.stored(),
        fresh.0.as_str(),
        person.source.as_str(),
        person.key.as_str(),
        person.login.as_str(),
        person.login_name.as_str(),
        person.given_name.as_str(),
        person.family_name.as_str(),
        person.email.as_deref(),
        person.profile.as_str()
    )
}

/// In a batch: a place of the person on this line.
pub fn stage_place(line: u64, path: &TerritoryPath) -> Statement {
    q!("INSERT INTO import_place (line, path) VALUES ($1, $2)", line_value(line), path.as_str())
}

/// In a batch: the key of a pupil whose guardian is the person on this line.
pub fn stage_pupil(line: u64, key: &str) -> Statement {
    q!("INSERT INTO import_pupil (line, pupil_key) VALUES ($1, $2)", line_value(line), key)
}

/// In a batch: a line that could not be staged, but says who it speaks of.
pub fn stage_refused(line: u64, source: &str, key: &str) -> Statement {
    q!(
        "INSERT INTO import_refused (line, source, source_key) VALUES ($1, $2, $3)",
        line_value(line),
        source,
        key
    )
}

/// In a batch: a staged line turns out to be wrong.
pub fn refuse(line: u64) -> [Statement; 2] {
    let line = line_value(line);
    [
        q!(
            "INSERT INTO import_refused (line, source, source_key)
             SELECT line, source, source_key FROM import_row WHERE line = $1",
            line
        ),
        q!("DELETE FROM import_row WHERE line = $1", line),
    ]
}

/// The places that the staged people need, in order.
pub async fn places(db: &Db) -> Result<Vec<TerritoryPath>, DbError> {
    let sql =
        q!("SELECT DISTINCT p.path FROM import_place p JOIN import_row r ON r.line = p.line ORDER BY p.path");
    db.all(sql).await?.iter().map(|row| Ok(TerritoryPath::from_stored(row.text("path")?))).collect()
}

/// How many people are staged.
pub async fn count(db: &Db) -> Result<u64, DbError> {
    let row = db.one(q!("SELECT COUNT(*) AS people FROM import_row")).await?;
    row.map_or(Ok(0), |row| row.number("people"))
}

/// Lets the database know what an import has made of its tables. Before, it may take a table of a thousand people for an
/// empty one, and go through all of it for each of them.
pub async fn take_stock(db: &Db) -> Result<(), DbError> {
    db.take_stock(q!(
        "ANALYZE import_row, import_place, import_pupil, import_refused, account, affiliation, guardianship"
    ))
    .await
}

/// Without a condition, so that SQLite empties a table page by page and not row by row.
fn clear() -> [Statement; 4] {
    [
        q!("DELETE FROM import_row"),
        q!("DELETE FROM import_place"),
        q!("DELETE FROM import_pupil"),
        q!("DELETE FROM import_refused"),
    ]
}

fn line_value(line: u64) -> i64 {
    i64::try_from(line).unwrap_or(i64::MAX)
}
