//! What there is to read of an order: how far it has got, its report, who is left, and what families are told.

use std::collections::HashMap;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

use crate::domain::approval::Wish;
use crate::domain::jurisdiction::Permission;
use crate::domain::level::Level;
use crate::domain::notice::Cause;
use crate::domain::reset_order::{OrderId, OrderState};
use crate::domain::territory::{TerritoryCode, TerritoryKind, TerritoryPath};
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::{Actor, Origin};
use crate::flows::console::AtDesk;
use crate::flows::notices::retry::given_up;
use crate::flows::reset_order::classes::classes;
use crate::flows::reset_order::left::{LeftError, Remaining};
use crate::flows::reset_order::read::{View, view};
use crate::flows::reset_order::report::{Report, report};
use crate::flows::unavailable::Unavailable;
use crate::oidc::parameters::Parameters;
use crate::store;
use crate::web::answer::page;
use crate::web::app::App;
use crate::web::console::curve::Curve;
use crate::web::console::order_view::OrderRow;
use crate::web::console::orders::ORDERS;
use crate::web::console::progress_view::{
    ClassRow, FailedNotices, FamiliesPage, Part, Progress, ReportPage, SchoolPage, ServiceRow,
};
use crate::web::console::{Answer, Room, names, places};
use crate::web::extract::form::Query;
use crate::web::extract::visit::Visit;
use crate::web::families::family_notice;
use crate::web::pages::text::Language;
use crate::web::pages::view::Trouble;
use crate::web::roster;

/// Schools on a page of an order.
const SCHOOLS: usize = 100;

/// Schools in a report.
const REPORTED: usize = 5_000;

/// GET `/console/orders/{id}/report`.
pub async fn show(State(app): State<App>, Path(id): Path<String>, visit: Visit, origin: Origin) -> Response {
    let room = Room::new(&app, visit);
    let shown = async {
        let desk = room.operator().await?;
        match report(&app.ctx, &desk.actor(None, origin), &OrderId(id)).await? {
            Some(report) => report_page(&room, &desk, &report).await,
            None => Ok(room.trouble(Trouble::NotFound)),
        }
    };
    room.end(shown.await)
}

/// GET `/console/orders/{id}/families`.
pub async fn families(
    State(app): State<App>,
    Path(id): Path<String>,
    visit: Visit,
    origin: Origin,
) -> Response {
    let room = Room::new(&app, visit);
    let shown = async {
        let desk = room.operator().await?;
        let Some(view) = view(&app.ctx, &desk.actor(None, origin), &OrderId(id)).await? else {
            return Ok(room.trouble(Trouble::NotFound));
        };
        let place = names::place(&app, &view.record.order.population.territory).await?;
        let mut notices = Vec::new();
        for language in Language::ALL {
            let notice = family_notice(&app.site, &app.ctx.settings.issuer, language, &place, &view.record);
            let (title, paragraphs) = notice.map_err(|error| Unavailable::Broken(error.to_string()))?;
            notices.push((language.tag(), title, paragraphs));
        }
        let switch = room.switch();
        let shown = FamiliesPage {
            frame: room.frame(Some(&switch)),
            desk: room.desk(&desk.visitor),
            order: OrderRow::of(&app, room.language, place, &view.record),
            notices,
        };
        Ok(page(StatusCode::OK, &shown, &[]))
    };
    room.end(shown.await)
}

/// GET `/console/orders/{id}/schools/{code}`.
pub async fn school(
    State(app): State<App>,
    Path((id, code)): Path<(String, String)>,
    visit: Visit,
    origin: Origin,
) -> Response {
    let room = Room::new(&app, visit);
    let shown = async {
        let desk = room.operator().await?;
        let (actor, id) = (desk.actor(None, origin), OrderId(id));
        let found = match TerritoryCode::parse(&code) {
            Ok(code) => classes(&app.ctx, &actor, &id, &code).await?,
            Err(_) => None,
        };
        let Some(found) = found else { return Ok(room.trouble(Trouble::NotFound)) };
        let may = may_list(&room, &actor, &found.school.path).await?;
        let mut rows = Vec::with_capacity(found.progress.parts.len());
        for ((path, profile), tally) in &found.progress.parts {
            let code = if *path == found.school.path { None } else { path.code() };
            let class =
                code.as_ref().and_then(|code| code.class_name().map(str::to_owned)).unwrap_or_default();
            let href = code.filter(|_| may).map(|code| places::address_of(&room, &code, *profile));
            rows.push(ClassRow { class, href, profile: *profile, tally: *tally });
        }
        let place = names::place(&app, &found.record.order.population.territory).await?;
        let switch = room.switch();
        let as_of = found.progress.as_of.unwrap_or(app.ctx.clock.now());
        let shown = SchoolPage {
            frame: room.frame(Some(&switch)),
            desk: room.desk(&desk.visitor),
            order: OrderRow::of(&app, room.language, place, &found.record),
            school: found.school.name,
            as_of: room.language.time(&app.site.local(as_of)),
            all: found.progress.all,
            rows,
            left: may.then(|| left_address(&room, &id, Some(&code))),
        };
        Ok(page(StatusCode::OK, &shown, &[]))
    };
    room.end(shown.await)
}

