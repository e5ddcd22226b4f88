//! Redis fails between two steps of what was decided together: a claim stays that should be gone, or is gone that should be
//! there. What the database says counts. Where claims lie in the database there is nothing between, and nothing to try.

use ecluse::flows::step::Step;
use reqwest::StatusCode;

use crate::browser::{Browser, Page};
use crate::meanwhile::Became::{Done, SignIn};
use crate::meanwhile::Meanwhile::SignOut;
use crate::meanwhile::{Stage, became};

const NEW: &str = "Chat-noir7";

/// A stage whose claims lie apart, if they do.
async fn apart() -> Option<Stage> {
    let stage = Stage::set().await;
    stage.provider.stores.claims.lie_apart().then_some(stage)
}

/// Signs out while Redis removes nothing.
async fn sign_out_in_vain(stage: &Stage, browser: &Browser) {
    stage.provider.stores.claims.forbid("del");
    let page = browser.go("/logout").await;
    let page = browser.submit(&page, "/logout/confirm", &[]).await;
    stage.provider.stores.claims.allow("del");
    assert_eq!(page.status, StatusCode::OK, "it is written down: {}", page.body);
    assert!(!stage.provider.stores.claims.copy("session").is_empty(), "the claim has outlived it");
}

/// A browser with this session, whatever the answers took from it.
fn kept(stage: &Stage, cookie: &str) -> Browser {
    Browser::new(&stage.provider.issuer).with_cookie("ecluse_session", cookie)
}

async fn signed_in(stage: &Stage, password: &str) -> (Browser, String) {
    let browser = Browser::new(&stage.provider.issuer);
    let page = browser.go("/login").await;
    let page = browser.send(&page, "/login", &[("login", "zoe"), ("password", password)]).await;
    let cookie = page.cookie("ecluse_session");
    (browser, cookie)
}

#[tokio::test]
async fn a_session_that_was_signed_out_opens_nothing_though_its_claim_is_still_there() {
    let Some(mut stage) = apart().await else { return };
    let zoe = stage.zoe().await;
    let (browser, cookie) = signed_in(&stage, &zoe.password).await;
    let code = stage.portal.code(&browser.go(&stage.portal.authorize(&[])).await);
    sign_out_in_vain(&stage, &browser).await;
    assert_eq!(stage.portal.exchange(&code).await.error(), (400, "invalid_grant"));

    for _ in 0..2 {
        let (browser, cookie) = signed_in(&stage, &zoe.password).await;
        let claims = stage.provider.stores.claims.copy("session");
        sign_out_in_vain(&stage, &browser).await;
        for _ in 0..2 {
            let browser = kept(&stage, &cookie);
            assert!(!browser.go("/").await.body.contains("zoe"));
            assert!(browser.go("/account/password").await.is_sign_in());
            let silent = browser.go(&stage.portal.authorize(&[("prompt", "none")])).await;
            assert_eq!(silent.parameter("error").as_deref(), Some("login_required"));
            // However often it comes back, as after a failover.
            stage.provider.stores.claims.put_back(&claims);
        }
    }
    assert!(!kept(&stage, &cookie).go("/").await.body.contains("zoe"));
}

#[tokio::test]
async fn no_code_is_written_for_a_session_whose_claim_outlives_it() {
    let Some(mut stage) = apart().await else { return };
    let zoe = stage.zoe().await;
    let address = stage.portal.authorize(&[]);
    let out = sign_out_in_vain(&stage, &zoe.browser);
    let (page, ()) = stage.stop.between(Step::CodeDecided, zoe.browser.go(&address), out).await;
    assert_eq!(became(&page), SignIn, "{}", page.body);

    let zoe = stage.zoe().await;
    let code = stage.portal.code(&zoe.browser.go(&stage.portal.authorize(&[])).await);
    let out = sign_out_in_vain(&stage, &zoe.browser);
    let (answer, ()) = stage.stop.between(Step::ExchangeDecided, stage.portal.exchange(&code), out).await;
    assert_eq!(answer.error(), (400, "invalid_grant"), "{answer:?}");
}

