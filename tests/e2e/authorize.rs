//! The authorization endpoint: what is refused and who is told, what the session is good for, and what makes people sign
//! in again.

use std::time::Duration;

use ecluse::domain::level::Level;
use reqwest::{StatusCode, Url};
use serde_json::json;

use crate::browser::{Browser, Page};
use crate::provider::{FIRST_PASSWORD, Provider};
use crate::relying_party::{REDIRECT_URI, RelyingParty};
use crate::sign_in::activate;

/// The parameters of an address, for a form.
fn form_of(address: &str) -> Vec<(String, String)> {
    Url::parse(address).unwrap().query_pairs().into_owned().collect()
}

/// Both ways of sending a request, from another site's page.
async fn both_ways(browser: &Browser, address: &str) -> [Page; 2] {
    let get = browser.get(address).await;
    let post = browser.post_from("https://portal.example", "/authorize", &form_of(address)).await;
    [get, post]
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_told_to_the_relying_party() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let browser = Browser::new(&provider.issuer);
    let long = "x".repeat(4097);
    let table: [(&[(&str, &str)], &str); 22] = [
        (&[("response_type", "")], "invalid_request"),
        (&[("response_type", "token")], "unsupported_response_type"),
        (&[("response_type", "code id_token")], "unsupported_response_type"),
        (&[("response_mode", "fragment")], "invalid_request"),
        (&[("scope", "")], "invalid_scope"),
        (&[("scope", "profile")], "invalid_scope"),
        (&[("scope", "OPENID")], "invalid_scope"),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("code_challenge_method", "")], "invalid_request"),
        (&[("code_challenge", "too-short")], "invalid_request"),
        (&[("prompt", "none login")], "invalid_request"),
        (&[("prompt", "none change_password")], "invalid_request"),
        (&[("prompt", "create")], "invalid_request"),
        (&[("max_age", "-1")], "invalid_request"),
        (&[("max_age", "soon")], "invalid_request"),
        (&[("request", "e30.e30.")], "request_not_supported"),
        (&[("request_uri", "https://portal.example/r")], "request_uri_not_supported"),
        (&[("nonce", &long)], "invalid_request"),
        (&[("id_token_hint", "nonsense")], "invalid_request"),
        (&[("id_token_hint", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.")], "invalid_request"),
        (&[("prompt", "none")], "login_required"),
    ];
    for (with, error) in table {
        for page in both_ways(&browser, &portal.authorize(with)).await {
            let page = follow(&browser, page).await;
            assert_eq!(page.status, StatusCode::SEE_OTHER, "{with:?}");
            let location = page.location().unwrap();
            assert!(location.starts_with(&format!("{REDIRECT_URI}?")), "{with:?} {location}");
            assert_eq!(page.parameters(), ["error", "error_description", "state", "iss"], "{with:?}");
            assert_eq!(page.parameter("error").as_deref(), Some(error), "{with:?}");
            assert_eq!(page.parameter("state").as_deref(), Some("the-state"));
            assert_eq!(page.parameter("iss").as_deref(), Some(provider.issuer.as_str()));
            let description = page.parameter("error_description").unwrap();
            let allowed = |byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E);
            assert!(description.bytes().all(allowed), "{description}");
        }
    }
}

/// As a browser does, as long as it stays at the provider.
async fn follow(browser: &Browser, page: Page) -> Page {
    match page.location() {
        Some(next) if next.starts_with(browser.issuer()) => browser.go(&next).await,
        _ => page,
    }
}

#[tokio::test]
async fn a_parameter_that_comes_twice_is_refused() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let browser = Browser::new(&provider.issuer);
    for name in
        ["state", "scope", "response_type", "nonce", "prompt", "max_age", "code_challenge", "login_hint"]
    {
        let address = format!("{}&{name}=1&{name}=1", portal.authorize(&[(name, "")]));
        let page = browser.get(&address).await;
        assert_eq!(page.parameter("error").as_deref(), Some("invalid_request"), "{name}");
        let state = (name != "state").then_some("the-state");
        assert_eq!(page.parameter("state").as_deref(), state, "no value is better than one of two");
    }
    let page = browser.get(&format!("{}&unknown=1&unknown=2", portal.authorize(&[]))).await;
    assert!(page.location().unwrap().contains("/interaction/"), "what nobody knows may come as it likes");
}

