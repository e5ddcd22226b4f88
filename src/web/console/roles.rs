//! Roles: who holds which, given and taken from somebody's page, and those that wait for a second operator.

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

use crate::domain::account::AccountId;
use crate::domain::approval::PendingRole;
use crate::domain::operator::Role;
use crate::domain::territory::TerritoryCode;
use crate::domain::timestamp::Timestamp;
use crate::flows::account::approve_role::{ApproveRoleError, approve_role, refuse_role};
use crate::flows::account::grant_role::{Granted, grant_role};
use crate::flows::account::revoke_role::revoke_role;
use crate::flows::actor::{Actor, Origin};
use crate::flows::console::AtDesk;
use crate::flows::context::Context;
use crate::flows::people::operators::{operators, waiting};
use crate::flows::people::read::read;
use crate::flows::unavailable::Unavailable;
use crate::oidc::parameters::Parameters;
use crate::store::operator::Position;
use crate::web::answer::page;
use crate::web::api::cursor;
use crate::web::api::problem::Problem;
use crate::web::app::App;
use crate::web::console::factor::or_ask_again;
use crate::web::console::person::{Outcome, after_act, person_page};
use crate::web::console::view::roles::{HolderRow, RolesPage, Told, WaitingRow};
use crate::web::console::{Answer, PEOPLE, Room, names};
use crate::web::extract::form::{Form, Query};
use crate::web::extract::visit::Visit;
use crate::web::pages::view::Trouble;

/// Who holds which.
pub const ROLES: &str = "/console/roles";

/// Roles on a page.
const PAGE: u32 = 50;

/// GET `/console/roles`.
pub async fn show(State(app): State<App>, visit: Visit, origin: Origin, query: Query) -> Response {
    let room = Room::new(&app, visit);
    let shown = async {
        let desk = room.operator().await?;
        let query = query.0.ok();
        let word = |name| query.as_ref().and_then(|query| query.one_line(name, 300).ok().flatten());
        let told = match word("done") {
            Some("approved") => Some(Told::Approved),
            Some("refused") => Some(Told::Refused),
            _ => None,
        };
        let from = From { holders: word("from"), waiting: word("waiting") };
        roles_page(&room, &desk, &desk.actor(None, origin), from, told).await
    };
    room.end(shown.await)
}

/// Where the pages begin, as addresses have it.
#[derive(Default)]
struct From<'a> {
    holders: Option<&'a str>,
    waiting: Option<&'a str>,
}

async fn roles_page(
    room: &Room<'_>,
    desk: &AtDesk,
    actor: &Actor,
    from: From<'_>,
    told: Option<Told>,
) -> Answer {
    let ctx = &room.app.ctx;
    let after: Option<Position> = room.position(actor, "roles", from.holders)?;
    let Some(found) = operators(ctx, actor, after.as_ref(), PAGE).await? else {
        return Ok(room.trouble(Trouble::NotFound));
    };
    let mut holders = Vec::with_capacity(found.holders.len());
    for holder in &found.holders {
        holders.push(HolderRow::of(holder, names::place(room.app, &holder.grant.over).await?));
    }
    let mut rows = Vec::new();
    let after: Option<(Timestamp, String)> = room.position(actor, "roles that wait", from.waiting)?;
    let (waiters, later) = match waiting(ctx, actor, after.as_ref(), PAGE).await? {
        Some(waiters) => (waiters.roles, waiters.next),
        None => (Vec::new(), None),
    };
    for waiting in waiters {
        let place = names::place(room.app, &waiting.pending.grant.over).await?;
        let by = names::actor(room.app, &waiting.pending.by).await?;
        rows.push(WaitingRow::of(room, waiting, place, by));
    }
    let later = later.and_then(|later| cursor::write(ctx, actor, "roles that wait", &later));
    let next = found.next.and_then(|next| cursor::write(ctx, actor, "roles", &next));
    let switch = format!("{ROLES}?ui_locales={}", room.language.other().tag());
    let status = told.as_ref().map_or(StatusCode::OK, Told::status);
    let view = RolesPage {
        frame: room.frame(Some(&switch)),
        desk: room.desk(&desk.visitor),
        waiting: rows,
        later: later.map(|later| room.address(ROLES, &[("waiting", &later)])),
        holders,
        next: next.map(|next| room.address(ROLES, &[("from", &next)])),
        told,
    };
    Ok(page(status, &view, &[]))
}