/// The change has taken the claim, and whoever signs out finds none; what the change did not get done it puts back.
#[tokio::test]
async fn signing_out_counts_also_while_a_change_holds_the_claim() {
    let Some(mut stage) = apart().await else { return };
    for kind in ["session", "pending_change"] {
        let zoe = stage.zoe().await;
        let (browser, page) = at_the_change_page(&stage, kind, &zoe.password).await;
        let signing_out = async {
            let taken = stage.provider.stores.claims.copy(kind);
            assert!(!taken.is_empty());
            stage.provider.stores.claims.remove(&taken);
            stage.act(SignOut, &browser, "").await;
            stage.provider.stores.claims.put_back(&taken);
        };
        let change = browser.change(&page, &zoe.password, NEW);
        let (page, ()) = stage.stop.between(Step::ChangeDecided, change, signing_out).await;
        assert_eq!(became(&page), SignIn, "{kind}: {}", page.body);
        assert_eq!(stage.try_password(NEW).await, SignIn, "{kind}");
    }
}

async fn at_the_change_page(stage: &Stage, kind: &str, password: &str) -> (Browser, Page) {
    let (browser, _) = signed_in(stage, password).await;
    if kind == "session" {
        let page = browser.go("/account/password").await;
        return (browser, page);
    }
    stage.provider.order(ecluse::domain::level::Level::Change).await;
    let browser = Browser::new(&stage.provider.issuer);
    let page = browser.sign_in(&browser.go("/login").await, "zoe", password).await;
    assert!(page.is_change(), "{}", page.body);
    (browser, page)
}

#[tokio::test]
async fn a_change_that_is_written_is_a_success_without_a_session() {
    let Some(mut stage) = apart().await else { return };
    let zoe = stage.zoe().await;
    let page = zoe.browser.go("/account/password").await;
    let change = zoe.browser.change(&page, &zoe.password, NEW);
    let away = async { stage.provider.stores.claims.forbid("set") };
    let (page, ()) = stage.stop.between(Step::ChangeDecided, change, away).await;
    assert!(page.is_success(), "{} {}", page.status, page.body);
    stage.provider.stores.claims.allow("set");
    assert!(!zoe.browser.go("/").await.body.contains("zoe"), "the session was not kept");
    assert_eq!(stage.try_password(NEW).await, Done);
}

#[tokio::test]
async fn a_sign_in_whose_session_is_lost_is_none_and_says_come_back() {
    let Some(mut stage) = apart().await else { return };
    let zoe = stage.zoe().await;
    let browser = Browser::new(&stage.provider.issuer);
    let page = browser.go("/login").await;
    let fields = [("login", "zoe"), ("password", zoe.password.as_str())];
    let away = async { stage.provider.stores.claims.forbid("set") };
    let sign_in = browser.send(&page, "/login", &fields);
    let (lost, ()) = stage.stop.between(Step::SignInDecided, sign_in, away).await;
    assert_eq!(lost.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(lost.headers.get("set-cookie").is_none());
    stage.provider.stores.claims.allow("set");
    assert_eq!(browser.send(&page, "/login", &fields).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn without_redis_a_provider_is_not_ready_but_for_whoever_excludes_it() {
    let Some(stage) = apart().await else { return };
    let browser = Browser::new(&stage.provider.issuer);
    stage.provider.stores.claims.forbid("ping");
    for (question, status) in [("", 503), ("?exclude=redis", 200), ("?exclude=database", 400)] {
        assert_eq!(browser.get(&format!("/readyz{question}")).await.status, status, "{question}");
    }
    stage.provider.stores.claims.allow("ping");
    assert_eq!(browser.get("/readyz").await.status, 200);
}