#[tokio::test]
async fn where_nothing_can_be_trusted_there_is_a_page_and_no_redirect() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let browser = Browser::new(&provider.issuer);
    let mut addresses: Vec<_> = [
        ("client_id", ""),
        ("client_id", "portail"),
        ("client_id", "PORTAL"),
        ("redirect_uri", ""),
        ("redirect_uri", "https://evil.example/callback"),
        ("redirect_uri", "http://127.0.0.1:9999/callback?"),
        ("redirect_uri", "http://127.0.0.1:9999/callback/"),
        ("redirect_uri", "http://127.0.0.1:9999/callback#"),
        ("redirect_uri", "http://127.0.0.1:9999/./callback"),
        ("redirect_uri", "http://127.0.0.1:9998/callback"),
        ("redirect_uri", "HTTP://127.0.0.1:9999/callback"),
        ("redirect_uri", "http://127.0.0.1:9999/callback\n"),
        ("redirect_uri", "http://127.0.0.1:9999@evil.example/callback"),
    ]
    .iter()
    .map(|with| portal.authorize(&[*with]))
    .collect();
    // One byte away at each place of the registered address.
    for at in 0..REDIRECT_URI.len() {
        let mut other = REDIRECT_URI.to_owned();
        other.replace_range(at..=at, if &other[at..=at] == "x" { "y" } else { "x" });
        addresses.push(portal.authorize(&[("redirect_uri", &other)]));
    }
    let good = portal.authorize(&[]);
    addresses.push(format!("{good}&client_id=portal"));
    addresses.push(format!("{good}&redirect_uri={}", REDIRECT_URI.replace(':', "%3A")));
    addresses.push(format!("{good}&x=%ff"));
    addresses.push(format!("{good}{}", "&x".repeat(200)));
    for address in addresses {
        let page = browser.get(&address).await;
        assert_eq!((page.status, page.location()), (StatusCode::BAD_REQUEST, None), "{address}");
        assert!(!page.body.contains("evil.example"), "the page must not lead there either");
        assert!(page.headers.get("set-cookie").is_none());
    }
}

#[tokio::test]
async fn a_state_goes_back_as_it_came() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let browser = activate(&provider, "zoe").await;
    let states =
        ["s".repeat(128), "s".repeat(2048), "a+b%20c d&e=f#?é\u{10348}\"'<>\\".to_owned(), "%00".to_owned()];
    for state in states {
        for with in [[("state", state.as_str()), ("prompt", "none")], [("state", &state), ("max_age", "x")]] {
            for page in both_ways(&browser, &portal.authorize(&with)).await {
                let page = follow(&browser, page).await;
                assert_eq!(page.parameter("state").as_deref(), Some(state.as_str()));
            }
        }
    }
    let without = browser.get(&portal.authorize(&[("state", "")])).await;
    assert_eq!(without.parameters(), ["code", "iss"], "none is made up");
}

#[tokio::test]
async fn a_registered_address_keeps_its_query() {
    let provider = Provider::start().await;
    let uri = "http://127.0.0.1:9999/callback?from=op&x=%7e+1";
    let portal = RelyingParty::register(&provider, "query", json!({ "redirect_uris": [uri] })).await;
    let browser = activate(&provider, "zoe").await;
    for with in [("prompt", "none"), ("max_age", "x")] {
        let page = browser.get(&portal.authorize(&[("redirect_uri", uri), with])).await;
        assert!(page.header("location").starts_with(&format!("{uri}&")), "{}", page.header("location"));
    }
}

