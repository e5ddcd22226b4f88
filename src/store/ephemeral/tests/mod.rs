mod servers;
mod topologies;

use std::time::Duration;

use serde::Deserialize;
use tempfile::TempDir;

use self::servers::{Server, until_up};
use super::*;
use crate::domain::throttle::ThrottleRules;
use crate::store::clock::Clock;

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    account: String,
    number: i64,
}

fn kept(number: i64) -> Kept {
    Kept { account: "0192-a".to_owned(), number }
}

struct Bench {
    store: Ephemeral,
    db: Db,
    clock: Clock,
    _server: Option<Server>,
    _directory: TempDir,
}

impl Bench {
    async fn in_database() -> Self {
        let directory = TempDir::new().unwrap();
        let (db, clock) = Self::database(&directory).await;
        Self { store: Ephemeral::in_database(db.clone()), db, clock, _server: None, _directory: directory }
    }

    async fn in_redis() -> Self {
        let directory = TempDir::new().unwrap();
        let (db, clock) = Self::database(&directory).await;
        let server = Server::start(directory.path(), &[]);
        let store = server.store(&clock);
        until_up(&store).await;
        Self { store, db, clock, _server: Some(server), _directory: directory }
    }

    async fn database(directory: &TempDir) -> (Db, Clock) {
        let clock = Clock::manual(Timestamp::from_seconds(1_800_000_000));
        let db = Db::open_sqlite(&directory.path().join("e.sqlite"), clock.clone(), 2).unwrap();
        db.migrate().await.unwrap();
        (db, clock)
    }

    fn in_seconds(&self, seconds: u64) -> Timestamp {
        self.clock.now().plus(Duration::from_secs(seconds))
    }

    async fn reserve(&self, rules: &ThrottleRules) -> Reserve {
        self.store.throttle_reserve("login:ada", self.clock.now(), rules).await.unwrap()
    }

    async fn commit(&self, writes: impl IntoIterator<Item = Write>) -> Result<Committed, BatchError> {
        let mut all = Writes::plain();
        all.extend(writes);
        self.store.commit(&self.db, all).await
    }
}

/// The same story in both stores.
macro_rules! in_both {
    ($($story:ident),* $(,)?) => {
        mod in_database {
            $(#[tokio::test]
            async fn $story() {
                super::$story(super::Bench::in_database().await).await;
            })*
        }

        mod in_redis {
            $(#[tokio::test]
            #[ignore = "in_redis: needs redis-server"]
            async fn $story() {
                super::$story(super::Bench::in_redis().await).await;
            })*
        }
    };
}

in_both!(
    a_claim_is_there_until_its_time_and_not_at_it,
    of_all_who_take_a_claim_one_gets_it,
    claims_are_written_and_taken_with_what_depends_on_them,
    a_batch_that_does_not_happen_leaves_the_claims_it_used,
    a_claim_that_was_ended_is_not_renewed,
    a_value_of_another_shape_is_an_error_that_does_not_quote_it,
    whoever_waits_as_told_gets_twenty_five_failures_in_a_window,
    attempts_made_at_once_are_all_booked,
    a_clock_that_was_read_earlier_makes_nobody_wait,
    a_success_takes_back_its_own_booking_or_clears_them_all,
);

async fn a_claim_is_there_until_its_time_and_not_at_it(bench: Bench) {
    let store = &bench.store;
    store.put("session", "k", &kept(1), bench.in_seconds(10)).await.unwrap();
    assert_eq!(store.get::<Kept>("session", "k").await.unwrap(), Some(kept(1)));
    assert_eq!(store.get::<Kept>("interaction", "k").await.unwrap(), None);

    bench.clock.advance(Duration::from_secs(9));
    assert_eq!(store.get::<Kept>("session", "k").await.unwrap(), Some(kept(1)));
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(store.get::<Kept>("session", "k").await.unwrap(), None);
    assert_eq!(store.take::<Kept>("session", "k").await.unwrap(), None);

    // A name whose claim has expired can be used again.
    store.put("session", "k", &kept(5), bench.in_seconds(5)).await.unwrap();
    store.remove("session", "k").await.unwrap();
    assert_eq!(store.get::<Kept>("session", "k").await.unwrap(), None);
}

async fn of_all_who_take_a_claim_one_gets_it(bench: Bench) {
    bench.store.put("code", "k", &kept(1), bench.in_seconds(60)).await.unwrap();
    let takers: Vec<_> = (0..64)
        .map(|_| {
            let store = bench.store.clone();
            tokio::spawn(async move { store.take::<Kept>("code", "k").await.unwrap() })
        })
        .collect();
    let mut taken = Vec::new();
    for taker in takers {
        taken.extend(taker.await.unwrap());
    }
    assert_eq!(taken, [kept(1)]);
}

fn put(bench: &Bench, kind: &'static str, key: &str) -> Write {
    Claim::put(kind, key, &kept(1), bench.in_seconds(60)).unwrap().into()
}

