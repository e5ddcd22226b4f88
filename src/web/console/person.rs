//! One person's page, and what may be done from it.

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

use crate::domain::account::AccountId;
use crate::domain::code::printed;
use crate::domain::jurisdiction::{Permission, Refusal};
use crate::domain::level::Level;
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::flows::account::AccountError;
use crate::flows::account::disable::{disable, enable};
use crate::flows::account::end_sessions::end_sessions;
use crate::flows::account::force_change::force_change;
use crate::flows::account::new_code::new_code;
use crate::flows::account::reset_factor::reset_factor;
use crate::flows::account::unlock::unlock;
use crate::flows::actor::{Actor, Origin};
use crate::flows::console::AtDesk;
use crate::flows::context::Context;
use crate::flows::people::read::{Sheet, read};
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::web::answer::{page, see_other};
use crate::web::app::App;
use crate::web::console::view::people::{Deed, Lines, PersonPage, SlipPage};
use crate::web::console::{PEOPLE, Room, factor};
use crate::web::extract::form::{Form, Query};
use crate::web::extract::visit::Visit;
use crate::web::pages::view::Trouble;

/// The longest reason that is taken, in bytes.
const LONGEST_REASON: usize = 500;

/// GET `/console/people/{id}`.
pub async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
    visit: Visit,
    origin: Origin,
    query: Query,
) -> Response {
    let room = Room::new(&app, visit);
    let shown = async {
        let desk = match room.operator().await? {
            Ok(desk) => desk,
            Err(elsewhere) => return Ok(elsewhere),
        };
        let actor = desk.actor(None, origin);
        let Some(sheet) = read(&app.ctx, &actor, &AccountId(id)).await? else {
            return Ok(room.trouble(Trouble::NotFound));
        };
        let done = query.0.ok().and_then(|query| Deed::of(query.one("done").ok().flatten()?));
        person_page(&room, &desk, &sheet, done, None).await
    };
    shown.await.unwrap_or_else(|error: Unavailable| room.unavailable(&error))
}

/// POST `/console/people/{id}/{deed}`.
pub async fn act(
    State(app): State<App>,
    Path((id, deed)): Path<(String, String)>,
    visit: Visit,
    origin: Origin,
    form: Form,
) -> Response {
    let room = Room::new(&app, visit);
    let Some(deed) = Deed::of(&deed) else { return room.trouble(Trouble::NotFound) };
    acted(&room, AccountId(id), deed, origin, form).await.unwrap_or_else(|error| room.unavailable(&error))
}

