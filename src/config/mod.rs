//! What the person who runs Écluse has decided. One file per section; `config/default.toml` is the documentation.
//!
//! A [`Config`] holds no secret: secrets are named by the file or variable that holds them. Every value in it has been
//! checked, so nothing above has to ask whether a lifetime is zero or an issuer has a path.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::length;
use crate::domain::throttle::ThrottleRules;

pub mod admin;
pub mod audit;
pub mod client;
pub mod codes;
pub mod display;
pub mod ephemeral;
pub mod keys;
pub mod layers;
pub mod log;
pub mod mail;
pub mod notices;
pub mod orders;
pub mod parts;
pub mod password;
pub mod private_file;
pub mod server;
pub mod session;
pub mod slips;
pub mod store;
pub mod throttle;
pub mod tokens;
pub mod traces;

/// Everything that can be decided without changing the program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where Écluse answers.
    pub server: server::Server,
    /// Where whoever runs the program looks at it.
    pub admin: admin::Admin,
    /// Where everything is kept.
    pub store: store::Store,
    /// Where what expires is kept.
    pub ephemeral: ephemeral::Ephemeral,
    /// The master key and the signing keys.
    pub keys: keys::Keys,
    /// How long a browser stays signed in.
    pub session: session::Session,
    /// How long what a relying party holds stays good.
    pub tokens: tokens::Tokens,
    /// How long a printed code opens the change page.
    pub codes: codes::Codes,
    /// What is printed.
    pub slips: slips::Slips,
    /// Which passwords are accepted.
    pub password: password::Password,
    /// How guessing is slowed down.
    pub throttle: ThrottleRules,
    /// How relying parties are told that a session is over.
    pub notices: notices::Notices,
    /// How people are told by mail.
    pub mail: mail::Mail,
    /// How long what was done is remembered.
    pub audit: audit::Audit,
    /// What one person may order alone.
    pub orders: orders::Orders,
    /// What people read.
    pub display: display::Display,
    /// What is told on standard error.
    pub log: log::Log,
    /// Where what requests do is sent.
    pub traces: traces::Traces,
    /// Relying parties declared here. [`Loaded::clients`](layers::Loaded::clients) reads their secrets.
    pub client: Vec<client::DeclaredClient>,
}

impl Config {
    /// What no single value can say about itself: bounds, and values that must fit each other.
    fn check(&self) -> Result<(), Problem> {
        self.server.check()?;
        self.admin.check()?;
        self.store.check()?;
        self.ephemeral.check()?;
        self.keys.check()?;
        self.session.check()?;
        self.tokens.check()?;
        self.codes.check()?;
        self.password.check()?;
        throttle::check(&self.throttle, &self.password.rules)?;
        self.notices.check()?;
        self.mail.check()?;
        self.audit.check()?;
        self.display.check()?;
        self.log.check()?;
        self.traces.check()?;
        self.client.iter().enumerate().try_for_each(|(place, client)| client.check(place))
    }
}

/// The settings as `section.key` and value, as `check-config` prints them.
pub fn flat(config: &Config) -> BTreeMap<String, serde_json::Value> {
    let mut flat = BTreeMap::new();
    let mut rest = vec![(String::new(), serde_json::json!(config))];
    while let Some((key, value)) = rest.pop() {
        if let serde_json::Value::Object(members) = value {
            let dot = if key.is_empty() { "" } else { "." };
            rest.extend(members.into_iter().map(|(name, value)| (format!("{key}{dot}{name}"), value)));
        } else {
            flat.insert(key, value);
        }
    }
    flat
}

/// A value that cannot stand, with what to write in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Problem {
    key: String,
    text: String,
}

impl Problem {
    fn new(key: &str, text: String) -> Self {
        Self { key: key.to_owned(), text }
    }
}

fn more_than_zero(key: &str, length: Duration) -> Result<(), Problem> {
    if length.is_zero() {
        return Err(Problem::new(key, "0s would end it before it begins; write at least \"1s\"".to_owned()));
    }
    Ok(())
}

fn not_above(key: &str, length: Duration, bound_key: &str, bound: Duration) -> Result<(), Problem> {
    if length > bound {
        return Err(Problem::new(
            key,
            format!(
                "{} is above {bound_key} ({}); lower it or raise the other",
                length::text(length),
                length::text(bound)
            ),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
