//! A relying party's receiver of logout tokens: real HTTP, and whatever behaviour a test wants of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::provider::Provider;
use crate::relying_party::RelyingParty;

/// What a receiver does with a token.
#[derive(Clone)]
pub(crate) enum Manner {
    Answers(u16),
    Redirects(String),
    /// Takes it, and says so after a while.
    Delays(Duration),
    /// Takes it and never answers.
    Sleeps,
}

/// Somebody who is told.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) uri: String,
    heard: Arc<Heard>,
}

struct Heard {
    manner: Mutex<Manner>,
    tokens: Mutex<Vec<String>>,
    /// Those that were answered as the provider wants it.
    taken: Mutex<Vec<String>>,
    news: Notify,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}/backchannel-logout", listener.local_addr().unwrap());
        let heard = Arc::new(Heard {
            manner: Mutex::new(Manner::Answers(200)),
            tokens: Mutex::default(),
            taken: Mutex::default(),
            news: Notify::new(),
        });
        let routes = Router::new().route("/backchannel-logout", post(hear)).with_state(Arc::clone(&heard));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { uri, heard }
    }

    pub(crate) fn behaves(&self, manner: Manner) {
        *self.heard.manner.lock().unwrap() = manner;
    }

    /// A relying party that is told here.
    pub(crate) async fn of(&self, provider: &Provider, id: &str) -> RelyingParty {
        RelyingParty::register(provider, id, json!({ "backchannel_logout_uri": self.uri })).await
    }

    /// Everything that was heard since the last time.
    pub(crate) fn tokens(&self) -> Vec<String> {
        std::mem::take(&mut self.heard.tokens.lock().unwrap())
    }

    /// The same, read without a look at the signature.
    pub(crate) fn claims(&self) -> Vec<Value> {
        self.tokens().iter().map(|token| read(token)).collect()
    }

    /// What was answered with success, read as well.
    pub(crate) fn taken(&self) -> Vec<Value> {
        self.heard.taken.lock().unwrap().iter().map(|token| read(token)).collect()
    }

    /// The sessions heard of, sorted.
    pub(crate) fn sids(&self) -> Vec<String> {
        let mut sids: Vec<_> =
            self.claims().iter().map(|claims| claims["sid"].as_str().unwrap().to_owned()).collect();
        sids.sort();
        sids
    }

    /// Returns once so many have come.
    pub(crate) async fn has_heard(&self, number: usize) {
        loop {
            let news = self.heard.news.notified();
            if self.heard.tokens.lock().unwrap().len() >= number {
                return;
            }
            news.await;
        }
    }
}

fn read(token: &str) -> Value {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&claims).unwrap()
}

async fn hear(State(heard): State<Arc<Heard>>, headers: HeaderMap, body: String) -> Response {
    assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
    let token = body.strip_prefix("logout_token=").unwrap().to_owned();
    heard.tokens.lock().unwrap().push(token.clone());
    heard.news.notify_one();
    let manner = heard.manner.lock().unwrap().clone();
    let take = || heard.taken.lock().unwrap().push(token);
    match manner {
        Manner::Answers(status) => {
            let status = StatusCode::from_u16(status).unwrap();
            if status.is_success() {
                take();
            }
            status.into_response()
        }
        Manner::Redirects(to) => (StatusCode::TEMPORARY_REDIRECT, [("location", to)]).into_response(),
        Manner::Delays(time) => {
            tokio::time::sleep(time).await;
            take();
            StatusCode::OK.into_response()
        }
        Manner::Sleeps => std::future::pending().await,
    }
}

/// What a token says, checked as the specification tells a relying party to (section 2.6).
pub(crate) async fn verified(provider: &Provider, rp: &RelyingParty, token: &str) -> Value {
    let keys = reqwest::get(format!("{}/jwks", provider.issuer)).await.unwrap().text().await.unwrap();
    let keys: JwkSet = serde_json::from_str(&keys).unwrap();
    let header = decode_header(token).unwrap();
    assert_eq!(header.typ.as_deref(), Some("logout+jwt"));
    let key = keys.find(&header.kid.unwrap()).unwrap();
    let mut validation = Validation::new(header.alg);
    validation.validate_exp = false; // the test's clock
    validation.set_issuer(&[&provider.issuer]);
    validation.set_audience(&[&rp.id]);
    let claims = decode::<Value>(token, &DecodingKey::from_jwk(key).unwrap(), &validation).unwrap().claims;
    let now = provider.clock.now().seconds();
    assert_eq!((claims["iat"].as_i64(), claims["exp"].as_i64()), (Some(now), Some(now + 120)));
    assert_eq!(claims["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
    assert_eq!(claims.get("nonce"), None);
    assert!(claims["jti"].as_str().unwrap().len() >= 32);
    claims
}
