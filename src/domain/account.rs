//! One person who signs in, and where that person belongs.

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizer;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::order_clock::ClockSpan;
use super::profile::Profile;
use super::territory::TerritoryPath;

/// Identifies an account for ever: a `UUIDv7` as text. Relying parties never see it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(pub String);

/// A counter on the account's row, raised by every write that can change the gate's answer for the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountNumber(pub i64);

/// How a person signs in. Stored; never deduced from a missing credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WayIn {
    /// With a password kept here.
    Local,
    /// Only through another identity provider: there is no password to change.
    FederatedOnly,
}

impl WayIn {
    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::FederatedOnly => "federated_only",
        }
    }

    /// Reads the stored form.
    pub fn from_stored(text: &str) -> Option<Self> {
        [Self::Local, Self::FederatedOnly].into_iter().find(|way| way.as_str() == text)
    }
}

/// A profile at a place, open during `[began, ended)` counted in order-clock numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Affiliation {
    /// The place.
    pub path: TerritoryPath,
    /// Who the person is there.
    pub profile: Profile,
    /// During which orders.
    pub span: ClockSpan,
}

/// A login in the form in which logins are compared: NFKC, case-folded, without surrounding white space.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LoginName(String);

/// Why a text is no login.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LoginNameError {
    /// Nothing was left after trimming.
    #[error("the login is empty")]
    Empty,
    /// Longer than 128 characters.
    #[error("the login is longer than 128 characters")]
    TooLong,
    /// Holds a control character.
    #[error("the login holds a control character")]
    Control,
}

impl LoginName {
    /// The normal form of what somebody typed or a file said.
    pub fn parse(text: &str) -> Result<Self, LoginNameError> {
        if text.len() > 1024 {
            return Err(LoginNameError::TooLong);
        }
        // Most are: ASCII is its own NFKC, and folding it is lowering its letters.
        if text.is_ascii() {
            return Self::normal(text.trim().to_ascii_lowercase());
        }
        let composed = ComposingNormalizer::new_nfkc();
        let folded = CaseMapper::new().fold_string(&composed.normalize(text)).into_owned();
        // Folding can bring forth sequences that NFKC composes otherwise.
        Self::normal(composed.normalize(&folded).trim().to_owned())
    }

    fn normal(normal: String) -> Result<Self, LoginNameError> {
        match normal.chars().count() {
            0 => Err(LoginNameError::Empty),
            129.. => Err(LoginNameError::TooLong),
            _ if normal.chars().any(char::is_control) => Err(LoginNameError::Control),
            _ => Ok(Self(normal)),
        }
    }

    /// The normal form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_that_look_alike_are_one() {
        let plain = LoginName::parse("zoé.strasse").unwrap();
        for typed in [" Zoé.Strasse ", "ZOE\u{301}.STRASSE", "zoé.straße", "ｚｏé.strasse"] {
            assert_eq!(LoginName::parse(typed).unwrap(), plain, "{typed}");
        }
        assert_eq!(LoginName::parse("\u{b}Zoe.Martin-2\t").unwrap().as_str(), "zoe.martin-2");
        assert_eq!(LoginName::parse("  "), Err(LoginNameError::Empty));
        assert_eq!(LoginName::parse("a\u{7}b"), Err(LoginNameError::Control));
        assert_eq!(LoginName::parse(&"a".repeat(129)), Err(LoginNameError::TooLong));
    }
}
