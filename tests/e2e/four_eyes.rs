//! Above a number of people an order needs two persons, and none of the ways around it is one.

use std::time::Duration;

use ecluse::domain::approval::{Digest, Objection};
use ecluse::domain::audit_chain::Question;
use ecluse::domain::jurisdiction::Refusal;
use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::domain::reset_order::{OrderId, OrderState};
use ecluse::domain::territory::TerritoryCode;
use ecluse::flows::account::force_change::force_change;
use ecluse::flows::account::grant_role::grant_role;
use ecluse::flows::account::new_code::new_code;
use ecluse::flows::actor::Actor;
use ecluse::flows::audit::read::list;
use ecluse::flows::reset_order::approve::{ApproveError, approve, send_back};
use ecluse::flows::reset_order::cancel::{CancelError, cancel};
use ecluse::flows::reset_order::come_into_force::come_into_force;
use ecluse::flows::reset_order::draft::{DraftError, draft};
use ecluse::flows::reset_order::help::NobodyLeft;
use ecluse::flows::reset_order::issue::{Proposal, ProposalError, issue};
use ecluse::flows::reset_order::revise::{edit, submit};
use ecluse::flows::step::Step;
use ecluse::store;
use ecluse::store::db::{Batch, Statement};
use ecluse::store::reset_order::OrderRecord;
use reqwest::StatusCode;

use crate::browser::Browser;
use crate::provider::{FIRST_PASSWORD, Provider, Wish, operator, proposal};
use crate::sign_in::activate;
use crate::stop::Stop;

/// Two of the rectorat, and orders over more than two people need both of them.
pub(crate) struct House {
    pub(crate) provider: Provider,
    pub(crate) anne: Actor,
    pub(crate) bruno: Actor,
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::with(Wish::default()).await
    }

    pub(crate) async fn with(wish: Wish) -> Self {
        let provider =
            Provider::start_with(Wish { settings: Box::new(|it| it.orders.approval_above = 2), ..wish })
                .await;
        let anne = provider.hire("anne", Role::Authority, "academie:13").await;
        let bruno = provider.hire("bruno", Role::Authority, "academie:13").await;
        Self { provider, anne, bruno }
    }

    /// Anne signs in and issues it.
    pub(crate) async fn issue(&self, proposal: &Proposal) -> Result<OrderRecord, ProposalError> {
        let anne = self.provider.as_operator("anne").await;
        issue(&self.provider.ctx, &anne, proposal, None).await.unwrap()
    }

    /// An order over everybody that waits for the second person.
    async fn waits(&self, level: Level) -> OrderId {
        let record = self.issue(&proposal("academie:13", level)).await.unwrap();
        assert_eq!(record.order.state, OrderState::AwaitingApproval);
        record.order.id
    }

    pub(crate) async fn approve(&self, actor: &Actor, id: &OrderId) -> Result<OrderState, ApproveError> {
        approve(&self.provider.ctx, actor, id, None).await.unwrap().map(|record| record.order.state)
    }

    async fn state(&self, id: &OrderId) -> OrderState {
        store::reset_order::find(&self.provider.ctx.db, id).await.unwrap().unwrap().order.state
    }

    /// Somebody is one of the people of a place, so that an order over it may cover them.
    async fn write(&self, sql: &'static str) {
        self.provider.ctx.db.run(Batch::plain(vec![Statement::new(sql, Vec::new())])).await.unwrap();
    }

    /// Whether the password opens a session.
    async fn signs_in(&self, login: &str) -> bool {
        let browser = Browser::new(&self.provider.issuer);
        browser.sign_in(&browser.go("/login").await, login, FIRST_PASSWORD).await;
        browser.get("/account/password").await.status == StatusCode::OK
    }
}

const EVERYBODY: u64 = 5;

