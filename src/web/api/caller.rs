//! Whoever calls the API: a bearer token, and what it was given for.

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::Serialize;
use utoipa::IntoParams;

use super::problem::Problem;
use crate::domain::scope::ApiScope;
use crate::flows::actor::{Actor, LONGEST_REASON, Origin, is_usable_reason};
use crate::flows::api_access::api_access;
use crate::flows::once::Once;
use crate::oidc::bearer::{BearerError, access_token};
use crate::web::app::App;
use crate::web::protocol::client_request::authorization;

/// The longest idempotency key that is remembered.
const MAX_KEY: usize = 128;

/// What makes the same request, sent twice, one act.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct Key {
    /// Makes the same request, sent twice within a week, one act: the second is answered with what came of the first.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 128, pattern = "^[!-~]+$")]
    key: Option<String>,
}

/// A request that has not been judged yet.
pub struct Caller {
    token: Result<crate::domain::secret::Secret, BearerError>,
    key: Key,
    origin: Origin,
    reason: Option<String>,
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let token = access_token(authorization(&parts.headers), None);
        let mut sent = Key::default();
        let origin = Origin::from_request_parts(parts, app).await.unwrap_or_default();
        if let Some(key) = parts.headers.get("idempotency-key") {
            let usable = |key: &&str| {
                (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
            };
            let key = key.to_str().ok().filter(usable);
            let key = key
                .ok_or_else(|| Problem::invalid("Idempotency-Key holds 1 to 128 visible ASCII characters"))?;
            sent.key = Some(key.to_owned());
        }
        Ok(Self { token, key: sent, origin, reason: None })
    }
}

impl Caller {
    /// The reason that came in the body.
    #[must_use]
    pub fn because(mut self, reason: Option<String>) -> Self {
        self.reason = reason;
        self
    }

    /// The act that was asked for, with all that it is to be done with: of the same key and another one, the other is refused.
    #[must_use]
    pub fn once(mut self, asked: &impl Serialize) -> Self {
        self.origin.once = self.key.key.take().map(|key| Once::new(key, asked));
        self
    }

    /// The operator whom the token speaks for, if the gate lets it, and it was given for this.
    pub async fn act(self, app: &App, scope: ApiScope) -> Result<Actor, Problem> {
        let refused = |error: BearerError| problem(&error, &app.ctx.settings.issuer);
        let token = self.token.map_err(refused)?;
        let actor = api_access(&app.ctx, &token, scope, self.origin).await?.map_err(refused)?;
        if self.reason.as_deref().is_some_and(|reason| !is_usable_reason(reason)) {
            let detail = format!("a reason is one line of at most {LONGEST_REASON} characters");
            return Err(Problem::senseless("unusable-reason", detail));
        }
        Ok(Actor { reason: self.reason, ..actor })
    }
}

fn problem(error: &BearerError, issuer: &str) -> Problem {
    let answer = error.answer(issuer);
    let status = http::StatusCode::from_u16(answer.status).unwrap_or(http::StatusCode::UNAUTHORIZED);
    let kind = match error {
        BearerError::PasswordChangeRequired => "password-change-required",
        BearerError::ScopeInsufficient => "insufficient-scope",
        _ => "invalid-token",
    };
    let problem = Problem::new(status, kind, error.to_string());
    match answer.www_authenticate {
        Some(challenge) => problem.with_challenge(&challenge),
        None => problem,
    }
}
