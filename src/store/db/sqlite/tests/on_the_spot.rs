//! Reads on the thread that asks, and what is too much for it.

use rusqlite::StatementStatus;

use super::*;

fn count_to(n: i64) -> Statement {
    q!(
        "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < $1) SELECT MAX(n) AS n FROM c",
        n
    )
}

#[tokio::test]
async fn a_look_is_answered_on_the_spot_and_a_long_read_by_a_thread() {
    let bench = Bench::open().await;
    for _ in 0..100 {
        assert!(bench.sqlite().on_the_spot.read(&count_to(20)).is_some());
        assert!(bench.sqlite().on_the_spot.read(&count_to(100_000)).is_none());
        let row = bench.db.one(count_to(100_000)).await.unwrap().unwrap();
        assert_eq!(row.int("n").unwrap(), 100_000);
    }
}

#[tokio::test]
async fn a_look_that_fails_is_an_answer_and_writes_nothing() {
    let bench = Bench::open().await;
    assert!(bench.db.one(q!("SELECT nothing FROM nowhere")).await.is_err());
    assert!(bench.db.one(q!("INSERT INTO item VALUES ('a', 1, NULL) RETURNING id")).await.is_err());
    assert!(bench.ids().await.is_empty());
}

/// SQLite would otherwise plan a statement anew for other values, which takes many times what running it does.
#[tokio::test]
async fn a_statement_is_planned_once() {
    let bench = Bench::open().await;
    let connection = bench.sqlite().opener.open(Access::Read).unwrap();
    let read =
        |id: &str| {
            q!("SELECT (SELECT string_agg(b.id || $1, $2) FROM item b WHERE b.n = a.n) AS all_ids FROM item a
            WHERE a.id = $3 AND a.id LIKE $2", "x", "y", id)
        };
    for id in ["a", "b", "c"] {
        connection::all(&connection, &read(id)).unwrap();
    }
    let prepared = connection.prepare_cached(read("a").sql()).unwrap();
    assert_eq!(prepared.get_status(StatementStatus::RePrepare), 0);
}
