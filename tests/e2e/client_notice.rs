//! A relying party that shows its own notice: told once, then back with `prompt=change_password`; and what a voluntary
//! change is.

use std::time::Duration;

use ecluse::domain::level::Level;
use reqwest::StatusCode;
use serde_json::json;

use crate::browser::{Browser, Page};
use crate::provider::{FIRST_PASSWORD, Provider};
use crate::relying_party::RelyingParty;
use crate::sign_in::activate;

const NEW_PASSWORD: &str = "Chat-noir7";
const FRESH: (&str, &str) = ("prompt", "change_password");

/// Whether the relying party was told, in exactly these words.
fn is_notice(provider: &Provider, page: &Page) -> bool {
    if page.parameter("error").as_deref() != Some("interaction_required") {
        return false;
    }
    assert_eq!(page.parameters(), ["error", "error_description", "error_uri", "state", "iss"]);
    let uri = format!("{}/errors/password_change_required", provider.issuer);
    assert_eq!(page.parameter("error_uri"), Some(uri));
    assert_eq!(page.parameter("state").as_deref(), Some("the-state"));
    true
}

/// Whether the relying party was told that the user gave up the change.
fn is_declined(provider: &Provider, page: &Page) -> bool {
    let uri = format!("{}/errors/password_change_declined", provider.issuer);
    page.parameter("error").as_deref() == Some("access_denied") && page.parameter("error_uri") == Some(uri)
}

#[tokio::test]
async fn it_is_told_once_and_its_fresh_request_is_answered_with_a_code() {
    let provider = Provider::start().await;
    let gradebook = RelyingParty::gradebook(&provider).await;
    activate(&provider, "zoe").await;
    provider.order(Level::Change).await;

    let browser = Browser::new(&provider.issuer);
    let page = browser.go(&gradebook.authorize(&[])).await;
    assert!(page.is_sign_in(), "nobody is told anything about nobody");
    let wrong = browser.sign_in(&page, "zoe", "Faux-mot-7").await;
    assert_eq!((wrong.status, wrong.location()), (StatusCode::UNPROCESSABLE_ENTITY, None));
    let notice = browser.sign_in(&page, "zoe", FIRST_PASSWORD).await;
    assert!(is_notice(&provider, &notice), "{:?} {}", notice.location(), notice.body);

    let fresh = gradebook.authorize(&[FRESH, ("state", "the-state"), ("nonce", "another")]);
    let page = browser.go(&fresh).await;
    assert!(page.is_change(), "who just signed in is not asked to sign in again: {}", page.body);
    let page = browser.change(&page, FIRST_PASSWORD, NEW_PASSWORD).await;
    let page = browser.go(&page.on()).await;
    let tokens = gradebook.exchange(&gradebook.code(&page)).await;
    assert_eq!(tokens.id_token()["nonce"], "another", "the code is the fresh request's");
    assert!(browser.go(&gradebook.authorize(&[])).await.parameter("code").is_some());
}

#[tokio::test]
async fn a_relying_party_that_ignores_the_signal_works_one_bounce_later() {
    let provider = Provider::start().await;
    let gradebook = RelyingParty::gradebook(&provider).await;
    let browser = activate(&provider, "zoe").await;
    provider.order(Level::Change).await;
    let ask = || gradebook.authorize(&[]);
    assert!(is_notice(&provider, &browser.go(&ask()).await), "a live session is enough to be told");
    for _ in 0..2 {
        assert!(browser.go(&ask()).await.is_change(), "hosted from then on");
        provider.clock.advance(Duration::from_mins(4));
    }
    provider.clock.advance(Duration::from_mins(2) - Duration::from_micros(1));
    assert!(browser.go(&ask()).await.is_change());
    provider.clock.advance(Duration::from_micros(1));
    assert!(is_notice(&provider, &browser.go(&ask()).await), "told again after ten minutes");
    let page = browser.go(&ask()).await;
    let page = browser.change(&page, FIRST_PASSWORD, NEW_PASSWORD).await;
    assert!(browser.go(&page.on()).await.parameter("code").is_some());
}

