//! Relying parties are told that sessions are over: each of them, each session, whoever dies on the way.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::flows::account::disable::disable;
use ecluse::outgoing::Reach;
use ecluse::store::clock::Clock;
use ecluse::store::db::{Batch, Statement};
use ecluse::store::seal::MasterKey;

use crate::browser::Browser;
use crate::order_notices::a_class;
use crate::provider::{FIRST_PASSWORD, Provider, Wish, operator};
use crate::receiver::{Manner, Receiver, verified};
use crate::relying_party::{Answer, RelyingParty};
use crate::sign_in::{activate, elsewhere};

/// Somebody who is signed in in this browser arrives at a relying party.
pub(crate) async fn arrive(rp: &RelyingParty, browser: &Browser) -> Answer {
    rp.exchange(&rp.code(&browser.go(&rp.authorize(&[])).await)).await
}

fn sid(tokens: &Answer) -> String {
    tokens.id_token()["sid"].as_str().unwrap().to_owned()
}

async fn sign_out(browser: &Browser) {
    let page = browser.go("/logout").await;
    browser.submit(&page, "/logout/confirm", &[]).await;
}

pub(crate) async fn number(provider: &Provider, sql: &'static str) -> i64 {
    provider.ctx.db.all(Statement::new(sql, Vec::new())).await.unwrap()[0].int(0).unwrap()
}

const WAITING: &str = "SELECT COUNT(*) FROM notice WHERE due_at IS NOT NULL";

#[tokio::test]
async fn signing_out_reaches_every_relying_party_of_the_session_and_no_other_session() {
    let provider = Provider::start().await;
    let (at_portal, at_gradebook) = (Receiver::start().await, Receiver::start().await);
    let portal = at_portal.of(&provider, "portal").await;
    let gradebook = at_gradebook.of(&provider, "gradebook").await;
    let silent = RelyingParty::public(&provider).await;
    let browser = activate(&provider, "zoe").await;
    let other = elsewhere(&provider, "zoe").await;
    arrive(&portal, &other).await;
    arrive(&silent, &browser).await;
    let given = [arrive(&portal, &browser).await, arrive(&gradebook, &browser).await];
    let mut courier = provider.courier();
    courier.round().await.unwrap();
    assert_eq!(at_portal.tokens().len(), 0, "nothing has happened");

    sign_out(&browser).await;
    courier.round().await.unwrap();
    for (receiver, rp, given) in [(&at_portal, &portal, &given[0]), (&at_gradebook, &gradebook, &given[1])] {
        let tokens = receiver.tokens();
        assert_eq!(tokens.len(), 1);
        let claims = verified(&provider, rp, &tokens[0]).await;
        let id_token = given.id_token();
        assert_eq!((&claims["sub"], &claims["sid"]), (&id_token["sub"], &id_token["sid"]));
    }
    courier.round().await.unwrap();
    assert!(at_portal.tokens().is_empty() && at_gradebook.tokens().is_empty(), "once is enough");
    assert_eq!(number(&provider, WAITING).await, 0);
}

#[tokio::test]
async fn whoever_signed_in_twice_in_one_browser_signs_out_of_both() {
    let provider = Provider::start().await;
    let receiver = Receiver::start().await;
    let portal = receiver.of(&provider, "portal").await;
    let browser = activate(&provider, "zoe").await;
    let mut known = vec![sid(&arrive(&portal, &browser).await)];
    provider.clock.advance(Duration::from_mins(1));
    let page = browser.go(&portal.authorize(&[("prompt", "login"), ("scope", "openid")])).await;
    let page = browser.sign_in(&page, "zoe", FIRST_PASSWORD).await;
    known.push(sid(&portal.exchange(&portal.code(&page)).await));
    let mut courier = provider.courier();
    courier.round().await.unwrap();
    assert_eq!(receiver.sids().len(), 0, "she is still signed in");
    // Somebody else takes the browser over.
    activate(&provider, "tom").await;
    provider.clock.advance(Duration::from_mins(1));
    let page = browser.go(&portal.authorize(&[("prompt", "login")])).await;
    browser.sign_in(&page, "tom", FIRST_PASSWORD).await;
    courier.round().await.unwrap();
    known.sort();
    assert_eq!(receiver.sids(), known, "each by the name that the relying party knows");
}

