//! The browser's session: how long it lives, whose it is, and what it becomes when somebody signs in, changes the
//! password or hands the browser over.

use std::time::Duration;

use ecluse::domain::level::Level;
use reqwest::StatusCode;
use serde_json::json;

use crate::browser::{Browser, Page};
use crate::provider::{FIRST_PASSWORD, Provider, Wish};
use crate::relying_party::RelyingParty;
use crate::sign_in::{activate, elsewhere};

const NEW_PASSWORD: &str = "Chat-noir7";

async fn is_signed_in(rp: &RelyingParty, browser: &Browser) -> bool {
    let page = browser.go(&rp.authorize(&[("prompt", "none")])).await;
    let error = page.parameter("error");
    assert!(error.as_deref().is_none_or(|error| error == "login_required"), "{error:?}");
    error.is_none()
}

/// Somebody else's browser that got hold of a cookie.
fn thief(provider: &Provider, name: &str, value: &str) -> Browser {
    Browser::new(&provider.issuer).with_cookie(name, value)
}

/// Signs in on the page, following nothing, so that the cookies can be looked at.
async fn sign_in(browser: &Browser, page: &Page, login: &str, password: &str) -> Page {
    browser.send(page, "/login", &[("login", login), ("password", password)]).await
}

#[tokio::test]
async fn it_ends_when_it_was_idle_for_two_hours() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let browser = activate(&provider, "zoe").await;
    for _ in 0..3 {
        provider.clock.advance(Duration::from_hours(2) - Duration::from_micros(1));
        assert!(is_signed_in(&portal, &browser).await, "each request renews it");
    }
    provider.clock.advance(Duration::from_hours(2));
    assert!(!is_signed_in(&portal, &browser).await);
    assert!(browser.go("/account/password").await.is_sign_in());
    assert!(!browser.go("/").await.body.contains("zoe"));
}

#[tokio::test]
async fn it_ends_twelve_hours_after_the_sign_in_whatever_is_done_with_it() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let browser = activate(&provider, "zoe").await;
    for _ in 0..11 {
        provider.clock.advance(Duration::from_hours(1));
        assert!(is_signed_in(&portal, &browser).await);
    }
    provider.clock.advance(Duration::from_hours(1) - Duration::from_micros(1));
    assert!(is_signed_in(&portal, &browser).await);
    provider.clock.advance(Duration::from_micros(1));
    assert!(!is_signed_in(&portal, &browser).await);
}

#[tokio::test]
async fn a_relying_partys_silence_does_not_keep_it_alive_but_its_tokens_go_on() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let browser = activate(&provider, "zoe").await;
    let tokens = portal.exchange(&portal.code(&browser.go(&portal.authorize(&[])).await)).await;
    for _ in 0..13 {
        provider.clock.advance(Duration::from_hours(1));
        let refreshed = portal.refresh(&tokens.text("refresh_token")).await;
        assert_eq!(refreshed.status, StatusCode::OK, "offline_access outlives the session");
    }
    assert!(!is_signed_in(&portal, &browser).await, "and does not prolong it");
}

#[tokio::test]
async fn every_sign_in_and_every_change_makes_a_new_one_and_ends_the_old() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    activate(&provider, "zoe").await;
    let browser = Browser::new(&provider.issuer);
    let planted = browser.with_cookie("ecluse_session", "planted-by-somebody-else");
    let page = planted.go("/login").await;
    let first = sign_in(&planted, &page, "zoe", FIRST_PASSWORD).await.cookie("ecluse_session");
    assert_ne!(first, "planted-by-somebody-else");
    assert!(first.len() >= 43, "256 bits");
    assert!(is_signed_in(&portal, &thief(&provider, "ecluse_session", &first)).await);

    provider.clock.advance(Duration::from_mins(1));
    let page = browser.go(&portal.authorize(&[("prompt", "login")])).await;
    let second = sign_in(&browser, &page, "zoe", FIRST_PASSWORD).await.cookie("ecluse_session");
    assert!(!is_signed_in(&portal, &thief(&provider, "ecluse_session", &first)).await, "the old id is dead");

    let page = browser.go("/account/password").await;
    let fields = [
        ("current_password", FIRST_PASSWORD),
        ("new_password", NEW_PASSWORD),
        ("confirmation", NEW_PASSWORD),
    ];
    let third = browser.send(&page, "/account/password", &fields).await.cookie("ecluse_session");
    assert_ne!(second, third);
    assert!(!is_signed_in(&portal, &thief(&provider, "ecluse_session", &second)).await);
    assert!(is_signed_in(&portal, &browser).await, "the session in hand goes on");
}

