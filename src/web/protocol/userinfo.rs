//! The userinfo endpoint.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::HeaderMap;
use http::header::CACHE_CONTROL;

use crate::flows::unavailable::Unavailable;
use crate::flows::userinfo::userinfo;
use crate::oidc::bearer::{BearerError, access_token};
use crate::oidc::parameters::Parameters;
use crate::oidc::userinfo::UserInfo;
use crate::web::answer::{error_json, unavailable_json};
use crate::web::app::App;
use crate::web::extract::form::Form;
use crate::web::protocol::client_request::authorization;

/// GET `/userinfo`.
pub async fn get(State(app): State<App>, headers: HeaderMap) -> Response {
    respond(&app, answer(&app, &headers, None).await)
}

/// POST `/userinfo`: the token in the header, or in a form (RFC 6750 section 2.2).
pub async fn post(State(app): State<App>, headers: HeaderMap, form: Option<Form>) -> Response {
    let form = match form.map(|form| form.0).transpose() {
        Ok(form) => form,
        Err(error) => return respond(&app, Ok(Err(error.into()))),
    };
    respond(&app, answer(&app, &headers, form.as_ref()).await)
}

async fn answer(
    app: &App,
    headers: &HeaderMap,
    form: Option<&Parameters>,
) -> Result<Result<UserInfo, BearerError>, Unavailable> {
    match access_token(authorization(headers), form) {
        Ok(token) => userinfo(&app.ctx, &token).await,
        Err(error) => Ok(Err(error)),
    }
}

fn respond(app: &App, answer: Result<Result<UserInfo, BearerError>, Unavailable>) -> Response {
    match answer {
        Ok(Ok(claims)) => ([(CACHE_CONTROL, "no-store")], Json(claims)).into_response(),
        Ok(Err(error)) => error_json(error.answer(&app.ctx.settings.issuer)),
        Err(error) => unavailable_json(&error),
    }
}