#[tokio::test]
async fn wishes_and_unknown_parameters_never_fail() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let browser = activate(&provider, "zoe").await;
    let wishes = [
        ("display", "touch"),
        ("ui_locales", "xx de-DE-1996 <script>"),
        ("claims_locales", "fr"),
        ("acr_values", "urn:mace:incommon:iap:silver 2"),
        ("login_hint", "somebody\u{7}else"),
        ("claims", "{\"userinfo\":{\"name\":{\"essential\":true}}}"),
        ("scope", "openid phone address offline_access something"),
        ("prompt", "consent"),
        ("response_mode", "query"),
        ("nonce", ""),
        ("audience", "https://api.example"),
        ("max_age", "99999999999999999999"),
    ];
    for with in wishes {
        let page = browser.go(&portal.authorize(&[with])).await;
        assert!(!portal.code(&page).is_empty(), "{with:?}");
    }
}

#[tokio::test]
async fn a_client_that_was_registered_without_may_leave_out_pkce() {
    let provider = Provider::start().await;
    let old = RelyingParty::register(&provider, "old", json!({ "ecluse_pkce_required": false })).await;
    let browser = activate(&provider, "zoe").await;
    let page = browser.go(&old.authorize(&[("code_challenge", ""), ("code_challenge_method", "")])).await;
    let form = [("grant_type", "authorization_code"), ("redirect_uri", REDIRECT_URI)];
    let code = old.code(&page);
    let tokens = old.token(&[form[0], form[1], ("code", &code)]).await;
    assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
    let page = browser.go(&old.authorize(&[("code_challenge_method", "plain")])).await;
    assert_eq!(page.parameter("error").as_deref(), Some("invalid_request"), "plain is no PKCE even so");
}

#[tokio::test]
async fn the_pages_speak_the_language_that_was_asked_for() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let browser = Browser::new(&provider.issuer);
    for (wish, language) in [("en-GB fr", "en"), ("de en", "en"), ("fr-FR", "fr"), ("de", "fr"), ("", "fr")] {
        let with = [("ui_locales", wish), ("login_hint", "z\"<b>oé")];
        for page in both_ways(&browser, &portal.authorize(&with)).await {
            let page = follow(&browser, page).await;
            assert!(page.is_sign_in(), "{}", page.body);
            assert!(page.body.contains(&format!("<html lang=\"{language}\">")), "{wish}");
            assert!(!page.body.contains("<b>"), "the hint is text");
            assert!(page.body.contains("oé\""), "the hint is in the field");
        }
    }
}

/// Signs in again in the page that was shown, and returns the claims of the new ID token.
async fn claims(portal: &RelyingParty, browser: &Browser, page: Page) -> serde_json::Value {
    let page = if page.is_sign_in() { browser.sign_in(&page, "zoe", FIRST_PASSWORD).await } else { page };
    portal.exchange(&portal.code(&page)).await.id_token()
}

#[tokio::test]
async fn prompt_login_and_max_age_make_people_sign_in_again_and_nothing_else_moves_the_time_of_it() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let browser = activate(&provider, "zoe").await;
    let start = provider.clock.now().seconds();
    let first = claims(&portal, &browser, browser.go(&portal.authorize(&[])).await).await;
    assert_eq!(first["auth_time"], start);
    provider.clock.advance(Duration::from_mins(1));
    for with in
        [&[][..], &[("prompt", "none")], &[("max_age", "60")], &[("prompt", "none"), ("max_age", "60")]]
    {
        let page = browser.go(&portal.authorize(with)).await;
        assert!(!page.is_sign_in(), "{with:?}");
        let again = claims(&portal, &browser, page).await;
        assert_eq!((&again["auth_time"], &again["sub"]), (&first["auth_time"], &first["sub"]));
    }
    let late = browser.go(&portal.authorize(&[("prompt", "none"), ("max_age", "59")])).await;
    assert_eq!(late.parameter("error").as_deref(), Some("login_required"));
    for with in [("max_age", "59"), ("max_age", "0"), ("prompt", "login"), ("prompt", "select_account")] {
        provider.clock.advance(Duration::from_mins(1));
        let page = browser.go(&portal.authorize(&[with])).await;
        assert!(page.is_sign_in(), "{with:?}");
        let again = claims(&portal, &browser, page).await;
        assert_eq!(again["auth_time"], provider.clock.now().seconds(), "{with:?}");
        assert_eq!(again["sub"], first["sub"]);
    }
}