#[tokio::test]
async fn every_relying_party_is_told_for_itself_and_each_person() {
    let provider = Provider::start().await;
    let gradebook = RelyingParty::gradebook(&provider).await;
    let notice = json!({ "ecluse_password_change_mode": "client_notice" });
    let other = RelyingParty::register(&provider, "other", notice).await;
    let portal = RelyingParty::portal(&provider).await;
    let zoe = activate(&provider, "zoe").await;
    let tom = activate(&provider, "tom").await;
    provider.order(Level::Change).await;
    assert!(zoe.go(&portal.authorize(&[])).await.is_change(), "op_hosted is told nothing");
    assert!(is_notice(&provider, &zoe.go(&gradebook.authorize(&[])).await));
    assert!(is_notice(&provider, &zoe.go(&other.authorize(&[])).await));
    assert!(is_notice(&provider, &tom.go(&gradebook.authorize(&[])).await));
}

#[tokio::test]
async fn a_silent_request_does_not_use_the_notice_up() {
    let provider = Provider::start().await;
    let gradebook = RelyingParty::gradebook(&provider).await;
    let browser = activate(&provider, "zoe").await;
    provider.order(Level::Change).await;
    for _ in 0..2 {
        assert!(is_notice(&provider, &browser.go(&gradebook.authorize(&[("prompt", "none")])).await));
    }
    assert!(is_notice(&provider, &browser.go(&gradebook.authorize(&[])).await));
}

#[tokio::test]
async fn giving_up_is_told_so_that_no_client_tries_again_by_itself() {
    let provider = Provider::start().await;
    let gradebook = RelyingParty::gradebook(&provider).await;
    let portal = RelyingParty::portal(&provider).await;
    let browser = activate(&provider, "zoe").await;
    provider.order(Level::Change).await;
    assert!(is_notice(&provider, &browser.go(&gradebook.authorize(&[])).await));
    for address in [gradebook.authorize(&[FRESH]), gradebook.authorize(&[]), portal.authorize(&[])] {
        let page = browser.go(&address).await;
        let answer = browser.submit(&page, "/cancel", &[]).await;
        assert!(is_declined(&provider, &answer), "{:?}", answer.location());
        assert_eq!(answer.parameters(), ["error", "error_description", "error_uri", "state", "iss"]);
        let again = browser.send(&page, "/cancel", &[]).await;
        assert_eq!(again.status, StatusCode::GONE, "the request is answered");
    }
    let stranger = Browser::new(&provider.issuer);
    let page = stranger.go(&portal.authorize(&[])).await;
    let answer = stranger.submit(&page, "/cancel", &[]).await;
    assert_eq!(answer.parameters(), ["error", "error_description", "state", "iss"], "no change was declined");
    assert_eq!(answer.parameter("error").as_deref(), Some("access_denied"));
}

#[tokio::test]
async fn a_change_made_in_another_tab_satisfies_the_fresh_request() {
    let provider = Provider::start().await;
    let gradebook = RelyingParty::gradebook(&provider).await;
    let browser = activate(&provider, "zoe").await;
    provider.order(Level::Change).await;
    assert!(is_notice(&provider, &browser.go(&gradebook.authorize(&[])).await));
    provider.clock.advance(Duration::from_mins(1));
    let page = browser.go("/account/password").await;
    assert!(browser.change(&page, FIRST_PASSWORD, NEW_PASSWORD).await.is_success());
    provider.clock.advance(Duration::from_mins(1));
    let page = browser.go(&gradebook.authorize(&[FRESH])).await;
    assert!(page.parameter("code").is_some(), "{}", page.body);

    provider.clock.advance(Duration::from_mins(1));
    let page = browser.go(&gradebook.authorize(&[FRESH])).await;
    assert!(page.is_change(), "once: the next one is a wish of its own");
}

