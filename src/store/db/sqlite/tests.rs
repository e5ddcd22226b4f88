use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::store::db::{Db, Value, q};

const ITEM: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE item (id TEXT PRIMARY KEY, n BIGINT NOT NULL, at BIGINT);
          CREATE TABLE loose (x TEXT);",
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

    async fn number(&self, id: &str) -> Option<i64> {
        let row = self.db.one(q!("SELECT n FROM item WHERE id = $1", id)).await.unwrap();
        row.map(|row| row.int("n").unwrap())
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

    let ids: Vec<_> = db.all(q!("SELECT id FROM item ORDER BY id")).await.unwrap();
    let ids: Vec<_> = ids.iter().map(|row| row.text(0).unwrap()).collect();
    assert_eq!(ids, ["a", "b", "c"]);
}