#[tokio::test]
async fn an_id_token_hint_lets_in_whom_it_names_and_nobody_else() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let zoe = activate(&provider, "zoe").await;
    let tom = activate(&provider, "tom").await;
    let tokens = portal.exchange(&portal.code(&zoe.go(&portal.authorize(&[])).await)).await;
    let hint = tokens.text("id_token");
    let silent = portal.authorize(&[("prompt", "none"), ("id_token_hint", &hint)]);
    assert!(zoe.go(&silent).await.parameter("code").is_some());
    assert_eq!(tom.go(&silent).await.parameter("error").as_deref(), Some("login_required"));
    provider.clock.advance(Duration::from_mins(30));
    assert!(zoe.go(&silent).await.parameter("code").is_some(), "a hint does not expire");

    let asked = portal.authorize(&[("id_token_hint", &hint)]);
    let page = tom.go(&asked).await;
    assert!(page.is_sign_in(), "tom may hand the browser over");
    let page = tom.sign_in(&page, "tom", FIRST_PASSWORD).await;
    assert_eq!(page.parameter("error").as_deref(), Some("login_required"), "{:?}", page.location());
    provider.clock.advance(Duration::from_secs(1));
    let page = tom.go(&asked).await;
    let page = tom.sign_in(&page, "zoe", FIRST_PASSWORD).await;
    assert!(page.parameter("code").is_some(), "{}", page.body);
}

#[tokio::test]
async fn a_hint_of_somebody_else_is_not_told_that_the_gate_is_closed() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let zoe = activate(&provider, "zoe").await;
    let hint = portal.exchange(&portal.code(&zoe.go(&portal.authorize(&[])).await)).await.text("id_token");
    activate(&provider, "tom").await;
    let tom = Browser::new(&provider.issuer);
    provider.order(Level::Change).await;
    let page = tom.go("/login").await;
    assert!(tom.sign_in(&page, "tom", FIRST_PASSWORD).await.is_change());
    let silent = |hint| portal.authorize(&[("prompt", "none"), ("id_token_hint", hint)]);
    assert_eq!(tom.go(&silent("")).await.parameter("error").as_deref(), Some("interaction_required"));
    assert_eq!(tom.go(&silent(&hint)).await.parameter("error").as_deref(), Some("login_required"));
    provider.clock.advance(Duration::from_secs(1));
    let page = tom.go(&portal.authorize(&[("id_token_hint", &hint)])).await;
    assert!(page.is_sign_in(), "{}", page.body);
}

#[tokio::test]
async fn the_right_to_change_is_no_session_once_the_order_is_lifted() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    activate(&provider, "zoe").await;
    let order = provider.order(Level::Change).await;
    let browser = Browser::new(&provider.issuer);
    let page = browser.go(&portal.authorize(&[])).await;
    let page = browser.sign_in(&page, "zoe", FIRST_PASSWORD).await;
    assert!(page.is_change());
    provider.cancel(&order).await;
    let silent = browser.go(&portal.authorize(&[("prompt", "none")])).await;
    assert_eq!(silent.parameter("error").as_deref(), Some("login_required"), "nobody has to change any more");
    let page = browser.change(&page, FIRST_PASSWORD, "Chat-noir7").await;
    assert!(page.is_sign_in(), "nor is anybody held on the page: {} {}", page.status, page.body);
    let page = browser.sign_in(&page, "zoe", FIRST_PASSWORD).await;
    assert!(portal.exchange(&portal.code(&page)).await.status.is_success());
}
