//! An order is written without being put forward.

use crate::domain::event::Act;
use crate::domain::jurisdiction::{Permission, Refusal, Target};
use crate::domain::reset_order::{OrderId, ResetOrder};
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::{Actor, Right};
use crate::flows::context::Context;
use crate::flows::reset_order::cancel::CancelError;
use crate::flows::reset_order::issue::{Proposal, ProposalError, draw_up, insert};
use crate::flows::unavailable::{TRIES, Unavailable};
use crate::store;
use crate::store::db::Batch;
use crate::store::reset_order::OrderRecord;

/// Why a draft did not change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// What it says cannot be ordered.
    #[error(transparent)]
    Proposal(#[from] ProposalError),
    /// There is no such order, or it stands where this cannot be done.
    #[error(transparent)]
    Order(#[from] CancelError),
    /// Somebody else changed it since it was shown.
    #[error("the order was changed since it was shown to you; look at it again")]
    Changed,
}

/// Writes a draft: it binds nobody, and nobody is asked.
pub async fn draft(
    ctx: &Context,
    actor: &Actor,
    proposal: &Proposal,
) -> Result<Result<OrderRecord, ProposalError>, Unavailable> {
    for _ in 0..TRIES {
        let (_, now) = store::reset_order::book_and_time(&ctx.db).await?;
        let (order, right) = match permitted(ctx, actor, proposal, now).await? {
            Ok(permitted) => permitted,
            Err(error) => return Ok(Err(error)),
        };
        let record = OrderRecord {
            scheduled_at: proposal.at.unwrap_or(now),
            reason: actor.reason.clone().unwrap_or_default(),
            author: actor.name(),
            created_at: now,
            submitted_at: None,
            covered: None,
            repeats: proposal.repeats,
            order,
        };
        let mut batch = vec![insert(ctx, &record)?];
        batch.extend(right.still_held());
        batch.extend(actor.remember(&record.order.id, now));
        batch.push(ctx.audit(now, &actor.order_line(&right, Act::OrderDraft, &record.order)));
        if ctx.commit(Batch::plain(batch)).await? {
            return Ok(Ok(record));
        }
    }
    Err(Unavailable::Contended)
}

pub(super) async fn permitted(
    ctx: &Context,
    actor: &Actor,
    proposal: &Proposal,
    now: Timestamp,
) -> Result<Result<(ResetOrder, Right), ProposalError>, Unavailable> {
    draw_up(ctx, actor, Permission::IssueOrder, (proposal, now)).await
}

/// An order that the actor may know of.
pub(in crate::flows) async fn changeable(
    ctx: &Context,
    actor: &Actor,
    id: &OrderId,
) -> Result<Result<(OrderRecord, Right), CancelError>, Unavailable> {
    let Some(record) = store::reset_order::find(&ctx.db, id).await? else {
        return Ok(Err(CancelError::Unknown(id.clone())));
    };
    let population = Target::Population(&record.order.population);
    match actor.powers(ctx).await?.may(Permission::IssueOrder, population) {
        Ok(right) => Ok(Ok((record, right))),
        Err(Refusal::OutOfTerritory) => Ok(Err(CancelError::Unknown(id.clone()))),
        Err(refusal) => Ok(Err(refusal.into())),
    }
}
