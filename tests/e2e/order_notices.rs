//! An order is told to the relying parties of whom it covers: each session once, by one replica at a time, whoever dies on the
//! way, and not at the expense of people who sign in.

use std::sync::Arc;
use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::flows::hash_pool::Guest;
use ecluse::flows::step::{Step, Steps};
use ecluse::store::db::{Batch, Statement};
use tokio::sync::Semaphore;

use crate::notices::{arrive, number};
use crate::provider::{Provider, Wish};
use crate::receiver::Receiver;
use crate::sign_in::activate;

/// People of a class, each with a session at each of these relying parties.
pub(crate) async fn a_class(provider: &Provider, size: usize, clients: &[&str]) -> Vec<String> {
    let ctx = &provider.ctx;
    let mut batch = Vec::new();
    let mut sids = Vec::new();
    for number in 0..size {
        let id = format!("pupil{number:05}");
        batch.push(Statement::new(
            "INSERT INTO account (id, source, source_key, login, login_name, given_name, family_name, way_in, number,
                 chosen_at, chosen_under, proof, code_issue, created_at, updated_at)
             VALUES ($1, 'class', $1, $1, $1, $1, 'Essai', 'local', 1, now_us(), 0, 'code', 1, now_us(), now_us())",
            vec![id.as_str().into()],
        ));
        batch.push(Statement::new(
            "INSERT INTO credential (account_id, phc) VALUES ($1, 'x')",
            vec![id.as_str().into()],
        ));
        // Two places: met twice, told once.
        for place in ["class:0860001J/6A", "uai:0860001J"] {
            batch.push(Statement::new(
                "INSERT INTO affiliation (account_id, path, profile, began)
                 SELECT $1, path, 'National_ELV', 0 FROM territory WHERE code = $2",
                vec![id.as_str().into(), place.into()],
            ));
        }
        for client in clients {
            batch.push(Statement::new(
                "INSERT INTO token_grant (id, account_id, client_id, code_hash, scope, sid, session, account_number, epoch,
                     clock, authenticated_at, created_at, expires_at)
                 SELECT $1 || $2, $1, $2, $1 || $2, 'openid', 'sid ' || $1, 'sid ' || $1, 1, epoch, 0, now_us(), now_us(),
                     now_us() + 86400000000 FROM deployment",
                vec![id.as_str().into(), (*client).into()],
            ));
        }
        sids.push(format!("sid {id}"));
    }
    ctx.db.run(Batch::plain(batch)).await.unwrap();
    sids
}

/// A flow that stops where an order is told, as often as the semaphore has permits, and then for ever.
fn stopping(permits: usize) -> (Steps, Arc<Semaphore>, Arc<Semaphore>) {
    let (passes, stopped) = (Arc::new(Semaphore::new(permits)), Arc::new(Semaphore::new(0)));
    let held = (Arc::clone(&passes), Arc::clone(&stopped));
    let steps = Steps::paused_by(move |step| {
        let (passes, stopped) = held.clone();
        async move {
            if step == Step::OrderPageDecided {
                if passes.available_permits() == 0 {
                    stopped.add_permits(1);
                }
                passes.acquire().await.unwrap().forget();
            }
        }
    });
    (steps, passes, stopped)
}

#[tokio::test]
async fn an_order_reaches_each_session_once_though_the_worker_dies_half_way() {
    for level in [Level::Change, Level::Recover] {
        let (steps, _passes, stopped) = stopping(3);
        let provider = Provider::start_with(Wish { steps, ..Wish::default() }).await;
        let receivers = [Receiver::start().await, Receiver::start().await];
        receivers[0].of(&provider, "portal").await;
        receivers[1].of(&provider, "gradebook").await;
        let sids = a_class(&provider, 450, &["portal", "gradebook"]).await;
        let spared = receivers[0].of(&provider, "portal").await;
        arrive(&spared, &activate(&provider, "lea").await).await;
        assert_eq!(provider.courier().round().await.ok(), Some(()));
        provider.order_for("departement:086", level).await;
        assert_eq!(number(&provider, "SELECT COUNT(*) FROM notice").await, 0, "an order is one row");

        let mut courier = provider.courier();
        let worker = tokio::spawn(async move { courier.round().await });
        stopped.acquire().await.unwrap().forget();
        worker.abort();
        assert!(worker.await.unwrap_err().is_cancelled(), "dead between two pages");
        let written = number(&provider, "SELECT COUNT(*) FROM notice").await;
        assert!(written > 0 && written < 900, "{written}");

        let provider = provider.restarted().await;
        // What the dead one had claimed is claimed again after its lease.
        provider.clock.advance(Duration::from_mins(10));
        provider.courier().round().await.unwrap();
        for receiver in &receivers {
            let mut claims = receiver.claims();
            claims.sort_by_key(|claims| claims["jti"].to_string());
            claims.dedup_by_key(|claims| claims["jti"].to_string());
            let mut heard: Vec<_> =
                claims.iter().map(|claims| claims["sid"].as_str().unwrap().to_owned()).collect();
            heard.sort();
            assert_eq!(heard, sids, "and nobody of the other département");
        }
        provider.courier().round().await.unwrap();
        assert!(receivers.iter().all(|receiver| receiver.tokens().is_empty()));
    }
}

