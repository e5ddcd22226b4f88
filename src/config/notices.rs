//! `[notices]`: how relying parties are told that a session is over.

use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::{Problem, more_than_zero, not_above};
use crate::domain::length;

/// How relying parties are told that a session is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notices {
    /// How often one is tried before it is given up.
    pub attempts: u32,
    /// The wait after the first failure.
    #[serde(with = "length")]
    pub first_delay: Duration,
    /// The longest wait.
    #[serde(with = "length")]
    pub longest_delay: Duration,
    /// How long one request may take.
    #[serde(with = "length")]
    pub timeout: Duration,
    /// Requests to one relying party at once.
    pub concurrency: usize,
    /// How many notices of orders may wait for one relying party.
    pub ahead: usize,
    /// How long a delivered one is remembered.
    #[serde(with = "length")]
    pub keep: Duration,
    /// How long a batch waits while passwords are hashed.
    #[serde(with = "length")]
    pub give_way: Duration,
    /// Private networks that may be reached.
    pub allowed_networks: Vec<IpNet>,
}

impl Default for Notices {
    fn default() -> Self {
        Self {
            attempts: 24,
            first_delay: Duration::from_secs(10),
            longest_delay: Duration::from_hours(1),
            timeout: Duration::from_secs(5),
            concurrency: 8,
            ahead: 1_000,
            keep: Duration::from_hours(7 * 24),
            give_way: Duration::from_secs(1),
            allowed_networks: Vec::new(),
        }
    }
}

impl Notices {
    pub(super) fn check(&self) -> Result<(), Problem> {
        more_than_zero("notices.first_delay", self.first_delay)?;
        more_than_zero("notices.timeout", self.timeout)?;
        not_above("notices.first_delay", self.first_delay, "notices.longest_delay", self.longest_delay)?;
        let counts = [
            ("notices.attempts", self.attempts == 0),
            ("notices.concurrency", self.concurrency == 0),
            ("notices.ahead", self.ahead == 0),
        ];
        match counts.into_iter().find(|(_, zero)| *zero) {
            Some((key, _)) => Err(Problem::new(key, "0 would tell nobody; write at least 1".to_owned())),
            None => Ok(()),
        }
    }
}
