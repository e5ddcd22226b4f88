//! What one person may do to others alone within a day, and what not.

use crate::four_eyes::House;
use crate::provider::{Provider, Wish, proposal};
use crate::stop::Stop;
use ecluse::domain::audit_chain::Question;
use ecluse::domain::jurisdiction::Refusal;
use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::domain::reset_order::OrderState;
use ecluse::domain::territory::TerritoryCode;
use ecluse::flows::account::AccountError;
use ecluse::flows::account::disable::{disable, enable};
use ecluse::flows::account::end_sessions::end_sessions;
use ecluse::flows::account::force_change::force_change;
use ecluse::flows::account::new_code::new_code;
use ecluse::flows::audit::read::list;
use ecluse::flows::print_slips::{Selection, print_slips};
use ecluse::flows::reset_order::issue::issue;
use ecluse::flows::step::Step;
use ecluse::store;
use std::time::Duration;

#[tokio::test]
async fn whom_somebody_forces_counts_as_what_they_order() {
    let house = House::open().await;
    let (ctx, anne) = (&house.provider.ctx, &house.anne);
    let logins = |them: &[&str]| them.iter().map(|&login| login.to_owned()).collect::<Vec<_>>();
    let three = logins(&["zoe", "tom", "lea"]);
    let refused = force_change(ctx, anne, Level::Recover, &three).await.unwrap();
    assert_eq!(refused, Err(AccountError::NotAlone { together: 3, limit: 2 }));
    assert_eq!(house.provider.person("zoe").await.facts.forced, None, "nobody was");
    let number = force_change(ctx, anne, Level::Recover, &logins(&["zoe", "tom"])).await.unwrap();
    assert_eq!(number, Ok(2));
    let order = house.issue(&proposal("class:0169001X/5B", Level::Change)).await.unwrap();
    assert_eq!(order.order.state, OrderState::AwaitingApproval, "two and two are more than two");
    let again = force_change(ctx, anne, Level::Recover, &logins(&["lea", "m.blanc"])).await.unwrap();
    assert_eq!(again, Err(AccountError::NotAlone { together: 6, limit: 2 }), "what waits counts as well");
    assert!(house.approve(&house.bruno, &order.order.id).await.is_ok());
    let again = force_change(ctx, anne, Level::Recover, &logins(&["lea", "m.blanc"])).await.unwrap();
    assert_eq!(again, Err(AccountError::NotAlone { together: 4, limit: 2 }), "two agreed on the order");
    let one = force_change(ctx, anne, Level::Recover, &logins(&["lea"])).await.unwrap();
    assert_eq!(one, Ok(1), "an ordinary day's one more");
    house.provider.clock.advance(Duration::from_hours(24) + Duration::from_micros(1));
    let (anne, ctx) = (house.provider.as_operator("anne").await, &house.provider.ctx);
    assert_eq!(force_change(ctx, &anne, Level::Change, &logins(&["zoe", "tom"])).await.unwrap(), Ok(2));
}

#[tokio::test]
async fn forcing_one_by_one_comes_to_an_end_as_well() {
    let house = House::open().await;
    let (ctx, anne) = (&house.provider.ctx, &house.anne);
    let one = ["zoe".to_owned()];
    for _ in 0..100 {
        assert_eq!(force_change(ctx, anne, Level::Change, &one).await.unwrap(), Ok(1));
    }
    let refused = force_change(ctx, anne, Level::Change, &one).await.unwrap();
    assert_eq!(refused, Err(AccountError::NotAlone { together: 101, limit: 2 }));
    assert_eq!(force_change(ctx, &house.bruno, Level::Change, &one).await.unwrap(), Ok(1), "of one author");
}

#[tokio::test]
async fn disabling_and_new_codes_count_with_forcing() {
    let house = House::open().await;
    let (ctx, anne) = (&house.provider.ctx, &house.anne);
    let logins = |them: &[&str]| them.iter().map(|&login| login.to_owned()).collect::<Vec<_>>();
    let not_alone = |together| Err(AccountError::NotAlone { together, limit: 2 });
    let refused = disable(ctx, anne, &logins(&["zoe", "tom", "lea"])).await.unwrap();
    assert_eq!(refused, not_alone(3));
    assert!(!house.provider.person("zoe").await.facts.disabled, "nobody was");
    assert_eq!(disable(ctx, anne, &logins(&["lea"])).await.unwrap(), Ok(1));
    assert_eq!(
        enable(ctx, anne, &logins(&["zoe", "tom", "lea"])).await.unwrap(),
        Ok(3),
        "it shuts nobody out"
    );
    assert!(new_code(ctx, anne, "tom").await.unwrap().is_ok());
    let two = logins(&["zoe", "tom"]);
    assert_eq!(force_change(ctx, anne, Level::Change, &two).await.unwrap(), not_alone(4));
    let order = house.issue(&proposal("class:0860001J/6A", Level::Change)).await.unwrap();
    assert_eq!(order.order.state, OrderState::AwaitingApproval, "one, one and the order's two");
    for _ in 2..100 {
        assert!(new_code(ctx, anne, "zoe").await.unwrap().is_ok(), "an ordinary day's");
    }
    let number = house.provider.person("zoe").await.facts.number;
    let refused = new_code(ctx, anne, "zoe").await.unwrap().map(drop);
    assert!(matches!(refused, Err(AccountError::NotAlone { limit: 2, .. })), "{refused:?}");
    assert_eq!(disable(ctx, anne, &logins(&["zoe"])).await.unwrap(), not_alone(103));
    assert_eq!(house.provider.person("zoe").await.facts.number, number, "her code works still");
    assert!(new_code(ctx, &house.bruno, "zoe").await.unwrap().is_ok(), "of one author");
}

