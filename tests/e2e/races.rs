//! Each request that mints or changes is stopped at each of its steps, while somebody else's runs to its end. Whatever
//! was decided before is decided anew: nothing is minted for a closed gate, no credential is written by a thief.

use ecluse::domain::level::Level;
use ecluse::domain::order_clock::OrderClock;
use ecluse::flows::step::Step;

use reqwest::StatusCode;

use crate::browser::Browser;
use crate::meanwhile::Became::{ChangePage, Dead, Done, SignIn, Signal};
use crate::meanwhile::Meanwhile::{
    ChangeElsewhere, Disable, DueChange, DueRecover, ForceChange, ForceRecover, NewCode, OrderChange,
    OrderElsewhere, OrderRecover, SignOut,
};
use crate::meanwhile::{Became, Stage, became};
use crate::relying_party::{Answer, RelyingParty};
use crate::robot::members;

/// Signing in with the right password.
#[tokio::test]
async fn a_sign_in_that_was_overtaken_is_decided_anew() {
    let table = [
        (OrderChange, ChangePage),
        (OrderRecover, SignIn),
        (DueChange, ChangePage),
        (DueRecover, SignIn),
        (OrderElsewhere, Done),
        (ForceChange, ChangePage),
        (ForceRecover, SignIn),
        (NewCode, Done),
        (Disable, SignIn),
        (ChangeElsewhere, SignIn),
    ];
    let mut stage = Stage::set().await;
    for step in [Step::SignInLoaded, Step::SignInVerified, Step::SignInDecided] {
        for (meanwhile, expected) in table {
            let zoe = stage.zoe().await;
            stage.prepare(meanwhile).await;
            let browser = Browser::new(&stage.provider.issuer);
            let page = browser.go(&stage.portal.authorize(&[])).await;
            let (page, before) = stage
                .stop
                .between(step, browser.sign_in(&page, "zoe", &zoe.password), async {
                    stage.act(meanwhile, &zoe.browser, &zoe.password).await;
                    stage.held().await
                })
                .await;
            assert_eq!(became(&page), expected, "{meanwhile:?} at {step:?}");
            if expected == Done {
                let tokens = stage.portal.exchange(&stage.portal.code(&page)).await;
                let live = stage.portal.introspect(&tokens.text("access_token")).await;
                assert_eq!(
                    live.body["active"], true,
                    "{meanwhile:?} at {step:?}: inherits the number of today"
                );
            } else {
                assert!(stage.held().await.is_no_more_than(&before), "{meanwhile:?} at {step:?}");
            }
        }
    }
}

/// Signing in under an order, with the old password or with a slip: what is given is the right to change.
#[tokio::test]
async fn a_right_to_change_that_was_overtaken_is_decided_anew() {
    let by_password = [
        (OrderChange, ChangePage),
        (OrderRecover, SignIn),
        (DueRecover, SignIn),
        (ForceChange, ChangePage),
        (ForceRecover, SignIn),
        (NewCode, ChangePage),
        (Disable, SignIn),
        (ChangeElsewhere, SignIn),
    ];
    let by_code = [
        (OrderChange, ChangePage),
        (OrderRecover, SignIn),
        (DueRecover, SignIn),
        (ForceChange, SignIn),
        (ForceRecover, SignIn),
        (NewCode, SignIn),
        (Disable, SignIn),
        (ChangeElsewhere, SignIn),
    ];
    let mut stage = Stage::set().await;
    for (level, table) in [(Level::Change, by_password), (Level::Recover, by_code)] {
        for (meanwhile, expected) in table {
            let zoe = stage.zoe().await;
            stage.provider.order(level).await;
            stage.prepare(meanwhile).await;
            let secret = match level {
                Level::Change => zoe.password,
                Level::Recover => stage.provider.slip_at("class:0860001J/6A", "zoe").await,
            };
            let browser = Browser::new(&stage.provider.issuer);
            let page = browser.go(&stage.portal.authorize(&[])).await;
            let (page, ()) = stage
                .stop
                .between(
                    Step::SignInDecided,
                    browser.send(&page, "/login", &[("login", "zoe"), ("password", &secret)]),
                    stage.act(meanwhile, &browser, &secret),
                )
                .await;
            // What is answered holds: a right that is dead when it is given sends its owner in a circle.
            let given = page.status == StatusCode::SEE_OTHER;
            assert_eq!(given, expected == ChangePage, "{level:?} {meanwhile:?}: {}", page.status);
            let page = if given { browser.go(&page.location().unwrap()).await } else { page };
            assert_eq!(became(&page), expected, "{level:?} {meanwhile:?}");
        }
    }
}