#[tokio::test]
async fn nothing_closes_before_the_second_person_has_approved() {
    let house = House::open().await;
    activate(&house.provider, "zoe").await;
    let id = house.waits(Level::Recover).await;
    assert!(house.signs_in("zoe").await, "nobody has approved yet");
    assert_eq!(house.approve(&house.anne, &id).await, Err(Objection::OwnWish.into()));
    assert_eq!(house.approve(&operator(), &id).await, Err(Objection::Local.into()));
    let principal = house.provider.hire("principal", Role::SchoolAdmin, "uai:0860001J").await;
    assert_eq!(house.approve(&principal, &id).await, Err(ApproveError::Unknown(id.clone())));
    let auditor = house.provider.hire("audit", Role::Auditor, "academie:13").await;
    assert_eq!(house.approve(&auditor, &id).await, Err(Refusal::NotOfRole.into()));
    assert!(house.signs_in("zoe").await);
    assert!(matches!(house.approve(&house.bruno, &id).await, Ok(OrderState::InForce(_))));
    assert!(!house.signs_in("zoe").await);
    assert_eq!(house.approve(&house.bruno, &id).await, Err(ApproveError::NotAsked(id)), "once");
}

#[tokio::test]
async fn an_authors_orders_of_a_day_count_together() {
    let house = House::open().await;
    let class = |code| proposal(code, Level::Change);
    let state = |record: Result<OrderRecord, ProposalError>| record.unwrap().order.state;
    assert!(matches!(state(house.issue(&class("class:0860001J/6A")).await), OrderState::InForce(_)));
    let second = house.issue(&class("class:0169001X/5B")).await;
    assert_eq!(state(second), OrderState::AwaitingApproval, "two and two are more than two");
    let other = issue(&house.provider.ctx, &house.bruno, &class("class:0169001X/5B"), None).await.unwrap();
    assert!(matches!(state(other), OrderState::InForce(_)), "somebody else's first");
    house.provider.clock.advance(Duration::from_hours(24) + Duration::from_micros(1));
    let (anne, ctx) = (house.provider.as_operator("anne").await, &house.provider.ctx);
    let next_day = issue(ctx, &anne, &class("class:0169001X/5B"), None).await.unwrap();
    assert!(matches!(state(next_day), OrderState::InForce(_)));
}

#[tokio::test]
async fn orders_of_many_days_for_one_instant_count_together() {
    let house = House::open().await;
    let instant = house.provider.clock.now().plus(Duration::from_hours(30 * 24));
    let at = |code| Proposal { at: Some(instant), ..proposal(code, Level::Change) };
    let first = house.issue(&at("class:0860001J/6A")).await.unwrap();
    assert!(matches!(first.order.state, OrderState::Scheduled { .. }));
    house.provider.clock.advance(Duration::from_hours(25));
    let (anne, ctx) = (house.provider.as_operator("anne").await, &house.provider.ctx);
    let second = issue(ctx, &anne, &at("class:0169001X/5B"), None).await.unwrap().unwrap();
    assert_eq!(second.order.state, OrderState::AwaitingApproval, "both begin at once");
    for id in [&second.order.id, &first.order.id] {
        cancel(ctx, &anne, id).await.unwrap().unwrap();
    }
    house.provider.clock.advance(Duration::from_hours(25));
    let anne = house.provider.as_operator("anne").await;
    let third = issue(ctx, &anne, &at("class:0169001X/5B"), None).await.unwrap().unwrap();
    assert!(matches!(third.order.state, OrderState::Scheduled { .. }), "what was cancelled begins never");
}

#[tokio::test]
async fn what_began_and_was_lifted_counts_as_what_stands() {
    let house = House::open().await;
    let (ctx, begins) = (&house.provider.ctx, house.provider.clock.now().plus(Duration::from_hours(25)));
    let class = Proposal { at: Some(begins), ..proposal("class:0860001J/6A", Level::Change) };
    let id = house.issue(&class).await.unwrap().order.id;
    house.provider.clock.advance(Duration::from_hours(25));
    come_into_force(ctx).await.unwrap();
    let anne = house.provider.as_operator("anne").await;
    cancel(ctx, &anne, &id).await.unwrap().unwrap();
    let next = issue(ctx, &anne, &proposal("class:0169001X/5B", Level::Change), None).await.unwrap().unwrap();
    assert_eq!(next.order.state, OrderState::AwaitingApproval, "two and two are more than two");
}

