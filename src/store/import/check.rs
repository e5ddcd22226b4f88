//! What is wrong with the staged file as a whole: each check is one statement, and answers the lines it finds.

use tokio::sync::mpsc;

use crate::store::db::{Db, DbError, Row, Statement, q};

/// The findings of one check, a few hundred at a time and all of one instant.
pub struct Findings<T> {
    rows: mpsc::Receiver<Result<Vec<Row>, DbError>>,
    read: fn(&Row) -> Result<T, DbError>,
}

impl<T> Findings<T> {
    async fn of(db: &Db, sql: Statement, read: fn(&Row) -> Result<T, DbError>) -> Result<Self, DbError> {
        Ok(Self { rows: db.each(sql, 200).await?, read })
    }

    /// The next findings; none when there are no more.
    pub async fn next(&mut self) -> Result<Option<Vec<T>>, DbError> {
        match self.rows.recv().await {
            Some(rows) => Ok(Some(rows?.iter().map(self.read).collect::<Result<_, _>>()?)),
            None => Ok(None),
        }
    }
}

/// A line that collides with somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collision {
    /// The line.
    pub line: u64,
    /// What collides: a key or a login, as the line writes it.
    pub text: String,
    /// The earlier line of the same file, if that is where the other is.
    pub other_line: Option<u64>,
    /// The source of the other.
    pub source: String,
    /// The key of the other.
    pub key: String,
}

/// Lines whose source and key stand on an earlier line.
pub async fn repeated_keys(db: &Db) -> Result<Findings<Collision>, DbError> {
    let sql = q!("SELECT r.line, r.source_key AS text, d.first_line AS other_line, r.source, r.source_key
         FROM (SELECT source, source_key, MIN(line) AS first_line FROM import_row
               GROUP BY source, source_key HAVING COUNT(*) > 1) AS d
         JOIN import_row r ON r.source = d.source AND r.source_key = d.source_key
         WHERE r.line > d.first_line
         UNION ALL
         SELECT r.line, r.source_key, f.line, r.source, r.source_key
         FROM import_refused f JOIN import_row r ON r.source = f.source AND r.source_key = f.source_key
         WHERE r.line > f.line");
    Findings::of(db, sql, collision).await
}

/// Lines whose login stands on an earlier line, for another person.
pub async fn repeated_logins(db: &Db) -> Result<Findings<Collision>, DbError> {
    let sql = q!("SELECT r.line, r.login AS text, h.line AS other_line, h.source, h.source_key
         FROM (SELECT login_name, MIN(line) AS first_line FROM import_row
               GROUP BY login_name HAVING COUNT(*) > 1) AS d
         JOIN import_row h ON h.line = d.first_line
         JOIN import_row r ON r.login_name = d.login_name
         WHERE r.line > h.line AND (r.source <> h.source OR r.source_key <> h.source_key)");
    Findings::of(db, sql, collision).await
}

/// Lines whose login an account of another person has.
pub async fn taken_logins(db: &Db) -> Result<Findings<Collision>, DbError> {
    let sql = q!("SELECT r.line, r.login AS text, CAST(NULL AS BIGINT) AS other_line, a.source, a.source_key
         FROM import_row r JOIN account a ON a.login_name = r.login_name
         WHERE a.source <> r.source OR a.source_key <> r.source_key");
    Findings::of(db, sql, collision).await
}

/// A guardian's line that names somebody who is not a pupil.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoPupil {
    /// The guardian's line.
    pub line: u64,
    /// The key it names.
    pub key: String,
    /// The source both are of.
    pub source: String,
    /// The line of the named person, who is something else than a pupil there.
    pub other_line: Option<u64>,
    /// The line of the named person, if it was refused.
    pub refused_line: Option<u64>,
    /// Whether the named person has an account.
    pub has_account: bool,
}

/// Lines of guardians whose pupil is in the file as something else, or not in it and not in the database as a pupil.
pub async fn missing_pupils(db: &Db) -> Result<Findings<NoPupil>, DbError> {
    let sql = q!(
        "SELECT k.line, k.pupil_key, r.source, c.line AS other_line, a.id AS account_id,
             (SELECT MIN(f.line) FROM import_refused f
              WHERE f.source = r.source AND f.source_key = k.pupil_key) AS refused_line
         FROM import_pupil k
         JOIN import_row r ON r.line = k.line
         LEFT JOIN import_row c ON c.source = r.source AND c.source_key = k.pupil_key
         LEFT JOIN account a ON a.source = r.source AND a.source_key = k.pupil_key
         WHERE c.profile <> 'National_ELV' OR (c.line IS NULL AND NOT EXISTS (
             SELECT 1 FROM affiliation f WHERE f.account_id = a.id AND f.profile = 'National_ELV' AND f.ended IS NULL))"
    );
    let read = |row: &Row| {
        Ok(NoPupil {
            line: row.number("line")?,
            key: row.text("pupil_key")?,
            source: row.text("source")?,
            other_line: opt_line(row, "other_line")?,
            refused_line: opt_line(row, "refused_line")?,
            has_account: row.opt_str("account_id")?.is_some(),
        })
    };
    Findings::of(db, sql, read).await
}

fn collision(row: &Row) -> Result<Collision, DbError> {
    Ok(Collision {
        line: row.number("line")?,
        text: row.text("text")?,
        other_line: opt_line(row, "other_line")?,
        source: row.text("source")?,
        key: row.text("source_key")?,
    })
}

fn opt_line(row: &Row, column: &'static str) -> Result<Option<u64>, DbError> {
    row.opt_int(column)?
        .map(|line| u64::try_from(line).map_err(|_| row.inconsistent(column, "is negative")))
        .transpose()
}
