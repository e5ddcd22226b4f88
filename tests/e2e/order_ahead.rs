//! Between the day on which an order is let go and the instant at which it begins, and from one year to the next.

use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::domain::reset_order::{OrderId, OrderState};
use ecluse::domain::timestamp::Timestamp;
use ecluse::flows::actor::Actor;
use ecluse::flows::notices::MailSettings;
use ecluse::flows::reset_order::approve::approve;
use ecluse::flows::reset_order::cancel::cancel;
use ecluse::flows::reset_order::come_into_force::come_into_force;
use ecluse::flows::reset_order::draft::draft;
use ecluse::flows::reset_order::issue::{Proposal, issue};
use ecluse::flows::reset_order::look_ahead::look_ahead;
use ecluse::flows::reset_order::revise::{revise, submit};
use ecluse::flows::step::Step;
use ecluse::flows::tidy::tidy;
use ecluse::store;
use ecluse::store::db::{Batch, Statement};
use ecluse::store::reset_order::OrderRecord;

use crate::console::enrolled;
use crate::notices::number;
use crate::provider::{Provider, Wish, operator, proposal};
use crate::stop::Stop;

const DAY: Duration = Duration::from_hours(24);
const YEAR: Duration = Duration::from_hours(52 * 7 * 24);

struct House {
    provider: Provider,
    stop: Stop,
}

impl House {
    async fn open() -> Self {
        Self::above(Wish::settings(|it| it.orders.approval_above = 3)).await
    }

    async fn above(settings: Wish) -> Self {
        let stop = Stop::new();
        let provider = Provider::start_with(Wish { steps: stop.steps(), ..settings }).await;
        for login in ["anne", "bruno"] {
            provider.hire(login, Role::Authority, "academie:13").await;
        }
        Self { provider, stop }
    }

    async fn by(&self, login: &str) -> Actor {
        self.provider.as_operator(login).await
    }

    fn at(&self, place: &str) -> Proposal {
        Proposal { at: Some(self.provider.clock.now().plus(4 * DAY)), ..proposal(place, Level::Change) }
    }

    /// Lets it go: approved where that takes two.
    async fn let_go(&self, proposal: &Proposal) -> OrderId {
        let ctx = &self.provider.ctx;
        let order = issue(ctx, &self.by("anne").await, proposal, None).await.unwrap().unwrap().order;
        if order.state == OrderState::AwaitingApproval {
            approve(ctx, &self.by("bruno").await, &order.id, None).await.unwrap().unwrap();
        }
        order.id
    }

    async fn record(&self, id: &OrderId) -> OrderRecord {
        store::reset_order::find(&self.provider.ctx.db, id).await.unwrap().unwrap()
    }

    async fn state(&self, id: &OrderId) -> &'static str {
        self.record(id).await.order.state.as_str()
    }

    async fn others(&self, id: &OrderId) -> Vec<OrderRecord> {
        let mut all = store::reset_order::list(&self.provider.ctx.db).await.unwrap();
        all.retain(|record| record.order.id != *id);
        all
    }

    /// Somebody arrives at the first school.
    async fn arrives(&self) {
        self.arrives_at("uai:0860001J").await;
    }

    async fn arrives_at(&self, place: &str) {
        self.provider.hire("claude", Role::Helpdesk, place).await;
        let sql = "INSERT INTO affiliation (account_id, path, profile, began)
             SELECT 'claude', path, 'National_ACA', 0 FROM territory WHERE code = $1";
        let end = "UPDATE operator_role SET ended = 0 WHERE account_id = 'claude'";
        let both = vec![Statement::new(sql, vec![place.into()]), Statement::new(end, Vec::new())];
        self.provider.ctx.db.run(Batch::plain(both)).await.unwrap();
    }
}