#[tokio::test]
async fn whoever_owes_the_author_something_is_no_second_person() {
    for favour in 0..3 {
        let house = House::open().await;
        let (ctx, anne) = (&house.provider.ctx, &house.anne);
        let bruno = ["bruno".to_owned()];
        match favour {
            0 => {
                let place = TerritoryCode::parse("uai:0860001J").unwrap();
                grant_role(ctx, anne, "bruno", Role::Helpdesk, &place).await.unwrap().unwrap();
            }
            1 => drop(new_code(ctx, anne, "bruno").await.unwrap().unwrap()),
            _ => drop(force_change(ctx, anne, Level::Change, &bruno).await.unwrap().unwrap()),
        }
        let id = house.waits(Level::Change).await;
        let bruno = house.provider.as_operator("bruno").await;
        assert_eq!(house.approve(&bruno, &id).await, Err(Objection::Beholden.into()), "{favour}");
        house.provider.clock.advance(Duration::from_hours(30 * 24) + Duration::from_micros(1));
        let bruno = house.provider.as_operator("bruno").await;
        assert!(house.approve(&bruno, &id).await.is_ok(), "{favour}");
    }
}

#[tokio::test]
async fn whoever_could_sign_in_as_the_author_is_no_second_person_nor_are_two_whom_a_third_could_be() {
    let house = House::open().await;
    let (ctx, anne) = (&house.provider.ctx, &house.anne);
    house.provider.hire("clara", Role::Authority, "academie:13").await;
    new_code(ctx, &house.bruno, "anne").await.unwrap().unwrap();
    let id = house.waits(Level::Change).await;
    assert_eq!(
        house.approve(&house.bruno, &id).await,
        Err(Objection::Beholden.into()),
        "the other way round"
    );
    let dora = house.provider.hire("dora", Role::Authority, "academie:13").await;
    new_code(ctx, &house.bruno, "dora").await.unwrap().unwrap();
    assert_eq!(house.approve(&dora, &id).await, Err(Refusal::NotOfRole.into()), "her sign-in has ended");
    let dora = house.provider.as_operator("dora").await;
    assert_eq!(house.approve(&dora, &id).await, Err(Objection::Beholden.into()), "Bruno could be both");
    new_code(ctx, &operator(), "clara").await.unwrap().unwrap();
    new_code(ctx, &operator(), "anne").await.unwrap().unwrap();
    let clara = house.provider.as_operator("clara").await;
    assert!(house.approve(&clara, &id).await.is_ok(), "the host is the root of trust");
    let place = TerritoryCode::parse("uai:0860001J").unwrap();
    grant_role(ctx, &clara, "m.blanc", Role::SchoolAdmin, &place).await.unwrap().unwrap();
    let _ = anne;
    let by_the_new = proposal("uai:0860001J", Level::Change);
    let newcomer = house.provider.as_operator("m.blanc").await;
    let id = issue(ctx, &newcomer, &by_the_new, None).await.unwrap().unwrap().order.id;
    assert!(
        house.approve(&clara, &id).await.is_ok(),
        "whoever gave a role may approve what its holder asks for"
    );
}

#[tokio::test]
async fn whoever_is_named_by_an_order_is_not_the_one_to_approve_it() {
    let house = House::open().await;
    let names = |named: &str| Proposal {
        named_operators: vec![named.to_owned()],
        ..proposal("academie:13", Level::Change)
    };
    let id = house.issue(&names("bruno")).await.unwrap().order.id;
    assert_eq!(house.approve(&house.bruno, &id).await, Err(Objection::Involved.into()));
    assert_eq!(house.issue(&names("anne")).await.map(drop), Err(ProposalError::NamesAuthor));
}