/// A request with a live session.
#[tokio::test]
async fn no_code_is_written_once_the_gate_closed_or_the_session_ended() {
    let table = [
        (OrderChange, ChangePage),
        (OrderRecover, SignIn),
        (DueChange, ChangePage),
        (DueRecover, SignIn),
        (OrderElsewhere, Done),
        (ForceChange, SignIn),
        (ForceRecover, SignIn),
        (NewCode, SignIn),
        (Disable, SignIn),
        (ChangeElsewhere, SignIn),
        (SignOut, SignIn),
    ];
    let mut stage = Stage::set().await;
    for (meanwhile, expected) in table {
        let zoe = stage.zoe().await;
        stage.prepare(meanwhile).await;
        let address = stage.portal.authorize(&[]);
        let (page, before) = stage
            .stop
            .between(Step::CodeDecided, zoe.browser.go(&address), async {
                stage.act(meanwhile, &zoe.browser, &zoe.password).await;
                stage.held().await
            })
            .await;
        assert_eq!(became(&page), expected, "{meanwhile:?}");
        assert!(expected == Done || stage.held().await.is_no_more_than(&before), "{meanwhile:?}");
    }
}

/// An authorization code on its way, and a refresh token.
#[tokio::test]
async fn no_token_is_written_once_the_gate_closed_or_the_sign_in_ended() {
    let table = [
        (OrderChange, Signal),
        (OrderRecover, Signal),
        (DueChange, Signal),
        (DueRecover, Signal),
        (OrderElsewhere, Done),
        (ForceChange, Signal),
        (ForceRecover, Signal),
        (NewCode, Dead),
        (Disable, Dead),
        (ChangeElsewhere, Dead),
    ];
    let mut stage = Stage::set().await;
    for step in [Step::ExchangeDecided, Step::RefreshDecided] {
        for (meanwhile, expected) in table {
            let zoe = stage.zoe().await;
            let code = stage.portal.code(&zoe.browser.go(&stage.portal.authorize(&[])).await);
            let refresh = match step {
                Step::RefreshDecided => stage.portal.exchange(&code).await.text("refresh_token"),
                _ => String::new(),
            };
            stage.prepare(meanwhile).await;
            let asks = async {
                match step {
                    Step::RefreshDecided => stage.portal.refresh(&refresh).await,
                    _ => stage.portal.exchange(&code).await,
                }
            };
            let other = async {
                stage.act(meanwhile, &zoe.browser, &zoe.password).await;
                stage.held().await
            };
            let (answer, before) = stage.stop.between(step, asks, other).await;
            assert_eq!(answered(&answer), expected, "{meanwhile:?} at {step:?}: {answer:?}");
            assert!(
                expected == Done || stage.held().await.is_no_more_than(&before),
                "{meanwhile:?} at {step:?}"
            );
        }
    }
}

/// A program that acts for zoe.
#[tokio::test]
async fn no_program_is_given_a_token_once_the_gate_closed() {
    let table = [
        (OrderChange, Signal),
        (OrderRecover, Signal),
        (DueChange, Signal),
        (DueRecover, Signal),
        (OrderElsewhere, Done),
        (ForceChange, Signal),
        (ForceRecover, Signal),
        (NewCode, Done),
        (Disable, Dead),
        (ChangeElsewhere, Done),
    ];
    let mut stage = Stage::set().await;
    let robot = RelyingParty::register(&stage.provider, "robot", members("zoe")).await;
    for (meanwhile, expected) in table {
        let zoe = stage.zoe().await;
        stage.prepare(meanwhile).await;
        let asks = robot.token(&[("grant_type", "client_credentials")]);
        let other = async {
            stage.act(meanwhile, &zoe.browser, &zoe.password).await;
            stage.held().await
        };
        let (answer, before) = stage.stop.between(Step::ClientCredentialsDecided, asks, other).await;
        assert_eq!(answered(&answer), expected, "{meanwhile:?}: {answer:?}");
        if expected == Done {
            let live = robot.introspect(&answer.text("access_token")).await;
            assert_eq!(live.body["active"], true, "{meanwhile:?}: of the number of today");
        } else {
            assert!(stage.held().await.is_no_more_than(&before), "{meanwhile:?}");
        }
    }
}

