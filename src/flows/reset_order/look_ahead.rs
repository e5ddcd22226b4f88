//! Between the day on which an order was approved and the instant at which it begins, people come and go. Its people are counted again
//! until then, and an order that has become another one is a draft again.
//!
//! What makes an order begin is the clock alone: where nobody looks, because no program runs or none can count, it begins as it was
//! approved. Else whoever stops the program would stop the order, and an order that two persons approved because passwords are
//! stolen does less harm to some people too many than to begin for nobody.

use std::time::Duration;

use crate::domain::approval::{Wish, has_drifted};
use crate::domain::event::Act;
use crate::domain::reset_order::{OrderState, ResetOrder};
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::{Actor, Right};
use crate::flows::context::Context;
use crate::flows::step::Step;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::db::Batch;
use crate::store::reset_order::OrderRecord;

/// Looked at from so long before it begins, so that somebody is there to put it forward again.
const AHEAD: Duration = Duration::from_hours(24);

/// The least between two looks. Else it is a quarter of what is left: at six hours first, and at a minute last.
const OFTEN: Duration = Duration::from_mins(1);

/// Looks at the orders that begin soon, if the last look is old enough.
pub async fn look_ahead(ctx: &Context) -> Result<(), Unavailable> {
    let (book, now) = store::reset_order::book_and_time(&ctx.db).await?;
    for order in &book.orders {
        let OrderState::Scheduled { at } = order.state else { continue };
        if at <= now || at > now.plus(AHEAD) {
            continue;
        }
        let old = now.minus(OFTEN.max(at.since(now) / 4));
        // One program looks.
        if ctx.commit(Batch::plain(vec![store::reset_order::look(&order.id, now, old)])).await? {
            look(ctx, order).await?;
        }
    }
    Ok(())
}

async fn look(ctx: &Context, order: &ResetOrder) -> Result<(), Unavailable> {
    // First, so that an order that is changed while its people are counted stays as it is then.
    let (book, now) = store::reset_order::book_and_time(&ctx.db).await?;
    let Some(record) = store::reset_order::find(&ctx.db, &order.id).await? else { return Ok(()) };
    let OrderState::Scheduled { .. } = record.order.state else { return Ok(()) };
    // Nobody counted where the glass was broken.
    let Some(then) = record.covered else { return Ok(()) };
    let covers = store::population::covered(&ctx.db, &record.order.population).await?;
    let is_another = if is_approved(ctx, &record).await? {
        has_drifted(then, covers)
    } else {
        covers > then && covers > ctx.settings.orders.approval_above
    };
    if !is_another {
        return Ok(());
    }
    let system = Actor {
        reason: Some(format!("{then} people were counted, and {covers} are now")),
        ..Actor::system()
    };
    let batch = vec![
        store::reset_order::raise_clock(book.clock),
        // What has fallen due meanwhile binds already.
        store::reset_order::nothing_due(),
        store::reset_order::change_state(&order.id, record.order.state, OrderState::Draft),
        ctx.audit(now, &system.order_line(&Right::Root, Act::OrderSendBack, &record.order)),
    ];
    ctx.steps.at(Step::OrderDecided).await;
    // Where something came between, the next look decides.
    ctx.commit(Batch::changing_orders(batch)).await?;
    Ok(())
}

/// Whether a second person approved it as it was put forward last.
async fn is_approved(ctx: &Context, record: &OrderRecord) -> Result<bool, Unavailable> {
    let since = record.submitted_at.unwrap_or(Timestamp::from_seconds(0));
    let approved = store::approval::approved(&ctx.db, &record.order.id).await?;
    Ok(approved.iter().any(|approved| approved.wish == Wish::Issue && approved.at >= since))
}
