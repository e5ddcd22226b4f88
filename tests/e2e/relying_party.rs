//! A relying party: sends people to the provider, exchanges codes, refreshes, asks.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ecluse::domain::client::{Client, PasswordChangeMode};
use ecluse::domain::secret::Secret;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::browser::Page;
use crate::heard;
use crate::provider::Provider;

/// A relying party that is registered at one provider.
pub(crate) struct RelyingParty {
    pub(crate) id: String,
    pub(crate) secret: Option<String>,
    pub(crate) issuer: String,
    http: reqwest::Client,
}

/// What a token, introspection or userinfo endpoint answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

pub(crate) const REDIRECT_URI: &str = "http://127.0.0.1:9999/callback";
pub(crate) const VERIFIER: &str = "a-verifier-that-is-long-enough-for-the-rules-of-rfc-7636";

impl RelyingParty {
    /// A confidential client that may refresh.
    pub(crate) async fn portal(provider: &Provider) -> Self {
        Self::register(provider, "portal", json!({})).await
    }

    /// A confidential client that shows its own notice.
    pub(crate) async fn gradebook(provider: &Provider) -> Self {
        Self::register(provider, "gradebook", json!({ "ecluse_password_change_mode": "client_notice" })).await
    }

    /// A client without a secret.
    pub(crate) async fn public(provider: &Provider) -> Self {
        Self::register(provider, "spa", json!({ "token_endpoint_auth_method": "none" })).await
    }

    /// A client with these members on top of the usual ones; the same again when it is registered already.
    pub(crate) async fn register(provider: &Provider, id: &str, with: Value) -> Self {
        let secret = Self::secret_of(id);
        let mut metadata = json!({
            "client_id": id,
            "client_name": id,
            "ecluse_sector": id,
            "redirect_uris": [REDIRECT_URI],
            "post_logout_redirect_uris": ["http://127.0.0.1:9999/bye"],
            "scope": "openid profile email ent offline_access",
        });
        let public = with["token_endpoint_auth_method"] == "none";
        if !public {
            metadata["ecluse_client_secret_sha256"] = Secret::new(secret.clone()).hash().into();
        }
        for (name, value) in with.as_object().unwrap() {
            metadata[name] = value.clone();
        }
        let client: Client = serde_json::from_value(metadata).unwrap();
        assert!(client.password_change_mode == PasswordChangeMode::OpHosted || id != "portal");
        provider.register(client).await;
        Self {
            id: id.to_owned(),
            secret: (!public).then_some(secret),
            issuer: provider.issuer.clone(),
            http: reqwest::Client::new(),
        }
    }

    /// One that is declared where a provider runs, with the secret that it is told here.
    pub(crate) fn declared(issuer: &str, id: &str) -> Self {
        Self {
            id: id.to_owned(),
            secret: Some(Self::secret_of(id)),
            issuer: issuer.to_owned(),
            http: reqwest::Client::new(),
        }
    }

    pub(crate) fn secret_of(id: &str) -> String {
        format!("secret of {id}, long enough to be one")
    }

    /// The address of an authorization request with these parameters on top.
    pub(crate) fn authorize(&self, with: &[(&str, &str)]) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()));
        let mut url = reqwest::Url::parse(&format!("{}/authorize", self.issuer)).unwrap();
        let usual = [
            ("client_id", self.id.as_str()),
            ("redirect_uri", REDIRECT_URI),
            ("response_type", "code"),
            ("scope", "openid profile email ent offline_access"),
            ("state", "the-state"),
            ("nonce", "the-nonce"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let mut query = url.query_pairs_mut();
        for (name, value) in usual.iter().filter(|(name, _)| !with.iter().any(|(other, _)| other == name)) {
            query.append_pair(name, value);
        }
        for (name, value) in with.iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        drop(query);
        url.to_string()
    }

    /// The code of a page that went back to this relying party, whose answer is checked as any library checks it.
    pub(crate) fn code(&self, page: &Page) -> String {
        let location =
            page.location().unwrap_or_else(|| panic!("no redirect: {} {}", page.status, page.body));
        assert!(location.starts_with(REDIRECT_URI), "{location}");
        assert_eq!(page.parameter("state").as_deref(), Some("the-state"));
        assert_eq!(page.parameter("iss").as_deref(), Some(self.issuer.as_str()));
        page.parameter("code").unwrap_or_else(|| panic!("no code: {location}"))
    }

    pub(crate) async fn exchange(&self, code: &str) -> Answer {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ])
        .await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    pub(crate) async fn introspect(&self, token: &str) -> Answer {
        self.call("/introspect", &[("token", token)]).await
    }

    pub(crate) async fn revoke(&self, token: &str) -> StatusCode {
        self.call("/revoke", &[("token", token)]).await.status
    }

    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> Answer {
        self.call("/token", form).await
    }

    pub(crate) async fn userinfo(&self, token: &str) -> Answer {
        heard::keep(token);
        Answer::of(self.http.get(format!("{}/userinfo", self.issuer)).bearer_auth(token)).await
    }

    async fn call(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let public = [("client_id", self.id.as_str())];
        let own = if self.secret.is_some() { &[][..] } else { &public };
        self.send(path, self.secret.as_deref(), &[form, own].concat()).await
    }

    /// Posts a form as it is, with this secret in the header, if any.
    pub(crate) async fn send(&self, path: &str, secret: Option<&str>, form: &[(&str, &str)]) -> Answer {
        let mut request = self.post(path);
        heard::keep_fields(form.iter().copied());
        if let Some(secret) = secret {
            heard::keep_client(&self.id, secret);
            // Form-encoded before base64 (RFC 6749 section 2.3.1).
            let encoded = reqwest::Url::parse_with_params("x:", [("s", secret)]).unwrap();
            request = request.basic_auth(&self.id, Some(&encoded.query().unwrap()[2..]));
        }
        Answer::of(request.form(form)).await
    }

    /// A request to fill in.
    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.http.post(format!("{}{path}", self.issuer))
    }
}

impl Answer {
    /// Sends a request and reads what comes.
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let status = response.status();
        let headers = response.headers().clone();
        let text = response.text().await.unwrap();
        let body: Value = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        };
        for given in ["access_token", "refresh_token", "id_token"] {
            body[given].as_str().into_iter().for_each(heard::keep);
        }
        Self { status, headers, body }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The claims of the ID token, its signature unread.
    pub(crate) fn id_token(&self) -> Value {
        let token = self.text("id_token");
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
    }

    pub(crate) fn text(&self, member: &str) -> String {
        self.body[member].as_str().unwrap_or_else(|| panic!("no {member} in {}", self.body)).to_owned()
    }

    /// The status and the `error` member.
    pub(crate) fn error(&self) -> (u16, &str) {
        (self.status.as_u16(), self.body["error"].as_str().unwrap_or_default())
    }
}
