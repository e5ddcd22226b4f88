//! Notices: what relying parties are told when a session of theirs is over, and people when their password was changed or
//! reset. Nothing depends on their arriving.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::client::ClientId;
use super::level::Level;
use super::reset_order::OrderId;

/// Identifies a notice.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NoticeId(pub String);

impl NoticeId {
    /// The `jti` of every token that carries this notice, so that a receiver knows one that comes twice. A hash: the id
    /// names the order, by which receivers could tell why, and compare notes.
    pub fn jti(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, format!("notice {}", self.0).as_bytes()))
    }
}

/// What a notice is written because of: an act, or an order. A relying party hears of a session once for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause(pub String);

impl From<&OrderId> for Cause {
    fn from(order: &OrderId) -> Self {
        Self(order.0.clone())
    }
}

/// To whom a notice goes, and in which queue it waits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Receiver {
    /// A relying party.
    Client(ClientId),
    /// The person, by way of the deployment's mail server.
    Mail,
}

impl Receiver {
    /// The stored form: a client's id, which is never empty; of mail nothing.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Client(client) => &client.0,
            Self::Mail => "",
        }
    }

    /// The receiver of a stored form.
    pub fn from_stored(text: String) -> Self {
        if text.is_empty() { Self::Mail } else { Self::Client(ClientId(text)) }
    }
}

/// What a person is told by mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailKind {
    /// The password was changed.
    Changed,
    /// It must be changed at the next sign-in; the old one opens the change page.
    ChangeAsked,
    /// It opens nothing any more: a code does.
    Voided,
    /// A new code was given; the one before it is dead.
    CodeIssued,
    /// An order that the person put forward or approved is a draft again.
    OrderReturned,
}

impl MailKind {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Changed, Self::ChangeAsked, Self::Voided, Self::CodeIssued, Self::OrderReturned];

    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::ChangeAsked => "change_asked",
            Self::Voided => "voided",
            Self::CodeIssued => "code_issued",
            Self::OrderReturned => "order_returned",
        }
    }

    /// The kind of a stored form.
    pub fn from_stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// What a reset at a level is told by.
    pub const fn of_reset(level: Level) -> Self {
        match level {
            Level::Change => Self::ChangeAsked,
            Level::Recover => Self::Voided,
        }
    }
}

/// How often a notice is tried, and how long after each failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryRules {
    /// Attempts, after which it is parked.
    pub attempts: u32,
    /// The wait after the first failure; each further one doubles it.
    pub first: Duration,
    /// It grows no longer than this.
    pub longest: Duration,
}

impl RetryRules {
    /// How long to wait after so many failed attempts; none when it is parked. Chance takes away up to half, so that what
    /// failed together does not come back together.
    pub fn wait(&self, attempts: u32, chance: u32) -> Option<Duration> {
        if attempts >= self.attempts {
            return None;
        }
        let doubled = 2_u32.checked_pow(attempts.saturating_sub(1)).and_then(|by| self.first.checked_mul(by));
        let whole = doubled.unwrap_or(self.longest).min(self.longest);
        let half = whole / 2;
        let part = half.as_micros() * u128::from(chance) / u128::from(u32::MAX);
        Some(
            whole
                .saturating_sub(half)
                .saturating_add(Duration::from_micros(u64::try_from(part).unwrap_or(u64::MAX))),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: RetryRules =
        RetryRules { attempts: 5, first: Duration::from_secs(10), longest: Duration::from_mins(1) };

    #[test]
    fn waits_double_up_to_the_longest_and_then_it_is_parked() {
        let whole: Vec<_> = (1..=5).map(|attempts| RULES.wait(attempts, u32::MAX)).collect();
        let expected = [Some(10), Some(20), Some(40), Some(60), None];
        assert_eq!(whole, expected.map(|seconds| seconds.map(Duration::from_secs)));
    }

    #[test]
    fn chance_takes_away_up_to_half() {
        assert_eq!(RULES.wait(2, 0), Some(Duration::from_secs(10)));
        let rules = RetryRules { attempts: u32::MAX, ..RULES };
        assert_eq!(rules.wait(4_000, u32::MAX), Some(RULES.longest), "however often it failed");
    }

    #[test]
    fn a_jti_is_stable_and_says_nothing() {
        let jti = NoticeId("order.grant".to_owned()).jti();
        assert_eq!(jti, NoticeId("order.grant".to_owned()).jti());
        assert_eq!(jti.len(), 43);
        assert_ne!(jti, NoticeId("order.other".to_owned()).jti());
    }
}
