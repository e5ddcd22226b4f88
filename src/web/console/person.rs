//! One person's page, and what may be done from it.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

use crate::domain::account::AccountId;
use crate::domain::code::printed;
use crate::domain::jurisdiction::{Permission, Refusal, allowing};
use crate::domain::level::Level;
use crate::domain::operator::Role;
use crate::domain::secret::{Secret, same_text};
use crate::domain::territory::TerritoryKind;
use crate::domain::timestamp::Timestamp;
use crate::flows::account::AccountError;
use crate::flows::account::disable::{disable, enable};
use crate::flows::account::end_sessions::end_sessions;
use crate::flows::account::force_change::force_change;
use crate::flows::account::new_code::new_code;
use crate::flows::account::reset_factor::reset_factor;
use crate::flows::account::show_code::show_code;
use crate::flows::account::unlock::{unlock, waits_until};
use crate::flows::actor::{Actor, Origin};
use crate::flows::audit::read::Position;
use crate::flows::console::AtDesk;
use crate::flows::people::read::{Sheet, SignedIn, history, read};
use crate::flows::people::search::standing;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::account::Person;
use crate::web::answer::{page, see_other};
use crate::web::api::cursor;
use crate::web::app::App;
use crate::web::console::view::Choice;
use crate::web::console::view::people::{Deed, HeldRole, Lines, PersonPage, SlipPage, refused};
use crate::web::console::{Answer, Elsewhere, PEOPLE, Room, factor, names, places};
use crate::web::extract::form::{Form, Query};
use crate::web::extract::visit::Visit;
use crate::web::pages::view::Trouble;
use crate::web::slips::download::{Nothing, download_one};

/// The longest reason that is taken, in bytes.
pub(super) const LONGEST_REASON: usize = 500;

/// Lines of the history on a page.
const LINES: u32 = 20;

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
        let desk = room.operator().await?;
        let actor = desk.actor(None, origin);
        let Some(sheet) = read(&app.ctx, &actor, &AccountId(id)).await? else {
            return Ok(room.trouble(Trouble::NotFound));
        };
        let query = query.0.ok();
        let word = |name| query.as_ref().and_then(|query| query.one_line(name, 300).ok().flatten());
        let done = word("done").and_then(told);
        let outcome = done.map_or(Outcome::Nothing, Outcome::Done);
        person_page(&room, &desk, &sheet, (outcome, word("from"))).await
    };
    room.end(shown.await)
}

/// POST `/console/people/{id}/{deed}`.
pub async fn act(
    State(app): State<App>,
    Path((id, deed)): Path<(String, String)>,
    visit: Visit,
    origin: Origin,
    form: Form,
) -> Response {
    let room = Room::of_form(&app, visit, &format!("{PEOPLE}/{id}"), &[]);
    let Some(deed) = Deed::of(&deed) else { return room.trouble(Trouble::NotFound) };
    room.end(acted(&room, AccountId(id), deed, origin, form).await)
}

async fn acted(room: &Room<'_>, account: AccountId, deed: Deed, origin: Origin, form: Form) -> Answer {
    let (desk, form) = room.posted(form).await?;
    let Ok(reason) = form.one_line("reason", LONGEST_REASON) else {
        return Ok(room.trouble(Trouble::InvalidRequest));
    };
    let actor = desk.actor(reason.map(str::to_owned), origin);
    let Some(sheet) = read(&room.app.ctx, &actor, &account).await? else {
        return Ok(room.trouble(Trouble::NotFound));
    };
    let refusal = match do_it(room.app, &actor, deed, &sheet.asked.loaded).await? {
        Ok(Done::Leave(given)) => return Ok(slip_page(room, &desk, &sheet.asked.loaded, &given)),
        Ok(Done::File(file)) => return Ok(file),
        Ok(Done::NoSlip) => {
            let told = room.frame(None).text("person-no-slip");
            let outcome = Outcome::Refused(StatusCode::CONFLICT, told);
            return person_page(room, &desk, &sheet, (outcome, None)).await;
        }
        Ok(Done::Code(name)) => return Ok(see_other(&slip_address(room, &desk, &account, &name))),
        Ok(Done::Plain) => return Ok(after_act(room, &account, deed.as_str())),
        Err(AccountError::NotAllowed { refusal: Refusal::FactorTooOld, .. }) => {
            return factor::ask_again(room, &desk.visitor, &form).await;
        }
        Err(refusal) => refusal,
    };
    let refused = refused(&room.frame(None), &refusal, &names::above(room.app, refusal.refusal()).await?);
    person_page(room, &desk, &sheet, (Outcome::Refused(StatusCode::FORBIDDEN, refused), None)).await
}

