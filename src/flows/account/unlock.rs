//! Somebody who failed too often may try again at once.

use crate::domain::event::Act;
use crate::domain::jurisdiction::Permission;
use crate::flows::account::{AccountError, Deed, act_on, has_password_here};
use crate::flows::actor::Actor;
use crate::flows::change_password::change_throttle_key;
use crate::flows::context::Context;
use crate::flows::log_in::{known_throttle_key, login_throttle_key};
use crate::flows::unavailable::Unavailable;
use crate::store::ephemeral::Claim;

/// Forgets the failures of every counter that an account has. Whoever guesses begins anew as well: it is for somebody who
/// stands at the desk.
pub async fn unlock(
    ctx: &Context,
    actor: &Actor,
    logins: &[String],
) -> Result<Result<usize, AccountError>, Unavailable> {
    let deed = Deed { permission: Permission::Unlock, act: Act::AccountUnlock, check: has_password_here };
    act_on(ctx, actor, &deed, logins, |person, _| {
        let account = &person.facts.account;
        let counters = [
            login_throttle_key(ctx, person.login_name.as_str()),
            known_throttle_key(account),
            change_throttle_key(account),
        ];
        counters.into_iter().map(|key| Claim::Clear { key }.into()).collect()
    })
    .await
}
