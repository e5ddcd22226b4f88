//! What falls due: orders draw their number, deadlines pass, keys of expired codes are destroyed. All of it binds by
//! being read already; this makes the record say so.

use crate::domain::event::Act;
use crate::domain::order_clock::OrderClock;
use crate::domain::reset_order::{Force, OrderBook, OrderState, ResetOrder};
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::{Actor, Right};
use crate::flows::context::Context;
use crate::flows::reset_order::put_forward::next_year;
use crate::flows::unavailable::{TRIES, Unavailable};
use crate::store;
use crate::store::db::Batch;

/// Draws the numbers of all orders that are due. Returns when none is left, whoever drew them.
pub async fn come_into_force(ctx: &Context) -> Result<(), Unavailable> {
    settle(ctx, Act::OrderInForce, |book, now| {
        let order = book.due(now).next()?;
        let next = order.state.come_into_force(OrderClock(book.clock.0 + 1), now).ok()?;
        Some((order.clone(), next))
    })
    .await
}

/// Records the deadlines that have passed.
pub async fn harden(ctx: &Context) -> Result<(), Unavailable> {
    settle(ctx, Act::OrderHarden, |book, now| {
        book.orders.iter().find_map(|order| match order.state {
            OrderState::InForce(force) if force.hardened_at.is_none() && order.deadline? <= now => {
                Some((order.clone(), OrderState::InForce(Force { hardened_at: Some(now), ..force })))
            }
            _ => None,
        })
    })
    .await
}

/// Destroys the keys of codes that have expired.
pub async fn destroy_expired_keys(ctx: &Context) -> Result<(), Unavailable> {
    let (book, now) = store::reset_order::book_and_time(&ctx.db).await?;
    ctx.commit(Batch::plain(vec![store::reset_order::destroy_expired_keys(now)])).await?;
    ctx.order_keys.forget_expired(&book, now);
    Ok(())
}

async fn settle(
    ctx: &Context,
    act: Act,
    next: impl Fn(&OrderBook, Timestamp) -> Option<(ResetOrder, OrderState)>,
) -> Result<(), Unavailable> {
    let mut conflicts = 0;
    while conflicts < TRIES {
        let (book, now) = store::reset_order::book_and_time(&ctx.db).await?;
        let Some((order, state)) = next(&book, now) else { return Ok(()) };
        let line = Actor::system().order_line(&Right::Root, act, &order);
        let mut batch = vec![
            store::reset_order::raise_clock(book.clock),
            store::reset_order::change_state(&order.id, order.state, state),
            ctx.audit(now, &line),
        ];
        if act == Act::OrderInForce {
            // By the setting of today, from the instant on that it binds since.
            let begun = order.standing(order.state, &ctx.settings.policy);
            batch.extend(store::reset_order::begins(&begun, now));
            if let Some(record) = store::reset_order::find(&ctx.db, &order.id).await? {
                batch.extend(next_year(ctx, &record, now)?);
            }
        }
        if !ctx.commit(Batch::changing_orders(batch)).await? {
            conflicts += 1;
        }
    }
    Err(Unavailable::Contended)
}
