//! Signing out: by the person, and because a relying party asks (OpenID Connect RP-Initiated Logout 1.0).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{StatusCode, Url};
use serde_json::json;

use crate::browser::{Browser, Page};
use crate::provider::{FIRST_PASSWORD, Provider};
use crate::relying_party::RelyingParty;
use crate::sign_in::{activate, elsewhere, signed_in};

const BYE: &str = "http://127.0.0.1:9999/bye";

/// The address of a logout with these parameters.
fn logout(with: &[(&str, &str)]) -> String {
    let url = Url::parse_with_params("http://x/logout", with).unwrap();
    format!("/logout?{}", url.query().unwrap_or_default())
}

/// Whether the person is asked.
fn asks(page: &Page) -> bool {
    page.body.contains("id=\"sign-out\"")
}

async fn is_signed_in(rp: &RelyingParty, browser: &Browser) -> bool {
    browser.go(&rp.authorize(&[("prompt", "none")])).await.parameter("code").is_some()
}

/// An ID token of this person for this relying party.
async fn hint(rp: &RelyingParty, browser: &Browser) -> String {
    rp.exchange(&rp.code(&browser.go(&rp.authorize(&[])).await)).await.text("id_token")
}

#[tokio::test]
async fn with_a_hint_of_the_session_nobody_is_asked_and_the_state_goes_back_alone() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    activate(&provider, "zoe").await;
    for (state, expected) in [("a b&c", format!("{BYE}?state=a%20b%26c")), ("", BYE.to_owned())] {
        let browser = elsewhere(&provider, "zoe").await;
        let hint = hint(&portal, &browser).await;
        provider.clock.advance(Duration::from_mins(30));
        let mut with = vec![("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE)];
        with.extend((!state.is_empty()).then_some(("state", state)));
        let page = browser.get(&logout(&with)).await;
        assert_eq!((page.status, page.header("location")), (StatusCode::SEE_OTHER, expected.as_str()));
        assert!(!is_signed_in(&portal, &browser).await);
        assert!(browser.go(&portal.authorize(&[])).await.is_sign_in());
        let again = browser.get(&logout(&with)).await;
        assert_eq!(again.header("location"), expected, "twice does no harm");
    }
}

#[tokio::test]
async fn a_post_from_another_site_does_the_same() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let browser = activate(&provider, "zoe").await;
    let hint = hint(&portal, &browser).await;
    let form = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE), ("state", "s")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let page = browser.post_from("https://portal.example", "/logout", &form).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let page = browser.get(&page.location().unwrap()).await;
    assert_eq!(page.header("location"), format!("{BYE}?state=s"));
    assert!(!is_signed_in(&portal, &browser).await);

    let english = [("ui_locales".to_owned(), "en".to_owned())];
    let page = browser.post_from("https://portal.example", "/logout", &english).await;
    let page = browser.go(&page.location().unwrap()).await;
    assert!(page.body.contains("<html lang=\"en\">"));
    let twice = ["a", "b"].map(|state| ("state".to_owned(), state.to_owned()));
    let page = browser.post_from("https://portal.example", "/logout", &twice).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.body.contains("state is given more than once"), "{}", page.body);
}

#[tokio::test]
async fn without_a_hint_the_person_is_asked_and_may_stay() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let browser = activate(&provider, "zoe").await;
    let with = [("client_id", "portal"), ("post_logout_redirect_uri", BYE), ("state", "s")];
    let page = browser.get(&logout(&with)).await;
    assert!(asks(&page) && page.body.contains("zoe"), "{}", page.body);
    assert!(is_signed_in(&portal, &browser).await, "any page can lead here");
    let policy = page.header("content-security-policy");
    let led = policy.split("form-action").nth(1).unwrap();
    assert!(
        led.contains("http://127.0.0.1:9999"),
        "browsers hold the redirect after the form to it: {policy}"
    );
    let page = browser.submit(&page, "/logout/confirm", &[]).await;
    assert_eq!(page.header("location"), format!("{BYE}?state=s"));
    assert!(!is_signed_in(&portal, &browser).await);

    let browser = elsewhere(&provider, "zoe").await;
    let page = browser.go("/logout").await;
    let page = browser.submit(&page, "/logout/confirm", &[]).await;
    assert_eq!((page.status, page.location()), (StatusCode::OK, None));
    assert!(!is_signed_in(&portal, &browser).await);
    assert_eq!(browser.go("/logout").await.status, StatusCode::OK, "nobody is left to be asked");
}

#[tokio::test]
async fn a_hint_that_proves_nothing_leads_nowhere() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let spa = RelyingParty::public(&provider).await;
    let tom = activate(&provider, "tom").await;
    let browser = activate(&provider, "zoe").await;
    let good = hint(&portal, &browser).await;
    let parts: Vec<_> = good.split('.').collect();
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    let forged = [
        "nonsense".to_owned(),
        format!("{none}.{}.", parts[1]),
        format!("{}.{}.{}", parts[0], parts[1], parts[2].chars().rev().collect::<String>()),
    ];
    for hint in &forged {
        let page = browser.get(&logout(&[("id_token_hint", hint), ("post_logout_redirect_uri", BYE)])).await;
        assert!(asks(&page) && page.body.contains("zoe"), "who wants to sign out can: {}", page.body);
        let page = browser.send(&page, "/logout/confirm", &[("state", "s")]).await;
        assert_eq!((page.status, page.location()), (StatusCode::OK, None), "and goes nowhere");
        let page = browser.go("/login").await;
        browser.sign_in(&page, "zoe", FIRST_PASSWORD).await;
        let stranger = Browser::new(&provider.issuer);
        let page = stranger.get(&logout(&[("id_token_hint", hint), ("post_logout_redirect_uri", BYE)])).await;
        assert_eq!((page.status, page.location()), (StatusCode::BAD_REQUEST, None));
    }
    let of_tom = hint(&portal, &tom).await;
    let page = browser.get(&logout(&[("id_token_hint", &of_tom), ("post_logout_redirect_uri", BYE)])).await;
    assert!(asks(&page) && page.body.contains("zoe"), "tom's hint does not sign zoe out");
    let of_spa = hint(&spa, &browser).await;
    let other =
        [("id_token_hint", of_spa.as_str()), ("client_id", "portal"), ("post_logout_redirect_uri", BYE)];
    assert!(asks(&browser.get(&logout(&other)).await), "nor one that was given to another client");
    assert!(is_signed_in(&portal, &browser).await);
}

