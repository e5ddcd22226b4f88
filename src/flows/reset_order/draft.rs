//! An order is written without being put forward, changed, and put forward.

use crate::domain::event::Act;
use crate::domain::jurisdiction::{Permission, Refusal, Target};
use crate::domain::reset_order::{OrderId, OrderState, ResetOrder};
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::{Actor, Right};
use crate::flows::context::Context;
use crate::flows::reset_order::cancel::CancelError;
use crate::flows::reset_order::issue::{Proposal, ProposalError, draw_up, insert};
use crate::flows::reset_order::once::Once;
use crate::flows::reset_order::put_forward::put_forward;
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
}

/// Writes a draft: it binds nobody, and nobody is asked.
pub async fn draft(
    ctx: &Context,
    actor: &Actor,
    proposal: &Proposal,
) -> Result<Result<OrderRecord, ProposalError>, Unavailable> {
    let once = Once::of(actor, "draft", proposal);
    for _ in 0..TRIES {
        if let Some(done) = Once::done(ctx, once.as_ref()).await? {
            return Ok(done);
        }
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
        batch.extend(once.as_ref().map(|once| once.remember(&record)));
        batch.push(ctx.audit(now, &actor.order_line(&right, Act::OrderDraft, &record.order.id)));
        if ctx.commit(Batch::plain(batch)).await? {
            return Ok(Ok(record));
        }
    }
    Err(Unavailable::Contended)
}

/// Changes what an order says that binds nobody yet. It is a draft again: whoever approved it, or was asked to, approved
/// something else.
pub async fn edit(
    ctx: &Context,
    actor: &Actor,
    id: &OrderId,
    proposal: &Proposal,
) -> Result<Result<OrderRecord, DraftError>, Unavailable> {
    for _ in 0..TRIES {
        let (book, now) = store::reset_order::book_and_time(&ctx.db).await?;
        let before = match changeable(ctx, actor, id).await? {
            Ok(before) => before,
            Err(error) => return Ok(Err(error.into())),
        };
        if before.order.state.force().is_some() || before.order.state.is_due(now) {
            let wrong =
                crate::domain::reset_order::WrongState { from: before.order.state.as_str(), to: "changed" };
            return Ok(Err(CancelError::from(wrong).into()));
        }
        let (order, right) = match permitted(ctx, actor, proposal, now).await? {
            Ok(permitted) => permitted,
            Err(error) => return Ok(Err(error.into())),
        };
        let record = OrderRecord {
            order: ResetOrder { id: id.clone(), ..order },
            scheduled_at: proposal.at.unwrap_or(now),
            reason: actor.reason.clone().unwrap_or(before.reason),
            submitted_at: None,
            covered: None,
            repeats: proposal.repeats,
            ..before
        };
        let rewrite = store::reset_order::rewrite(&record);
        let mut batch = vec![
            store::reset_order::raise_clock(book.clock),
            store::reset_order::change_state(id, before.order.state, OrderState::Draft),
            rewrite.map_err(|error| Unavailable::Broken(error.to_string()))?,
            store::approval::end(id, now),
            ctx.audit(now, &actor.order_line(&right, Act::OrderEdit, id)),
        ];
        batch.extend(right.still_held());
        if ctx.commit(Batch::changing_orders(batch)).await? {
            return Ok(Ok(record));
        }
    }
    Err(Unavailable::Contended)
}

/// Puts a draft forward. `confirmed` is the number of people that somebody typed.
pub async fn submit(
    ctx: &Context,
    actor: &Actor,
    id: &OrderId,
    confirmed: Option<u64>,
) -> Result<Result<OrderRecord, DraftError>, Unavailable> {
    for _ in 0..TRIES {
        let (book, now) = store::reset_order::book_and_time(&ctx.db).await?;
        let before = match changeable(ctx, actor, id).await? {
            Ok(before) => before,
            Err(error) => return Ok(Err(error.into())),
        };
        let OrderState::Draft = before.order.state else {
            let wrong = crate::domain::reset_order::WrongState {
                from: before.order.state.as_str(),
                to: "put forward",
            };
            return Ok(Err(CancelError::from(wrong).into()));
        };
        if before.reason.trim().is_empty() {
            return Ok(Err(ProposalError::ReasonMissing.into()));
        }
        let begins_at = before.scheduled_at.max(now);
        if before.order.deadline.is_some_and(|deadline| deadline <= begins_at) {
            return Ok(Err(ProposalError::DeadlineTooEarly.into()));
        }
        let population = Target::Population(&before.order.population);
        let right = match actor.powers(ctx).await?.may(Permission::IssueOrder, population) {
            Ok(right) => right,
            Err(refusal) => return Ok(Err(ProposalError::from(refusal).into())),
        };
        let forward = put_forward(ctx, actor, &before.order, before.scheduled_at, confirmed, now).await?;
        let forward = match forward {
            Ok(forward) => forward,
            Err(error) => return Ok(Err(error.into())),
        };
        let state = forward.state(begins_at, book.clock, now);
        let mut batch = vec![
            store::reset_order::change_state(id, before.order.state, state),
            store::reset_order::submit(id, &actor.name(), forward.covered, now),
            ctx.audit(now, &actor.order_line(&right, Act::OrderIssue, id)),
        ];
        batch.extend(store::reset_order::begins(&state, id, now, ctx.settings.policy.code_lifetime));
        batch.extend(right.still_held());
        let record = OrderRecord {
            author: actor.name(),
            submitted_at: Some(now),
            covered: forward.covered,
            order: ResetOrder { state, ..before.order.clone() },
            ..before
        };
        if forward.commit(ctx, actor, &record, (&right, book.clock), batch).await? {
            return Ok(Ok(record));
        }
    }
    Err(Unavailable::Contended)
}

async fn permitted(
    ctx: &Context,
    actor: &Actor,
    proposal: &Proposal,
    now: Timestamp,
) -> Result<Result<(ResetOrder, Right), ProposalError>, Unavailable> {
    let order = match draw_up(ctx, proposal, now).await? {
        Ok(order) => order,
        Err(error) => return Ok(Err(error)),
    };
    let population = Target::Population(&order.population);
    let right = actor.powers(ctx).await?.may(Permission::IssueOrder, population);
    Ok(right.map(|right| (order, right)).map_err(ProposalError::from))
}

/// An order that the actor may know of.
pub(super) async fn changeable(
    ctx: &Context,
    actor: &Actor,
    id: &OrderId,
) -> Result<Result<OrderRecord, CancelError>, Unavailable> {
    let Some(record) = store::reset_order::find(&ctx.db, id).await? else {
        return Ok(Err(CancelError::Unknown(id.clone())));
    };
    let population = Target::Population(&record.order.population);
    match actor.powers(ctx).await?.may(Permission::IssueOrder, population) {
        Ok(_) => Ok(Ok(record)),
        Err(Refusal::OutOfTerritory) => Ok(Err(CancelError::Unknown(id.clone()))),
        Err(refusal) => Ok(Err(refusal.into())),
    }
}
