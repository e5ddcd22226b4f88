//! An account is disabled, or enabled again.

use crate::domain::event::Act;
use crate::flows::account::{AccountError, object, select};
use crate::flows::context::Context;
use crate::flows::reset_order::Actor;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::db::Batch;

/// Disables an account: no page opens its gate, and everything it holds ends.
pub async fn disable(
    ctx: &Context,
    actor: &Actor,
    login: &str,
) -> Result<Result<(), AccountError>, Unavailable> {
    act_on(ctx, actor, login, Act::AccountDisable, store::account::disable).await
}

/// Enables an account. Nothing that ended comes back.
pub async fn enable(
    ctx: &Context,
    actor: &Actor,
    login: &str,
) -> Result<Result<(), AccountError>, Unavailable> {
    act_on(ctx, actor, login, Act::AccountEnable, store::account::enable).await
}

async fn act_on(
    ctx: &Context,
    actor: &Actor,
    login: &str,
    act: Act,
    write: fn(
        &crate::domain::account::AccountId,
        crate::domain::timestamp::Timestamp,
    ) -> crate::store::db::Statement,
) -> Result<Result<(), AccountError>, Unavailable> {
    let people = match select(ctx, &[login.to_owned()]).await? {
        Ok(people) => people,
        Err(error) => return Ok(Err(error)),
    };
    let now = ctx.clock.now();
    let batch = people.iter().flat_map(|person| {
        let account = &person.facts.account;
        let told = store::notice::account_ended(account, &ctx.new_cause(now), now);
        [write(account, now), told, ctx.audit(now, &actor.line(act, object(account)))]
    });
    ctx.commit(Batch::under_order_lock(batch.collect())).await?;
    Ok(Ok(()))
}
