//! Moving a database from a SQLite file to a PostgreSQL server: all of it, in one transaction over there, read back and
//! compared before that is committed.

use std::path::Path;

use aws_lc_rs::digest;

use super::error::DbError;
use super::migrate;
use super::sqlite::Leaving;
use super::statement::{Statement, Value};
use super::{Db, Engine};
use crate::store::clock::Clock;

/// What stays behind: the history of the schema, which the other database has of its own; what expires, which nobody holds
/// any more after a move; and a file under import.
pub(super) const LEFT_BEHIND: [&str; 8] = [
    "schema_version",
    "ephemeral",
    "throttle",
    "import_run",
    "import_row",
    "import_place",
    "import_pupil",
    "import_refused",
];

/// Tables in which every database has its one row from the beginning.
pub(super) const FROM_THE_BEGINNING: [&str; 3] = ["audit_head", "deployment", "order_clock"];

/// Rows on their way at once.
pub(super) const CHUNK: usize = 500;

/// One table that was copied and found whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Its name.
    pub table: String,
    /// How many rows it has.
    pub rows: u64,
    /// A hash over all of them, whatever their order.
    pub digest: String,
}

/// What is written with the copy, on either side, once the copy was found whole.
pub struct Parting {
    /// In the transaction of the copy.
    pub arrives: Vec<Statement>,
    /// In the file that it was made from, just before that transaction is committed.
    pub leaves: Statement,
}

/// Why nothing was copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// One of the two failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Another program has the file open.
    #[error("another program uses {0}; stop it, nothing may change while it is copied")]
    InUse(String),
    /// The database that was to be filled holds something.
    #[error("{server} is not empty: it has {table}; name a new database, which belongs to Écluse alone")]
    NotEmpty {
        /// Where.
        server: String,
        /// Which table is in the way.
        table: String,
    },
    /// What was read back is not what was sent.
    #[error(
        "table {table} did not arrive as it left: {sent} rows were sent, {found} found, and their hashes differ"
    )]
    Differs {
        /// Which.
        table: String,
        /// Rows sent.
        sent: u64,
        /// Rows found.
        found: u64,
    },
    /// The connection was lost while the copy was being committed.
    #[error("the connection was lost when the copy was complete; whether it was kept is not known")]
    Unknown,
}

/// A table as both sides know it.
#[derive(Clone)]
pub(super) struct Shape {
    pub(super) table: String,
    /// The columns, with whether they hold numbers.
    pub(super) columns: Vec<(String, bool)>,
}

impl Shape {
    /// The columns as a statement lists them. Their names come from the scripts of this program.
    pub(super) fn list(&self) -> String {
        self.columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// A count and a hash of rows that does not depend on their order: SHA-256 of each, added up.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Digest {
    pub(super) rows: u64,
    sum: [u64; 4],
}

impl Digest {
    pub(super) fn add(&mut self, row: &[Value]) {
        let mut hash = digest::Context::new(&digest::SHA256);
        for value in row {
            match value {
                Value::Null => hash.update(b"n"),
                Value::Int(number) => {
                    hash.update(b"i");
                    hash.update(&number.to_be_bytes());
                }
                Value::Text(text) => {
                    hash.update(b"t");
                    hash.update(&(text.len() as u64).to_be_bytes());
                    hash.update(text.as_bytes());
                }
            }
        }
        let hash = hash.finish();
        for (lane, bytes) in self.sum.iter_mut().zip(hash.as_ref().chunks_exact(8)) {
            let part = bytes.iter().fold(0_u64, |part, byte| part << 8 | u64::from(*byte));
            *lane = lane.wrapping_add(part);
        }
        self.rows += 1;
    }

    pub(super) fn text(&self) -> String {
        self.sum.map(|lane| format!("{lane:016x}")).concat()
    }
}

impl Db {
    /// Fills this database, on a server and empty, with what is in the file at `source`, which nobody else has open and
    /// nobody can open meanwhile. On any error it is as empty as before, but for its schema. `progress` is called with
    /// rows sent and rows in all.
    pub async fn copy_from(
        &self,
        source: &Path,
        clock: &Clock,
        parting: Parting,
        progress: impl FnMut(u64, u64) + Send,
    ) -> Result<Vec<Copied>, CopyError> {
        let Engine::Postgres(postgres) = &self.engine else {
            return Err(DbError::Unsupported("a copy is made into a PostgreSQL database").into());
        };
        postgres.make_room(migrate::MIGRATIONS, self.clock.now()).await?;
        let leaving = Leaving::begin(source, clock, migrate::MIGRATIONS).await?;
        postgres.fill(leaving, parting, progress).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(rows: &[Vec<Value>]) -> Digest {
        let mut digest = Digest::default();
        for row in rows {
            digest.add(row);
        }
        digest
    }

    #[test]
    fn the_order_of_rows_does_not_count_and_all_else_does() {
        let row = |number: i64, text: &str| vec![Value::from(number), Value::from(text), Value::Null];
        let whole = digest(&[row(1, "a"), row(2, "b")]);
        assert!(whole == digest(&[row(2, "b"), row(1, "a")]));
        for other in [
            vec![row(1, "a")],
            vec![row(1, "a"), row(2, "b"), row(2, "b")],
            vec![row(1, "b"), row(2, "a")],
            vec![row(1, "a"), row(2, "c")],
            vec![row(1, "a"), vec![Value::from(2), Value::Null, Value::from("b")]],
        ] {
            assert!(whole != digest(&other));
        }
        assert!(digest(&[vec!["ab".into(), "c".into()]]) != digest(&[vec!["a".into(), "bc".into()]]));
        assert_eq!(whole.text().len(), 64);
    }
}
