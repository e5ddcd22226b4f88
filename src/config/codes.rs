//! `[codes]`: how long a printed code opens the change page.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Problem, more_than_zero, not_above};
use crate::domain::length;

/// How long a printed code opens the change page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Codes {
    /// The lifetime of a code that nobody chose another lifetime for.
    #[serde(with = "length")]
    pub lifetime: Duration,
    /// The longest lifetime that anyone may choose.
    #[serde(with = "length")]
    pub ceiling: Duration,
}

impl Default for Codes {
    fn default() -> Self {
        Self { lifetime: Duration::from_hours(30 * 24), ceiling: Duration::from_hours(90 * 24) }
    }
}

impl Codes {
    pub(super) fn check(&self) -> Result<(), Problem> {
        more_than_zero("codes.lifetime", self.lifetime)?;
        not_above("codes.lifetime", self.lifetime, "codes.ceiling", self.ceiling)
    }
}
