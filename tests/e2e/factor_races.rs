//! Second factors between decision and writing: what came between has the last word.

use std::time::Duration;

use ecluse::domain::operator::Role;
use ecluse::flows::account::reset_factor::reset_factor;
use ecluse::flows::step::Step;
use ecluse::store::db::Statement;
use reqwest::StatusCode;

use crate::console::{App, TEACHER, codes, head, is_home, password_alone, show};
use crate::provider::{Provider, Wish};
use crate::sign_in::activate;
use crate::stop::Stop;

async fn stage() -> (Provider, Stop) {
    let stop = Stop::new();
    (Provider::start_with(Wish { steps: stop.steps(), ..Wish::default() }).await, stop)
}

/// How many codes stand in for a factor.
async fn spare(provider: &Provider) -> i64 {
    let sql = "SELECT COUNT(*) AS codes FROM spare_code WHERE purpose = 'factor'";
    let row = provider.ctx.db.one(Statement::new(sql, Vec::new())).await.unwrap().unwrap();
    row.int("codes").unwrap()
}

#[tokio::test]
async fn digits_and_codes_that_were_both_found_right_open_once() {
    let (provider, stop) = stage().await;
    let (_, app, codes) = head(&provider).await;
    for typed in [app.next(), codes[0].clone()] {
        let (here, page_here) = password_alone(&provider, TEACHER).await;
        let (there, page_there) = password_alone(&provider, TEACHER).await;
        let first = show(&here, &page_here, &typed);
        let second = show(&there, &page_there, &typed);
        let (late, early) = stop.between(Step::FactorDecided, first, second).await;
        assert!(is_home(&early), "{} {}", early.status, early.body);
        assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", late.body);
    }
}

#[tokio::test]
async fn a_factor_that_is_taken_away_meanwhile_leaves_no_codes() {
    let (provider, stop) = stage().await;
    let (browser, _, _) = head(&provider).await;
    let rector = provider.hire("recteur", Role::Authority, "academie:13").await;
    let page = browser.go("/console").await;
    let taking = async { reset_factor(&provider.ctx, &rector, TEACHER).await.unwrap().is_ok() };
    let renewing = browser.submit(&page, "/factor/codes", &[]);
    let (renewed, taken) = stop.between(Step::FactorDecided, renewing, taking).await;
    assert!(taken && codes(&renewed).is_empty(), "{}", renewed.body);
    assert_eq!(spare(&provider).await, 0);
}

#[tokio::test]
async fn of_two_factors_that_are_enrolled_at_once_one_is() {
    for enrols_app in [true, false] {
        let (provider, stop) = stage().await;
        provider.hire(TEACHER, Role::ClassTeacher, "class:0860001J/6A").await;
        let browser = activate(&provider, TEACHER).await;
        let page = browser.go("/console").await;
        let digits = App::scan(&provider, &page).digits();
        let typed = [("code", digits.as_str())];
        let (way, typed) = if enrols_app { ("/factor/app", &typed[..]) } else { ("/factor/list", &[][..]) };
        let list = browser.submit(&page, "/factor/list", &[]);
        let (late, early) = stop.between(Step::FactorDecided, browser.submit(&page, way, typed), list).await;
        assert_eq!((codes(&late).len(), codes(&early).len()), (0, 20), "{}", late.body);
        assert_eq!(spare(&provider).await, 20);
    }
}

#[tokio::test]
async fn leave_to_enrol_that_was_found_right_twice_is_given_once() {
    let (provider, stop) = stage().await;
    head(&provider).await;
    provider.clock.advance(Duration::from_secs(1));
    let rector = provider.hire("recteur", Role::Authority, "academie:13").await;
    let leave = reset_factor(&provider.ctx, &rector, TEACHER).await.unwrap().ok().unwrap();
    let typed = [("code", leave.code.expose())];
    let (here, page_here) = password_alone(&provider, TEACHER).await;
    let (there, page_there) = password_alone(&provider, TEACHER).await;
    let first = here.submit(&page_here, "/factor/permit", &typed);
    let second = there.submit(&page_there, "/factor/permit", &typed);
    let (late, early) = stop.between(Step::FactorDecided, first, second).await;
    assert!(early.body.contains("id=\"enrol\""), "{} {}", early.status, early.body);
    assert!(!late.body.contains("id=\"enrol\""), "{} {}", late.status, late.body);
}
