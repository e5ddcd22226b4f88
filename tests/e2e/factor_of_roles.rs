//! What protects a role is enrolled for that role: neither a class teacher's list nor leave to enrol outlives the giving of a wider one.

use std::time::Duration;

use ecluse::domain::code::printed;
use ecluse::domain::operator::Role;
use ecluse::domain::territory::TerritoryCode;
use ecluse::flows::account::grant_role::grant_role;
use ecluse::flows::account::new_code::new_code;
use ecluse::flows::account::reset_factor::reset_factor;
use reqwest::StatusCode;

use crate::console::{App, TEACHER, asks_leave, codes, is_home, password_alone, show};
use crate::provider::Provider;
use crate::sign_in::activate;

const SCHOOL: &str = "uai:0860001J";

#[tokio::test]
async fn a_list_protects_nothing_that_is_given_to_its_owner_later() {
    let provider = Provider::start().await;
    provider.hire("chef", Role::Authority, "academie:13").await;
    provider.hire(TEACHER, Role::ClassTeacher, "class:0860001J/6A").await;
    let browser = activate(&provider, TEACHER).await;
    let page = browser.go("/console").await;
    let list = codes(&browser.submit(&page, "/factor/list", &[]).await);
    assert!(is_home(&show(&browser, &browser.go("/console").await, &list[0]).await));
    provider.hire(TEACHER, Role::SchoolAdmin, "uai:0860001J").await;
    provider.clock.advance(Duration::from_secs(1));
    let (again, page) = password_alone(&provider, TEACHER).await;
    assert!(asks_leave(&page), "the list is none any more: {}", page.body);
    let mut form = page.fields("/console/factor/permit");
    form.retain(|(name, _)| name == "csrf");
    form.push(("code".to_owned(), list[1].clone()));
    again.post("/console/factor", &form).await;
    assert!(asks_leave(&again.go("/console").await));

    // A code for the password is as good as the roles, as for whoever has nothing: the help desk cannot give it.
    let helps = provider.hire("aide", Role::Helpdesk, "uai:0860001J").await;
    assert!(new_code(&provider.ctx, &helps, TEACHER).await.unwrap().is_err());
    let leave = reset_factor(&provider.ctx, &provider.as_operator("chef").await, TEACHER).await;
    assert!(leave.unwrap().is_ok());
}

#[tokio::test]
async fn an_app_takes_the_place_of_a_list_that_does_no_more() {
    let provider = Provider::start().await;
    provider.hire(TEACHER, Role::ClassTeacher, "class:0860001J/6A").await;
    let browser = activate(&provider, TEACHER).await;
    let page = browser.go("/console").await;
    let list = codes(&browser.submit(&page, "/factor/list", &[]).await);
    provider.hire(TEACHER, Role::SchoolAdmin, "uai:0860001J").await;
    // The sign-in by the code is leave still.
    let page = browser.go("/console").await;
    let app = App::scan(&provider, &page);
    let page = browser.submit(&page, "/factor/app", &[("code", &app.digits())]).await;
    assert_eq!(codes(&page).len(), 10, "{}", page.body);
    let (again, page) = password_alone(&provider, TEACHER).await;
    let refused = show(&again, &page, &list[1]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
    assert!(is_home(&show(&again, &page, &app.next()).await));
}

#[tokio::test]
async fn leave_to_enrol_is_of_the_roles_that_were_held_when_it_was_given() {
    let provider = Provider::start().await;
    provider.hire(TEACHER, Role::ClassTeacher, "class:0860001J/6A").await;
    activate(&provider, TEACHER).await;
    let head = provider.hire("principale", Role::SchoolAdmin, SCHOOL).await;
    let chief = provider.hire("recteur", Role::Authority, "academie:13").await;
    let mut asks = Vec::new();
    for grows in [false, true] {
        provider.clock.advance(Duration::from_secs(1));
        let leave = reset_factor(&provider.ctx, &head, TEACHER).await.unwrap().ok().unwrap();
        if grows {
            let place = TerritoryCode::parse(SCHOOL).unwrap();
            let grown = grant_role(&provider.ctx, &chief, TEACHER, Role::Helpdesk, &place).await;
            assert!(grown.unwrap().is_ok());
        }
        let (browser, page) = password_alone(&provider, TEACHER).await;
        let code = printed(&leave.code).expose().to_owned();
        browser.submit(&page, "/console/factor/permit", &[("code", &code)]).await;
        asks.push(asks_leave(&browser.go("/console").await));
    }
    assert_eq!(asks, [false, true]);
}
