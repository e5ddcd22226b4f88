//! Whether the process lives, and whether it can decide.

use axum::extract::State;
use http::StatusCode;

use crate::store;
use crate::web::app::App;

/// GET `/healthz`: the process answers.
pub async fn live() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// GET `/readyz`: the program stays, the database answers, so that the gate can be asked, its clock is ours, and the store of sessions answers.
pub async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    let refuse = |error, reason| {
        tracing::error!(%error, "not ready");
        (StatusCode::SERVICE_UNAVAILABLE, reason)
    };
    if app.leaving.has_begun() {
        return (StatusCode::SERVICE_UNAVAILABLE, "this replica is being stopped\n");
    }
    if let Err(error) = store::reset_order::book_and_time(&app.ctx.db).await {
        return refuse(error, "the database does not answer\n");
    }
    match store::skew::skew(&app.ctx.db).await {
        Ok(skew) if skew.is_too_much() => {
            tracing::error!(seconds_ahead = %skew, "not ready: this machine's clock is not the database's");
            let reason = "the clock is more than 2 s from the database's\n";
            return (StatusCode::SERVICE_UNAVAILABLE, reason);
        }
        Ok(_) => {}
        Err(error) => return refuse(error, "the database does not answer\n"),
    }
    match app.ctx.ephemeral.ping().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => refuse(error, "the store of sessions does not answer\n"),
    }
}
