//! How far an order has got: counted in the background and shown as of when.

use std::collections::BTreeMap;

use super::profile::Profile;
use super::territory::{TerritoryKind, TerritoryPath};
use super::timestamp::Timestamp;

/// How many of some people stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Covered by the order.
    pub covered: u64,
    /// Of these, must choose a new password.
    pub bound: u64,
    /// Of these, chose one since the order came into force.
    pub done: u64,
    /// Of those who must, have a slip that was printed since.
    pub printed: u64,
}

impl Tally {
    /// The same with somebody else's.
    pub const fn add(&mut self, other: Self) {
        self.covered += other.covered;
        self.bound += other.bound;
        self.done += other.done;
        self.printed += other.printed;
    }
}

/// Everybody's, and those of each school and profile. Somebody who is at two schools is counted at both and once in all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// As of when; none before the first count.
    pub as_of: Option<Timestamp>,
    /// Everybody.
    pub all: Tally,
    /// By school, or by the place itself above schools, and by profile.
    pub parts: BTreeMap<(TerritoryPath, Profile), Tally>,
}

/// The school that a place is in, or the place itself where that is above schools.
pub fn school_of(path: &TerritoryPath) -> TerritoryPath {
    let mut here = path.clone();
    while here.code().is_some_and(|code| code.kind() > TerritoryKind::School) {
        match here.parent() {
            Some(above) => here = above,
            None => break,
        }
    }
    here
}
