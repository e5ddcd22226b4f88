//! A database of its own for each test: a SQLite file, or a database on the server that `ECLUSE_TEST_STORE` names.

use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use super::test_server::ServerDatabase;
use super::{Db, Engine, Server, Statement};
use crate::store::clock::Clock;

/// A database that goes away with this.
pub(crate) enum TestDatabase {
    File(TempDir),
    Server(ServerDatabase),
}

impl TestDatabase {
    /// An empty one.
    pub(crate) async fn create() -> Self {
        match ServerDatabase::create(None).await {
            Some(database) => Self::Server(database),
            None => Self::file(),
        }
    }

    /// An empty file, whatever the tests are on.
    pub(crate) fn file() -> Self {
        Self::File(TempDir::new().unwrap())
    }

    pub(crate) fn path(&self) -> PathBuf {
        match self {
            Self::File(folder) => folder.path().join("a.sqlite"),
            Self::Server(database) => panic!("{} is no file", database.url),
        }
    }

    /// A handle on it; another one is as another program has it.
    pub(crate) async fn open(&self, clock: &Clock) -> Db {
        match self {
            Self::File(_) => Db::open_sqlite(&self.path(), clock.clone(), 2).unwrap(),
            Self::Server(database) => Db::open_postgres(&server(&database.url), clock.clone()).await.unwrap(),
        }
    }
}

/// How the engine would go about a statement: step by step.
pub(crate) async fn plan(db: &Db, mut statement: Statement) -> Vec<String> {
    let (words, column) = match db.engine {
        Engine::Postgres(_) => ("EXPLAIN", "QUERY PLAN"),
        Engine::Sqlite(_) => ("EXPLAIN QUERY PLAN", "detail"),
    };
    statement.sql = Box::leak(format!("{words} {}", statement.sql).into_boxed_str());
    db.all(statement).await.unwrap().iter().map(|row| row.text(column).unwrap()).collect()
}

/// A server as tests reach it: patiently, for they share it.
pub(crate) fn server(url: &str) -> Server {
    Server {
        address: url.parse().unwrap(),
        password: None,
        roots: None,
        connections: 8,
        wait: Duration::from_secs(20),
        statement_timeout: Duration::from_secs(20),
        lock_timeout: Duration::from_secs(20),
    }
}
