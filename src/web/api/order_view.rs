//! One order, with all that is known of it: also what whoever is to approve it has to read.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::cursor::{self, page_of};
use super::orders::{OrderAnswer, PageQuery, TallyAnswer, code};
use super::problem::{Answer, Problem};
use super::wire::{Instant, Path, Query};
use crate::domain::profile::Profile;
use crate::domain::progress::Tally;
use crate::domain::reset_order::{OrderId, ResetOrder};
use crate::domain::scope::ApiScope;
use crate::domain::territory::TerritoryPath;
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::Actor;
use crate::flows::reset_order::preview::Counts;
use crate::flows::reset_order::read::{self, Details, View};
use crate::web::app::App;

/// Parts on a page.
const PARTS: usize = 500;

/// How far it has got at a place.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartAnswer {
    pub(super) territory: String,
    pub(super) profile: Profile,
    #[serde(flatten)]
    pub(super) tally: TallyAnswer,
}

/// What somebody is asked about an order.
#[derive(Debug, Serialize, ToSchema)]
pub struct WaitingAnswer {
    /// `issue` or `cancel`.
    wish: &'static str,
    /// Who asks.
    by: String,
    /// When.
    at: Instant,
    /// The people whom the order covered then.
    covered: u64,
}

/// An order with all that is known of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderView {
    #[serde(flatten)]
    order: OrderAnswer,
    /// Stands for what is shown here: to be sent with the approval of it, or with a change.
    digest: String,
    /// From when on, as it is sent when the order is changed; absent once that has passed.
    at: Option<Instant>,
    /// Logins of operators who are not left out; absent for whoever sees a part of the order.
    named_operators: Option<Vec<String>>,
    /// What it would do if it came into force now, while it waits to be issued; absent for whoever sees a part of it.
    preview: Option<PreviewAnswer>,
    waiting: Option<WaitingAnswer>,
    /// As of when it was counted; absent before the first count.
    as_of: Option<Instant>,
    progress: TallyAnswer,
    /// For how many people the gate would open if the order were lifted, counted with the rest; absent before the first count, and for
    /// whoever sees a part of the order.
    opened_by_cancelling: Option<u64>,
    /// For how many the old password, which opens nothing now, would open the change page again if the order were lifted; absent as above.
    change_page_opened_by_cancelling: Option<u64>,
    /// By school and profile; at most 500 on a page. Somebody at two schools is counted at both.
    parts: Vec<PartAnswer>,
    /// Where the next page of parts begins; absent on the last.
    next: Option<String>,
}

/// What an order would do.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewAnswer {
    covered: u64,
    bound: u64,
    /// By why.
    spared: BTreeMap<&'static str, u64>,
    /// Bound although the password is newer, because nothing but the old one authorised it.
    chosen_with_old_password: u64,
    without_email: u64,
    /// Logins of operators who are left out: at most a hundred of them. How many there are is among those spared.
    operators: Vec<String>,
    /// Logins of operators who are named: they are reached in spite of their role.
    named_operators: Vec<String>,
    /// Services that will be told.
    told: Vec<ToldAnswer>,
    /// Until when its codes would open the change page.
    codes_expire_at: Instant,
    /// Whether that is before the deadline: whoever has not changed by then needs another slip.
    codes_expire_before_deadline: bool,
}

/// A service.
#[derive(Debug, Serialize, ToSchema)]
pub struct ToldAnswer {
    client_id: String,
    name: String,
}

impl PreviewAnswer {
    pub(super) fn of(order: &ResetOrder, codes_expire_at: Timestamp, counts: Counts) -> Self {
        let told = counts.told.into_iter();
        Self {
            covered: counts.covered,
            bound: counts.bound,
            spared: counts.spared.iter().map(|(why, count)| (why.as_str(), *count)).collect(),
            chosen_with_old_password: counts.chosen_with_old_password,
            without_email: counts.without_email,
            operators: counts.operators,
            named_operators: counts.named,
            told: told.map(|(client, name)| ToldAnswer { client_id: client.0, name }).collect(),
            codes_expire_at: codes_expire_at.into(),
            codes_expire_before_deadline: order.codes_end_early(codes_expire_at),
        }
    }
}

impl OrderView {
    async fn of(app: &App, actor: &Actor, view: View, cursor: Option<&str>) -> Answer<Self> {
        let asked = format!("parts of {}", view.record.order.id);
        let after = cursor::read(&app.ctx, actor, &asked, cursor)?;
        let details = Details::of(&app.ctx, actor, &view).await?;
        let (named_operators, foreseen) = match details {
            Some(details) => (Some(details.named_operators), details.foreseen),
            None => (None, None),
        };
        let part = |((path, profile), tally): ((TerritoryPath, Profile), Tally)| PartAnswer {
            territory: code(&path),
            profile,
            tally: tally.into(),
        };
        let (begins_at, shown) = (view.record.scheduled_at, view.shown());
        let (order, now) = (&view.record.order, app.ctx.clock.now());
        let codes_expire_at = order.codes_expire(begins_at, now, &app.ctx.settings.policy);
        let (parts, last) = page_of(view.progress.parts.into_iter(), after.as_ref(), PARTS);
        Ok(Self {
            at: Some(begins_at).filter(|at| *at > now).map(Instant::from),
            named_operators,
            preview: foreseen.map(|counts| PreviewAnswer::of(order, codes_expire_at, counts)),
            digest: shown.0,
            waiting: view.request.map(|request| WaitingAnswer {
                wish: request.wish.as_str(),
                by: request.by,
                at: request.at.into(),
                covered: request.covered,
            }),
            as_of: view.progress.as_of.map(Instant::from),
            progress: view.progress.all.into(),
            opened_by_cancelling: view.progress.opened.map(|opened| opened.gate),
            change_page_opened_by_cancelling: view.progress.opened.map(|opened| opened.change_page),
            parts: parts.into_iter().map(part).collect(),
            next: last.and_then(|last| cursor::write(&app.ctx, actor, &asked, &last)),
            order: view.record.into(),
        })
    }
}

/// One order, with the progress of its people as it was counted last.
#[utoipa::path(
    get, path = "/orders/{id}", tag = "orders", params(("id" = String, Path), PageQuery),
    responses((status = 200, body = OrderView), (status = "4XX", body = Problem)),
    security(("oauth2" = ["orders:read"]))
)]
pub async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Answer<Json<OrderView>> {
    let actor = caller.act(&app, ApiScope::OrdersRead).await?;
    let view = read::view(&app.ctx, &actor, &OrderId(id.clone())).await?;
    let view = view.ok_or_else(|| Problem::not_found(format!("there is no order {id}")))?;
    Ok(Json(OrderView::of(&app, &actor, view, query.cursor.as_deref()).await?))
}
