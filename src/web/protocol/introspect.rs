//! The introspection endpoint (RFC 7662).

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::HeaderMap;
use http::header::CACHE_CONTROL;

use crate::flows::introspect::introspect;
use crate::flows::unavailable::Unavailable;
use crate::oidc::introspection::Introspection;
use crate::oidc::presented_token::{PresentedTokenError, presented_token};
use crate::web::answer::{error_json, unavailable_json};
use crate::web::app::App;
use crate::web::extract::form::Form;
use crate::web::protocol::client_request;

/// POST `/introspect`.
pub async fn post(State(app): State<App>, headers: HeaderMap, form: Form) -> Response {
    match answer(&app, &headers, form).await {
        Ok(Ok(introspection)) => ([(CACHE_CONTROL, "no-store")], Json(introspection)).into_response(),
        Ok(Err(error)) => error_json(error.answer()),
        Err(error) => unavailable_json(&error),
    }
}

async fn answer(
    app: &App,
    headers: &HeaderMap,
    form: Form,
) -> Result<Result<Introspection, PresentedTokenError>, Unavailable> {
    let (client, form) = match client_request::read(app, headers, form).await? {
        Ok(read) => read,
        Err(error) => return Ok(Err(error)),
    };
    match presented_token(&form) {
        Ok(token) => introspect(&app.ctx, &client, &token).await.map(Ok),
        Err(error) => Ok(Err(error)),
    }
}