#[tokio::test]
async fn whoever_prints_many_new_codes_may_still_help_somebody() {
    let house = House::open().await;
    house.provider.clock.advance(house.provider.ctx.settings.policy.code_lifetime * 2);
    let (ctx, anne) = (&house.provider.ctx, house.provider.as_operator("anne").await);
    let school = TerritoryCode::parse("uai:0860001J").unwrap();
    let school = store::territory::find(&ctx.db, &school).await.unwrap().unwrap().path;
    let everybody = Selection::everybody(school, None);
    let printed = print_slips(ctx, &anne, &everybody, |_| Ok(())).await.unwrap().unwrap();
    assert!(printed.slips > 2, "each with a new code, as the first ones have expired");
    let (read, _) = list(ctx, &anne, &Question::default(), None, 100).await.unwrap().unwrap();
    let new = read.iter().filter(|line| line.act == "code.renew").count();
    assert_eq!(u64::try_from(new).unwrap(), printed.slips);
    let two = ["zoe", "tom"].map(str::to_owned);
    assert_eq!(force_change(ctx, &anne, Level::Change, &two).await.unwrap(), Ok(2));
}

#[tokio::test]
async fn a_fresh_factor_lets_more_be_helped_than_on_an_ordinary_day() {
    let provider = Provider::start_with(Wish::default()).await;
    let anne = provider.hire("anne", Role::Authority, "academie:13").await;
    let ctx = &provider.ctx;
    for _ in 0..100 {
        assert!(new_code(ctx, &anne, "zoe").await.unwrap().is_ok());
    }
    provider.clock.advance(Duration::from_mins(6));
    let refused = new_code(ctx, &anne, "zoe").await.unwrap().map(drop);
    assert_eq!(refused, Err(AccountError::NotAtOnce(Refusal::FactorTooOld)));
    let anne = provider.as_operator("anne").await;
    assert!(new_code(ctx, &anne, "zoe").await.unwrap().is_ok());
}

#[tokio::test]
async fn what_is_done_to_several_at_once_needs_a_fresh_factor() {
    let house = House::open().await;
    let ctx = &house.provider.ctx;
    house.provider.clock.advance(Duration::from_mins(6));
    let two = ["zoe".to_owned(), "tom".to_owned()];
    let old = Err(AccountError::NotAtOnce(Refusal::FactorTooOld));
    assert_eq!(force_change(ctx, &house.anne, Level::Change, &two).await.unwrap(), old);
    assert_eq!(end_sessions(ctx, &house.anne, &two).await.unwrap(), old);
    assert_eq!(disable(ctx, &house.anne, &two).await.unwrap(), old);
    assert_eq!(force_change(ctx, &house.anne, Level::Change, &two[..1]).await.unwrap(), Ok(1));
}

#[tokio::test]
async fn a_force_and_an_order_at_once_do_not_pass_below_the_number_together() {
    for forces_first in [false, true] {
        let stop = Stop::new();
        let house = House::with(Wish { steps: stop.steps(), ..Wish::default() }).await;
        let ctx = &house.provider.ctx;
        let (two, class) =
            (["zoe".to_owned(), "tom".to_owned()], proposal("class:0169001X/5B", Level::Change));
        let (forcing, ordering) =
            (force_change(ctx, &house.anne, Level::Change, &two), issue(ctx, &house.anne, &class, None));
        if forces_first {
            let (order, forced) = stop.between(Step::OrderDecided, ordering, forcing).await;
            assert_eq!(forced.unwrap(), Ok(2));
            assert_eq!(order.unwrap().unwrap().order.state, OrderState::AwaitingApproval);
        } else {
            let (forced, order) = stop.between(Step::DeedDecided, forcing, ordering).await;
            assert!(matches!(order.unwrap().unwrap().order.state, OrderState::InForce(_)));
            assert_eq!(forced.unwrap(), Err(AccountError::NotAlone { together: 4, limit: 2 }));
        }
    }
}