#[tokio::test]
async fn an_approval_is_of_what_was_shown_and_falls_when_that_changes() {
    let house = House::open().await;
    let ctx = &house.provider.ctx;
    let id = house.waits(Level::Change).await;
    let seen = Digest("of something else".to_owned());
    let refused = approve(ctx, &house.bruno, &id, Some(&seen)).await.unwrap();
    assert_eq!(refused.map(drop), Err(Objection::Changed.into()));
    let stricter = proposal("academie:13", Level::Recover);
    let edited = edit(ctx, &house.anne, &id, &stricter, None).await.unwrap().unwrap();
    assert_eq!((edited.order.state, edited.order.level), (OrderState::Draft, Level::Recover));
    assert_eq!(house.approve(&house.bruno, &id).await, Err(ApproveError::NotAsked(id.clone())));
    let wrong = submit(ctx, &house.anne, &id, (Some(EVERYBODY + 1), None)).await.unwrap();
    let not_confirmed = ProposalError::NotConfirmed { typed: EVERYBODY + 1, covered: EVERYBODY };
    assert_eq!(wrong.map(drop), Err(DraftError::Proposal(not_confirmed)));
    submit(ctx, &house.anne, &id, (Some(EVERYBODY), None)).await.unwrap().unwrap();
    // A quarter more than there were: that is another order.
    house
        .write("INSERT INTO affiliation (account_id, path, profile, began) SELECT 'bruno', path, 'National_ACA', 0 FROM territory WHERE code = 'academie:13'")
        .await;
    let drifted = Objection::Drifted { then: EVERYBODY, now: EVERYBODY + 1 };
    assert_eq!(house.approve(&house.bruno, &id).await, Err(drifted.into()));
    assert_eq!(house.state(&id).await, OrderState::Draft);
    submit(ctx, &house.anne, &id, (Some(EVERYBODY + 1), None)).await.unwrap().unwrap();
    assert!(matches!(house.approve(&house.bruno, &id).await, Ok(OrderState::InForce(_))));
    let late = edit(ctx, &house.anne, &id, &stricter, None).await.unwrap();
    assert!(matches!(late, Err(DraftError::Order(CancelError::WrongState(_)))), "it is in force");
}

#[tokio::test]
async fn an_order_that_was_sent_back_is_a_draft_and_one_that_waited_too_long_begins_when_approved() {
    let house = House::open().await;
    let ctx = &house.provider.ctx;
    let at = house.provider.clock.now().plus(Duration::from_hours(1));
    let monday = Proposal { at: Some(at), ..proposal("academie:13", Level::Recover) };
    let id = house.issue(&monday).await.unwrap().order.id;
    let silent = Actor { reason: None, ..house.bruno.clone() };
    let refused = send_back(ctx, &silent, &id).await.unwrap();
    assert_eq!(refused.map(drop), Err(ApproveError::ReasonMissing));
    let back = send_back(ctx, &house.bruno, &id).await.unwrap().unwrap();
    assert_eq!((back.order.state, house.state(&id).await), (OrderState::Draft, OrderState::Draft));
    submit(ctx, &house.anne, &id, (None, None)).await.unwrap().unwrap();
    house.provider.clock.advance(Duration::from_hours(2));
    let bruno = house.provider.as_operator("bruno").await;
    let approved = approve(ctx, &bruno, &id, None).await.unwrap().unwrap();
    assert!(matches!(approved.order.state, OrderState::InForce(_)));
    let stored = store::reset_order::find(&ctx.db, &id).await.unwrap().unwrap();
    assert_eq!(
        stored.order.codes_expire_at,
        house.provider.clock.now().plus(ctx.settings.policy.code_lifetime)
    );
    // One that was approved in time waits for its instant.
    let at = house.provider.clock.now().plus(Duration::from_hours(1));
    let anne = house.provider.as_operator("anne").await;
    let next = Proposal { at: Some(at), ..proposal("academie:13", Level::Change) };
    let id = issue(ctx, &anne, &next, None).await.unwrap().unwrap().order.id;
    assert_eq!(house.approve(&bruno, &id).await, Ok(OrderState::Scheduled { at }));
}

