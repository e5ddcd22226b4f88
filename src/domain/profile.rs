//! Who a person is at a place.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A profile of the SDET (`ENTPersonProfils`), plus the two kinds of people that PRONOTE counts apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Profile {
    /// Staff of a rectorat or an inspection: `National_ACA`.
    Academic,
    /// Staff of the local authority that runs the buildings and the portal: `National_COL`.
    LocalAuthority,
    /// Librarian: `National_DOC`.
    Librarian,
    /// Teacher: `National_ENS`.
    Teacher,
    /// Administrative and technical staff: `National_ETA`.
    Administration,
    /// School-life staff (supervision, *vie scolaire*): `National_EVS`.
    SchoolLife,
    /// Person responsible for a pupil: `National_TUT`.
    Guardian,
    /// Head of a school: `National_DIR`.
    Head,
    /// Inspector, counted apart by PRONOTE: `inspector`.
    Inspector,
    /// Internship tutor in a company, counted apart by PRONOTE: `internship_tutor`.
    InternshipTutor,
    /// Pupil: `National_ELV`.
    Pupil,
}

/// The text is none of the known profiles.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown profile {0:?}; known are {known}", known = known_values())]
pub struct UnknownProfile(pub String);

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 11] = [
        Self::Pupil,
        Self::Guardian,
        Self::Teacher,
        Self::Head,
        Self::SchoolLife,
        Self::Administration,
        Self::Academic,
        Self::Librarian,
        Self::LocalAuthority,
        Self::Inspector,
        Self::InternshipTutor,
    ];

    /// The written value: SDET's where SDET has one.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Academic => "National_ACA",
            Self::Administration => "National_ETA",
            Self::Guardian => "National_TUT",
            Self::Head => "National_DIR",
            Self::Inspector => "inspector",
            Self::InternshipTutor => "internship_tutor",
            Self::Librarian => "National_DOC",
            Self::LocalAuthority => "National_COL",
            Self::Pupil => "National_ELV",
            Self::SchoolLife => "National_EVS",
            Self::Teacher => "National_ENS",
        }
    }

    /// The value told to relying parties: an inspector is academic staff to SDET, a tutor has no SDET value.
    pub const fn sdet(self) -> Option<&'static str> {
        match self {
            Self::Inspector => Some("National_ACA"),
            Self::InternshipTutor => None,
            _ => Some(self.as_str()),
        }
    }
}

impl FromStr for Profile {
    type Err = UnknownProfile;

    /// Compares without case: GAR writes `National_elv`, and real directories hold both forms.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        Self::ALL
            .into_iter()
            .find(|profile| profile.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownProfile(text.to_owned()))
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for Profile {
    type Error = UnknownProfile;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Profile> for String {
    fn from(profile: Profile) -> Self {
        profile.as_str().to_owned()
    }
}

fn known_values() -> String {
    Profile::ALL.map(Profile::as_str).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_reads_back_in_any_case() {
        for profile in Profile::ALL {
            assert_eq!(profile.as_str().to_lowercase().parse(), Ok(profile));
        }
        assert!("National_XYZ".parse::<Profile>().unwrap_err().to_string().contains("National_ELV"));
    }
}
