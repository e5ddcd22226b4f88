//! The token endpoint.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::HeaderMap;
use http::header::CACHE_CONTROL;

use crate::flows::client_credentials::client_credentials;
use crate::flows::exchange_code::{Presented, exchange_code};
use crate::flows::refresh_token::refresh_token;
use crate::flows::unavailable::Unavailable;
use crate::oidc::token::{TokenError, TokenRequest, TokenResponse};
use crate::web::answer::{error_json, unavailable_json};
use crate::web::app::App;
use crate::web::extract::form::Form;
use crate::web::protocol::client_request;

/// POST `/token`.
pub async fn post(State(app): State<App>, headers: HeaderMap, form: Form) -> Response {
    match answer(&app, &headers, form).await {
        Ok(Ok(response)) => ([(CACHE_CONTROL, "no-store")], Json(response)).into_response(),
        Ok(Err(error)) => error_json(error.answer(&app.ctx.settings.issuer)),
        Err(error) => unavailable_json(&error),
    }
}

async fn answer(
    app: &App,
    headers: &HeaderMap,
    form: Form,
) -> Result<Result<TokenResponse, TokenError>, Unavailable> {
    let (client, form) = match client_request::read(app, headers, form).await? {
        Ok(read) => read,
        Err(error) => return Ok(Err(error)),
    };
    match TokenRequest::read(&form) {
        Ok(TokenRequest::AuthorizationCode { code, redirect_uri, code_verifier }) => {
            exchange_code(&app.ctx, &client, Presented { code, redirect_uri, code_verifier }).await
        }
        Ok(TokenRequest::RefreshToken { refresh_token: token, scope }) => {
            refresh_token(&app.ctx, &client, &token, scope.as_ref()).await
        }
        Ok(TokenRequest::ClientCredentials { scope }) => client_credentials(&app.ctx, &client, scope).await,
        Err(error) => Ok(Err(error)),
    }
}
