//! Reset orders.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::caller::{Caller, Key};
use super::cursor;
use super::once::once_of_order;
use super::order_view::PreviewAnswer;
use super::problem::{Answer, Problem};
use super::wire::{Body, Instant, Path, Query, place, whole};
use crate::domain::approval::Digest;
use crate::domain::length;
use crate::domain::level::Level;
use crate::domain::profile::Profile;
use crate::domain::progress::Tally;
use crate::domain::reset_order::OrderId;
use crate::domain::scope::ApiScope;
use crate::domain::territory::TerritoryPath;
use crate::domain::timestamp::Timestamp;
use crate::flows::reset_order::approve::{approve as approve_order, send_back as send_order_back};
use crate::flows::reset_order::cancel::{cancel as cancel_order, close as close_order};
use crate::flows::reset_order::draft::draft;
use crate::flows::reset_order::issue::{Proposal, issue as issue_order};
use crate::flows::reset_order::preview::preview as preview_order;
use crate::flows::reset_order::read;
use crate::flows::reset_order::revise::{edit as edit_order, revise as revise_order, submit as submit_order};
use crate::store::reset_order::OrderRecord;
use crate::web::app::App;

/// Orders on a page.
const PAGE: usize = 50;

/// What is ordered.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderRequest {
    /// Such as `academie:13`, `departement:086`, `uai:0860001J` or `class:0860001J/6A`, with everything below it.
    #[schema(example = "class:0860001J/6A")]
    territory: String,
    /// National profiles such as `National_ELV`; every one when empty.
    #[serde(default)]
    profiles: Vec<Profile>,
    /// `change`: the old password still opens the change page. `recover`: it opens nothing, only a code does.
    level: Level,
    /// Spares accounts that were never activated.
    #[serde(default)]
    never_activated: bool,
    /// Spares passwords chosen since this instant.
    changed_since: Option<Instant>,
    /// Spares accounts that their school has reset since this instant.
    reset_by_school_since: Option<Instant>,
    /// Logins of operators who are not left out.
    #[serde(default)]
    named_operators: Vec<String>,
    /// From when on; at once when absent.
    at: Option<Instant>,
    /// By when everybody should have changed; `change` is then `recover` for those who hold a code.
    deadline: Option<Instant>,
    /// For how many days from when it takes effect its codes open the change page, at most the deployment's `codes.ceiling`; as long as
    /// the deployment's setting says then when absent.
    #[serde(default, deserialize_with = "whole")]
    #[schema(minimum = 1, example = 14)]
    code_lifetime_days: Option<u64>,
    /// Whether a draft of the same for the next year is written.
    #[serde(default)]
    yearly: bool,
    /// Why; it is shown with the order.
    #[schema(example = "stolen passwords")]
    reason: Option<String>,
    /// Writes a draft, which binds nobody.
    #[serde(default)]
    draft: bool,
    /// The number of people that somebody has seen: refused unless the order covers as many.
    #[serde(default, deserialize_with = "whole")]
    confirmed: Option<u64>,
    /// Of an order that is changed, the `digest` as it was shown: refused where it is another one by now. A new order has none.
    digest: Option<String>,
}

/// An order.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderAnswer {
    id: String,
    /// `draft`, `awaiting_approval`, `scheduled`, `in_force`, `closed` or `cancelled`.
    state: &'static str,
    #[schema(value_type = Level)]
    level: &'static str,
    territory: String,
    profiles: Vec<Profile>,
    reason: String,
    author: String,
    /// The people whom it covered when it was put forward, where they were counted.
    covered: Option<u64>,
    scheduled_at: Instant,
    in_force_at: Option<Instant>,
    deadline: Option<Instant>,
    /// For how many days its codes were chosen to live; absent where nobody chose.
    code_lifetime_days: Option<u64>,
    /// Until when its codes open the change page; of what has not begun, as it was when it was written last.
    codes_expire_at: Instant,
    yearly: bool,
    /// Whether accounts are spared that were never activated.
    never_activated: bool,
    /// Spares passwords chosen since this instant.
    changed_since: Option<Instant>,
    /// Spares accounts that their school has reset since this instant.
    reset_by_school_since: Option<Instant>,
}

