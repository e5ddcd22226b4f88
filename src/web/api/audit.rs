//! The audit log.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::caller::Caller;
use super::cursor;
use super::problem::{Answer, Problem};
use super::wire::{Instant, Query, place};
use crate::domain::audit_chain::{Line, Question};
use crate::domain::scope::ApiScope;
use crate::domain::territory::TerritoryPath;
use crate::domain::timestamp::Timestamp;
use crate::flows::audit::export::{self, Typed};
use crate::flows::audit::read::{self, Position};
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::web::app::App;
use crate::web::audit_file::{Form, file};

/// Lines on a page.
const PAGE: usize = 100;

/// The longest value of a filter, in characters.
const LONGEST: usize = 200;

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    /// From this instant on.
    #[param(inline)]
    from: Option<Instant>,
    /// Up to this instant, not included.
    #[param(inline)]
    to: Option<Instant>,
    /// Only this act, such as `order.issue`.
    #[param(max_length = 200)]
    act: Option<String>,
    /// Only of this actor, such as `account:ID`.
    #[param(max_length = 200)]
    actor: Option<String>,
    /// Only of what was done to this, such as `order:ID`.
    #[param(max_length = 200)]
    object: Option<String>,
    /// Only what rested on a role at this place or below it, such as `uai:0860001J`.
    territory: Option<String>,
}

/// Which of them, a page at a time.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// From this instant on.
    #[param(inline)]
    from: Option<Instant>,
    /// Up to this instant, not included.
    #[param(inline)]
    to: Option<Instant>,
    /// Only this act, such as `order.issue`.
    #[param(max_length = 200)]
    act: Option<String>,
    /// Only of this actor, such as `account:ID`.
    #[param(max_length = 200)]
    actor: Option<String>,
    /// Only of what was done to this, such as `order:ID`.
    #[param(max_length = 200)]
    object: Option<String>,
    /// Only what rested on a role at this place or below it, such as `uai:0860001J`.
    territory: Option<String>,
    /// The `next` of the page before.
    #[param(min_length = 1)]
    cursor: Option<String>,
}

impl AuditQuery {
    fn split(self) -> (ExportQuery, Option<String>) {
        let Self { from, to, act, actor, object, territory, cursor } = self;
        (ExportQuery { from, to, act, actor, object, territory }, cursor)
    }
}

impl ExportQuery {
    async fn question(self, app: &App) -> Answer<Question> {
        let within = match self.territory {
            Some(code) => Some(path(app, &code).await?),
            None => None,
        };
        for (name, value) in [("act", &self.act), ("actor", &self.actor), ("object", &self.object)] {
            let Some(value) = value else { continue };
            if value.chars().count() > LONGEST {
                return Err(Problem::invalid(format!("{name} is at most {LONGEST} characters")));
            }
            if value.chars().any(char::is_control) {
                return Err(Problem::senseless(
                    "unknown-query",
                    format!("{name} holds no control characters"),
                ));
            }
        }
        Ok(Question {
            within,
            from: self.from.map(Timestamp::from),
            to: self.to.map(Timestamp::from),
            act: self.act,
            actor: self.actor,
            object: self.object,
        })
    }
}

/// Who did what to what, when and why.
#[derive(Debug, Serialize, ToSchema)]
pub struct LineAnswer {
    id: String,
    at: Instant,
    actor: String,
    /// Where the role holds that allowed it.
    territory: Option<String>,
    act: String,
    object: String,
    count: Option<i64>,
    reason: Option<String>,
    address: Option<String>,
    request_id: Option<String>,
}

/// A page of the audit log, the newest line first.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditPage {
    lines: Vec<LineAnswer>,
    /// Where the next page begins; absent on the last.
    next: Option<String>,
}

impl From<Line> for LineAnswer {
    fn from(line: Line) -> Self {
        Self {
            id: line.id,
            at: line.at.into(),
            actor: line.actor,
            territory: line.territory,
            act: line.act,
            object: line.object,
            count: line.count,
            reason: line.reason,
            address: line.address,
            request_id: line.request_id,
        }
    }
}

async fn path(app: &App, code: &str) -> Answer<TerritoryPath> {
    let code = place(code)?;
    let found = store::territory::find(&app.ctx.db, &code).await.map_err(Unavailable::from)?;
    Ok(found.ok_or_else(|| Problem::senseless("unknown-territory", format!("there is no {code}")))?.path)
}

/// Acts that rested on a role inside the operator's territory, the newest first.
#[utoipa::path(
    get, path = "/audit", tag = "audit", params(AuditQuery),
    responses((status = 200, body = AuditPage), (status = "4XX", body = Problem)),
    security(("oauth2" = ["audit:read"]))
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<AuditQuery>,
) -> Answer<Json<AuditPage>> {
    let actor = caller.act(&app, ApiScope::AuditRead).await?;
    let (query, cursor) = query.split();
    let question = query.question(&app).await?;
    let asked = format!("audit {question:?}");
    let after: Option<Position> = cursor::read(&app.ctx, &actor, &asked, cursor.as_deref())?;
    let (found, next) = read::list(&app.ctx, &actor, &question, after, PAGE).await??;
    let next = next.and_then(|next| cursor::write(&app.ctx, &actor, &asked, &next));
    Ok(Json(AuditPage { lines: found.into_iter().map(LineAnswer::from).collect(), next }))
}

/// The same lines in one file, the oldest first: an object a line, with its place and tag in the chain where it was sealed. It is
/// sent while it is read, and cut off where it cannot be read to its end. That it was exported is a line itself.
#[utoipa::path(
    get, path = "/audit/export", tag = "audit", params(ExportQuery),
    responses(
        (status = 200, body = String, content_type = "application/x-ndjson"),
        (status = "4XX", body = Problem)
    ),
    security(("oauth2" = ["audit:read"]))
)]
pub async fn export(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ExportQuery>,
) -> Answer<Response> {
    let actor = caller.act(&app, ApiScope::AuditRead).await?;
    let question = query.question(&app).await?;
    let place = app.begin_file(&actor)?;
    let lines = export::export(&app.ctx, &actor, &question, Typed::default()).await??;
    Ok(file(&app, place, lines, Form::Json))
}
