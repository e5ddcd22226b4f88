//! The seam between the program and its database: one small concrete [`Db`], the same for every engine.
//!
//! Two verbs: **read** rows ([`Db::all`], [`Db::one`], [`Db::each`]), and **run** an atomic [`Batch`]
//! ([`Db::run`]) in which a statement may insist on the number of rows it touches. There is no open
//! transaction to hold across an `await`: what must be atomic is written as a condition in the batch, which
//! also holds between replicas. Whoever stops waiting for an answer changes nothing about what is done.
//!
//! A read sees everything that was answered before it, also what other processes committed.

mod copy;
mod error;
mod migrate;
mod postgres;
mod row;
mod sqlite;
mod statement;
#[cfg(test)]
pub(crate) mod test_database;
#[cfg(test)]
mod test_server;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use tokio::sync::mpsc;
use tracing::Instrument as _;

pub use copy::{Copied, CopyError, Parting};
pub use error::{BatchError, DbError};
pub use migrate::MigrateError;
pub use postgres::{Address, AddressError, Server};
pub use row::{Column, Row};
pub(crate) use statement::q;
pub use statement::{Affected, Batch, OrderLock, Statement, Value};

use super::clock::Clock;
use super::examined::Examined;
use crate::domain::tally::{Counter, Histogram};
use postgres::Postgres;
use sqlite::Sqlite;

/// A handle on the database. Clones share the same connections, which are closed when the last one is dropped.
#[derive(Clone)]
pub struct Db {
    engine: Engine,
    clock: Clock,
    tally: Arc<DbTally>,
}

/// What is counted of a database.
#[derive(Default)]
pub struct DbTally {
    /// How long reading took, waiting included.
    pub reads: Histogram,
    /// How long batches took, waiting and the commit included.
    pub batches: Histogram,
    /// How often the queue in front was full.
    pub refusals: Counter,
}

/// The connections to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// Those in use.
    pub busy: usize,
    /// Those that wait for use.
    pub idle: usize,
    /// How many there may be.
    pub limit: usize,
    /// Statements and batches that wait for one.
    pub waiting: usize,
}

fn reading() -> tracing::Span {
    tracing::info_span!(target: "ecluse::span", "database read", otel.kind = "client")
}

#[derive(Clone)]
enum Engine {
    Postgres(Arc<Postgres>),
    Sqlite(Arc<Sqlite>),
}

impl Db {
    /// Opens the SQLite file at `path`, made with mode 0600 if there is none, with `readers` threads for
    /// reading (at least one) and one for writing. `now_us()` in SQL is `clock`.
    ///
    /// Blocks for as long as opening a file takes.
    pub fn open_sqlite(path: &Path, clock: Clock, readers: usize) -> Result<Self, DbError> {
        let engine = Sqlite::open(path, &clock, readers)?;
        Ok(Self { engine: Engine::Sqlite(Arc::new(engine)), clock, tally: Arc::default() })
    }

    /// Opens a database on a PostgreSQL server, after a look at the server. `now_us()` in SQL is the server's clock;
    /// a `clock` that is moved by hand is obeyed by a database that was migrated with such a one.
    pub async fn open_postgres(server: &Server, clock: Clock) -> Result<Self, DbError> {
        let engine = Postgres::open(server, &clock).await?;
        Ok(Self { engine: Engine::Postgres(Arc::new(engine)), clock, tally: Arc::default() })
    }

    /// The clock the database was opened with.
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What was counted.
    pub fn tally(&self) -> &DbTally {
        &self.tally
    }

    /// The connections to the server, where there is one.
    pub fn connections(&self) -> Option<Connections> {
        match &self.engine {
            Engine::Postgres(postgres) => Some(postgres.connections()),
            Engine::Sqlite(_) => None,
        }
    }

    fn note(&self, error: &DbError) {
        if matches!(error, DbError::Overloaded) {
            self.tally.refusals.add();
        }
    }

    /// All rows a `SELECT` answers.
    pub async fn all(&self, statement: Statement) -> Result<Vec<Row>, DbError> {
        let began = self.clock.now();
        let answer = match &self.engine {
            Engine::Postgres(postgres) => postgres.read(statement).instrument(reading()).await,
            Engine::Sqlite(sqlite) => sqlite.read(statement).instrument(reading()).await,
        };
        self.tally.reads.observe(self.clock.now().since(began));
        answer.inspect_err(|error| self.note(error))
    }

    /// The only row a `SELECT` answers, if any; two rows are [`DbError::Refused`].
    pub async fn one(&self, statement: Statement) -> Result<Option<Row>, DbError> {
        let (sql, began) = (statement.sql(), self.clock.now());
        let answer = match &self.engine {
            Engine::Postgres(postgres) => postgres.read(statement).instrument(reading()).await,
            Engine::Sqlite(sqlite) => sqlite.look(statement).instrument(reading()).await,
        };
        self.tally.reads.observe(self.clock.now().since(began));
        let mut rows = answer.inspect_err(|error| self.note(error))?;
        if rows.len() > 1 {
            let reason = format!("{} rows where at most one was expected", rows.len());
            return Err(DbError::Refused { statement: sql, reason });
        }
        Ok(rows.pop())
    }

