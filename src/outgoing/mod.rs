//! WHAT IS SAID TO OTHERS. Requests to addresses that relying parties registered: where they may lead, and how much an answer
//! may cost.
//!
//! An address is a registration's, and a name leads wherever its owner points it, so what may be reached is decided on the
//! address that is connected to: by the resolver for names, beforehand for addresses written out. No redirect is followed,
//! no proxy asked, and of an answer nothing is kept but its status.

mod collector;
pub mod mail;
mod reach;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use thiserror::Error;
use url::Url;

pub use collector::Collector;
pub use reach::Reach;

/// How much of an answer's body is read, so that the connection can be used again; one that is longer is dropped with it.
const BODY: usize = 4 * 1024;

/// How much of a document is read.
const DOCUMENT: usize = 64 * 1024;

/// Connections kept for the next request to the same host, and for how long.
const IDLE: (usize, Duration) = (8, Duration::from_secs(30));

/// Speaks to others.
#[derive(Clone)]
pub struct Outgoing {
    http: reqwest::Client,
    reach: Arc<Reach>,
}

/// Why there is no answer. It names no address and quotes nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SendError {
    /// The host is a private address, or every address of its name is.
    #[error("its address is not one that may be reached")]
    NotAllowed,
    /// Too slow.
    #[error("no answer in time")]
    TooSlow,
    /// No such name, nobody listens, no TLS, or no HTTP.
    #[error("no connection, or no answer")]
    Unreachable,
}

/// This machine cannot speak TLS.
#[derive(Debug, Error)]
#[error("no TLS for outgoing requests")]
pub struct NoTls(#[from] reqwest::Error);

impl Outgoing {
    /// Reaches what `reach` allows; a request takes no longer than `timeout` in all.
    pub fn new(reach: Reach, timeout: Duration) -> Result<Self, NoTls> {
        let reach = Arc::new(reach);
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .timeout(timeout)
            .pool_max_idle_per_host(IDLE.0)
            .pool_idle_timeout(IDLE.1)
            .dns_resolver(Arc::new(Resolver(Arc::clone(&reach))))
            .user_agent(concat!("ecluse/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { http, reach })
    }

    /// Gets a document, cut off where it is longer than any of ours.
    pub async fn get(&self, address: &Url) -> Result<(u16, Vec<u8>), SendError> {
        if !self.reach.allows_host(address) {
            return Err(SendError::NotAllowed);
        }
        let sent = self.http.get(address.clone()).send().await;
        let response = sent.map_err(|error| SendError::of(&error))?;
        Ok((response.status().as_u16(), Self::document(response).await?))
    }

    async fn document(mut response: reqwest::Response) -> Result<Vec<u8>, SendError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| SendError::of(&error))? {
            body.extend_from_slice(&chunk);
            if body.len() > DOCUMENT {
                break;
            }
        }
        Ok(body)
    }

    /// Posts a form and answers the status.
    pub async fn post_form(&self, address: &Url, form: &[(&str, &str)]) -> Result<u16, SendError> {
        if !self.reach.allows_host(address) {
            return Err(SendError::NotAllowed);
        }
        let sent = self.http.post(address.clone()).form(form).send().await;
        let mut response = sent.map_err(|error| SendError::of(&error))?;
        let status = response.status().as_u16();
        let mut read = 0;
        while let Ok(Some(chunk)) = response.chunk().await {
            read += chunk.len();
            if read > BODY {
                break;
            }
        }
        Ok(status)
    }
}

impl SendError {
    fn of(error: &reqwest::Error) -> Self {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(error) = cause {
            if error.downcast_ref::<Self>() == Some(&Self::NotAllowed) {
                return Self::NotAllowed;
            }
            cause = error.source();
        }
        if error.is_timeout() { Self::TooSlow } else { Self::Unreachable }
    }
}

/// Resolves names and keeps the addresses that may be reached: what is connected to is what was looked at.
struct Resolver(Arc<Reach>);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = Arc::clone(&self.0);
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let is_known = !found.is_empty();
            let allowed: Vec<_> = found.into_iter().filter(|address| reach.allows(address.ip())).collect();
            match (allowed.is_empty(), is_known) {
                (false, _) => Ok(Box::new(allowed.into_iter()) as Addrs),
                (true, true) => Err(Box::new(SendError::NotAllowed) as _),
                (true, false) => Err(Box::new(io::Error::from(io::ErrorKind::NotFound)) as _),
            }
        })
    }
}

#[cfg(test)]
mod tests;
