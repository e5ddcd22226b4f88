//! What an account may order others to do, and where.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A role over a territory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads the audit log and the progress, changes nothing.
    Auditor,
    /// Issues and approves orders for a territory.
    Authority,
    /// Prints slips and helps the pupils and guardians of one class.
    ClassTeacher,
    /// Unlocks accounts and prints a new code.
    Helpdesk,
    /// Runs one school.
    SchoolAdmin,
}

/// The text is none of the roles.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown role {0:?}; known are authority, school_admin, class_teacher, helpdesk, auditor")]
pub struct UnknownRole(pub String);

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] =
        [Self::Authority, Self::SchoolAdmin, Self::ClassTeacher, Self::Helpdesk, Self::Auditor];

    /// The written form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auditor => "auditor",
            Self::Authority => "authority",
            Self::ClassTeacher => "class_teacher",
            Self::Helpdesk => "helpdesk",
            Self::SchoolAdmin => "school_admin",
        }
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| UnknownRole(text.to_owned()))
    }
}
