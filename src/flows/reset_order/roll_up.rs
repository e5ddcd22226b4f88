//! How far orders have got is counted in the background: a page with the progress of a million people scans none of them, and
//! nobody who changes a password waits for a counter. The job runs in every replica; each order is counted by one at a time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::facts::Facts;
use crate::domain::progress::{Opened, Progress, Tally, school_of};
use crate::domain::reset_order::{OrderBook, OrderState, ResetOrder};
use crate::domain::territory::TerritoryPath;
use crate::domain::timestamp::Timestamp;
use crate::flows::context::Context;
use crate::flows::reset_order::preview::{Lifting, Place};
use crate::flows::unavailable::Unavailable;
use crate::flows::walk::Walk;
use crate::store;
use crate::store::db::Batch;
use crate::store::progress::Counted;

/// How long the job rests.
const REST: Duration = Duration::from_secs(1);

/// A count is so old before the next one begins, at least, and so many times as old as it took: at most a tenth of a core is
/// spent on counting.
const AGE: Duration = Duration::from_secs(5);
const SHARE: u32 = 10;

/// Whoever counts has died if nothing was heard of it for so long.
const LEASE: Duration = Duration::from_mins(10);

/// Rows of one batch, so that requests go on between the batches.
const STEP: usize = 500;

/// The curve has a point for every change of the last day, and before that one for each span.
const SPAN: Duration = Duration::from_mins(30);
const FINE: Duration = Duration::from_hours(24);

/// The job of one replica: goes on until it is dropped.
pub async fn run(ctx: Arc<Context>) {
    loop {
        if let Err(error) = round(&ctx).await {
            tracing::warn!(%error, "the progress of orders is counted later");
        }
        tokio::time::sleep(REST).await;
    }
}

/// Counts every order in force whose last count is old enough.
pub async fn round(ctx: &Context) -> Result<(), Unavailable> {
    let book = store::reset_order::book(&ctx.db).await?;
    for order in &book.orders {
        let last = store::progress::last(&ctx.db, &order.id).await?;
        let never = || matches!(order.state, OrderState::InForce(_) | OrderState::Closed { .. });
        if last.map_or_else(never, |counted| is_due(&order.state, &counted, ctx.clock.now())) {
            count(ctx, order, &book).await?;
        }
    }
    Ok(())
}

/// Whether a count is too old: of an order that is over, if it was made before that.
fn is_due(state: &OrderState, counted: &Counted, now: Timestamp) -> bool {
    match state {
        // Of one that was lifted, the last count before that is what there is to know.
        OrderState::Draft
        | OrderState::AwaitingApproval
        | OrderState::Scheduled { .. }
        | OrderState::Cancelled { .. } => false,
        OrderState::InForce(_) => now >= counted.as_of.plus(AGE.max(counted.took * SHARE)),
        OrderState::Closed { at, .. } => counted.as_of <= *at,
    }
}

/// Counts an order, unless another replica does. Whether it was counted.
pub async fn count(ctx: &Context, order: &ResetOrder, book: &OrderBook) -> Result<bool, Unavailable> {
    let began = ctx.clock.now();
    let held_until = began.plus(LEASE);
    if !ctx.commit(Batch::plain(vec![store::progress::take(&order.id, began, held_until)])).await? {
        return Ok(false);
    }
    let lifting = Lifting::of(order, book, began);
    let mut found = Progress { opened: Some(Opened::default()), ..Progress::default() };
    let everywhere = &order.population.territory;
    let mut walk = Walk::through(ctx, everywhere).await?;
    while let Some(people) = walk.next_facts(ctx).await? {
        for facts in &people {
            add(&mut found, order, book, facts, everywhere, school_of);
            found.opened = lifting.count(ctx, found.opened, order, facts);
        }
    }
    write(ctx, order, &found, began, held_until).await
}

/// Counts one person, at each part of a place where the order met them.
pub(super) fn add(
    found: &mut Progress,
    order: &ResetOrder,
    book: &OrderBook,
    facts: &Facts,
    root: &TerritoryPath,
    part_of: fn(&TerritoryPath) -> TerritoryPath,
) {
    let clock = order.state.force().map(|force| force.clock);
    let Some(tally) = Place::of(order, book, facts).tally(facts, clock) else { return };
    found.all.add(tally);
    let population = &order.population;
    let here = facts.affiliations.iter().filter(|affiliation| {
        root.contains(&affiliation.path)
            && (population.profiles.is_empty() || population.profiles.contains(&affiliation.profile))
            && clock.map_or(affiliation.span.is_open(), |clock| affiliation.span.met(clock))
    });
    let places: std::collections::BTreeSet<_> =
        here.map(|affiliation| (part_of(&affiliation.path), affiliation.profile)).collect();
    for place in places {
        found.parts.entry(place).or_default().add(tally);
    }
}

/// Writes what is something else than it was.
async fn write(
    ctx: &Context,
    order: &ResetOrder,
    found: &Progress,
    began: Timestamp,
    held_until: Timestamp,
) -> Result<bool, Unavailable> {
    let id = &order.id;
    let before = store::progress::find(&ctx.db, id, None).await?;
    let unchanged = |place, tally: &Tally| before.parts.get(place) == Some(tally);
    let mut rows: Vec<_> = found
        .parts
        .iter()
        .filter(|(place, tally)| !unchanged(*place, tally))
        .map(|((path, profile), tally)| store::progress::put(id, path, *profile, tally))
        .collect();
    let gone: BTreeMap<_, _> =
        before.parts.iter().filter(|(place, _)| !found.parts.contains_key(place)).collect();
    rows.extend(gone.keys().map(|(path, profile)| store::progress::forget(id, path, *profile)));
    while rows.len() > STEP {
        let rest = rows.split_off(STEP);
        ctx.commit(Batch::plain(std::mem::replace(&mut rows, rest))).await?;
    }
    rows.push(store::progress::count_told(id));
    if before.as_of.is_none() || before.all != found.all {
        rows.push(store::progress::point(id, began, &found.all));
        rows.push(store::progress::thin(id, began.minus(FINE), SPAN));
    }
    let counted = Counted { as_of: began, took: ctx.clock.now().since(began), opened: found.opened };
    rows.push(store::progress::settle(id, held_until, &counted));
    ctx.commit(Batch::plain(rows)).await
}
