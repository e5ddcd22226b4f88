//! What a relying party is told about whoever an access token stands for.

use crate::domain::gate::Closure;
use crate::domain::scope::Scope;
use crate::domain::secret::Secret;
use crate::flows::ask_gate::{AccessToken, Asked, ask};
use crate::flows::context::Context;
use crate::flows::meters::Door;
use crate::flows::unavailable::Unavailable;
use crate::oidc::bearer::BearerError;
use crate::oidc::userinfo::{PersonClaims, UserInfo};
use crate::store;
use crate::store::grant::Holding;

/// Answers with claims, if token and gate allow.
pub async fn userinfo(ctx: &Context, token: &Secret) -> Result<Result<UserInfo, BearerError>, Unavailable> {
    let hash = token.hash();
    let asked = ask(ctx, &AccessToken(&hash)).await?;
    let Some(asked) = asked.filter(is_alive) else { return Ok(Err(BearerError::TokenUnknown)) };
    ctx.meters.decided(Door::Userinfo, &asked.verdict);
    match &asked.verdict {
        Ok(_) => {}
        Err(Closure::Disabled) => return Ok(Err(BearerError::TokenUnknown)),
        Err(_) => return Ok(Err(BearerError::PasswordChangeRequired)),
    }
    let Holding { grant, person, .. } = &asked.loaded;
    if !grant.authentication.stands(&asked.evidence) {
        return Ok(Err(BearerError::TokenUnknown));
    }
    if !grant.scope.contains(Scope::Openid) {
        return Ok(Err(BearerError::ScopeInsufficient));
    }
    let Some(client) = store::client::find(&ctx.db, &grant.client).await? else {
        return Ok(Err(BearerError::TokenUnknown));
    };
    let claims = PersonClaims {
        login: &person.login,
        given_name: &person.given_name,
        family_name: &person.family_name,
        email: person.email.as_deref(),
        affiliations: &person.facts.affiliations,
    };
    Ok(Ok(UserInfo::new(ctx.subject(&client.sector, &person.facts.account), &grant.scope, &claims)))
}

/// Whether the token's own row and its grant are alive, before the gate is worth asking.
pub fn is_alive(asked: &Asked<Holding>) -> bool {
    let Holding { grant, expires_at, .. } = &asked.loaded;
    grant.revoked_at.is_none()
        && asked.evidence.facts().now < *expires_at
        && !grant.authentication.is_over(&asked.evidence)
}
