//! `[session]`: how long a browser stays signed in, and how long a page may wait for its user.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Problem, more_than_zero, not_above};
use crate::domain::length;

/// How long a browser stays signed in, and how long a page may wait for its user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Session {
    /// A session unused for this long has ended.
    #[serde(with = "length")]
    pub idle: Duration,
    /// A session ends this long after sign-in, used or not.
    #[serde(with = "length")]
    pub absolute: Duration,
    /// How long a relying party's request waits for the user to sign in.
    #[serde(with = "length")]
    pub interaction: Duration,
    /// How long the change page stays open after the password or code that led to it.
    #[serde(with = "length")]
    pub pending_change: Duration,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            idle: Duration::from_hours(2),
            absolute: Duration::from_hours(12),
            interaction: Duration::from_mins(10),
            pending_change: Duration::from_mins(10),
        }
    }
}

impl Session {
    pub(super) fn check(&self) -> Result<(), Problem> {
        more_than_zero("session.idle", self.idle)?;
        more_than_zero("session.interaction", self.interaction)?;
        more_than_zero("session.pending_change", self.pending_change)?;
        not_above("session.idle", self.idle, "session.absolute", self.absolute)
    }
}
