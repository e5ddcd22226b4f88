//! One person: how they stand, their roles, where they are signed in, and what was done to them.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::cursor;
use super::orders::PageQuery;
use super::people::PersonAnswer;
use super::problem::{Answer, Problem};
use super::wire::{Instant, Path, Query};
use crate::domain::audit_chain::{By, Line};
use crate::domain::jurisdiction::{Permission, Refusal, RoleGrant};
use crate::domain::operator::Role;
use crate::domain::scope::ApiScope;
use crate::flows::account::unlock::waits_until;
use crate::flows::actor::Actor;
use crate::flows::audit::read::Position;
use crate::flows::people::read::{SignedIn, history as history_of, named, read};
use crate::flows::people::search::standing;
use crate::store::account::Person;
use crate::web::app::App;

/// Lines on a page.
const LINES: u32 = 100;

/// A role that somebody holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldAnswer {
    role: Role,
    territory: String,
}

/// Something that somebody is signed in at.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedInAnswer {
    /// What the service is called.
    name: String,
    /// When the person last came there.
    since: Instant,
}

/// One person with all that an operator sees of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonView {
    #[serde(flatten)]
    person: PersonAnswer,
    /// What the person may do to others, inside the operator's territory.
    roles: Vec<HeldAnswer>,
    /// Whether the person also has a role outside it.
    roles_elsewhere: bool,
    /// The order that closes the gate; absent for whoever may not follow it.
    order: Option<String>,
    /// Where the person is signed in, the latest first, of the fifty latest sign-ins; absent for whoever could not sign them out.
    signed_in: Option<Vec<SignedInAnswer>>,
    /// Until when nothing that they type as a password is looked at, after too many failures; absent where it is, and for whoever could
    /// not unlock them.
    waits_until: Option<Instant>,
}

/// Something that was done to somebody.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryLine {
    at: Instant,
    /// Such as `code.issue`.
    act: String,
    /// `owner`, `operator`, `host` or `system`.
    by: &'static str,
    /// In the words of whoever did it.
    reason: Option<String>,
}

/// A page of what was done to somebody, the latest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryPage {
    lines: Vec<HistoryLine>,
    /// Where the next page begins; absent on the last.
    next: Option<String>,
}

impl From<RoleGrant> for HeldAnswer {
    fn from(held: RoleGrant) -> Self {
        Self { role: held.role, territory: held.over.label() }
    }
}

impl From<SignedIn> for SignedInAnswer {
    fn from(visit: SignedIn) -> Self {
        Self { name: visit.client, since: visit.since.into() }
    }
}

impl From<Line> for HistoryLine {
    fn from(line: Line) -> Self {
        Self { by: By::of(&line).as_str(), at: line.at.into(), act: line.act, reason: line.reason }
    }
}

pub(super) fn unknown() -> Problem {
    Problem::not_found("there is nobody of this login or id, or not for you")
}

/// Somebody whom the operator may see, by login or id.
pub(super) async fn find(app: &App, actor: &Actor, login: &str) -> Answer<Person> {
    let ctx = &app.ctx;
    let powers = actor.powers(ctx).await?;
    if powers.allowing(Permission::ReadPeople).is_empty() {
        return Err(Refusal::NotOfRole.into());
    }
    let person = named(ctx, login).await?.ok_or_else(unknown)?;
    powers.may_on(ctx, Permission::ReadPeople, &person.facts).await?.map_err(|_| unknown())?;
    Ok(person)
}

/// One person, with their roles and where they are signed in.
#[utoipa::path(
    get, path = "/people/{login}", tag = "people",
    params(("login" = String, Path, description = "The login, or the id as the audit log has it")),
    responses((status = 200, body = PersonView), (status = "4XX", body = Problem)),
    security(("oauth2" = ["people:read"]))
)]
pub async fn show(
    State(app): State<App>,
    Path(login): Path<String>,
    caller: Caller,
) -> Answer<Json<PersonView>> {
    let actor = caller.act(&app, ApiScope::PeopleRead).await?;
    let account = find(&app, &actor, &login).await?.facts.account;
    let sheet = read(&app.ctx, &actor, &account).await?.ok_or_else(unknown)?;
    let person = sheet.asked.loaded;
    let standing = standing(&app.ctx, &person).await?;
    let unlocks = sheet.may.contains(&Permission::Unlock);
    let waits_until = if unlocks { waits_until(&app.ctx, &person).await? } else { None };
    Ok(Json(PersonView {
        person: PersonAnswer::of(person, standing, &sheet.places),
        roles_elsewhere: sheet.roles.elsewhere,
        roles: sheet.roles.here.into_iter().map(HeldAnswer::from).collect(),
        order: sheet.order.map(|order| order.0),
        waits_until: waits_until.map(Instant::from),
        signed_in: sheet.visits.map(|visits| visits.into_iter().map(SignedInAnswer::from).collect()),
    }))
}

/// What was done to one person, for whoever may read the audit log of all that the account is anywhere.
#[utoipa::path(
    get, path = "/people/{login}/history", tag = "people",
    params(("login" = String, Path, description = "The login, or the id as the audit log has it"), PageQuery),
    responses((status = 200, body = HistoryPage), (status = "4XX", body = Problem)),
    security(("oauth2" = ["audit:read"]))
)]
pub async fn history(
    State(app): State<App>,
    Path(login): Path<String>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Answer<Json<HistoryPage>> {
    let actor = caller.act(&app, ApiScope::AuditRead).await?;
    let facts = find(&app, &actor, &login).await?.facts;
    let asked = format!("history of {}", facts.account.0);
    let after: Option<Position> = cursor::read(&app.ctx, &actor, &asked, query.cursor.as_deref())?;
    let found = history_of(&app.ctx, &actor, &facts, after.as_ref(), LINES).await??;
    let next = found.next.and_then(|next| cursor::write(&app.ctx, &actor, &asked, &next));
    Ok(Json(HistoryPage { lines: found.lines.into_iter().map(HistoryLine::from).collect(), next }))
}
