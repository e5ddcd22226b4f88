//! An order is lifted, or its campaign ends.

use thiserror::Error;

use crate::domain::event::Act;
use crate::domain::reset_order::{OrderId, OrderState, WrongState};
use crate::domain::timestamp::Timestamp;
use crate::flows::context::Context;
use crate::flows::reset_order::Actor;
use crate::flows::reset_order::come_into_force::come_into_force;
use crate::flows::unavailable::{TRIES, Unavailable};
use crate::store;
use crate::store::db::Batch;
use crate::store::reset_order::OrderRecord;

/// Why an order was not changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CancelError {
    /// No reason was given.
    #[error("cancelling an order needs a reason; give one with --reason")]
    ReasonMissing,
    /// There is no such order.
    #[error("there is no order {0}")]
    Unknown(OrderId),
    /// It was cancelled before.
    #[error(transparent)]
    WrongState(#[from] WrongState),
}

/// Lifts an order. Whom an order at level `recover` bound stays bound at level `change`: their passwords are still the
/// ones that were believed stolen. No session or grant comes back.
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
        let next = match step(record.order.state, now) {
            Ok(next) => next,
            Err(error) => return Ok(Err(error.into())),
        };
        let batch = vec![
            store::reset_order::raise_clock(book.clock),
            store::reset_order::change_state(id, record.order.state, next),
            ctx.audit(now, &actor.order_line(act, id)),
        ];
        if ctx.commit(Batch::changing_orders(batch)).await? {
            let order = crate::domain::reset_order::ResetOrder { state: next, ..record.order };
            return Ok(Ok(OrderRecord { order, ..record }));
        }
    }
    Err(Unavailable::Contended)
}
