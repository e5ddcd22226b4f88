//! An order that somebody wrote is changed before it binds: what is refused, or changes nothing, leaves it and its approval alone.

use std::time::Duration;

use ecluse::domain::approval::{Digest, Objection};
use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::domain::reset_order::{OrderId, OrderState};
use ecluse::domain::territory::TerritoryCode;
use ecluse::domain::timestamp::Timestamp;
use ecluse::flows::actor::Actor;
use ecluse::flows::once::Once;
use ecluse::flows::reset_order::approve::{approve, send_back};
use ecluse::flows::reset_order::cancel::{CancelError, cancel};
use ecluse::flows::reset_order::come_into_force::come_into_force;
use ecluse::flows::reset_order::draft::DraftError;
use ecluse::flows::reset_order::issue::{Proposal, ProposalError, issue};
use ecluse::flows::reset_order::read::view;
use ecluse::flows::reset_order::revise::{edit, revise};
use ecluse::store;
use ecluse::store::db::Statement;
use ecluse::store::reset_order::OrderRecord;
use reqwest::StatusCode;

use crate::browser::{Browser, Page};
use crate::console::enrolled;
use crate::provider::{Provider, Wish, proposal};
use crate::stop::Stop;

const EVERYBODY: u64 = 5;

/// Two of the rectorat, and orders over more than two people need both of them.
struct House {
    provider: Provider,
    stop: Stop,
    anne: Actor,
    bruno: Actor,
}

impl House {
    async fn open() -> Self {
        let stop = Stop::new();
        let settings = Wish::settings(|it| it.orders.approval_above = 2);
        let provider = Provider::start_with(Wish { steps: stop.steps(), ..settings }).await;
        let anne = provider.hire("anne", Role::Authority, "academie:13").await;
        let bruno = provider.hire("bruno", Role::Authority, "academie:13").await;
        Self { provider, stop, anne, bruno }
    }

    /// Everybody, from Saturday on.
    fn saturday(&self) -> Proposal {
        let at = Timestamp::from_seconds(self.provider.clock.now().micros() / 60_000_000 * 60 + 3 * 86_400);
        Proposal { at: Some(at), ..proposal("academie:13", Level::Change) }
    }

    /// An order over everybody, and whether a second person approved it.
    async fn order(&self, is_approved: bool) -> OrderId {
        let ctx = &self.provider.ctx;
        let id = issue(ctx, &self.anne, &self.saturday(), None).await.unwrap().unwrap().order.id;
        if is_approved {
            approve(ctx, &self.bruno, &id, None).await.unwrap().unwrap();
        }
        id
    }

    async fn record(&self, id: &OrderId) -> OrderRecord {
        store::reset_order::find(&self.provider.ctx.db, id).await.unwrap().unwrap()
    }

    /// All that is written of an order: its row, what was asked and approved, and how often it is in the audit log.
    async fn written(&self, id: &OrderId) -> Vec<String> {
        let mut written = Vec::new();
        for (sql, columns) in [
            (
                "SELECT state, level, path, profiles, exclusions, reason, author, scheduled_at, submitted_at, covered,
                     repeats, deadline, code_lifetime FROM reset_order WHERE id = $1",
                13,
            ),
            (
                "SELECT wish, digest, requested_by, requested_at, approved_by, ended_at FROM order_approval
                 WHERE order_id = $1 ORDER BY requested_at, id",
                6,
            ),
            ("SELECT act FROM audit WHERE object = 'order:' || $1 ORDER BY at, act", 1),
        ] {
            let names = sql.split("FROM").next().unwrap().trim_start_matches("SELECT").split(',');
            let names: Vec<_> = names.map(str::trim).collect();
            assert_eq!(names.len(), columns);
            for row in self.provider.ctx.db.all(Statement::new(sql, vec![id.0.as_str().into()])).await.unwrap() {
                let value = |name: &&str| {
                    row.opt_text(name_of(name)).map_or_else(|_| format!("{:?}", row.opt_int(name_of(name))), |it| format!("{it:?}"))
                };
                written.push(names.iter().map(value).collect::<Vec<_>>().join(" "));
            }
        }
        written
    }