async fn claims_are_written_and_taken_with_what_depends_on_them(bench: Bench) {
    let refused = bench.commit([put(&bench, "session", "s"), Claim::take("code", "c").into()]).await.err();
    assert_eq!(refused.as_ref().and_then(BatchError::label), Some("code"));
    assert_eq!(bench.store.get::<Kept>("session", "s").await.unwrap(), None);

    bench.store.put("code", "c", &kept(7), bench.in_seconds(60)).await.unwrap();
    bench.commit([put(&bench, "session", "s"), Claim::take("code", "c").into()]).await.unwrap();
    assert_eq!(bench.store.get::<Kept>("session", "s").await.unwrap(), Some(kept(1)));
    assert_eq!(bench.store.get::<Kept>("code", "c").await.unwrap(), None);

    bench.commit([Claim::remove("session", "s").into()]).await.unwrap();
    assert_eq!(bench.store.get::<Kept>("session", "s").await.unwrap(), None);
}

async fn a_batch_that_does_not_happen_leaves_the_claims_it_used(bench: Bench) {
    bench.store.put("code", "c", &kept(7), bench.in_seconds(60)).await.unwrap();
    let moved = q!("SELECT value FROM order_clock WHERE value = $1", 99).holds().named("order clock");
    let refused = bench.commit([Claim::take("code", "c").into(), moved.into(), put(&bench, "session", "s")]);
    assert_eq!(refused.await.err().as_ref().and_then(BatchError::label), Some("order clock"));
    assert_eq!(bench.store.get::<Kept>("session", "s").await.unwrap(), None);

    // With the time it had.
    bench.clock.advance(Duration::from_secs(59));
    assert_eq!(bench.store.get::<Kept>("code", "c").await.unwrap(), Some(kept(7)));
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.store.get::<Kept>("code", "c").await.unwrap(), None);
}

async fn a_claim_that_was_ended_is_not_renewed(bench: Bench) {
    let renew = || Write::from(Claim::renew("session", "s", &kept(2), bench.in_seconds(60)).unwrap());
    assert!(bench.commit([renew()]).await.is_err());
    bench.store.put("session", "s", &kept(1), bench.in_seconds(10)).await.unwrap();
    let moved = q!("SELECT value FROM order_clock WHERE value = $1", 99).holds().named("order clock");
    assert!(bench.commit([renew(), moved.into()]).await.is_err());
    assert_eq!(bench.store.get::<Kept>("session", "s").await.unwrap(), Some(kept(1)), "nothing happened");
    bench.clock.advance(Duration::from_secs(9));
    bench.commit([renew()]).await.unwrap();
    bench.clock.advance(Duration::from_secs(59));
    assert_eq!(bench.store.get::<Kept>("session", "s").await.unwrap(), Some(kept(2)));
    bench.clock.advance(Duration::from_secs(1));
    assert!(bench.commit([renew()]).await.is_err());
}

async fn a_value_of_another_shape_is_an_error_that_does_not_quote_it(bench: Bench) {
    bench.store.put("session", "k", &"s3cret", bench.in_seconds(60)).await.unwrap();
    let error = bench.store.get::<Kept>("session", "k").await.err().unwrap();
    assert_eq!(error.to_string(), "column value does not read as a value of kind session");
}

#[tokio::test]
async fn tidying_deletes_what_has_expired_and_nothing_else() {
    let bench = Bench::in_database().await;
    let claims = (0..TIDY_ROWS + 3)
        .map(|place| Claim::put("code", place.to_string(), &kept(0), bench.in_seconds(10)).unwrap().into());
    bench.commit(claims).await.unwrap();
    bench.store.put("code", "stays", &kept(1), bench.in_seconds(11)).await.unwrap();
    bench.reserve(&ThrottleRules::CNIL).await;

    bench.clock.advance(Duration::from_secs(10));
    assert_eq!(bench.store.tidy().await.unwrap(), u64::from(TIDY_ROWS) + 3);
    assert_eq!(bench.store.get::<Kept>("code", "stays").await.unwrap(), Some(kept(1)));
    bench.clock.advance(ThrottleRules::CNIL.window);
    assert_eq!(bench.store.tidy().await.unwrap(), 2);
}

async fn whoever_waits_as_told_gets_twenty_five_failures_in_a_window(bench: Bench) {
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

async fn attempts_made_at_once_are_all_booked(bench: Bench) {
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

async fn a_clock_that_was_read_earlier_makes_nobody_wait(bench: Bench) {
    let (rules, early) = (ThrottleRules::CNIL, bench.clock.now());
    bench.clock.advance(Duration::from_micros(1));
    assert_eq!(bench.reserve(&rules).await, Reserve::Go { failures: 1 });
    for failures in 2..=rules.free {
        let reserved = bench.store.throttle_reserve("login:ada", early, &rules).await.unwrap();
        assert_eq!(reserved, Reserve::Go { failures });
    }
    assert!(matches!(bench.reserve(&rules).await, Reserve::Wait { .. }));
}

async fn a_success_takes_back_its_own_booking_or_clears_them_all(bench: Bench) {
    let rules = ThrottleRules::CNIL;
    for failures in 1..=rules.free {
        assert_eq!(bench.reserve(&rules).await, Reserve::Go { failures });
    }
    let refund = Claim::Refund { key: "login:ada".to_owned(), now: bench.clock.now() };
    bench.commit([refund.into()]).await.unwrap();
    assert_eq!(bench.reserve(&rules).await, Reserve::Go { failures: rules.free });
    assert!(matches!(bench.reserve(&rules).await, Reserve::Wait { .. }));

    bench.commit([Claim::Clear { key: "login:ada".to_owned() }.into()]).await.unwrap();
    assert_eq!(bench.reserve(&rules).await, Reserve::Go { failures: 1 });
}
