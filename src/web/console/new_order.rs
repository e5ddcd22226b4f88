//! An order is written at the console: whom, how and when; what it would do; and the number of people, typed. What is not ready
//! yet is left as a draft, and taken up again.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use jiff::civil::DateTime;

use crate::domain::approval::Digest;
use crate::domain::jurisdiction::Permission;
use crate::domain::length;
use crate::domain::level::Level;
use crate::domain::profile::Profile;
use crate::domain::reset_order::OrderId;
use crate::domain::territory::TerritoryCode;
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::{Actor, Origin};
use crate::flows::console::{AtDesk, Visitor};
use crate::flows::once::Once;
use crate::flows::reset_order::draft::draft;
use crate::flows::reset_order::issue::{Proposal, issue};
use crate::flows::reset_order::preview::{Preview, preview};
use crate::flows::reset_order::read::{View, named_operators, view};
use crate::flows::reset_order::revise::{edit, revise};
use crate::flows::unavailable::Unavailable;
use crate::oidc::parameters::Parameters;
use crate::store::reset_order::OrderRecord;
use crate::web::answer::page;
use crate::web::api::once::once_of_order;
use crate::web::api::problem::{CODE_LIFETIME, Problem};
use crate::web::app::App;
use crate::web::console::factor::or_ask_again;
use crate::web::console::order_view::{CheckOrderPage, Foreseen, NewOrderPage, OrderFacts, Rest, Typed};
use crate::web::console::orders::ORDERS;
use crate::web::console::{Answer, Room, names, typed_number, visitor_may};
use crate::web::extract::form::{Form, Query};
use crate::web::extract::visit::Visit;
use crate::web::pages::view::Trouble;

/// Where a new one is written.
const NEW: &str = "/console/orders/new";

/// The address of the form, filled in for a place.
pub(super) fn address(room: &Room<'_>, place: &TerritoryCode) -> String {
    room.address(NEW, &[("place", place.as_str())])
}

/// GET `/console/orders/new`.
pub async fn show(State(app): State<App>, visit: Visit, query: Query) -> Response {
    let room = Room::new(&app, visit);
    let shown = async {
        let desk = room.operator().await?;
        if !visitor_may(&desk.visitor, Permission::IssueOrder) {
            return Ok(room.trouble(Trouble::NotFound));
        }
        let asked = query.0.ok().and_then(|query| TerritoryCode::parse(query.one("place").ok()??).ok());
        let place = asked.map(|place| place.to_string()).unwrap_or_default();
        let here = (!place.is_empty()).then_some(("place", place.as_str()));
        let spoken = [("ui_locales", room.language.other().tag())];
        let switch = room.address(NEW, &here.into_iter().chain(spoken).collect::<Vec<_>>());
        let typed = Typed { level: Level::Change.as_str().to_owned(), place, ..Typed::default() };
        form_page(&room, &desk.visitor, typed, Arrival::Shown(&switch)).await
    };
    room.end(shown.await)
}

/// POST `/console/orders/check`: what it would do.
pub async fn check(State(app): State<App>, visit: Visit, origin: Origin, form: Form) -> Response {
    let room = Room::of_form(&app, visit, &page_of(&form), &[]);
    room.end(checked(&room, origin, form).await)
}

/// POST `/console/orders/new`: it is to be otherwise, and nothing of what was typed is lost.
pub async fn change(State(app): State<App>, visit: Visit, form: Form) -> Response {
    let room = Room::of_form(&app, visit, &page_of(&form), &[]);
    let shown = async {
        let (desk, form) = room.posted(form).await?;
        form_page(&room, &desk.visitor, typed(&form), Arrival::Sent(None)).await
    };
    room.end(shown.await)
}

/// POST `/console/orders`: it is put forward.
pub async fn create(State(app): State<App>, visit: Visit, origin: Origin, form: Form) -> Response {
    let room = Room::of_form(&app, visit, &page_of(&form), &[]);
    room.end(created(&room, origin, form).await)
}

/// POST `/console/orders/draft`: it is left as it is, and binds nobody.
pub async fn leave(State(app): State<App>, visit: Visit, origin: Origin, form: Form) -> Response {
    let room = Room::of_form(&app, visit, &page_of(&form), &[]);
    room.end(left(&room, origin, form).await)
}