    async fn desk(&self, login: &str) -> Browser {
        enrolled(&self.provider, login).await.0
    }
}

fn name_of(name: &str) -> &'static str {
    let known = [
        "state",
        "level",
        "path",
        "profiles",
        "exclusions",
        "reason",
        "author",
        "scheduled_at",
        "submitted_at",
        "covered",
        "repeats",
        "deadline",
        "code_lifetime",
        "wish",
        "digest",
        "requested_by",
        "requested_at",
        "approved_by",
        "ended_at",
        "act",
    ];
    known.into_iter().find(|it| *it == name).unwrap()
}

/// What stands in the visible fields of the form of an order, as a browser would send it.
pub(crate) fn filled(page: &Page) -> Vec<(String, String)> {
    let form =
        page.body.split("action=\"/console/orders/check").nth(1).unwrap_or_else(|| panic!("{}", page.body));
    let form = form.split("</form>").next().unwrap();
    let attribute = |tag: &str, name: &str| {
        let rest = tag.split(&format!(" {name}=\"")).nth(1)?;
        Some(rest.split('"').next().unwrap().to_owned())
    };
    let mut fields = Vec::new();
    for tag in form.split("<input").skip(1).map(|rest| rest.split('>').next().unwrap()) {
        let kind = attribute(tag, "type").unwrap();
        let ticked = matches!(kind.as_str(), "checkbox" | "radio");
        if kind == "hidden" || ticked && !tag.contains(" checked") {
            continue;
        }
        fields.push((attribute(tag, "name").unwrap(), attribute(tag, "value").unwrap_or_default()));
    }
    let place = form.split("<option").find(|option| option.contains(" selected"));
    fields.extend(place.map(|option| ("place".to_owned(), attribute(option, "value").unwrap())));
    fields
}