/// What came of what somebody asked for on the page.
pub(super) enum Outcome {
    /// They asked for nothing.
    Nothing,
    /// It is done: the message.
    Done(&'static str),
    /// It is not: the sentence.
    Refused(StatusCode, String),
}

/// The message of what was done, by its word.
fn told(word: &str) -> Option<&'static str> {
    match word {
        "role-asked" => Some("role-asked-done"),
        "role-given" => Some("role-given-done"),
        "role-taken" => Some("role-taken-done"),
        word => Deed::of(word).map(Deed::done_key),
    }
}

/// Back to the page, which says what was done.
pub(super) fn after_act(room: &Room<'_>, account: &AccountId, done: &str) -> Response {
    see_other(&room.address(&format!("{PEOPLE}/{}", account.0), &[("done", done)]))
}

/// What came of an act.
enum Done {
    /// A code was issued under this number.
    Code(String),
    /// A code for setting up a second factor. It is kept nowhere, and shown this once.
    Leave(Given),
    /// A slip on paper.
    File(Response),
    /// There is no code to print.
    NoSlip,
    /// It is done.
    Plain,
}

/// A code that was given.
struct Given {
    code: Secret,
    expires_at: Timestamp,
    is_leave: bool,
    /// Whether the operator may print it.
    prints: bool,
}