#[tokio::test]
async fn signing_out_outruns_the_exchange_and_giving_back_outruns_the_refresh() {
    let mut stage = Stage::set().await;
    let zoe = stage.zoe().await;
    let code = stage.portal.code(&zoe.browser.go(&stage.portal.authorize(&[("scope", "openid")])).await);
    let asks = stage.portal.exchange(&code);
    let out = stage.act(SignOut, &zoe.browser, "");
    let (answer, ()) = stage.stop.between(Step::ExchangeDecided, asks, out).await;
    assert_eq!(answered(&answer), Dead, "{answer:?}");

    let zoe = stage.zoe().await;
    let code = stage.portal.code(&zoe.browser.go(&stage.portal.authorize(&[])).await);
    let refresh = stage.portal.exchange(&code).await.text("refresh_token");
    let asks = stage.portal.refresh(&refresh);
    let (answer, _) = stage.stop.between(Step::RefreshDecided, asks, stage.portal.revoke(&refresh)).await;
    assert_eq!(answered(&answer), Dead, "{answer:?}");
}

#[tokio::test]
async fn a_code_that_is_exchanged_twice_at_once_leaves_nothing_alive() {
    let mut stage = Stage::set().await;
    let zoe = stage.zoe().await;
    let code = stage.portal.code(&zoe.browser.go(&stage.portal.authorize(&[])).await);
    let other = stage.portal.exchange(&code);
    let (late, first) = stage.stop.between(Step::ExchangeDecided, stage.portal.exchange(&code), other).await;
    assert_eq!((answered(&late), answered(&first)), (Dead, Done), "{late:?} {first:?}");
    assert_eq!(stage.portal.introspect(&first.text("access_token")).await.body["active"], false);
    assert_eq!(answered(&stage.portal.refresh(&first.text("refresh_token")).await), Dead);
}

#[tokio::test]
async fn an_order_and_a_change_are_always_in_one_order() {
    let mut stage = Stage::set().await;
    for level in [Level::Change, Level::Recover] {
        let zoe = stage.zoe().await;
        let order = stage.provider.order(level);
        let change = change(&zoe.browser, &zoe.password, "Dernier-mot7");
        stage.stop.between(Step::OrderDecided, order, change).await;
        let expected = if level == Level::Change { ChangePage } else { SignIn };
        assert_eq!(stage.try_password("Dernier-mot7").await, expected, "the change came first");
        assert_eq!(became(&zoe.browser.go(&stage.portal.authorize(&[])).await), expected);
    }
}

#[tokio::test]
async fn two_orders_decided_at_once_draw_two_numbers() {
    let stage = Stage::set().await;
    let first = stage.provider.order(Level::Change);
    let second = stage.provider.order(Level::Recover);
    let (late, early) = stage.stop.between(Step::OrderDecided, first, second).await;
    let mut clocks = Vec::new();
    for id in [early, late] {
        let record = ecluse::store::reset_order::find(&stage.provider.ctx.db, &id).await.unwrap().unwrap();
        clocks.push(record.order.state.force().unwrap().clock);
    }
    assert_eq!(clocks, [OrderClock(1), OrderClock(2)]);
}

/// Changes the password on the account page.
async fn change(browser: &Browser, current: &str, new: &str) {
    let page = browser.go("/account/password").await;
    let page = browser.change(&page, current, new).await;
    assert!(page.is_success(), "{}", page.body);
}

fn answered(answer: &Answer) -> Became {
    if answer.status.is_success() {
        return Done;
    }
    assert_eq!(answer.error(), (400, "invalid_grant"), "{answer:?}");
    if answer.body.get("ecluse_interaction").is_some() { Signal } else { Dead }
}