    /// Walks the rows of a `SELECT` in chunks of at most `chunk_rows`, all of one snapshot, in bounded memory:
    /// the database waits for whoever reads the channel. Dropping the receiver ends the walk.
    ///
    /// A walk has a connection of its own, so that a slow reader keeps nobody else waiting; only a few run at
    /// a time, and the next waits for its turn.
    pub async fn each(
        &self,
        statement: Statement,
        chunk_rows: usize,
    ) -> Result<mpsc::Receiver<Result<Vec<Row>, DbError>>, DbError> {
        match &self.engine {
            Engine::Postgres(postgres) => postgres.walk(statement, chunk_rows).await,
            Engine::Sqlite(sqlite) => sqlite.walk(statement, chunk_rows).await,
        }
    }

    /// Runs the statements of `batch` in one transaction and answers, once they are safely on disk, what each
    /// did. On any error none of them left anything behind.
    ///
    /// A batch that was accepted runs whole even if nobody waits for the answer any more.
    pub async fn run(&self, batch: Batch) -> Result<Vec<Affected>, BatchError> {
        if batch.statements().is_empty() {
            return Ok(Vec::new());
        }
        let began = self.clock.now();
        let span = tracing::info_span!(target: "ecluse::span", "database batch", otel.kind = "client");
        let done = match &self.engine {
            Engine::Postgres(postgres) => postgres.run(batch).instrument(span).await,
            Engine::Sqlite(sqlite) => sqlite.run(batch).instrument(span).await,
        };
        self.tally.batches.observe(self.clock.now().since(began));
        done.inspect_err(|error| {
            if let BatchError::Db(error) = error {
                self.note(error);
            }
        })
    }

    /// Brings the schema up to what this program needs. Refuses a database that a newer program, or another
    /// text of the same migration, has made.
    pub async fn migrate(&self) -> Result<(), DbError> {
        match &self.engine {
            Engine::Postgres(postgres) => postgres.migrate(migrate::MIGRATIONS, self.clock.now()).await,
            Engine::Sqlite(sqlite) => sqlite.migrate(migrate::MIGRATIONS, self.clock.now()).await,
        }
    }

    /// Makes sure that the schema is the one this program needs. A file, which belongs to one program, is brought up to
    /// it; a server's is changed by [`migrate`](Self::migrate) only, when whoever runs its programs says so.
    pub async fn expect_schema(&self) -> Result<(), DbError> {
        match &self.engine {
            Engine::Postgres(postgres) => postgres.check_schema(migrate::MIGRATIONS).await,
            Engine::Sqlite(_) => self.migrate().await,
        }
    }

    /// The same without changing anything, whatever the engine.
    pub async fn look_at_schema(&self) -> Result<(), DbError> {
        match &self.engine {
            Engine::Postgres(postgres) => postgres.check_schema(migrate::MIGRATIONS).await,
            Engine::Sqlite(sqlite) => sqlite.check_schema(migrate::MIGRATIONS).await,
        }
    }

    /// Looks for what would hurt later. `connections` is how many the program may open to a server.
    pub async fn examine(&self, connections: usize) -> Result<Examined, DbError> {
        match &self.engine {
            Engine::Postgres(postgres) => postgres.examine(connections).await,
            Engine::Sqlite(sqlite) => sqlite.examine().await,
        }
    }

    /// After many rows were written at once: has an engine that chooses how to read by what it believes to be in the
    /// tables look at them again, by its statement `ANALYZE`. SQLite reads as the text says.
    pub async fn take_stock(&self, analyze: Statement) -> Result<(), DbError> {
        match &self.engine {
            Engine::Postgres(postgres) => match postgres.run(Batch::plain(vec![analyze])).await {
                // Somebody else is looking at them, as the server does by itself from time to time.
                Ok(_) | Err(BatchError::Busy) => Ok(()),
                Err(error) => Err(error.into()),
            },
            Engine::Sqlite(_) => Ok(()),
        }
    }

    /// Writes a consistent copy of the database to `dest` (mode 0600) while it stays in use, and returns when
    /// the copy is on disk. Refuses a `dest` that exists; leaves nothing there on error.
    ///
    /// `progress` is called with pages copied and pages in all.
    pub async fn backup(
        &self,
        dest: &Path,
        progress: impl FnMut(u64, u64) + Send + 'static,
    ) -> Result<(), DbError> {
        match &self.engine {
            Engine::Postgres(_) => Err(DbError::Unsupported("a PostgreSQL database is copied by pg_dump")),
            Engine::Sqlite(sqlite) => sqlite.backup(dest, progress).await,
        }
    }
}
