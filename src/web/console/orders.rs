//! Reset orders at the console: the list, one order with its progress, and what is done with it.

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

use crate::domain::approval::{Digest, Wish};
use crate::domain::jurisdiction::Permission;
use crate::domain::reset_order::{OrderId, OrderState};
use crate::flows::actor::{Actor, Origin};
use crate::flows::console::Visitor;
use crate::flows::notices::retry::retry_of;
use crate::flows::reset_order::approve::{approve, send_back};
use crate::flows::reset_order::cancel::{cancel, close};
use crate::flows::reset_order::read::{self, Details, View};
use crate::flows::reset_order::report::report;
use crate::flows::unavailable::Unavailable;
use crate::oidc::parameters::Parameters;
use crate::store::reset_order::OrderRecord;
use crate::web::answer::page;
use crate::web::api::cursor;
use crate::web::api::problem::Problem;
use crate::web::app::App;
use crate::web::console::factor::or_ask_again;
use crate::web::console::order_report::{failed, progress};
use crate::web::console::order_view::{
    Act, Foreseen, Opens, OrderFacts, OrderPage, OrderRow, OrdersPage, Rest,
};
use crate::web::console::slips::order_form;
use crate::web::console::{Answer, Room, names};
use crate::web::extract::form::{Form, Query};
use crate::web::extract::visit::Visit;
use crate::web::pages::view::Trouble;

/// Where they are.
pub const ORDERS: &str = "/console/orders";

/// Orders on a page.
const SHOWN: usize = 100;

/// GET `/console/orders`.
pub async fn list(State(app): State<App>, visit: Visit, origin: Origin, query: Query) -> Response {
    let room = Room::new(&app, visit);
    room.end(listed(&room, origin, query).await)
}

async fn listed(room: &Room<'_>, origin: Origin, query: Query) -> Answer {
    const ASKED: &str = "console orders";
    let desk = room.operator().await?;
    let (ctx, actor) = (&room.app.ctx, desk.actor(None, origin));
    let asked =
        query.0.ok().and_then(|query| query.one_line("cursor", 1_000).map(|it| it.map(str::to_owned)).ok());
    let after = asked.and_then(|cursor| cursor::read(ctx, &actor, ASKED, cursor.as_deref()).ok());
    let Some(after) = after else { return Ok(room.trouble(Trouble::InvalidRequest)) };
    let mut found = read::list(ctx, &actor, after, SHOWN + 1).await?;
    let is_last = found.len() <= SHOWN;
    found.truncate(SHOWN);
    let last = found.last().filter(|_| !is_last).map(|record| (record.created_at, &record.order.id));
    let next = last.and_then(|last| cursor::write(ctx, &actor, ASKED, &last));
    let next = next.map(|next| room.address(ORDERS, &[("cursor", &next)]));
    let rows = rows(room, &found).await?;
    let switch = room.switch();
    let view = OrdersPage { frame: room.frame(Some(&switch)), desk: room.desk(&desk.visitor), rows, next };
    Ok(page(StatusCode::OK, &view, &[]))
}

/// Orders as they stand in a list, the newest first.
pub(super) async fn rows(room: &Room<'_>, found: &[OrderRecord]) -> Result<Vec<OrderRow>, Unavailable> {
    let called = names::of_orders(room.app, found).await?;
    let row = |record: &OrderRecord| {
        let path = &record.order.population.territory;
        let place = called.get(path).cloned().unwrap_or_else(|| path.label());
        OrderRow::of(room.app, room.language, place, record)
    };
    Ok(found.iter().map(row).collect())
}

/// GET `/console/orders/{id}`.
pub async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
    visit: Visit,
    origin: Origin,
    query: Query,
) -> Response {
    let room = Room::new(&app, visit);
    let turned = query.0.ok().and_then(|query| query.one("page").ok()??.parse().ok()).unwrap_or(1);
    let shown = async {
        let desk = room.operator().await?;
        let actor = desk.actor(None, origin);
        order_page(&room, &desk.visitor, &actor, &OrderId(id), turned, None).await
    };
    room.end(shown.await)
}

/// POST `/console/orders/{id}/{act}`.
pub async fn act(
    State(app): State<App>,
    Path((id, act)): Path<(String, String)>,
    visit: Visit,
    origin: Origin,
    form: Form,
) -> Response {
    let room = Room::of_form(&app, visit, &format!("{ORDERS}/{id}"), &[]);
    room.end(acted(&room, &OrderId(id), &act, origin, form).await)
}