#[tokio::test]
async fn what_two_put_into_force_two_lift() {
    let house = House::open().await;
    let ctx = &house.provider.ctx;
    activate(&house.provider, "zoe").await;
    let id = house.waits(Level::Recover).await;
    house.approve(&house.bruno, &id).await.unwrap();
    let asked = cancel(ctx, &house.anne, &id).await.unwrap().unwrap();
    assert!(matches!(asked.order.state, OrderState::InForce(_)));
    assert!(!house.signs_in("zoe").await);
    assert_eq!(
        cancel(ctx, &house.bruno, &id).await.unwrap().map(drop),
        Err(CancelError::AlreadyAsked(id.clone()))
    );
    assert_eq!(house.approve(&house.anne, &id).await, Err(Objection::OwnWish.into()));
    send_back(ctx, &house.bruno, &id).await.unwrap().unwrap();
    assert!(matches!(house.state(&id).await, OrderState::InForce(_)));
    cancel(ctx, &house.anne, &id).await.unwrap().unwrap();
    assert!(matches!(house.approve(&house.bruno, &id).await, Ok(OrderState::Cancelled { .. })));
    // What one person ordered alone, one lifts alone.
    house.provider.clock.advance(Duration::from_hours(25));
    let anne = house.provider.as_operator("anne").await;
    let small =
        issue(ctx, &anne, &proposal("class:0860001J/6A", Level::Recover), None).await.unwrap().unwrap();
    let lifted = cancel(ctx, &anne, &small.order.id).await.unwrap().unwrap();
    assert!(matches!(lifted.order.state, OrderState::Cancelled { .. }));
}

#[tokio::test]
async fn whoever_breaks_the_glass_acts_alone_and_is_heard() {
    let house = House::open().await;
    let ctx = &house.provider.ctx;
    let alone = Actor::local("root", Some("nobody answers".to_owned())).breaking_glass();
    let record = issue(ctx, &alone, &proposal("academie:13", Level::Recover), None).await.unwrap().unwrap();
    assert!(matches!(record.order.state, OrderState::InForce(_)));
    let id = house.waits(Level::Change).await;
    assert!(matches!(house.approve(&alone, &id).await, Ok(OrderState::InForce(_))));
    let since = ctx.clock.now().minus(Duration::from_hours(24));
    assert_eq!(store::audit::glass_broken(&ctx.db, since).await.unwrap(), 2);
    let sql = "SELECT actor, reason FROM audit WHERE act = 'break_glass'";
    let rows = ctx.db.all(Statement::new(sql, Vec::new())).await.unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].text("actor").unwrap(), "local:root");
    assert_eq!(rows[0].text("reason").unwrap(), "nobody answers");
    // Who answers for the place reads it as well, and so with what fell due by itself.
    let later = Some(house.provider.clock.now().plus(Duration::from_hours(1)));
    let scheduled = Proposal { at: later, ..proposal("uai:0860001J", Level::Change) };
    issue(ctx, &alone, &scheduled, None).await.unwrap().unwrap();
    house.provider.clock.advance(Duration::from_hours(2));
    come_into_force(ctx).await.unwrap();
    let anne = house.provider.as_operator("anne").await;
    let (read, _) = list(ctx, &anne, &Question::default(), None, 100).await.unwrap().unwrap();
    let read: Vec<_> = read.iter().map(|line| (line.actor.as_str(), line.act.as_str())).collect();
    for line in [("local:root", "break_glass"), ("local:root", "order.issue"), ("system", "order.in_force")] {
        assert!(read.contains(&line), "{line:?} in {read:?}");
    }
    let elsewhere = house.provider.hire("elsewhere", Role::SchoolAdmin, "uai:0169001X").await;
    let (read, _) = list(ctx, &elsewhere, &Question::default(), None, 100).await.unwrap().unwrap();
    assert_eq!(read, [], "of the académie, or of another school");
}