/// How far an order has got.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct TallyAnswer {
    /// Covered by the order.
    covered: u64,
    /// Of these, must choose a new password.
    bound: u64,
    /// Of these, chose one since it came into force.
    done: u64,
    /// Of those who must, have a slip that was printed since.
    printed: u64,
    /// Of those covered, are spared, by why.
    spared: BTreeMap<&'static str, u64>,
}

/// A page of orders.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderPage {
    orders: Vec<OrderAnswer>,
    /// Where the next page begins; absent on the last.
    next: Option<String>,
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// The `next` of the page before.
    #[param(min_length = 1)]
    pub(super) cursor: Option<String>,
}

/// Which order was meant, and why.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonRequest {
    /// For the audit log.
    #[schema(example = "stolen passwords")]
    reason: Option<String>,
}

/// The number of people that somebody has seen.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitRequest {
    /// The `digest` of the draft as it was shown: another that somebody made of it meanwhile is not put forward.
    digest: String,
    /// Refused unless the order covers as many.
    #[serde(default, deserialize_with = "whole")]
    confirmed: Option<u64>,
}

/// What somebody has seen.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveRequest {
    /// The `digest` of the order, with what is asked about it, as it was shown.
    digest: String,
    /// For the audit log.
    reason: Option<String>,
}

impl OrderRequest {
    fn proposal(&self) -> Answer<Proposal> {
        let instant = |instant: Option<Instant>| instant.map(Timestamp::from);
        Ok(Proposal {
            territory: place(&self.territory)?,
            profiles: self.profiles.iter().copied().collect(),
            level: self.level,
            never_activated: self.never_activated,
            changed_since: instant(self.changed_since),
            reset_by_school_since: instant(self.reset_by_school_since),
            named_operators: self.named_operators.clone(),
            at: instant(self.at),
            deadline: instant(self.deadline),
            code_lifetime: self.code_lifetime_days.map(length::days),
            repeats: self.yearly,
        })
    }
}

pub(super) fn code(path: &TerritoryPath) -> String {
    path.code().map(|code| code.to_string()).unwrap_or_default()
}

impl From<OrderRecord> for OrderAnswer {
    fn from(record: OrderRecord) -> Self {
        let order = record.order;
        Self {
            id: order.id.0,
            state: order.state.as_str(),
            level: order.level.as_str(),
            territory: code(&order.population.territory),
            profiles: order.population.profiles.into_iter().collect(),
            reason: record.reason,
            author: record.author,
            covered: record.covered,
            scheduled_at: record.scheduled_at.into(),
            in_force_at: order.state.force().map(|force| force.since.into()),
            deadline: order.deadline.map(Instant::from),
            code_lifetime_days: order.code_lifetime.map(length::in_days),
            codes_expire_at: order.codes_expire_at.into(),
            yearly: record.repeats,
            never_activated: order.exclusions.never_activated,
            changed_since: order.exclusions.changed_since.map(Instant::from),
            reset_by_school_since: order.exclusions.reset_by_school_since.map(Instant::from),
        }
    }
}

impl From<Tally> for TallyAnswer {
    fn from(tally: Tally) -> Self {
        Self {
            covered: tally.covered,
            bound: tally.bound,
            done: tally.done,
            printed: tally.printed,
            spared: tally.spared.each().map(|(why, number)| (why.as_str(), number)).collect(),
        }
    }
}

/// Orders that reach into the operator's territory, the newest first.
#[utoipa::path(
    get, path = "/orders", tag = "orders", params(PageQuery),
    responses((status = 200, body = OrderPage), (status = "4XX", body = Problem)),
    security(("oauth2" = ["orders:read"]))
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Answer<Json<OrderPage>> {
    let actor = caller.act(&app, ApiScope::OrdersRead).await?;
    let after = cursor::read(&app.ctx, &actor, "orders", query.cursor.as_deref())?;
    let found = read::list(&app.ctx, &actor, after, PAGE).await?;
    let last = found.last().filter(|_| found.len() == PAGE);
    let next = last
        .and_then(|record| cursor::write(&app.ctx, &actor, "orders", &(record.created_at, &record.order.id)));
    Ok(Json(OrderPage { orders: found.into_iter().map(OrderAnswer::from).collect(), next }))
}

