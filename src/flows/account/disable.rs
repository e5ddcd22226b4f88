//! An account is disabled, or enabled again.

use crate::domain::account::AccountId;
use crate::domain::event::Act;
use crate::domain::jurisdiction::Permission;
use crate::domain::timestamp::Timestamp;
use crate::flows::account::{AccountError, Deed, act_on};
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::db::Statement;

/// Disables accounts: no page opens their gate, and everything they hold ends.
pub async fn disable(
    ctx: &Context,
    actor: &Actor,
    logins: &[String],
) -> Result<Result<usize, AccountError>, Unavailable> {
    switch(ctx, actor, logins, Act::AccountDisable, store::account::disable).await
}

/// Enables accounts. Nothing that ended comes back.
pub async fn enable(
    ctx: &Context,
    actor: &Actor,
    logins: &[String],
) -> Result<Result<usize, AccountError>, Unavailable> {
    switch(ctx, actor, logins, Act::AccountEnable, store::account::enable).await
}

async fn switch(
    ctx: &Context,
    actor: &Actor,
    logins: &[String],
    act: Act,
    write: fn(&AccountId, Timestamp) -> Statement,
) -> Result<Result<usize, AccountError>, Unavailable> {
    let deed = Deed { permission: Permission::Disable, act, check: |_| Ok(()) };
    act_on(ctx, actor, &deed, logins, |person, now| {
        let account = &person.facts.account;
        let told = store::notice::account_ended(account, &ctx.new_cause(now), now);
        vec![write(account, now).into(), told.into()]
    })
    .await
}
