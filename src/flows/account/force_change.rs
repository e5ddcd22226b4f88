//! A change is forced on selected accounts.

use crate::domain::event::Act;
use crate::domain::jurisdiction::Permission;
use crate::domain::level::Level;
use crate::domain::notice::MailKind;
use crate::flows::account::{AccountError, Deed, act_on, has_password_here};
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::notices::told_by_mail;
use crate::flows::unavailable::Unavailable;
use crate::store;

/// Forces a change on every account of a selection, or on none. Sessions, codes and tokens they hold end with it.
pub async fn force_change(
    ctx: &Context,
    actor: &Actor,
    level: Level,
    logins: &[String],
) -> Result<Result<usize, AccountError>, Unavailable> {
    let deed =
        Deed { permission: Permission::ForceChange, act: Act::PasswordForce, check: has_password_here };
    act_on(ctx, actor, &deed, logins, |person, now| {
        let account = &person.facts.account;
        let told = store::notice::account_ended(account, &ctx.new_cause(now), now);
        let mail = told_by_mail(ctx, account, MailKind::of_reset(level), now).map(Into::into);
        [store::account::force(account, level, now).into(), told.into()].into_iter().chain(mail).collect()
    })
    .await
}
