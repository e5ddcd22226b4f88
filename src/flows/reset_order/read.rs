//! What an operator may see of orders: those over the own territory and those that reach into it, and of these the own part.

use std::cmp::Reverse;

use crate::domain::approval::{Digest, Request};
use crate::domain::jurisdiction::Permission;
use crate::domain::progress::Progress;
use crate::domain::reset_order::{OrderId, OrderState, ResetOrder};
use crate::domain::territory::{TerritoryKind, TerritoryPath};
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::{Actor, Powers};
use crate::flows::context::Context;
use crate::flows::reset_order::classes::counted_now;
use crate::flows::reset_order::issue::Proposal;
use crate::flows::reset_order::preview::{Counts, foreseen};
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::reset_order::OrderRecord;

/// Rows that are looked at to fill a page.
const STEP: usize = 200;

/// What is done with an order.
const ACTS: [Permission; 2] = [Permission::IssueOrder, Permission::ApproveOrder];

/// Where a page of orders ends: the next one begins after it.
pub type Position = (Timestamp, OrderId);

/// One order, as far as an operator may see it.
pub struct View {
    /// The order.
    pub record: OrderRecord,
    /// What somebody is asked about it.
    pub request: Option<Request>,
    /// The parts of its territory that the operator sees.
    pub parts: Vec<TerritoryPath>,
    /// What the operator may do with it, a second factor supposed.
    pub may: Vec<Permission>,
    /// How far it has got there.
    pub progress: Progress,
}

impl View {
    /// Stands for what is shown here, with what is asked about it: whoever approves or changes it says which it was.
    pub fn shown(&self) -> Digest {
        Digest::shown(&self.record.order, self.record.scheduled_at, self.request.as_ref())
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
    let places = powers.sees(Permission::ReadProgress, &TerritoryPath::root());
    let mut found = Vec::new();
    let mut position = after;
    loop {
        let mut page = Vec::new();
        for place in &places {
            page.extend(store::reset_order::page(&ctx.db, place, position.as_ref(), STEP).await?);
        }
        let newest = |record: &OrderRecord| Reverse((record.created_at, record.order.id.clone()));
        page.sort_by_cached_key(newest);
        page.dedup_by(|one, other| one.order.id == other.order.id);
        page.truncate(STEP);
        let is_last = page.len() < STEP;
        position = page.last().map(|record| (record.created_at, record.order.id.clone()));
        let seen = |record: &OrderRecord| !parts(&powers, record).is_empty();
        found.extend(page.into_iter().filter(seen));
        if is_last || found.len() >= limit {
            found.truncate(limit);
            return Ok(found);
        }
    }
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
    pub async fn of(ctx: &Context, actor: &Actor, view: &View) -> Result<Option<Self>, Unavailable> {
        if !view.is_whole() {
            return Ok(None);
        }
        let order = &view.record.order;
        let foreseen = match order.state {
            OrderState::AwaitingApproval => Some(foreseen(ctx, actor, order).await?),
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

/// An order that a request made or changed before, as it is now; none that the actor may not see any more.
pub async fn again(ctx: &Context, actor: &Actor, id: &OrderId) -> Result<Option<OrderRecord>, Unavailable> {
    let Some(record) = store::reset_order::find(&ctx.db, id).await? else { return Ok(None) };
    let parts = parts(&actor.powers(ctx).await?, &record);
    Ok((!parts.is_empty()).then_some(record))
}

/// What an order says, as somebody would propose it anew. An instant that has passed is as good as none.
pub async fn proposal_of(ctx: &Context, record: &OrderRecord) -> Result<Proposal, Unavailable> {
    let (order, now) = (&record.order, ctx.clock.now());
    let territory = order.population.territory.code();
    let territory = territory.ok_or_else(|| Unavailable::Broken(format!("order {} is nowhere", order.id)))?;
    Ok(Proposal {
        territory,
        profiles: order.population.profiles.clone(),
        level: order.level,
        never_activated: order.exclusions.never_activated,
        changed_since: order.exclusions.changed_since,
        reset_by_school_since: order.exclusions.reset_by_school_since,
        named_operators: named_operators(ctx, order).await?,
        at: Some(record.scheduled_at).filter(|at| *at > now),
        deadline: order.deadline,
        code_lifetime: order.code_lifetime,
        repeats: record.repeats,
    })
}

/// One order; none that the actor may not see.
pub async fn view(ctx: &Context, actor: &Actor, id: &OrderId) -> Result<Option<View>, Unavailable> {
    let Some(record) = store::reset_order::find(&ctx.db, id).await? else { return Ok(None) };
    let powers = actor.powers(ctx).await?;
    let parts = parts(&powers, &record);
    if parts.is_empty() {
        return Ok(None);
    }
    let population = &record.order.population;
    let may = ACTS.into_iter().filter(|permission| powers.could(*permission, population)).collect();
    let request = store::approval::open(&ctx.db, id).await?;
    let progress = progress(ctx, &powers, &record.order, &parts).await?;
    Ok(Some(View { record, request, parts, may, progress }))
}

/// The parts of an order's territory that somebody sees. What binds nobody yet, and may never, is for whoever answers for all of it.
pub fn parts(powers: &Powers, record: &OrderRecord) -> Vec<TerritoryPath> {
    let territory = &record.order.population.territory;
    let parts = powers.sees(Permission::ReadProgress, territory);
    let is_announced = match record.order.state {
        OrderState::Draft | OrderState::AwaitingApproval => false,
        OrderState::Scheduled { .. } | OrderState::InForce(_) | OrderState::Closed { .. } => true,
        // One that was never in force may have been a draft to its end.
        OrderState::Cancelled { force, .. } => force.is_some(),
    };
    if is_announced || parts.contains(territory) { parts } else { Vec::new() }
}

/// How far an order has got in these parts of its territory: as it was counted last, and in a class, of which no count is kept, now.
pub async fn progress(
    ctx: &Context,
    powers: &Powers,
    order: &ResetOrder,
    parts: &[TerritoryPath],
) -> Result<Progress, Unavailable> {
    let id = &order.id;
    if parts.contains(&order.population.territory) {
        return Ok(store::progress::find(&ctx.db, id, None).await?);
    }
    let is_counted = matches!(order.state, OrderState::InForce(_) | OrderState::Closed { .. });
    let mut progress = Progress::default();
    for part in parts {
        let is_class = part.code().is_some_and(|code| code.kind() > TerritoryKind::School);
        let there = match (is_class, is_counted) {
            (true, true) => counted_now(ctx, powers, order, part).await?,
            (true, false) => Progress::default(),
            (false, _) => store::progress::find(&ctx.db, id, Some(part)).await?,
        };
        progress.as_of = there.as_of;
        there.parts.values().for_each(|tally| progress.all.add(*tally));
        progress.parts.extend(there.parts);
    }
    Ok(progress)
}