#[tokio::test]
async fn only_a_registered_address_is_gone_to() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let browser = activate(&provider, "zoe").await;
    let hint = hint(&portal, &browser).await;
    let others = [
        "https://evil.example/bye",
        "http://127.0.0.1:9999/bye?x=1",
        "http://127.0.0.1:9999/bye/",
        "http://127.0.0.1:9999/callback",
        "//evil.example",
        "/",
    ];
    for to in others {
        for with in [("id_token_hint", hint.as_str()), ("client_id", "portal")] {
            let page = browser.get(&logout(&[with, ("post_logout_redirect_uri", to)])).await;
            assert_eq!(page.location(), None, "{to}");
            assert!(!page.body.contains("evil.example"));
        }
    }
    for with in [&[("post_logout_redirect_uri", BYE)][..], &[("client_id", "nobody")]] {
        let stranger = Browser::new(&provider.issuer);
        let page = stranger.get(&logout(with)).await;
        assert_eq!((page.status, page.location()), (StatusCode::BAD_REQUEST, None), "{with:?}");
    }
}

#[tokio::test]
async fn another_sites_page_cannot_say_yes() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let zoe = activate(&provider, "zoe").await;
    let tom = activate(&provider, "tom").await;
    let csrf = |page: &Page| page.fields("/logout/confirm");
    let own = csrf(&zoe.go("/logout").await);
    let toms = csrf(&tom.go("/logout").await);
    let refused = [
        zoe.post_from("https://evil.example", "/logout/confirm", &own).await,
        zoe.post("/logout/confirm", &toms).await,
        zoe.post("/logout/confirm", &[]).await,
    ];
    for page in refused {
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", page.body);
    }
    assert!(is_signed_in(&portal, &zoe).await);
    assert_eq!(zoe.post("/logout/confirm", &own).await.status, StatusCode::OK);
    assert!(!is_signed_in(&portal, &zoe).await);
}

#[tokio::test]
async fn what_was_not_to_outlive_the_session_ends_with_it() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let online = RelyingParty::register(&provider, "online", json!({ "scope": "openid" })).await;
    let (browser, offline) = signed_in(&provider, &portal, "zoe").await;
    let tokens = online.exchange(&online.code(&browser.go(&online.authorize(&[])).await)).await;
    let other = elsewhere(&provider, "zoe").await;

    let page = browser.go("/logout").await;
    browser.submit(&page, "/logout/confirm", &[]).await;
    assert_eq!(online.userinfo(&tokens.text("access_token")).await.error(), (401, "invalid_token"));
    let refreshed = portal.refresh(offline["refresh_token"].as_str().unwrap()).await;
    assert_eq!(refreshed.status, StatusCode::OK, "offline_access is for just that");
    assert!(is_signed_in(&portal, &other).await, "the other browser is another session");
}

#[tokio::test]
async fn signing_out_ends_what_every_sign_in_of_the_browser_gave() {
    let provider = Provider::start().await;
    let online = RelyingParty::register(&provider, "online", json!({ "scope": "openid" })).await;
    let portal = RelyingParty::portal(&provider).await;
    activate(&provider, "zoe").await;
    let browser = elsewhere(&provider, "zoe").await;
    let first = online.exchange(&online.code(&browser.go(&online.authorize(&[])).await)).await;
    let first = first.text("access_token");
    for _ in 0..2 {
        provider.clock.advance(Duration::from_secs(1));
        let page = browser.go(&portal.authorize(&[("prompt", "login")])).await;
        portal.code(&browser.sign_in(&page, "zoe", FIRST_PASSWORD).await);
    }
    assert_eq!(online.userinfo(&first).await.status, StatusCode::OK, "a second sign-in ends nothing");
    let page = browser.go("/logout").await;
    browser.submit(&page, "/logout/confirm", &[]).await;
    assert_eq!(online.userinfo(&first).await.error(), (401, "invalid_token"));
}

#[tokio::test]
async fn a_slip_typed_at_a_signed_in_browser_signs_it_out() {
    let provider = Provider::start().await;
    let online = RelyingParty::register(&provider, "online", json!({ "scope": "openid" })).await;
    activate(&provider, "zoe").await;
    let code = provider.new_code("zoe").await;
    let browser = elsewhere(&provider, "zoe").await;
    let token = online.exchange(&online.code(&browser.go(&online.authorize(&[])).await)).await;
    let token = token.text("access_token");
    provider.clock.advance(Duration::from_secs(1));
    let page = browser.go(&online.authorize(&[("prompt", "login")])).await;
    assert!(browser.sign_in(&page, "zoe", &code).await.is_change());
    assert!(!is_signed_in(&online, &browser).await);
    assert_eq!(online.userinfo(&token).await.error(), (401, "invalid_token"), "nothing is left to sign out");
}
