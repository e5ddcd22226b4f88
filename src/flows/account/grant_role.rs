//! An account is given a role over a territory.

use thiserror::Error;

use crate::domain::event::Act;
use crate::domain::operator::Role;
use crate::domain::territory::TerritoryCode;
use crate::flows::account::{AccountError, object, select};
use crate::flows::context::Context;
use crate::flows::reset_order::Actor;
use crate::flows::reset_order::come_into_force::come_into_force;
use crate::flows::unavailable::{TRIES, Unavailable};
use crate::store;
use crate::store::db::Batch;
use crate::store::reset_order::nothing_due;

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
    for _ in 0..TRIES {
        let now = ctx.clock.now();
        let mut batch = vec![nothing_due()];
        for person in &people {
            let account = &person.facts.account;
            let mut line = actor.line(Act::OperatorGrant, object(account));
            line.reason = Some(format!("{} over {territory}", role.as_str()));
            // A role changes how long a password may live and which code opens the page: what was decided before is
            // void, and so is a slip that was printed for somebody without a role.
            batch.push(store::operator::grant(account, role, &place.path));
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
