//! The engine for many machines: a PostgreSQL server, reached through a pool of connections.
//!
//! A batch is one transaction at READ COMMITTED, which suffices because everything in it is conditional: what it
//! depends on, its first statements check and lock. Orders and what must not run beside them meet at an advisory lock,
//! taken by a statement of its own before the others, so that every snapshot of the batch is younger than the lock.
//! A batch runs on a task of its own and so to its end, whoever still waits for it.

mod address;
mod arriving;
mod batch;
mod connection;
mod examine;
mod failure;
mod read;
mod schema;
mod value;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::Pool;
use tokio::sync::{Semaphore, mpsc};

use super::Connections;
use super::copy::{Copied, CopyError, Parting};
use super::error::{BatchError, DbError};
use super::migrate::Migration;
use super::row::Row;
use super::sqlite::Leaving;
use super::statement::{Affected, Batch, Statement};
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::store::clock::Clock;

pub use address::{Address, AddressError};

/// Who may wait for a connection at the same time: a longer queue would outlast the patience of those at its end.
const WAITING: usize = 1024;

/// Walks that run at the same time: each holds a connection and a snapshot, and nothing dead is removed while it does.
const WALKS: usize = 6;

/// Keys of the advisory locks, apart from those of other programs in the same database.
const ORDER_LOCK: i64 = 0x6563_6c75_7365_0001;
const MIGRATION_LOCK: i64 = 0x6563_6c75_7365_0002;

/// How a server is reached, and how long anything there may take.
pub struct Server {
    /// Where.
    pub address: Address,
    /// What it asks for; none where it knows its clients otherwise.
    pub password: Option<Secret>,
    /// A PEM file of the certificates that the server's must hang from; without it, those the system trusts.
    pub roots: Option<PathBuf>,
    /// Connections at most.
    pub connections: usize,
    /// How long to wait for one that is free.
    pub wait: Duration,
    /// How long a statement may run.
    pub statement_timeout: Duration,
    /// How long a statement may wait for a lock.
    pub lock_timeout: Duration,
}

/// The open database.
pub(super) struct Postgres {
    core: Arc<Core>,
    walks: Arc<Semaphore>,
}

/// What reading and writing need, also on a task that outlives its caller.
struct Core {
    pool: Pool,
    clock: Clock,
    /// What errors call the server.
    name: String,
}

impl Postgres {
    /// Connects once, so that what is wrong with the server is said now.
    pub(super) async fn open(server: &Server, clock: &Clock) -> Result<Self, DbError> {
        let name = server.address.to_string();
        let core = Core { pool: connection::pool(server)?, clock: clock.clone(), name };
        drop(Box::pin(core.connection()).await?);
        Ok(Self { core: Arc::new(core), walks: Arc::new(Semaphore::new(WALKS)) })
    }

    pub(super) fn connections(&self) -> Connections {
        let status = self.core.pool.status();
        // What is available is the idle ones, and more if as many were promised as there are.
        let idle = status.available.min(status.size);
        Connections { busy: status.size - idle, idle, limit: status.max_size, waiting: status.waiting }
    }

    pub(super) async fn read(&self, statement: Statement) -> Result<Vec<Row>, DbError> {
        // In a box, as connecting makes it large and every flow holds one.
        Box::pin(self.core.read(&statement)).await
    }

    pub(super) async fn run(&self, batch: Batch) -> Result<Vec<Affected>, BatchError> {
        let core = Arc::clone(&self.core);
        let done = tokio::spawn(async move { core.run(&batch).await });
        done.await.unwrap_or(Err(BatchError::Db(DbError::WorkerLost)))
    }

    pub(super) async fn walk(
        &self,
        statement: Statement,
        chunk_rows: usize,
    ) -> Result<mpsc::Receiver<Result<Vec<Row>, DbError>>, DbError> {
        let permit = Arc::clone(&self.walks).acquire_owned().await.map_err(|_| DbError::WorkerLost)?;
        let (chunks, receiver) = mpsc::channel(1);
        let core = Arc::clone(&self.core);
        tokio::spawn(async move {
            core.walk(&statement, chunk_rows.max(1), &chunks).await;
            drop(permit);
        });
        Ok(receiver)
    }

    pub(super) async fn migrate(&self, known: &[Migration], now: Timestamp) -> Result<(), DbError> {
        Box::pin(schema::migrate(&self.core, known, now)).await
    }

    /// Makes the schema for a copy, unless it is there.
    pub(super) async fn make_room(&self, known: &[Migration], now: Timestamp) -> Result<(), CopyError> {
        Box::pin(arriving::make_room(&self.core, known, now)).await
    }

    pub(super) async fn fill(
        &self,
        leaving: Leaving,
        parting: Parting,
        progress: impl FnMut(u64, u64) + Send,
    ) -> Result<Vec<Copied>, CopyError> {
        Box::pin(arriving::fill(&self.core, leaving, parting, progress)).await
    }

    pub(super) async fn check_schema(&self, known: &[Migration]) -> Result<(), DbError> {
        Box::pin(schema::check(&self.core, known)).await
    }
}
