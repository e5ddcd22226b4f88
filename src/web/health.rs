//! Whether the process lives, and whether it can decide.

use axum::extract::State;
use http::StatusCode;

use crate::store;
use crate::web::app::App;

/// GET `/healthz`: the process answers.
pub async fn live() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// GET `/readyz`: the database answers, so that the gate can be asked, and so does the store of sessions.
pub async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    let refuse = |error, reason| {
        tracing::error!(%error, "not ready");
        (StatusCode::SERVICE_UNAVAILABLE, reason)
    };
    if let Err(error) = store::reset_order::book_and_time(&app.ctx.db).await {
        return refuse(error, "the database does not answer\n");
    }
    match app.ctx.ephemeral.ping().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => refuse(error, "the store of sessions does not answer\n"),
    }
}