/// The page that asks for the number, of an order that was taken up; with these fields typed over.
async fn check(browser: &Browser, id: &OrderId, over: &[(&str, &str)]) -> Page {
    let form = browser.go(&format!("/console/orders/{id}/edit")).await;
    let mut fields = filled(&form);
    fields.retain(|(name, _)| !over.iter().any(|(typed, _)| typed == name));
    fields.extend(over.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let page = browser.submit(&form, "/console/orders/check", &fields).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    page
}

#[tokio::test]
async fn a_mistyped_number_leaves_an_order_as_it_stands() {
    for is_approved in [false, true] {
        let house = House::open().await;
        let id = house.order(is_approved).await;
        let before = house.written(&id).await;
        let anne = house.desk("anne").await;
        for over in [&[][..], &[("level", "recover")], &[("reason", "another")]] {
            let page = check(&anne, &id, over).await;
            for typed in ["4", "", "cinq"] {
                let wrong = anne.submit(&page, "/console/orders", &[("confirmed", typed)]).await;
                assert_eq!(wrong.status, StatusCode::CONFLICT, "{over:?} {typed} {}", wrong.body);
                assert_eq!(house.written(&id).await, before, "{over:?} {typed}");
            }
        }
        // The number of what it would be, and not of what it was.
        let page = check(&anne, &id, &[("other", "uai:0860001J")]).await;
        let wrong = anne.submit(&page, "/console/orders", &[("confirmed", "5")]).await;
        assert_eq!((wrong.status, house.written(&id).await), (StatusCode::CONFLICT, before));
        let done = anne.submit(&wrong, "/console/orders", &[("confirmed", "3")]).await;
        assert!(done.body.contains("Attend une approbation"), "{}", done.body);
        let waits = house.record(&id).await;
        assert_eq!((waits.covered, waits.order.state), (Some(3), OrderState::AwaitingApproval));
        assert_eq!(waits.scheduled_at, house.saturday().at.unwrap());
    }
}

#[tokio::test]
async fn what_changes_nothing_leaves_the_approval() {
    for is_approved in [false, true] {
        let house = House::open().await;
        let id = house.order(is_approved).await;
        let before = house.written(&id).await;
        let anne = house.desk("anne").await;
        let page = check(&anne, &id, &[]).await;
        let done = anne.submit(&page, "/console/orders", &[("confirmed", "5")]).await;
        assert_eq!((done.status, house.written(&id).await), (StatusCode::OK, before.clone()));
        let (_, fields) = page.form("/console/orders").unwrap();
        let left = anne.post("/console/orders/draft", &fields).await;
        assert!(left.location().is_none(), "the key was for another act: {}", left.body);
        let page = check(&anne, &id, &[]).await;
        let (_, fields) = page.form("/console/orders").unwrap();
        let left = anne.post("/console/orders/draft", &fields).await;
        assert!(left.location().is_some(), "{}", left.body);
        assert_eq!(house.written(&id).await, before);
        // Something else is a draft again, as was asked for.
        let page = check(&anne, &id, &[("level", "recover")]).await;
        let (_, fields) = page.form("/console/orders").unwrap();
        anne.post("/console/orders/draft", &fields).await;
        assert_eq!(house.record(&id).await.order.state, OrderState::Draft);
    }
}

#[tokio::test]
async fn a_form_that_is_sent_again_asks_nobody_anew() {
    for is_approved in [false, true] {
        let house = House::open().await;
        let id = house.order(is_approved).await;
        let anne = house.desk("anne").await;
        let page = check(&anne, &id, &[("level", "recover")]).await;
        let sent = [("confirmed", "5")];
        let done = anne.submit(&page, "/console/orders", &sent).await;
        assert!(done.body.contains("Attend une approbation"), "{}", done.body);
        let waits = house.written(&id).await;
        let again = anne.submit(&page, "/console/orders", &sent).await;
        assert_eq!((again.status, house.written(&id).await), (StatusCode::OK, waits));
        approve(&house.provider.ctx, &house.bruno, &id, None).await.unwrap().unwrap();
        let approved = house.written(&id).await;
        let again = anne.submit(&page, "/console/orders", &sent).await;
        assert_eq!((again.status, house.written(&id).await), (StatusCode::OK, approved));
    }
}

#[tokio::test]
async fn whoever_began_with_what_somebody_else_changed_is_told_so() {
    let house = House::open().await;
    let ctx = &house.provider.ctx;
    let id = house.order(true).await;
    let anne = house.desk("anne").await;
    let page = check(&anne, &id, &[("reason", "another")]).await;
    let stricter = Proposal { level: Level::Recover, ..house.saturday() };
    revise(ctx, &house.bruno, &id, &stricter, (Some(EVERYBODY), None)).await.unwrap().unwrap();
    let before = house.written(&id).await;
    let refused = anne.submit(&page, "/console/orders", &[("confirmed", "5")]).await;
    assert!(refused.body.contains("L’ordre a changé"), "{}", refused.body);
    assert_eq!((refused.status, house.written(&id).await), (StatusCode::CONFLICT, before.clone()));
    // The same between reading and writing.
    let anne = house.provider.as_operator("anne").await;
    let seen = view(ctx, &anne, &id).await.unwrap().unwrap().shown();
    let gentler = proposal("academie:13", Level::Change);
    let late = revise(ctx, &anne, &id, &gentler, (None, Some(&seen)));
    let school = Proposal { territory: TerritoryCode::parse("uai:0860001J").unwrap(), ..house.saturday() };
    let meanwhile = revise(ctx, &house.bruno, &id, &school, (None, None));
    let (late, early) = house.stop.before_batch(late, meanwhile).await;
    early.unwrap().unwrap();
    assert_eq!(late.unwrap().map(drop), Err(DraftError::Changed));
    assert_eq!(house.record(&id).await.covered, Some(3));
}

#[tokio::test]
async fn what_was_shown_of_one_request_answers_no_later_one() {
    let house = House::open().await;
    let ctx = &house.provider.ctx;
    // Another reason, and a request by somebody else: the order's people are the same.
    let id = house.order(false).await;
    let seen = view(ctx, &house.bruno, &id).await.unwrap().unwrap().shown();
    house.provider.clock.advance(Duration::from_secs(1));
    let anne = Actor { reason: Some("another".to_owned()), ..house.anne.clone() };
    revise(ctx, &anne, &id, &house.saturday(), (None, None)).await.unwrap().unwrap();
    let stale = approve(ctx, &house.bruno, &id, Some(&seen)).await.unwrap();
    assert_eq!(stale.map(drop), Err(Objection::Changed.into()));
    // The leave to begin is none to be lifted.
    let stricter = Proposal { level: Level::Recover, ..house.saturday() };
    revise(ctx, &anne, &id, &stricter, (None, None)).await.unwrap().unwrap();
    let seen = view(ctx, &house.bruno, &id).await.unwrap().unwrap().shown();
    approve(ctx, &house.bruno, &id, Some(&seen)).await.unwrap().unwrap();
    house.provider.clock.advance(Duration::from_hours(7 * 24));
    come_into_force(ctx).await.unwrap();
    let (anne, bruno) = (house.provider.as_operator("anne").await, house.provider.as_operator("bruno").await);
    cancel(ctx, &anne, &id).await.unwrap().unwrap();
    let stale = approve(ctx, &bruno, &id, Some(&seen)).await.unwrap();
    assert_eq!(stale.map(drop), Err(Objection::Changed.into()));
    assert_eq!(house.record(&id).await.order.state.as_str(), "in_force");
    let seen = view(ctx, &bruno, &id).await.unwrap().unwrap().shown();
    approve(ctx, &bruno, &id, Some(&seen)).await.unwrap().unwrap();
}

#[tokio::test]
async fn of_an_approval_and_a_change_at_once_the_approval_is_of_what_was_read() {
    let house = House::open().await;
    let ctx = &house.provider.ctx;
    let stricter = Proposal { level: Level::Recover, ..house.saturday() };
    // The change first: what was read is there no more.
    let id = house.order(false).await;
    let seen = view(ctx, &house.bruno, &id).await.unwrap().unwrap().shown();
    let approving = approve(ctx, &house.bruno, &id, Some(&seen));
    let changing = revise(ctx, &house.anne, &id, &stricter, (None, None));
    let (approved, changed) = house.stop.before_batch(approving, changing).await;
    assert_eq!(approved.unwrap().map(drop), Err(Objection::Changed.into()));
    assert_eq!(changed.unwrap().unwrap().order.state, OrderState::AwaitingApproval);
    // The approval first: it was of something else.
    let id = house.order(false).await;
    let changing = revise(ctx, &house.anne, &id, &stricter, (None, None));
    let approving = approve(ctx, &house.bruno, &id, None);
    let (changed, approved) = house.stop.before_batch(changing, approving).await;
    assert!(matches!(approved.unwrap().unwrap().order.state, OrderState::Scheduled { .. }));
    assert_eq!(changed.unwrap().unwrap().order.state, OrderState::AwaitingApproval);
    let record = house.record(&id).await;
    assert_eq!((record.order.state, record.order.level), (OrderState::AwaitingApproval, Level::Recover));
    // What says the same leaves the approval that came between.
    let id = house.order(false).await;
    let (saturday, anne) = (house.saturday(), keyed(&house.anne));
    let changing = revise(ctx, &anne, &id, &saturday, (None, None));
    let approving = approve(ctx, &house.bruno, &id, None);
    let (changed, _) = house.stop.before_batch(changing, approving).await;
    changed.unwrap().unwrap();
    assert!(matches!(house.record(&id).await.order.state, OrderState::Scheduled { .. }));
}

fn keyed(actor: &Actor) -> Actor {
    let mut actor = actor.clone();
    actor.origin.once = Some(Once::new("samedi".to_owned(), &"what is asked"));
    actor
}

#[tokio::test]
async fn what_binds_or_was_lifted_is_changed_no_more() {
    let house = House::open().await;
    let ctx = &house.provider.ctx;
    let is_wrong = |refused: Result<OrderRecord, DraftError>| {
        matches!(refused, Err(DraftError::Order(CancelError::WrongState(_))))
    };
    let stricter = Proposal { level: Level::Recover, ..proposal("academie:13", Level::Recover) };
    let lifted = house.order(true).await;
    cancel(ctx, &house.anne, &lifted).await.unwrap().unwrap();
    for id in [house.order(true).await, lifted] {
        let (is_lifted, at) = match house.record(&id).await.order.state {
            OrderState::Scheduled { at } => (false, at),
            _ => (true, house.provider.clock.now()),
        };
        if !is_lifted {
            // It falls due between reading and writing; by then the factor is too old, and the order in force.
            let clock = &house.provider.clock;
            let meanwhile = async { clock.advance(at.since(clock.now())) };
            let changing = edit(ctx, &house.anne, &id, &stricter, None);
            let (changed, ()) = house.stop.before_batch(changing, meanwhile).await;
            assert!(changed.unwrap().is_err());
        }
        let anne = house.provider.as_operator("anne").await;
        let before = house.written(&id).await;
        assert!(is_wrong(revise(ctx, &anne, &id, &stricter, (None, None)).await.unwrap()));
        assert!(is_wrong(edit(ctx, &anne, &id, &stricter, None).await.unwrap()));
        assert_eq!(house.written(&id).await, before);
        let state = house.record(&id).await.order.state;
        assert_eq!(matches!(state, OrderState::InForce(_)), !is_lifted, "{state:?}");
    }
}

#[tokio::test]
async fn what_is_put_forward_anew_is_counted_once() {
    let house = House::open().await;
    let ctx = &house.provider.ctx;
    let class = |at| Proposal { at: Some(at), ..proposal("class:0860001J/6A", Level::Change) };
    let at = house.saturday().at.unwrap();
    let id = issue(ctx, &house.anne, &class(at), None).await.unwrap().unwrap().order.id;
    let covered = house.record(&id).await.covered.unwrap();
    assert!(covered <= 2 && 2 * covered > 2, "one person is enough for one such order: {covered}");
    let later = at.plus(Duration::from_hours(1));
    let moved = revise(ctx, &house.anne, &id, &class(later), (Some(covered), None)).await.unwrap().unwrap();
    assert_eq!(moved.order.state, OrderState::Scheduled { at: later });
    // Another one of the same day counts with it.
    let other = proposal("class:0169001X/5B", Level::Change);
    let other = issue(ctx, &house.anne, &other, None).await.unwrap().unwrap();
    assert_eq!(other.order.state, OrderState::AwaitingApproval);
    // What was sent back and says the same is put forward again.
    send_back(ctx, &house.bruno, &other.order.id).await.unwrap().unwrap();
    let again = proposal("class:0169001X/5B", Level::Change);
    let wrong = revise(ctx, &house.anne, &other.order.id, &again, (Some(9), None)).await.unwrap();
    assert!(matches!(wrong, Err(DraftError::Proposal(ProposalError::NotConfirmed { .. }))));
    assert_eq!(house.record(&other.order.id).await.order.state, OrderState::Draft);
    let seen = Digest("of something else".to_owned());
    let stale = revise(ctx, &house.anne, &other.order.id, &again, (None, Some(&seen))).await.unwrap();
    assert_eq!(stale.map(drop), Err(DraftError::Changed));
    revise(ctx, &house.anne, &other.order.id, &again, (None, None)).await.unwrap().unwrap();
    assert_eq!(house.record(&other.order.id).await.order.state, OrderState::AwaitingApproval);
}
