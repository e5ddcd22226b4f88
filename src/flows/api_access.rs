//! Whom a bearer token lets act through the operator API. A door like the others: the gate is asked at each request.

use crate::domain::scope::{ApiScope, Scope};
use crate::domain::secret::Secret;
use crate::flows::actor::{Actor, Operator, Origin, Standing};
use crate::flows::bearer::bearer;
use crate::flows::context::Context;
use crate::flows::meters::Door;
use crate::flows::unavailable::Unavailable;
use crate::oidc::bearer::BearerError;

/// The operator whom the token speaks for, if it was given for this and the gate lets its account through. What the operator may
/// do is asked by each act.
pub async fn api_access(
    ctx: &Context,
    token: &Secret,
    scope: ApiScope,
    origin: Origin,
) -> Result<Result<Actor, BearerError>, Unavailable> {
    let asked = match bearer(ctx, token, Door::Api).await? {
        Ok(asked) => asked,
        Err(error) => return Ok(Err(error)),
    };
    let grant = &asked.loaded.grant;
    if !grant.scope.contains(Scope::Api(scope)) {
        return Ok(Err(BearerError::ScopeInsufficient));
    }
    let operator = Operator {
        authentication: grant.authentication.clone(),
        client: Some(grant.client.0.clone()),
        factor_at: grant.authentication.factor_at,
    };
    Ok(Ok(Actor { standing: Standing::Operator(operator), reason: None, origin }))
}
