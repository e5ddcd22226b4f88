//! How far an order has got in one school, class by class: counted when somebody asks, since a school has an end.

use crate::domain::jurisdiction::Permission;
use crate::domain::population::Population;
use crate::domain::progress::Progress;
use crate::domain::reset_order::{OrderId, ResetOrder};
use crate::domain::territory::{TerritoryCode, TerritoryKind, TerritoryPath};
use crate::flows::actor::{Actor, Powers};
use crate::flows::context::Context;
use crate::flows::reset_order::left::inside;
use crate::flows::reset_order::read::view;
use crate::flows::reset_order::roll_up::add;
use crate::flows::unavailable::Unavailable;
use crate::flows::walk::Walk;
use crate::store;
use crate::store::reset_order::OrderRecord;
use crate::store::territory::Territory;

/// People of a school that are counted while somebody waits. A place that has more is none.
const MOST: u64 = 20_000;

/// One school under an order.
pub struct Classes {
    /// The order.
    pub record: OrderRecord,
    /// The school.
    pub school: Territory,
    /// By class, or the school itself for whoever is in none, and by profile.
    pub progress: Progress,
}

/// Counts a school, as far as the actor sees it. None of an order or a school that the actor may not see, and of a place that
/// is no school.
pub async fn classes(
    ctx: &Context,
    actor: &Actor,
    id: &OrderId,
    school: &TerritoryCode,
) -> Result<Option<Classes>, Unavailable> {
    let Some(view) = view(ctx, actor, id).await? else { return Ok(None) };
    let Some(school) = store::territory::find(&ctx.db, school).await? else { return Ok(None) };
    let order = &view.record.order;
    let powers = actor.powers(ctx).await?;
    let seen = powers.sees(Permission::ReadProgress, &order.population.territory);
    let parts: Vec<_> = seen.iter().filter_map(|part| inside(part, Some(&school.path))).collect();
    if school.code.kind() != TerritoryKind::School || parts.is_empty() {
        return Ok(None);
    }
    let here = view.progress.parts.iter().filter(|((path, _), _)| *path == school.path);
    if here.map(|(_, tally)| tally.covered).sum::<u64>() > MOST {
        return Ok(None);
    }
    let mut progress = Progress { as_of: Some(ctx.clock.now()), ..Progress::default() };
    for part in &parts {
        let there = counted_now(ctx, &powers, order, part).await?;
        progress.all.add(there.all);
        progress.parts.extend(there.parts);
    }
    Ok(Some(Classes { school, progress, record: view.record }))
}

/// Counts the people of a school, or of a class, while somebody waits: all of them, or the families for whoever reaches nobody else.
pub(super) async fn counted_now(
    ctx: &Context,
    powers: &Powers,
    order: &ResetOrder,
    part: &TerritoryPath,
) -> Result<Progress, Unavailable> {
    let mut progress = Progress { as_of: Some(ctx.clock.now()), ..Progress::default() };
    let here = Population { territory: part.clone(), profiles: order.population.profiles.clone() };
    let Some(reached) = powers.reached(Permission::ReadProgress, here) else { return Ok(progress) };
    let mut order = order.clone();
    order.population.profiles = reached.profiles;
    let book = store::reset_order::book(&ctx.db).await?;
    let mut walk = Walk::through(ctx, part).await?;
    while let Some(people) = walk.next_facts(ctx).await? {
        for facts in &people {
            add(&mut progress, &order, &book, facts, part, Clone::clone);
        }
    }
    Ok(progress)
}
