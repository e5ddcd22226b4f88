//! `[throttle]`: how guessing is slowed down. It can be loosened within bounds, never switched off.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::password::PasswordRules;

use super::password::stand_alone;
use super::{Problem, duration, more_than_zero, not_above};

/// How guessing is slowed down: passwords and codes each have their own counter and limits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Throttle {
    /// Wrong passwords.
    pub password: Limits,
    /// Wrong codes.
    pub code: Limits,
}

impl Throttle {
    pub(super) fn check(&self, rules: &PasswordRules) -> Result<(), Problem> {
        self.password.check("throttle.password")?;
        self.code.check("throttle.code")?;
        match self.password.too_loose() {
            Some((key, bound)) if !stand_alone(rules) => Err(Problem::new(
                &format!("throttle.password.{key}"),
                format!(
                    "{bound}, while password.rules accept {} characters (CNIL deliberation 2022-100); tighten it, or ask \
                     for 12 characters of all four classes",
                    rules.min_length
                ),
            )),
            Some(_) | None => Ok(()),
        }
    }
}

/// Limits of wrong attempts on one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Failures in a row that cost no delay.
    pub free: u32,
    /// The delay after one failure more; each further failure doubles it.
    #[serde(with = "duration")]
    pub first_delay: Duration,
    /// The longest delay.
    #[serde(with = "duration")]
    pub longest_delay: Duration,
    /// Failures within the window, from all unknown browsers together, after which they wait for its end.
    pub ceiling: u32,
    /// The window.
    #[serde(with = "duration")]
    pub window: Duration,
}

impl Default for Limits {
    /// The first of the throttles that CNIL deliberation 2022-100 accepts: a growing delay of at least a minute after
    /// 5 failures, and at most 25 failures in 24 hours.
    fn default() -> Self {
        Self {
            free: 5,
            first_delay: Duration::from_mins(1),
            longest_delay: Duration::from_hours(1),
            ceiling: 25,
            window: Duration::from_hours(24),
        }
    }
}

impl Limits {
    fn check(&self, section: &str) -> Result<(), Problem> {
        let key = |name: &str| format!("{section}.{name}");
        more_than_zero(&key("first_delay"), self.first_delay)?;
        not_above(&key("first_delay"), self.first_delay, &key("longest_delay"), self.longest_delay)?;
        not_above(&key("longest_delay"), self.longest_delay, &key("window"), self.window)?;
        if self.ceiling <= self.free {
            return Err(Problem::new(
                &key("ceiling"),
                format!("{} must be above {} ({})", self.ceiling, key("free"), self.free),
            ));
        }
        Ok(())
    }

    /// The first limit under which 8 characters are not enough, and how to say so.
    fn too_loose(&self) -> Option<(&'static str, String)> {
        let least = Self::default();
        if self.free > least.free {
            return Some(("free", format!("{} is more than {}", self.free, least.free)));
        }
        if self.ceiling > least.ceiling {
            return Some(("ceiling", format!("{} is more than {}", self.ceiling, least.ceiling)));
        }
        [("first_delay", self.first_delay, least.first_delay), ("window", self.window, least.window)]
            .into_iter()
            .find(|(_, length, least)| length < least)
            .map(|(key, length, least)| {
                (key, format!("{} is less than {}", duration::text(length), duration::text(least)))
            })
    }
}
