//! The provider says that a session is over: OpenID Connect Back-Channel Logout 1.0.
//!
//! A logout token comes from the provider itself, not through a browser. It ends the sessions here that came from the
//! session it names, and whatever goes wrong with it, nobody is signed in by it.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use axum::Form;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::openid::{Provider, Refusal};
use crate::session::Sessions;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Tokens are fresh for two minutes: a service of this size does not hear so many in that time.
const REMEMBERED: usize = 100_000;

/// The body of the request (section 2.5).
#[derive(Deserialize)]
pub struct Told {
    logout_token: String,
}

#[derive(Deserialize)]
struct Claims {
    iat: i64,
    exp: i64,
    jti: String,
    sub: Option<String>,
    sid: Option<String>,
    nonce: Option<Value>,
    events: Map<String, Value>,
}

/// The tokens that were heard already. In memory, as the sessions are that they end.
#[derive(Default)]
pub struct Heard(Mutex<VecDeque<String>>);

/// Ends the sessions that a logout token speaks of. Answers as section 2.8 asks: 200, or 400 with the reason.
pub async fn end_sessions(
    provider: &Provider,
    sessions: &Sessions,
    heard: &Heard,
    Form(told): Form<Told>,
) -> Response {
    match verify(provider, &told.logout_token).await {
        Ok(claims) => {
            // One that comes twice, because our answer was lost, has done its work.
            if heard.is_new(&claims.jti) {
                sessions.end(claims.sub.as_deref(), claims.sid.as_deref());
            }
            StatusCode::OK.into_response()
        }
        // We could not look at its keys: the provider tries again later.
        Err(Refusal::Unreachable(_)) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Err(refusal) => {
            let body = json!({ "error": "invalid_request", "error_description": refusal.to_string() });
            (StatusCode::BAD_REQUEST, axum::Json(body)).into_response()
        }
    }
}

/// The checks of section 2.6. Signature, issuer, audience and end are the library's work.
async fn verify(provider: &Provider, token: &str) -> Result<Claims, Refusal> {
    let header = decode_header(token).map_err(|error| not_believed(&error))?;
    // The same keys sign ID tokens: one of those must not sign anybody out, nor the other way round.
    if header.typ.as_deref() != Some("logout+jwt") {
        return Err(Refusal::NotBelieved("this is no logout token".to_owned()));
    }
    if !matches!(header.alg, Algorithm::RS256 | Algorithm::ES256 | Algorithm::EdDSA) {
        return Err(Refusal::NotBelieved("not an algorithm of this provider".to_owned()));
    }
    let kid = header.kid.unwrap_or_default();
    let key = provider.key(&kid).await?.ok_or(Refusal::NotBelieved("an unknown key".to_owned()))?;
    let registration = provider.registration();
    let mut validation = Validation::new(header.alg);
    validation.set_issuer(&[registration.issuer.as_str()]);
    validation.set_audience(&[registration.client_id.as_str()]);
    validation.set_required_spec_claims(&["iss", "aud", "exp"]);
    let key = DecodingKey::from_jwk(&key).map_err(|error| not_believed(&error))?;
    let claims = decode::<Claims>(token, &key, &validation).map_err(|error| not_believed(&error))?.claims;
    let is_logout = claims.events.get(EVENT).is_some_and(Value::is_object);
    let speaks_of_somebody = claims.sub.is_some() || claims.sid.is_some();
    if !is_logout || !speaks_of_somebody || claims.nonce.is_some() || claims.iat > claims.exp {
        return Err(Refusal::NotBelieved("this is no logout token".to_owned()));
    }
    Ok(claims)
}

fn not_believed(error: &jsonwebtoken::errors::Error) -> Refusal {
    Refusal::NotBelieved(error.to_string())
}

impl Heard {
    fn is_new(&self, jti: &str) -> bool {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.iter().any(|known| known == jti) {
            return false;
        }
        if heard.len() == REMEMBERED {
            heard.pop_front();
        }
        heard.push_back(jti.to_owned());
        true
    }
}
