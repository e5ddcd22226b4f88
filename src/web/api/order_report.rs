//! What there is to read of an order: its report, its classes, who is left, the notices that failed, and the notice for families.

use std::cmp::Reverse;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::caller::{Caller, Key};
use super::cursor::{self, page_of};
use super::once::once;
use super::order_view::PartAnswer;
use super::orders::{OrderAnswer, PageQuery, TallyAnswer, code};
use super::problem::{Answer, Problem};
use super::wire::{Instant, Path, Query, place};
use crate::domain::notice::Cause;
use crate::domain::progress::{Tally, some_of};
use crate::domain::reset_order::{OrderId, OrderState};
use crate::domain::scope::ApiScope;
use crate::domain::territory::{TerritoryCode, TerritoryPath};
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::notices::retry::retry_of;
use crate::flows::reset_order::classes::classes as count_classes;
use crate::flows::reset_order::left::{LeftError, Remaining};
use crate::flows::reset_order::read::{View, view};
use crate::flows::reset_order::report::{Report, report as report_of};
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::approval::Approved;
use crate::store::notice::Failed;
use crate::store::progress::Told;
use crate::web::app::App;
use crate::web::families::family_notice;
use crate::web::pages::text::Language;
use crate::web::roster;

/// Schools on a page.
const SCHOOLS: usize = 500;

/// Services and reasons on a page.
const REASONS: u32 = 100;

/// Points of the curve that are answered.
const POINTS: usize = 500;

/// What a second operator approved.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApprovedAnswer {
    /// `issue` or `cancel`.
    wish: &'static str,
    by: String,
    at: Instant,
}

/// How far it has got at a school, or at a place above schools.
#[derive(Debug, Serialize, ToSchema)]
pub struct SchoolAnswer {
    territory: String,
    #[serde(flatten)]
    tally: TallyAnswer,
}

/// How everybody stood at an instant.
#[derive(Debug, Serialize, ToSchema)]
pub struct PointAnswer {
    at: Instant,
    bound: u64,
    done: u64,
}

/// What a service was told.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceAnswer {
    client_id: String,
    /// Notices that it took.
    delivered: u64,
    /// Notices that wait to be sent.
    waiting: u64,
    /// Notices that were given up.
    failed: u64,
    /// Whether everybody whom the order covers was looked at.
    finished: bool,
}

/// What concerns all the people of an order together.
#[derive(Debug, Serialize, ToSchema)]
pub struct WholeAnswer {
    /// How long after it came into force half had chosen a new password.
    half_after_seconds: Option<u64>,
    /// The same for nine in ten.
    nine_tenths_after_seconds: Option<u64>,
    /// The curve over time: at most 500 points of it.
    points: Vec<PointAnswer>,
    services: Vec<ServiceAnswer>,
}

/// The report of an order.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportAnswer {
    #[serde(flatten)]
    order: OrderAnswer,
    submitted_at: Option<Instant>,
    approved: Vec<ApprovedAnswer>,
    /// When the deadline was met.
    hardened_at: Option<Instant>,
    /// When it was closed or cancelled.
    ended_at: Option<Instant>,
    /// Whether nothing of it changes any more.
    #[serde(rename = "final")]
    is_final: bool,
    /// As of when it was counted; absent before the first count.
    as_of: Option<Instant>,
    progress: TallyAnswer,
    /// Where most is left to do comes first; at most 500 on a page.
    schools: Vec<SchoolAnswer>,
    /// Where the next page of schools begins; absent on the last. A school that was counted anew between two pages may be on both, or on neither.
    next: Option<String>,
    /// Absent for whoever sees a part of the order.
    whole: Option<WholeAnswer>,
}

impl From<Approved> for ApprovedAnswer {
    fn from(approved: Approved) -> Self {
        Self { wish: approved.wish.as_str(), by: approved.by, at: approved.at.into() }
    }
}