#[tokio::test]
async fn what_is_told_gives_way_to_people_who_sign_in() {
    let waits = Arc::new(Semaphore::new(0));
    let told = Arc::clone(&waits);
    let steps = Steps::paused_by(move |step| {
        if step == Step::NoticesGiveWay {
            told.add_permits(1);
        }
        std::future::ready(())
    });
    let settings = Wish::settings(|settings| settings.notices.give_way = Duration::from_hours(1));
    let provider = Provider::start_with(Wish { steps, ..settings }).await;
    let receiver = Receiver::start().await;
    receiver.of(&provider, "portal").await;
    let sids = a_class(&provider, 30, &["portal"]).await;
    let somebody = provider.ctx.hash_pool.place(Guest::Known).unwrap();
    provider.order_for("departement:086", Level::Recover).await;
    let mut courier = provider.courier();
    let worker = tokio::spawn(async move { courier.round().await });
    waits.acquire().await.unwrap().forget();
    // Many more commits than it would need.
    for _ in 0..50 {
        let nothing = Statement::new("DELETE FROM notice WHERE id = ''", Vec::new());
        provider.ctx.db.run(Batch::plain(vec![nothing])).await.unwrap();
        assert_eq!(number(&provider, "SELECT COUNT(*) FROM notice").await, 0);
    }
    drop(somebody);
    worker.await.unwrap().unwrap();
    assert_eq!(receiver.sids(), sids);

    // A rush puts it off and does not keep it from going on.
    let provider =
        Provider::start_with(Wish::settings(|settings| settings.notices.give_way = Duration::ZERO)).await;
    let receiver = Receiver::start().await;
    receiver.of(&provider, "portal").await;
    let sids = a_class(&provider, 30, &["portal"]).await;
    let _waits = provider.ctx.hash_pool.place(Guest::Known).unwrap();
    provider.order_for("departement:086", Level::Recover).await;
    provider.courier().round().await.unwrap();
    assert_eq!(receiver.sids(), sids);
}

#[tokio::test]
async fn a_walk_is_taken_in_hand_by_one_replica_at_a_time() {
    let (steps, passes, stopped) = stopping(0);
    let provider = Provider::start_with(Wish { steps, ..Wish::default() }).await;
    let receiver = Receiver::start().await;
    receiver.of(&provider, "portal").await;
    let sids = a_class(&provider, 450, &["portal"]).await;
    provider.order_for("departement:086", Level::Recover).await;
    let mut courier = provider.courier();
    let worker = tokio::spawn(async move { courier.round().await });
    stopped.acquire().await.unwrap().forget();
    let mut other = provider.courier();
    tokio::select! {
        round = other.round() => round.unwrap(),
        _ = stopped.acquire() => panic!("the other is at the same page"),
    }
    assert_eq!(number(&provider, "SELECT COUNT(*) FROM notice").await, 0);
    passes.add_permits(100);
    worker.await.unwrap().unwrap();
    assert_eq!(receiver.sids(), sids);
}

#[tokio::test]
async fn a_cancellation_stops_the_telling() {
    let (steps, passes, stopped) = stopping(1);
    let provider = Provider::start_with(Wish { steps, ..Wish::default() }).await;
    let receiver = Receiver::start().await;
    receiver.of(&provider, "portal").await;
    a_class(&provider, 450, &["portal"]).await;
    let order = provider.order_for("departement:086", Level::Change).await;
    let mut courier = provider.courier();
    let worker = tokio::spawn(async move { courier.round().await });
    stopped.acquire().await.unwrap().forget();
    // A page is told, the next decided.
    let told = number(&provider, "SELECT COUNT(*) FROM notice").await;
    provider.cancel(&order).await;
    passes.add_permits(100);
    worker.await.unwrap().unwrap();
    assert_eq!(number(&provider, "SELECT COUNT(*) FROM notice").await, told);
    assert!(told > 0 && told < 450, "{told}");
    provider.courier().round().await.unwrap();
    assert_eq!(number(&provider, "SELECT COUNT(*) FROM notice").await, told);
}
