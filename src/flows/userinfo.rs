//! What a relying party is told about whoever an access token stands for.

use crate::domain::scope::Scope;
use crate::domain::secret::Secret;
use crate::flows::bearer::bearer;
use crate::flows::context::Context;
use crate::flows::meters::Door;
use crate::flows::unavailable::Unavailable;
use crate::oidc::bearer::BearerError;
use crate::oidc::userinfo::{PersonClaims, UserInfo};
use crate::store;
use crate::store::grant::Holding;

/// Answers with claims, if token and gate allow.
pub async fn userinfo(ctx: &Context, token: &Secret) -> Result<Result<UserInfo, BearerError>, Unavailable> {
    let asked = match bearer(ctx, token, Door::Userinfo).await? {
        Ok(asked) => asked,
        Err(error) => return Ok(Err(error)),
    };
    let Holding { grant, person, .. } = &asked.loaded;
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
