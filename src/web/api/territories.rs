//! Places: what lies below them, and how the people there stand.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::cursor;
use super::orders::PageQuery;
use super::problem::{Answer, Problem};
use super::wire::{Path, Query, place};
use crate::domain::profile::Profile;
use crate::domain::scope::ApiScope;
use crate::domain::territory::{TerritoryCode, TerritoryKind};
use crate::flows::people::roll::{Counts, Overview, overview, roll, roots};
use crate::store::people::Who;
use crate::store::territory::Territory;
use crate::web::app::App;

/// How some people stand, counted as the answer is made.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountsAnswer {
    people: u64,
    /// Those who must choose a password.
    must_change: u64,
    /// Those for whom a slip was printed that counts.
    printed: u64,
    /// Of these, those to whom it was handed over.
    handed_over: u64,
    /// Of these, those who chose a password with it.
    used: u64,
    /// Those whose last slip opens nothing any more: they need another.
    lapsed: u64,
    /// Those who failed too often: nothing that they type as a password is looked at for a while.
    waiting: u64,
    /// Those who cannot be written to.
    without_email: u64,
}

/// A place.
#[derive(Debug, Serialize, ToSchema)]
pub struct TerritoryAnswer {
    /// Such as `class:0860001J/6A`.
    territory: String,
    name: String,
    /// Of a class of a school: how its pupils and guardians stand. Absent where they are too many to be counted for an answer.
    people: Option<CountsAnswer>,
}

/// The people of one profile at a school.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProfileAnswer {
    profile: Profile,
    people: CountsAnswer,
}

/// The places that the operator's roles are over.
#[derive(Debug, Serialize, ToSchema)]
pub struct TerritoriesAnswer {
    territories: Vec<TerritoryAnswer>,
}

/// A place, with a page of what lies directly below it, by code.
#[derive(Debug, Serialize, ToSchema)]
pub struct TerritoryView {
    #[serde(flatten)]
    place: TerritoryAnswer,
    below: Vec<TerritoryAnswer>,
    /// Of a school: its people by profile.
    profiles: Vec<ProfileAnswer>,
    /// Where the next page begins; absent on the last.
    next: Option<String>,
}

impl From<Counts> for CountsAnswer {
    fn from(counts: Counts) -> Self {
        let Counts { people, left, printed, handed, used, lapsed, waiting, without_email } = counts;
        Self { people, must_change: left, printed, handed_over: handed, used, lapsed, waiting, without_email }
    }
}

impl TerritoryAnswer {
    fn of(place: Territory, counts: Option<Counts>) -> Self {
        Self { territory: place.code.to_string(), name: place.name, people: counts.map(CountsAnswer::from) }
    }
}

impl From<Overview> for TerritoryView {
    fn from(found: Overview) -> Self {
        let (classes, profiles) = found.counts.unzip();
        let below = found.below.into_iter().map(|place| {
            let counts = classes.as_ref().map(|it| it.get(&place.path).copied().unwrap_or_default());
            TerritoryAnswer::of(place, counts)
        });
        let profiles = profiles.unwrap_or_default().into_iter();
        Self {
            place: TerritoryAnswer::of(found.place, None),
            below: below.collect(),
            profiles: profiles
                .map(|(profile, counts)| ProfileAnswer { profile, people: counts.into() })
                .collect(),
            next: None,
        }
    }
}

/// The places that the operator's roles over people are for.
#[utoipa::path(
    get, path = "/territories", tag = "people",
    responses((status = 200, body = TerritoriesAnswer), (status = "4XX", body = Problem)),
    security(("oauth2" = ["people:read"]))
)]
pub async fn list(State(app): State<App>, caller: Caller) -> Answer<Json<TerritoriesAnswer>> {
    let actor = caller.act(&app, ApiScope::PeopleRead).await?;
    let roots = roots(&app.ctx, &actor).await?.into_iter();
    let territories = roots.map(|place| TerritoryAnswer::of(place, None)).collect();
    Ok(Json(TerritoriesAnswer { territories }))
}

/// A place and what lies directly below it; of a school and of a class also how the people there stand.
#[utoipa::path(
    get, path = "/territories/{code}", tag = "people",
    params(("code" = String, Path, description = "Such as `uai:0860001J`"), PageQuery),
    responses((status = 200, body = TerritoryView), (status = "4XX", body = Problem)),
    security(("oauth2" = ["people:read"]))
)]
pub async fn show(
    State(app): State<App>,
    Path(code): Path<String>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Answer<Json<TerritoryView>> {
    let (ctx, actor) = (&app.ctx, caller.act(&app, ApiScope::PeopleRead).await?);
    let unknown = || Problem::not_found("there is no such place, or not for you");
    let code = place(&code)?;
    if code.kind() == TerritoryKind::Class {
        // The page of people itself is what GET /people answers.
        let families = roll(ctx, &actor, &code, Who::Family, None, 1).await?.ok_or_else(unknown)?;
        let place = TerritoryAnswer::of(families.place, families.counts);
        return Ok(Json(TerritoryView { place, below: Vec::new(), profiles: Vec::new(), next: None }));
    }
    let asked = format!("territories {code}");
    let after: Option<String> = cursor::read(ctx, &actor, &asked, query.cursor.as_deref())?;
    let after = after.and_then(|code| TerritoryCode::parse(&code).ok());
    let found = overview(ctx, &actor, &code, after.as_ref()).await?.ok_or_else(unknown)?;
    let next = found.next.as_ref().and_then(|next| cursor::write(ctx, &actor, &asked, &next.as_str()));
    Ok(Json(TerritoryView { next, ..found.into() }))
}
