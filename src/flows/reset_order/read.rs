//! What an operator may see of orders: those over the own territory and those that reach into it, and of these the own part.

use std::collections::BTreeMap;

use crate::domain::approval::{Digest, Request};
use crate::domain::jurisdiction::Permission;
use crate::domain::profile::Profile;
use crate::domain::progress::{Progress, Tally};
use crate::domain::reset_order::{OrderId, OrderState, ResetOrder};
use crate::domain::territory::{TerritoryKind, TerritoryPath};
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::reset_order::preview::Place;
use crate::flows::unavailable::Unavailable;
use crate::flows::walk::Walk;
use crate::store;
use crate::store::account::Person;
use crate::store::reset_order::OrderRecord;
use crate::store::territory::Territory;

/// Rows that are looked at to fill a page.
const STEP: usize = 200;

/// Where a page of orders ends: the next one begins after it.
pub type Position = (Timestamp, OrderId);

/// One order, as far as an operator may see it.
pub struct View {
    /// The order.
    pub record: OrderRecord,
    /// What somebody is asked about it.
    pub request: Option<Request>,
    /// Stands for what is shown here: whoever approves says which it was.
    pub digest: Digest,
    /// The parts of its territory that the operator sees.
    pub parts: Vec<TerritoryPath>,
    /// How far it has got there.
    pub progress: Progress,
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

/// How far an order has got in each class of a school, counted now; none above schools, where that would take long.
pub async fn classes(
    ctx: &Context,
    order: &ResetOrder,
    school: &TerritoryPath,
) -> Result<Option<BTreeMap<(TerritoryPath, Profile), Tally>>, Unavailable> {
    if school.code().is_none_or(|code| code.kind() < TerritoryKind::School) {
        return Ok(None);
    }
    let book = store::reset_order::book(&ctx.db).await?;
    let clock = order.state.force().map(|force| force.clock);
    let mut tallies: BTreeMap<_, Tally> = BTreeMap::new();
    let mut walk = Walk::through(ctx, school).await?;
    while let Some((_, people)) = walk.next(ctx).await? {
        for person in &people {
            let Some(tally) = Place::of(order, &book, &person.facts).tally(&person.facts, clock) else {
                continue;
            };
            let here = person.facts.affiliations.iter().filter(|it| {
                school.contains(&it.path)
                    && (order.population.profiles.is_empty()
                        || order.population.profiles.contains(&it.profile))
                    && clock.map_or(it.span.is_open(), |clock| it.span.met(clock))
            });
            for affiliation in here {
                tallies.entry((affiliation.path.clone(), affiliation.profile)).or_default().add(tally);
            }
        }
    }
    Ok(Some(tallies))
}

/// Everybody whom an order in force still binds in a part of its territory, place by place and by name; none where the actor
/// may not see people.
pub async fn left(
    ctx: &Context,
    actor: &Actor,
    record: &OrderRecord,
    under: &TerritoryPath,
    mut out: impl FnMut(&Territory, &Person) -> Result<(), Unavailable>,
) -> Result<bool, Unavailable> {
    let parts = actor.powers(ctx).await?.sees(Permission::ReadPeople, under);
    if parts.is_empty() || matches!(record.order.state, OrderState::Cancelled { .. }) {
        return Ok(false);
    }
    let book = store::reset_order::book(&ctx.db).await?;
    for part in &parts {
        let mut walk = Walk::through(ctx, part).await?;
        while let Some((place, people)) = walk.next(ctx).await? {
            for person in &people {
                if matches!(Place::of(&record.order, &book, &person.facts), Place::Bound) {
                    out(&place, person)?;
                }
            }
        }
    }
    Ok(true)
}
