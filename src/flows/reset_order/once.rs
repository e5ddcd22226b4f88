//! The same request, sent twice with one key, makes one order.

use crate::domain::reset_order::OrderId;
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::reset_order::issue::{Proposal, ProposalError};
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::db::Statement;
use crate::store::idempotency::Done;
use crate::store::reset_order::OrderRecord;

/// A request with a key.
pub(super) struct Once {
    actor: String,
    key: String,
    /// A hash of all that was asked.
    request: String,
}

impl Once {
    /// None of a request without a key.
    pub(super) fn of(actor: &Actor, what: &str, proposal: &Proposal) -> Option<Self> {
        let key = actor.origin.idempotency_key.clone()?;
        let words = serde_json::json!([what, proposal, actor.reason]);
        Some(Self { actor: actor.name(), key, request: Secret::new(words.to_string()).hash() })
    }

    /// What came of it already, if it was sent before.
    pub(super) async fn done(
        ctx: &Context,
        once: Option<&Self>,
    ) -> Result<Option<Result<OrderRecord, ProposalError>>, Unavailable> {
        let Some(once) = once else { return Ok(None) };
        let Some(done) = store::idempotency::find(&ctx.db, &once.actor, &once.key).await? else {
            return Ok(None);
        };
        if done.request != once.request {
            return Ok(Some(Err(ProposalError::KeyUsed)));
        }
        let record = store::reset_order::find(&ctx.db, &OrderId(done.object)).await?;
        let record =
            record.ok_or_else(|| Unavailable::Broken("an order of a request vanished".to_owned()))?;
        Ok(Some(Ok(record)))
    }

    /// In a batch: this order is what comes of it.
    pub(super) fn remember(&self, record: &OrderRecord) -> Statement {
        self.remember_at(record, record.created_at)
    }

    /// The same of an order that was written before.
    pub(super) fn remember_at(&self, record: &OrderRecord, now: Timestamp) -> Statement {
        let done = Done { request: self.request.clone(), object: record.order.id.0.clone() };
        store::idempotency::remember(&self.actor, &self.key, &done, now)
    }
}
