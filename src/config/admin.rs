//! `[admin]`: where whoever runs the program looks at it.

use std::net::SocketAddr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Problem;

/// Where whoever runs the program looks at it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Admin {
    /// Address and port of the second listener; none without one.
    #[serde(serialize_with = "written", deserialize_with = "address")]
    pub listen: Option<SocketAddr>,
}

impl Admin {
    pub(super) fn check(&self) -> Result<(), Problem> {
        match self.listen {
            Some(address) if address.ip().is_unspecified() => Err(Problem::new(
                "admin.listen",
                format!("{address} would show it on every network; write the one address that is meant"),
            )),
            Some(_) | None => Ok(()),
        }
    }
}

#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
fn written<S: Serializer>(listen: &Option<SocketAddr>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&listen.map_or_else(String::new, |address| address.to_string()))
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        serde::de::Error::custom(format!(
            "{text:?} is not an address and a port; write one such as \"127.0.0.1:9090\", or \"\" for none"
        ))
    })
}
