//! How far an order has got, as the background counts it.

use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::domain::profile::Profile;
use ecluse::domain::progress::{Progress, Tally};
use ecluse::domain::reset_order::OrderId;
use ecluse::domain::territory::TerritoryCode;
use ecluse::flows::reset_order::cancel::close;
use ecluse::flows::reset_order::roll_up::{count, round};
use ecluse::store;
use ecluse::store::db::{Batch, Statement};

use crate::browser::Browser;
use crate::provider::{FIRST_PASSWORD, Provider, Wish, operator};
use crate::sign_in::activate;

const NEW_PASSWORD: &str = "Chat-noir7";

async fn progress(provider: &Provider, order: &OrderId) -> Progress {
    store::progress::find(&provider.ctx.db, order, None).await.unwrap()
}

fn tally(covered: u64, bound: u64, done: u64, printed: u64) -> Tally {
    Tally { covered, bound, done, printed, ..Tally::default() }
}

async fn changes(provider: &Provider, login: &str) {
    let browser = Browser::new(&provider.issuer);
    let page = browser.sign_in(&browser.go("/login").await, login, FIRST_PASSWORD).await;
    let page = browser.change(&page, FIRST_PASSWORD, NEW_PASSWORD).await;
    assert!(page.is_success(), "{}", page.body);
}

#[tokio::test]
async fn each_school_sees_who_is_left_there_and_nobody_is_counted_twice_in_all() {
    let provider = Provider::start().await;
    activate(&provider, "zoe").await;
    // A guardian with children in both schools.
    let also = Statement::new(
        "INSERT INTO affiliation (account_id, path, profile, began)
         SELECT 'mme.roux', path, 'National_TUT', 0 FROM territory WHERE code = 'class:0860001J/6A'",
        Vec::new(),
    );
    provider.ctx.db.run(Batch::plain(vec![also])).await.unwrap();
    let order = provider.order(Level::Change).await;
    assert_eq!(progress(&provider, &order).await, Progress::default(), "nobody has counted");
    round(&provider.ctx).await.unwrap();
    let first = progress(&provider, &order).await;
    assert_eq!((first.as_of, first.all), (Some(provider.clock.now()), tally(5, 5, 0, 0)));
    let of = |progress: &Progress, school: &str, profile| {
        let mut places = progress.parts.iter();
        places
            .find(|((path, who), _)| path.as_str().ends_with(school) && *who == profile)
            .map(|(_, tally)| *tally)
    };
    let [tilleuls, port] = ["uai:0860001J", "uai:0169001X"];
    assert_eq!(of(&first, tilleuls, Profile::Pupil), Some(tally(2, 2, 0, 0)));
    assert_eq!(of(&first, tilleuls, Profile::Guardian), Some(tally(1, 1, 0, 0)));
    assert_eq!(of(&first, port, Profile::Guardian), Some(tally(1, 1, 0, 0)));

    changes(&provider, "zoe").await;
    provider.slip("tom").await;
    round(&provider.ctx).await.unwrap();
    assert_eq!(progress(&provider, &order).await, first, "not every second");
    provider.clock.advance(Duration::from_secs(5));
    round(&provider.ctx).await.unwrap();
    let second = progress(&provider, &order).await;
    assert_eq!(second.all, tally(5, 4, 1, 4));
    assert_eq!(of(&second, tilleuls, Profile::Pupil), Some(tally(2, 1, 1, 1)));
    let path = store::territory::find(&provider.ctx.db, &TerritoryCode::parse(port).unwrap()).await.unwrap();
    let there = store::progress::find(&provider.ctx.db, &order, Some(&path.unwrap().path)).await.unwrap();
    assert_eq!(there.parts.len(), 2, "a pupil and a guardian");

    // The curve has a point for each change, and a closed order is counted once more.
    provider.clock.advance(Duration::from_mins(1));
    round(&provider.ctx).await.unwrap();
    close(&provider.ctx, &operator(), &order).await.unwrap().unwrap();
    provider.clock.advance(Duration::from_secs(1));
    round(&provider.ctx).await.unwrap();
    let last = progress(&provider, &order).await.as_of;
    assert_eq!(last, Some(provider.clock.now()));
    provider.clock.advance(Duration::from_hours(1));
    round(&provider.ctx).await.unwrap();
    assert_eq!(progress(&provider, &order).await.as_of, last, "it is over");
    let points = store::progress::points(&provider.ctx.db, &order).await.unwrap();
    assert_eq!(points.iter().map(|(_, all)| all.done).collect::<Vec<_>>(), [0, 1]);
}

#[tokio::test]
async fn an_order_is_counted_by_one_replica_at_a_time_and_again_when_that_has_died() {
    let provider = Provider::start().await;
    let other = Provider::start_with(Wish { stores: Some(provider.stores.clone()), ..Wish::default() }).await;
    let order = provider.order(Level::Change).await;
    let book = store::reset_order::book(&provider.ctx.db).await.unwrap();
    let found = book.find(&order).unwrap();
    let now = provider.clock.now();
    let taken = store::progress::take(&order, now, now.plus(Duration::from_mins(10)));
    provider.ctx.db.run(Batch::plain(vec![taken])).await.unwrap();
    assert!(!count(&other.ctx, found, &book).await.unwrap());
    assert_eq!(progress(&provider, &order).await.as_of, None);
    for each in [&provider, &other] {
        each.clock.advance(Duration::from_mins(10));
    }
    assert!(count(&other.ctx, found, &book).await.unwrap());
    assert_eq!(progress(&provider, &order).await.all.covered, 5);
}
