//! Answers of every kind: pages with their headers, JSON, redirects, and "come back later".

use std::fmt::Write as _;

use askama::Template;
use axum::Json;
use axum::response::{Html, IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde_json::json;

use crate::flows::hash_pool::HashError;
use crate::flows::unavailable::Unavailable;
use crate::oidc::error_answer::ErrorAnswer;
use crate::store::db::DbError;
use crate::web::app::App;
use crate::web::pages::text::Language;
use crate::web::pages::view::{Frame, Link, Trouble, TroublePage};

/// How many seconds somebody is asked to wait when nothing can be decided.
pub const RETRY_SECONDS: &str = "5";

/// A page. `origins` are where its forms may lead besides here: browsers hold the redirects that follow a form against
/// the policy of the page it was on.
pub fn page(status: StatusCode, template: &impl Template, origins: &[String]) -> Response {
    match template.render() {
        Ok(html) => {
            let mut response = (status, Html(html)).into_response();
            if let Ok(policy) = HeaderValue::from_str(&content_security_policy(origins)) {
                response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
            }
            response
        }
        Err(error) => {
            tracing::error!(%error, "a template could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The policy of a page: nothing but our own style, script and pictures, and forms that lead where they may.
pub fn content_security_policy(origins: &[String]) -> String {
    let mut policy =
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; \
                      frame-ancestors 'none'; form-action 'self'"
            .to_owned();
    for origin in origins {
        let _ = write!(policy, " {origin}");
    }
    policy
}

/// 303: a form is never sent on to where the redirect leads (RFC 9700 section 4.12).
pub fn see_other(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The page for something that went wrong.
pub fn trouble(
    app: &App,
    language: Language,
    trouble: Trouble,
    back: Option<Link<'_>>,
    detail: Option<&str>,
) -> Response {
    let frame = Frame { language, name: &app.site.name, origin: &app.site.origin, switch: None };
    let page = TroublePage { frame, trouble, back, detail, reference: None };
    let status = StatusCode::from_u16(trouble.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = self::page(status, &page, &[]);
    if trouble == Trouble::Unavailable {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS));
    }
    response
}

/// The page for a fault of ours, with the number under which the log has it.
pub fn internal_page(app: &App, language: Language, reference: &str) -> Response {
    let frame = Frame { language, name: &app.site.name, origin: &app.site.origin, switch: None };
    let trouble = Trouble::Internal;
    let page = TroublePage { frame, trouble, back: None, detail: None, reference: Some(reference) };
    self::page(StatusCode::INTERNAL_SERVER_ERROR, &page, &[])
}

/// The same for a program.
pub fn internal_json() -> Response {
    let body = Json(json!({ "error": "server_error", "error_description": "something broke here" }));
    (StatusCode::INTERNAL_SERVER_ERROR, [(CACHE_CONTROL, "no-store")], body).into_response()
}

/// The page for a request that cannot be decided now.
pub fn unavailable_page(app: &App, language: Language, error: &Unavailable) -> Response {
    log(error);
    trouble(app, language, Trouble::Unavailable, None, None)
}

/// The same for a program: 503, `Retry-After`, and neither a token nor a word about the account.
pub fn unavailable_json(error: &Unavailable) -> Response {
    log(error);
    late_json()
}

/// The same where only the time was up, which the request's own line tells.
pub fn late_json() -> Response {
    let body = Json(json!({
        "error": "temporarily_unavailable",
        "error_description": "the request cannot be decided now; try again",
    }));
    (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, RETRY_SECONDS), (CACHE_CONTROL, "no-store")], body)
        .into_response()
}

/// An error of a JSON endpoint.
pub fn error_json(answer: ErrorAnswer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = match answer.body {
        Some(body) => (status, Json(body)).into_response(),
        None => status.into_response(),
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(challenge) = answer.www_authenticate.and_then(|text| HeaderValue::from_str(&text).ok()) {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}

/// A line of the log for a request that cannot be decided now.
pub fn log(error: &Unavailable) {
    match error {
        // A rush is no fault: it is counted by its answers.
        Unavailable::Hashing(HashError::Full) | Unavailable::Db(DbError::Overloaded) => {
            tracing::warn!(%error, "come back later");
        }
        Unavailable::Withdrawn(_) => tracing::warn!(%error, "cut off"),
        Unavailable::Hashing(_)
        | Unavailable::Db(_)
        | Unavailable::ClaimsLost
        | Unavailable::Contended
        | Unavailable::SentBefore
        | Unavailable::Broken(_) => {
            tracing::error!(%error, "cannot decide");
        }
    }
}
