//! How little the old password is worth once it must change.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How little the old password is worth under an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The old password still opens the change page, and nothing else: hygiene.
    Change,
    /// Passwords are believed stolen: the old one opens nothing. Only a code, or another proof, does.
    Recover,
}

/// The text is neither level.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("a level is change or recover, not {0:?}")]
pub struct UnknownLevel(pub String);

impl Level {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Change, Self::Recover];

    /// The written form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Recover => "recover",
        }
    }
}

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|level| level.as_str() == text)
            .ok_or_else(|| UnknownLevel(text.to_owned()))
    }
}
