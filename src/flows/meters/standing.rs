//! What stands in the database: read when somebody looks, and not again for a few seconds however many look.

use std::time::Duration;

use crate::domain::audit_chain::Head;
use crate::domain::reset_order::OrderState;
use crate::flows::context::Context;
use crate::store;
use crate::store::audit::Unsealed;
use crate::store::db::DbError;
use crate::store::notice::Backlog;
use crate::store::skew::Skew;

/// How long a reading serves.
const FRESH: Duration = Duration::from_secs(5);

/// For how long an act alone stays in the metrics: until somebody was there to see it.
const DAY: Duration = Duration::from_hours(24);

/// A database that has not answered by then is called silent: whoever looks is to see the counters all the same.
const PATIENCE: Duration = Duration::from_secs(2);

/// What stands in the database.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Notices that are not settled.
    pub notices: Backlog,
    /// Relying parties that are still being told of an order, counted for each order.
    pub walks: usize,
    /// The head of the audit log: how many lines ever had their place in the chain, and the tag of the last.
    pub audit_head: Head,
    /// Those that wait for it, and since when.
    pub audit_unsealed: Unsealed,
    /// How often somebody acted alone in the last day where a second person is asked for.
    pub glass_broken: i64,
    /// Orders, by state.
    pub orders: [(&'static str, u64); 4],
    /// How far our clock is from the database's.
    pub skew: Skew,
}

/// What stands in the database; none while it does not answer.
pub async fn standing(ctx: &Context) -> Option<Standing> {
    let mut held = ctx.meters.standing.lock().await;
    let now = ctx.clock.now();
    if let Some((at, standing)) = held.as_ref()
        && *at <= now
        && now.since(*at) < FRESH
    {
        return standing.clone();
    }
    let read = tokio::time::timeout(PATIENCE, read(ctx)).await;
    let standing = read.ok().and_then(Result::ok);
    *held = Some((now, standing.clone()));
    standing
}

async fn read(ctx: &Context) -> Result<Standing, DbError> {
    let skew = store::skew::skew(&ctx.db).await?;
    let notices = store::notice::backlog(&ctx.db).await?;
    let walks = store::notice::walk::open(&ctx.db).await?.len();
    let mut orders = [("scheduled", 0), ("in_force", 0), ("closed", 0), ("cancelled", 0)];
    for order in store::reset_order::book(&ctx.db).await?.orders {
        let place = match order.state {
            // The book has none that were not decided yet.
            OrderState::Draft | OrderState::AwaitingApproval => continue,
            OrderState::Scheduled { .. } => 0,
            OrderState::InForce(_) => 1,
            OrderState::Closed { .. } => 2,
            OrderState::Cancelled { .. } => 3,
        };
        orders[place].1 += 1;
    }
    let audit_head = store::audit::head(&ctx.db).await?;
    let audit_unsealed = store::audit::waiting(&ctx.db).await?;
    let glass_broken = store::audit::glass_broken(&ctx.db, ctx.clock.now().minus(DAY)).await?;
    Ok(Standing { notices, walks, audit_head, audit_unsealed, glass_broken, orders, skew })
}
