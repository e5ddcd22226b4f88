//! An order is lifted, or its campaign ends.

use thiserror::Error;

use crate::domain::approval::{Digest, Request, Wish};
use crate::domain::event::Act;
use crate::domain::jurisdiction::{Permission, Refusal, Target};
use crate::domain::level::Level;
use crate::domain::reset_order::{OrderId, OrderState, WrongState};
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::{Actor, Right};
use crate::flows::context::Context;
use crate::flows::four_eyes::alarm;
use crate::flows::reset_order::come_into_force::come_into_force;
use crate::flows::step::Step;
use crate::flows::unavailable::{TRIES, Unavailable};
use crate::store;
use crate::store::db::Batch;
use crate::store::reset_order::OrderRecord;

/// Why an order was not changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CancelError {
    /// A second person was asked to lift it before.
    #[error("somebody else is asked to approve the lifting of the order {0} already")]
    AlreadyAsked(OrderId),
    /// The operator may not.
    #[error(transparent)]
    NotAllowed(#[from] Refusal),
    /// No reason was given.
    #[error("cancelling an order needs a reason")]
    ReasonMissing,
    /// There is no such order.
    #[error("there is no order {0}")]
    Unknown(OrderId),
    /// It was cancelled before.
    #[error(transparent)]
    WrongState(#[from] WrongState),
}

/// Lifts an order. Whom an order at level `recover` bound stays bound at level `change`: their passwords are still the
/// ones that were believed stolen. No session or grant comes back. What two persons put into force at level `recover`, two
/// persons lift: then it stays in force until the second one approves.
pub async fn cancel(
    ctx: &Context,
    actor: &Actor,
    id: &OrderId,
) -> Result<Result<OrderRecord, CancelError>, Unavailable> {
    if actor.reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) {
        return Ok(Err(CancelError::ReasonMissing));
    }
    move_on(ctx, actor, id, Act::OrderCancel, OrderState::cancel).await
}

/// Ends the campaign of an order. The duty stays: it binds every older credential until that one changes.
pub async fn close(
    ctx: &Context,
    actor: &Actor,
    id: &OrderId,
) -> Result<Result<OrderRecord, CancelError>, Unavailable> {
    move_on(ctx, actor, id, Act::OrderClose, OrderState::close).await
}

async fn move_on(
    ctx: &Context,
    actor: &Actor,
    id: &OrderId,
    act: Act,
    step: fn(OrderState, Timestamp) -> Result<OrderState, WrongState>,
) -> Result<Result<OrderRecord, CancelError>, Unavailable> {
    for _ in 0..TRIES {
        let (book, now) = store::reset_order::book_and_time(&ctx.db).await?;
        if book.due(now).next().is_some() {
            // A due order binds already, though it has no number yet: it must not be lifted as if it never had.
            come_into_force(ctx).await?;
            continue;
        }
        let Some(record) = store::reset_order::find(&ctx.db, id).await? else {
            return Ok(Err(CancelError::Unknown(id.clone())));
        };
        if record.order.state.is_due(now) {
            // It binds already: what is lifted or closed is an order in force.
            come_into_force(ctx).await?;
            continue;
        }
        let population = Target::Population(&record.order.population);
        let right = match actor.powers(ctx).await?.may(Permission::IssueOrder, population) {
            Ok(right) => right,
            Err(Refusal::OutOfTerritory) => return Ok(Err(CancelError::Unknown(id.clone()))),
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        if act == Act::OrderCancel && needs_second(ctx, actor, &record).await? {
            match ask_for(ctx, actor, &right, record, now).await? {
                Some(asked) => return Ok(asked),
                None => continue,
            }
        }
        let next = match step(record.order.state, now) {
            Ok(next) => next,
            Err(error) => return Ok(Err(error.into())),
        };
        let mut batch = vec![
            store::reset_order::raise_clock(book.clock),
            store::reset_order::change_state(id, record.order.state, next),
            ctx.audit(now, &actor.order_line(&right, act, &record.order)),
        ];
        batch.push(store::approval::end(id, now));
        batch.extend(actor.remember(id, now));
        batch.extend(right.still_held());
        if actor.breaks_glass() {
            batch.push(ctx.audit(now, &actor.order_line(&right, Act::BreakGlass, &record.order)));
        }
        ctx.steps.at(Step::OrderDecided).await;
        if ctx.commit(Batch::changing_orders(batch)).await? {
            if actor.breaks_glass() {
                alarm(actor, &format!("order:{id}"));
            }
            let order = crate::domain::reset_order::ResetOrder { state: next, ..record.order };
            return Ok(Ok(OrderRecord { order, ..record }));
        }
    }
    Err(Unavailable::Contended)
}

/// Whether what two persons put into force, because passwords are believed stolen, would be lifted by one.
async fn needs_second(ctx: &Context, actor: &Actor, record: &OrderRecord) -> Result<bool, Unavailable> {
    let bound = matches!(record.order.state, OrderState::InForce(_) | OrderState::Closed { .. });
    let stolen = record.order.level == Level::Recover || record.order.deadline.is_some();
    Ok(bound
        && stolen
        && !actor.breaks_glass()
        && store::approval::was_approved(&ctx.db, &record.order.id).await?)
}

/// Asks a second person to lift it; until then it stays in force. None when what that was decided upon has changed.
async fn ask_for(
    ctx: &Context,
    actor: &Actor,
    right: &Right,
    record: OrderRecord,
    now: Timestamp,
) -> Result<Option<Result<OrderRecord, CancelError>>, Unavailable> {
    let id = &record.order.id;
    if store::approval::open(&ctx.db, id).await?.is_some() {
        return Ok(Some(Err(CancelError::AlreadyAsked(id.clone()))));
    }
    let request = Request {
        wish: Wish::Cancel,
        digest: Digest::of(&record.order, record.scheduled_at),
        covered: record.covered.unwrap_or_default(),
        by: actor.name(),
        at: now,
    };
    let mut batch = vec![
        store::approval::ask(&ctx.new_id(now), id, &request),
        ctx.audit(now, &actor.order_line(right, Act::OrderCancelAsk, &record.order)),
    ];
    batch.extend(right.still_held());
    batch.extend(actor.remember(id, now));
    Ok(ctx.commit(Batch::plain(batch)).await?.then_some(Ok(record)))
}
