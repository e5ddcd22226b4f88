//! Choosing a new password is stopped at its steps: after the proof was verified, after the hashing, and after the
//! decision. Whoever lost the right meanwhile, a thief above all, writes nothing.

use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::flows::reset_order::issue::Proposal;
use ecluse::flows::step::Step;

use crate::browser::{Browser, Page};
use crate::meanwhile::Became::{ChangePage, Done, SignIn};
use crate::meanwhile::Meanwhile::{
    ChangeElsewhere, Disable, DueChange, DueRecover, ForceChange, ForceRecover, NewCode, OrderChange,
    OrderElsewhere, OrderRecover, SignOut, TooLate,
};
use crate::meanwhile::{Became, Meanwhile, Stage, became};
use crate::provider::proposal;

const STEPS: [Step; 3] = [Step::ChangeVerified, Step::ChangeHashed, Step::ChangeDecided];
const NEW: &str = "Chat-noir7";

/// Submits the change page with `current`, stopped while `meanwhile` happens, and checks what was written.
async fn race(
    stage: &Stage,
    step: Step,
    (browser, page): (&Browser, &Page),
    current: &str,
    (meanwhile, expected): (Meanwhile, Became),
) {
    let (page, before) = stage
        .stop
        .between(step, browser.change(page, current, NEW), async {
            stage.act(meanwhile, browser, current).await;
            stage.held().await
        })
        .await;
    assert_eq!(became(&page), expected, "{meanwhile:?} at {step:?}: {}", page.body);
    if expected == Done {
        let now = stage.provider.person("zoe").await.facts;
        assert_eq!(now.credential.unwrap().clock, now.clock, "chosen under the clock of the moment");
        assert_eq!(stage.try_password(NEW).await, Done, "{meanwhile:?} at {step:?}");
    } else {
        assert!(stage.held().await.is_no_more_than(&before), "{meanwhile:?} at {step:?}");
        assert_eq!(stage.try_password(NEW).await, SignIn, "{meanwhile:?} at {step:?}");
    }
}