#[tokio::test]
async fn a_change_reaches_every_session_and_so_does_disabling() {
    let provider = Provider::start().await;
    let receiver = Receiver::start().await;
    let portal = receiver.of(&provider, "portal").await;
    let tom = activate(&provider, "tom").await;
    arrive(&portal, &tom).await;
    let browser = activate(&provider, "zoe").await;
    let mut known = Vec::new();
    for browser in [&browser, &elsewhere(&provider, "zoe").await, &elsewhere(&provider, "zoe").await] {
        known.push(sid(&arrive(&portal, browser).await));
    }
    // Access tokens are long dead; what the portal keeps of the sign-in may not be.
    provider.clock.advance(Duration::from_hours(1));
    let page = browser.go("/account/password").await;
    let page = browser.change(&page, FIRST_PASSWORD, "Deuxieme-mot7").await;
    assert!(page.is_success(), "{}", page.body);
    let mut courier = provider.courier();
    courier.round().await.unwrap();
    known.sort();
    assert_eq!(receiver.sids(), known);

    let again = sid(&arrive(&portal, &browser).await);
    disable(&provider.ctx, &operator(), &["zoe".to_owned()]).await.unwrap().unwrap();
    courier.round().await.unwrap();
    assert_eq!(receiver.sids(), [again], "what ended before is not told of twice");
}

#[tokio::test]
async fn a_dead_receiver_and_a_silent_one_delay_nobody() {
    let provider = Provider::start_with(Wish::settings(|settings| {
        settings.notices.ahead = 100;
        settings.notices.timeout = Duration::from_hours(1);
    }))
    .await;
    let [living, dead, silent] = [Receiver::start().await, Receiver::start().await, Receiver::start().await];
    for (receiver, id) in [(&living, "living"), (&dead, "dead"), (&silent, "silent")] {
        receiver.of(&provider, id).await;
    }
    dead.behaves(Manner::Answers(503));
    silent.behaves(Manner::Sleeps);
    let sids = a_class(&provider, 450, &["living", "dead", "silent"]).await;
    provider.order_for("departement:086", Level::Recover).await;
    let worker = tokio::spawn(provider.courier().run());
    living.has_heard(450).await;
    silent.has_heard(8).await;
    worker.abort();
    assert_eq!(living.sids(), sids);
    assert_eq!(silent.tokens().len(), 8, "and is asked no more at once");
    for sql in [
        "SELECT COUNT(*) FROM notice WHERE client_id = 'dead'",
        "SELECT COUNT(*) FROM notice WHERE client_id = 'silent'",
    ] {
        let ahead = number(&provider, sql).await;
        assert!((100..=300).contains(&ahead), "{ahead} ahead of somebody who hears nothing");
    }
}

#[tokio::test]
async fn however_many_wait_a_dead_receiver_is_asked_by_a_few_and_gets_all_when_it_is_back() {
    let provider = Provider::start().await;
    let receiver = Receiver::start().await;
    receiver.of(&provider, "portal").await;
    let mut sids = a_class(&provider, 700, &["portal"]).await;
    receiver.behaves(Manner::Answers(503));
    provider.order_for("departement:086", Level::Recover).await;
    let mut courier = provider.courier();
    courier.round().await.unwrap();
    // The order is told by pages, and each page is tried.
    assert!(receiver.tokens().len() < 350, "far from each of 700");
    let once = "SELECT COUNT(*) FROM notice WHERE attempts = 1 AND failure = 'answered 503'";
    assert_eq!(number(&provider, once).await, 700, "what was not tried counts as tried");
    for _ in 0..2 {
        provider.clock.advance(Duration::from_mins(1));
        courier.round().await.unwrap();
        courier.round().await.unwrap();
        assert_eq!(receiver.tokens().len(), 32, "one batch");
        assert_eq!(number(&provider, WAITING).await, 700);
    }
    provider.clock.advance(Duration::from_mins(1));
    receiver.behaves(Manner::Answers(200));
    courier.round().await.unwrap();
    sids.sort();
    assert_eq!(receiver.sids(), sids, "each once");
    assert_eq!(number(&provider, WAITING).await, 0);
}

