//! Whether a bearer token opens a door now: its own row, its grant, the gate of whoever it stands for.

use crate::domain::gate::Closure;
use crate::domain::secret::Secret;
use crate::flows::ask_gate::{AccessToken, Asked, ask};
use crate::flows::context::Context;
use crate::flows::meters::Door;
use crate::flows::unavailable::Unavailable;
use crate::oidc::bearer::BearerError;
use crate::store::grant::Holding;

/// What the token stands for, if it stands.
pub async fn bearer(
    ctx: &Context,
    token: &Secret,
    door: Door,
) -> Result<Result<Asked<Holding>, BearerError>, Unavailable> {
    let hash = token.hash();
    let asked = ask(ctx, &AccessToken(&hash)).await?;
    let Some(asked) = asked.filter(is_alive) else { return Ok(Err(BearerError::TokenUnknown)) };
    ctx.meters.decided(door, &asked.verdict);
    match &asked.verdict {
        Ok(_) => {}
        Err(Closure::Disabled) => return Ok(Err(BearerError::TokenUnknown)),
        Err(_) => return Ok(Err(BearerError::PasswordChangeRequired)),
    }
    if !asked.loaded.grant.authentication.stands(&asked.evidence) {
        return Ok(Err(BearerError::TokenUnknown));
    }
    Ok(Ok(asked))
}

/// Whether the token's own row and its grant are alive, before the gate is worth asking.
pub fn is_alive(asked: &Asked<Holding>) -> bool {
    let Holding { grant, expires_at, .. } = &asked.loaded;
    grant.revoked_at.is_none()
        && asked.evidence.facts().now < *expires_at
        && !grant.authentication.is_over(&asked.evidence)
}
