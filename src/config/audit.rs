//! `[audit]`: how long what was done is remembered.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Problem;
use crate::domain::approval::FAVOUR;
use crate::domain::length;

/// How long what was done is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    /// How long lines are kept.
    #[serde(with = "length")]
    pub keep: Duration,
}

impl Default for Audit {
    fn default() -> Self {
        Self { keep: Duration::from_hours(365 * 24) }
    }
}

impl Audit {
    pub(super) fn check(&self) -> Result<(), Problem> {
        if self.keep < FAVOUR {
            let text = format!(
                "{} is less than {}, for which second persons are asked whom they owe something; write at least that",
                length::text(self.keep),
                length::text(FAVOUR)
            );
            return Err(Problem::new("audit.keep", text));
        }
        Ok(())
    }
}
