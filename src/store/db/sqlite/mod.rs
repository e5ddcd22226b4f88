//! The embedded engine: one file in WAL mode, one thread that writes, a few that read.
//!
//! SQLite calls block, so they run on threads of their own, reached through bounded queues: past the bound the
//! answer is [`DbError::Overloaded`] at once. The threads end when the engine is dropped, after the work that
//! was accepted. A look at one row is the exception, see [`on_the_spot`].

mod backup;
mod connection;
mod leaving;
mod on_the_spot;
mod reader;
mod schema;
#[cfg(test)]
mod tests;
mod writer;

use std::path::Path;
use std::sync::mpsc::{self as queue, SyncSender, TrySendError};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use tokio::sync::{Semaphore, mpsc, oneshot};

use super::error::{BatchError, DbError};
use super::migrate::Migration;
use super::row::Row;
use super::statement::{Affected, Batch, Statement, q};
use crate::domain::timestamp::Timestamp;
use crate::store::clock::Clock;
use crate::store::examined::Examined;
use connection::{Access, Opener};
use on_the_spot::OnTheSpot;

pub(super) use leaving::{Leaving, Piece};

/// Batches, and separately reads, that may wait. At ten thousand durable batches a second a full queue is a
/// wait of under half a second; a longer one would outlast the patience of whoever asks.
const QUEUE: usize = 4096;

/// Walks that run at the same time: each holds a snapshot, and the write-ahead log grows while it does.
const WALKS: usize = 6;

/// The open database. Fields are dropped in this order: closing the queues is what lets the threads end.
pub(super) struct Sqlite {
    writer: SyncSender<writer::Job>,
    readers: SyncSender<reader::Job>,
    on_the_spot: OnTheSpot,
    opener: Opener,
    walks: Arc<Semaphore>,
    _threads: Threads,
}

struct Threads(Vec<JoinHandle<()>>);

impl Sqlite {
    pub(super) fn open(path: &Path, clock: &Clock, readers: usize) -> Result<Self, DbError> {
        let opener = Opener::create(path, clock)?;
        let mut threads = Threads(Vec::new());

        let (writer, jobs) = queue::sync_channel(QUEUE);
        let connection = opener.open(Access::Write)?;
        let reopen = opener.clone();
        threads.spawn(&opener, "sqlite-write", move || writer::run(connection, &reopen, &jobs))?;

        let (reads, jobs) = queue::sync_channel(QUEUE);
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..readers.max(1) {
            let connection = opener.open(Access::Read)?;
            let jobs = Arc::clone(&jobs);
            threads.spawn(&opener, "sqlite-read", move || reader::run(&connection, &jobs))?;
        }
        let on_the_spot = OnTheSpot::open(&opener, readers.max(1))?;
        let walks = Arc::new(Semaphore::new(WALKS));
        Ok(Self { writer, readers: reads, on_the_spot, opener, walks, _threads: threads })
    }

    /// Reads what is expected to be a few rows.
    pub(super) async fn look(&self, statement: Statement) -> Result<Vec<Row>, DbError> {
        match self.on_the_spot.read(&statement) {
            Some(answer) => answer,
            None => self.read(statement).await,
        }
    }

    pub(super) async fn read(&self, statement: Statement) -> Result<Vec<Row>, DbError> {
        let (reply, answer) = oneshot::channel();
        enqueue(&self.readers, reader::Job { statement, reply })?;
        answer.await.unwrap_or(Err(DbError::WorkerLost))
    }

    pub(super) async fn run(&self, batch: Batch) -> Result<Vec<Affected>, BatchError> {
        let (reply, answer) = oneshot::channel();
        enqueue(&self.writer, writer::Job::Batch(writer::Pending { batch, reply }))?;
        answer.await.unwrap_or(Err(BatchError::Db(DbError::WorkerLost)))
    }

    pub(super) async fn walk(
        &self,
        statement: Statement,
        chunk_rows: usize,
    ) -> Result<mpsc::Receiver<Result<Vec<Row>, DbError>>, DbError> {
        let permit = Arc::clone(&self.walks).acquire_owned().await.map_err(|_| DbError::WorkerLost)?;
        let (chunks, receiver) = mpsc::channel(1);
        let opener = self.opener.clone();
        tokio::task::spawn_blocking(move || {
            reader::walk(&opener, &statement, chunk_rows.max(1), &chunks);
            drop(permit);
        });
        Ok(receiver)
    }

    pub(super) async fn migrate(&self, known: &'static [Migration], now: Timestamp) -> Result<(), DbError> {
        self.alone(move |connection| schema::migrate(connection, known, now)).await?
    }

    pub(super) async fn check_schema(&self, known: &'static [Migration]) -> Result<(), DbError> {
        self.alone(move |connection| schema::check(connection, known)).await?
    }

    /// A file is what it is opened as; what remains to be said is by what.
    pub(super) async fn examine(&self) -> Result<Examined, DbError> {
        let rows = self.read(q!("SELECT sqlite_version() AS version")).await?;
        let version = rows.first().map_or(Ok("?"), |row| row.str("version"))?;
        Ok(Examined { what: format!("SQLite {version}"), doubts: Vec::new() })
    }

    pub(super) async fn backup(
        &self,
        dest: &Path,
        progress: impl FnMut(u64, u64) + Send + 'static,
    ) -> Result<(), DbError> {
        let opener = self.opener.clone();
        let dest = dest.to_owned();
        let copied = tokio::task::spawn_blocking(move || backup::copy(&opener, &dest, progress));
        copied.await.unwrap_or(Err(DbError::WorkerLost))
    }

    /// Runs `task` on the writer's thread, between two groups of batches.
    async fn alone<T: Send + 'static>(
        &self,
        task: impl FnOnce(&mut rusqlite::Connection) -> T + Send + 'static,
    ) -> Result<T, DbError> {
        let (reply, answer) = oneshot::channel();
        let task = Box::new(move |connection: &mut rusqlite::Connection| {
            let _ = reply.send(task(connection)); // nobody waiting is no reason not to have done it
        });
        enqueue(&self.writer, writer::Job::Alone(task))?;
        answer.await.map_err(|_| DbError::WorkerLost)
    }
}

impl Threads {
    fn spawn(
        &mut self,
        opener: &Opener,
        name: &str,
        body: impl FnOnce() + Send + 'static,
    ) -> Result<(), DbError> {
        let thread = thread::Builder::new().name(name.to_owned()).spawn(body);
        self.0.push(thread.map_err(|error| opener.failed(&error))?);
        Ok(())
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        for thread in self.0.drain(..) {
            let _ = thread.join(); // a panic was answered to its caller when it happened
        }
    }
}

fn enqueue<J>(queue: &SyncSender<J>, job: J) -> Result<(), DbError> {
    queue.try_send(job).map_err(|refused| match refused {
        TrySendError::Full(_) => DbError::Overloaded,
        TrySendError::Disconnected(_) => DbError::WorkerLost,
    })
}