#[tokio::test]
async fn what_a_dead_receiver_never_took_is_given_up_tried_or_not() {
    let provider = Provider::start().await;
    let receiver = Receiver::start().await;
    receiver.of(&provider, "portal").await;
    a_class(&provider, 100, &["portal"]).await;
    receiver.behaves(Manner::Answers(503));
    provider.order_for("departement:086", Level::Recover).await;
    let mut courier = provider.courier();
    for _ in 0..3 {
        courier.round().await.unwrap();
        assert_eq!(number(&provider, WAITING).await, 100);
        provider.clock.advance(Duration::from_mins(1));
    }
    courier.round().await.unwrap();
    assert_eq!(number(&provider, WAITING).await, 0, "four attempts are all");
    let parked = "SELECT COUNT(*) FROM notice WHERE parked_at IS NOT NULL AND attempts = 4";
    assert_eq!(number(&provider, parked).await, 100);
}

#[tokio::test]
async fn what_fails_is_tried_again_as_the_same_and_then_given_up() {
    let provider = Provider::start().await;
    let receiver = Receiver::start().await;
    let portal = receiver.of(&provider, "portal").await;
    let browser = activate(&provider, "zoe").await;
    arrive(&portal, &browser).await;
    receiver.behaves(Manner::Answers(500));
    sign_out(&browser).await;
    let mut courier = provider.courier();
    let mut jtis = Vec::new();
    for wait in [10, 20, 40] {
        courier.round().await.unwrap();
        courier.round().await.unwrap();
        jtis.extend(receiver.claims().iter().map(|claims| claims["jti"].clone()));
        provider.clock.advance(Duration::from_secs(wait / 2 - 1));
        courier.round().await.unwrap();
        assert!(receiver.tokens().is_empty(), "not before half of {wait} s");
        provider.clock.advance(Duration::from_secs(wait / 2 + 1));
    }
    assert_eq!(jtis.len(), 3);
    jtis.dedup();
    assert_eq!(jtis.len(), 1, "whoever got it knows it again");
    courier.round().await.unwrap();
    assert_eq!(receiver.tokens().len(), 1);
    assert_eq!(number(&provider, WAITING).await, 0, "four attempts are all");
    assert_eq!(number(&provider, "SELECT COUNT(*) FROM notice WHERE failure = 'answered 500'").await, 1);
}

/// The command line beside the provider, on the same database.
pub(crate) fn ecluse(provider: &Provider, arguments: &[&str]) -> (Option<i32>, String) {
    let home = provider.home.path();
    let key = home.join("master.key");
    if !key.exists() {
        fs::write(&key, MasterKey::text_of([7; 32]).expose()).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        let stores = provider.stores.settings(home);
        let settings = format!(
            "[server]\nissuer = \"http://127.0.0.1:1\"\n[keys]\nmaster_key_file = \"master.key\"\n{stores}"
        );
        fs::write(home.join("ecluse.toml"), settings).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_ecluse"))
        .args(arguments)
        .current_dir(home)
        .env_clear()
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code(), text)
}