async fn acted(room: &Room<'_>, id: &OrderId, act: &str, origin: Origin, form: Form) -> Answer {
    let desk = room.operator().await?;
    let Some(act) = Act::read(act) else { return Ok(room.trouble(Trouble::NotFound)) };
    let form = room.form(&desk.visitor, form)?;
    let field = |name| form.one(name).ok().flatten().map(str::to_owned);
    let actor = desk.actor(field("reason"), origin);
    let ctx = &room.app.ctx;
    let done = match act {
        Act::Approve => {
            let seen = Digest(field("digest").unwrap_or_default());
            approve(ctx, &actor, id, Some(&seen)).await?.map_err(Problem::from)
        }
        Act::SendBack => send_back(ctx, &actor, id).await?.map_err(Problem::from),
        Act::Cancel => cancel(ctx, &actor, id).await?.map_err(Problem::from),
        Act::Close => close(ctx, &actor, id).await?.map_err(Problem::from),
        Act::Retry => match retry_of(ctx, &actor, id).await? {
            Ok(_) => return Ok(room.go(&format!("{ORDERS}/{id}"))),
            Err(error) => Err(error.into()),
        },
    };
    match done {
        Ok(_) => Ok(room.go(&format!("{ORDERS}/{id}"))),
        Err(problem) => {
            let problem = or_ask_again(room, &desk.visitor, &form, problem).await?;
            order_page(room, &desk.visitor, &actor, id, 1, Some((&problem, &form))).await
        }
    }
}

pub(super) async fn order_page(
    room: &Room<'_>,
    visitor: &Visitor,
    actor: &Actor,
    id: &OrderId,
    turned: usize,
    refused: Option<(&Problem, &Parameters)>,
) -> Answer {
    let Some(report) = report(&room.app.ctx, actor, id).await? else {
        return Ok(room.trouble(Trouble::NotFound));
    };
    let view = &report.view;
    let place = names::place(room.app, &view.record.order.population.territory).await?;
    let failed = failed(room, view).await?;
    let details = Details::of(&room.app.ctx, actor, view).await?;
    let switch = room.switch();
    let own = view.request.as_ref().is_some_and(|request| request.by == actor.name());
    let (language, app) = (room.language, room.app);
    let shown = OrderPage {
        frame: room.frame(refused.is_none().then_some(switch.as_str())),
        desk: room.desk(visitor),
        order: OrderRow::of(app, language, place, &view.record),
        says: says(room, view, details.as_ref()),
        author: names::actor(app, &view.record.author).await?,
        asked_by: match &view.request {
            Some(request) => Some(names::actor(app, &request.by).await?),
            None => None,
        },
        lifts: view.request.as_ref().is_some_and(|request| request.wish == Wish::Cancel),
        own,
        digest: view.shown().0,
        foreseen: details.and_then(|details| details.foreseen).map(|counts| Foreseen { counts }),
        progress: progress(room, actor, &report, turned).await?,
        opens: opens(room, view),
        acts: acts(view, !failed.is_empty()),
        print: order_form(room, view, &actor.powers(&app.ctx).await?),
        changes: view.may.contains(&Permission::IssueOrder),
        failed,
        refused: refused.map(|(problem, _)| problem.told(language)),
        typed: refused.and_then(|(_, form)| form.one("reason").ok().flatten()).unwrap_or_default(),
    };
    let status = refused.map_or(StatusCode::OK, |(problem, _)| problem.code());
    Ok(page(status, &shown, &[]))
}

fn says(room: &Room<'_>, view: &View, details: Option<&Details>) -> OrderFacts {
    let record = &view.record;
    let since = record.order.state.force().map_or(record.scheduled_at, |force| force.since);
    let named = details.map(|details| details.named_operators.as_slice()).unwrap_or_default();
    let rest = Rest { named, yearly: record.repeats, reason: &record.reason };
    OrderFacts::of(room, &record.order, Some(since), rest)
}

/// What the operator may do with an order that stands there, a second factor and the approval of what others asked supposed.
fn acts(view: &View, has_failed: bool) -> Vec<Act> {
    let mut acts = Vec::new();
    if has_failed {
        acts.push(Act::Retry);
    }
    if view.request.is_some() {
        acts.extend([Act::Approve, Act::SendBack]);
    }
    match view.record.order.state {
        OrderState::InForce(_) => acts.extend([Act::Close, Act::Cancel]),
        OrderState::Draft
        | OrderState::AwaitingApproval
        | OrderState::Scheduled { .. }
        | OrderState::Closed { .. } => acts.push(Act::Cancel),
        OrderState::Cancelled { .. } => {}
    }
    acts.retain(|act| view.may.contains(&act.permission()));
    acts
}

/// What is to be said before it is lifted, of an order that keeps somebody out; it is counted in the background.
fn opens(room: &Room<'_>, view: &View) -> Option<Opens> {
    match view.record.order.state {
        OrderState::InForce(_) | OrderState::Closed { .. } if view.is_whole() => {
            let counted = view.progress.as_of.zip(view.progress.opened);
            let written = |at| room.language.date_and_time(&room.app.site.local(at));
            Some(Opens(counted.map(|(at, opened)| (opened, written(at)))))
        }
        _ => None,
    }
}
