//! What a thief, a stranger or a hurried hand tries, and what comes of it.

use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::domain::timestamp::Timestamp;
use ecluse::flows::reset_order::issue::Proposal;
use ecluse::store::db::{Batch, Statement};
use reqwest::StatusCode;

use crate::browser::Browser;
use crate::provider::{FIRST_PASSWORD, Provider, proposal};
use crate::relying_party::RelyingParty;
use crate::sign_in::{activate, signed_in};

#[tokio::test]
async fn a_code_does_not_let_the_stolen_password_be_chosen_again() {
    let provider = Provider::start().await;
    activate(&provider, "zoe").await;
    provider.order(Level::Recover).await;
    let code = provider.new_code("zoe").await;
    let browser = Browser::new(&provider.issuer);
    let page = browser.go("/login").await;
    let page = browser.sign_in(&page, "zoe", &code).await;
    let again = browser.change(&page, "", FIRST_PASSWORD).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", again.body);
    assert!(again.is_change());
    assert!(browser.change(&page, "", "Chat-noir7").await.is_success());
}

/// A guardian with two children and one slip each, in two tabs.
#[tokio::test]
async fn a_form_writes_to_the_account_it_was_shown_for_or_to_none() {
    let provider = Provider::start().await;
    let (zoe, tom) = (provider.new_code("zoe").await, provider.new_code("tom").await);
    let browser = Browser::new(&provider.issuer);
    let first = browser.go("/login").await;
    let second = browser.go("/login").await;
    let for_zoe = browser.sign_in(&first, "zoe", &zoe).await;
    let for_tom = browser.sign_in(&second, "tom", &tom).await;
    assert!(for_zoe.is_change() && for_tom.is_change());

    let sent = browser.change(&for_zoe, "", "Chat-noir7").await;
    assert!(!sent.is_success(), "tom holds the browser now");
    assert!(provider.person("tom").await.phc.is_none(), "what was chosen for zoe is not tom's");
    assert!(browser.change(&for_tom, "", "Chien-gris8").await.is_success());
    assert!(provider.person("zoe").await.phc.is_none());
}

/// Two tabs that sign in at the same moment leave a session of one account beside the right to change of another.
#[tokio::test]
async fn a_session_page_never_writes_to_the_account_of_a_code_beside_it() {
    let provider = Provider::start().await;
    let browser = activate(&provider, "zoe").await;
    let shown = browser.go("/account/password").await;
    let code = provider.new_code("tom").await;
    let other = Browser::new(&provider.issuer);
    let page = other.go("/login").await;
    let login = [("login", "tom"), ("password", code.as_str())];
    let pending = other.send(&page, "/login", &login).await.cookie("ecluse_pending");
    let page =
        browser.with_cookie("ecluse_pending", &pending).change(&shown, FIRST_PASSWORD, "Chat-noir7").await;
    assert!(provider.person("tom").await.phc.is_none(), "{}", page.body);
}

#[tokio::test]
async fn forcing_a_change_does_not_soften_a_recovery() {
    let provider = Provider::start().await;
    activate(&provider, "zoe").await;
    provider.force("zoe", Level::Recover).await;
    provider.force("zoe", Level::Change).await;
    let browser = Browser::new(&provider.issuer);
    let page = browser.go("/login").await;
    let page = browser.sign_in(&page, "zoe", FIRST_PASSWORD).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "the stolen password opens nothing");
}

#[tokio::test]
async fn an_order_that_is_due_had_bound_when_it_is_cancelled() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let (browser, tokens) = signed_in(&provider, &portal, "zoe").await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let at = Some(provider.clock.now().plus(Duration::from_mins(5)));
    let order = Proposal { at, ..proposal("academie:13", Level::Recover) };
    let order = provider.issue(&order).await;
    assert_eq!(portal.refresh(refresh).await.status, StatusCode::OK, "not yet");
    provider.clock.advance(Duration::from_mins(6));
    assert_eq!(portal.refresh(refresh).await.text("ecluse_interaction"), "password_change_required");

    provider.cancel(&order).await;
    let answer = portal.refresh(refresh).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "no grant comes back: {answer:?}");
    assert!(browser.go(&portal.authorize(&[])).await.is_sign_in(), "no session comes back");
    let page = browser.go("/login").await;
    let page = browser.sign_in(&page, "zoe", FIRST_PASSWORD).await;
    assert!(page.is_change(), "bound at level change still: {}", page.body);
}

