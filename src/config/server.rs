//! `[server]`: where Écluse answers, under which name, and how long it waits.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;
use url::Url;

use super::{Problem, more_than_zero};
use crate::domain::client::is_loopback;
use crate::domain::length;

/// Where Écluse answers, under which name, and how long it waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Address and port to accept connections on.
    #[serde(deserialize_with = "address")]
    pub listen: SocketAddr,
    /// The public name of this provider.
    pub issuer: Issuer,
    /// Proxies whose request ids are believed; forwarded headers of anyone else are ignored.
    #[serde(deserialize_with = "networks")]
    pub trusted_proxies: Vec<IpNet>,
    /// After this long a request that has not been answered gets a 503.
    #[serde(with = "length")]
    pub request_timeout: Duration,
    /// How long it goes on after SIGTERM as one that is not ready, so that a proxy notices.
    #[serde(with = "length")]
    pub shutdown_delay: Duration,
    /// How long requests under way may go on after that.
    #[serde(with = "length")]
    pub shutdown_grace: Duration,
    /// Connections open at once; further ones wait to be accepted.
    pub max_connections: usize,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            issuer: Issuer("http://localhost:8080".to_owned()),
            trusted_proxies: Vec::new(),
            request_timeout: Duration::from_secs(15),
            shutdown_delay: Duration::from_secs(8),
            shutdown_grace: Duration::from_secs(20),
            max_connections: 4096,
        }
    }
}

impl Server {
    pub(super) fn check(&self) -> Result<(), Problem> {
        if self.max_connections == 0 {
            let text = "0 would answer nobody; write at least 1".to_owned();
            return Err(Problem::new("server.max_connections", text));
        }
        more_than_zero("server.request_timeout", self.request_timeout)
    }
}

/// The issuer identifier (`OpenID` Connect Discovery 1.0 section 3): scheme, host and port, nothing after them.
///
/// `https`, or `http` on a loopback host. It is compared byte for byte by relying parties, so it has one spelling:
/// lower case, no default port, and no path, since Écluse answers at the root of its host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Issuer(String);

impl Issuer {
    /// The identifier, without a trailing slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is served over TLS. If not, cookies can have neither `Secure` nor the `__Host-` prefix.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// Whether it is an address of this machine, which nobody else can reach.
    pub fn is_loopback(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| is_loopback(&url))
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text cannot be the issuer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadIssuer {
    /// `http` outside this machine would send passwords in clear.
    #[error("{0:?} must begin with https://; http:// is accepted for localhost, 127.0.0.1 and [::1] only")]
    NotHttps(String),
    /// It does not parse, or has no host.
    #[error("{0:?} is not a web address; write one such as \"https://id.example.org\"")]
    NotUrl(String),
    /// It says more than scheme, host and port, or says it in another spelling.
    #[error(
        "{found:?} must be spelled {expected:?}: no path, trailing slash, query, fragment, user or default port"
    )]
    Spelling {
        /// What was written.
        found: String,
        /// The only spelling of that host.
        expected: String,
    },
}

impl TryFrom<String> for Issuer {
    type Error = BadIssuer;

    fn try_from(text: String) -> Result<Self, BadIssuer> {
        let Ok(url) = Url::parse(&text) else { return Err(BadIssuer::NotUrl(text)) };
        if !url.has_host() {
            return Err(BadIssuer::NotUrl(text));
        }
        if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(&url)) {
            return Err(BadIssuer::NotHttps(text));
        }
        let expected = url.origin().ascii_serialization();
        if text == expected { Ok(Self(text)) } else { Err(BadIssuer::Spelling { found: text, expected }) }
    }
}

impl From<Issuer> for String {
    fn from(issuer: Issuer) -> Self {
        issuer.0
    }
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| {
        serde::de::Error::custom(format!(
            "{text:?} is not an address and a port; write one such as \"127.0.0.1:8080\""
        ))
    })
}

fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    Vec::<String>::deserialize(deserializer)?
        .into_iter()
        .map(|text| {
            let text = text.trim();
            text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| {
                serde::de::Error::custom(format!(
                    "{text:?} is not a network; write one such as \"10.0.0.0/8\""
                ))
            })
        })
        .collect()
}