impl From<Told> for ServiceAnswer {
    fn from(told: Told) -> Self {
        Self {
            client_id: told.client.0,
            delivered: told.delivered,
            waiting: told.waiting,
            failed: told.failed,
            finished: told.finished,
        }
    }
}

/// The last school of a page, by how many are left there.
type LastSchool = (Reverse<u64>, TerritoryPath);

/// Which question a page of schools answers.
fn schools_of(id: &OrderId) -> String {
    format!("schools of {id}")
}

impl ReportAnswer {
    fn of(ctx: &Context, actor: &Actor, report: Report, after: Option<&LastSchool>) -> Self {
        let (is_final, half, most) = (report.is_final(), report.took(50), report.took(90));
        let view = report.view;
        let point = |(at, tally): &(Timestamp, Tally)| PointAnswer {
            at: (*at).into(),
            bound: tally.bound,
            done: tally.done,
        };
        let schools =
            view.parts().schools.into_iter().map(|(path, tally)| ((Reverse(tally.bound), path), tally));
        let (schools, last) = page_of(schools, after, SCHOOLS);
        let school = |((_, path), tally): (LastSchool, Tally)| SchoolAnswer {
            territory: code(&path),
            tally: tally.into(),
        };
        let next = last.and_then(|last| cursor::write(ctx, actor, &schools_of(&view.record.order.id), &last));
        let state = view.record.order.state;
        Self {
            submitted_at: view.record.submitted_at.map(Instant::from),
            approved: report.approved.into_iter().map(ApprovedAnswer::from).collect(),
            hardened_at: state.force().and_then(|force| force.hardened_at).map(Instant::from),
            ended_at: match state {
                OrderState::Closed { at, .. } | OrderState::Cancelled { at, .. } => Some(at.into()),
                OrderState::Draft
                | OrderState::AwaitingApproval
                | OrderState::Scheduled { .. }
                | OrderState::InForce(_) => None,
            },
            is_final,
            as_of: view.progress.as_of.map(Instant::from),
            progress: view.progress.all.into(),
            schools: schools.into_iter().map(school).collect(),
            next,
            whole: report.whole.map(|whole| WholeAnswer {
                half_after_seconds: half.map(|span| span.as_secs()),
                nine_tenths_after_seconds: most.map(|span| span.as_secs()),
                points: some_of(&whole.points, POINTS).map(point).collect(),
                services: whole.told.into_iter().map(ServiceAnswer::from).collect(),
            }),
            order: view.record.into(),
        }
    }
}

fn no_order(id: &str) -> Problem {
    Problem::not_found(format!("there is no order {id}"))
}

/// Who asked for an order, who approved it, and what came of it; of one that is closed, for good.
#[utoipa::path(
    get, path = "/orders/{id}/report", tag = "orders", params(("id" = String, Path), PageQuery),
    responses((status = 200, body = ReportAnswer), (status = "4XX", body = Problem)),
    security(("oauth2" = ["orders:read"]))
)]
pub async fn report(
    State(app): State<App>,
    Path(id): Path<String>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Answer<Json<ReportAnswer>> {
    let actor = caller.act(&app, ApiScope::OrdersRead).await?;
    let id = OrderId(id);
    let report = report_of(&app.ctx, &actor, &id).await?.ok_or_else(|| no_order(&id.0))?;
    let after = cursor::read(&app.ctx, &actor, &schools_of(&id), query.cursor.as_deref())?;
    Ok(Json(ReportAnswer::of(&app.ctx, &actor, report, after.as_ref())))
}

/// One school of an order, class by class.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClassesAnswer {
    /// As of when it was counted: when it was asked for.
    as_of: Option<Instant>,
    progress: TallyAnswer,
    /// By class and profile; by the school itself for whoever is in none. Somebody in two classes is counted at both.
    parts: Vec<PartAnswer>,
}

