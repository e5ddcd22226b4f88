//! The listener for whoever runs the program: what is counted, and whether it lives. It knows no accounts and takes no
//! orders, and what it serves is nowhere on the public one but for the two questions of a probe.

use std::io;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use tokio::net::TcpListener;
use tower_http::timeout::TimeoutLayer;

use crate::web::app::App;
use crate::web::exposition;
use crate::web::health;
use crate::web::listener::Bounded;

/// Connections open at once: a scraper, a probe, and a person who looks.
const CONNECTIONS: usize = 32;

/// Serves until it is dropped, also while the public listener lets its last requests end.
pub async fn serve(app: App, listener: TcpListener, request_timeout: Duration) -> io::Result<()> {
    let router = Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, request_timeout))
        .with_state(app);
    axum::serve(Bounded::new(listener, CONNECTIONS), router).await
}

async fn metrics(State(app): State<App>) -> Response {
    let text = exposition::text(&app.ctx).await;
    ([(CONTENT_TYPE, exposition::CONTENT_TYPE), (CACHE_CONTROL, "no-store")], text).into_response()
}
