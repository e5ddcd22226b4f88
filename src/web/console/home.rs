//! The first page: what needs me today, and who I am here.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::domain::jurisdiction::RoleGrant;
use crate::domain::reset_order::OrderState;
use crate::domain::territory::{TerritoryKind, TerritoryPath};
use crate::flows::actor::Origin;
use crate::flows::agenda::{Campaign, agenda};
use crate::flows::factor::factor_of;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::web::answer::page;
use crate::web::app::App;
use crate::web::console::order_view::OrderRow;
use crate::web::console::view::Place;
use crate::web::console::view::home::{CampaignRow, HomePage};
use crate::web::console::{Answer, Room, names, orders, places};
use crate::web::extract::visit::Visit;

/// GET `/console`.
pub async fn show(State(app): State<App>, visit: Visit, origin: Origin) -> Response {
    let room = Room::new(&app, visit);
    room.end(home(&room, origin).await)
}

async fn home(room: &Room<'_>, origin: Origin) -> Answer {
    let desk = room.operator().await?;
    let mut places = Vec::with_capacity(desk.visitor.roles.len());
    for held in &desk.visitor.roles {
        places.push(place(room, held).await?);
    }
    let switch = room.switch();
    let factor = factor_of(&room.app.ctx, desk.visitor.account(), &desk.visitor.roles).await?;
    let agenda = agenda(&room.app.ctx, &desk.actor(None, origin)).await?;
    let mut campaigns = Vec::with_capacity(agenda.campaigns.len());
    for campaign in &agenda.campaigns {
        campaigns.push(row(room, campaign).await?);
    }
    let came_back = agenda.drafts.iter().map(|draft| draft.submitted_at.is_some());
    let view = HomePage {
        frame: room.frame(Some(&switch)),
        desk: room.desk(&desk.visitor),
        places: &places,
        roles_waiting: agenda.roles_wait,
        waiting: orders::rows(room, &agenda.to_approve).await?,
        drafts: orders::rows(room, &agenda.drafts).await?.into_iter().zip(came_back).collect(),
        campaigns,
        spare: factor.map(|factor| factor.spare).unwrap_or_default(),
    };
    Ok(page(StatusCode::OK, &view, &[]))
}

async fn place(room: &Room<'_>, held: &RoleGrant) -> Result<Place, Unavailable> {
    let found = match held.over.code() {
        Some(code) => store::territory::find(&room.app.ctx.db, &code).await?,
        None => None,
    };
    let name = found.map_or_else(|| held.over.as_str().to_owned(), |place| place.name);
    Ok(Place { role: held.role, name })
}

async fn row(room: &Room<'_>, campaign: &Campaign) -> Result<CampaignRow, Unavailable> {
    let (app, record) = (room.app, &campaign.record);
    let name = names::place(app, &record.order.population.territory).await?;
    let here = campaign.place.as_ref().and_then(TerritoryPath::code);
    let here = here.filter(|code| code.kind() >= TerritoryKind::School);
    let part = campaign.place.as_ref().filter(|part| **part != record.order.population.territory);
    let part = match part {
        Some(part) => Some(names::place(app, part).await?),
        None => None,
    };
    let order = OrderRow::of(app, room.language, name, record);
    Ok(CampaignRow {
        begins: matches!(record.order.state, OrderState::Scheduled { .. }).then(|| order.since.clone()),
        order,
        is_late: record.order.deadline.is_some_and(|deadline| deadline <= app.ctx.clock.now()),
        counted: campaign.as_of.map(|at| room.language.time(&app.site.local(at))),
        part,
        tally: campaign.tally,
        is_done: campaign.is_done(),
        closes: campaign.closes,
        unprinted: campaign.unprinted.unwrap_or_default(),
        slips: here.map(|code| places::address(room, &code, None)),
        failed: campaign.failed,
    })
}
