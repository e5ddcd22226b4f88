//! The engine on real files.

mod concurrency;
mod durability;
mod files;
mod on_the_spot;

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::mpsc::Sender;

use tempfile::TempDir;

use super::*;
use crate::store::db::test_database::TestDatabase;
use crate::store::db::tests::{self as seam, ITEM, insert, migrate};
use crate::store::db::{Db, Row, q};

/// The bench of the seam, on a file.
struct Bench(seam::Bench);

impl Deref for Bench {
    type Target = seam::Bench;

    fn deref(&self) -> &seam::Bench {
        &self.0
    }
}

impl Bench {
    async fn open() -> Self {
        Self(seam::Bench::on(TestDatabase::file()).await)
    }

    fn path(&self) -> PathBuf {
        self.database.path()
    }

    fn folder(&self) -> PathBuf {
        self.path().parent().unwrap().to_owned()
    }

    fn sqlite(&self) -> &Sqlite {
        sqlite(&self.db)
    }

    /// Keeps the writer busy until the answered sender is dropped or used: what is queued meanwhile is a group.
    async fn hold_writer(&self) -> Sender<()> {
        let (release, released) = queue::channel();
        let db = self.db.clone();
        tokio::spawn(async move { sqlite(&db).alone(move |_| released.recv()).await });
        tokio::task::yield_now().await;
        release
    }
}

fn sqlite(db: &Db) -> &Sqlite {
    match &db.engine {
        crate::store::db::Engine::Sqlite(sqlite) => sqlite,
        crate::store::db::Engine::Postgres(_) => panic!("the bench is on a file"),
    }
}

#[tokio::test]
async fn markers_and_values_must_be_as_many() {
    let bench = Bench::open().await;
    for statement in [
        q!("SELECT $1, $2", 1),
        q!("SELECT $1", 1, 2),
        q!("SELECT $2", 1),
        q!("SELECT ?1", 1),
        q!("SELECT $0", 1),
    ] {
        let sql = statement.sql();
        assert!(matches!(bench.db.all(statement).await, Err(DbError::Refused { .. })), "{sql}");
    }
    let row: Row = bench.db.one(q!("SELECT $2 AS b, $1 AS a, $2 AS c", "a", 2)).await.unwrap().unwrap();
    assert_eq!((row.str("a").unwrap(), row.int("b").unwrap(), row.int("c").unwrap()), ("a", 2, 2));
}

#[tokio::test]
async fn what_the_program_never_writes_is_an_error_that_names_its_column() {
    let bench = Bench::open().await;
    let said = async |statement| bench.db.all(statement).await.err().map(|error| error.to_string());
    assert_eq!(
        said(q!("SELECT 1 AS n, 0.5 AS ratio")).await.as_deref(),
        Some("column ratio is a floating-point number, which the schema does not have")
    );
    assert_eq!(
        said(q!("SELECT CAST(x'ff' AS TEXT) AS name")).await.as_deref(),
        Some("column name is not UTF-8")
    );
    assert_eq!(
        said(q!("SELECT x'ff' AS seal")).await.as_deref(),
        Some("column seal is a blob, which the schema does not have")
    );
    // And the engine keeps a wrong type out of a table in the first place.
    let wrong = bench.db.run(Batch::plain(vec![q!("INSERT INTO item (id, n) VALUES ('a', 'many')")])).await;
    assert!(matches!(wrong, Err(BatchError::Db(DbError::Refused { .. }))));
}
