//! A program that acts for itself in an operator's name, and proves itself with its own key.

use std::sync::atomic::{AtomicU64, Ordering};

use ecluse::domain::client::SigningAlgorithm;
use ecluse::domain::timestamp::Timestamp;
use ecluse::oidc::client_assertion::ASSERTION_TYPE;
use ecluse::oidc::jws::SigningKey;
use ecluse::store::clock::Clock;
use serde_json::{Value, json};

use crate::provider::Provider;
use crate::relying_party::{Answer, RelyingParty};

/// The program. What it sends is a relying party's way of sending.
pub(crate) struct Robot {
    pub(crate) party: RelyingParty,
    pub(crate) key: SigningKey,
    /// Whom its assertions are for.
    pub(crate) audience: String,
    clock: Clock,
}

/// No two assertions have the same `jti`.
static DRAWN: AtomicU64 = AtomicU64::new(0);

/// What the registration of a program says that a relying party's does not.
pub(crate) fn members(operator: &str) -> Value {
    json!({
        "grant_types": ["client_credentials"],
        "ecluse_operator": operator,
        "redirect_uris": [],
        "post_logout_redirect_uris": [],
        "scope": "orders:read people:read",
    })
}

/// What says that it proves itself with this key.
fn keyed(mut members: Value, key: &SigningKey) -> Value {
    members["token_endpoint_auth_method"] = "private_key_jwt".into();
    members["ecluse_client_secret_sha256"] = Value::Null;
    members["jwks"] = json!({ "keys": [key.public_jwk()] });
    members
}

impl Robot {
    /// One that acts for this person, with a key for ES256.
    pub(crate) async fn of(provider: &Provider, id: &str, operator: &str) -> Self {
        Self::with(provider, id, members(operator), SigningAlgorithm::Es256).await
    }

    /// One with these members and a key for this algorithm.
    pub(crate) async fn with(
        provider: &Provider,
        id: &str,
        members: Value,
        algorithm: SigningAlgorithm,
    ) -> Self {
        let key = SigningKey::generate(algorithm).unwrap();
        let party = RelyingParty::register(provider, id, keyed(members, &key)).await;
        let audience = provider.ctx.settings.issuer.clone();
        Self { party, key, audience, clock: provider.clock.clone() }
    }

    /// One with a key that is to be registered where a real program runs.
    pub(crate) fn at(issuer: &str, id: &str, algorithm: SigningAlgorithm) -> Self {
        let key = SigningKey::generate(algorithm).unwrap();
        let party = RelyingParty::declared(issuer, id);
        Self { party, key, audience: issuer.to_owned(), clock: Clock::system() }
    }

    /// The same program under the name by which it is declared where it runs.
    pub(crate) fn declared(self, id: &str) -> Self {
        Self { party: RelyingParty::declared(&self.party.issuer, id), ..self }
    }

    /// The claims of an assertion of this instant, with these on top; null takes one away.
    pub(crate) fn claims(&self, with: &Value) -> Value {
        let now: Timestamp = self.clock.now();
        let mut claims = json!({
            "iss": self.party.id,
            "sub": self.party.id,
            "aud": self.audience,
            "iat": now.seconds(),
            "exp": now.seconds() + 60,
            "jti": format!("jti {}", DRAWN.fetch_add(1, Ordering::SeqCst)),
        });
        for (name, value) in with.as_object().into_iter().flatten() {
            claims[name] = value.clone();
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        claims
    }

    /// An assertion.
    pub(crate) fn assertion(&self) -> String {
        self.assertion_with(&json!({}))
    }

    pub(crate) fn assertion_with(&self, claims: &Value) -> String {
        self.key.sign("JWT", &self.claims(claims)).unwrap().expose().to_owned()
    }

    /// Posts a form with this assertion.
    pub(crate) async fn send(&self, path: &str, assertion: &str, form: &[(&str, &str)]) -> Answer {
        let proof = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion)];
        self.party.send(path, None, &[form, &proof].concat()).await
    }

    /// Asks for a token by this assertion.
    pub(crate) async fn present(&self, assertion: &str) -> Answer {
        self.send("/token", assertion, &[("grant_type", "client_credentials")]).await
    }

    /// Asks for a token.
    pub(crate) async fn token(&self, with: &[(&str, &str)]) -> Answer {
        let grant = [("grant_type", "client_credentials")];
        self.send("/token", &self.assertion(), &[&grant, with].concat()).await
    }

    /// The token that it is given.
    pub(crate) async fn access(&self) -> String {
        let answer = self.token(&[]).await;
        assert!(answer.status.is_success(), "{answer:?}");
        answer.text("access_token")
    }

    pub(crate) async fn introspect(&self, token: &str) -> Answer {
        self.send("/introspect", &self.assertion(), &[("token", token)]).await
    }

    /// Asks about a token that was never given, by this assertion.
    pub(crate) async fn introspect_by(&self, assertion: &str) -> Answer {
        self.send("/introspect", assertion, &[("token", "never given")]).await
    }
}