/// How far an order has got in one school, class by class, counted now.
#[utoipa::path(
    get, path = "/orders/{id}/schools/{code}", tag = "orders",
    params(("id" = String, Path), ("code" = String, Path, description = "Such as `uai:0860001J`")),
    responses((status = 200, body = ClassesAnswer), (status = "4XX", body = Problem)),
    security(("oauth2" = ["orders:read"]))
)]
pub async fn school(
    State(app): State<App>,
    Path((id, school)): Path<(String, String)>,
    caller: Caller,
) -> Answer<Json<ClassesAnswer>> {
    let actor = caller.act(&app, ApiScope::OrdersRead).await?;
    let unknown = || Problem::not_found(format!("there is no order {id} at the school {school}"));
    let parsed = TerritoryCode::parse(&school).map_err(|_| unknown())?;
    let found = count_classes(&app.ctx, &actor, &OrderId(id.clone()), &parsed).await?;
    let progress = found.ok_or_else(unknown)?.progress;
    let parts = progress.parts.into_iter();
    Ok(Json(ClassesAnswer {
        as_of: progress.as_of.map(Instant::from),
        progress: progress.all.into(),
        parts: parts
            .map(|((path, profile), tally)| PartAnswer {
                territory: code(&path),
                profile,
                tally: tally.into(),
            })
            .collect(),
    }))
}

/// Where.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PlaceQuery {
    /// Only at this place and below it, such as `uai:0860001J`; everywhere in the territory when absent.
    territory: Option<String>,
    /// Of the headings; French when absent.
    #[serde(default, deserialize_with = "language")]
    #[param(value_type = Option<Language>)]
    language: Option<Language>,
}

fn language<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Language>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let known = Language::ALL.into_iter().find(|language| language.tag() == text);
    known.map(Some).ok_or_else(|| D::Error::custom(format!("{text:?} is no language of the pages")))
}

/// Who is left: a table with the school, the class, the name and the login of everybody who must still choose a new password,
/// without codes, sent while it is read. It is cut off where it cannot be read to its end.
#[utoipa::path(
    get, path = "/orders/{id}/left", tag = "orders", params(("id" = String, Path), PlaceQuery),
    responses((status = 200, body = String, content_type = "text/csv"), (status = "4XX", body = Problem)),
    security(("oauth2" = ["people:read"]))
)]
pub async fn left(
    State(app): State<App>,
    Path(id): Path<String>,
    caller: Caller,
    Query(query): Query<PlaceQuery>,
) -> Answer<Response> {
    let actor = caller.act(&app, ApiScope::PeopleRead).await?;
    let place = query.territory.as_deref().map(place).transpose()?;
    let id = OrderId(id);
    let under_way = app.begin_file(&actor)?;
    let remaining = Remaining::begin(&app.ctx, &actor, &id, place.as_ref()).await??;
    let (language, name) = (query.language.unwrap_or_default(), roster::file_name(&id, place.as_ref()));
    Ok(roster::send(&app, under_way, (language, &name), remaining))
}

impl From<LeftError> for Problem {
    fn from(error: LeftError) -> Self {
        match error {
            LeftError::NotAllowed(refusal) => refusal.into(),
            LeftError::Unknown(_) => Self::not_found(error.to_string()),
        }
    }
}

/// Notices to one service that were given up for one reason.
#[derive(Debug, Serialize, ToSchema)]
pub struct FailedAnswer {
    client_id: String,
    failure: String,
    number: u64,
    /// When the last of them was given up.
    given_up_at: Instant,
}

/// A page of what services were told in vain, by service and reason.
#[derive(Debug, Serialize, ToSchema)]
pub struct FailedNotices {
    failed: Vec<FailedAnswer>,
    /// Where the next page begins; absent on the last.
    next: Option<String>,
}

impl From<Failed> for FailedAnswer {
    fn from(failed: Failed) -> Self {
        Self {
            client_id: failed.client.0,
            failure: failed.failure,
            number: failed.number,
            given_up_at: failed.parked_at.into(),
        }
    }
}

