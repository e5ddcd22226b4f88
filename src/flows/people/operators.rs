//! Who holds a role, and which roles wait for a second operator.

use crate::domain::approval::{PENDING, PendingRole};
use crate::domain::jurisdiction::Permission;
use crate::domain::operator::Role;
use crate::domain::territory::TerritoryPath;
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::account::Person;
use crate::store::operator::{Holder, Position};

/// A page of those who hold roles.
pub struct Operators {
    /// Who holds what.
    pub holders: Vec<Holder>,
    /// Behind whom the next page begins, if there is one.
    pub next: Option<Position>,
}

/// Those who hold roles where the actor may read what was done. None where they may not anywhere.
pub async fn operators(
    ctx: &Context,
    actor: &Actor,
    after: Option<&Position>,
    limit: u32,
) -> Result<Option<Operators>, Unavailable> {
    let places = actor.powers(ctx).await?.sees(Permission::ReadAudit, &TerritoryPath::root());
    if places.is_empty() {
        return Ok(None);
    }
    let mut holders = Vec::new();
    for place in &places {
        holders.extend(store::operator::holders(&ctx.db, place, after, limit + 1).await?);
    }
    holders.sort_by_cached_key(Holder::position);
    let goes_on = holders.len() > limit as usize;
    holders.truncate(limit as usize);
    let next = holders.last().filter(|_| goes_on).map(Holder::position);
    Ok(Some(Operators { holders, next }))
}

/// A page of the roles that wait.
pub struct Waiters {
    /// What waits, the oldest first.
    pub roles: Vec<Waiting>,
    /// Behind which the next page begins, if there is one.
    pub next: Option<(Timestamp, String)>,
}

/// A role that waits, and who would hold it.
pub struct Waiting {
    /// What was asked for.
    pub pending: PendingRole,
    /// For whom.
    pub person: Person,
    /// Whether the actor asked for it.
    pub is_own: bool,
}

/// Whether a role that somebody else asked for waits where the actor may give it.
pub async fn any_waits(ctx: &Context, actor: &Actor) -> Result<bool, Unavailable> {
    let powers = actor.powers(ctx).await?;
    let since = ctx.clock.now().minus(PENDING);
    for place in powers.sees(Permission::GrantRole(Role::Authority), &TerritoryPath::root()) {
        if store::pending_role::any_of_others(&ctx.db, &place, since, &actor.name()).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// All of the roles that wait where the actor may give them, the oldest first.
pub async fn all_waiting(ctx: &Context, actor: &Actor) -> Result<Vec<Waiting>, Unavailable> {
    const STEP: u32 = 100;
    let (mut all, mut after) = (Vec::new(), None);
    while let Some(waiters) = waiting(ctx, actor, after.as_ref(), STEP).await? {
        all.extend(waiters.roles);
        after = waiters.next;
        if after.is_none() {
            break;
        }
    }
    Ok(all)
}

/// The roles that wait where the actor may give them, the oldest first, behind one of them; at most `limit`. None where they may not
/// anywhere.
pub async fn waiting(
    ctx: &Context,
    actor: &Actor,
    after: Option<&(Timestamp, String)>,
    limit: u32,
) -> Result<Option<Waiters>, Unavailable> {
    let powers = actor.powers(ctx).await?;
    let places = powers.sees(Permission::GrantRole(Role::Authority), &TerritoryPath::root());
    if places.is_empty() {
        return Ok(None);
    }
    let since = ctx.clock.now().minus(PENDING);
    let mut waiting = Vec::new();
    for place in places {
        waiting.extend(store::pending_role::list(&ctx.db, &place, (since, after), limit + 1).await?);
    }
    waiting.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
    let goes_on = waiting.len() > limit as usize;
    waiting.truncate(limit as usize);
    let next = waiting.last().filter(|_| goes_on).map(|last| (last.at, last.id.clone()));
    let mut roles = Vec::with_capacity(waiting.len());
    for pending in waiting {
        if let Some(person) = store::account::find(&ctx.db, &pending.account).await? {
            let is_own = pending.author().as_ref() == actor.account();
            roles.push(Waiting { pending, person, is_own });
        }
    }
    Ok(Some(Waiters { roles, next }))
}