#[tokio::test]
async fn a_page_that_is_open_when_the_change_is_made_elsewhere_goes_on() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let browser = activate(&provider, "zoe").await;
    provider.order(Level::Change).await;
    let waiting = browser.go(&portal.authorize(&[])).await;
    let page = browser.go("/account/password").await;
    assert!(browser.change(&page, FIRST_PASSWORD, NEW_PASSWORD).await.is_success());
    let page = browser.change(&waiting, FIRST_PASSWORD, "Un-autre-mot8").await;
    assert!(page.parameter("code").is_some(), "nothing is left to change: {} {}", page.status, page.body);
    let fresh = Browser::new(&provider.issuer);
    let page = fresh.go("/login").await;
    assert!(!fresh.sign_in(&page, "zoe", NEW_PASSWORD).await.is_sign_in(), "the first change counts");
}

#[tokio::test]
async fn at_level_recover_the_provider_hosts_because_the_code_was_typed_here() {
    let provider = Provider::start().await;
    let gradebook = RelyingParty::gradebook(&provider).await;
    let browser = activate(&provider, "zoe").await;
    provider.order(Level::Recover).await;
    let slip = provider.slip("zoe").await;
    let page = browser.go(&gradebook.authorize(&[])).await;
    assert!(page.is_sign_in(), "the session is void: {:?}", page.location());
    let page = browser.sign_in(&page, "zoe", &slip).await;
    assert!(page.is_change(), "{:?}", page.location());
    let page = browser.change(&page, "", NEW_PASSWORD).await;
    assert!(browser.go(&page.on()).await.parameter("code").is_some());
}

#[tokio::test]
async fn with_an_open_gate_a_change_is_the_users_own_wish() {
    let provider = Provider::start().await;
    let (portal, gradebook) =
        (RelyingParty::portal(&provider).await, RelyingParty::gradebook(&provider).await);
    for (rp, login) in [(portal, "zoe"), (gradebook, "tom")] {
        let browser = activate(&provider, login).await;
        provider.clock.advance(Duration::from_mins(1));
        let page = browser.go(&rp.authorize(&[FRESH])).await;
        assert!(page.is_change() && page.body.contains("id=\"current_password\""), "{}", page.body);
        let answer = browser.submit(&page, "/cancel", &[]).await;
        assert!(is_declined(&provider, &answer));
        assert!(browser.go(&rp.authorize(&[])).await.parameter("code").is_some(), "nothing was lost by it");

        let before = rp.exchange(&rp.code(&browser.go(&rp.authorize(&[])).await)).await;
        let page = browser.go(&rp.authorize(&[FRESH])).await;
        let page = browser.change(&page, FIRST_PASSWORD, NEW_PASSWORD).await;
        let page = browser.go(&page.on()).await;
        let tokens = rp.exchange(&rp.code(&page)).await;
        assert_eq!(tokens.id_token()["auth_time"], provider.clock.now().seconds());
        let old = rp.refresh(&before.text("refresh_token")).await;
        assert_eq!(old.error(), (400, "invalid_grant"), "a change ends what was held, also a voluntary one");
    }
}

#[tokio::test]
async fn a_fresh_sign_in_and_a_change_may_be_asked_for_together() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let browser = activate(&provider, "zoe").await;
    provider.clock.advance(Duration::from_mins(1));
    let page = browser.go(&portal.authorize(&[("prompt", "login change_password")])).await;
    assert!(page.is_sign_in(), "{}", page.body);
    let page = browser.sign_in(&page, "zoe", FIRST_PASSWORD).await;
    assert!(page.is_change(), "{} {:?}", page.body, page.location());
    let page = browser.change(&page, FIRST_PASSWORD, NEW_PASSWORD).await;
    assert!(browser.go(&page.on()).await.parameter("code").is_some());
}
