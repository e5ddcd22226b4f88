//! `[password]`: which passwords are accepted, how they are hashed, and how long they last.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::domain::password::PasswordRules;
use crate::domain::profile::Profile;

use super::{Problem, more_than_zero};
use crate::domain::length;

/// Which passwords are accepted, how they are hashed, and how long they last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Password {
    /// Where the page that says "changed" leads.
    pub after_change: AfterChange,
    /// How old the password of an operator may grow; zero for ever.
    #[serde(with = "length")]
    pub operator_maximum_lifetime: Duration,
    /// How old a password may grow, by profile; a profile that is not named keeps its password for ever.
    #[serde(with = "by_profile")]
    pub maximum_lifetime: BTreeMap<Profile, Duration>,
    /// What a new password must have.
    pub rules: PasswordRules,
    /// What a hash costs, and how many are computed at once.
    pub hash: Hash,
}

impl Default for Password {
    fn default() -> Self {
        Self {
            after_change: AfterChange::Continue,
            operator_maximum_lifetime: Duration::from_hours(365 * 24),
            maximum_lifetime: BTreeMap::new(),
            rules: PasswordRules::default(),
            hash: Hash::default(),
        }
    }
}

impl Password {
    pub(super) fn check(&self) -> Result<(), Problem> {
        if let Some((profile, _)) = self.maximum_lifetime.iter().find(|(_, length)| length.is_zero()) {
            return Err(Problem::new(
                &format!("password.maximum_lifetime.{profile}"),
                "0s would expire every password at once; remove the line to set no maximum".to_owned(),
            ));
        }
        check_rules(&self.rules)?;
        self.hash.check()
    }
}

/// Whether the rules are enough without a throttle: 80 bits (CNIL deliberation 2022-100, case 1), for which the CNIL's
/// examples are 12 characters of four classes and 14 of upper case, lower case and digits.
pub(super) fn stand_alone(rules: &PasswordRules) -> bool {
    match classes(rules) {
        4 => rules.min_length >= 12,
        3 => rules.min_length >= 14,
        _ => false,
    }
}

fn check_rules(rules: &PasswordRules) -> Result<(), Problem> {
    // 50 bits, for use with a throttle (CNIL deliberation 2022-100, case 2): 8 characters of three classes, or 16
    // of the poorest class, digits.
    let enough = if classes(rules) >= 3 { 8 } else { 16 };
    if rules.min_length < enough {
        return Err(Problem::new(
            "password.rules",
            format!(
                "min_length {} is too short (CNIL deliberation 2022-100); write at least 8 with three of upper, lower, \
                 digit and special, else at least 16",
                rules.min_length
            ),
        ));
    }
    if rules.max_length < rules.min_length.max(64) || rules.max_length > 1024 {
        return Err(Problem::new(
            "password.rules.max_length",
            format!(
                "{} is out of bounds; write at least 64 and min_length ({}), so that long phrases are welcome, and at \
                 most 1024, so that hashing stays cheap",
                rules.max_length, rules.min_length
            ),
        ));
    }
    Ok(())
}

fn classes(rules: &PasswordRules) -> usize {
    [rules.upper, rules.lower, rules.digit, rules.special].into_iter().filter(|required| *required).count()
}

/// What an Argon2id hash costs, and how many are computed at once.
///
/// A credential hashed with other costs is hashed anew at its owner's next sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hash {
    /// Memory of one hash, in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub iterations: u32,
    /// Lanes of that memory.
    pub parallelism: u32,
    /// Hashes computed at once; 0 for one per core. Each holds its memory for good.
    pub workers: usize,
    /// Requests that wait for a worker, in each of two queues: browsers that signed in to the account before have one of
    /// their own, which strangers cannot fill. One more gets a 503 with `Retry-After`.
    pub queue: usize,
    /// How long such a request may be expected to wait; one that would take longer gets that 503 at once.
    #[serde(with = "length")]
    pub longest_wait: Duration,
}

impl Default for Hash {
    /// OWASP's minimum for Argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane.
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            iterations: 2,
            parallelism: 1,
            workers: 0,
            queue: 256,
            longest_wait: Duration::from_secs(4),
        }
    }
}

impl Hash {
    /// Whether a hash costs less than each of OWASP's equal minimums for Argon2id (Password Storage Cheat Sheet). Fine
    /// for a test, and for nothing else.
    pub fn is_too_cheap(&self) -> bool {
        let minimums = [(47_104, 1), (19_456, 2), (12_288, 3), (9_216, 4), (7_168, 5)];
        !minimums.iter().any(|(memory, passes)| self.memory_kib >= *memory && self.iterations >= *passes)
    }

    fn check(&self) -> Result<(), Problem> {
        if self.iterations == 0 {
            return Err(Problem::new(
                "password.hash.iterations",
                "0 would hash nothing; write at least 1".to_owned(),
            ));
        }
        if !(1..=255).contains(&self.parallelism) {
            return Err(Problem::new(
                "password.hash.parallelism",
                format!("{} is out of bounds; write 1 to 255", self.parallelism),
            ));
        }
        // RFC 9106 section 3.1: at least 8 KiB a lane. Above 1 GiB a mistyped unit is likelier than a wish.
        if !(8 * self.parallelism..=1_048_576).contains(&self.memory_kib) {
            return Err(Problem::new(
                "password.hash.memory_kib",
                format!("{} is out of bounds; write 8 times the parallelism to 1048576", self.memory_kib),
            ));
        }
        more_than_zero("password.hash.longest_wait", self.longest_wait)?;
        if self.queue == 0 {
            return Err(Problem::new(
                "password.hash.queue",
                "0 would turn everyone away; write at least 1".to_owned(),
            ));
        }
        Ok(())
    }
}

/// Where the page that says "changed" leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum AfterChange {
    /// On to the service that was asked for.
    Continue,
    /// Back to the sign-in page, to type the new password once.
    ReturnToLogin,
}

/// The text names no place to go after a change.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is unknown; write \"continue\" or \"return_to_login\"")]
pub struct UnknownAfterChange(String);

impl AfterChange {
    /// As it is written in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Continue => "continue",
            Self::ReturnToLogin => "return_to_login",
        }
    }
}

impl fmt::Display for AfterChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for AfterChange {
    type Error = UnknownAfterChange;

    fn try_from(text: String) -> Result<Self, UnknownAfterChange> {
        [Self::Continue, Self::ReturnToLogin]
            .into_iter()
            .find(|after| after.as_str() == text)
            .ok_or(UnknownAfterChange(text))
    }
}

impl From<AfterChange> for String {
    fn from(after: AfterChange) -> Self {
        after.as_str().to_owned()
    }
}

/// Lengths keyed by profile, each written as lengths are.
mod by_profile {
    use super::{BTreeMap, Deserialize, Deserializer, Duration, Profile, Serialize, Serializer, length};

    #[derive(Serialize, Deserialize)]
    struct Length(#[serde(with = "length")] Duration);

    pub(super) fn serialize<S: Serializer>(
        lengths: &BTreeMap<Profile, Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(lengths.iter().map(|(profile, length)| (profile, Length(*length))))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<Profile, Duration>, D::Error> {
        let lengths = BTreeMap::<Profile, Length>::deserialize(deserializer)?;
        Ok(lengths.into_iter().map(|(profile, Length(length))| (profile, length)).collect())
    }
}
