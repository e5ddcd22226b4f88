//! Who must be shut out, kept in the simplest way: numbers, and a list of orders.

use std::collections::BTreeMap;
use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::domain::reset_order::OrderId;
use ecluse::domain::timestamp::Timestamp;

/// Everything that decides.
pub(crate) struct Model {
    pub(crate) now: Timestamp,
    pub(crate) clock: i64,
    pub(crate) orders: Vec<Order>,
    pub(crate) people: BTreeMap<&'static str, Person>,
}

pub(crate) struct Order {
    pub(crate) id: OrderId,
    pub(crate) covers: &'static [&'static str],
    pub(crate) level: Level,
    pub(crate) state: State,
    codes_expire_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Scheduled(Timestamp),
    InForce(i64),
    /// With its number, if it had one.
    Cancelled(Option<i64>),
}

#[derive(Clone, Default)]
pub(crate) struct Person {
    pub(crate) password: Option<String>,
    pub(crate) former: Vec<String>,
    chosen_under: i64,
    number: u32,
    forced: Option<Level>,
    disabled: bool,
    issue: u32,
    own_code: Option<OwnCode>,
}

#[derive(Clone, Copy)]
struct OwnCode {
    at: Timestamp,
    under: i64,
}

/// Why somebody is shut out, the strictest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shut {
    Disabled,
    Order(usize, Level),
    Forced(Level),
    NotActivated,
}

/// What a session, a code or a token carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) login: &'static str,
    number: u32,
    clock: i64,
}

/// Which code it is: the order whose key it is derived under, or none, and the issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CodeMark {
    order: Option<usize>,
    issue: u32,
}

const CODES_LIVE: Duration = Duration::from_hours(30 * 24);

