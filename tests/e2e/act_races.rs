//! What an operator decided is written only as far as it still holds, whatever happens between the decision and the writing.

use std::fmt::Debug;

use ecluse::domain::approval::Objection;
use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::domain::reset_order::{OrderId, OrderState};
use ecluse::domain::territory::TerritoryCode;
use ecluse::flows::account::AccountError;
use ecluse::flows::account::disable::disable;
use ecluse::flows::account::force_change::force_change;
use ecluse::flows::account::grant_role::grant_role;
use ecluse::flows::account::new_code::new_code;
use ecluse::flows::account::reset_factor::reset_factor;
use ecluse::flows::account::revoke_role::revoke_role;
use ecluse::flows::actor::Actor;
use ecluse::flows::hand_over::{HandOver, Which, hand_over};
use ecluse::flows::notices::retry::retry_of;
use ecluse::flows::once::{KeyUsed, Once, once};
use ecluse::flows::print_slips::{Selection, print_slips};
use ecluse::flows::reset_order::approve::{ApproveError, approve, send_back};
use ecluse::flows::reset_order::cancel::{CancelError, cancel, close};
use ecluse::flows::reset_order::draft::draft;
use ecluse::flows::reset_order::issue::issue;
use ecluse::flows::reset_order::revise::{edit, revise, submit};
use ecluse::flows::step::Step;
use ecluse::flows::unavailable::Unavailable;
use ecluse::store;
use ecluse::store::db::{Batch, Statement};
use ecluse::store::people::Who;

use crate::provider::{Provider, Wish, operator, proposal};
use crate::stop::Stop;

const SCHOOL: &str = "uai:0860001J";
const CLASS: &str = "class:0860001J/6A";

/// Everything that is done to orders.
const ON_ORDERS: [&str; 11] = [
    "issue",
    "draft",
    "edit",
    "revise",
    "submit",
    "approve",
    "send back",
    "cancel",
    "ask to cancel",
    "close",
    "retry",
];

/// Everything that is done to one person.
const ON_ONE: [&str; 8] =
    ["force", "new code", "grant", "revoke", "reset factor", "hand over", "take back", "print"];

/// Two of the rectorat, a head of school, and orders over more than two people need two persons.
struct House {
    provider: Provider,
    stop: Stop,
    anne: Actor,
    bruno: Actor,
    head: Actor,
}

fn place(code: &str) -> TerritoryCode {
    TerritoryCode::parse(code).unwrap()
}

/// What was done, or that nothing was.
fn done<T, E: Debug>(act: Result<Result<T, E>, Unavailable>) -> Result<(), String> {
    match act {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(format!("{error:?}")),
        Err(error @ (Unavailable::Contended | Unavailable::Withdrawn(_))) => Err(error.to_string()),
        Err(error) => panic!("{error}"),
    }
}

impl House {
    async fn open() -> Self {
        let stop = Stop::new();
        let settings = Wish::settings(|it| it.orders.approval_above = 2);
        let provider = Provider::start_with(Wish { steps: stop.steps(), ..settings }).await;
        let anne = provider.hire("anne", Role::Authority, "academie:13").await;
        let bruno = provider.hire("bruno", Role::Authority, "academie:13").await;
        let head = provider.hire("principale", Role::SchoolAdmin, SCHOOL).await;
        Self { provider, stop, anne, bruno, head }
    }

    async fn write(&self, sql: &'static str) {
        self.provider.ctx.db.run(Batch::plain(vec![Statement::new(sql, Vec::new())])).await.unwrap();
    }

    async fn issued(&self, author: &Actor, code: &str, level: Level) -> OrderId {
        issue(&self.provider.ctx, author, &proposal(code, level), None).await.unwrap().unwrap().order.id
    }

    async fn state(&self, id: &OrderId) -> OrderState {
        store::reset_order::find(&self.provider.ctx.db, id).await.unwrap().unwrap().order.state
    }

    /// What has to be there, so that anne can do it to an order.
    async fn prepare(&self, act: &str) -> OrderId {
        let ctx = &self.provider.ctx;
        match act {
            "issue" | "draft" => OrderId("none".to_owned()),
            "edit" | "revise" | "submit" => {
                draft(ctx, &self.anne, &proposal(CLASS, Level::Change)).await.unwrap().unwrap().order.id
            }
            "approve" | "send back" => self.issued(&self.bruno, "academie:13", Level::Change).await,
            "ask to cancel" => {
                let id = self.issued(&self.anne, "academie:13", Level::Recover).await;
                approve(ctx, &self.bruno, &id, None).await.unwrap().unwrap();
                id
            }
            _ => self.issued(&self.anne, CLASS, Level::Change).await,
        }
    }

