//! `[traces]`: where what requests do is sent, and of how many.

use serde::{Deserialize, Serialize};
use url::Url;

use super::Problem;

/// Where what requests do is sent, and of how many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Traces {
    /// The collector's address for traces, by OTLP over HTTP; empty for none.
    pub endpoint: String,
    /// One request in so many is traced, but for those that a proxy has decided about.
    pub one_in: u32,
    /// Whether the `traceparent` of a trusted proxy is its own, and decides.
    pub believe_proxies: bool,
}

impl Default for Traces {
    fn default() -> Self {
        Self { endpoint: String::new(), one_in: 100, believe_proxies: false }
    }
}

impl Traces {
    /// The collector, if there is one. An address that could not be read was refused when the settings were loaded.
    pub fn collector(&self) -> Option<Url> {
        Url::parse(&self.endpoint).ok()
    }

    pub(super) fn check(&self) -> Result<(), Problem> {
        if !self.endpoint.is_empty() && !self.collector().as_ref().is_some_and(is_plain) {
            // It is not quoted: what is wrong with it may be a password.
            let text = "is no address, or has a user, query or fragment; write one such as \
                        \"http://127.0.0.1:4318/v1/traces\"";
            return Err(Problem::new("traces.endpoint", text.to_owned()));
        }
        if self.one_in == 0 {
            return Err(Problem::new("traces.one_in", "0 is no share; write 1 for every request".to_owned()));
        }
        Ok(())
    }
}

/// What a collector asks for beside its address stands in a header, and where the settings are shown there is no secret.
fn is_plain(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
}
