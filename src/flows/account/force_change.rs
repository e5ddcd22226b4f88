//! A change is forced on selected accounts.

use crate::domain::account::WayIn;
use crate::domain::event::Act;
use crate::domain::level::Level;
use crate::flows::account::{AccountError, object, select};
use crate::flows::context::Context;
use crate::flows::reset_order::Actor;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::db::Batch;

/// Forces a change on every account of a selection, or on none. Sessions, codes and tokens they hold end with it.
pub async fn force_change(
    ctx: &Context,
    actor: &Actor,
    level: Level,
    logins: &[String],
) -> Result<Result<usize, AccountError>, Unavailable> {
    let people = match select(ctx, logins).await? {
        Ok(people) => people,
        Err(error) => return Ok(Err(error)),
    };
    if let Some(person) = people.iter().find(|person| person.facts.way_in == WayIn::FederatedOnly) {
        return Ok(Err(AccountError::FederatedOnly(person.login.clone())));
    }
    let now = ctx.clock.now();
    let statements = people.iter().flat_map(|person| {
        let account = &person.facts.account;
        let line = actor.line(Act::PasswordForce, object(account));
        let told = store::notice::account_ended(account, &ctx.new_cause(now), now);
        [store::account::force(account, level, now), told, ctx.audit(now, &line)]
    });
    ctx.commit(Batch::under_order_lock(statements.collect())).await?;
    Ok(Ok(people.len()))
}
