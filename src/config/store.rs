//! `[store]`: where everything that outlives the process is kept.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Problem, more_than_zero};
use crate::domain::length;
use crate::store::db::Address;

/// Where everything that outlives the process is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// The database on a PostgreSQL server; empty for the `SQLite` file.
    pub url: String,
    /// The file that holds the server's password; empty for none.
    pub password_file: PathBuf,
    /// The environment variable that holds it; empty for none.
    pub password_env: String,
    /// The certificates that the server's must hang from; empty for those that the system trusts.
    pub root_certificate_file: PathBuf,
    /// Connections to the server at most.
    pub connections: usize,
    /// How long to wait for a connection that is free.
    #[serde(with = "length")]
    pub wait: Duration,
    /// How long the server may work at one statement.
    #[serde(with = "length")]
    pub statement_timeout: Duration,
    /// How long a statement may wait for others.
    #[serde(with = "length")]
    pub lock_timeout: Duration,
    /// The `SQLite` file.
    pub path: PathBuf,
    /// Threads that read it. Writing always has exactly one.
    pub readers: usize,
}

/// What the settings name.
#[derive(Clone, Debug)]
pub enum Place<'a> {
    /// A `SQLite` file.
    File(&'a Path),
    /// A database on a PostgreSQL server.
    Server(Box<Address>),
}

impl Default for Store {
    fn default() -> Self {
        Self {
            url: String::new(),
            password_file: PathBuf::new(),
            password_env: String::new(),
            root_certificate_file: PathBuf::new(),
            connections: 16,
            wait: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(20),
            lock_timeout: Duration::from_secs(5),
            path: PathBuf::from("ecluse.sqlite3"),
            readers: 4,
        }
    }
}

impl Store {
    /// Where the database is. An address that could not be read was refused when the settings were loaded.
    pub fn place(&self) -> Place<'_> {
        match self.url.parse() {
            Ok(address) => Place::Server(Box::new(address)),
            Err(_) => Place::File(&self.path),
        }
    }

    pub(super) fn check(&self) -> Result<(), Problem> {
        if self.readers == 0 {
            return Err(Problem::new("store.readers", "0 could read nothing; write at least 1".to_owned()));
        }
        if !self.url.is_empty() {
            let address = self.url.parse::<Address>();
            address.map_err(|error| Problem::new("store.url", error.to_string()))?;
        }
        if !self.password_file.as_os_str().is_empty() && !self.password_env.is_empty() {
            let text = "the password must be named once; write store.password_file or store.password_env";
            return Err(Problem::new("store.password_env", text.to_owned()));
        }
        // A walk takes one out of the pool, while the others serve.
        if self.connections < 2 {
            return Err(Problem::new("store.connections", "are too few; write at least 2".to_owned()));
        }
        more_than_zero("store.wait", self.wait)?;
        more_than_zero("store.statement_timeout", self.statement_timeout)?;
        more_than_zero("store.lock_timeout", self.lock_timeout)
    }

    /// The paths, with their keys.
    pub(super) fn paths(&mut self) -> [(&'static str, &mut PathBuf); 3] {
        [
            ("store.path", &mut self.path),
            ("store.password_file", &mut self.password_file),
            ("store.root_certificate_file", &mut self.root_certificate_file),
        ]
    }
}

impl Place<'_> {
    /// Whether there is a file; a server is there, or says that it is not when it is asked.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::File(path) if !path.exists())
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server(address) => address.fmt(f),
        }
    }
}