/// POST `/console/roles/{id}/{answer}`: what waits is approved, or refused.
pub async fn answer(
    State(app): State<App>,
    Path((id, answer)): Path<(String, String)>,
    visit: Visit,
    origin: Origin,
    form: Form,
) -> Response {
    let room = Room::of_form(&app, visit, ROLES, &[]);
    let answered = async {
        let (desk, form) = room.posted(form).await?;
        let actor = desk.actor(None, origin);
        let done = match answer.as_str() {
            "approve" => (approve_role(&app.ctx, &actor, &id).await?, "approved"),
            "refuse" => (refuse_role(&app.ctx, &actor, &id).await?, "refused"),
            _ => return Ok(room.trouble(Trouble::NotFound)),
        };
        settled(&room, &desk, &actor, (done, &form)).await
    };
    room.end(answered.await)
}

async fn settled(
    room: &Room<'_>,
    desk: &AtDesk,
    actor: &Actor,
    ((done, word), form): ((Result<PendingRole, ApproveRoleError>, &str), &Parameters),
) -> Answer {
    match done.map_err(Problem::from) {
        Ok(_) => Ok(crate::web::answer::see_other(&room.address(ROLES, &[("done", word)]))),
        Err(problem) => {
            let problem = or_ask_again(room, &desk.visitor, form, problem).await?;
            let told = Told::Problem(problem.code(), problem.told(room.language));
            roles_page(room, desk, actor, From::default(), Some(told)).await
        }
    }
}

/// POST `/console/people/{id}/roles`: a role is given to somebody, or taken away.
pub async fn change(
    State(app): State<App>,
    Path(id): Path<String>,
    visit: Visit,
    origin: Origin,
    form: Form,
) -> Response {
    let room = Room::of_form(&app, visit, &format!("{PEOPLE}/{id}"), &[]);
    room.end(changed(&room, AccountId(id), origin, form).await)
}

async fn changed(room: &Room<'_>, account: AccountId, origin: Origin, form: Form) -> Answer {
    let (desk, form) = room.posted(form).await?;
    let actor = desk.actor(None, origin);
    let Some(sheet) = read(&room.app.ctx, &actor, &account).await? else {
        return Ok(room.trouble(Trouble::NotFound));
    };
    let Some(wish) = Wish::read(&form) else { return Ok(room.trouble(Trouble::InvalidRequest)) };
    match wish.carry_out(&room.app.ctx, &actor, &sheet.asked.loaded.login).await? {
        Ok(done) => Ok(after_act(room, &account, done)),
        Err(problem) => {
            let problem = or_ask_again(room, &desk.visitor, &form, problem).await?;
            let outcome = Outcome::Refused(problem.code(), problem.told(room.language));
            person_page(room, &desk, &sheet, (outcome, None)).await
        }
    }
}

/// What the form says.
struct Wish {
    gives: bool,
    role: Role,
    place: String,
}

impl Wish {
    /// None where it is no form of ours.
    fn read(form: &Parameters) -> Option<Self> {
        let gives = match form.one("act").ok()?? {
            "give" => true,
            "take" => false,
            _ => return None,
        };
        let role = form.one("role").ok()??.parse().ok()?;
        let chosen = form.one("place").ok()?.unwrap_or_default();
        let other = form.one("other").ok()?.map(str::trim).filter(|other| !other.is_empty());
        Some(Self { gives, role, place: other.unwrap_or(chosen).to_owned() })
    }

    async fn carry_out(
        &self,
        ctx: &Context,
        actor: &Actor,
        login: &str,
    ) -> Result<Result<&'static str, Problem>, Unavailable> {
        let Ok(place) = TerritoryCode::parse(&self.place) else {
            return Ok(Err(Problem::senseless("unknown-territory", "no such place")));
        };
        if self.gives {
            let granted = grant_role(ctx, actor, login, self.role, &place).await?;
            return Ok(match granted {
                Ok(Granted::Held) => Ok("role-given"),
                Ok(Granted::Pending(_)) => Ok("role-asked"),
                Err(error) => Err(error.into()),
            });
        }
        Ok(match revoke_role(ctx, actor, login, self.role, &place).await? {
            Ok(()) => Ok("role-taken"),
            Err(error) => Err(error.into()),
        })
    }
}
