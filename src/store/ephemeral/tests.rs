use std::time::Duration;

use serde::Deserialize;
use tempfile::TempDir;

use super::*;
use crate::domain::throttle::ThrottleRules;
use crate::store::clock::Clock;
use crate::store::db::BatchError;

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Claim {
    account: String,
    number: i64,
}

fn claim(number: i64) -> Claim {
    Claim { account: "0192-a".to_owned(), number }
}

struct Bench {
    store: Ephemeral,
    clock: Clock,
    _directory: TempDir,
}

impl Bench {
    async fn open() -> Self {
        let directory = TempDir::new().unwrap();
        let clock = Clock::manual(Timestamp::from_seconds(1_800_000_000));
        let db = Db::open_sqlite(&directory.path().join("e.sqlite"), clock.clone(), 2).unwrap();
        db.migrate().await.unwrap();
        Self { store: Ephemeral::new(db), clock, _directory: directory }
    }

    fn in_seconds(&self, seconds: u64) -> Timestamp {
        self.clock.now().plus(Duration::from_secs(seconds))
    }

    async fn reserve(&self, rules: &ThrottleRules) -> Reserve {
        self.store.throttle_reserve("login:ada", self.clock.now(), rules).await.unwrap()
    }
}

#[tokio::test]
async fn a_claim_is_there_until_its_time_and_not_at_it() {
    let bench = Bench::open().await;
    let store = &bench.store;
    store.put("session", "k", &claim(1), bench.in_seconds(10)).await.unwrap();
    assert_eq!(store.get::<Claim>("session", "k").await.unwrap(), Some(claim(1)));
    assert_eq!(store.get::<Claim>("interaction", "k").await.unwrap(), None);

    // Replacing keeps the time, unless it is given one.
    assert!(store.replace_if_present("session", "k", &claim(2), None).await.unwrap());
    bench.clock.advance(Duration::from_secs(9));
    assert_eq!(store.get::<Claim>("session", "k").await.unwrap(), Some(claim(2)));
    assert!(store.replace_if_present("session", "k", &claim(3), Some(bench.in_seconds(5))).await.unwrap());
    bench.clock.advance(Duration::from_secs(5));
    assert_eq!(store.get::<Claim>("session", "k").await.unwrap(), None);
    assert_eq!(store.take::<Claim>("session", "k").await.unwrap(), None);
    assert!(!store.replace_if_present("session", "k", &claim(4), Some(bench.in_seconds(5))).await.unwrap());

    // A name whose claim has expired can be used again.
    store.put("session", "k", &claim(5), bench.in_seconds(5)).await.unwrap();
    store.remove("session", "k").await.unwrap();
    assert_eq!(store.get::<Claim>("session", "k").await.unwrap(), None);
}

#[tokio::test]
async fn of_all_who_take_a_claim_one_gets_it() {
    let bench = Bench::open().await;
    bench.store.put("code", "k", &claim(1), bench.in_seconds(60)).await.unwrap();
    let takers: Vec<_> = (0..64)
        .map(|_| {
            let store = bench.store.clone();
            tokio::spawn(async move { store.take::<Claim>("code", "k").await.unwrap() })
        })
        .collect();
    let mut taken = Vec::new();
    for taker in takers {
        taken.extend(taker.await.unwrap());
    }
    assert_eq!(taken, [claim(1)]);
}

#[tokio::test]
async fn a_claim_is_written_and_taken_with_what_depends_on_it() {
    let bench = Bench::open().await;
    let put = |key| put_statement("session", key, &claim(1), bench.in_seconds(60)).unwrap();
    let take = || take_statement("code", "c").want(1).named("code");
    let refused = bench.store.db.run(Batch::plain(vec![put("s"), take()])).await.err();
    assert_eq!(refused.as_ref().and_then(BatchError::label), Some("code"));
    assert_eq!(bench.store.get::<Claim>("session", "s").await.unwrap(), None);

    bench.store.put("code", "c", &claim(7), bench.in_seconds(60)).await.unwrap();
    let done = bench.store.db.run(Batch::plain(vec![put("s"), take()])).await.unwrap();
    assert_eq!(read::<Claim>("code", &done[1].rows[0]).unwrap(), claim(7));

    let holds = || holds_statement("session", "s");
    assert!(bench.store.db.run(Batch::plain(vec![holds()])).await.is_ok());
    bench.clock.advance(Duration::from_mins(1));
    assert!(bench.store.db.run(Batch::plain(vec![holds()])).await.is_err());
}