/// 25 failures in a day from browsers nobody knows, whatever the owner does meanwhile (CNIL deliberation 2022-100).
#[tokio::test]
async fn an_owner_who_signs_in_gives_strangers_no_new_guesses() {
    let provider = Provider::start().await;
    activate(&provider, "zoe").await;
    let mut wrong = 0;
    for hour in 0..20 {
        provider.clock.advance(Duration::from_hours(1));
        let owner = Browser::new(&provider.issuer);
        let page = owner.go("/login").await;
        let signed_in = owner.send(&page, "/login", &[("login", "zoe"), ("password", FIRST_PASSWORD)]).await;
        assert!(
            signed_in.status == StatusCode::SEE_OTHER || wrong >= 20,
            "hour {hour}: {}",
            signed_in.status
        );
        let thief = Browser::new(&provider.issuer);
        for _ in 0..4 {
            let page = thief.go("/login").await;
            let page = thief.sign_in(&page, "zoe", "Faux-mot-7").await;
            wrong += u32::from(page.status == StatusCode::UNPROCESSABLE_ENTITY);
        }
    }
    assert!(wrong <= 25, "{wrong} guesses in a day");
}

#[tokio::test]
async fn a_slip_that_is_printed_after_the_deadline_ends_the_pages_that_the_old_password_opened() {
    let provider = Provider::start().await;
    activate(&provider, "zoe").await;
    let deadline: Option<Timestamp> = Some(provider.clock.now().plus(Duration::from_mins(1)));
    let order = Proposal { deadline, ..proposal("class:0860001J/6A", Level::Change) };
    provider.issue(&order).await;
    provider.clock.advance(Duration::from_mins(2));
    let before = provider.person("zoe").await.facts.number;
    provider.slip_at("class:0860001J/6A", "zoe").await;
    assert_ne!(provider.person("zoe").await.facts.number, before, "what the gate answers has changed");
    let now = provider.person("zoe").await.facts.number;
    provider.slip_at("class:0860001J/6A", "zoe").await;
    assert_eq!(provider.person("zoe").await.facts.number, now, "and does not change again");
}

/// Whoever is told to come back finds what was in hand: nothing is used up by a request that was not decided.
#[tokio::test]
async fn what_could_not_be_decided_can_be_tried_again() {
    let provider = Provider::start().await;
    let (portal, spa) = (RelyingParty::portal(&provider).await, RelyingParty::public(&provider).await);
    let (browser, tokens) = signed_in(&provider, &spa, "zoe").await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let code = portal.code(&browser.go(&portal.authorize(&[])).await);
    let waiting = Browser::new(&provider.issuer);
    let page = waiting.go(&portal.authorize(&[])).await;

    provider.break_accounts().await;
    assert_eq!(portal.exchange(&code).await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(spa.refresh(refresh).await.status, StatusCode::SERVICE_UNAVAILABLE);
    let login = [("login", "zoe"), ("password", FIRST_PASSWORD)];
    assert_eq!(waiting.send(&page, "/login", &login).await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(browser.get(&portal.authorize(&[])).await.status, StatusCode::SERVICE_UNAVAILABLE);

    provider.mend_accounts().await;
    assert_eq!(portal.exchange(&code).await.status, StatusCode::OK);
    assert_eq!(spa.refresh(refresh).await.status, StatusCode::OK);
    assert!(waiting.sign_in(&page, "zoe", FIRST_PASSWORD).await.parameter("code").is_some());
    assert!(browser.go(&portal.authorize(&[])).await.parameter("code").is_some());
}

/// The two rows that every decision needs are there from the first migration on. Without one nobody is told that the
/// password was wrong or the token unknown.
#[tokio::test]
async fn a_database_without_its_clock_or_epoch_decides_nothing() {
    for lost in ["DELETE FROM order_clock", "DELETE FROM deployment"] {
        let provider = Provider::start().await;
        let (portal, spa) = (RelyingParty::portal(&provider).await, RelyingParty::public(&provider).await);
        let (browser, tokens) = signed_in(&provider, &spa, "zoe").await;
        let refresh = tokens["refresh_token"].as_str().unwrap();
        let code = portal.code(&browser.go(&portal.authorize(&[])).await);
        let waiting = Browser::new(&provider.issuer);
        let page = waiting.go(&portal.authorize(&[])).await;

        provider.ctx.db.run(Batch::plain(vec![Statement::new(lost, Vec::new())])).await.unwrap();
        assert_eq!(portal.exchange(&code).await.status, StatusCode::SERVICE_UNAVAILABLE, "{lost}");
        assert_eq!(spa.refresh(refresh).await.status, StatusCode::SERVICE_UNAVAILABLE, "{lost}");
        assert_eq!(spa.introspect(refresh).await.status, StatusCode::SERVICE_UNAVAILABLE, "{lost}");
        let login = [("login", "zoe"), ("password", FIRST_PASSWORD)];
        let answer = waiting.send(&page, "/login", &login).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{lost}");
        assert_eq!(
            browser.get(&portal.authorize(&[])).await.status,
            StatusCode::SERVICE_UNAVAILABLE,
            "{lost}"
        );
    }
}