/// Writes an order and puts it forward: it is in force, waits for its instant, or waits for a second operator.
#[utoipa::path(
    post, path = "/orders", tag = "orders", request_body = OrderRequest,
    params(Key),
    responses((status = 201, body = OrderAnswer), (status = "4XX", body = Problem)),
    security(("oauth2" = ["orders:issue"]))
)]
pub async fn issue(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<OrderRequest>,
) -> Answer<(StatusCode, Json<OrderAnswer>)> {
    let proposal = request.proposal()?;
    if request.digest.is_some() {
        return Err(Problem::senseless("digest", "digest is of an order that is changed"));
    }
    let caller = caller.once(&("issue", &request)).because(request.reason);
    let actor = caller.act(&app, ApiScope::OrdersIssue).await?;
    let written = async {
        if request.draft {
            return draft(&app.ctx, &actor, &proposal).await;
        }
        issue_order(&app.ctx, &actor, &proposal, request.confirmed).await
    };
    Ok((StatusCode::CREATED, Json(once_of_order(&app.ctx, &actor, written).await??.into())))
}

/// Counts whom an order would cover and spare; writes nothing.
#[utoipa::path(
    post, path = "/orders/preview", tag = "orders", request_body = OrderRequest,
    responses((status = 200, body = PreviewAnswer), (status = "4XX", body = Problem)),
    security(("oauth2" = ["orders:read"]))
)]
pub async fn preview(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<OrderRequest>,
) -> Answer<Json<PreviewAnswer>> {
    let actor = caller.act(&app, ApiScope::OrdersRead).await?;
    let previewed = preview_order(&app.ctx, &actor, &request.proposal()?).await??;
    Ok(Json(PreviewAnswer::of(&previewed.order, previewed.order.codes_expire_at, previewed.counts)))
}

/// Changes what an order says that binds nobody yet. With `draft` it is one again; else it is put forward as it is from then on, in
/// the same act. What changes nothing leaves it as it stands, also approved.
#[utoipa::path(
    put, path = "/orders/{id}", tag = "orders", request_body = OrderRequest,
    params(("id" = String, Path), Key),
    responses((status = 200, body = OrderAnswer), (status = "4XX", body = Problem)),
    security(("oauth2" = ["orders:issue"]))
)]
pub async fn edit(
    State(app): State<App>,
    Path(id): Path<String>,
    caller: Caller,
    Body(request): Body<OrderRequest>,
) -> Answer<Json<OrderAnswer>> {
    let proposal = request.proposal()?;
    let caller = caller.once(&("edit", &id, &request)).because(request.reason);
    let actor = caller.act(&app, ApiScope::OrdersIssue).await?;
    let (id, seen) = (OrderId(id), request.digest.map(Digest));
    let changed = async {
        if request.draft {
            return edit_order(&app.ctx, &actor, &id, &proposal, seen.as_ref()).await;
        }
        revise_order(&app.ctx, &actor, &id, &proposal, (request.confirmed, seen.as_ref())).await
    };
    Ok(Json(once_of_order(&app.ctx, &actor, changed).await??.into()))
}

/// Puts a draft forward.
#[utoipa::path(
    post, path = "/orders/{id}/submit", tag = "orders", params(("id" = String, Path), Key), request_body = SubmitRequest,
    responses((status = 200, body = OrderAnswer), (status = "4XX", body = Problem)),
    security(("oauth2" = ["orders:issue"]))
)]
pub async fn submit(
    State(app): State<App>,
    Path(id): Path<String>,
    caller: Caller,
    Body(request): Body<SubmitRequest>,
) -> Answer<Json<OrderAnswer>> {
    let actor = caller.once(&("submit", &id, &request)).act(&app, ApiScope::OrdersIssue).await?;
    let (id, seen) = (OrderId(id), Digest(request.digest));
    let submitted = submit_order(&app.ctx, &actor, &id, (request.confirmed, Some(&seen)));
    Ok(Json(once_of_order(&app.ctx, &actor, submitted).await??.into()))
}