/// GET `/console/orders/{id}/edit`.
pub async fn take_up(
    State(app): State<App>,
    Path(id): Path<String>,
    visit: Visit,
    origin: Origin,
) -> Response {
    let room = Room::new(&app, visit);
    let shown = async {
        let desk = room.operator().await?;
        let seen = view(&app.ctx, &desk.actor(None, origin), &OrderId(id)).await?;
        match seen.filter(|view| view.is_whole() && view.record.order.state.force().is_none()) {
            Some(view) => {
                form_page(&room, &desk.visitor, written(&room, view).await?, Arrival::Shown(&room.switch()))
                    .await
            }
            None => Ok(room.trouble(Trouble::NotFound)),
        }
    };
    room.end(shown.await)
}

/// The page that a form was on: of a new order, or of one that was taken up.
fn page_of(form: &Form) -> String {
    let order = form.0.as_ref().ok().and_then(|form| form.one("order").ok()?);
    order.map_or_else(|| NEW.to_owned(), |id| format!("{ORDERS}/{id}/edit"))
}

async fn checked(room: &Room<'_>, origin: Origin, form: Form) -> Answer {
    let (desk, form) = room.posted(form).await?;
    let actor = desk.actor(field(&form, "reason"), origin);
    let proposal = match proposal(room, &form) {
        Ok(proposal) => proposal,
        Err(problem) => {
            return form_page(room, &desk.visitor, typed(&form), Arrival::Sent(Some(&problem))).await;
        }
    };
    if actor.reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) {
        let missing = Problem::from(crate::flows::reset_order::issue::ProposalError::ReasonMissing);
        return form_page(room, &desk.visitor, typed(&form), Arrival::Sent(Some(&missing))).await;
    }
    let key = URL_SAFE_NO_PAD.encode(room.app.ctx.random.bytes::<18>());
    check_page(room, &desk, &actor, &proposal, &form, (key, None)).await
}

async fn created(room: &Room<'_>, origin: Origin, form: Form) -> Answer {
    let (desk, form) = room.posted(form).await?;
    let actor = sender(&desk, origin, &form, "put forward");
    let proposal = match proposal(room, &form) {
        Ok(proposal) => proposal,
        Err(problem) => {
            return form_page(room, &desk.visitor, typed(&form), Arrival::Sent(Some(&problem))).await;
        }
    };
    // Nothing, or no number: as wrong as another number.
    let confirmed = Some(typed_number(&form, "confirmed").unwrap_or_default());
    match put_forward(room, &actor, &proposal, &form, confirmed).await? {
        Ok(record) => Ok(room.go(&format!("{ORDERS}/{}", record.order.id))),
        Err(problem) if problem.word() == "not-confirmed" => {
            let key = key(&form).unwrap_or_default();
            check_page(room, &desk, &actor, &proposal, &form, (key, Some(&problem))).await
        }
        Err(problem) => refused(room, &desk.visitor, &form, problem).await,
    }
}

/// A new order, or one that was a draft and says from now on what was typed.
async fn put_forward(
    room: &Room<'_>,
    actor: &Actor,
    proposal: &Proposal,
    form: &Parameters,
    confirmed: Option<u64>,
) -> Result<Result<OrderRecord, Problem>, Unavailable> {
    let ctx = &room.app.ctx;
    let Some(id) = field(form, "order").map(OrderId) else {
        return once_of_order(ctx, actor, issue(ctx, actor, proposal, confirmed)).await;
    };
    let seen = field(form, "digest").map(Digest);
    once_of_order(ctx, actor, revise(ctx, actor, &id, proposal, (confirmed, seen.as_ref()))).await
}

async fn left(room: &Room<'_>, origin: Origin, form: Form) -> Answer {
    let (desk, form) = room.posted(form).await?;
    let actor = sender(&desk, origin, &form, "leave");
    let ctx = &room.app.ctx;
    let seen = field(&form, "digest").map(Digest);
    let done = match (proposal(room, &form), field(&form, "order").map(OrderId)) {
        (Err(problem), _) => Err(problem),
        (Ok(proposal), None) => once_of_order(ctx, &actor, draft(ctx, &actor, &proposal)).await?,
        (Ok(proposal), Some(id)) => {
            once_of_order(ctx, &actor, edit(ctx, &actor, &id, &proposal, seen.as_ref())).await?
        }
    };
    match done {
        Ok(record) => Ok(room.go(&format!("{ORDERS}/{}", record.order.id))),
        Err(problem) => refused(room, &desk.visitor, &form, problem).await,
    }
}

