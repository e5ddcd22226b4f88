//! The token endpoint: who may ask, codes that work once, refresh tokens that rotate or stay, scopes that only shrink.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::provider::Provider;
use crate::relying_party::{Answer, REDIRECT_URI, RelyingParty, VERIFIER};
use crate::sign_in::{activate, signed_in};

/// A code for this relying party, from a browser that is signed in.
async fn code(rp: &RelyingParty, browser: &Browser) -> String {
    rp.code(&browser.go(&rp.authorize(&[])).await)
}

fn exchange(code: &str) -> [(&str, &str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ]
}

#[tokio::test]
async fn a_client_authenticates_as_it_was_registered_and_in_no_other_way() {
    let provider = Provider::start().await;
    let browser = activate(&provider, "zoe").await;
    let basic = RelyingParty::portal(&provider).await;
    let post = RelyingParty::register(
        &provider,
        "post",
        json!({ "token_endpoint_auth_method": "client_secret_post" }),
    )
    .await;
    let public = RelyingParty::public(&provider).await;
    let secret = |rp: &RelyingParty| rp.secret.clone().unwrap_or_else(|| "none".to_owned());
    for rp in [&basic, &post, &public] {
        let (id, secret) = (("client_id", rp.id.as_str()), secret(rp));
        let in_form = ("client_secret", secret.as_str());
        let code = code(rp, &browser).await;
        let good = exchange(&code);
        let header = rp.send("/token", Some(&secret), &good).await;
        let form = rp.send("/token", None, &[&good[..], &[id, in_form]].concat()).await;
        let neither = rp.send("/token", None, &[&good[..], &[id]].concat()).await;
        let answers = [(&header, "portal"), (&form, "post"), (&neither, "spa")];
        for (answer, allowed) in answers {
            if rp.id == allowed {
                assert_eq!(answer.status, StatusCode::OK, "{} {answer:?}", rp.id);
                assert_eq!(answer.header("cache-control"), "no-store");
                assert_eq!(answer.body["token_type"], "Bearer");
                assert_eq!(answer.body["expires_in"], 600);
            } else {
                assert_eq!(answer.error(), (401, "invalid_client"), "{} {answer:?}", rp.id);
                assert!(answer.header("www-authenticate").starts_with("Basic realm="));
            }
        }
    }
}

#[tokio::test]
async fn what_is_no_authentication() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let (browser, _) = signed_in(&provider, &portal, "zoe").await;
    let code = code(&portal, &browser).await;
    let form = exchange(&code);
    let wrong = portal.send("/token", Some("another secret"), &form).await;
    assert_eq!(wrong.error(), (401, "invalid_client"));
    let stranger = [&form[..], &[("client_id", "stranger"), ("client_secret", "s")]].concat();
    let unknown = portal.send("/token", None, &stranger).await;
    assert_eq!((unknown.status, &unknown.body), (wrong.status, &wrong.body), "which one it was is not told");
    let nothing = portal.send("/token", None, &form).await;
    assert_eq!(nothing.error(), (401, "invalid_client"));
    let secret = portal.secret.clone().unwrap();
    let twice = [&form[..], &[("client_secret", &secret)]].concat();
    assert_eq!(portal.send("/token", Some(&secret), &twice).await.error(), (400, "invalid_request"));
    let other = [&form[..], &[("client_id", "other")]].concat();
    assert_eq!(portal.send("/token", Some(&secret), &other).await.error(), (400, "invalid_request"));
    let bearer = Answer::of(portal.post("/token").bearer_auth("x").form(&form)).await;
    assert_eq!(bearer.error(), (401, "invalid_client"));
    assert_eq!(portal.exchange(&code).await.status, StatusCode::OK, "none of it used the code up");
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_in_json() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let table: [(&[(&str, &str)], &str); 7] = [
        (&[], "invalid_request"),
        (&[("grant_type", "password"), ("username", "zoe")], "unsupported_grant_type"),
        (&[("grant_type", "client_credentials")], "unauthorized_client"),
        (&[("grant_type", "authorization_code")], "invalid_request"),
        (&[("grant_type", "refresh_token")], "invalid_request"),
        (&[("grant_type", "refresh_token"), ("grant_type", "refresh_token")], "invalid_request"),
        (&[("grant_type", "refresh_token"), ("refresh_token", "never given")], "invalid_grant"),
    ];
    for (form, error) in table {
        let answer = portal.token(form).await;
        assert_eq!(answer.error(), (400, error), "{form:?}");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("content-type"), "application/json");
    }
    let json = Answer::of(portal.post("/token").json(&json!({ "grant_type": "refresh_token" }))).await;
    assert_eq!(json.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let large = portal.token(&[("grant_type", &"x".repeat(40_000))]).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_code_that_comes_back_takes_away_what_it_gave() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let spa = RelyingParty::public(&provider).await;
    let browser = activate(&provider, "zoe").await;
    let code = code(&portal, &browser).await;
    let tokens = portal.exchange(&code).await;
    let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
    assert!(code.len() >= 43 && access.len() >= 43 && refresh.len() >= 43, "256 bits");

    assert_eq!(spa.exchange(&code).await.error(), (400, "invalid_grant"));
    assert_eq!(portal.introspect(&access).await.body["active"], true, "a stranger's attempt revokes nothing");
    assert_eq!(portal.exchange(&code).await.error(), (400, "invalid_grant"));
    assert_eq!(portal.introspect(&access).await.body, json!({ "active": false }));
    assert_eq!(portal.userinfo(&access).await.error(), (401, "invalid_token"));
    assert_eq!(portal.refresh(&refresh).await.error(), (400, "invalid_grant"));
    provider.clock.advance(Duration::from_secs(90));
    assert_eq!(portal.exchange(&code).await.error(), (400, "invalid_grant"), "nor later");
}