#[tokio::test]
async fn a_change_ends_every_other_browser() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let browser = activate(&provider, "zoe").await;
    let other = elsewhere(&provider, "zoe").await;
    assert!(is_signed_in(&portal, &other).await);
    let page = browser.go("/account/password").await;
    assert!(browser.change(&page, FIRST_PASSWORD, NEW_PASSWORD).await.is_success());
    assert!(is_signed_in(&portal, &browser).await);
    assert!(!is_signed_in(&portal, &other).await);
}

#[tokio::test]
async fn whoever_takes_over_the_browser_takes_nothing_over_with_it() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let online = RelyingParty::register(&provider, "online", json!({ "scope": "openid profile" })).await;
    let browser = activate(&provider, "zoe").await;
    activate(&provider, "tom").await;
    let tokens = online.exchange(&online.code(&browser.go(&online.authorize(&[])).await)).await;
    let code = portal.code(&browser.go(&portal.authorize(&[])).await);

    provider.clock.advance(Duration::from_secs(1));
    let page = browser.go(&portal.authorize(&[("prompt", "select_account")])).await;
    let page = browser.sign_in(&page, "tom", FIRST_PASSWORD).await;
    let claims = portal.userinfo(&portal.exchange(&portal.code(&page)).await.text("access_token")).await;
    assert_eq!(claims.body["preferred_username"], "tom");
    assert_eq!(portal.exchange(&code).await.error(), (400, "invalid_grant"), "zoe's session ended first");
    assert_eq!(
        online.userinfo(&tokens.text("access_token")).await.error(),
        (401, "invalid_token"),
        "as if signed out"
    );
    assert!(browser.go("/").await.body.contains("tom"));

    let code = provider.new_code("zoe").await;
    provider.clock.advance(Duration::from_secs(1));
    let page = browser.go(&portal.authorize(&[("prompt", "login")])).await;
    assert!(browser.sign_in(&page, "zoe", &code).await.is_change(), "a code takes over as well");
    let silent = browser.go(&portal.authorize(&[("prompt", "none")])).await;
    assert_eq!(silent.parameter("error").as_deref(), Some("interaction_required"), "tom's session ended");
}

#[tokio::test]
async fn without_a_relying_party_one_signs_in_and_is_at_home() {
    let provider = Provider::start().await;
    activate(&provider, "zoe").await;
    let browser = Browser::new(&provider.issuer);
    assert!(!browser.go("/").await.body.contains("/logout"));
    let page = browser.go("/login").await;
    assert!(!page.body.contains("id=\"cancel\""), "nobody waits for an answer");
    let page = browser.sign_in(&page, "zoe", FIRST_PASSWORD).await;
    assert!(page.is_change() && page.url.ends_with("/account/password"), "{}", page.url);
    let home = browser.go("/").await;
    assert!(home.body.contains("zoe") && home.body.contains("/logout"), "{}", home.body);
    let page = browser.change(&page, FIRST_PASSWORD, NEW_PASSWORD).await;
    assert!(page.is_success() && page.on().ends_with('/'), "{}", page.body);
}

#[tokio::test]
async fn a_deployment_may_lead_back_to_the_sign_in_page_after_a_change() {
    let wish = || Wish::settings(|settings| settings.signs_in_after_change = false);
    let provider = Provider::start_with(wish()).await;
    let portal = RelyingParty::portal(&provider).await;
    let code = provider.new_code("zoe").await;
    let browser = Browser::new(&provider.issuer);
    let page = browser.go(&portal.authorize(&[("prompt", "change_password")])).await;
    let page = browser.sign_in(&page, "zoe", &code).await;
    let page = browser.change(&page, "", FIRST_PASSWORD).await;
    assert!(page.is_success(), "{}", page.body);
    let page = browser.go(&page.on()).await;
    assert!(page.is_sign_in(), "{}", page.body);
    let page = browser.sign_in(&page, "zoe", FIRST_PASSWORD).await;
    assert!(!portal.code(&page).is_empty(), "the request was kept");

    provider.order(Level::Change).await;
    let page = browser.go("/account/password").await;
    let page = browser.change(&page, FIRST_PASSWORD, NEW_PASSWORD).await;
    assert!(page.is_success(), "{}", page.body);
    assert!(!is_signed_in(&portal, &browser).await);
    assert!(browser.go(&page.on()).await.is_sign_in());
}
