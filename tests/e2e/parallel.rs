//! Many at once: what may be used once is used once, however many try, and nobody gets in behind an order.

use std::future::Future;
use std::sync::Arc;

use ecluse::domain::level::Level;
use ecluse::domain::throttle::ThrottleRules;
use ecluse::flows::reset_order::come_into_force::come_into_force;
use ecluse::flows::reset_order::issue::Proposal;
use ecluse::store;
use ecluse::store::db::Statement;
use reqwest::StatusCode;
use tokio::task::JoinSet;

use crate::browser::{Browser, Page};
use crate::provider::{FIRST_PASSWORD, Provider, Wish, proposal};
use crate::relying_party::{Answer, RelyingParty};
use crate::sign_in::{activate, signed_in};

const MANY: usize = 32;

/// Runs what `make` makes for each number, all at once.
async fn at_once<T, F>(many: usize, make: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for number in 0..many {
        tasks.spawn(make(number));
    }
    tasks.join_all().await
}

fn successes(answers: &[Answer]) -> Vec<&Answer> {
    answers.iter().filter(|answer| answer.status == StatusCode::OK).collect()
}

async fn assert_dead(rp: &RelyingParty, tokens: &Answer) {
    assert_eq!(rp.introspect(&tokens.text("access_token")).await.body["active"], false);
    assert_eq!(rp.refresh(&tokens.text("refresh_token")).await.error(), (400, "invalid_grant"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_code_is_exchanged_once_and_what_it_gave_is_revoked() {
    let provider = Provider::start().await;
    let portal = Arc::new(RelyingParty::portal(&provider).await);
    let browser = activate(&provider, "zoe").await;
    let code = portal.code(&browser.go(&portal.authorize(&[])).await);
    let answers = at_once(MANY, |_| {
        let (portal, code) = (Arc::clone(&portal), code.clone());
        async move { portal.exchange(&code).await }
    })
    .await;
    let [tokens] = successes(&answers)[..] else { panic!("{answers:?}") };
    for refused in answers.iter().filter(|answer| answer.status != StatusCode::OK) {
        assert_eq!(refused.error(), (400, "invalid_grant"));
    }
    assert_dead(&portal, tokens).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_public_refresh_token_is_rotated_once_and_its_family_is_revoked() {
    let provider = Provider::start().await;
    let spa = Arc::new(RelyingParty::public(&provider).await);
    let (_, tokens) = signed_in(&provider, &spa, "zoe").await;
    let refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
    let answers = at_once(MANY, |_| {
        let (spa, refresh) = (Arc::clone(&spa), refresh.clone());
        async move { spa.refresh(&refresh).await }
    })
    .await;
    let [next] = successes(&answers)[..] else { panic!("{answers:?}") };
    assert_dead(&spa, next).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_right_to_change_makes_one_change() {
    let provider = Provider::start().await;
    activate(&provider, "zoe").await;
    provider.order(Level::Change).await;
    let browser = Arc::new(Browser::new(&provider.issuer));
    let page = browser.sign_in(&browser.go("/login").await, "zoe", FIRST_PASSWORD).await;
    let page = Arc::new(page);
    let number = provider.person("zoe").await.facts.number.0;
    let answers: Vec<(String, Page)> = at_once(MANY, |which| {
        let (browser, page) = (Arc::clone(&browser), Arc::clone(&page));
        async move {
            let new = format!("Chat-noir{which}");
            let typed =
                [("current_password", FIRST_PASSWORD), ("new_password", &new), ("confirmation", &new)];
            let page = browser.send(&page, "/password", &typed).await;
            (new, page)
        }
    })
    .await;
    let made: Vec<_> = answers
        .iter()
        .filter(|(_, page)| page.location().is_some_and(|next| next.ends_with("/changed")))
        .collect();
    let [(new, _)] = made[..] else { panic!("{} changes", made.len()) };
    let person = provider.person("zoe").await;
    assert_eq!(person.facts.number.0, number + 1, "one change raises the number once");
    let fresh = Browser::new(&provider.issuer);
    assert!(!fresh.sign_in(&fresh.go("/login").await, "zoe", new).await.is_sign_in());
    let lines = Statement::new(
        "SELECT COUNT(*) AS count FROM audit WHERE act = 'password.change' AND object = 'account:zoe'",
        Vec::new(),
    );
    let lines = provider.ctx.db.one(lines).await.unwrap().unwrap();
    assert_eq!(lines.int("count").unwrap(), 2, "the first one, and this one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn orders_that_are_issued_at_once_draw_numbers_of_their_own() {
    let provider = Arc::new(Provider::start().await);
    let ids = at_once(8, |_| {
        let provider = Arc::clone(&provider);
        async move { provider.order(Level::Change).await }
    })
    .await;
    let mut clocks = Vec::new();
    for id in ids {
        let record = store::reset_order::find(&provider.ctx.db, &id).await.unwrap().unwrap();
        clocks.push(record.order.state.force().unwrap().clock.0);
    }
    clocks.sort_unstable();
    assert_eq!(clocks, (1..=8).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_due_order_draws_one_number_however_many_draw_it() {
    let provider = Arc::new(Provider::start().await);
    let second = std::time::Duration::from_secs(1);
    let at = Some(provider.clock.now().plus(second));
    let id = provider.issue(&Proposal { at, ..proposal("academie:13", Level::Recover) }).await;
    provider.clock.advance(second);
    at_once(MANY, |_| {
        let provider = Arc::clone(&provider);
        async move { come_into_force(&provider.ctx).await.unwrap() }
    })
    .await;
    let book = store::reset_order::book(&provider.ctx.db).await.unwrap();
    assert_eq!(book.clock.0, 2, "written, and come into force");
    assert_eq!(book.find(&id).unwrap().state.force().unwrap().clock.0, 2);
}

/// Fifty browsers sign in while an order comes. Whoever began after it gets nothing; what the others got before it is
/// worth nothing after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_gets_in_behind_an_order() {
    for level in [Level::Change, Level::Recover] {
        let wish = Wish::settings(|settings| {
            settings.throttle = ThrottleRules { free: 1000, ceiling: 2000, ..ThrottleRules::CNIL };
        });
        let provider = Arc::new(Provider::start_with(wish).await);
        let portal = Arc::new(RelyingParty::portal(&provider).await);
        let people = ["zoe", "tom", "lea", "mme.roux", "m.blanc"];
        for login in people {
            activate(&provider, login).await;
        }
        let sign_in = |number: usize| {
            let (provider, portal) = (Arc::clone(&provider), Arc::clone(&portal));
            async move {
                let browser = Browser::new(&provider.issuer);
                let page = browser.go(&portal.authorize(&[])).await;
                let page = browser.sign_in(&page, people[number % people.len()], FIRST_PASSWORD).await;
                (browser, page)
            }
        };
        let mut early = JoinSet::new();
        for number in 0..25 {
            early.spawn(sign_in(number));
        }
        // The order comes when some are in, some are on their way and some have not begun.
        let mut met = vec![early.join_next().await.unwrap().unwrap()];
        provider.order(level).await;
        for (_, page) in at_once(25, sign_in).await {
            assert_eq!(page.is_change(), level == Level::Change, "{} {:?}", page.status, page.location());
            assert!(page.parameter("code").is_none(), "{level:?}");
        }
        met.extend(early.join_all().await);
        let mut codes = 0;
        for (browser, page) in met {
            if let Some(code) = page.parameter("code") {
                codes += 1;
                assert_eq!(
                    portal.exchange(&code).await.text("ecluse_interaction"),
                    "password_change_required"
                );
            }
            assert!(browser.go(&portal.authorize(&[])).await.parameter("code").is_none(), "{level:?}");
        }
        assert!(codes > 0, "the first was in before the order");
    }
}
