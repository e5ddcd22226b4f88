//! The ID token, as a relying party of another make reads it; and the subject, which is one per sector and for ever.

use std::time::{Duration, UNIX_EPOCH};

use ecluse::domain::level::Level;
use openidconnect::core::{
    CoreGenderClaim, CoreIdTokenVerifier, CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
};
use openidconnect::{
    AccessToken, AccessTokenHash, ClientId, EmptyAdditionalClaims, IdToken, IdTokenVerifier, IssuerUrl, Nonce,
};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::provider::{FIRST_PASSWORD, Provider};
use crate::relying_party::{Answer, RelyingParty};
use crate::sign_in::{activate, signed_in};

type Foreign = IdToken<
    EmptyAdditionalClaims,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

/// The keys as published, and nothing more of them.
async fn published(provider: &Provider) -> Value {
    let keys: Value = serde_json::from_str(&Browser::new(&provider.issuer).get("/jwks").await.body).unwrap();
    for key in keys["keys"].as_array().unwrap() {
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert_eq!(key.get(private), None);
        }
        assert_eq!(key["use"], "sig");
    }
    keys
}

async fn tokens(rp: &RelyingParty, browser: &Browser) -> Answer {
    rp.exchange(&rp.code(&browser.go(&rp.authorize(&[])).await)).await
}

#[tokio::test]
async fn a_library_of_another_make_accepts_the_token_under_each_algorithm() {
    let provider = Provider::start().await;
    let browser = activate(&provider, "zoe").await;
    let jwks: CoreJsonWebKeySet = serde_json::from_value(published(&provider).await).unwrap();
    let now = provider.clock.now().seconds();
    for algorithm in ["RS256", "ES256", "EdDSA"] {
        let with = json!({ "id_token_signed_response_alg": algorithm });
        let rp = RelyingParty::register(&provider, algorithm, with).await;
        let answer = tokens(&rp, &browser).await;
        let token: Foreign = answer.text("id_token").parse().unwrap();
        let issuer = IssuerUrl::new(provider.issuer.clone()).unwrap();
        let verifier: CoreIdTokenVerifier<'_> =
            IdTokenVerifier::new_public_client(ClientId::new(rp.id.clone()), issuer, jwks.clone())
                .set_time_fn(move || (UNIX_EPOCH + Duration::from_secs(now.unsigned_abs() + 599)).into())
                .set_allowed_algs([serde_json::from_value(json!(algorithm)).unwrap()]);
        let claims = token.claims(&verifier, &Nonce::new("the-nonce".to_owned())).unwrap();
        assert_eq!(claims.auth_time().unwrap().timestamp(), now);
        let expected = AccessTokenHash::from_token(
            &AccessToken::new(answer.text("access_token")),
            token.signing_alg().unwrap(),
            token.signing_key(&verifier).unwrap(),
        );
        assert_eq!(claims.access_token_hash(), Some(&expected.unwrap()), "{algorithm}");
        assert!(token.claims(&verifier, &Nonce::new("another".to_owned())).is_err());
    }
}

#[tokio::test]
async fn it_says_who_signed_in_and_when_and_nothing_about_the_person() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let browser = activate(&provider, "zoe").await;
    let answer = tokens(&portal, &browser).await;
    let first = answer.id_token();
    let mut names: Vec<_> = first.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    let expected = ["acr", "amr", "at_hash", "aud", "auth_time", "exp", "iat", "iss", "nonce", "sid", "sub"];
    assert_eq!(names, expected);
    assert_eq!(first["aud"], "portal");
    assert_eq!(first["nonce"], "the-nonce");
    let text = first.to_string();
    assert!(!text.contains("zoe") && !text.contains("Essai"), "{text}");

    provider.clock.advance(Duration::from_mins(5));
    let again = portal.refresh(&answer.text("refresh_token")).await.id_token();
    for same in ["iss", "sub", "aud", "auth_time", "sid"] {
        assert_eq!(again[same], first[same], "{same}");
    }
    assert_eq!(again["iat"].as_i64(), first["iat"].as_i64().map(|iat| iat + 300));
    assert_eq!(again.get("nonce"), None);
    assert_ne!(again["at_hash"], first["at_hash"]);
}

#[tokio::test]
async fn a_subject_is_one_per_sector_and_survives_a_reset() {
    let provider = Provider::start().await;
    let in_sector = |sector| json!({ "ecluse_sector": sector });
    let one = RelyingParty::register(&provider, "one", in_sector("vie-scolaire")).await;
    let two = RelyingParty::register(&provider, "two", in_sector("vie-scolaire")).await;
    let other = RelyingParty::register(&provider, "other", in_sector("cantine")).await;
    let zoe = activate(&provider, "zoe").await;
    let tom = activate(&provider, "tom").await;
    let sub = async |rp: &RelyingParty, browser: &Browser| {
        let answer = tokens(rp, browser).await;
        let userinfo = rp.userinfo(&answer.text("access_token")).await;
        assert_eq!(userinfo.body["sub"], answer.id_token()["sub"]);
        answer.id_token()["sub"].as_str().unwrap().to_owned()
    };
    let before = sub(&one, &zoe).await;
    assert_eq!(sub(&two, &zoe).await, before, "one sector");
    assert_ne!(sub(&other, &zoe).await, before, "another sector");
    assert_ne!(sub(&one, &tom).await, before, "another person");

    provider.order(Level::Recover).await;
    let slip = provider.slip("zoe").await;
    let page = zoe.go("/login").await;
    let page = zoe.sign_in(&page, "zoe", &slip).await;
    assert!(zoe.change(&page, "", "Chat-noir7").await.is_success());
    assert_eq!(sub(&one, &zoe).await, before);
}

#[tokio::test]
async fn discovery_lists_what_there_is_and_no_more() {
    let provider = Provider::start().await;
    let browser = Browser::new(&provider.issuer);
    let page = browser.get("/.well-known/openid-configuration").await;
    let metadata: Value = serde_json::from_str(&page.body).unwrap();
    assert_eq!(page.body, browser.get("/.well-known/oauth-authorization-server").await.body);
    assert_eq!(metadata["issuer"], provider.issuer);
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    assert_eq!(metadata["request_uri_parameter_supported"], false, "its default is true");
    assert_eq!(metadata["response_types_supported"], json!(["code"]));
    assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
    assert!(metadata["prompt_values_supported"].as_array().unwrap().contains(&json!("change_password")));
    for (name, value) in metadata.as_object().unwrap() {
        assert_ne!(value, &json!([]), "{name}");
        if let Some(url) = value.as_str().filter(|_| name.ends_with("_endpoint") || name == "jwks_uri") {
            let there = browser.get(url).await.status;
            assert_ne!(there, reqwest::StatusCode::NOT_FOUND, "{name}");
        }
    }
}

#[tokio::test]
async fn a_sign_in_elsewhere_has_a_session_id_of_its_own() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let (browser, first) = signed_in(&provider, &portal, "zoe").await;
    let again = tokens(&portal, &browser).await.id_token();
    let other = Browser::new(&provider.issuer);
    let page = other.go(&portal.authorize(&[])).await;
    let page = other.sign_in(&page, "zoe", FIRST_PASSWORD).await;
    let elsewhere = portal.exchange(&portal.code(&page)).await.id_token();
    assert_ne!(elsewhere["sid"], again["sid"]);
    assert_eq!(elsewhere["sub"], again["sub"]);
    assert!(first["id_token"].is_string());
}
