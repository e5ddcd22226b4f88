//! People: who they are, how they stand, and what is done to them.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::caller::{Caller, Key};
use super::cursor;
use super::once::once;
use super::problem::{Answer, Problem};
use super::wire::{Body, Instant, Path, Query, place};
use crate::domain::account::{AccountId, Affiliation};
use crate::domain::code::printed;
use crate::domain::gate::Closure;
use crate::domain::jurisdiction::{Permission, Refusal};
use crate::domain::level::Level;
use crate::domain::profile::Profile;
use crate::domain::scope::ApiScope;
use crate::domain::slip::SlipState;
use crate::domain::territory::TerritoryPath;
use crate::flows::account::disable::{disable, enable};
use crate::flows::account::end_sessions::end_sessions;
use crate::flows::account::force_change::force_change;
use crate::flows::account::new_code::{new_code, shown_again};
use crate::flows::account::unlock::unlock;
use crate::flows::actor::Actor;
use crate::flows::people::read::Named;
use crate::flows::people::search::{LONGEST, Question, Standing, State as GateState, near, search};
use crate::store::account::Person;
use crate::store::people::Who;
use crate::web::app::App;

/// People on a page.
const PAGE: u32 = 100;

/// Whom somebody looks for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PeopleQuery {
    /// Only here and below, such as `class:0860001J/6A`.
    place: Option<String>,
    /// The beginning of a name or a login, a class, or the UAI of a school.
    query: Option<String>,
    /// Only those who are this there.
    profile: Option<Profile>,
    /// Only those whose gate is so.
    #[param(inline)]
    state: Option<GateState>,
    /// The `next` of the page before.
    #[param(min_length = 1)]
    cursor: Option<String>,
}

/// Where somebody belongs, and as what.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlaceAnswer {
    territory: String,
    profile: Profile,
}

/// What became of the slip with the code that counts.
#[derive(Debug, Serialize, ToSchema)]
pub struct SlipAnswer {
    printed_at: Instant,
    handed_at: Option<Instant>,
    /// As the audit log names them.
    handed_by: Option<String>,
    /// When a password was chosen with it.
    used_at: Option<Instant>,
}

/// Somebody, and how they stand.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonAnswer {
    /// As the audit log has it: `account:ID`.
    id: String,
    login: String,
    given_name: String,
    family_name: String,
    /// The places inside the operator's territory.
    places: Vec<PlaceAnswer>,
    /// Whether the person also belongs outside it.
    elsewhere: bool,
    /// Whether the person has a role: then no slip is printed for them.
    is_operator: bool,
    /// `open`, or why the gate is closed.
    state: &'static str,
    /// Of a gate that somebody has closed: `change` where the old password opens the change page, `recover` where only a code does.
    #[schema(value_type = Option<Level>)]
    level: Option<&'static str>,
    slip: Option<SlipAnswer>,
    /// When the last slip was printed, where its code was never used and opens nothing any more: another is needed.
    slip_lapsed: Option<Instant>,
}

/// A page of people, by family name, given name and id.
#[derive(Debug, Serialize, ToSchema)]
pub struct PeoplePage {
    people: Vec<PersonAnswer>,
    /// Where the next page begins; absent on the last. Where a state is asked for, a page may hold few people, or none, and go on.
    next: Option<String>,
}

impl From<SlipState> for SlipAnswer {
    fn from(slip: SlipState) -> Self {
        let (handed_at, handed_by) = slip.handed.map(|handed| (handed.at.into(), handed.by)).unzip();
        Self {
            printed_at: slip.printed_at.into(),
            handed_at,
            handed_by,
            used_at: slip.used_at.map(Instant::from),
        }
    }
}

impl From<&Affiliation> for PlaceAnswer {
    fn from(place: &Affiliation) -> Self {
        Self { territory: place.path.label(), profile: place.profile }
    }
}

impl PersonAnswer {
    pub(super) fn of(person: Person, standing: Standing, places: &Named<Affiliation>) -> Self {
        let is_operator = person.facts.is_operator();
        let level = match &standing.closure {
            Some(Closure::Ordered { level, .. } | Closure::Individual { level }) => Some(level.as_str()),
            _ => None,
        };
        Self {
            id: person.facts.account.0,
            login: person.login,
            given_name: person.given_name,
            family_name: person.family_name,
            elsewhere: places.elsewhere,
            places: places.here.iter().map(PlaceAnswer::from).collect(),
            is_operator,
            state: standing.closure.as_ref().map_or("open", Closure::as_str),
            level,
            slip: standing.slip.map(SlipAnswer::from),
            slip_lapsed: standing.lapsed.map(Instant::from),
        }
    }
}

