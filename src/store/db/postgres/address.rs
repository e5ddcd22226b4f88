//! Which server and database, as its URL says, and whether the way there is encrypted.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, TargetSessionAttrs};

const MODE: &str = "sslmode";

/// Where a PostgreSQL database is: `postgres://user@host:port/database?sslmode=verify-full`. Holds no password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub(super) config: Config,
    pub(super) encrypted: bool,
    /// The URL without its parameters.
    shown: String,
}

/// Why a URL names no database that could be used. Completes the sentence "store.url …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It cannot be read.
    #[error("is no such address ({0}); write postgres://user@host:5432/database")]
    Unreadable(String),
    /// User, host or database is missing.
    #[error("names no {0}; write postgres://user@host:5432/database")]
    Missing(&'static str),
    /// A password stands in it.
    #[error(
        "holds a password, which could be read wherever settings are shown; write it into a file and name that (store.password_file)"
    )]
    Password,
    /// Encryption without knowing whom one talks to, or only if the server feels like it.
    #[error("has sslmode={0}; write verify-full, or disable")]
    Mode(String),
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(url: &str) -> Result<Self, AddressError> {
        let (shown, parameters) = url.split_once('?').unwrap_or((url, ""));
        let (mode, others): (Vec<_>, Vec<_>) = parameters
            .split('&')
            .filter(|parameter| !parameter.is_empty())
            .partition(|parameter| parameter.split('=').next() == Some(MODE));
        let mut config: Config = format!("{shown}?{}", others.join("&"))
            .parse()
            .map_err(|error: tokio_postgres::Error| AddressError::Unreadable(error.to_string()))?;
        if config.get_password().is_some() {
            return Err(AddressError::Password);
        }
        for (what, is_there) in [
            ("user", config.get_user().is_some()),
            ("host", !config.get_hosts().is_empty()),
            ("database", config.get_dbname().is_some()),
        ] {
            if !is_there {
                return Err(AddressError::Missing(what));
            }
        }
        let encrypted = match mode.first().and_then(|parameter| parameter.split_once('=')) {
            None => !config.get_hosts().iter().all(is_near),
            Some((_, "disable")) => false,
            Some((_, "verify-full")) => true,
            Some((_, other)) => return Err(AddressError::Mode(other.to_owned())),
        };
        if config.get_hosts().len() > 1 {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite); // of several, the primary
        }
        Ok(Self { config, encrypted, shown: shown.to_owned() })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// Whether what is sent there leaves the machine.
fn is_near(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        Host::Unix(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encrypted(url: &str) -> bool {
        url.parse::<Address>().unwrap().encrypted
    }

    #[test]
    fn what_leaves_the_machine_is_encrypted_unless_it_is_said_otherwise() {
        assert!(encrypted("postgres://ecluse@db.example:5432/ecluse"));
        assert!(encrypted("postgresql://ecluse@10.0.0.7/ecluse"));
        assert!(encrypted("postgres://ecluse@localhost,db.example/ecluse"));
        assert!(encrypted("postgres://ecluse@localhost/ecluse?sslmode=verify-full"));
        assert!(!encrypted("postgres://ecluse@db.example/ecluse?connect_timeout=3&sslmode=disable"));
        assert!(!encrypted("postgres://ecluse@127.0.0.1:5433/ecluse"));
        assert!(!encrypted("postgres://ecluse@[::1]/ecluse"));
        assert!(!encrypted("postgres://ecluse@%2Frun%2Fpostgresql/ecluse"));
    }

    #[test]
    fn what_cannot_stand_is_told() {
        let told = |url: &str| url.parse::<Address>().unwrap_err();
        assert_eq!(told("postgres://ecluse:geheim@db/ecluse"), AddressError::Password);
        assert_eq!(
            told("postgres://ecluse@db/ecluse?sslmode=require"),
            AddressError::Mode("require".to_owned())
        );
        assert_eq!(told("postgres://db/ecluse"), AddressError::Missing("user"));
        assert_eq!(told("postgres://ecluse@db"), AddressError::Missing("database"));
        assert!(matches!(told("mysql://ecluse@db/ecluse"), AddressError::Unreadable(_)));
    }

    #[test]
    fn it_is_shown_without_its_parameters() {
        let address: Address = "postgres://ecluse@db:5433/ecluse?sslmode=disable".parse().unwrap();
        assert_eq!(address.to_string(), "postgres://ecluse@db:5433/ecluse");
    }
}
