//! Looking for people.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::domain::jurisdiction::{Permission, allowing};
use crate::domain::profile::Profile;
use crate::domain::territory::TerritoryCode;
use crate::flows::actor::{Actor, Origin};
use crate::flows::hand_over::whose;
use crate::flows::people::search::{LONGEST, Question, State as GateState, near, search};
use crate::oidc::parameters::Parameters;
use crate::store::people::Who;
use crate::store::territory::Territory;
use crate::web::answer::page;
use crate::web::api::cursor;
use crate::web::app::App;
use crate::web::console::view::people::{PeoplePage, Row};
use crate::web::console::{Answer, Elsewhere, PEOPLE, Room};
use crate::web::extract::form::Query;
use crate::web::extract::visit::Visit;
use crate::web::pages::view::Trouble;

/// People on one page.
const PAGE: u32 = 25;

/// What somebody looks for.
#[derive(Clone, Default)]
pub(super) struct Search {
    /// A name, a login, a class or a UAI; none where nothing was asked yet.
    typed: Option<String>,
    profile: Option<Profile>,
    state: Option<GateState>,
    /// Only there and below.
    at: Option<TerritoryCode>,
}

impl Search {
    /// None where it cannot be read.
    pub(super) fn read(parameters: &Parameters) -> Option<Self> {
        let typed = parameters.one_line("q", LONGEST).ok()?.unwrap_or_default().to_owned();
        // Nothing typed and nothing asked are not the same: a field that was left empty means everybody.
        let is_asked = parameters.under("q").next().is_some();
        let profile = parameters.one("profile").ok()?.map(str::parse).transpose().ok()?;
        let state = match parameters.one("state").ok()? {
            Some(word) => Some(GateState::of(word)?),
            None => None,
        };
        let at = parameters.one("at").ok()?.map(TerritoryCode::parse).transpose().ok()?;
        Some(Self { typed: is_asked.then_some(typed), profile, state, at })
    }

    /// The people of a place, as nobody has looked among them yet.
    pub(super) fn among(at: TerritoryCode, profile: Option<Profile>) -> Self {
        Self { typed: Some(String::new()), profile, state: None, at: Some(at) }
    }

    /// The place that is meant, if one is; one that the operator sees nobody of is as one that is not there.
    pub(super) async fn place(&self, room: &Room<'_>, actor: &Actor) -> Result<Option<Territory>, Elsewhere> {
        let Some(code) = &self.at else { return Ok(None) };
        match near(&room.app.ctx, actor, code).await? {
            Some(place) => Ok(Some(place)),
            None => Err(room.trouble(Trouble::NotFound).into()),
        }
    }

    /// Whether anything was asked yet.
    pub(super) const fn is_asked(&self) -> bool {
        self.typed.is_some()
    }

    /// None where nothing was asked yet.
    pub(super) fn question<'a>(&'a self, place: Option<&'a Territory>) -> Option<Question<'a>> {
        // Of a class its families are meant; a colleague who teaches it is somebody of the school.
        let of_place = place.map_or(Who::Anybody, |place| whose(&place.code, None));
        let who = self.profile.map_or(of_place, Who::Of);
        let place = place.map(|place| &place.path);
        Some(Question { typed: self.typed.as_deref()?, place, who, state: self.state })
    }

    /// As it stands in an address and in a form.
    pub(super) fn fields(&self) -> Vec<(&'static str, &str)> {
        let typed = self.typed.as_deref().map(|typed| ("q", typed));
        let profile = self.profile.map(|profile| ("profile", profile.as_str()));
        let state = self.state.map(|state| ("state", state.as_str()));
        let at = self.at.as_ref().map(|at| ("at", at.as_str()));
        [typed, profile, state, at].into_iter().flatten().collect()
    }

    /// Its address, with more of a query.
    pub(super) fn address(&self, room: &Room<'_>, more: &[(&str, &str)]) -> String {
        room.address(PEOPLE, &[&self.fields()[..], more].concat())
    }
}

/// GET `/console/people`.
pub async fn show(State(app): State<App>, visit: Visit, origin: Origin, query: Query) -> Response {
    let room = Room::new(&app, visit);
    room.end(list(&room, origin, query).await)
}

async fn list(room: &Room<'_>, origin: Origin, query: Query) -> Answer {
    let desk = room.operator().await?;
    let Ok(query) = query.0 else { return Ok(room.trouble(Trouble::InvalidRequest)) };
    let (Some(asked), Ok(from)) = (Search::read(&query), query.one_line("from", 300)) else {
        return Ok(room.trouble(Trouble::InvalidRequest));
    };
    let (ctx, actor) = (&room.app.ctx, desk.actor(None, origin));
    let searched = format!("people {:?}", asked.fields());
    let after = room.position(&actor, &searched, from)?;
    let place = asked.place(room, &actor).await?;
    let people = match asked.question(place.as_ref()) {
        Some(question) => search(ctx, &actor, &question, after, PAGE).await?,
        None => None,
    };
    let next = people.as_ref().and_then(|people| people.next.clone());
    let next = next.and_then(|next| cursor::write(ctx, &actor, &searched, &next));
    let here: Vec<_> = from.map(|from| ("from", from)).into_iter().collect();
    let switch = asked.address(room, &[&here[..], &[("ui_locales", room.language.other().tag())]].concat());
    let count = query.one("required").ok().flatten().and_then(|count| count.parse::<u64>().ok());
    let view = PeoplePage {
        frame: room.frame(Some(&switch)),
        desk: room.desk(&desk.visitor),
        typed: asked.typed.as_deref(),
        profile: asked.profile,
        state: asked.state,
        place: place.as_ref().map(|place| (place.name.as_str(), place.code.as_str())),
        everywhere: Search { at: None, ..asked.clone() }.address(room, &[]),
        rows: people.iter().flat_map(|people| &people.seen).map(Row::of).collect(),
        next: next.map(|next| asked.address(room, &[("from", &next)])),
        requires: allowing(&desk.visitor.roles, Permission::ForceChange).next().is_some(),
        required: count,
    };
    Ok(page(StatusCode::OK, &view, &[]))
}