/// The form once more, with what is wrong with it.
async fn refused(room: &Room<'_>, visitor: &Visitor, form: &Parameters, problem: Problem) -> Answer {
    let problem = or_ask_again(room, visitor, form, problem).await?;
    form_page(room, visitor, typed(form), Arrival::Sent(Some(&problem))).await
}

async fn check_page(
    room: &Room<'_>,
    desk: &AtDesk,
    actor: &Actor,
    proposal: &Proposal,
    form: &Parameters,
    (key, refused): (String, Option<&Problem>),
) -> Answer {
    let Preview { order, counts } =
        match preview(&room.app.ctx, actor, proposal).await?.map_err(Problem::from) {
            Ok(previewed) => previewed,
            Err(problem) => {
                return form_page(room, &desk.visitor, typed(form), Arrival::Sent(Some(&problem))).await;
            }
        };
    let place = names::place(room.app, &order.population.territory).await?;
    let fields = form.under("").filter(|(name, _)| is_kept(name));
    let reason = actor.reason.as_deref().unwrap_or_default();
    let rest = Rest { named: &counts.named, yearly: proposal.repeats, reason };
    let view = CheckOrderPage {
        frame: room.frame(None),
        desk: room.desk(&desk.visitor),
        place,
        says: OrderFacts::of(room, &order, proposal.at, rest),
        foreseen: Foreseen { counts },
        fields: fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        key,
        refused: refused.map(|problem| problem.told(room.language)),
    };
    Ok(page(refused.map_or(StatusCode::OK, Problem::code), &view, &[]))
}

