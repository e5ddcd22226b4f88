//! The story of the seam, the same on every engine: on SQLite, or on the server that `ECLUSE_TEST_STORE` names.

use tokio::task::JoinHandle as Task;

use super::migrate::Migration;
use super::test_database::TestDatabase;
use super::*;
use crate::domain::timestamp::Timestamp;

pub(super) const ITEM: &[Migration] = &[Migration {
    version: 1,
    usable_from: 1,
    sql: "CREATE TABLE item (id TEXT PRIMARY KEY, n BIGINT NOT NULL, at BIGINT);",
}];

/// A database with a table to play with.
pub(super) struct Bench {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) database: TestDatabase,
}

impl Bench {
    async fn open() -> Self {
        Self::on(TestDatabase::create().await).await
    }

    pub(super) async fn on(database: TestDatabase) -> Self {
        let clock = Clock::manual(Timestamp::from_seconds(1_800_000_000));
        let db = database.open(&clock).await;
        migrate(&db, ITEM).await.unwrap();
        Self { db, clock, database }
    }

    /// Another handle on the same database, as another process has one.
    pub(super) async fn another(&self) -> Db {
        self.database.open(&self.clock).await
    }

    pub(super) async fn number(&self, id: &str) -> Option<i64> {
        let row = self.db.one(q!("SELECT n FROM item WHERE id = $1", id)).await.unwrap();
        row.map(|row| row.int("n").unwrap())
    }

    pub(super) async fn ids(&self) -> Vec<String> {
        let rows = self.db.all(q!("SELECT id FROM item ORDER BY id")).await.unwrap();
        rows.iter().map(|row| row.text(0).unwrap()).collect()
    }

    /// Begins a batch, and answers the task that waits for it.
    pub(super) async fn queue(&self, statements: Vec<Statement>) -> Task<Result<Vec<Affected>, BatchError>> {
        let db = self.db.clone();
        let task = tokio::spawn(async move { db.run(Batch::plain(statements)).await });
        tokio::task::yield_now().await;
        task
    }
}

pub(super) async fn migrate(db: &Db, known: &'static [Migration]) -> Result<(), DbError> {
    match &db.engine {
        Engine::Postgres(postgres) => postgres.migrate(known, db.clock().now()).await,
        Engine::Sqlite(sqlite) => sqlite.migrate(known, db.clock().now()).await,
    }
}

async fn expect(db: &Db, known: &'static [Migration]) -> Result<(), DbError> {
    match &db.engine {
        Engine::Postgres(postgres) => postgres.check_schema(known).await,
        Engine::Sqlite(sqlite) => sqlite.check_schema(known).await,
    }
}

