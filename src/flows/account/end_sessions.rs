//! Somebody is signed out everywhere.

use crate::domain::event::Act;
use crate::domain::jurisdiction::Permission;
use crate::flows::account::{AccountError, Deed, act_on};
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::store;

/// Ends every session, code on its way, grant and token, and tells the relying parties. The password stays, and so does the
/// code of a slip.
pub async fn end_sessions(
    ctx: &Context,
    actor: &Actor,
    logins: &[String],
) -> Result<Result<usize, AccountError>, Unavailable> {
    let deed = Deed { permission: Permission::EndSessions, act: Act::SessionsEnd, check: |_| Ok(()) };
    act_on(ctx, actor, &deed, logins, |person, now| {
        let account = &person.facts.account;
        let told = store::notice::account_ended(account, &ctx.new_cause(now), now);
        vec![store::account::raise_number(account, now).into(), told.into()]
    })
    .await
}