#[tokio::test]
async fn a_value_of_another_shape_is_an_error_that_does_not_quote_it() {
    let bench = Bench::open().await;
    bench.store.put("session", "k", &"s3cret", bench.in_seconds(60)).await.unwrap();
    let error = bench.store.get::<Claim>("session", "k").await.err().unwrap();
    assert_eq!(error.to_string(), "column value does not read as a value of kind session");
}

#[tokio::test]
async fn tidying_deletes_what_has_expired_and_nothing_else() {
    let bench = Bench::open().await;
    let statements = (0..TIDY_ROWS + 3)
        .map(|place| put_statement("code", &place.to_string(), &claim(0), bench.in_seconds(10)).unwrap());
    bench.store.db.run(Batch::plain(statements.collect())).await.unwrap();
    bench.store.put("code", "stays", &claim(1), bench.in_seconds(11)).await.unwrap();
    bench.reserve(&ThrottleRules::CNIL).await;

    bench.clock.advance(Duration::from_secs(10));
    assert_eq!(bench.store.tidy().await.unwrap(), u64::from(TIDY_ROWS) + 3);
    assert_eq!(bench.store.get::<Claim>("code", "stays").await.unwrap(), Some(claim(1)));
    bench.clock.advance(ThrottleRules::CNIL.window);
    assert_eq!(bench.store.tidy().await.unwrap(), 2);
}

#[tokio::test]
async fn whoever_waits_as_told_gets_twenty_five_failures_in_a_window() {
    let bench = Bench::open().await;
    let rules = ThrottleRules::CNIL;
    let began = bench.clock.now();
    for failures in 1..=rules.ceiling {
        assert_eq!(bench.reserve(&rules).await, Reserve::Go { failures });
        let wait = rules.delay_after(failures);
        if failures < rules.ceiling && !wait.is_zero() {
            let until = bench.clock.now().plus(wait);
            assert_eq!(bench.reserve(&rules).await, Reserve::Wait { until });
            bench.clock.advance(wait.saturating_sub(Duration::from_micros(1)));
            assert_eq!(bench.reserve(&rules).await, Reserve::Wait { until });
            bench.clock.advance(Duration::from_micros(1));
        }
    }
    let until = began.plus(rules.window);
    assert_eq!(bench.reserve(&rules).await, Reserve::Wait { until });
    bench.clock.advance(until.since(bench.clock.now()));
    assert_eq!(bench.reserve(&rules).await, Reserve::Go { failures: 1 });
}

#[tokio::test]
async fn attempts_made_at_once_are_all_booked() {
    let bench = Bench::open().await;
    let attempts: Vec<_> = (0..40)
        .map(|_| {
            let (store, now) = (bench.store.clone(), bench.clock.now());
            tokio::spawn(async move { store.throttle_reserve("k", now, &ThrottleRules::CNIL).await.unwrap() })
        })
        .collect();
    let mut let_through = 0;
    for attempt in attempts {
        let_through += u32::from(matches!(attempt.await.unwrap(), Reserve::Go { .. }));
    }
    assert_eq!(let_through, ThrottleRules::CNIL.free);
}

#[tokio::test]
async fn a_success_takes_back_its_own_booking_or_clears_them_all() {
    let bench = Bench::open().await;
    let rules = ThrottleRules::CNIL;
    for failures in 1..=rules.free {
        assert_eq!(bench.reserve(&rules).await, Reserve::Go { failures });
    }
    bench.store.throttle_refund("login:ada", bench.clock.now()).await.unwrap();
    assert_eq!(bench.reserve(&rules).await, Reserve::Go { failures: rules.free });
    assert!(matches!(bench.reserve(&rules).await, Reserve::Wait { .. }));

    bench.store.throttle_clear("login:ada").await.unwrap();
    assert_eq!(bench.reserve(&rules).await, Reserve::Go { failures: 1 });
}
