//! Between the day on which an order was approved and the instant at which it begins, people come and go. Its people are counted again
//! until then, and an order that has become another one is a draft again.
//!
//! What makes an order begin is the clock alone: where nobody looks, because no program runs or none can count, it begins as it was
//! approved. Else whoever stops the program would stop the order, and an order that two persons approved because passwords are
//! stolen does less harm to some people too many than to begin for nobody.

use std::time::Duration;

use crate::domain::approval::{TOGETHER, Wish, has_drifted};
use crate::domain::event::Act;
use crate::domain::reset_order::{OrderState, ResetOrder};
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::{Actor, Right};
use crate::flows::context::Context;
use crate::flows::notices::told_of_return;
use crate::flows::step::Step;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::approval::Counted;
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
        if ctx.commit(Batch::plain(vec![store::reset_order::look(&order.id, now, old)])).await?
            && let Err(error) = look(ctx, order).await
        {
            // The others are looked at, and what else falls due is recorded.
            tracing::warn!(order = order.id.0, %error, "an order that is to begin is counted later");
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
    let approved = approved(ctx, &record).await?;
    let is_another = match &approved {
        // Whoever breaks the glass answers for what comes.
        Some(by) if by.starts_with("local:") => false,
        Some(_) => has_drifted(then, covers),
        None => covers > then && !is_enough_alone(ctx, &record, (then, covers), now).await?,
    };
    if !is_another {
        return Ok(());
    }
    let system = Actor {
        reason: Some(format!("{then} people were counted, and {covers} are now")),
        ..Actor::system()
    };
    let mut batch = vec![
        store::reset_order::raise_clock(book.clock),
        // What has fallen due meanwhile binds already.
        store::reset_order::nothing_due(),
        store::reset_order::change_state(&order.id, record.order.state, OrderState::Draft),
        ctx.audit(now, &system.order_line(&Right::Root, Act::OrderSendBack, &record.order)),
    ];
    batch.extend(told_of_return(ctx, [record.author.as_str()].into_iter().chain(approved.as_deref()), now));
    ctx.steps.at(Step::OrderDecided).await;
    // Where something came between, the next look decides.
    if ctx.commit(Batch::changing_orders(batch)).await? {
        tracing::warn!(order = order.id.0, then, covers, "an order that was to begin is a draft again");
    }
    Ok(())
}

/// Who approved an order as it was put forward last: a second person, or somebody with a shell who broke the glass. None of what its
/// author ordered alone.
async fn approved(ctx: &Context, record: &OrderRecord) -> Result<Option<String>, Unavailable> {
    let since = record.submitted_at.unwrap_or(Timestamp::from_seconds(0));
    let approved = store::approval::approved(&ctx.db, &record.order.id).await?;
    let mut answers = approved.into_iter().filter(|it| it.wish == Wish::Issue && it.at >= since);
    Ok(answers.next_back().map(|approved| approved.by))
}

/// Whether its author may still order it alone, with all else that they do. Then the people who came count with it from now on: else
/// many orders over places that fill up together would each be looked at alone.
async fn is_enough_alone(
    ctx: &Context,
    record: &OrderRecord,
    (then, covers): (u64, u64),
    now: Timestamp,
) -> Result<bool, Unavailable> {
    let since = now.minus(TOGETHER);
    let together = store::approval::reached_since(&ctx.db, Counted::Ordered, &record.author, since).await?;
    let together = together.saturating_sub(then).saturating_add(covers);
    if together > ctx.settings.orders.approval_above {
        return Ok(false);
    }
    ctx.commit(Batch::plain(vec![store::reset_order::count_anew(record, covers)])).await?;
    Ok(true)
}
