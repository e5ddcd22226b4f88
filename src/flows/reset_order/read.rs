//! What an operator may see of orders: those over the own territory and those that reach into it, and of these the own part.

use std::time::Duration;

use crate::domain::approval::{Digest, Request};
use crate::domain::jurisdiction::Permission;
use crate::domain::progress::Progress;
use crate::domain::reset_order::{OrderId, OrderState, ResetOrder};
use crate::domain::territory::TerritoryPath;
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::reset_order::preview::{Counts, foreseen};
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::reset_order::OrderRecord;

/// Rows that are looked at to fill a page.
const STEP: usize = 200;

/// The draft of a yearly order is shown so long before it would begin.
const SOON: Duration = Duration::from_hours(60 * 24);

/// Drafts that are looked at.
const DRAFTS: i64 = 1_000;

/// Where a page of orders ends: the next one begins after it.
pub type Position = (Timestamp, OrderId);

/// One order, as far as an operator may see it.
pub struct View {
    /// The order.
    pub record: OrderRecord,
    /// What somebody is asked about it.
    pub request: Option<Request>,
    /// Stands for the order as it is shown here: whoever changes it says which it was.
    pub digest: Digest,
    /// The parts of its territory that the operator sees.
    pub parts: Vec<TerritoryPath>,
    /// How far it has got there.
    pub progress: Progress,
}

impl View {
    /// Stands for what is shown here, with what is asked about it: whoever approves says which it was.
    pub fn shown(&self) -> Digest {
        self.request.as_ref().map_or_else(|| self.digest.clone(), Request::shown)
    }

    /// Whether all of the order's people are seen, not those of a part of its territory alone.
    pub fn is_whole(&self) -> bool {
        self.parts.contains(&self.record.order.population.territory)
    }
}

/// Orders that the actor may see, the newest first, after a position; at most `limit`.
pub async fn list(
    ctx: &Context,
    actor: &Actor,
    after: Option<Position>,
    limit: usize,
) -> Result<Vec<OrderRecord>, Unavailable> {
    let powers = actor.powers(ctx).await?;
    let mut found = Vec::new();
    let mut position = after;
    loop {
        let page = store::reset_order::page(&ctx.db, position.as_ref(), STEP).await?;
        let is_last = page.len() < STEP;
        position = page.last().map(|record| (record.created_at, record.order.id.clone()));
        let seen = |record: &OrderRecord| {
            !powers.sees(Permission::ReadProgress, &record.order.population.territory).is_empty()
        };
        found.extend(page.into_iter().filter(seen));
        if is_last || found.len() >= limit {
            found.truncate(limit);
            return Ok(found);
        }
    }
}

/// Drafts that somebody has to look at who may put them forward: they were sent back or fell, or the year has gone round.
pub async fn drafts(ctx: &Context, actor: &Actor) -> Result<Vec<OrderRecord>, Unavailable> {
    let powers = actor.powers(ctx).await?;
    let mut found =
        store::reset_order::drafts_to_look_at(&ctx.db, ctx.clock.now().plus(SOON), DRAFTS).await?;
    found.retain(|record| {
        let territory = &record.order.population.territory;
        powers.sees(Permission::IssueOrder, territory).contains(territory)
    });
    Ok(found)
}

/// What else whoever sees all of an order reads of it, and whoever sees a part does not: it tells of people elsewhere.
pub struct Details {
    /// The operators who are not left out, by login.
    pub named_operators: Vec<String>,
    /// What it would do if it came into force now, while it waits for an approval.
    pub foreseen: Option<Counts>,
}

impl Details {
    /// None of an order that is seen in part.
    pub async fn of(ctx: &Context, view: &View) -> Result<Option<Self>, Unavailable> {
        if !view.is_whole() {
            return Ok(None);
        }
        let order = &view.record.order;
        let foreseen = match order.state {
            OrderState::AwaitingApproval => Some(foreseen(ctx, order).await?),
            OrderState::Draft
            | OrderState::Scheduled { .. }
            | OrderState::InForce(_)
            | OrderState::Closed { .. }
            | OrderState::Cancelled { .. } => None,
        };
        Ok(Some(Self { named_operators: named_operators(ctx, order).await?, foreseen }))
    }
}

/// The operators whom an order names, by login.
pub async fn named_operators(ctx: &Context, order: &ResetOrder) -> Result<Vec<String>, Unavailable> {
    let mut logins = Vec::new();
    for account in &order.exclusions.named_operators {
        let person = store::account::find(&ctx.db, account).await?;
        logins.push(person.map_or_else(|| account.0.clone(), |person| person.login));
    }
    logins.sort_unstable();
    Ok(logins)
}

/// One order; none that the actor may not see.
pub async fn view(ctx: &Context, actor: &Actor, id: &OrderId) -> Result<Option<View>, Unavailable> {
    let Some(record) = store::reset_order::find(&ctx.db, id).await? else { return Ok(None) };
    let territory = &record.order.population.territory;
    let parts = actor.powers(ctx).await?.sees(Permission::ReadProgress, territory);
    if parts.is_empty() {
        return Ok(None);
    }
    let request = store::approval::open(&ctx.db, id).await?;
    let digest = Digest::of(&record.order, record.scheduled_at);
    let mut progress = Progress::default();
    if parts.contains(territory) {
        progress = store::progress::find(&ctx.db, id, None).await?;
    } else {
        for part in &parts {
            let there = store::progress::find(&ctx.db, id, Some(part)).await?;
            progress.as_of = there.as_of;
            there.parts.values().for_each(|tally| progress.all.add(*tally));
            progress.parts.extend(there.parts);
        }
    }
    Ok(Some(View { record, request, digest, parts, progress }))
}
