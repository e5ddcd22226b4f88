//! What became of somebody's slip: printed, handed over, used.

use super::code::{CodeKey, Issue, live_code};
use super::facts::Proof;
use super::gate::{Closure, Evidence, PolicyBook};
use super::timestamp::Timestamp;

/// The last slip that was printed for an account, and the code on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrintedSlip {
    /// Under which key its code is derived.
    pub key: CodeKey,
    /// Which one of the account's.
    pub issue: Issue,
    /// When it was printed last.
    pub printed_at: Timestamp,
    /// That it was handed over, where somebody said so.
    pub handed: Option<Handed>,
}

/// That a slip was handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handed {
    /// When somebody said so.
    pub at: Timestamp,
    /// Who, as the audit log names them.
    pub by: String,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlipState {
    /// When it was printed last.
    pub printed_at: Timestamp,
    /// That it was handed over.
    pub handed: Option<Handed>,
    /// When a password was chosen with it.
    pub used_at: Option<Timestamp>,
}

impl PrintedSlip {
    /// What became of it; none once its code is dead without having been used: whatever opens the gate now is not on this slip, and a
    /// tick on it says nothing of the next.
    pub fn state(
        &self,
        evidence: &Evidence,
        closure: Option<&Closure>,
        policy: &PolicyBook,
    ) -> Option<SlipState> {
        let is_alive = live_code(evidence, closure, policy)
            .is_some_and(|live| live.key == self.key && live.issue == self.issue);
        let used_at = if is_alive { None } else { self.used_at(evidence, closure) };
        (is_alive || used_at.is_some()).then(|| SlipState {
            printed_at: self.printed_at,
            handed: self.handed.clone(),
            used_at,
        })
    }

    /// When it was printed, if its code was never used and opens nothing any more, though a password must still be chosen: it has
    /// expired, or an order came since.
    pub fn lapsed(
        &self,
        evidence: &Evidence,
        closure: Option<&Closure>,
        policy: &PolicyBook,
    ) -> Option<Timestamp> {
        let facts = evidence.facts();
        let is_last = Issue { epoch: facts.code.epoch, number: facts.code.issue } == self.issue;
        let must_change = closure.is_some_and(|closure| *closure != Closure::Disabled);
        let is_dead = is_last && must_change && self.state(evidence, closure, policy).is_none();
        is_dead.then_some(self.printed_at)
    }

    /// A change raises the issue by one, and so does every other end of a code; what was chosen with a code after the printing
    /// was chosen with this one.
    fn used_at(&self, evidence: &Evidence, closure: Option<&Closure>) -> Option<Timestamp> {
        let facts = evidence.facts();
        let next = Issue { number: self.issue.number + 1, ..self.issue };
        let is_next = Issue { epoch: facts.code.epoch, number: facts.code.issue } == next;
        let credential = facts.credential.filter(|_| is_next && closure.is_none())?;
        (credential.proof == Proof::Code && credential.chosen_at >= self.printed_at)
            .then_some(credential.chosen_at)
    }
}
