//! `[orders]`: what one person may order alone.

use serde::{Deserialize, Serialize};

/// What one person may order alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Orders {
    /// The people whom one author's orders of 24 hours may cover together before a second person must approve.
    pub approval_above: u64,
}

impl Default for Orders {
    fn default() -> Self {
        Self { approval_above: 5_000 }
    }
}
