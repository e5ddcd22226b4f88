//! What an authority does with reset orders. Every change to an order raises the order clock in its own batch, decided
//! upon the clock it was read at.

pub mod cancel;
pub mod come_into_force;
pub mod issue;
pub mod preview;

use crate::domain::event::{Act, AuditLine};
use crate::domain::reset_order::OrderId;

/// Who acts, and why.
#[derive(Clone, Debug)]
pub struct Actor {
    /// As the audit log names them: `host:root`, `account:ID`, `system`.
    pub name: String,
    /// In the actor's own words.
    pub reason: Option<String>,
}

impl Actor {
    /// The program itself: what falls due happens without anybody at the keyboard.
    pub fn system() -> Self {
        Self { name: "system".to_owned(), reason: None }
    }

    /// The audit line of an act of this actor.
    pub fn line(&self, act: Act, object: String) -> AuditLine {
        AuditLine {
            actor: self.name.clone(),
            act,
            object,
            count: None,
            reason: self.reason.clone(),
            request_id: None,
        }
    }

    fn order_line(&self, act: Act, order: &OrderId) -> AuditLine {
        self.line(act, format!("order:{order}"))
    }
}
