//! Roles over territories.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::caller::{Caller, Key};
use super::cursor;
use super::once::once;
use super::problem::{Answer, Problem};
use super::wire::{Body, Instant, Path, Query, place};
use crate::domain::approval::PendingRole;
use crate::domain::code::printed;
use crate::domain::jurisdiction::Refusal;
use crate::domain::operator::Role;
use crate::domain::scope::ApiScope;
use crate::domain::timestamp::Timestamp;
use crate::flows::account::approve_role::{approve_role, refuse_role};
use crate::flows::account::grant_role::{Granted, given_before as granted_before, grant_role};
use crate::flows::account::reset_factor::{given_before as leave_before, reset_factor};
use crate::flows::account::revoke_role::revoke_role;
use crate::flows::people::operators::{operators, waiting};
use crate::flows::unavailable::Unavailable;
use crate::store::operator::{Holder, Position};
use crate::web::app::App;

/// Roles on a page.
const PAGE: u32 = 100;

/// Who, what and where.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleRequest {
    #[schema(example = "lina.valombre")]
    login: String,
    /// What its holder may do.
    role: Role,
    /// Such as `uai:0860001J`, with everything below it.
    #[schema(example = "uai:0860001J")]
    territory: String,
    /// For the audit log.
    reason: Option<String>,
}

/// Why a second factor is taken away.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FactorRequest {
    /// For the audit log.
    reason: Option<String>,
}

/// Leave to enrol a second factor.
#[derive(Serialize, ToSchema)]
pub struct FactorAnswer {
    /// In groups, to be handed over.
    code: String,
    /// Until when it works.
    expires_at: Instant,
}

/// Somebody who holds a role.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoleAnswer {
    login: String,
    given_name: String,
    family_name: String,
    /// Whether the account is disabled: then the role opens nothing.
    is_disabled: bool,
    role: Role,
    territory: String,
}

/// A page of roles, by place.
#[derive(Debug, Serialize, ToSchema)]
pub struct RolesPage {
    roles: Vec<RoleAnswer>,
    /// Where the next page begins; absent on the last.
    next: Option<String>,
}

/// A role that waits for a second operator.
#[derive(Debug, Serialize, ToSchema)]
pub struct PendingRoleAnswer {
    id: String,
    /// For whom, as the audit log has it: `account:ID`.
    account: String,
    role: Role,
    territory: String,
    /// Who asked, as the audit log has them.
    requested_by: String,
    requested_at: Instant,
}

/// A page of the roles that wait, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct PendingRoles {
    roles: Vec<PendingRoleAnswer>,
    /// Where the next page begins; absent on the last.
    next: Option<String>,
}

impl From<PendingRole> for PendingRoleAnswer {
    fn from(pending: PendingRole) -> Self {
        Self {
            id: pending.id,
            account: format!("account:{}", pending.account.0),
            role: pending.grant.role,
            territory: pending.grant.over.label(),
            requested_by: pending.by,
            requested_at: pending.at.into(),
        }
    }
}

impl From<Holder> for RoleAnswer {
    fn from(holder: Holder) -> Self {
        Self {
            login: holder.login,
            given_name: holder.given_name,
            family_name: holder.family_name,
            is_disabled: holder.disabled,
            role: holder.grant.role,
            territory: holder.grant.over.label(),
        }
    }
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RolesQuery {
    /// The `next` of the page before.
    #[param(min_length = 1)]
    cursor: Option<String>,
}

/// Who holds a role inside the operator's territory.
#[utoipa::path(
    get, path = "/roles", tag = "roles", params(RolesQuery),
    responses((status = 200, body = RolesPage), (status = "4XX", body = Problem)),
    security(("oauth2" = ["audit:read"]))
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<RolesQuery>,
) -> Answer<Json<RolesPage>> {
    let actor = caller.act(&app, ApiScope::AuditRead).await?;
    let after: Option<Position> = cursor::read(&app.ctx, &actor, "roles", query.cursor.as_deref())?;
    let found = operators(&app.ctx, &actor, after.as_ref(), PAGE).await?.ok_or(Refusal::NotOfRole)?;
    let next = found.next.and_then(|next| cursor::write(&app.ctx, &actor, "roles", &next));
    Ok(Json(RolesPage { roles: found.holders.into_iter().map(RoleAnswer::from).collect(), next }))
}

/// Gives a role. What its holder had open ends. `authority` waits until another operator approves it.
#[utoipa::path(
    post, path = "/roles", tag = "roles", params(Key), request_body = RoleRequest,
    responses(
        (status = 202, body = PendingRoleAnswer, description = "It waits for a second operator"),
        (status = 204, description = "It is held"),
        (status = "4XX", body = Problem)
    ),
    security(("oauth2" = ["roles:grant"]))
)]
pub async fn grant(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<RoleRequest>,
) -> Answer<Response> {
    let caller = caller.once(&("grant", &request)).because(request.reason);
    let (ctx, actor) = (&app.ctx, caller.act(&app, ApiScope::RolesGrant).await?);
    let territory = place(&request.territory)?;
    let granted = grant_role(ctx, &actor, &request.login, request.role, &territory);
    Ok(match once(ctx, &actor, granted, async |what| granted_before(ctx, &what).await).await?? {
        Granted::Held => StatusCode::NO_CONTENT.into_response(),
        Granted::Pending(pending) => {
            (StatusCode::ACCEPTED, Json(PendingRoleAnswer::from(pending))).into_response()
        }
    })
}

