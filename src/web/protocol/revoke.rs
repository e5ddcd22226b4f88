//! The revocation endpoint (RFC 7009).

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};

use crate::flows::revoke_token::revoke_token;
use crate::flows::unavailable::Unavailable;
use crate::oidc::presented_token::{PresentedTokenError, presented_token};
use crate::web::answer::{error_json, unavailable_json};
use crate::web::app::App;
use crate::web::extract::form::Form;
use crate::web::protocol::client_request;

/// POST `/revoke`: 200 whether there was such a token or not.
pub async fn post(State(app): State<App>, headers: HeaderMap, form: Form) -> Response {
    match answer(&app, &headers, form).await {
        Ok(Ok(())) => StatusCode::OK.into_response(),
        Ok(Err(error)) => error_json(error.answer()),
        Err(error) => unavailable_json(&error),
    }
}

async fn answer(
    app: &App,
    headers: &HeaderMap,
    form: Form,
) -> Result<Result<(), PresentedTokenError>, Unavailable> {
    let (client, form) = match client_request::read(app, headers, form).await? {
        Ok(read) => read,
        Err(error) => return Ok(Err(error)),
    };
    match presented_token(&form) {
        Ok(token) => revoke_token(&app.ctx, &client, &token).await.map(Ok),
        Err(error) => Ok(Err(error)),
    }
}