#[tokio::test]
async fn what_was_refused_is_listed_and_sent_again_by_hand() {
    let provider = Provider::start_with(Wish { clock: Clock::system(), ..Wish::default() }).await;
    let receiver = Receiver::start().await;
    let portal = receiver.of(&provider, "portal").await;
    let browser = activate(&provider, "zoe").await;
    let known = sid(&arrive(&portal, &browser).await);
    receiver.behaves(Manner::Answers(400));
    sign_out(&browser).await;
    let mut courier = provider.courier();
    courier.round().await.unwrap();
    courier.round().await.unwrap();
    let first = receiver.claims();
    assert_eq!(first.len(), 1, "a refusal is final");

    let (code, listed) = ecluse(&provider, &["notice", "list", "--json"]);
    assert_eq!(code, Some(0), "{listed}");
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let expected = ("portal", "given up", "answered 400");
    let said = |member: &str| listed[0][member].as_str().unwrap();
    assert_eq!((said("client_id"), said("state"), said("failure")), expected);
    assert!(!listed.to_string().contains(&known) && !listed.to_string().contains("zoe"));
    assert_eq!(ecluse(&provider, &["notice", "retry"]).0, Some(2), "which?");
    assert_eq!(ecluse(&provider, &["notice", "retry", "another"]).0, Some(3));
    courier.round().await.unwrap();
    assert_eq!(receiver.tokens().len(), 0);

    receiver.behaves(Manner::Answers(204));
    let (code, said) = ecluse(&provider, &["notice", "retry", said("id")]);
    assert_eq!(code, Some(0), "{said}");
    courier.round().await.unwrap();
    let again = receiver.claims();
    assert_eq!((again.len(), &again[0]["jti"]), (1, &first[0]["jti"]));
    assert_eq!(number(&provider, "SELECT COUNT(*) FROM audit WHERE act = 'notice.retry'").await, 1);
    assert_eq!(
        ecluse(&provider, &["notice", "retry", "--all"]).0,
        Some(0),
        "nothing is left, and that is fine"
    );
    courier.round().await.unwrap();
    assert_eq!(receiver.tokens().len(), 0);
}

#[tokio::test]
async fn nobody_is_told_where_no_registration_may_lead() {
    let provider = Provider::start().await;
    let (receiver, elsewhere) = (Receiver::start().await, Receiver::start().await);
    let portal = receiver.of(&provider, "portal").await;
    let browser = activate(&provider, "zoe").await;
    arrive(&portal, &browser).await;
    sign_out(&browser).await;
    provider.courier_with(Reach::default()).round().await.unwrap();
    assert_eq!(receiver.tokens().len(), 0, "a private address");
    let failed = "SELECT COUNT(*) FROM notice WHERE failure LIKE 'its address%' AND due_at IS NOT NULL";
    assert_eq!(number(&provider, failed).await, 1);

    receiver.behaves(Manner::Redirects(elsewhere.uri.clone()));
    provider.clock.advance(Duration::from_mins(1));
    provider.courier().round().await.unwrap();
    assert_eq!((receiver.tokens().len(), elsewhere.tokens().len()), (1, 0));
    assert_eq!(number(&provider, "SELECT COUNT(*) FROM notice WHERE failure = 'answered 307'").await, 1);
}

#[tokio::test]
async fn a_receiver_that_is_no_longer_registered_is_not_told() {
    let provider = Provider::start().await;
    let receiver = Receiver::start().await;
    let portal = receiver.of(&provider, "portal").await;
    let browser = activate(&provider, "zoe").await;
    arrive(&portal, &browser).await;
    sign_out(&browser).await;
    let gone = Statement::new("DELETE FROM client WHERE id = 'portal'", Vec::new());
    provider.ctx.db.run(Batch::plain(vec![gone])).await.unwrap();
    provider.courier().round().await.unwrap();
    assert_eq!(receiver.tokens().len(), 0);
    ecluse::flows::tidy::tidy(&provider.ctx).await.unwrap();
    assert_eq!(number(&provider, "SELECT COUNT(*) FROM notice").await, 0);
}
