//! What needs an operator today: what waits for them, and the orders that keep their people out.

use std::cmp::Reverse;
use std::time::Duration;

use crate::domain::jurisdiction::Permission;
use crate::domain::level::Level;
use crate::domain::population::Population;
use crate::domain::progress::Tally;
use crate::domain::reset_order::{Force, OrderState};
use crate::domain::territory::TerritoryPath;
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::{Actor, Powers};
use crate::flows::context::Context;
use crate::flows::people::operators::any_waits;
use crate::flows::reset_order::read::{parts, progress};
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::reset_order::OrderRecord;

/// The draft of a yearly order is shown so long before it would begin.
const SOON: Duration = Duration::from_hours(60 * 24);

/// Orders of one kind that are shown; the list of all of them has the others.
const MOST: usize = 20;

/// Orders that are looked at for those that are shown.
const LOOKED_AT: usize = 40;

/// What needs an operator today.
pub struct Agenda {
    /// Orders that the operator may approve, and did not put forward: those that have waited longest first.
    pub to_approve: Vec<OrderRecord>,
    /// Drafts that were sent back or fell, or are this year's: those that are to begin soonest first.
    pub drafts: Vec<OrderRecord>,
    /// Orders that keep people out, or soon will, whose deadline is nearest first.
    pub campaigns: Vec<Campaign>,
    /// Whether somebody else asked for a role that the operator may approve.
    pub roles_wait: bool,
}

/// An order under way, as far as an operator sees its people.
pub struct Campaign {
    /// The order.
    pub record: OrderRecord,
    /// The one place whose people are seen, where it is one.
    pub place: Option<TerritoryPath>,
    /// As of when they were counted; none before the first count.
    pub as_of: Option<Timestamp>,
    /// How they stand.
    pub tally: Tally,
    /// Of those who get in with a code alone, how many have none on paper; none for whoever may not print.
    pub unprinted: Option<u64>,
    /// Notices that services did not take, for whoever may send them again.
    pub failed: u64,
    /// Whether the operator may close it.
    pub closes: bool,
}

impl Campaign {
    /// Whether everybody has chosen a new password.
    pub const fn is_done(&self) -> bool {
        self.as_of.is_some() && self.tally.bound == 0
    }
}

/// What needs this operator.
pub async fn agenda(ctx: &Context, actor: &Actor) -> Result<Agenda, Unavailable> {
    let powers = actor.powers(ctx).await?;
    let (mut to_approve, mut drafts) = (Vec::new(), Vec::new());
    let now = ctx.clock.now();
    for place in powers.sees(Permission::ApproveOrder, &TerritoryPath::root()) {
        let found = store::reset_order::waiting_for_approval(&ctx.db, &place, &actor.name(), MOST).await?;
        to_approve.extend(found);
    }
    for place in powers.sees(Permission::IssueOrder, &TerritoryPath::root()) {
        let span = (now, now.plus(SOON));
        drafts.extend(store::reset_order::drafts_to_look_at(&ctx.db, &place, span, MOST).await?);
    }
    Ok(Agenda {
        to_approve,
        drafts,
        campaigns: campaigns(ctx, &powers).await?,
        roles_wait: any_waits(ctx, actor).await?,
    })
}

async fn campaigns(ctx: &Context, powers: &Powers) -> Result<Vec<Campaign>, Unavailable> {
    let mut under_way: Vec<_> = store::reset_order::book(&ctx.db)
        .await?
        .orders
        .into_iter()
        .filter(|order| matches!(order.state, OrderState::InForce(_) | OrderState::Scheduled { .. }))
        .filter(|order| !powers.sees(Permission::ReadProgress, &order.population.territory).is_empty())
        .collect();
    under_way.sort_by_key(|order| (order.deadline.is_none(), order.deadline, Reverse(order.id.0.clone())));
    let mut campaigns = Vec::new();
    for order in under_way.into_iter().take(LOOKED_AT) {
        if campaigns.len() == MOST {
            break;
        }
        if let Some(record) = store::reset_order::find(&ctx.db, &order.id).await? {
            campaigns.extend(campaign(ctx, powers, record).await?);
        }
    }
    Ok(campaigns)
}

/// None where nothing is left for this operator to do.
async fn campaign(
    ctx: &Context,
    powers: &Powers,
    record: OrderRecord,
) -> Result<Option<Campaign>, Unavailable> {
    let (order, parts) = (&record.order, parts(powers, &record));
    // It may have become a draft since the book was read.
    if parts.is_empty() {
        return Ok(None);
    }
    let (as_of, tally) = if parts.contains(&order.population.territory) {
        store::progress::of_all(&ctx.db, &order.id).await?.unzip()
    } else {
        let part = progress(ctx, powers, order, &parts).await?;
        (part.as_of, Some(part.all))
    };
    let tally = tally.unwrap_or_default();
    let orders = powers.could(Permission::IssueOrder, &order.population);
    let failed = if orders {
        store::progress::told(&ctx.db, &order.id).await?.iter().map(|told| told.failed).sum()
    } else {
        0
    };
    let of_part = |part: &TerritoryPath| Population { territory: part.clone(), ..order.population.clone() };
    let prints = parts.iter().all(|part| powers.reached(Permission::PrintSlips, of_part(part)).is_some());
    let is_by_code = match order.state {
        OrderState::InForce(Force { hardened_at, .. }) => {
            order.level == Level::Recover || hardened_at.is_some()
        }
        OrderState::Draft
        | OrderState::AwaitingApproval
        | OrderState::Scheduled { .. }
        | OrderState::Closed { .. }
        | OrderState::Cancelled { .. } => false,
    };
    let campaign = Campaign {
        place: match parts.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        },
        as_of,
        tally,
        unprinted: (prints && is_by_code).then(|| tally.bound.saturating_sub(tally.printed)),
        failed,
        closes: orders && order.state.force().is_some(),
        record,
    };
    let is_over = campaign.is_done() && !campaign.closes && failed == 0;
    Ok((!is_over).then_some(campaign))
}
