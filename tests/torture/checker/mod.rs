//! From a history to what it proves against the provider.
//!
//! An act had its effect somewhere in its interval; one that was not answered may have had it at any later time, or never.
//! A rule accuses only where every way in which things may have happened breaks it. What the database says it committed
//! makes the intervals smaller (`commits`), since a batch holds what it depends on until its commit: a token that was
//! committed after an order was minted behind it, whatever was answered when.

mod commits;
mod ended;
mod gate;
mod lost;
mod notices;
mod once;
mod story;
#[cfg(test)]
mod tests;
mod window;

use std::fmt;

use self::story::Story;
use self::window::Deed;
use super::history::History;

/// Every rule.
pub(crate) const RULES: [&str; 20] = [
    "code_repeated",
    "code_twice",
    "dead_code",
    "done_twice",
    "gate_closed",
    "locked_out",
    "lost_audit",
    "lost_change",
    "lost_notice",
    "lost_order",
    "old_password",
    "outlived",
    "password_replaced_twice",
    "printed_code_twice",
    "recover",
    "refresh_twice",
    "right_twice",
    "signed_out",
    "withdrawn",
    "wrong_password",
];

/// A rule that was broken, and the events that prove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) rule: &'static str,
    pub(crate) events: Vec<u32>,
    pub(crate) because: String,
}

impl Violation {
    fn of(rule: &'static str, deeds: &[&Deed<'_>], because: &str) -> Self {
        let events = deeds.iter().map(|deed| deed.event.id).collect();
        Self { rule, events, because: because.to_owned() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VIOLATION {}: {} (events {:?})", self.rule, self.because, self.events)
    }
}

/// Everything that the history proves. What must be there at the end is asked once the end was looked at.
pub(crate) fn check(history: &History) -> Vec<Violation> {
    let story = Story::of(history);
    let mut found = gate::check(&story);
    found.extend(ended::check(&story));
    found.extend(once::check(&story));
    found.extend(lost::check(&story));
    if Story::has_ended(&history.end) {
        found.extend(lost::check_end(&story, &history.end));
        found.extend(notices::check_end(&story, &history.end));
    }
    assert!(found.iter().all(|violation| RULES.contains(&violation.rule)));
    found
}