/// The roles that wait for a second operator where the operator may give them.
#[utoipa::path(
    get, path = "/roles/pending", tag = "roles", params(RolesQuery),
    responses((status = 200, body = PendingRoles), (status = "4XX", body = Problem)),
    security(("oauth2" = ["roles:grant"]))
)]
pub async fn pending(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<RolesQuery>,
) -> Answer<Json<PendingRoles>> {
    let actor = caller.act(&app, ApiScope::RolesGrant).await?;
    let after: Option<(Timestamp, String)> =
        cursor::read(&app.ctx, &actor, "roles that wait", query.cursor.as_deref())?;
    let found = waiting(&app.ctx, &actor, after.as_ref(), PAGE).await?.ok_or(Refusal::NotOfRole)?;
    let next = found.next.and_then(|next| cursor::write(&app.ctx, &actor, "roles that wait", &next));
    Ok(Json(PendingRoles { roles: found.roles.into_iter().map(|it| it.pending.into()).collect(), next }))
}

/// Approves a role that another operator asked for. What its holder had open ends.
#[utoipa::path(
    post, path = "/roles/pending/{id}/approve", tag = "roles", params(("id" = String, Path), Key),
    responses((status = 204, description = "It is held"), (status = "4XX", body = Problem)),
    security(("oauth2" = ["orders:approve"]))
)]
pub async fn approve(State(app): State<App>, Path(id): Path<String>, caller: Caller) -> Answer<StatusCode> {
    let actor = caller.once(&("approve role", &id)).act(&app, ApiScope::OrdersApprove).await?;
    let approved = async { Ok(approve_role(&app.ctx, &actor, &id).await?.map(drop)) };
    once(&app.ctx, &actor, approved, settled).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses a role that was asked for, or takes the own request back.
#[utoipa::path(
    post, path = "/roles/pending/{id}/refuse", tag = "roles", params(("id" = String, Path), Key),
    responses((status = 204, description = "It waits no more"), (status = "4XX", body = Problem)),
    security(("oauth2" = ["roles:grant"]))
)]
pub async fn refuse(State(app): State<App>, Path(id): Path<String>, caller: Caller) -> Answer<StatusCode> {
    let actor = caller.once(&("refuse role", &id)).act(&app, ApiScope::RolesGrant).await?;
    let refused = async { Ok(refuse_role(&app.ctx, &actor, &id).await?.map(drop)) };
    once(&app.ctx, &actor, refused, settled).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// Of what was settled there is nothing more to say.
async fn settled(_: String) -> Result<Option<()>, Unavailable> {
    Ok(Some(()))
}

/// Takes a role away. What its holder had open ends.
#[utoipa::path(
    delete, path = "/roles", tag = "roles", params(Key), request_body = RoleRequest,
    responses((status = 204, description = "It is held no more"), (status = "4XX", body = Problem)),
    security(("oauth2" = ["roles:grant"]))
)]
pub async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<RoleRequest>,
) -> Answer<StatusCode> {
    let caller = caller.once(&("revoke", &request)).because(request.reason);
    let (ctx, actor) = (&app.ctx, caller.act(&app, ApiScope::RolesGrant).await?);
    let territory = place(&request.territory)?;
    let revoked = revoke_role(ctx, &actor, &request.login, request.role, &territory);
    once(ctx, &actor, revoked, settled).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes somebody's second factor away and gives a code for enrolling another: for whoever may give each of their roles. What was open
/// ends. Sent again with the same key it answers the same code, until that is used or over.
#[utoipa::path(
    post, path = "/people/{login}/factor", tag = "roles", request_body = FactorRequest,
    params(("login" = String, Path, description = "The login"), Key),
    responses((status = 200, body = FactorAnswer), (status = "4XX", body = Problem)),
    security(("oauth2" = ["roles:grant"]))
)]
pub async fn factor(
    State(app): State<App>,
    Path(login): Path<String>,
    caller: Caller,
    Body(request): Body<FactorRequest>,
) -> Answer<Json<FactorAnswer>> {
    let caller = caller.once(&("factor", &login, &request)).because(request.reason);
    let (ctx, actor) = (&app.ctx, caller.act(&app, ApiScope::RolesGrant).await?);
    let reset = reset_factor(ctx, &actor, &login);
    let leave = once(ctx, &actor, reset, async |which| leave_before(ctx, &actor, &which).await).await??;
    let code = printed(&leave.code).expose().to_owned();
    Ok(Json(FactorAnswer { code, expires_at: leave.expires_at.into() }))
}
