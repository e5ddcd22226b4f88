//! How far an order has got: counted in the background and shown as of when.

use std::collections::BTreeMap;

use super::population::Exclusion;
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
    /// Of those covered, are spared, by why.
    pub spared: Spared,
}

/// How many are spared, for each reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spared([u64; Exclusion::ALL.len()]);

impl Tally {
    /// The same with somebody else's.
    pub fn add(&mut self, other: Self) {
        self.covered += other.covered;
        self.bound += other.bound;
        self.done += other.done;
        self.printed += other.printed;
        for (why, number) in other.spared.each() {
            self.spared.add(why, number);
        }
    }

    /// Those whom it concerns: who must choose a new password, and who has.
    pub const fn concerned(&self) -> u64 {
        self.bound + self.done
    }

    /// Whether so many of a hundred of those whom it concerns have chosen a new password.
    pub fn has_reached(&self, percent: u64) -> bool {
        let concerned = u128::from(self.concerned());
        concerned > 0 && u128::from(self.done) * 100 >= concerned * u128::from(percent)
    }
}

impl Spared {
    /// So many more.
    pub fn add(&mut self, why: Exclusion, number: u64) {
        for (known, count) in Exclusion::ALL.into_iter().zip(&mut self.0) {
            *count += if known == why { number } else { 0 };
        }
    }

    /// The reasons for which anybody is spared, with how many.
    pub fn each(&self) -> impl Iterator<Item = (Exclusion, u64)> {
        Exclusion::ALL.into_iter().zip(self.0).filter(|(_, number)| *number > 0)
    }
}

/// The first of these instants, the oldest first, at which so many of a hundred had chosen a new password.
pub fn reached(points: &[(Timestamp, Tally)], percent: u64) -> Option<Timestamp> {
    points.iter().find(|(_, tally)| tally.has_reached(percent)).map(|(at, _)| *at)
}

/// Everybody's, and those of each school and profile. Somebody who is at two schools is counted at both and once in all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// As of when; none before the first count.
    pub as_of: Option<Timestamp>,
    /// Everybody.
    pub all: Tally,
    /// What would open if the order were lifted, of everybody; none where that was not counted.
    pub opened: Option<Opened>,
    /// By school, or by the place itself above schools, and by profile.
    pub parts: BTreeMap<(TerritoryPath, Profile), Tally>,
}

/// For how many people something opens again when an order is lifted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// The gate lets them through with the password that they have.
    pub gate: u64,
    /// The old password, which opened nothing, opens the change page: theirs is still the one that was believed stolen.
    pub change_page: u64,
}

impl Opened {
    /// All of them.
    pub const fn people(&self) -> u64 {
        self.gate + self.change_page
    }
}

/// At most so many of them, evenly spread, the last one among them.
pub fn some_of<T>(all: &[T], most: usize) -> impl Iterator<Item = &T> {
    let step = all.len().div_ceil(most.max(1)).max(1);
    let offset = all.len().saturating_sub(1) % step;
    all.iter().skip(offset).step_by(step)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(bound: u64, done: u64) -> Tally {
        Tally { covered: bound + done, bound, done, ..Tally::default() }
    }

    #[test]
    fn half_is_reached_when_half_of_those_concerned_have_changed() {
        let at = Timestamp::from_seconds;
        let points = [(at(0), tally(0, 0)), (at(1), tally(3, 2)), (at(2), tally(2, 3)), (at(3), tally(0, 4))];
        assert_eq!(reached(&points, 50), Some(at(2)));
        assert_eq!(reached(&points, 90), Some(at(3)));
        assert_eq!(reached(&points[..2], 50), None, "nobody is not everybody");
    }

    #[test]
    fn a_part_is_evenly_spread_and_ends_where_all_end() {
        let all: Vec<_> = (0..100).collect();
        let part: Vec<_> = some_of(&all, 24).collect();
        assert!(part.len() <= 24 && part.last() == Some(&&99) && part[1] - part[0] == 5, "{part:?}");
        assert_eq!(some_of(&all[..3], 24).count(), 3);
        assert_eq!(some_of(&all[..0], 24).count(), 0);
    }

    #[test]
    fn reasons_are_added_up_each_for_itself() {
        let mut one = Tally::default();
        one.spared.add(Exclusion::Operator, 1);
        let mut other = Tally::default();
        other.spared.add(Exclusion::Operator, 2);
        other.spared.add(Exclusion::NeverActivated, 4);
        one.add(other);
        let each: Vec<_> = one.spared.each().collect();
        assert_eq!(each, [(Exclusion::NeverActivated, 4), (Exclusion::Operator, 3)]);
    }
}
