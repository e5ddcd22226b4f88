//! The way to a collector of traces: the requests of OpenTelemetry's exporter, sent as every other request is.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use tokio::runtime::Handle;

use super::{Outgoing, SendError};

/// Sends on the program's runtime what the exporter's own thread hands over.
#[derive(Clone)]
pub struct Collector {
    outgoing: Outgoing,
    runtime: Handle,
    /// Whether it took nothing the last time. It is told when that changes.
    fails: Arc<AtomicBool>,
}

impl Collector {
    /// Sends on this runtime.
    pub fn new(outgoing: Outgoing, runtime: Handle) -> Self {
        Self { outgoing, runtime, fails: Arc::default() }
    }

    fn tell(&self, failure: Option<String>) {
        let failed = self.fails.swap(failure.is_some(), Ordering::Relaxed);
        match failure {
            Some(reason) if !failed => tracing::warn!(reason, "the collector takes no traces: they are lost"),
            None if failed => tracing::info!("the collector takes traces again"),
            Some(_) | None => {}
        }
    }
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Collector")
    }
}

#[async_trait::async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let outgoing = self.outgoing.clone();
        let sent = self.runtime.spawn(async move { outgoing.send(request).await }).await?;
        self.tell(match &sent {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("it answers {}", answer.status().as_u16())),
            Err(error) => Some(error.to_string()),
        });
        Ok(sent?)
    }
}

impl Outgoing {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, SendError> {
        let request = reqwest::Request::try_from(request).map_err(|_| SendError::Unreachable)?;
        if !self.reach.allows_host(request.url()) {
            return Err(SendError::NotAllowed);
        }
        let response = self.http.execute(request).await.map_err(|error| SendError::of(&error))?;
        let mut answer = Response::new(Bytes::new());
        *answer.status_mut() = response.status();
        *answer.body_mut() = Self::document(response).await?.into();
        Ok(answer)
    }
}