    /// anne does it.
    async fn act(&self, act: &str, id: &OrderId) -> Result<(), String> {
        let (ctx, anne) = (&self.provider.ctx, &self.anne);
        let class = proposal(CLASS, Level::Change);
        match act {
            "issue" => done(issue(ctx, anne, &class, None).await),
            "draft" => done(draft(ctx, anne, &class).await),
            "edit" => done(edit(ctx, anne, id, &proposal(CLASS, Level::Recover), None).await),
            "revise" => done(revise(ctx, anne, id, &class, (None, None)).await),
            "submit" => done(submit(ctx, anne, id, (None, None)).await),
            "approve" => done(approve(ctx, anne, id, None).await),
            "send back" => done(send_back(ctx, anne, id).await),
            "cancel" | "ask to cancel" => done(cancel(ctx, anne, id).await),
            "close" => done(close(ctx, anne, id).await),
            "retry" => done(retry_of(ctx, anne, id).await),
            _ => panic!("{act}"),
        }
    }

    /// What has to be there, so that the head of the school can do it to m.blanc.
    async fn prepare_one(&self, act: &str) {
        let ctx = &self.provider.ctx;
        match act {
            "revoke" => {
                let role = Role::ClassTeacher;
                grant_role(ctx, &operator(), "m.blanc", role, &place(CLASS)).await.unwrap().unwrap();
            }
            "hand over" | "take back" => {
                self.provider.new_code("m.blanc").await;
                if act == "take back" {
                    self.act_on_one("hand over").await.unwrap();
                }
            }
            _ => {}
        }
    }

    /// The head of the school does it.
    async fn act_on_one(&self, act: &str) -> Result<(), String> {
        let (ctx, head) = (&self.provider.ctx, &self.head);
        let logins = ["m.blanc".to_owned()];
        let role = Role::ClassTeacher;
        match act {
            "force" => done(force_change(ctx, head, Level::Recover, &logins).await),
            "new code" => done(new_code(ctx, head, "m.blanc").await),
            "grant" => done(grant_role(ctx, head, "m.blanc", role, &place(CLASS)).await),
            "revoke" => done(revoke_role(ctx, head, "m.blanc", role, &place(CLASS)).await),
            "reset factor" => done(reset_factor(ctx, &self.anne, "m.blanc").await),
            "hand over" | "take back" => {
                let which = Which::Logins(&logins);
                let wish =
                    HandOver { place: &place(SCHOOL), who: Who::Anybody, which, handed: act == "hand over" };
                done(hand_over(ctx, head, &wish).await)
            }
            "print" => {
                let found = store::territory::find(&ctx.db, &place(SCHOOL)).await.unwrap();
                let selection = Selection::everybody(found.unwrap().path, None);
                let mut logins = Vec::new();
                let printed = print_slips(ctx, head, &selection, |slip| {
                    logins.push(slip.person.login);
                    Ok(())
                });
                done(printed.await)?;
                let printed = logins.iter().any(|login| login == "m.blanc");
                if printed { Ok(()) } else { Err("no slip".to_owned()) }
            }
            _ => panic!("{act}"),
        }
    }

    /// Lines of the audit log of what anne and the head did, but to others than m.blanc.
    async fn lines(&self) -> i64 {
        let sql = "SELECT COUNT(*) AS lines FROM audit WHERE actor IN ('account:anne', 'account:principale')
                       AND object NOT IN ('account:zoe', 'account:tom')";
        let row = self.provider.ctx.db.one(Statement::new(sql, Vec::new())).await.unwrap().unwrap();
        row.int("lines").unwrap()
    }
}

const END_ROLES: &str =
    "UPDATE operator_role SET ended = 0 WHERE account_id IN ('anne', 'principale') AND ended IS NULL";

/// What they signed in with has ended: they changed their passwords, or were signed out everywhere.
const SIGN_OUT: &str = "UPDATE account SET number = number + 1 WHERE id IN ('anne', 'principale')";

/// m.blanc teaches at another académie, too.
const MOVE: &str = "INSERT INTO affiliation (account_id, path, profile, began)
     VALUES ('m.blanc', 'ministry:fr>academie:99', 'National_ENS', 0)";

