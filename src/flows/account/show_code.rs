//! The code that an operator has just issued, shown once more to the same operator.

use crate::domain::account::AccountId;
use crate::domain::code::live_code;
use crate::domain::jurisdiction::Permission;
use crate::flows::account::new_code::{Issued, is_as_good_as_roles};
use crate::flows::account::reset_factor::role_rights;
use crate::flows::actor::Actor;
use crate::flows::ask_gate::ask;
use crate::flows::code_key::live_code_secret;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;

/// The live code of somebody, if it is the one of this name and the actor may still give them one. An order leaves the number of the
/// issue as it is and makes another code of it, which was never shown. Nothing is written: whoever asks was shown
/// it when it was issued, and says so in a way that nobody else can.
pub async fn show_code(
    ctx: &Context,
    actor: &Actor,
    account: &AccountId,
    name: &str,
) -> Result<Option<Issued>, Unavailable> {
    let Some(asked) = ask(ctx, account).await? else { return Ok(None) };
    let facts = asked.evidence.facts();
    let powers = actor.powers(ctx).await?;
    if powers.may_on(ctx, Permission::IssueCode, facts).await?.is_err()
        || is_as_good_as_roles(ctx, facts).await? && role_rights(ctx, actor, facts).await?.is_err()
    {
        return Ok(None);
    }
    let live = live_code(&asked.evidence, asked.verdict.as_ref().err(), &ctx.settings.policy);
    let Some(live) = live.filter(|live| live.name() == name) else { return Ok(None) };
    let code = live_code_secret(ctx, account, &live).await?;
    Ok(code.map(|code| Issued { person: asked.loaded, code, live }))
}