/// The notices of an order that were given up, by service and reason; for whoever sees all of the order.
#[utoipa::path(
    get, path = "/orders/{id}/notices", tag = "orders", params(("id" = String, Path), PageQuery),
    responses((status = 200, body = FailedNotices), (status = "4XX", body = Problem)),
    security(("oauth2" = ["orders:read"]))
)]
pub async fn notices(
    State(app): State<App>,
    Path(id): Path<String>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Answer<Json<FailedNotices>> {
    let actor = caller.act(&app, ApiScope::OrdersRead).await?;
    let id = OrderId(id);
    let seen = view(&app.ctx, &actor, &id).await?.filter(View::is_whole);
    seen.ok_or_else(|| no_order(&id.0))?;
    let (ctx, asked) = (&app.ctx, format!("notices of {id}"));
    let after: Option<(String, String)> = cursor::read(ctx, &actor, &asked, query.cursor.as_deref())?;
    let found = store::notice::failed(&ctx.db, &Cause::from(&id), after.as_ref(), REASONS + 1).await;
    let mut found = found.map_err(unavailable)?;
    let goes_on = found.len() > REASONS as usize;
    found.truncate(REASONS as usize);
    let last = found.last().filter(|_| goes_on).map(|last| (&last.client.0, &last.failure));
    let next = last.and_then(|last| cursor::write(ctx, &actor, &asked, &last));
    Ok(Json(FailedNotices { failed: found.into_iter().map(FailedAnswer::from).collect(), next }))
}

fn unavailable(error: store::db::DbError) -> Problem {
    Unavailable::from(error).into()
}

/// How many notices were put back.
#[derive(Debug, Serialize, ToSchema)]
pub struct RetryAnswer {
    notices: u64,
}

/// Sends the notices of an order again that were given up.
#[utoipa::path(
    post, path = "/orders/{id}/notices/retry", tag = "orders", params(("id" = String, Path), Key),
    responses((status = 200, body = RetryAnswer), (status = "4XX", body = Problem)),
    security(("oauth2" = ["orders:issue"]))
)]
pub async fn retry(
    State(app): State<App>,
    Path(id): Path<String>,
    caller: Caller,
) -> Answer<Json<RetryAnswer>> {
    let actor = caller.once(&("retry", &id)).act(&app, ApiScope::OrdersIssue).await?;
    let (ctx, id) = (&app.ctx, OrderId(id));
    let put_back = retry_of(ctx, &actor, &id);
    let notices = once(ctx, &actor, put_back, async |notices| Ok(notices.parse().ok())).await??;
    Ok(Json(RetryAnswer { notices }))
}

/// What families are told, in one language.
#[derive(Debug, Serialize, ToSchema)]
pub struct FamilyNotice {
    #[schema(value_type = Language)]
    language: &'static str,
    title: String,
    paragraphs: Vec<String>,
}

/// What families are told of an order, in each language. It names nobody, and has no link.
#[utoipa::path(
    get, path = "/orders/{id}/families", tag = "orders", params(("id" = String, Path)),
    responses((status = 200, body = Vec<FamilyNotice>), (status = "4XX", body = Problem)),
    security(("oauth2" = ["orders:read"]))
)]
pub async fn families(
    State(app): State<App>,
    Path(id): Path<String>,
    caller: Caller,
) -> Answer<Json<Vec<FamilyNotice>>> {
    let actor = caller.act(&app, ApiScope::OrdersRead).await?;
    let seen = view(&app.ctx, &actor, &OrderId(id.clone())).await?;
    let record = seen.ok_or_else(|| no_order(&id))?.record;
    let place = match record.order.population.territory.code() {
        Some(code) => store::territory::find(&app.ctx.db, &code).await.map_err(unavailable)?,
        None => None,
    };
    let place = place.map(|place| place.name).unwrap_or_default();
    let mut notices = Vec::new();
    for language in Language::ALL {
        let notice = family_notice(&app.site, &app.ctx.settings.issuer, language, &place, &record);
        let (title, paragraphs) = notice.map_err(|error| Unavailable::Broken(error.to_string()))?;
        notices.push(FamilyNotice { language: language.tag(), title, paragraphs });
    }
    Ok(Json(notices))
}
