//! `[store]`: where everything that outlives the process is kept.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Problem;

/// Where everything that outlives the process is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// The `SQLite` file.
    pub path: PathBuf,
    /// Threads that read it. Writing always has exactly one.
    pub readers: usize,
}

impl Default for Store {
    fn default() -> Self {
        Self { path: PathBuf::from("ecluse.sqlite3"), readers: 4 }
    }
}

impl Store {
    pub(super) fn check(&self) -> Result<(), Problem> {
        match self.readers {
            0 => Err(Problem::new("store.readers", "0 could read nothing; write at least 1".to_owned())),
            _ => Ok(()),
        }
    }
}