impl Model {
    pub(crate) fn new(now: Timestamp, logins: &[&'static str]) -> Self {
        let people = logins.iter().map(|login| (*login, Person::default())).collect();
        Self { now, clock: 0, orders: Vec::new(), people }
    }

    pub(crate) fn shut(&self, login: &str) -> Option<Shut> {
        let person = &self.people[login];
        let binding = |(which, order): (usize, &Order)| {
            let (number, level) = match (order.state, order.level) {
                (State::InForce(number), level) => (number, level),
                (State::Cancelled(Some(number)), Level::Recover) => (number, Level::Change),
                (State::Cancelled(_) | State::Scheduled(_), _) => return None,
            };
            let newer = person.password.is_none() || number > person.chosen_under;
            (newer && order.covers.contains(&login)).then_some((level, number, which))
        };
        let order = self.orders.iter().enumerate().filter_map(binding).max();
        let order = order.map(|(level, _, which)| Shut::Order(which, level));
        let mut reasons: Vec<Shut> = order.into_iter().collect();
        reasons.extend(person.disabled.then_some(Shut::Disabled));
        reasons.extend(person.forced.map(Shut::Forced));
        reasons.extend(person.password.is_none().then_some(Shut::NotActivated));
        reasons.into_iter().max_by_key(|shut| match shut {
            Shut::Disabled => 5,
            Shut::Order(_, Level::Recover) => 4,
            Shut::Forced(Level::Recover) => 3,
            Shut::NotActivated => 2,
            Shut::Order(_, Level::Change) => 1,
            Shut::Forced(Level::Change) => 0,
        })
    }

    /// Whether the old password opens the change page, given that something is closed.
    pub(crate) fn admits_old(shut: Shut) -> bool {
        matches!(shut, Shut::Order(_, Level::Change) | Shut::Forced(Level::Change))
    }

    /// What a sign-in of this moment carries.
    pub(crate) fn mark(&self, login: &'static str) -> Mark {
        Mark { login, number: self.people[login].number, clock: self.clock }
    }

    /// Whether nothing ended what carries the mark, not even an order that was cancelled since.
    pub(crate) fn stands(&self, mark: Mark) -> bool {
        let person = &self.people[mark.login];
        let stolen_since = |order: &Order| {
            let number = match order.state {
                State::InForce(number) | State::Cancelled(Some(number)) => number,
                State::Cancelled(None) | State::Scheduled(_) => return false,
            };
            order.level == Level::Recover && order.covers.contains(&mark.login) && number > mark.clock
        };
        !person.disabled && person.number == mark.number && !self.orders.iter().any(stolen_since)
    }

    /// Whether what carries the mark is worth anything now.
    pub(crate) fn is_good(&self, mark: Mark) -> bool {
        self.shut(mark.login).is_none() && self.stands(mark)
    }

    /// The one code that is alive.
    pub(crate) fn live_code(&self, login: &str) -> Option<CodeMark> {
        let person = &self.people[login];
        let own = |since: i64| {
            person.own_code.filter(|own| own.under >= since && self.now < own.at.plus(CODES_LIVE))
        };
        let issue = person.issue;
        match self.shut(login) {
            Some(Shut::Disabled) => None,
            Some(Shut::Order(which, _)) if self.now < self.orders[which].codes_expire_at => {
                Some(CodeMark { order: Some(which), issue })
            }
            Some(Shut::Order(which, _)) => {
                let number = match self.orders[which].state {
                    State::InForce(number) | State::Cancelled(Some(number)) => number,
                    State::Cancelled(None) | State::Scheduled(_) => i64::MAX,
                };
                own(number).map(|_| CodeMark { order: None, issue })
            }
            Some(Shut::Forced(_) | Shut::NotActivated) | None => {
                own(0).map(|_| CodeMark { order: None, issue })
            }
        }
    }

    fn person(&mut self, login: &str) -> &mut Person {
        self.people.get_mut(login).unwrap()
    }

    pub(crate) fn change(&mut self, login: &str, new: &str) {
        let clock = self.clock;
        let person = self.person(login);
        person.former.extend(person.password.replace(new.to_owned()));
        person.chosen_under = clock;
        person.forced = None;
        person.issue += 1;
        person.own_code = None;
        person.number += 1;
    }

    pub(crate) fn force(&mut self, login: &str, level: Level) {
        let person = self.person(login);
        person.forced = person.forced.max(Some(level));
        person.issue += 1;
        person.own_code = None;
        person.number += 1;
    }

    pub(crate) fn disable(&mut self, login: &str, disabled: bool) {
        let person = self.person(login);
        person.disabled = disabled;
        person.number += 1;
    }

    pub(crate) fn is_disabled(&self, login: &str) -> bool {
        self.people[login].disabled
    }

    pub(crate) fn new_code(&mut self, login: &str) {
        let own = OwnCode { at: self.now, under: self.clock };
        let person = self.person(login);
        person.own_code = Some(own);
        person.issue += 1;
        person.number += 1;
    }

    pub(crate) fn order(
        &mut self,
        id: OrderId,
        covers: &'static [&'static str],
        level: Level,
        at: Option<Timestamp>,
    ) {
        self.clock += 1;
        let state = at.map_or(State::InForce(self.clock), State::Scheduled);
        let codes_expire_at = at.unwrap_or(self.now).plus(CODES_LIVE);
        self.orders.push(Order { id, covers, level, state, codes_expire_at });
    }

    pub(crate) fn cancel(&mut self, which: usize) {
        self.clock += 1;
        let order = &mut self.orders[which];
        order.state = match order.state {
            State::InForce(number) => State::Cancelled(Some(number)),
            State::Scheduled(_) => State::Cancelled(None),
            State::Cancelled(_) => unreachable!("it was cancelled before"),
        };
    }

    /// Time passes; what falls due binds from its instant on.
    pub(crate) fn advance(&mut self, span: Duration) {
        self.now = self.now.plus(span);
        for order in &mut self.orders {
            if matches!(order.state, State::Scheduled(at) if at <= self.now) {
                self.clock += 1;
                order.state = State::InForce(self.clock);
            }
        }
    }
}