#[tokio::test]
async fn no_act_on_an_order_outlives_the_role_or_the_sign_in_that_it_rests_on() {
    let mut outlived = Vec::new();
    for meanwhile in [END_ROLES, SIGN_OUT] {
        for act in ON_ORDERS {
            let house = House::open().await;
            let id = house.prepare(act).await;
            let before = house.lines().await;
            let other = house.write(meanwhile);
            let (done, ()) = house.stop.before_batch(house.act(act, &id), other).await;
            if done.is_ok() || house.lines().await != before {
                outlived.push((act, meanwhile));
            }
        }
    }
    assert!(outlived.is_empty(), "{outlived:?}");
}

#[tokio::test]
async fn no_act_on_a_person_outlives_the_role_the_sign_in_or_the_reach_that_it_rests_on() {
    let mut outlived = Vec::new();
    for meanwhile in [END_ROLES, SIGN_OUT, MOVE] {
        for act in ON_ONE {
            let house = House::open().await;
            house.prepare_one(act).await;
            let before = house.lines().await;
            let other = house.write(meanwhile);
            let acting = house.act_on_one(act);
            let (done, ()) = match act {
                // Its first batch may be that of orders that fall due.
                "print" => house.stop.between(Step::SlipsDecided, acting, other).await,
                _ => house.stop.before_batch(acting, other).await,
            };
            if done.is_ok() || house.lines().await != before {
                outlived.push((act, meanwhile));
            }
        }
    }
    assert!(outlived.is_empty(), "{outlived:?}");
}

#[tokio::test]
async fn each_of_these_acts_is_done_where_nothing_comes_between() {
    for act in ON_ORDERS {
        let house = House::open().await;
        let id = house.prepare(act).await;
        let before = house.lines().await;
        assert_eq!(house.act(act, &id).await, Ok(()), "{act}");
        assert_eq!(house.lines().await, before + 1, "{act}");
    }
    for act in ON_ONE {
        let house = House::open().await;
        house.prepare_one(act).await;
        let before = house.lines().await;
        assert_eq!(house.act_on_one(act).await, Ok(()), "{act}");
        assert!(house.lines().await > before, "{act}");
    }
}

#[tokio::test]
async fn an_approval_answers_what_was_asked_when_it_was_given() {
    let house = House::open().await;
    let ctx = &house.provider.ctx;
    let id = house.issued(&house.anne, "academie:13", Level::Recover).await;
    // He withdraws what anne asked, and asks for the same himself.
    let meanwhile = async {
        send_back(ctx, &house.bruno, &id).await.unwrap().unwrap();
        submit(ctx, &house.bruno, &id, (None, None)).await.unwrap().unwrap();
    };
    let approving = approve(ctx, &house.bruno, &id, None);
    let (approved, ()) = house.stop.before_batch(approving, meanwhile).await;
    assert_eq!(approved.unwrap().map(drop), Err(Objection::OwnWish.into()));
    assert_eq!(house.state(&id).await, OrderState::AwaitingApproval);
}

#[tokio::test]
async fn a_lifting_that_was_sent_back_is_approved_no_more() {
    let house = House::open().await;
    let ctx = &house.provider.ctx;
    let id = house.prepare("ask to cancel").await;
    cancel(ctx, &house.anne, &id).await.unwrap().unwrap();
    let chloe = house.provider.hire("chloe", Role::Authority, "academie:13").await;
    let meanwhile = async { drop(send_back(ctx, &chloe, &id).await.unwrap().unwrap()) };
    let approving = approve(ctx, &house.bruno, &id, None);
    let (approved, ()) = house.stop.before_batch(approving, meanwhile).await;
    assert_eq!(approved.unwrap().map(drop), Err(ApproveError::NotAsked(id.clone())));
    assert!(matches!(house.state(&id).await, OrderState::InForce(_)));
}

#[tokio::test]
async fn a_lifting_is_asked_for_once() {
    let house = House::open().await;
    let ctx = &house.provider.ctx;
    let id = house.prepare("ask to cancel").await;
    let meanwhile = async { drop(cancel(ctx, &house.bruno, &id).await.unwrap().unwrap()) };
    let asking = cancel(ctx, &house.anne, &id);
    let (asked, ()) = house.stop.before_batch(asking, meanwhile).await;
    assert_eq!(asked.unwrap().map(drop), Err(CancelError::AlreadyAsked(id)));
}

