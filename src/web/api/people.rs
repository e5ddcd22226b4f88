//! Acts on people.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::Caller;
use super::problem::{Answer, Problem};
use super::wire::{Body, Instant};
use crate::domain::code::printed;
use crate::domain::level::Level;
use crate::domain::scope::ApiScope;
use crate::flows::account::disable::{disable, enable};
use crate::flows::account::end_sessions::end_sessions;
use crate::flows::account::force_change::force_change;
use crate::flows::account::new_code::new_code;
use crate::flows::account::unlock::unlock;
use crate::web::app::App;

/// What is done.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Act {
    Disable,
    Enable,
    EndSessions,
    /// The old password still opens the change page.
    ForceChange,
    /// The old password opens nothing; only a code does.
    ForceRecover,
    Unlock,
}

/// An act on a selection: on all of it, or on nobody.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActRequest {
    act: Act,
    /// One that nobody has refuses all of them. At most 10,000.
    #[schema(min_items = 1, max_items = 10_000)]
    logins: Vec<String>,
    /// For the audit log.
    reason: Option<String>,
}

/// How many it was done to.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActAnswer {
    people: usize,
}

/// Does something to every account of a selection, or to none.
#[utoipa::path(
    post, path = "/people/acts", tag = "people", request_body = ActRequest,
    responses((status = 200, body = ActAnswer), (status = "4XX", body = Problem)),
    security(("oauth2" = ["people:act"]))
)]
pub async fn act(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<ActRequest>,
) -> Answer<Json<ActAnswer>> {
    let actor = caller.because(request.reason).act(&app, ApiScope::PeopleAct).await?;
    let (ctx, logins) = (&app.ctx, &request.logins);
    if logins.is_empty() {
        return Err(Problem::senseless("nobody", "logins names nobody"));
    }
    let people = match request.act {
        Act::Disable => disable(ctx, &actor, logins).await?,
        Act::Enable => enable(ctx, &actor, logins).await?,
        Act::EndSessions => end_sessions(ctx, &actor, logins).await?,
        Act::ForceChange => force_change(ctx, &actor, Level::Change, logins).await?,
        Act::ForceRecover => force_change(ctx, &actor, Level::Recover, logins).await?,
        Act::Unlock => unlock(ctx, &actor, logins).await?,
    };
    Ok(Json(ActAnswer { people: people? }))
}

/// Why a code is issued.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeRequest {
    /// For the audit log.
    reason: Option<String>,
}

/// A code. It opens the change page, and nothing else.
#[derive(Serialize, ToSchema)]
pub struct CodeAnswer {
    login: String,
    /// In groups, as it is printed.
    code: String,
    /// Until when it opens the change page.
    expires_at: Instant,
}

/// Issues a new code for one person. The code before it is dead, with every session and token of the account.
#[utoipa::path(
    post, path = "/people/{login}/code", tag = "people", request_body = CodeRequest,
    params(("login" = String, Path, description = "The login")),
    responses((status = 200, body = CodeAnswer), (status = "4XX", body = Problem)),
    security(("oauth2" = ["slips:print"]))
)]
pub async fn code(
    State(app): State<App>,
    Path(login): Path<String>,
    caller: Caller,
    Body(request): Body<CodeRequest>,
) -> Answer<Json<CodeAnswer>> {
    let actor = caller.because(request.reason).act(&app, ApiScope::SlipsPrint).await?;
    let issued = new_code(&app.ctx, &actor, &login).await??;
    Ok(Json(CodeAnswer {
        login: issued.person.login,
        code: printed(&issued.code).expose().to_owned(),
        expires_at: issued.live.expires_at.into(),
    }))
}
