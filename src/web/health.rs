//! Whether the process lives, and whether it can decide.

use axum::extract::State;
use http::StatusCode;

use crate::store;
use crate::web::app::App;

/// GET `/healthz`: the process answers.
pub async fn live() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// GET `/readyz`: the database answers, so that the gate can be asked.
pub async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    match store::reset_order::book_and_time(&app.ctx.db).await {
        Ok(_) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::error!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    }
}