/// How somebody comes to the form.
enum Arrival<'a> {
    /// By an address; where it is in the other language.
    Shown(&'a str),
    /// With what they sent, and what is wrong with it.
    Sent(Option<&'a Problem>),
}

async fn form_page(room: &Room<'_>, visitor: &Visitor, mut typed: Typed, arrival: Arrival<'_>) -> Answer {
    let (switch, refused) = match arrival {
        Arrival::Shown(switch) => (Some(switch), None),
        Arrival::Sent(refused) => (None, refused),
    };
    let places = names::choices(room.app, &visitor.roles, Permission::IssueOrder).await?;
    if typed.other.is_empty() && !places.iter().any(|place| place.code == typed.place) {
        typed.other.clone_from(&typed.place);
    }
    let view = NewOrderPage {
        frame: room.frame(switch),
        desk: room.desk(visitor),
        places,
        profiles: &Profile::ALL,
        typed,
        policy: &room.app.ctx.settings.policy,
        wrong_lifetime: refused.is_some_and(|problem| problem.word() == CODE_LIFETIME),
        refused: refused.map(|problem| problem.told(room.language)),
    };
    Ok(page(refused.map_or(StatusCode::OK, Problem::code), &view, &[]))
}

fn field(form: &Parameters, name: &'static str) -> Option<String> {
    form.one(name).ok().flatten().map(str::to_owned)
}

/// Whoever sends a form, once: the number that was typed is not what is asked for, and may be typed again.
fn sender(desk: &AtDesk, origin: Origin, form: &Parameters, act: &str) -> Actor {
    let asked: Vec<_> = form.under("").filter(|(name, _)| is_kept(name)).collect();
    let once = key(form).map(|key| Once::new(key, &(act, asked)));
    desk.actor(field(form, "reason"), Origin { once, ..origin })
}

/// Whether a field is of the order, and not of the sending of it.
fn is_kept(name: &str) -> bool {
    !matches!(name, "csrf" | "confirmed" | "key")
}

/// What makes a form that is sent twice one act; it was made with the form, and is never longer.
fn key(form: &Parameters) -> Option<String> {
    field(form, "key").filter(|key| key.len() <= 64)
}

fn typed(form: &Parameters) -> Typed {
    let text = |name| field(form, name).unwrap_or_default();
    Typed {
        order: text("order"),
        digest: text("digest"),
        place: text("place"),
        other: text("other"),
        profiles: form.under("profile.").map(|(profile, _)| profile.to_owned()).collect(),
        level: text("level"),
        never_activated: field(form, "never_activated").is_some(),
        changed_since: text("changed_since"),
        reset_by_school_since: text("reset_by_school_since"),
        operators: text("operators"),
        at: text("at"),
        deadline: text("deadline"),
        code_lifetime: text("code_lifetime"),
        yearly: field(form, "yearly").is_some(),
        reason: text("reason"),
    }
}

fn proposal(room: &Room<'_>, form: &Parameters) -> Result<Proposal, Problem> {
    let typed = typed(form);
    let place = if typed.other.trim().is_empty() { &typed.place } else { &typed.other };
    let territory = TerritoryCode::parse(place.trim());
    let unknown = |_| Problem::senseless("unknown-territory", "no such place".to_owned());
    let profiles = typed.profiles.iter().map(|profile| profile.parse());
    let profiles: Result<_, _> = profiles.collect();
    let invalid = |text: String| Problem::invalid(text);
    Ok(Proposal {
        territory: territory.map_err(unknown)?,
        profiles: profiles
            .map_err(|error: crate::domain::profile::UnknownProfile| invalid(error.to_string()))?,
        level: typed
            .level
            .parse()
            .map_err(|error: crate::domain::level::UnknownLevel| invalid(error.to_string()))?,
        never_activated: typed.never_activated,
        changed_since: instant(room, &typed.changed_since)?,
        reset_by_school_since: instant(room, &typed.reset_by_school_since)?,
        named_operators: logins(&typed.operators),
        at: instant(room, &typed.at)?,
        deadline: instant(room, &typed.deadline)?,
        code_lifetime: lifetime(&typed.code_lifetime)?,
        repeats: typed.yearly,
    })
}

fn logins(text: &str) -> Vec<String> {
    let words = text.split([' ', ',', ';', '\u{a0}']);
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// What an order says, as it goes back into the form.
async fn written(room: &Room<'_>, view: View) -> Result<Typed, Unavailable> {
    let (digest, record) = (view.shown(), view.record);
    let order = record.order;
    // To the second where it was given so: what is sent back as it is changes nothing.
    let local = |at: Timestamp| {
        let local = room.app.site.local(at).datetime();
        let format = if local.second() == 0 { "%Y-%m-%dT%H:%M" } else { "%Y-%m-%dT%H:%M:%S" };
        local.strftime(format).to_string()
    };
    let code = order.population.territory.code().map(|code| code.to_string()).unwrap_or_default();
    let operators = named_operators(&room.app.ctx, &order).await?;
    // An instant that has passed is now.
    let at = Some(record.scheduled_at).filter(|at| *at > room.app.ctx.clock.now());
    Ok(Typed {
        order: order.id.0,
        digest: digest.0,
        place: code,
        other: String::new(),
        profiles: order.population.profiles.iter().map(|it| it.as_str().to_owned()).collect(),
        level: order.level.as_str().to_owned(),
        never_activated: order.exclusions.never_activated,
        changed_since: order.exclusions.changed_since.map(local).unwrap_or_default(),
        reset_by_school_since: order.exclusions.reset_by_school_since.map(local).unwrap_or_default(),
        operators: operators.join(" "),
        at: at.map(local).unwrap_or_default(),
        deadline: order.deadline.map(local).unwrap_or_default(),
        code_lifetime: order.code_lifetime.map(|it| length::in_days(it).to_string()).unwrap_or_default(),
        yearly: record.repeats,
        reason: record.reason,
    })
}

/// A number of days; whether codes may live as long is asked with the rest.
fn lifetime(text: &str) -> Result<Option<Duration>, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let days = text.parse().map(length::days);
    days.map(Some)
        .map_err(|_| Problem::senseless(CODE_LIFETIME, format!("{text:?} is no whole number of days")))
}

/// A day and an hour in the deployment's zone, as browsers write them.
fn instant(room: &Room<'_>, text: &str) -> Result<Option<Timestamp>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let local = text.parse::<DateTime>().ok();
    let zone = room.app.site.zone.clone();
    let zoned = local.and_then(|local| zone.to_ambiguous_zoned(local).compatible().ok());
    let invalid = || Problem::senseless("instant", format!("{text:?} is no day and hour"));
    let zoned = zoned.ok_or_else(invalid)?;
    Ok(Some(Timestamp::from_micros(zoned.timestamp().as_microsecond())))
}