pub(super) fn insert(id: &str, n: i64) -> Statement {
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

    let early = bench.db.each(q!("SELECT n FROM item ORDER BY n"), 1).await.unwrap();
    drop(early);

    let mut failing = bench.db.each(q!("SELECT n, 0.5 AS ratio FROM item ORDER BY n"), 4).await.unwrap();
    assert!(failing.recv().await.is_some_and(|chunk| chunk.is_err()));
    assert!(failing.recv().await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_sixty_four_conditional_updates_one_wins() {
    let bench = Bench::open().await;
    bench.db.run(Batch::plain(vec![insert("a", 0)])).await.unwrap();
    let other = bench.another().await;
    let tasks: Vec<_> = (1..=64)
        .map(|n| {
            let db = if n % 2 == 0 { bench.db.clone() } else { other.clone() };
            let spend = q!("UPDATE item SET n = $1 WHERE id = 'a' AND n = 0", n).want(1);
            tokio::spawn(async move { (n, db.run(Batch::plain(vec![spend])).await) })
        })
        .collect();
    let mut winners = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            (n, Ok(_)) => winners.push(i64::from(n)),
            (_, Err(error)) => assert!(matches!(error, BatchError::Unmet { .. }), "{error}"),
        }
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(bench.number("a").await, winners.first().copied());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_leave_change_nothing_about_what_is_done() {
    let bench = Bench::open().await;
    let mut accepted = Vec::new();
    for n in 0..300 {
        let pair = vec![insert(&format!("{n}/left"), n), insert(&format!("{n}/right"), n)];
        let task = bench.queue(pair).await;
        if n % 3 == 0 {
            task.abort();
        } else {
            accepted.push(task);
        }
    }
    for task in accepted {
        task.await.unwrap().unwrap();
    }
    let halves = bench.db.all(q!("SELECT n FROM item GROUP BY n HAVING count(*) <> 2")).await.unwrap();
    assert!(halves.is_empty());
    assert!(bench.ids().await.len() >= 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_handles_on_one_database_take_turns_and_see_each_other() {
    let bench = Bench::open().await;
    let other = bench.another().await;
    let writes = |db: Db, side: &'static str| {
        tokio::spawn(async move {
            for n in 0..50 {
                let id = format!("{side}{n}");
                db.run(Batch::plain(vec![insert(&id, n)])).await.unwrap();
                assert!(db.one(q!("SELECT n FROM item WHERE id = $1", id)).await.unwrap().is_some());
            }
        })
    };
    let (ours, theirs) = (writes(bench.db.clone(), "a"), writes(other.clone(), "b"));
    ours.await.unwrap();
    theirs.await.unwrap();
    assert_eq!(bench.ids().await.len(), 100);
    other.run(Batch::plain(vec![insert("last", 1)])).await.unwrap();
    assert_eq!(bench.number("last").await, Some(1));
}

#[tokio::test]
async fn migrations_are_applied_once_and_never_in_another_text() {
    const TWO: &[Migration] = &[
        Migration { version: 1, usable_from: 1, sql: ITEM[0].sql },
        Migration { version: 2, usable_from: 2, sql: "ALTER TABLE item ADD COLUMN note TEXT;" },
    ];
    const EDITED: &[Migration] =
        &[Migration { version: 1, usable_from: 1, sql: "CREATE TABLE item (id TEXT PRIMARY KEY);" }];
    const BROKEN: &[Migration] = &[
        Migration { version: 1, usable_from: 1, sql: ITEM[0].sql },
        Migration { version: 2, usable_from: 2, sql: TWO[1].sql },
        Migration {
            version: 3,
            usable_from: 3,
            sql: "CREATE TABLE more (x BIGINT); CREATE TABLE item (x BIGINT);",
        },
    ];
    let bench = Bench::open().await;
    bench.db.run(Batch::plain(vec![insert("a", 1)])).await.unwrap();
    for _ in 0..2 {
        migrate(&bench.db, TWO).await.unwrap();
    }
    assert_eq!(bench.number("a").await, Some(1));

    let refused = async |known| match migrate(&bench.db, known).await {
        Err(DbError::Schema(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(ITEM).await, MigrateError::Newer { found: 2, needed: 2, known: 1 });
    assert_eq!(refused(EDITED).await, MigrateError::Changed { version: 1 });
    assert!(matches!(refused(BROKEN).await, MigrateError::Failed { version: 3, .. }));
    assert!(bench.db.all(q!("SELECT x FROM more")).await.is_err());
    let versions = bench.db.all(q!("SELECT version FROM schema_version")).await.unwrap();
    assert_eq!(versions.len(), 2);
}

#[tokio::test]
async fn an_older_program_goes_on_with_what_leaves_it_room_until_something_does_not() {
    const WIDER: &[Migration] = &[
        Migration { version: 1, usable_from: 1, sql: ITEM[0].sql },
        Migration { version: 2, usable_from: 1, sql: "ALTER TABLE item ADD COLUMN note TEXT;" },
    ];
    const NARROWER: &[Migration] = &[
        Migration { version: 1, usable_from: 1, sql: ITEM[0].sql },
        Migration { version: 2, usable_from: 1, sql: WIDER[1].sql },
        Migration { version: 3, usable_from: 2, sql: "ALTER TABLE item DROP COLUMN at;" },
    ];
    let bench = Bench::open().await;
    assert!(expect(&bench.db, WIDER).await.is_err(), "the new program waits for its schema");
    bench.db.run(Batch::plain(vec![insert("before", 1)])).await.unwrap();
    migrate(&bench.db, WIDER).await.unwrap();
    let older = bench.another().await;
    expect(&older, ITEM).await.unwrap();
    migrate(&older, ITEM).await.unwrap();
    for db in [&bench.db, &older] {
        db.run(Batch::plain(vec![q!("UPDATE item SET n = n + 1").want(1)])).await.unwrap();
    }
    older.run(Batch::plain(vec![insert("after", 2)])).await.unwrap();
    expect(&bench.db, WIDER).await.unwrap();

    migrate(&bench.db, NARROWER).await.unwrap();
    expect(&bench.db, WIDER).await.unwrap();
    for refused in [expect(&older, ITEM).await, migrate(&older, ITEM).await] {
        let Err(DbError::Schema(error)) = refused else { panic!("it went on") };
        assert_eq!(error, MigrateError::Newer { found: 3, needed: 2, known: 1 });
    }
}

#[tokio::test]
async fn what_this_program_carries_makes_a_schema_at_once_from_two_sides() {
    let database = TestDatabase::create().await;
    let clock = Clock::system();
    let (one, two) = tokio::join!(database.open(&clock), database.open(&clock));
    let (first, second) = tokio::join!(one.migrate(), two.migrate());
    first.unwrap();
    second.unwrap();
    one.expect_schema().await.unwrap();
}

#[tokio::test]
async fn texts_are_in_the_order_of_their_bytes() {
    let bench = Bench::open().await;
    let ids = ["a", "B", "é", "Z/", "Z", "z", "a/b", "a b", "Z0", "10", "9"];
    bench.db.run(Batch::plain(ids.iter().map(|id| insert(id, 0)).collect())).await.unwrap();
    let mut sorted = ids;
    sorted.sort_unstable();
    assert_eq!(bench.ids().await, sorted);
    let below =
        bench.db.all(q!("SELECT id FROM item WHERE id >= $1 AND id < $2 ORDER BY id", "Z", "Z0")).await;
    let below: Vec<_> = below.unwrap().iter().map(|row| row.text("id").unwrap()).collect();
    assert_eq!(below, ["Z", "Z/"]);
}
