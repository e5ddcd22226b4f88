use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;
use crate::domain::client::SigningAlgorithm;
use crate::oidc::jws::SigningKey;
use crate::oidc::test_client::client;

const ISSUER: &str = "https://op.example";
const NOW: i64 = 1_800_000_000;

fn key(algorithm: SigningAlgorithm) -> SigningKey {
    // Another test of this process may have done it already; either way the provider is there.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    SigningKey::generate(algorithm).unwrap()
}

fn client_with(keys: &[&SigningKey]) -> Client {
    let keys: Vec<_> = keys.iter().map(|key| key.public_jwk()).collect();
    Client {
        auth_method: AuthMethod::PrivateKeyJwt,
        secret_hash: None,
        jwks: serde_json::from_value(json!({ "keys": keys })).unwrap(),
        ..client()
    }
}

fn claims() -> Value {
    json!({ "iss": "portal", "sub": "portal", "aud": ISSUER, "exp": NOW + 60, "iat": NOW, "jti": "1" })
}

fn with(member: &str, value: Value) -> Value {
    let mut claims = claims();
    if value.is_null() {
        claims.as_object_mut().unwrap().remove(member);
    } else {
        claims[member] = value;
    }
    claims
}

fn judge(text: &str, client: &Client) -> Result<SingleUse, AssertionError> {
    ClientAssertion::read(text, Some(ASSERTION_TYPE), None)?.verify(
        client,
        ISSUER,
        Timestamp::from_seconds(NOW),
    )
}

/// A token that says this in its header, signed by nobody or by whoever signed another text.
fn forged(header: &Value, claims: &Value, signature: &str) -> String {
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{signature}", encoded(header), encoded(claims))
}

#[test]
fn each_algorithm_is_taken_and_the_use_is_remembered_longer_than_it_could_be_repeated() {
    for algorithm in SigningAlgorithm::ALL {
        let key = key(algorithm);
        let text = key.sign("JWT", &claims()).unwrap();
        let used = judge(text.expose(), &client_with(&[&key])).unwrap();
        assert_eq!(used.jti_hash, Secret::new("1".to_owned()).hash());
        assert!(used.expires_at > Timestamp::from_seconds(NOW + 60).plus(LEEWAY));
    }
}

#[test]
fn the_claims_are_held_against_request_provider_and_clock() {
    let key = key(SigningAlgorithm::EdDsa);
    let client = client_with(&[&key]);
    let good = [
        with("exp", (NOW - 9).into()),
        with("exp", (NOW + 3600 + 10).into()),
        with("iat", (NOW + 10).into()),
        with("iat", Value::Null),
        with("nbf", (NOW + 10).into()),
    ];
    for claims in good {
        assert!(judge(key.sign("JWT", &claims).unwrap().expose(), &client).is_ok(), "{claims}");
    }
    let bad = [
        (with("iss", "other".into()), AssertionError::ClientId),
        (with("sub", "other".into()), AssertionError::ClientId),
        (with("aud", "https://op.example/token".into()), AssertionError::Audience),
        (with("aud", "https://op.example/".into()), AssertionError::Audience),
        (with("aud", json!([ISSUER])), AssertionError::Claims),
        (with("aud", Value::Null), AssertionError::Claims),
        (with("exp", Value::Null), AssertionError::Claims),
        (with("exp", (NOW - 10).into()), AssertionError::Expired),
        (with("exp", i64::MIN.into()), AssertionError::Expired),
        (with("exp", (NOW + 3600 + 11).into()), AssertionError::LivesTooLong),
        (with("exp", i64::MAX.into()), AssertionError::LivesTooLong),
        (with("iat", (NOW + 11).into()), AssertionError::Early),
        (with("nbf", (NOW + 11).into()), AssertionError::Early),
        (with("jti", Value::Null), AssertionError::Claims),
        (with("jti", "".into()), AssertionError::Jti),
    ];
    for (claims, error) in bad {
        assert_eq!(judge(key.sign("JWT", &claims).unwrap().expose(), &client), Err(error), "{claims}");
    }
}

