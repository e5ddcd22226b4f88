//! What needs the operator today.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::orders::{OrderAnswer, TallyAnswer};
use super::problem::{Answer, Problem};
use super::wire::Instant;
use crate::domain::scope::ApiScope;
use crate::flows::agenda::{Campaign, agenda};
use crate::web::app::App;

/// An order under way, as far as the operator sees its people.
#[derive(Debug, Serialize, ToSchema)]
pub struct CampaignAnswer {
    order: OrderAnswer,
    /// The one place whose people are seen, where it is one.
    territory: Option<String>,
    /// As of when they were counted; absent before the first count.
    as_of: Option<Instant>,
    people: TallyAnswer,
    /// Of those who get in with a code alone, how many have none on paper; absent for whoever may not print.
    unprinted: Option<u64>,
    /// Notices that services did not take, for whoever may send them again.
    failed_notices: u64,
    /// Whether the operator may close it.
    closes: bool,
}

/// What needs the operator, twenty of a kind at most.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgendaAnswer {
    /// Those that the operator may approve and did not put forward, which have waited longest first.
    to_approve: Vec<OrderAnswer>,
    /// Those that were sent back or fell, or are this year's, which are to begin soonest first.
    drafts: Vec<OrderAnswer>,
    /// Those that keep people out, or soon will, whose deadline is nearest first.
    campaigns: Vec<CampaignAnswer>,
    /// Whether somebody else asked for a role that the operator may approve: `GET /roles/pending`.
    roles_wait: bool,
}

impl From<Campaign> for CampaignAnswer {
    fn from(campaign: Campaign) -> Self {
        Self {
            order: campaign.record.into(),
            territory: campaign.place.map(|place| place.label()),
            as_of: campaign.as_of.map(Instant::from),
            people: campaign.tally.into(),
            unprinted: campaign.unprinted,
            failed_notices: campaign.failed,
            closes: campaign.closes,
        }
    }
}

/// What needs the operator today: orders to approve, drafts, and orders that keep people out.
#[utoipa::path(
    get, path = "/agenda", tag = "orders",
    responses((status = 200, body = AgendaAnswer), (status = "4XX", body = Problem)),
    security(("oauth2" = ["orders:read"]))
)]
pub async fn show(State(app): State<App>, caller: Caller) -> Answer<Json<AgendaAnswer>> {
    let actor = caller.act(&app, ApiScope::OrdersRead).await?;
    let found = agenda(&app.ctx, &actor).await?;
    Ok(Json(AgendaAnswer {
        to_approve: found.to_approve.into_iter().map(OrderAnswer::from).collect(),
        drafts: found.drafts.into_iter().map(OrderAnswer::from).collect(),
        campaigns: found.campaigns.into_iter().map(CampaignAnswer::from).collect(),
        roles_wait: found.roles_wait,
    }))
}
