//! `[tokens]`: how long what a relying party holds stays good.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Problem, more_than_zero, not_above};
use crate::domain::length;

/// RFC 6749 section 4.1.2: "A maximum authorization code lifetime of 10 minutes is RECOMMENDED".
const LONGEST_CODE: Duration = Duration::from_mins(10);

/// A program that acts for itself asks again whenever it likes, so that what it holds needs to live no longer.
const LONGEST_CLIENT: Duration = Duration::from_hours(1);

/// How long what a relying party holds stays good. The gate is asked again at each use, whatever is written here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tokens {
    /// Authorization codes.
    #[serde(with = "length")]
    pub code: Duration,
    /// Access tokens, and the ID tokens that come with them.
    #[serde(with = "length")]
    pub access: Duration,
    /// Refresh tokens, from the sign-in on; using one does not lengthen it.
    #[serde(with = "length")]
    pub refresh: Duration,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            code: Duration::from_mins(1),
            access: Duration::from_mins(10),
            refresh: Duration::from_hours(30 * 24),
        }
    }
}

impl Tokens {
    /// Access tokens of clients that act for themselves.
    pub(super) fn client(&self) -> Duration {
        self.access.min(LONGEST_CLIENT)
    }

    pub(super) fn check(&self) -> Result<(), Problem> {
        more_than_zero("tokens.code", self.code)?;
        more_than_zero("tokens.access", self.access)?;
        if self.code > LONGEST_CODE {
            return Err(Problem::new(
                "tokens.code",
                format!(
                    "{} is too long for an authorization code; write at most {} (RFC 6749 section 4.1.2)",
                    length::text(self.code),
                    length::text(LONGEST_CODE)
                ),
            ));
        }
        not_above("tokens.access", self.access, "tokens.refresh", self.refresh)
    }
}