async fn acted(
    room: &Room<'_>,
    account: AccountId,
    deed: Deed,
    origin: Origin,
    form: Form,
) -> Result<Response, Unavailable> {
    let desk = match room.operator().await? {
        Ok(desk) => desk,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let form = match room.form(&desk.visitor, form) {
        Ok(form) => form,
        Err(what) => return Ok(room.trouble(what)),
    };
    let Ok(reason) = form.one_line("reason", LONGEST_REASON) else {
        return Ok(room.trouble(Trouble::InvalidRequest));
    };
    let actor = desk.actor(reason.map(str::to_owned), origin);
    let Some(sheet) = read(&room.app.ctx, &actor, &account).await? else {
        return Ok(room.trouble(Trouble::NotFound));
    };
    let refusal = match do_it(&room.app.ctx, &actor, deed, &sheet.asked.loaded.login).await? {
        Ok(Done::Code(given)) => return Ok(slip_page(room, &desk, &sheet, deed, &given)),
        Ok(Done::Plain) => {
            let path = format!("{PEOPLE}/{}?done={}", account.0, deed.as_str());
            let chosen = room.visit.spoken.asked().map(|_| format!("&ui_locales={}", room.language.tag()));
            return Ok(see_other(&format!("{path}{}", chosen.unwrap_or_default())));
        }
        Err(AccountError::NotAllowed { refusal: Refusal::FactorTooOld, .. }) => {
            let then = format!("{PEOPLE}/{}/{}", account.0, deed.as_str());
            return factor::ask_again(room, &desk.visitor, &then, &form).await;
        }
        Err(refusal) => refusal,
    };
    person_page(room, &desk, &sheet, None, Some(&refusal)).await
}

/// What came of an act.
enum Done {
    /// A code, to be handed over.
    Code(Given),
    /// It is done.
    Plain,
}

/// A code that was given.
struct Given {
    code: Secret,
    expires_at: Timestamp,
}

async fn do_it(
    ctx: &Context,
    actor: &Actor,
    deed: Deed,
    login: &str,
) -> Result<Result<Done, AccountError>, Unavailable> {
    let logins = [login.to_owned()];
    let done = match deed {
        Deed::Code => {
            let issued = new_code(ctx, actor, login).await?;
            return Ok(issued
                .map(|issued| Done::Code(Given { code: issued.code, expires_at: issued.live.expires_at })));
        }
        Deed::Factor => {
            let leave = reset_factor(ctx, actor, login).await?;
            return Ok(
                leave.map(|leave| Done::Code(Given { code: leave.code, expires_at: leave.expires_at }))
            );
        }
        Deed::Force => force_change(ctx, actor, Level::Change, &logins).await?,
        Deed::Recover => force_change(ctx, actor, Level::Recover, &logins).await?,
        Deed::Unlock => unlock(ctx, actor, &logins).await?,
        Deed::EndSessions => end_sessions(ctx, actor, &logins).await?,
        Deed::Disable => disable(ctx, actor, &logins).await?,
        Deed::Enable => enable(ctx, actor, &logins).await?,
    };
    Ok(done.map(|_| Done::Plain))
}

async fn person_page(
    room: &Room<'_>,
    desk: &AtDesk,
    sheet: &Sheet,
    done: Option<Deed>,
    refusal: Option<&AccountError>,
) -> Result<Response, Unavailable> {
    let person = &sheet.asked.loaded;
    let id = &person.facts.account;
    let switch = format!("{PEOPLE}/{}?ui_locales={}", id.0, room.language.other().tag());
    let mut places = Vec::new();
    for open in person.facts.affiliations.iter().filter(|affiliation| affiliation.span.is_open()) {
        let found = match open.path.code() {
            Some(code) => store::territory::find(&room.app.ctx.db, &code).await?,
            None => None,
        };
        let name = found.map_or_else(|| open.path.as_str().to_owned(), |place| place.name);
        places.push((open.profile, name));
    }
    let view = PersonPage {
        frame: room.frame(refusal.is_none().then_some(switch.as_str())),
        desk: room.desk(&desk.visitor),
        id: &id.0,
        login: &person.login,
        name: person.full_name(),
        closure: sheet.asked.verdict.as_ref().err(),
        places: &places,
        roles: &sheet.roles,
        deeds: deeds(sheet),
        lines: sheet.history.as_ref().map(|history| Lines::of(room, history, id)),
        done,
        refusal,
    };
    let status = if refusal.is_some() { StatusCode::FORBIDDEN } else { StatusCode::OK };
    Ok(page(status, &view, &[]))
}

/// What is offered: what the operator may do, and what makes sense.
fn deeds(sheet: &Sheet) -> Vec<Deed> {
    let disabled = sheet.asked.loaded.facts.disabled;
    let offered = |deed: &Deed| match deed {
        Deed::Enable => disabled,
        Deed::Unlock | Deed::EndSessions | Deed::Factor => true,
        Deed::Code | Deed::Force | Deed::Recover | Deed::Disable => !disabled,
    };
    let may = |deed: &Deed| {
        sheet.may.iter().any(|permission| match deed {
            Deed::Code => *permission == Permission::IssueCode,
            Deed::Force | Deed::Recover => *permission == Permission::ForceChange,
            Deed::Unlock => *permission == Permission::Unlock,
            Deed::EndSessions => *permission == Permission::EndSessions,
            Deed::Disable | Deed::Enable => *permission == Permission::Disable,
            Deed::Factor => matches!(permission, Permission::GrantRole(_)),
        })
    };
    Deed::ALL.into_iter().filter(offered).filter(may).collect()
}

/// A code on a page that can be printed. It is shown this once.
fn slip_page(room: &Room<'_>, desk: &AtDesk, sheet: &Sheet, deed: Deed, given: &Given) -> Response {
    let person = &sheet.asked.loaded;
    let expires = room.language.date_and_time(&room.app.site.local(given.expires_at));
    let view = SlipPage {
        frame: room.frame(None),
        desk: room.desk(&desk.visitor),
        id: &person.facts.account.0,
        name: person.full_name(),
        login: &person.login,
        code: printed(&given.code),
        is_leave: deed == Deed::Factor,
        expires: &expires,
    };
    page(StatusCode::OK, &view, &[])
}