async fn do_it(
    app: &App,
    actor: &Actor,
    deed: Deed,
    person: &Person,
) -> Result<Result<Done, AccountError>, Unavailable> {
    let (ctx, login) = (&app.ctx, person.login.as_str());
    let logins = [login.to_owned()];
    let done = match deed {
        Deed::Code => {
            let issued = new_code(ctx, actor, login).await?;
            return Ok(issued.map(|issued| Done::Code(issued.live.name())));
        }
        Deed::Print => {
            let printed = Box::pin(download_one(app, actor.clone(), &person.facts.account)).await?;
            return Ok(match printed {
                Ok(file) => Ok(Done::File(file)),
                Err(Nothing::Refused(refusal)) => {
                    Err(AccountError::NotAllowed { login: login.to_owned(), refusal })
                }
                Err(Nothing::Nobody(_) | Nothing::TooWide) => Ok(Done::NoSlip),
            });
        }
        Deed::Factor => {
            let leave = reset_factor(ctx, actor, login).await?;
            return Ok(leave.map(|leave| {
                let (code, expires_at) = (leave.code, leave.expires_at);
                Done::Leave(Given { code, expires_at, is_leave: true, prints: false })
            }));
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

/// Somebody's page. Of what was done to them, what is behind the cursor, if one came.
pub(super) async fn person_page(
    room: &Room<'_>,
    desk: &AtDesk,
    sheet: &Sheet,
    (outcome, from): (Outcome, Option<&str>),
) -> Answer {
    let person = &sheet.asked.loaded;
    let id = &person.facts.account;
    let switch = format!("{PEOPLE}/{}?ui_locales={}", id.0, room.language.other().tag());
    let mut at = Vec::new();
    for open in &sheet.places.here {
        let found = match open.path.code() {
            Some(code) => store::territory::find(&room.app.ctx.db, &code).await?,
            None => None,
        };
        let name = found.map_or_else(|| open.path.as_str().to_owned(), |place| place.name);
        let code = open.path.code().filter(|code| code.kind() >= TerritoryKind::School);
        let address = code.map(|code| places::address_of(room, &code, open.profile));
        at.push((open.profile, name, address));
    }
    let (status, done, refused) = match outcome {
        Outcome::Nothing => (StatusCode::OK, None, None),
        Outcome::Done(key) => (StatusCode::OK, Some(key), None),
        Outcome::Refused(status, sentence) => (status, None, Some(sentence)),
    };
    let view = PersonPage {
        frame: room.frame(refused.is_none().then_some(switch.as_str())),
        desk: room.desk(&desk.visitor),
        id: &id.0,
        login: &person.login,
        name: person.full_name(),
        closure: sheet.asked.verdict.as_ref().err(),
        waits: waits(room, sheet).await?,
        lapsed: standing(&room.app.ctx, person).await?.lapsed.map(|at| written(room, at)),
        order: sheet.order.as_ref().map(|order| room.address(&format!("/console/orders/{order}"), &[])),
        visits: sheet.visits.as_ref().map(|visits| visits.iter().map(|visit| visited(room, visit)).collect()),
        places: &at,
        elsewhere: sheet.places.elsewhere,
        wider: match &sheet.wider {
            Some(above) => Some(names::place(room.app, above).await?),
            None => None,
        },
        roles: roles(room, sheet).await?,
        role_elsewhere: sheet.roles.elsewhere,
        gives: &sheet.gives,
        choices: role_places(room, desk, person).await?,
        deeds: deeds(sheet),
        lines: lines(room, desk, person, from).await?,
        done,
        refused,
    };
    Ok(page(status, &view, &[]))
}

/// Some of what was done to somebody; none where the operator may not read it.
async fn lines(
    room: &Room<'_>,
    desk: &AtDesk,
    person: &Person,
    from: Option<&str>,
) -> Result<Option<Lines>, Elsewhere> {
    let (ctx, actor) = (&room.app.ctx, desk.actor(None, Origin::default()));
    let id = &person.facts.account.0;
    let asked = format!("history of {id}");
    let after: Option<Position> = room.position(&actor, &asked, from)?;
    let Ok(found) = history(ctx, &actor, &person.facts, after.as_ref(), LINES).await? else {
        return Ok(None);
    };
    let next = found.next.and_then(|next| cursor::write(ctx, &actor, &asked, &next));
    let older = next.map(|next| room.address(&format!("{PEOPLE}/{id}"), &[("from", &next)]));
    Ok(Some(Lines::of(room, &found.lines, older)))
}

/// Told to whoever may do something about it.
async fn waits(room: &Room<'_>, sheet: &Sheet) -> Result<Option<String>, Unavailable> {
    if !sheet.may.contains(&Permission::Unlock) {
        return Ok(None);
    }
    let until = waits_until(&room.app.ctx, &sheet.asked.loaded).await?;
    Ok(until.map(|until| room.language.time(&room.app.site.local(until))))
}

fn visited(room: &Room<'_>, visit: &SignedIn) -> (String, String) {
    (visit.client.clone(), written(room, visit.since))
}

fn written(room: &Room<'_>, at: Timestamp) -> String {
    room.language.date_and_time(&room.app.site.local(at))
}

/// What the person may do to others, and whether the operator may take it away.
async fn roles(room: &Room<'_>, sheet: &Sheet) -> Result<Vec<HeldRole>, Unavailable> {
    let mut roles = Vec::with_capacity(sheet.roles.here.len());
    for held in &sheet.roles.here {
        let place = names::place(room.app, &held.over).await?;
        let code = held.over.code().filter(|_| sheet.gives.contains(&held.role));
        roles.push(HeldRole { role: held.role, place, code: code.map(|code| code.to_string()) });
    }
    Ok(roles)
}

/// Places at which a role is offered: the person's own, and the operator's.
async fn role_places(room: &Room<'_>, desk: &AtDesk, person: &Person) -> Result<Vec<Choice>, Unavailable> {
    let roles = &desk.visitor.roles;
    let mut own: Vec<_> = person.facts.affiliations.iter().filter(|it| it.span.is_open()).collect();
    own.sort_by(|one, other| one.path.cmp(&other.path));
    own.dedup_by(|one, other| one.path == other.path);
    let mut choices = Vec::new();
    for place in own {
        let may = allowing(roles, Permission::GrantRole(Role::ClassTeacher))
            .any(|grant| grant.over.contains(&place.path));
        if let Some(code) = place.path.code().filter(|_| may) {
            let name = names::place(room.app, &place.path).await?;
            choices.push(Choice { code: code.to_string(), name });
        }
    }
    for choice in names::choices(room.app, roles, Permission::GrantRole(Role::ClassTeacher)).await? {
        if !choices.iter().any(|own| own.code == choice.code) {
            choices.push(choice);
        }
    }
    Ok(choices)
}

/// What is offered: what the operator may do, and what makes sense.
fn deeds(sheet: &Sheet) -> Vec<Deed> {
    let disabled = sheet.asked.loaded.facts.disabled;
    let offered = |deed: &Deed| match deed {
        Deed::Print => sheet.prints,
        Deed::Enable => disabled,
        Deed::Unlock | Deed::EndSessions | Deed::Factor => true,
        Deed::Code | Deed::Force | Deed::Recover | Deed::Disable => !disabled,
    };
    let may = |deed: &Deed| {
        sheet.may.iter().any(|permission| match deed {
            Deed::Code => *permission == Permission::IssueCode,
            Deed::Print => *permission == Permission::PrintSlips,
            Deed::Force | Deed::Recover => *permission == Permission::ForceChange,
            Deed::Unlock => *permission == Permission::Unlock,
            Deed::EndSessions => *permission == Permission::EndSessions,
            Deed::Disable | Deed::Enable => *permission == Permission::Disable,
            Deed::Factor => matches!(permission, Permission::GrantRole(_)),
        })
    };
    Deed::ALL.into_iter().filter(offered).filter(may).collect()
}

/// A code on a page that can be printed.
fn slip_page(room: &Room<'_>, desk: &AtDesk, person: &Person, given: &Given) -> Response {
    let expires = room.language.date_and_time(&room.app.site.local(given.expires_at));
    let view = SlipPage {
        frame: room.frame(None),
        desk: room.desk(&desk.visitor),
        id: &person.facts.account.0,
        name: person.full_name(),
        login: &person.login,
        code: printed(&given.code),
        is_leave: given.is_leave,
        prints: given.prints,
        expires: &expires,
    };
    page(StatusCode::OK, &view, &[])
}

/// How long the page of a new code may be loaded again.
const SHOWN: Duration = Duration::from_mins(5);

/// Where a code that was just issued is shown: loading the page again issues no other. The address says which one it is and until
/// when, under a tag that is good for this session alone; whoever else has it is shown nothing.
fn slip_address(room: &Room<'_>, desk: &AtDesk, account: &AccountId, name: &str) -> String {
    let until = room.app.ctx.clock.now().plus(SHOWN);
    let tag = slip_tag(room, desk, account, name, until);
    let query = [("name", name), ("until", &until.micros().to_string()), ("tag", &tag)];
    room.address(&format!("{PEOPLE}/{}/slip", account.0), &query)
}

fn slip_tag(room: &Room<'_>, desk: &AtDesk, account: &AccountId, name: &str, until: Timestamp) -> String {
    let until = until.micros().to_string();
    room.app.ctx.secrets.tag("console slip", &[&desk.visitor.key, &account.0, name, &until])
}

/// GET `/console/people/{id}/slip`: the code that was issued a moment ago.
pub async fn slip(
    State(app): State<App>,
    Path(id): Path<String>,
    visit: Visit,
    origin: Origin,
    query: Query,
) -> Response {
    let room = Room::new(&app, visit);
    let shown = async {
        let desk = room.operator().await?;
        let account = AccountId(id);
        let name = query.0.ok().and_then(|query| {
            let (name, until) = (query.one("name").ok()??, query.one("until").ok()??.parse().ok()?);
            let until = Timestamp::from_micros(until);
            let right = slip_tag(&room, &desk, &account, name, until);
            let is_ours = same_text(&right, query.one("tag").ok()??);
            (is_ours && app.ctx.clock.now() < until).then(|| name.to_owned())
        });
        let actor = desk.actor(None, origin);
        let issued = match name {
            Some(name) => show_code(&app.ctx, &actor, &account, &name).await?,
            None => None,
        };
        Ok(match issued {
            Some(issued) => {
                let prints = read(&app.ctx, &actor, &account).await?.is_some_and(|sheet| sheet.prints);
                let (code, expires_at) = (issued.code, issued.live.expires_at);
                let given = Given { code, expires_at, is_leave: false, prints };
                slip_page(&room, &desk, &issued.person, &given)
            }
            None => room.go(&format!("{PEOPLE}/{}", account.0)),
        })
    };
    room.end(shown.await)
}