#[tokio::test]
async fn an_order_that_became_another_one_is_a_draft_again_before_it_begins() {
    for (place, alone) in [("academie:13", false), ("uai:0860001J", true)] {
        let house = House::above(Wish::settings(|it| {
            it.orders.approval_above = 3;
            it.mail = Some(MailSettings { timeout: Duration::from_mins(1), concurrency: 2 });
        }))
        .await;
        let ctx = &house.provider.ctx;
        let addresses = "UPDATE account SET email = login || '@ac.example'";
        ctx.db.run(Batch::plain(vec![Statement::new(addresses, Vec::new())])).await.unwrap();
        let id = house.let_go(&house.at(place)).await;
        assert_eq!(house.record(&id).await.covered, Some(if alone { 3 } else { 5 }));
        house.arrives().await;
        tidy(ctx).await.unwrap();
        assert_eq!(house.state(&id).await, "scheduled", "days before nobody looks");
        house.provider.clock.advance(3 * DAY + Duration::from_hours(1));
        tidy(ctx).await.unwrap();
        assert_eq!(house.state(&id).await, "draft", "{place}");
        let line = "SELECT COUNT(*) FROM audit WHERE act = 'order.send_back' AND actor = 'system'
             AND (reason LIKE '5 people%6%' OR reason LIKE '3 people%4%')";
        assert_eq!(number(&house.provider, line).await, 1);
        let told =
            "SELECT COUNT(*) FROM notice WHERE kind = 'order_returned' AND account_id IN ('anne', 'bruno')";
        assert_eq!(
            number(&house.provider, told).await,
            if alone { 1 } else { 2 },
            "whoever put it forward or approved it"
        );
        house.provider.clock.advance(DAY);
        come_into_force(ctx).await.unwrap();
        assert_eq!(house.state(&id).await, "draft");
        // Whoever may put it forward finds it on the first page, and nobody else does.
        let (anne, ..) = enrolled(&house.provider, "anne").await;
        let home = anne.go("/console").await;
        assert!(home.body.contains("id=\"drafts\"") && home.body.contains(&id.0), "{}", home.body);
        house.provider.hire("principale", Role::SchoolAdmin, "uai:0169001X").await;
        let (school, ..) = enrolled(&house.provider, "principale").await;
        assert!(!school.go("/console").await.body.contains(&id.0));
        submit(ctx, &house.by("anne").await, &id, (None, None)).await.unwrap().unwrap();
        assert!(!anne.go("/console").await.body.contains("id=\"drafts\""));
    }
}

#[tokio::test]
async fn what_whoever_broke_the_glass_approved_is_not_taken_back() {
    let house = House::open().await;
    let ctx = &house.provider.ctx;
    let order =
        issue(ctx, &house.by("anne").await, &house.at("academie:13"), None).await.unwrap().unwrap().order;
    approve(ctx, &operator().breaking_glass(), &order.id, None).await.unwrap().unwrap();
    house.arrives().await;
    house.provider.clock.advance(3 * DAY + Duration::from_hours(1));
    look_ahead(ctx).await.unwrap();
    assert_eq!(house.state(&order.id).await, "scheduled");
}

#[tokio::test]
async fn orders_of_one_author_do_not_grow_past_the_number_one_by_one() {
    let house = House::above(Wish::settings(|it| it.orders.approval_above = 5)).await;
    let ctx = &house.provider.ctx;
    let first = house.let_go(&house.at("class:0860001J/6A")).await;
    let second = house.let_go(&house.at("class:0169001X/5B")).await;
    assert_eq!((house.state(&first).await, house.state(&second).await), ("scheduled", "scheduled"));
    house.provider.clock.advance(3 * DAY + Duration::from_hours(1));
    house.arrives_at("class:0860001J/6A").await;
    look_ahead(ctx).await.unwrap();
    assert_eq!((house.state(&first).await, house.record(&first).await.covered), ("scheduled", Some(3)));
    house.arrives_at("class:0169001X/5B").await;
    house.provider.clock.advance(Duration::from_hours(12));
    look_ahead(ctx).await.unwrap();
    assert_eq!((house.state(&first).await, house.state(&second).await), ("scheduled", "draft"));
}

#[tokio::test]
async fn an_order_that_is_the_same_begins_by_the_clock_whoever_looks() {
    let house = House::open().await;
    let ctx = &house.provider.ctx;
    let same = house.let_go(&house.at("academie:13")).await;
    house.provider.clock.advance(3 * DAY + Duration::from_hours(1));
    look_ahead(ctx).await.unwrap();
    assert_eq!(house.state(&same).await, "scheduled");
    // The next look is some hours later; where it never comes, the clock decides.
    house.arrives().await;
    look_ahead(ctx).await.unwrap();
    assert_eq!(house.state(&same).await, "scheduled");
    house.provider.clock.advance(DAY);
    look_ahead(ctx).await.unwrap();
    come_into_force(ctx).await.unwrap();
    assert_eq!(house.state(&same).await, "in_force");
}

