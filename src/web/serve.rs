//! Listening, and stopping without cutting anybody off.

use std::future::Future;
use std::io;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::flows::tidy::tidy;
use crate::web::app::App;
use crate::web::listener::{Bounded, Peer};
use crate::web::router::router;

/// How often housekeeping runs. Nothing depends on it: what falls due binds by being read.
const HOUSEKEEPING: Duration = Duration::from_mins(1);

/// How the server listens and stops.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long one request may take.
    pub request_timeout: Duration,
    /// How long the server goes on once it was told to stop, as one that is not ready.
    pub shutdown_delay: Duration,
    /// How long connections may go on after that.
    pub shutdown_grace: Duration,
    /// Connections open at once; further ones wait to be accepted.
    pub max_connections: usize,
}

/// Serves until `stop` completes; says for the delay that it goes, so that requests are sent elsewhere; then lets those under
/// way end, for the grace at most.
pub async fn serve(
    app: App,
    listener: TcpListener,
    limits: Limits,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (stopping, mut stopped) = watch::channel(false);
    let housekeeping = tokio::spawn(keep_house(app.clone(), stopped.clone()));
    let leaving = app.leaving.clone();
    let service = router(app, limits.request_timeout).into_make_service_with_connect_info::<Peer>();
    let graceful = async move {
        stop.await;
        leaving.begin();
        tokio::time::sleep(limits.shutdown_delay).await;
        let _ = stopping.send(true);
    };
    let listener = Bounded::new(listener, limits.max_connections);
    let server = axum::serve(listener, service).with_graceful_shutdown(graceful);
    let cut_off = async {
        let _ = stopped.wait_for(|stopped| *stopped).await;
        tokio::time::sleep(limits.shutdown_grace).await;
    };
    tokio::select! {
        served = async { server.await } => served?,
        () = cut_off => tracing::warn!("connections were still open after the grace"),
    }
    let _ = housekeeping.await;
    Ok(())
}

async fn keep_house(app: App, mut stopped: watch::Receiver<bool>) {
    loop {
        if let Err(error) = tidy(&app.ctx).await {
            tracing::warn!(%error, "housekeeping");
        }
        tokio::select! {
            () = tokio::time::sleep(HOUSEKEEPING) => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
    }
}