#[tokio::test]
async fn with_the_old_password_under_an_order() {
    let table = [
        (OrderChange, Done),
        (OrderRecover, SignIn),
        (DueChange, Done),
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
    for step in STEPS {
        for (meanwhile, expected) in table {
            let zoe = stage.zoe().await;
            stage.provider.order(Level::Change).await;
            stage.prepare(meanwhile).await;
            let browser = Browser::new(&stage.provider.issuer);
            let page = browser.go(&stage.portal.authorize(&[])).await;
            let page = browser.sign_in(&page, "zoe", &zoe.password).await;
            assert_eq!(became(&page), ChangePage);
            race(&stage, step, (&browser, &page), &zoe.password, (meanwhile, expected)).await;
        }
    }
}

#[tokio::test]
async fn with_a_code_under_an_order_that_believes_in_theft() {
    let table = [
        (OrderChange, Done),
        (OrderRecover, SignIn),
        (DueChange, Done),
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
    for step in STEPS {
        for (meanwhile, expected) in table {
            stage.zoe().await;
            stage.provider.order(Level::Recover).await;
            stage.prepare(meanwhile).await;
            let code = stage.provider.slip_at("class:0860001J/6A", "zoe").await;
            let browser = Browser::new(&stage.provider.issuer);
            let page = browser.go(&stage.portal.authorize(&[])).await;
            let page = browser.sign_in(&page, "zoe", &code).await;
            assert_eq!(became(&page), ChangePage);
            race(&stage, step, (&browser, &page), &code, (meanwhile, expected)).await;
        }
    }
}

#[tokio::test]
async fn by_choice_from_a_session() {
    let table = [
        (OrderChange, Done),
        (OrderRecover, SignIn),
        (DueChange, Done),
        (DueRecover, SignIn),
        (OrderElsewhere, Done),
        (ForceChange, SignIn),
        (ForceRecover, SignIn),
        (NewCode, SignIn),
        (Disable, SignIn),
        (SignOut, SignIn),
    ];
    let mut stage = Stage::set().await;
    for step in STEPS {
        for (meanwhile, expected) in table {
            let zoe = stage.zoe().await;
            stage.prepare(meanwhile).await;
            let page = zoe.browser.go("/account/password").await;
            race(&stage, step, (&zoe.browser, &page), &zoe.password, (meanwhile, expected)).await;
        }
    }
}

/// What is decided is decided at an instant: hashing may take too long, writing does not.
#[tokio::test]
async fn a_page_that_grows_too_old_in_the_hashing_writes_nothing() {
    let mut stage = Stage::set().await;
    for step in [Step::ChangeVerified, Step::ChangeHashed] {
        for level in [Level::Change, Level::Recover] {
            let zoe = stage.zoe().await;
            stage.provider.order(level).await;
            let secret = match level {
                Level::Change => zoe.password,
                Level::Recover => stage.provider.slip_at("class:0860001J/6A", "zoe").await,
            };
            let browser = Browser::new(&stage.provider.issuer);
            let page = browser.go(&stage.portal.authorize(&[])).await;
            let page = browser.sign_in(&page, "zoe", &secret).await;
            race(&stage, step, (&browser, &page), &secret, (TooLate, SignIn)).await;
        }
    }
}

/// A thief with the old password is on the change page of a `change` order when its deadline passes for those who hold
/// a slip, or when the slip is printed after the deadline.
#[tokio::test]
async fn a_deadline_that_passes_stops_whoever_has_only_the_old_password() {
    let mut stage = Stage::set().await;
    for step in [Step::ChangeVerified, Step::ChangeHashed] {
        for printed_first in [true, false] {
            let zoe = stage.zoe().await;
            let deadline = Some(stage.provider.clock.now().plus(Duration::from_secs(5)));
            stage.provider.issue(&Proposal { deadline, ..proposal("academie:13", Level::Change) }).await;
            let past = Duration::from_secs(6);
            if printed_first {
                stage.provider.slip_at("class:0860001J/6A", "zoe").await;
            } else {
                stage.provider.clock.advance(past);
            }
            let browser = Browser::new(&stage.provider.issuer);
            let page = browser.go(&stage.portal.authorize(&[])).await;
            let page = browser.sign_in(&page, "zoe", &zoe.password).await;
            assert_eq!(became(&page), ChangePage);
            let thief = browser.change(&page, &zoe.password, NEW);
            let harden = async {
                if printed_first {
                    stage.provider.clock.advance(past);
                } else {
                    stage.provider.slip_at("class:0860001J/6A", "zoe").await;
                }
                stage.held().await
            };
            let (page, before) = stage.stop.between(step, thief, harden).await;
            assert_eq!(became(&page), SignIn, "printed first: {printed_first}, at {step:?}");
            assert!(stage.held().await.is_no_more_than(&before), "printed first: {printed_first}");
        }
    }
}

/// An order is lifted while somebody is about to obey it.
#[tokio::test]
async fn an_order_that_is_lifted_leaves_the_change_to_whoever_makes_it() {
    let mut stage = Stage::set().await;
    for (step, level) in STEPS.into_iter().flat_map(|step| [(step, Level::Change), (step, Level::Recover)]) {
        let zoe = stage.zoe().await;
        let order = stage.provider.order(level).await;
        let secret = match level {
            Level::Change => zoe.password,
            Level::Recover => stage.provider.slip_at("class:0860001J/6A", "zoe").await,
        };
        let browser = Browser::new(&stage.provider.issuer);
        let page = browser.go(&stage.portal.authorize(&[])).await;
        let page = browser.sign_in(&page, "zoe", &secret).await;
        let change = browser.change(&page, &secret, NEW);
        let (page, ()) = stage.stop.between(step, change, stage.provider.cancel(&order)).await;
        assert_eq!(became(&page), Done, "{level:?} at {step:?}: {}", page.body);
        assert_eq!(stage.try_password(NEW).await, Done);
    }
}