#[tokio::test]
async fn what_falls_due_while_its_people_are_counted_binds() {
    let house = House::open().await;
    let ctx = &house.provider.ctx;
    let at = house.provider.clock.now().plus(Duration::from_mins(2));
    let id = house.let_go(&Proposal { at: Some(at), ..proposal("academie:13", Level::Change) }).await;
    house.arrives().await;
    let clock = &house.provider.clock;
    let late = async { clock.advance(Duration::from_mins(3)) };
    let (looked, ()) = house.stop.between(Step::OrderDecided, look_ahead(ctx), late).await;
    looked.unwrap();
    assert_eq!(house.state(&id).await, "scheduled");
    come_into_force(ctx).await.unwrap();
    assert_eq!(house.state(&id).await, "in_force");
}

#[tokio::test]
async fn a_yearly_order_leaves_one_draft_with_every_date_a_year_later() {
    let house = House::open().await;
    let ctx = &house.provider.ctx;
    let now = house.provider.clock.now();
    let ago = |days: u32| Some(now.minus(days * DAY));
    let yearly = Proposal {
        repeats: true,
        changed_since: ago(20),
        reset_by_school_since: ago(10),
        deadline: Some(now.plus(30 * DAY)),
        code_lifetime: Some(21 * DAY),
        ..house.at("academie:13")
    };
    let id = house.let_go(&yearly).await;
    assert!(house.others(&id).await.is_empty(), "it has not begun");
    // Put forward anew before it begins, it is still one order.
    let later = Proposal { at: yearly.at.map(|at| at.plus(DAY)), ..yearly.clone() };
    revise(ctx, &house.by("anne").await, &id, &later, (None, None)).await.unwrap().unwrap();
    approve(ctx, &house.by("bruno").await, &id, None).await.unwrap().unwrap();
    assert!(house.others(&id).await.is_empty());
    house.provider.clock.advance(6 * DAY);
    for _ in 0..2 {
        come_into_force(ctx).await.unwrap();
    }
    assert_eq!(house.state(&id).await, "in_force");
    let next = house.others(&id).await;
    assert_eq!(next.len(), 1);
    let (next, year) = (&next[0], |at: Option<Timestamp>| at.map(|at| at.plus(YEAR)));
    assert_eq!(next.order.state, OrderState::Draft);
    assert_eq!(Some(next.scheduled_at), year(later.at));
    assert_eq!(next.order.deadline, year(yearly.deadline));
    assert_eq!(next.order.code_lifetime, yearly.code_lifetime);
    assert_eq!(next.order.codes_expire_at, next.scheduled_at.plus(21 * DAY));
    assert_eq!(next.order.exclusions.changed_since, year(yearly.changed_since));
    assert_eq!(next.order.exclusions.reset_by_school_since, year(yearly.reset_by_school_since));
    // It is on the first page when the year has gone round, and not before.
    let (anne, ..) = enrolled(&house.provider, "anne").await;
    let home = anne.go("/console").await;
    assert!(!home.body.contains(&next.order.id.0), "{}", home.body);
    house.provider.clock.advance(DAY * (52 * 7 - 40));
    let (anne, ..) = enrolled(&house.provider, "bruno").await;
    let home = anne.go("/console").await;
    assert!(home.body.contains(&next.order.id.0) && home.body.contains("ordre annuel"), "{}", home.body);
    // One that is lifted before it begins leaves none.
    let id = house.let_go(&Proposal { repeats: true, ..house.at("class:0169001X/5B") }).await;
    cancel(ctx, &house.by("anne").await, &id).await.unwrap().unwrap();
    assert_eq!(house.others(&id).await.len(), 2);
}

#[tokio::test]
async fn the_codes_of_a_draft_that_lay_for_long_live_from_when_it_is_let_go() {
    let house = House::open().await;
    let ctx = &house.provider.ctx;
    let class = proposal("class:0860001J/6A", Level::Recover);
    let id = draft(ctx, &house.by("anne").await, &class).await.unwrap().unwrap().order.id;
    house.provider.clock.advance(ctx.settings.policy.code_lifetime + DAY);
    tidy(ctx).await.unwrap();
    submit(ctx, &house.by("anne").await, &id, (None, None)).await.unwrap().unwrap();
    assert_eq!(house.state(&id).await, "in_force");
    assert_eq!(house.provider.slip_at("class:0860001J/6A", "zoe").await.replace('-', "").len(), 12);
    // They die at their own time.
    house.provider.clock.advance(ctx.settings.policy.code_lifetime + DAY);
    tidy(ctx).await.unwrap();
    let key = store::reset_order::sealed_code_key(&ctx.db, &id).await.unwrap();
    assert_eq!(key, None);
}