#[tokio::test]
async fn an_order_that_leaves_a_school_without_help_is_refused_with_its_name() {
    let house = House::open().await;
    for (login, place) in [("principal", "uai:0860001J"), ("principale", "uai:0169001X")] {
        house.provider.hire(login, Role::SchoolAdmin, place).await;
    }
    for login in ["anne", "bruno", "principal"] {
        house.provider.works_at(login, "class:0169001X/5B").await;
    }
    let names = |logins: &[&str], level| Proposal {
        named_operators: logins.iter().map(|login| (*login).to_owned()).collect(),
        ..proposal("academie:13", level)
    };
    // Whom nobody asks for a code, and whoever gives one to pupils alone, are no help to a colleague.
    house.provider.hire("audit", Role::Auditor, "academie:13").await;
    house.provider.hire("teacher", Role::ClassTeacher, "class:0860001J/6A").await;
    let claire = house.provider.hire("claire", Role::Authority, "academie:13").await;
    let ctx = &house.provider.ctx;
    let try_to = async |proposal: &Proposal| issue(ctx, &claire, proposal, None).await.unwrap().map(drop);
    let left = Err(ProposalError::NobodyLeft(NobodyLeft {
        schools: vec!["Collège des Tilleuls".to_owned()],
        elsewhere: 0,
    }));
    // She asks all the same, and is no help.
    let gone = Statement::new("UPDATE account SET disabled_at = 1 WHERE id = 'claire'", Vec::new());
    ctx.db.run(Batch::plain(vec![gone])).await.unwrap();
    let all = ["anne", "bruno", "principal"];
    assert_eq!(try_to(&names(&all, Level::Recover)).await, left, "who asks is shut out");
    let deadline = Some(house.provider.clock.now().plus(Duration::from_hours(24)));
    assert_eq!(try_to(&Proposal { deadline, ..names(&all, Level::Change) }).await, left, "recover, later");
    assert_eq!(try_to(&names(&all[..2], Level::Recover)).await, Ok(()));
    let narrow = Proposal {
        territory: TerritoryCode::parse("class:0169001X/5B").unwrap(),
        ..names(&all, Level::Recover)
    };
    assert_eq!(
        try_to(&narrow).await,
        left,
        "whatever the order is over, whom it names helps in other schools"
    );
    assert_eq!(try_to(&names(&all, Level::Change)).await, Ok(()), "the old password opens the page");
    // Whom the order does not cover it takes from nobody; and of schools elsewhere a school reads no name.
    let stranger =
        Proposal { territory: TerritoryCode::parse("uai:0860001J").unwrap(), ..names(&all, Level::Recover) };
    assert_eq!(try_to(&stranger).await, Ok(()));
    let school = house.provider.as_operator("principale").await;
    let own =
        Proposal { territory: TerritoryCode::parse("uai:0169001X").unwrap(), ..names(&all, Level::Recover) };
    let refused = issue(ctx, &school, &own, None).await.unwrap().map(drop);
    let unnamed = NobodyLeft { schools: Vec::new(), elsewhere: 1 };
    assert_eq!(refused, Err(ProposalError::NobodyLeft(unnamed)));
}

