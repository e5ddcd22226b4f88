//! An account is given a role over a territory.

use std::collections::BTreeSet;

use thiserror::Error;

use crate::domain::account::AccountId;
use crate::domain::event::Act;
use crate::domain::jurisdiction::{Permission, Refusal, Target};
use crate::domain::operator::Role;
use crate::domain::population::Population;
use crate::domain::territory::{TerritoryCode, TerritoryPath};
use crate::flows::account::{AccountError, object, select};
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::reset_order::come_into_force::come_into_force;
use crate::flows::unavailable::{TRIES, Unavailable};
use crate::store;
use crate::store::db::{Batch, Statement};
use crate::store::reset_order::nothing_due;

/// Why no role was given or taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GrantRoleError {
    /// There is no such account, or the operator may not act on it.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The operator may not give this role there.
    #[error("{0}: {1}")]
    NotAllowed(TerritoryCode, Refusal),
    /// The account does not hold it.
    #[error("{0} is not {role} over {1}", role = .2.as_str())]
    NotHeld(String, TerritoryCode, Role),
    /// There is no such place.
    #[error("the territory {0} is not known; import it first")]
    UnknownTerritory(TerritoryCode),
}

/// A role that begins or ends.
pub(super) struct RoleChange {
    pub(super) permission: Permission,
    pub(super) act: Act,
    pub(super) role: Role,
    pub(super) write: fn(&AccountId, Role, &TerritoryPath) -> Statement,
}

/// Gives a role. It counts from the order clock of this moment on, so that it spares nobody an order that is in force.
pub async fn grant_role(
    ctx: &Context,
    actor: &Actor,
    login: &str,
    role: Role,
    territory: &TerritoryCode,
) -> Result<Result<(), GrantRoleError>, Unavailable> {
    let change = RoleChange {
        permission: Permission::GrantRole(role),
        act: Act::OperatorGrant,
        role,
        write: store::operator::grant,
    };
    change_role(ctx, actor, login, territory, &change).await
}

/// The place must be inside the operator's territory, and all that the account is: else somebody of another school could be
/// given power over this one by whoever has no say over them.
pub(super) async fn change_role(
    ctx: &Context,
    actor: &Actor,
    login: &str,
    territory: &TerritoryCode,
    change: &RoleChange,
) -> Result<Result<(), GrantRoleError>, Unavailable> {
    for _ in 0..TRIES {
        let Some(place) = store::territory::find(&ctx.db, territory).await? else {
            return Ok(Err(GrantRoleError::UnknownTerritory(territory.clone())));
        };
        let there = Population { territory: place.path.clone(), profiles: BTreeSet::new() };
        let over = match actor.powers(ctx).await?.may(change.permission, Target::Population(&there)) {
            Ok(right) => right,
            Err(refusal) => return Ok(Err(GrantRoleError::NotAllowed(territory.clone(), refusal))),
        };
        let people = match select(ctx, actor, change.permission, &[login.to_owned()]).await? {
            Ok(people) => people,
            Err(error) => return Ok(Err(error.into())),
        };
        let now = ctx.clock.now();
        let mut batch = vec![nothing_due()];
        batch.extend(over.still_held());
        for (person, right) in &people {
            let account = &person.facts.account;
            if change.act == Act::OperatorRevoke && !holds(ctx, account, change.role, &place.path).await? {
                return Ok(Err(GrantRoleError::NotHeld(login.to_owned(), territory.clone(), change.role)));
            }
            let mut line = actor.line_by(right, change.act, object(account));
            line.reason = Some(format!("{} over {territory}", change.role.as_str()));
            // A role changes how long a password may live and which code opens the page: what was decided before is
            // void, and so is a slip that was printed for somebody without a role.
            batch.extend(right.still_reaches(account));
            batch.push((change.write)(account, change.role, &place.path));
            batch.push(store::account::end_code(account, now));
            batch.push(store::notice::account_ended(account, &ctx.new_cause(now), now));
            batch.push(ctx.audit(now, &line));
        }
        if ctx.commit(Batch::under_order_lock(batch)).await? {
            return Ok(Ok(()));
        }
        // A due order finds who held a role when it fell due: it must have its number before the role begins.
        come_into_force(ctx).await?;
    }
    Err(Unavailable::Contended)
}

async fn holds(
    ctx: &Context,
    account: &AccountId,
    role: Role,
    path: &TerritoryPath,
) -> Result<bool, Unavailable> {
    let held = store::operator::held(&ctx.db, account).await?;
    Ok(held.iter().any(|grant| grant.role == role && grant.over == *path))
}
