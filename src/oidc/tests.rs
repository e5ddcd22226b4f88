//! Whatever comes, nothing panics.

use proptest::prelude::*;

use super::bearer::access_token;
use super::client_authentication::ClientCredentials;
use super::end_session::LogoutRequest;
use super::id_token_hint::IdTokenHint;
use super::jws::SigningKey;
use super::keys::{KeyRing, KeyState};
use super::parameters::Parameters;
use super::presented_token::presented_token;
use super::test_client::client;
use super::token::TokenRequest;
use crate::domain::client::{Client, SigningAlgorithm};
use crate::domain::timestamp::Timestamp;

const NAMES: [&str; 9] = [
    "grant_type",
    "code",
    "refresh_token",
    "scope",
    "client_id",
    "client_secret",
    "token",
    "id_token_hint",
    "post_logout_redirect_uri",
];
const VALUES: [&str; 5] = [
    "authorization_code",
    "refresh_token",
    "portal",
    "https://portal.example/bye",
    "https://portal.example/bye?x",
];

fn ring() -> KeyRing {
    // Another test of this process may have done it already; either way the provider is there.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    let keys = SigningAlgorithm::ALL.map(|alg| (KeyState::Active, SigningKey::generate(alg).unwrap()));
    KeyRing::new(keys.into()).ok().unwrap()
}

fn form() -> impl Strategy<Value = String> {
    let value =
        prop_oneof![any::<String>(), prop::sample::select(VALUES.to_vec()).prop_map(ToOwned::to_owned)];
    let pairs = prop::collection::vec((prop::sample::select(NAMES.to_vec()), value), 0..5);
    pairs.prop_map(|pairs| url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
}

fn header() -> impl Strategy<Value = String> {
    ("(Basic|Bearer|DPoP|) ?", any::<String>(), any::<bool>()).prop_map(|(scheme, text, encode)| {
        use base64::Engine as _;
        let text = if encode { base64::engine::general_purpose::STANDARD.encode(text) } else { text };
        scheme + &text
    })
}

proptest! {
    #[test]
    fn no_form_or_header_panics(form in prop_oneof![form(), any::<String>()], header in header()) {
        if let Ok(form) = Parameters::parse(&form) {
            if let Ok(credentials) = ClientCredentials::read(Some(&header), &form) {
                let verified = credentials.verify(&client(), "https://op.example", Timestamp::from_seconds(0));
                prop_assert!(verified.is_err(), "a guessed secret was taken");
            }
            let _ = ClientCredentials::read(None, &form);
            let _ = TokenRequest::read(&form);
            let _ = presented_token(&form);
            let _ = access_token(Some(&header), Some(&form));
            if let Ok(Some(location)) = LogoutRequest::read(&form).and_then(|request| request.return_to(&client())) {
                prop_assert_eq!(location, "https://portal.example/bye");
            }
        }
    }

    #[test]
    fn no_registration_panics(uri in prop_oneof!["https?://[a-z.@:/?#\\[\\]%]{0,20}", any::<String>()]) {
        let client = Client { redirect_uris: vec![uri], ..client() };
        let _ = client.validate(true);
    }
}

#[test]
fn no_hint_panics_and_none_is_believed() {
    let ring = ring();
    let part = prop_oneof!["[A-Za-z0-9_-]{0,40}", any::<String>()];
    let mut runner = proptest::test_runner::TestRunner::default();
    let hints = (part.clone(), part.clone(), part);
    let outcome = runner.run(&hints, |(header, claims, signature)| {
        let hint = format!("{header}.{claims}.{signature}");
        prop_assert!(IdTokenHint::read(&hint, &ring, "https://op.example").is_err());
        Ok(())
    });
    assert_eq!(outcome, Ok(()));
}