/// Approves what somebody else put forward: the order, or that it is lifted.
#[utoipa::path(
    post, path = "/orders/{id}/approve", tag = "orders", params(("id" = String, Path), Key), request_body = ApproveRequest,
    responses((status = 200, body = OrderAnswer), (status = "4XX", body = Problem)),
    security(("oauth2" = ["orders:approve"]))
)]
pub async fn approve(
    State(app): State<App>,
    Path(id): Path<String>,
    caller: Caller,
    Body(request): Body<ApproveRequest>,
) -> Answer<Json<OrderAnswer>> {
    let caller = caller.once(&("approve", &id, &request)).because(request.reason);
    let actor = caller.act(&app, ApiScope::OrdersApprove).await?;
    let (id, seen) = (OrderId(id), Digest(request.digest));
    let approved = approve_order(&app.ctx, &actor, &id, Some(&seen));
    Ok(Json(once_of_order(&app.ctx, &actor, approved).await??.into()))
}

/// Sends back what somebody else put forward, with a reason.
#[utoipa::path(
    post, path = "/orders/{id}/send-back", tag = "orders", params(("id" = String, Path), Key), request_body = ReasonRequest,
    responses((status = 200, body = OrderAnswer), (status = "4XX", body = Problem)),
    security(("oauth2" = ["orders:approve"]))
)]
pub async fn send_back(
    State(app): State<App>,
    Path(id): Path<String>,
    caller: Caller,
    Body(request): Body<ReasonRequest>,
) -> Answer<Json<OrderAnswer>> {
    let caller = caller.once(&("send back", &id, &request)).because(request.reason);
    let actor = caller.act(&app, ApiScope::OrdersApprove).await?;
    let id = OrderId(id);
    Ok(Json(once_of_order(&app.ctx, &actor, send_order_back(&app.ctx, &actor, &id)).await??.into()))
}

/// Lifts an order, or asks a second operator to; what was `recover` stays bound at `change`.
#[utoipa::path(
    post, path = "/orders/{id}/cancel", tag = "orders", params(("id" = String, Path), Key), request_body = ReasonRequest,
    responses((status = 200, body = OrderAnswer), (status = "4XX", body = Problem)),
    security(("oauth2" = ["orders:issue"]))
)]
pub async fn cancel(
    State(app): State<App>,
    Path(id): Path<String>,
    caller: Caller,
    Body(request): Body<ReasonRequest>,
) -> Answer<Json<OrderAnswer>> {
    let caller = caller.once(&("cancel", &id, &request)).because(request.reason);
    let actor = caller.act(&app, ApiScope::OrdersIssue).await?;
    let id = OrderId(id);
    Ok(Json(once_of_order(&app.ctx, &actor, cancel_order(&app.ctx, &actor, &id)).await??.into()))
}

/// Ends the campaign of an order. Its duty stays.
#[utoipa::path(
    post, path = "/orders/{id}/close", tag = "orders", params(("id" = String, Path), Key), request_body = ReasonRequest,
    responses((status = 200, body = OrderAnswer), (status = "4XX", body = Problem)),
    security(("oauth2" = ["orders:issue"]))
)]
pub async fn close(
    State(app): State<App>,
    Path(id): Path<String>,
    caller: Caller,
    Body(request): Body<ReasonRequest>,
) -> Answer<Json<OrderAnswer>> {
    let caller = caller.once(&("close", &id, &request)).because(request.reason);
    let actor = caller.act(&app, ApiScope::OrdersIssue).await?;
    let id = OrderId(id);
    Ok(Json(once_of_order(&app.ctx, &actor, close_order(&app.ctx, &actor, &id)).await??.into()))
}
