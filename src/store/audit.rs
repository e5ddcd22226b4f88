//! The audit log: one line for every act, written in the batch of the act.

use crate::domain::event::AuditLine;
use crate::domain::timestamp::Timestamp;
use crate::store::db::{Statement, q};

/// In a batch: one line.
pub fn write(id: &str, at: Timestamp, line: &AuditLine) -> Statement {
    q!(
        "INSERT INTO audit (id, at, actor, act, object, count, reason, request_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        id,
        at,
        line.actor.as_str(),
        line.act.as_str(),
        line.object.as_str(),
        line.count,
        line.reason.as_deref(),
        line.request_id.as_deref()
    )
    .want(1)
}
