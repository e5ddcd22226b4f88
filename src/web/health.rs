//! Whether the process lives, and whether it can decide.

use axum::extract::{Query, State};
use http::StatusCode;
use serde::Deserialize;

use crate::store;
use crate::web::app::App;

/// GET `/healthz`: the process answers.
pub async fn live() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// What whoever asks does not want to hear of.
#[derive(Deserialize)]
pub struct Question {
    exclude: Option<Part>,
}

/// A part that all replicas share, and that some doors do without.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Part {
    Redis,
}

/// GET `/readyz`: the program stays, the database answers, so that the gate can be asked, its clock is ours, and the store of sessions
/// answers.
///
/// With `?exclude=redis` not the last: who has nobody to send requests to but replicas that are ready would, while it is away,
/// send none to the doors that go on without it.
pub async fn ready(State(app): State<App>, Query(question): Query<Question>) -> (StatusCode, &'static str) {
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
    if question.exclude == Some(Part::Redis) {
        return (StatusCode::OK, "ready\n");
    }
    match app.ctx.ephemeral.ping().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => refuse(error, "the store of sessions does not answer\n"),
    }
}
