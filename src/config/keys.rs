//! `[keys]`: the master key, and how long a signing key signs.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Problem, more_than_zero};
use crate::domain::length;

/// The master key, and how long a signing key signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keys {
    /// The file that holds the master key, under which every other key is sealed.
    pub master_key_file: PathBuf,
    /// The file that remembers outside the database how far it has come, so that an older copy is noticed.
    pub instance_file: PathBuf,
    /// How long a signing key signs before the next one takes over.
    #[serde(with = "length")]
    pub rotation: Duration,
    /// How long a key stays published after it has signed: longer than anything it signed is used, ID tokens that are shown
    /// at sign-out included.
    #[serde(with = "length")]
    pub overlap: Duration,
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            master_key_file: PathBuf::from("ecluse.master.key"),
            instance_file: PathBuf::from("ecluse.instance"),
            rotation: Duration::from_hours(90 * 24),
            overlap: Duration::from_hours(30 * 24),
        }
    }
}

impl Keys {
    pub(super) fn check(&self) -> Result<(), Problem> {
        more_than_zero("keys.overlap", self.overlap)?;
        if self.rotation <= self.overlap {
            return Err(Problem::new(
                "keys.rotation",
                format!(
                    "{} is not longer than keys.overlap ({}); else several retired keys pile up",
                    length::text(self.rotation),
                    length::text(self.overlap)
                ),
            ));
        }
        Ok(())
    }
}