/// People inside the operator's territory.
#[utoipa::path(
    get, path = "/people", tag = "people", params(PeopleQuery),
    responses((status = 200, body = PeoplePage), (status = "4XX", body = Problem)),
    security(("oauth2" = ["people:read"]))
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<PeopleQuery>,
) -> Answer<Json<PeoplePage>> {
    let actor = caller.act(&app, ApiScope::PeopleRead).await?;
    let typed = query.query.unwrap_or_default();
    if typed.len() > LONGEST || typed.chars().any(char::is_control) {
        let detail = format!("query holds at most {LONGEST} bytes and no control characters");
        return Err(Problem::senseless("unknown-query", detail));
    }
    let reached = reached(&app, &actor).await?;
    if reached.is_empty() {
        return Err(Refusal::NotOfRole.into());
    }
    let within = match &query.place {
        Some(code) => {
            let unknown =
                || Problem::senseless("unknown-territory", format!("the territory {code} is not known"));
            Some(near(&app.ctx, &actor, &place(code)?).await?.ok_or_else(unknown)?.path)
        }
        None => None,
    };
    let asked = format!("people {:?} {:?} {:?} {typed}", query.place, query.profile, query.state);
    let after: Option<AccountId> = cursor::read(&app.ctx, &actor, &asked, query.cursor.as_deref())?;
    let who = query.profile.map_or(Who::Anybody, Who::Of);
    let question = Question { typed: &typed, place: within.as_ref(), who, state: query.state };
    let found = search(&app.ctx, &actor, &question, after, PAGE).await?;
    let found = found.ok_or_else(|| Problem::from(Refusal::NotOfRole))?;
    let people = found.seen.into_iter().map(|seen| {
        let places = Named::places(&seen.found.person, &reached);
        PersonAnswer::of(seen.found.person, seen.standing, &places)
    });
    let next = found.next.and_then(|next| cursor::write(&app.ctx, &actor, &asked, &next));
    Ok(Json(PeoplePage { people: people.collect(), next }))
}

/// The territories that the operator sees people of.
pub(super) async fn reached(app: &App, actor: &Actor) -> Answer<Vec<TerritoryPath>> {
    Ok(actor.powers(&app.ctx).await?.reaches(Permission::ReadPeople))
}

/// What is done.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
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
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActRequest {
    act: Act,
    /// One that nobody has refuses all of them. At most 10,000.
    #[schema(min_items = 1, max_items = 10_000, example = json!(["lina.valombre"]))]
    logins: Vec<String>,
    /// For the audit log.
    reason: Option<String>,
}

/// How many it was done to.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActAnswer {
    people: usize,
}

/// Does something to every account of a selection, or to none. `unlock` needs no key: what is forgotten twice is forgotten once.
#[utoipa::path(
    post, path = "/people/acts", tag = "people", params(Key), request_body = ActRequest,
    responses((status = 200, body = ActAnswer), (status = "4XX", body = Problem)),
    security(("oauth2" = ["people:act"]))
)]
pub async fn act(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<ActRequest>,
) -> Answer<Json<ActAnswer>> {
    let caller = match request.act {
        // Its counters may lie where no batch reaches: sent again it is done again, and never taken for done.
        Act::Unlock => caller,
        Act::Disable | Act::Enable | Act::EndSessions | Act::ForceChange | Act::ForceRecover => {
            caller.once(&("act", &request))
        }
    };
    let actor = caller.because(request.reason).act(&app, ApiScope::PeopleAct).await?;
    let (ctx, logins) = (&app.ctx, &request.logins);
    if logins.is_empty() {
        return Err(Problem::senseless("nobody", "logins names nobody"));
    }
    let done = async {
        match request.act {
            Act::Disable => disable(ctx, &actor, logins).await,
            Act::Enable => enable(ctx, &actor, logins).await,
            Act::EndSessions => end_sessions(ctx, &actor, logins).await,
            Act::ForceChange => force_change(ctx, &actor, Level::Change, logins).await,
            Act::ForceRecover => force_change(ctx, &actor, Level::Recover, logins).await,
            Act::Unlock => unlock(ctx, &actor, logins).await,
        }
    };
    let people = once(ctx, &actor, done, async |people| Ok(people.parse().ok())).await??;
    Ok(Json(ActAnswer { people }))
}

/// Why a code is issued.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
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

/// Issues a new code for one person. The code before it is dead, with every session and token of the account. Sent again with the same
/// key it answers the same code, while that is alive.
#[utoipa::path(
    post, path = "/people/{login}/code", tag = "people", request_body = CodeRequest,
    params(("login" = String, Path, description = "The login"), Key),
    responses((status = 200, body = CodeAnswer), (status = "4XX", body = Problem)),
    security(("oauth2" = ["slips:print"]))
)]
pub async fn code(
    State(app): State<App>,
    Path(login): Path<String>,
    caller: Caller,
    Body(request): Body<CodeRequest>,
) -> Answer<Json<CodeAnswer>> {
    let caller = caller.once(&("code", &login, &request)).because(request.reason);
    let (ctx, actor) = (&app.ctx, caller.act(&app, ApiScope::SlipsPrint).await?);
    let issued = new_code(ctx, &actor, &login);
    let issued = once(ctx, &actor, issued, async |which| shown_again(ctx, &actor, &which).await).await??;
    Ok(Json(CodeAnswer {
        login: issued.person.login,
        code: printed(&issued.code).expose().to_owned(),
        expires_at: issued.live.expires_at.into(),
    }))
}
