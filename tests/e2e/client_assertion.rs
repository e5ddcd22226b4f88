//! A client that proves itself by what it signed: once, for this provider, with a key of its own.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ecluse::domain::client::SigningAlgorithm;
use ecluse::flows::step::Step;
use ecluse::flows::tidy::tidy;
use ecluse::oidc::client_assertion::ASSERTION_TYPE;
use ecluse::oidc::jws::SigningKey;
use ecluse::store::db::{Batch, Statement};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::provider::{Provider, Wish};
use crate::relying_party::{Answer, REDIRECT_URI, RelyingParty, VERIFIER};
use crate::robot::{Robot, members};
use crate::sign_in::activate;
use crate::stop::Stop;

/// What a client is told whose authentication failed, whatever failed of it.
fn assert_refused(answer: &Answer, why: &str) {
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{why}: {answer:?}");
    let body = json!({ "error": "invalid_client", "error_description": "client authentication failed" });
    assert_eq!(answer.body, body, "{why}");
    assert!(answer.header("www-authenticate").starts_with("Basic realm="), "{why}");
}

type Form<'a> = &'a [(&'a str, &'a str)];

fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

#[tokio::test]
async fn a_key_of_each_algorithm_proves_a_client() {
    let provider = Provider::start().await;
    activate(&provider, "m.blanc").await;
    for algorithm in SigningAlgorithm::ALL {
        let robot = Robot::with(&provider, algorithm.as_str(), members("m.blanc"), algorithm).await;
        let access = robot.access().await;
        assert_eq!(robot.introspect(&access).await.body["active"], true, "{algorithm:?}");
        let revoke = robot.send("/revoke", &robot.assertion(), &[("token", &access)]).await;
        assert_eq!(revoke.status, StatusCode::OK);
        assert_eq!(robot.introspect(&access).await.body, json!({ "active": false }));
    }
}

#[tokio::test]
async fn what_is_wrong_with_an_assertion_is_not_told() {
    let provider = Provider::start().await;
    activate(&provider, "m.blanc").await;
    let robot = Robot::of(&provider, "robot", "m.blanc").await;
    let other = Robot::of(&provider, "other", "m.blanc").await;
    let now = provider.clock.now().seconds();
    let issuer = &provider.issuer;
    for (claims, why) in [
        (json!({ "exp": now - 10 }), "expired"),
        (json!({ "exp": now + 3611 }), "for too long"),
        (json!({ "exp": null }), "for ever"),
        (json!({ "iat": now + 11 }), "made later"),
        (json!({ "nbf": now + 11 }), "of later"),
        (json!({ "aud": format!("{issuer}/token") }), "for an endpoint"),
        (json!({ "aud": [issuer] }), "for a list"),
        (json!({ "aud": [issuer, "https://other.example"] }), "for others, too"),
        (json!({ "aud": null }), "for nobody"),
        (json!({ "iss": "other" }), "by another"),
        (json!({ "sub": "nobody" }), "of nobody"),
        (json!({ "iss": "other", "sub": "other" }), "of another, with the own key"),
        (json!({ "jti": null }), "without jti"),
        (json!({ "jti": "" }), "with an empty jti"),
    ] {
        assert_refused(&robot.present(&robot.assertion_with(&claims)).await, why);
    }

    let good = robot.assertion();
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let payload = signed.split_once('.').unwrap().1;
    let kid = robot.key.kid();
    let with_header = |header: Value| format!("{}.{payload}.{signature}", encoded(&header));
    let public = serde_json::to_vec(robot.key.public_jwk()).unwrap();
    let hmac = jsonwebtoken::Header { kid: Some(kid.to_owned()), ..jsonwebtoken::Header::default() };
    let hmac = jsonwebtoken::encode(
        &hmac,
        &robot.claims(&json!({})),
        &jsonwebtoken::EncodingKey::from_secret(&public),
    );
    let own_key = json!({ "alg": "ES256", "jwk": other.key.public_jwk() });
    let by_other = other.key.sign("JWT", &robot.claims(&json!({}))).unwrap();
    let (by_other_text, by_other_signature) = by_other.expose().rsplit_once('.').unwrap();
    let brought =
        format!("{}.{}.{by_other_signature}", encoded(&own_key), by_other_text.split_once('.').unwrap().1);
    for (assertion, why) in [
        (format!("{}.{payload}.", encoded(&json!({ "alg": "none", "kid": kid }))), "alg none"),
        (format!("{signed}."), "without a signature"),
        (with_header(json!({ "alg": "RS256", "kid": kid })), "another algorithm"),
        (hmac.unwrap(), "the public key as a secret"),
        (by_other.expose().to_owned(), "another client's key"),
        (brought, "a key that it brings along"),
        (
            robot.key.sign("dpop+jwt", &robot.claims(&json!({}))).unwrap().expose().to_owned(),
            "another kind of token",
        ),
        ("x".to_owned(), "no token"),
    ] {
        assert_refused(&robot.present(&assertion).await, why);
    }
    let form = [("grant_type", "client_credentials"), ("client_assertion", &good)];
    assert_refused(&robot.party.send("/token", None, &form).await, "without its type");
    let form = [("grant_type", "client_credentials"), ("client_id", "other")];
    assert_refused(&robot.send("/token", &good, &form).await, "with another client_id");
    assert_eq!(robot.present(&good).await.status, StatusCode::OK, "and nothing of all this has used it up");
}