/// GET `/console/orders/{id}/left`: a table.
pub async fn left(
    State(app): State<App>,
    Path(id): Path<String>,
    visit: Visit,
    origin: Origin,
    query: Query,
) -> Response {
    let room = Room::new(&app, visit);
    let listed = async {
        let desk = room.operator().await?;
        let Ok(under) = query.0.map_err(drop).and_then(|query| place_of(&query)) else {
            return Ok(room.trouble(Trouble::NotFound));
        };
        let (actor, id) = (desk.actor(None, origin), OrderId(id));
        let under_way = app.begin_file(&actor)?;
        Ok(match Remaining::begin(&app.ctx, &actor, &id, under.as_ref()).await? {
            Ok(remaining) => {
                let name = roster::file_name(&id, under.as_ref());
                roster::send(&app, under_way, (room.language, &name), remaining)
            }
            Err(LeftError::NotAllowed(_) | LeftError::Unknown(_)) => room.trouble(Trouble::NotFound),
        })
    };
    room.end(listed.await)
}

fn place_of(query: &Parameters) -> Result<Option<TerritoryCode>, ()> {
    let code = query.one_line("place", 128).map_err(drop)?;
    code.map(TerritoryCode::parse).transpose().map_err(drop)
}

fn left_address(room: &Room<'_>, id: &OrderId, place: Option<&str>) -> String {
    let pairs: Vec<_> = place.map(|place| ("place", place)).into_iter().collect();
    room.address(&format!("{ORDERS}/{id}/left"), &pairs)
}

async fn may_list(room: &Room<'_>, actor: &Actor, at: &TerritoryPath) -> Result<bool, Unavailable> {
    Ok(!actor.powers(&room.app.ctx).await?.sees(Permission::ReadPeople, at).is_empty())
}

/// How far the order has got, for its page; none before anybody was counted. `turned` is which page of the schools.
pub(super) async fn progress(
    room: &Room<'_>,
    actor: &Actor,
    report: &Report,
    turned: usize,
) -> Result<Option<Progress>, Unavailable> {
    let view = &report.view;
    let Some(as_of) = view.progress.as_of else { return Ok(None) };
    let id = &view.record.order.id;
    let own = format!("{ORDERS}/{id}");
    let parts = view.parts();
    let turn = |to: usize| room.address(&own, &[("page", &to.to_string())]);
    let first = turned.saturating_sub(1).saturating_mul(SCHOOLS);
    let is_counted = matches!(view.record.order.state, OrderState::InForce(_) | OrderState::Closed { .. });
    let mut schools = Vec::new();
    for (path, tally) in parts.schools.iter().skip(first).take(SCHOOLS) {
        let code = path.code().filter(|code| is_counted && code.kind() == TerritoryKind::School);
        let href = code.map(|code| room.address(&format!("{own}/schools/{code}"), &[]));
        schools.push(Part { place: names::place(room.app, path).await?, href, tally: *tally });
    }
    let since = view.record.order.state.force().map(|force| force.since);
    let curve = match (&report.whole, since) {
        (Some(whole), Some(since)) => Curve::through(room.app, room.language, &whole.points, (since, as_of)),
        _ => None,
    };
    let may = may_list(room, actor, &view.record.order.population.territory).await?;
    Ok(Some(Progress {
        as_of: room.language.time(&room.app.site.local(as_of)),
        all: view.progress.all,
        curve,
        schools,
        profiles: parts.profiles.into_iter().collect(),
        earlier: (turned > 1).then(|| turn(turned - 1)),
        later: (parts.schools.len() > first.saturating_add(SCHOOLS)).then(|| turn(turned + 1)),
        left: (may && view.progress.all.bound > 0).then(|| left_address(room, id, None)),
    }))
}

