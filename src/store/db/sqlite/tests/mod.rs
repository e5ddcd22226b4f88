//! The engine on real files.

mod concurrency;
mod durability;
mod files;
mod on_the_spot;

use std::path::PathBuf;
use std::sync::mpsc::Sender;

use tempfile::TempDir;
use tokio::task::JoinHandle as Task;

use super::*;
use crate::store::db::{Db, Row, q};

const ITEM: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE item (id TEXT PRIMARY KEY, n BIGINT NOT NULL, at BIGINT);",
}];

/// A database with a table to play with, in a directory that goes away with it.
struct Bench {
    db: Db,
    clock: Clock,
    directory: TempDir,
}

impl Bench {
    async fn open() -> Self {
        let directory = TempDir::new().unwrap();
        let clock = Clock::manual(Timestamp::from_seconds(1_800_000_000));
        let db = Db::open_sqlite(&directory.path().join("a.sqlite"), clock.clone(), 2).unwrap();
        migrate(&db, ITEM).await.unwrap();
        Self { db, clock, directory }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("a.sqlite")
    }

    fn sqlite(&self) -> &Sqlite {
        sqlite(&self.db)
    }

    /// Another handle on the same file, as another process has one.
    fn another(&self) -> Db {
        Db::open_sqlite(&self.path(), self.clock.clone(), 1).unwrap()
    }

    async fn number(&self, id: &str) -> Option<i64> {
        let row = self.db.one(q!("SELECT n FROM item WHERE id = $1", id)).await.unwrap();
        row.map(|row| row.int("n").unwrap())
    }

    async fn ids(&self) -> Vec<String> {
        let rows = self.db.all(q!("SELECT id FROM item ORDER BY id")).await.unwrap();
        rows.iter().map(|row| row.text(0).unwrap()).collect()
    }

    /// Queues a batch, and answers the task that waits for it.
    async fn queue(&self, statements: Vec<Statement>) -> Task<Result<Vec<Affected>, BatchError>> {
        let db = self.db.clone();
        let task = tokio::spawn(async move { db.run(Batch::plain(statements)).await });
        tokio::task::yield_now().await;
        task
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
    let crate::store::db::Engine::Sqlite(sqlite) = &db.engine;
    sqlite
}

async fn migrate(db: &Db, known: &'static [Migration]) -> Result<(), DbError> {
    sqlite(db).migrate(known, db.clock().now()).await
}

fn insert(id: &str, n: i64) -> Statement {
    q!("INSERT INTO item (id, n, at) VALUES ($1, $2, NULL)", id, n)
}

#[tokio::test]
async fn the_story_of_a_row() {
    let bench = Bench::open().await;
    let db = &bench.db;
    db.run(Batch::plain(vec![insert("a", 1).want(1), insert("b", 2)])).await.unwrap();

    // Markers out of order and repeated, the database's time, and rows from RETURNING.
    let raise =
        q!("UPDATE item SET n = n + $2, at = now_us() WHERE id = $1 AND n + $2 < 10 RETURNING n, at", "a", 4);
    let done = db.run(Batch::plain(vec![raise.want(1)])).await.unwrap();
    assert_eq!(done[0].count, 1);
    assert_eq!(done[0].rows[0].int("n").unwrap(), 5);
    assert_eq!(done[0].rows[0].time("at").unwrap(), bench.clock.now());

    // A want that is not met undoes what came before it, and says which it was.
    let gone = q!("DELETE FROM item WHERE id = $1", "nobody").want(1).named("the one that must be there");
    let error = db.run(Batch::plain(vec![insert("c", 3), gone])).await.err().unwrap();
    assert_eq!(error.label(), Some("the one that must be there"));
    assert!(matches!(error, BatchError::Unmet { statement: 1, wanted: 1, touched: 0, .. }));
    assert_eq!(bench.number("c").await, None);

    // A SELECT in a batch is a condition.
    let still = |n: i64| q!("SELECT id FROM item WHERE id = 'a' AND n = $1", n).holds();
    db.run(Batch::under_order_lock(vec![still(5), insert("c", 3)])).await.unwrap();
    let error = db.run(Batch::under_order_lock(vec![still(6), insert("d", 4)])).await.err();
    assert!(matches!(error, Some(BatchError::Unmet { statement: 0, .. })));
    assert_eq!(bench.number("d").await, None);

    let error = db.run(Batch::plain(vec![insert("e", 1), insert("a", 1)])).await.err();
    assert!(matches!(error, Some(BatchError::Unique { statement: 1, .. })));
    assert_eq!(bench.number("e").await, None);

    assert_eq!(bench.ids().await, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_read_refuses_to_write_and_one_refuses_two() {
    let bench = Bench::open().await;
    bench.db.run(Batch::plain(vec![insert("a", 1), insert("b", 2)])).await.unwrap();
    assert!(bench.db.all(q!("DELETE FROM item")).await.is_err());
    assert_eq!(bench.ids().await, ["a", "b"]);
    let two = bench.db.one(q!("SELECT id FROM item")).await;
    assert!(matches!(two, Err(DbError::Refused { .. })));
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

#[tokio::test]
async fn a_walk_is_one_snapshot_in_chunks() {
    let bench = Bench::open().await;
    bench.db.run(Batch::plain((0..10).map(|n| insert(&n.to_string(), n)).collect())).await.unwrap();
    let mut chunks = bench.db.each(q!("SELECT n FROM item ORDER BY n"), 4).await.unwrap();
    let mut sizes = Vec::new();
    while let Some(chunk) = chunks.recv().await {
        sizes.push(chunk.unwrap().len());
        bench.db.run(Batch::plain(vec![q!("DELETE FROM item WHERE n > 3")])).await.unwrap();
    }
    assert_eq!(sizes, [4, 4, 2]);

    let mut failing = bench.db.each(q!("SELECT n, 0.5 AS ratio FROM item ORDER BY n"), 4).await.unwrap();
    assert!(failing.recv().await.is_some_and(|chunk| chunk.is_err()));
    assert!(failing.recv().await.is_none());
}
