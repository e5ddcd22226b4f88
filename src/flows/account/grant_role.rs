//! An account is given a role over a territory.

use thiserror::Error;

use crate::domain::event::Act;
use crate::domain::operator::Role;
use crate::domain::territory::TerritoryCode;
use crate::flows::account::{AccountError, object, select};
use crate::flows::context::Context;
use crate::flows::reset_order::Actor;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::db::Batch;

/// Why no role was given.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GrantRoleError {
    /// There is no such account.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// There is no such place.
    #[error("the territory {0} is not known; import it first")]
    UnknownTerritory(TerritoryCode),
}

/// Gives a role. It counts from the order clock of this moment on, so that it spares nobody an order that is in force.
pub async fn grant_role(
    ctx: &Context,
    actor: &Actor,
    login: &str,
    role: Role,
    territory: &TerritoryCode,
) -> Result<Result<(), GrantRoleError>, Unavailable> {
    let people = match select(ctx, &[login.to_owned()]).await? {
        Ok(people) => people,
        Err(error) => return Ok(Err(error.into())),
    };
    let Some(place) = store::territory::find(&ctx.db, territory).await? else {
        return Ok(Err(GrantRoleError::UnknownTerritory(territory.clone())));
    };
    let now = ctx.clock.now();
    let batch = people.iter().flat_map(|person| {
        let account = &person.facts.account;
        let mut line = actor.line(Act::OperatorGrant, object(account));
        line.reason = Some(format!("{} over {territory}", role.as_str()));
        // A role changes how long a password may live and which code opens the page: what was decided before is void.
        [
            store::operator::grant(account, role, &place.path),
            store::account::raise_number(account, now),
            ctx.audit(now, &line),
        ]
    });
    ctx.commit(Batch::under_order_lock(batch.collect())).await?;
    Ok(Ok(()))
}