#[tokio::test]
async fn a_clock_that_is_a_little_off_does_no_harm() {
    let provider = Provider::start().await;
    activate(&provider, "m.blanc").await;
    let robot = Robot::of(&provider, "robot", "m.blanc").await;
    let now = provider.clock.now().seconds();
    for claims in [
        json!({ "iat": now + 10, "nbf": now + 10, "exp": now + 3610 }),
        json!({ "iat": now - 69, "exp": now - 9 }),
        json!({ "iat": null }),
    ] {
        let answer = robot.present(&robot.assertion_with(&claims)).await;
        assert_eq!(answer.status, StatusCode::OK, "{claims}: {answer:?}");
    }
}

#[tokio::test]
async fn one_method_at_a_time_and_the_registered_one() {
    let provider = Provider::start().await;
    activate(&provider, "m.blanc").await;
    let robot = Robot::of(&provider, "robot", "m.blanc").await;
    let by_secret = RelyingParty::register(&provider, "secret", members("m.blanc")).await;
    let good = robot.assertion();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", good.as_str()),
    ];
    let both = robot.party.send("/token", Some("secret"), &form).await;
    assert_eq!(both.error(), (400, "invalid_request"));
    let both = robot.party.send("/token", None, &[&form[..], &[("client_secret", "secret")]].concat()).await;
    assert_eq!(both.error(), (400, "invalid_request"));
    let grant = [("grant_type", "client_credentials")];
    assert_eq!(robot.party.send("/token", Some("secret"), &grant).await.error(), (401, "invalid_client"));
    let alone = [("grant_type", "client_credentials"), ("client_id", "robot")];
    assert_eq!(robot.party.send("/token", None, &alone).await.error(), (401, "invalid_client"));
    let claims = robot.claims(&json!({ "iss": "secret", "sub": "secret" }));
    let for_secret = robot.key.sign("JWT", &claims).unwrap();
    assert_refused(&robot.present(for_secret.expose()).await, "a client with another method");
    assert_eq!(by_secret.token(&grant).await.status, StatusCode::OK);
    assert_eq!(robot.present(&good).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_assertion_is_used_up_wherever_it_was_shown_and_whatever_came_of_it() {
    let provider = Provider::start().await;
    activate(&provider, "m.blanc").await;
    let robot = Robot::of(&provider, "robot", "m.blanc").await;
    let other = Robot::of(&provider, "other", "m.blanc").await;
    let credentials: Form<'_> = &[("grant_type", "client_credentials")];
    let token: Form<'_> = &[("token", "never given")];
    let uses: [(&str, Form<'_>, u16); 5] = [
        ("/token", credentials, 200),
        ("/token", &[("grant_type", "client_credentials"), ("scope", "roles:grant")], 400),
        ("/token", &[("grant_type", "authorization_code"), ("code", "none"), ("redirect_uri", "none")], 400),
        ("/introspect", token, 200),
        ("/revoke", token, 200),
    ];
    for (path, form, status) in uses {
        let assertion = robot.assertion();
        assert_eq!(robot.send(path, &assertion, form).await.status.as_u16(), status, "{path} {form:?}");
        for (path, form) in [("/token", credentials), ("/introspect", token), ("/revoke", token)] {
            assert_refused(&robot.send(path, &assertion, form).await, "seen before");
        }
    }
    let same = json!({ "jti": "the same" });
    assert_eq!(robot.present(&robot.assertion_with(&same)).await.status, StatusCode::OK);
    assert_eq!(other.present(&other.assertion_with(&same)).await.status, StatusCode::OK, "of another client");
    assert_refused(&robot.present(&robot.assertion_with(&same)).await, "signed anew with the same jti");
}

#[tokio::test]
async fn a_use_is_remembered_as_long_as_it_could_be_repeated_and_not_for_ever() {
    let provider = Provider::start().await;
    activate(&provider, "m.blanc").await;
    let robot = Robot::of(&provider, "robot", "m.blanc").await;
    let assertion = robot.assertion();
    assert_eq!(robot.present(&assertion).await.status, StatusCode::OK);
    let remembered = async || {
        let sql = Statement::new("SELECT COUNT(*) AS many FROM used_assertion", Vec::new());
        provider.ctx.db.one(sql).await.unwrap().unwrap().int("many").unwrap()
    };
    provider.clock.advance(Duration::from_secs(69));
    tidy(&provider.ctx).await.unwrap();
    assert_eq!(remembered().await, 1);
    assert_refused(&robot.present(&assertion).await, "at the very end of its life");
    provider.clock.advance(Duration::from_hours(1));
    tidy(&provider.ctx).await.unwrap();
    assert_eq!(remembered().await, 0);
    assert_refused(&robot.present(&assertion).await, "long after");
}

const ISSUER: &str = "https://id.example.org";

/// Two programs on one database, known under one name.
async fn replicas(stop: &Stop) -> [Provider; 2] {
    let first =
        Provider::start_with(Wish { issuer: Some(ISSUER), steps: stop.steps(), ..Wish::default() }).await;
    let second = Provider::start_with(Wish {
        issuer: Some(ISSUER),
        stores: Some(Arc::clone(&first.stores)),
        clock: first.clock.clone(),
        ..Wish::default()
    })
    .await;
    first.choose("m.blanc", "Premier-mot7").await;
    [first, second]
}

/// The same program, talking to each of the two.
async fn at_both(replicas: &[Provider; 2]) -> [Robot; 2] {
    let here = Robot::of(&replicas[0], "robot", "m.blanc").await;
    let mut there = Robot::of(&replicas[1], "robot", "m.blanc").await;
    let der = here.key.pkcs8().unwrap();
    there.key = SigningKey::from_pkcs8(SigningAlgorithm::Es256, &der).unwrap();
    [here, there]
}

#[tokio::test]
async fn of_two_replicas_that_are_shown_one_assertion_at_once_one_takes_it() {
    let stop = Stop::new();
    let replicas = replicas(&stop).await;
    let [here, there] = at_both(&replicas).await;
    let assertion = here.assertion();
    let (late, early) =
        stop.between(Step::AssertionVerified, here.present(&assertion), there.present(&assertion)).await;
    assert_eq!(early.status, StatusCode::OK, "{early:?}");
    assert_refused(&late, "verified before it was used elsewhere");
    for _ in 0..20 {
        let assertion = here.assertion();
        let (one, two, three, four) = tokio::join!(
            here.present(&assertion),
            there.present(&assertion),
            here.introspect_by(&assertion),
            there.introspect_by(&assertion),
        );
        let answers = [one, two, three, four];
        let taken = answers.iter().filter(|answer| answer.status == StatusCode::OK).count();
        assert_eq!(taken, 1, "{answers:?}");
        for refused in answers.iter().filter(|answer| answer.status != StatusCode::OK) {
            assert_refused(refused, "one of four");
        }
    }
}

#[tokio::test]
async fn a_relying_party_exchanges_and_refreshes_with_its_key() {
    let provider = Provider::start().await;
    let portal = Robot::with(&provider, "keyed", json!({}), SigningAlgorithm::EdDsa).await;
    let browser = activate(&provider, "zoe").await;
    let code = portal.party.code(&browser.go(&portal.party.authorize(&[])).await);
    let exchange = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ];
    let assertion = portal.assertion();
    let tokens = portal.send("/token", &assertion, &exchange).await;
    assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
    assert_refused(&portal.send("/token", &assertion, &exchange).await, "seen before");
    let refresh = tokens.text("refresh_token");
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    assert_eq!(
        portal.send("/token", &portal.assertion(), &form).await.status,
        StatusCode::OK,
        "and what was shown twice has withdrawn nothing"
    );
    let own = portal.send("/token", &portal.assertion(), &[("grant_type", "client_credentials")]).await;
    assert_eq!(own.error(), (400, "unauthorized_client"), "people sign in to it: it does not act for itself");
}

#[tokio::test]
async fn what_a_morning_leaves_behind_is_removed_in_one_round() {
    let provider = Provider::start().await;
    for number in 0..1_200 {
        let sql = Statement::new(
            "INSERT INTO used_assertion (client_id, jti_hash, expires_at) VALUES ('robot', $1, 1)",
            vec![format!("{number}").into()],
        );
        provider.ctx.db.run(Batch::plain(vec![sql])).await.unwrap();
    }
    tidy(&provider.ctx).await.unwrap();
    let sql = Statement::new("SELECT COUNT(*) AS many FROM used_assertion", Vec::new());
    assert_eq!(provider.ctx.db.one(sql).await.unwrap().unwrap().int("many").unwrap(), 0);
}