/// What services were told in vain; nothing for whoever sees a part of the order.
pub(super) async fn failed(room: &Room<'_>, view: &View) -> Result<Vec<FailedNotices>, Unavailable> {
    if !view.is_whole() {
        return Ok(Vec::new());
    }
    let found = given_up(&room.app.ctx, &Cause::from(&view.record.order.id)).await?;
    let services = if found.is_empty() { HashMap::new() } else { services(room).await? };
    let row = |failed: store::notice::Failed| FailedNotices {
        service: services.get(&failed.client.0).cloned().unwrap_or(failed.client.0),
        number: failed.number,
        why: failed.failure,
        when: room.language.date_and_time(&room.app.site.local(failed.parked_at)),
    };
    Ok(found.into_iter().map(row).collect())
}

/// What services are called, by client.
async fn services(room: &Room<'_>) -> Result<HashMap<String, String>, Unavailable> {
    let clients = store::client::list(&room.app.ctx.db).await?.into_iter();
    Ok(clients.map(|client| (client.id.0, client.name)).collect())
}

async fn report_page(room: &Room<'_>, desk: &AtDesk, report: &Report) -> Answer {
    let (app, language, view) = (room.app, room.language, &report.view);
    let (record, order) = (&view.record, &view.record.order);
    let written = |at: Timestamp| language.date_and_time(&app.site.local(at));
    let place = names::place(app, &order.population.territory).await?;
    let called = store::territory::names(&app.ctx.db, &order.population.territory).await?;
    let part = |(path, tally): &(TerritoryPath, _)| Part {
        place: called.get(path).cloned().unwrap_or_else(|| path.as_str().to_owned()),
        href: None,
        tally: *tally,
    };
    let mut approved = Vec::new();
    for approval in report.approved.iter().filter(|approval| approval.wish == Wish::Issue) {
        approved.push((names::actor(app, &approval.by).await?, written(approval.at)));
    }
    let ended = match order.state {
        OrderState::Closed { at, .. } | OrderState::Cancelled { at, .. } => Some(written(at)),
        OrderState::Draft
        | OrderState::AwaitingApproval
        | OrderState::Scheduled { .. }
        | OrderState::InForce(_) => None,
    };
    let force = order.state.force();
    let switch = room.switch();
    let shown = ReportPage {
        frame: room.frame(Some(&switch)),
        desk: room.desk(&desk.visitor),
        order: OrderRow::of(app, language, place, record),
        reason: record.reason.clone(),
        author: names::actor(app, &record.author).await?,
        asked_at: record.submitted_at.map(written),
        approved,
        in_force: force.map(|force| written(force.since)),
        hardened: force
            .and_then(|force| force.hardened_at)
            .filter(|_| order.level == Level::Change)
            .map(written),
        ended,
        as_of: view.progress.as_of.map(written),
        is_final: report.is_final(),
        is_whole: view.is_whole(),
        all: view.progress.all,
        half: report.took(50).map(|span| written_span(language, span)),
        most: report.took(90).map(|span| written_span(language, span)),
        schools: view.parts().schools.iter().take(REPORTED).map(part).collect(),
        services: told(room, report).await?,
        failed: failed(room, view).await?,
    };
    Ok(page(StatusCode::OK, &shown, &[]))
}

async fn told(room: &Room<'_>, report: &Report) -> Result<Vec<ServiceRow>, Unavailable> {
    let Some(whole) = &report.whole else { return Ok(Vec::new()) };
    let services = services(room).await?;
    let row = |told: &store::progress::Told| ServiceRow {
        name: services.get(&told.client.0).cloned().unwrap_or_else(|| told.client.0.clone()),
        delivered: told.delivered,
        waiting: told.waiting,
        failed: told.failed,
    };
    Ok(whole.told.iter().map(row).collect())
}

/// How long something took, in the two largest units that are needed.
fn written_span(language: Language, span: Duration) -> String {
    let minutes = span.as_secs() / 60;
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours) {
        (0, 0) => language.text_with("span-minutes", &[("minutes", minutes.to_string())]),
        (0, _) => {
            let both = [("hours", hours.to_string()), ("minutes", minutes.to_string())];
            language.text_with("span-hours", &both)
        }
        (_, _) => {
            language.text_with("span-days", &[("days", days.to_string()), ("hours", hours.to_string())])
        }
    }
}
