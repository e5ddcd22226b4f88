//! Roles over territories.

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::problem::{Answer, Problem};
use super::wire::{Body, place};
use crate::domain::operator::Role;
use crate::domain::scope::ApiScope;
use crate::flows::account::grant_role::grant_role;
use crate::flows::account::revoke_role::revoke_role;
use crate::web::app::App;

/// Who, what and where.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleRequest {
    login: String,
    /// What its holder may do.
    role: Role,
    /// Such as `uai:0860001J`, with everything below it.
    territory: String,
}

/// Gives a role. What its holder had open ends.
#[utoipa::path(
    post, path = "/roles", tag = "roles", request_body = RoleRequest,
    responses((status = 204, description = "It is held"), (status = "4XX", body = Problem)),
    security(("oauth2" = ["roles:grant"]))
)]
pub async fn grant(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<RoleRequest>,
) -> Answer<StatusCode> {
    let actor = caller.act(&app, ApiScope::RolesGrant).await?;
    let territory = place(&request.territory)?;
    grant_role(&app.ctx, &actor, &request.login, request.role, &territory).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a role away. What its holder had open ends.
#[utoipa::path(
    delete, path = "/roles", tag = "roles", request_body = RoleRequest,
    responses((status = 204, description = "It is held no more"), (status = "4XX", body = Problem)),
    security(("oauth2" = ["roles:grant"]))
)]
pub async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<RoleRequest>,
) -> Answer<StatusCode> {
    let actor = caller.act(&app, ApiScope::RolesGrant).await?;
    let territory = place(&request.territory)?;
    revoke_role(&app.ctx, &actor, &request.login, request.role, &territory).await??;
    Ok(StatusCode::NO_CONTENT)
}