#[tokio::test]
async fn two_orders_of_one_author_at_once_count_together() {
    let house = House::open().await;
    let ctx = &house.provider.ctx;
    let (here, there) = (proposal(CLASS, Level::Change), proposal("class:0169001X/5B", Level::Change));
    let first = issue(ctx, &house.anne, &here, None);
    let second = async { issue(ctx, &house.anne, &there, None).await.unwrap().unwrap().order.state };
    let (late, early) = house.stop.before_batch(first, second).await;
    assert!(matches!(early, OrderState::InForce(_)), "{early:?}");
    assert_eq!(late.unwrap().unwrap().order.state, OrderState::AwaitingApproval);
}

#[tokio::test]
async fn the_same_draft_sent_twice_at_once_is_one() {
    let house = House::open().await;
    let ctx = &house.provider.ctx;
    let mut anne = house.anne.clone();
    anne.origin.once = Some(Once::new("lundi-8h".to_owned(), &"a draft"));
    let class = proposal(CLASS, Level::Change);
    let sent = || {
        let drafted =
            async { Ok(draft(ctx, &anne, &class).await?.map(|it| it.order.id.0).map_err(|_| KeyUsed)) };
        once(ctx, &anne, drafted, async |id| Ok(Ok(id)))
    };
    let (first, second) = house.stop.before_batch(sent(), sent()).await;
    assert_eq!(first.unwrap().unwrap(), second.unwrap().unwrap());
    assert_eq!(store::reset_order::list(&ctx.db).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_factor_is_reset_by_whoever_may_give_the_roles_that_are_held_when_it_is() {
    let house = House::open().await;
    let ctx = &house.provider.ctx;
    let role = Role::ClassTeacher;
    grant_role(ctx, &operator(), "m.blanc", role, &place(CLASS)).await.unwrap().unwrap();
    let meanwhile = async {
        let given = grant_role(ctx, &operator(), "m.blanc", Role::SchoolAdmin, &place(SCHOOL)).await;
        given.unwrap().unwrap();
    };
    let resetting = reset_factor(ctx, &house.head, "m.blanc");
    let (reset, ()) = house.stop.before_batch(resetting, meanwhile).await;
    assert!(matches!(reset.unwrap().err(), Some(AccountError::NotAllowed { .. })), "a head of school by now");
}

#[tokio::test]
async fn a_role_that_somebody_else_takes_meanwhile_is_not_taken_twice() {
    let house = House::open().await;
    let ctx = &house.provider.ctx;
    house.prepare_one("revoke").await;
    let role = Role::ClassTeacher;
    let meanwhile =
        async { revoke_role(ctx, &house.anne, "m.blanc", role, &place(CLASS)).await.unwrap().unwrap() };
    let (taken, ()) = house.stop.before_batch(house.act_on_one("revoke"), meanwhile).await;
    assert!(taken.is_err_and(|error| error.starts_with("NotHeld")));
}

#[tokio::test]
async fn a_slip_whose_code_dies_meanwhile_is_ticked_no_more() {
    let house = House::open().await;
    let ctx = &house.provider.ctx;
    house.provider.new_code("zoe").await;
    let place = place(SCHOOL);
    let wish = |handed| HandOver { place: &place, who: Who::Anybody, which: Which::Printed, handed };
    let gone = async { disable(ctx, &operator(), &["zoe".to_owned()]).await.unwrap().unwrap() };
    let (tick, back) = (wish(true), wish(false));
    let (ticked, _) = house.stop.before_batch(hand_over(ctx, &house.head, &tick), gone).await;
    assert_eq!(ticked.unwrap(), Ok(0));

    // A tick that is taken back of a slip is not taken back of the next one, which has none.
    house.provider.new_code("tom").await;
    assert_eq!(hand_over(ctx, &house.head, &tick).await.unwrap(), Ok(1));
    let reprinted = async {
        house.issued(&house.bruno, CLASS, Level::Recover).await;
        house.provider.slip_at(SCHOOL, "tom").await;
    };
    let before = house.lines().await;
    let taking = hand_over(ctx, &house.head, &back);
    let (taken, ()) = house.stop.before_batch(taking, reprinted).await;
    assert_eq!(taken.unwrap(), Ok(0));
    assert_eq!(house.lines().await, before);
}
