//! Many at once: groups, races, callers that leave, queues that fill.

use super::*;

#[tokio::test]
async fn in_a_group_each_batch_fails_alone() {
    let bench = Bench::open().await;
    bench.db.run(Batch::plain(vec![insert("taken", 0)])).await.unwrap();
    let release = bench.hold_writer().await;
    let first = bench.queue(vec![insert("a", 1)]).await;
    let unmet = bench.queue(vec![insert("b", 2), q!("DELETE FROM item WHERE n = 77").want(1)]).await;
    let collides = bench.queue(vec![insert("c", 3), insert("taken", 1)]).await;
    let nonsense = bench.queue(vec![insert("d", 4), q!("DELETE FROM nothing")]).await;
    let sees_first = bench.queue(vec![q!("UPDATE item SET n = 9 WHERE id = 'a'").want(1)]).await;
    drop(release);
    assert!(first.await.unwrap().is_ok());
    assert!(matches!(unmet.await.unwrap(), Err(BatchError::Unmet { .. })));
    assert!(matches!(collides.await.unwrap(), Err(BatchError::Unique { .. })));
    assert!(matches!(nonsense.await.unwrap(), Err(BatchError::Db(DbError::Refused { .. }))));
    assert!(sees_first.await.unwrap().is_ok());
    assert_eq!(bench.ids().await, ["a", "taken"]);
    assert_eq!(bench.number("a").await, Some(9));
}

#[tokio::test]
async fn a_batch_that_was_queued_runs_without_its_caller() {
    let bench = Bench::open().await;
    let release = bench.hold_writer().await;
    let task = bench.queue(vec![insert("a", 1), insert("b", 2)]).await;
    task.abort();
    assert!(task.await.is_err_and(|error| error.is_cancelled()));
    drop(release);
    bench.db.run(Batch::plain(vec![insert("c", 3)])).await.unwrap();
    assert_eq!(bench.ids().await, ["a", "b", "c"]);
}

#[tokio::test]
async fn past_its_bound_the_queue_refuses_and_then_serves_what_it_took() {
    let bench = Bench::open().await;
    let release = bench.hold_writer().await;
    let mut queued = Vec::new();
    for n in 0..=QUEUE {
        queued.push(bench.queue(vec![insert(&n.to_string(), 0)]).await);
    }
    drop(release);
    let (mut done, mut refused) = (0, 0);
    for task in queued {
        match task.await.unwrap() {
            Ok(_) => done += 1,
            Err(BatchError::Db(DbError::Overloaded)) => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(refused >= 1 && done >= QUEUE - 1, "{done} done, {refused} refused");
}

#[tokio::test]
async fn a_panic_on_the_writer_is_an_answer_and_the_next_batch_is_served() {
    let bench = Bench::open().await;
    let lost = bench.sqlite().alone(|connection| {
        connection.execute_batch("BEGIN IMMEDIATE; INSERT INTO item VALUES ('half', 1, NULL)").unwrap();
        panic!("on purpose");
    });
    assert!(matches!(lost.await, Err::<(), _>(DbError::WorkerLost)));
    bench.db.run(Batch::plain(vec![insert("a", 1)])).await.unwrap();
    assert_eq!(bench.ids().await, ["a"]);
}