#[test]
fn the_form_speaks_of_the_same_client_and_of_this_kind_of_assertion() {
    let key = key(SigningAlgorithm::EdDsa);
    let text = key.sign("JWT", &claims()).unwrap();
    let read = |kind, id| ClientAssertion::read(text.expose(), kind, id).err();
    assert_eq!(read(Some(ASSERTION_TYPE), Some("portal")), None);
    assert_eq!(read(Some(ASSERTION_TYPE), Some("other")), Some(AssertionError::ClientId));
    assert_eq!(read(None, None), Some(AssertionError::Type));
    let saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer";
    assert_eq!(read(Some(saml), None), Some(AssertionError::Type));
    assert_eq!(judge("no.token", &client()), Err(AssertionError::Claims));
}

#[test]
fn the_key_is_one_of_the_clients_own_and_the_algorithm_the_keys() {
    let (es, rs) = (key(SigningAlgorithm::Es256), key(SigningAlgorithm::Rs256));
    let stranger = key(SigningAlgorithm::Es256);
    let client = client_with(&[&es, &rs]);
    let good = es.sign("JWT", &claims()).unwrap();
    let signature = good.expose().rsplit('.').next().unwrap();
    let header = |alg: &str| json!({ "alg": alg, "kid": es.kid() });
    let by_stranger = stranger.sign("JWT", &claims()).unwrap();
    let by_stranger = by_stranger.expose().rsplit('.').next().unwrap();
    // The public key as the secret of an HMAC: what a verifier does that believes the header.
    let public = serde_json::to_vec(es.public_jwk()).unwrap();
    let hmac = jsonwebtoken::encode(
        &jsonwebtoken::Header { kid: Some(es.kid().to_owned()), ..jsonwebtoken::Header::default() },
        &claims(),
        &jsonwebtoken::EncodingKey::from_secret(&public),
    )
    .unwrap();
    let own_key = json!({ "alg": "ES256", "kid": es.kid(), "jwk": stranger.public_jwk() });
    let table = [
        (forged(&header("none"), &claims(), ""), AssertionError::Malformed),
        (forged(&header("None"), &claims(), ""), AssertionError::Malformed),
        (forged(&header("ES256"), &claims(), ""), AssertionError::Signature),
        (forged(&header("RS256"), &claims(), signature), AssertionError::Signature),
        (forged(&header("ES384"), &claims(), signature), AssertionError::Signature),
        (forged(&header("ES256"), &with("jti", "2".into()), signature), AssertionError::Signature),
        (forged(&own_key, &claims(), by_stranger), AssertionError::Signature),
        (hmac, AssertionError::Signature),
        (stranger.sign("JWT", &claims()).unwrap().expose().to_owned(), AssertionError::KeyUnknown),
        (es.sign("dpop+jwt", &claims()).unwrap().expose().to_owned(), AssertionError::Header),
        (
            forged(&json!({ "alg": "ES256", "crit": ["b64"], "b64": false }), &claims(), signature),
            AssertionError::Header,
        ),
    ];
    for (text, error) in table {
        assert_eq!(judge(&text, &client), Err(error), "{text}");
    }
    let own_type = es.sign("client-authentication+jwt", &claims()).unwrap();
    assert!(judge(own_type.expose(), &client).is_ok());
    let by_secret = Client { auth_method: AuthMethod::ClientSecretBasic, ..client };
    assert_eq!(judge(good.expose(), &by_secret), Err(AssertionError::KeyUnknown), "another method");
}

#[test]
fn a_signature_that_names_no_key_is_tried_with_each() {
    let keys = [key(SigningAlgorithm::EdDsa), key(SigningAlgorithm::EdDsa)];
    let client = client_with(&[&keys[0], &keys[1]]);
    let der = keys[1].pkcs8().unwrap();
    let text = jsonwebtoken::encode(
        &jsonwebtoken::Header { typ: None, ..jsonwebtoken::Header::new(jsonwebtoken::Algorithm::EdDSA) },
        &claims(),
        &jsonwebtoken::EncodingKey::from_ed_der(der.expose()),
    )
    .unwrap();
    assert!(judge(&text, &client).is_ok());
}