#[tokio::test]
async fn a_code_is_bound_to_its_client_address_and_verifier_and_a_wrong_try_uses_it_up() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let spa = RelyingParty::public(&provider).await;
    let browser = activate(&provider, "zoe").await;
    let other_verifier = VERIFIER.replace('a', "b");
    let wrong: [(&str, &str, bool); 5] = [
        ("redirect_uri", "http://127.0.0.1:9999/callback2", true),
        ("code_verifier", &other_verifier, true),
        ("code_verifier", "", true),
        ("redirect_uri", "", false),
        ("code_verifier", "too-short", false),
    ];
    for (name, value, is_a_try) in wrong {
        let code = code(&portal, &browser).await;
        let form = exchange(&code).map(|(key, given)| (key, if key == name { value } else { given }));
        let answer = portal.token(&form).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{name} {value} {answer:?}");
        let again = portal.exchange(&code).await;
        assert_eq!(again.status != StatusCode::OK, is_a_try, "{name} {value}");
    }
    let code = code(&portal, &browser).await;
    assert_eq!(spa.exchange(&code).await.error(), (400, "invalid_grant"));
}

#[tokio::test]
async fn a_code_lives_for_a_minute_and_not_longer_than_its_session() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let browser = activate(&provider, "zoe").await;
    let [in_time, late, orphan] =
        [code(&portal, &browser).await, code(&portal, &browser).await, code(&portal, &browser).await];
    provider.clock.advance(Duration::from_mins(1) - Duration::from_micros(1));
    assert_eq!(portal.exchange(&in_time).await.status, StatusCode::OK);
    let page = browser.go("/logout").await;
    assert_eq!(browser.submit(&page, "/logout/confirm", &[]).await.status, StatusCode::OK);
    assert_eq!(portal.exchange(&orphan).await.error(), (400, "invalid_grant"), "signed out in between");
    provider.clock.advance(Duration::from_micros(1));
    assert_eq!(portal.exchange(&late).await.error(), (400, "invalid_grant"));
}

#[tokio::test]
async fn of_many_exchanges_of_one_code_at_once_at_most_one_succeeds() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let spa = RelyingParty::public(&provider).await;
    let browser = activate(&provider, "zoe").await;
    let one = code(&portal, &browser).await;
    let given = tokio::join!(portal.exchange(&one), portal.exchange(&one), portal.exchange(&one));
    let won = [&given.0, &given.1, &given.2].iter().filter(|answer| answer.status == StatusCode::OK).count();
    assert!(won <= 1, "{given:?}");

    let two = spa.exchange(&code(&spa, &browser).await).await.text("refresh_token");
    let given = tokio::join!(spa.refresh(&two), spa.refresh(&two), spa.refresh(&two));
    let won = [&given.0, &given.1, &given.2].iter().filter(|answer| answer.status == StatusCode::OK).count();
    assert!(won <= 1, "{given:?}");
}

