//! The audit log as operators read it: what rested on roles inside their territory, and all of it from the root.

use crate::domain::audit_chain::{Line, Question};
use crate::domain::jurisdiction::{Permission, Refusal};
use crate::domain::territory::TerritoryPath;
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::store;

/// Lines that are looked at in one step, and steps at most: whoever asks for what is rare gets a page that is not full, and goes
/// on from there.
const STEP: usize = 500;
const STEPS: usize = 20;

/// Where a page ends: the next one begins after it.
pub type Position = (Timestamp, String);

/// A page, the newest line first, and where the next one begins, if there may be more.
pub async fn list(
    ctx: &Context,
    actor: &Actor,
    question: &Question,
    after: Option<Position>,
    limit: usize,
) -> Result<Result<(Vec<Line>, Option<Position>), Refusal>, Unavailable> {
    let powers = actor.powers(ctx).await?;
    let parts = powers.sees(Permission::ReadAudit, &TerritoryPath::root());
    if parts.is_empty() {
        return Ok(Err(Refusal::NotOfRole));
    }
    let sees_all = parts.contains(&TerritoryPath::root());
    let is_seen = |line: &Line| {
        sees_all
            || line.territory.as_ref().is_some_and(|territory| {
                let territory = TerritoryPath::from_stored(territory.clone());
                parts.iter().any(|part| part.contains(&territory))
            })
    };
    let (mut found, mut position) = (Vec::new(), after);
    for _ in 0..STEPS {
        let page = store::audit::page(&ctx.db, question, position.as_ref(), STEP).await?;
        let is_last = page.len() < STEP;
        for line in page {
            position = Some((line.at, line.id.clone()));
            if is_seen(&line) {
                found.push(line);
                if found.len() == limit {
                    return Ok(Ok((found, position)));
                }
            }
        }
        if is_last {
            return Ok(Ok((found, None)));
        }
    }
    Ok(Ok((found, position)))
}