#[tokio::test]
async fn two_orders_do_not_shut_out_the_last_operators_of_a_school_between_them() {
    let house = House::with(Wish::default()).await;
    let ctx = &house.provider.ctx;
    for login in ["principal", "adjointe"] {
        house.provider.hire(login, Role::SchoolAdmin, "uai:0860001J").await;
        house.provider.works_at(login, "uai:0860001J").await;
    }
    let left = || NobodyLeft { schools: vec!["Collège des Tilleuls".to_owned()], elsewhere: 0 };
    let names = |logins: &[&str]| Proposal {
        named_operators: logins.iter().map(|login| (*login).to_owned()).collect(),
        ..proposal("uai:0860001J", Level::Recover)
    };
    let first = names(&["adjointe"]);
    let shell = operator().breaking_glass();
    let saturday = Some(house.provider.clock.now().plus(Duration::from_hours(48)));
    let by_shell =
        async |second: &Proposal| issue(ctx, &shell, second, None).await.unwrap().map(|it| it.order.id);
    let last = names(&["principal"]);
    // What waits for the second person was written when somebody else was there.
    let waiting = house.issue(&last).await.unwrap();
    assert_eq!(waiting.order.state, OrderState::AwaitingApproval);
    let scheduled = by_shell(&Proposal { at: saturday, ..first.clone() }).await.unwrap();
    assert_eq!(
        by_shell(&last).await,
        Err(ProposalError::NobodyLeft(left())),
        "on Saturday nobody would be left"
    );
    let refused = house.approve(&house.bruno, &waiting.order.id).await;
    assert_eq!(refused, Err(ApproveError::NobodyLeft(left())));
    assert_eq!(house.state(&waiting.order.id).await, OrderState::AwaitingApproval);
    cancel(ctx, &shell, &scheduled).await.unwrap().unwrap();
    force_change(ctx, &shell, Level::Recover, &["adjointe".to_owned()]).await.unwrap().unwrap();
    assert_eq!(by_shell(&last).await, Err(ProposalError::NobodyLeft(left())), "they are shut out now");
    house.provider.hire("claire", Role::Helpdesk, "uai:0860001J").await;
    let approved = house.approve(&house.bruno, &waiting.order.id).await;
    assert!(matches!(approved, Ok(OrderState::InForce(_))), "she can help");
}

#[tokio::test]
async fn of_an_approval_and_a_lifting_at_once_one_comes_after_the_other() {
    for lifts_first in [false, true] {
        let stop = Stop::new();
        let house = House::with(Wish { steps: stop.steps(), ..Wish::default() }).await;
        let id = house.waits(Level::Recover).await;
        let ctx = &house.provider.ctx;
        let step = Step::OrderDecided;
        let state = if lifts_first {
            let lifting = cancel(ctx, &house.anne, &id);
            let (approved, _) = stop.between(step, house.approve(&house.bruno, &id), lifting).await;
            assert_eq!(approved, Err(ApproveError::NotAsked(id.clone())));
            house.state(&id).await
        } else {
            let approving = house.approve(&house.bruno, &id);
            let (lifted, _) = stop.between(step, cancel(ctx, &house.anne, &id), approving).await;
            assert!(
                matches!(lifted.unwrap().unwrap().order.state, OrderState::InForce(_)),
                "it is to be asked for"
            );
            house.state(&id).await
        };
        assert_eq!(matches!(state, OrderState::Cancelled { .. }), lifts_first, "{state:?}");
    }
}

#[tokio::test]
async fn a_yearly_order_leaves_a_draft_for_the_next_year() {
    let house = House::open().await;
    let ctx = &house.provider.ctx;
    let yearly = Proposal { repeats: true, ..proposal("class:0860001J/6A", Level::Recover) };
    let first = house.issue(&yearly).await.unwrap();
    let all = store::reset_order::list(&ctx.db).await.unwrap();
    assert_eq!(all.len(), 2);
    let next = all.iter().find(|record| record.order.id != first.order.id).unwrap();
    assert_eq!(next.order.state, OrderState::Draft);
    assert_eq!(next.scheduled_at, first.scheduled_at.plus(Duration::from_hours(52 * 7 * 24)));
    let kept = draft(ctx, &house.anne, &proposal("class:0860001J/6A", Level::Change)).await.unwrap().unwrap();
    assert_eq!(house.state(&kept.order.id).await, OrderState::Draft);
}