#[tokio::test]
async fn a_public_clients_refresh_token_rotates_and_an_old_one_ends_the_family() {
    let provider = Provider::start().await;
    let spa = RelyingParty::public(&provider).await;
    let browser = activate(&provider, "zoe").await;
    let first = spa.exchange(&code(&spa, &browser).await).await;
    let unrelated = spa.exchange(&code(&spa, &browser).await).await;
    let second = spa.refresh(&first.text("refresh_token")).await;
    let third = spa.refresh(&second.text("refresh_token")).await;
    assert_eq!(third.status, StatusCode::OK, "{third:?}");
    assert_ne!(first.text("refresh_token"), second.text("refresh_token"));

    assert_eq!(spa.refresh(&first.text("refresh_token")).await.error(), (400, "invalid_grant"));
    for tokens in [&first, &second, &third] {
        assert_eq!(spa.introspect(&tokens.text("access_token")).await.body, json!({ "active": false }));
    }
    assert_eq!(spa.refresh(&third.text("refresh_token")).await.error(), (400, "invalid_grant"));
    assert_eq!(spa.refresh(&unrelated.text("refresh_token")).await.status, StatusCode::OK, "another sign-in");
}

#[tokio::test]
async fn a_confidential_clients_refresh_token_stays_until_thirty_days_after_the_sign_in() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let spa = RelyingParty::public(&provider).await;
    let (_, tokens) = signed_in(&provider, &portal, "zoe").await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    for _ in 0..2 {
        provider.clock.advance(Duration::from_hours(24));
        let again = portal.refresh(refresh).await;
        assert_eq!(again.status, StatusCode::OK, "{again:?}");
        assert_eq!(again.body.get("refresh_token"), None);
    }
    assert_eq!(spa.refresh(refresh).await.error(), (400, "invalid_grant"), "another client's");
    provider.clock.advance(Duration::from_hours(28 * 24) - Duration::from_micros(1));
    assert_eq!(portal.refresh(refresh).await.status, StatusCode::OK);
    provider.clock.advance(Duration::from_micros(1));
    assert_eq!(portal.refresh(refresh).await.error(), (400, "invalid_grant"));
}

#[tokio::test]
async fn a_refresh_may_ask_for_less_and_gets_no_more_than_that() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let (_, tokens) = signed_in(&provider, &portal, "zoe").await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let narrowed = async |scope: &str| {
        portal.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh), ("scope", scope)]).await
    };
    let less = narrowed("openid").await;
    assert_eq!(less.body["scope"], "openid");
    let access = less.text("access_token");
    let claims = portal.userinfo(&access).await.body;
    assert_eq!(claims.as_object().unwrap().keys().collect::<Vec<_>>(), ["sub"], "{claims}");
    assert_eq!(portal.introspect(&access).await.body["scope"], "openid");

    let none = narrowed("profile").await;
    assert_eq!(none.body.get("id_token"), None);
    assert_eq!(portal.userinfo(&none.text("access_token")).await.error(), (403, "insufficient_scope"));
    assert_eq!(narrowed("openid phone").await.error(), (400, "invalid_scope"));
    let all = narrowed("").await;
    assert_eq!(
        all.body["scope"], "openid profile email ent offline_access",
        "the grant itself did not shrink"
    );
}

#[tokio::test]
async fn offline_access_is_for_clients_that_were_registered_for_it_and_ask() {
    let provider = Provider::start().await;
    let browser = activate(&provider, "zoe").await;
    let online = RelyingParty::register(&provider, "online", json!({ "scope": "openid profile" })).await;
    let tokens = online.exchange(&code(&online, &browser).await).await;
    assert_eq!(tokens.body["scope"], "openid profile", "what was given is said");
    assert_eq!(tokens.body.get("refresh_token"), None);
    let portal = RelyingParty::portal(&provider).await;
    let page = browser.go(&portal.authorize(&[("scope", "openid")])).await;
    let tokens = portal.exchange(&portal.code(&page)).await;
    assert_eq!(tokens.body.get("refresh_token"), None);
    assert_eq!(tokens.body["scope"], Value::from("openid"));
}
