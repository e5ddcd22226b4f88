//! An operator looks for somebody, and helps them.

use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::flows::reset_order::issue::issue;
use ecluse::store;
use reqwest::StatusCode;

use crate::browser::{Browser, Page};
use crate::console::enrolled;
use crate::provider::{FIRST_PASSWORD, Provider, operator, proposal};
use crate::relying_party::RelyingParty;
use crate::sign_in::{activate, signed_in};

const CHIEF: &str = "chef";
const SCHOOL: &str = "uai:0860001J";
const CLASS: &str = "class:0860001J/6A";

async fn at_work(provider: &Provider, role: Role, place: &str) -> Browser {
    provider.hire(CHIEF, role, place).await;
    enrolled(provider, CHIEF).await.0
}

/// The logins of the people on a page.
async fn find(browser: &Browser, query: &str) -> Vec<String> {
    let page = browser.go(&format!("/console/people?q={query}")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let rows = page.body.split("href=\"/console/people/").skip(1);
    rows.map(|row| row.split('"').next().unwrap().to_owned()).filter(|id| !id.is_empty()).collect()
}

async fn act(browser: &Browser, page: &Page, deed: &str) -> Page {
    browser.submit(page, deed, &[("reason", "au bureau")]).await
}

#[tokio::test]
async fn a_forgotten_password_takes_two_clicks_from_the_search_and_is_written_down() {
    let provider = Provider::start().await;
    activate(&provider, "zoe").await;
    let chief = at_work(&provider, Role::SchoolAdmin, SCHOOL).await;
    assert_eq!(find(&chief, "zo").await, ["zoe"]);
    let page = chief.go("/console/people/zoe").await;
    let page = act(&chief, &page, "/zoe/code").await;
    let code = page.body.split("<code id=\"code\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let zoe = Browser::new(&provider.issuer);
    let page = zoe.sign_in(&zoe.go("/login").await, "zoe", &code).await;
    assert!(zoe.change(&page, "", "Chat-noir7").await.is_success(), "{}", page.body);
    let lines = store::audit::unsealed(&provider.ctx.db, 1_000).await.unwrap();
    let line = lines.iter().find(|line| line.act == "code.issue" && line.actor == "account:chef").unwrap();
    assert_eq!((line.object.as_str(), line.reason.as_deref()), ("account:zoe", Some("au bureau")));
    assert!(line.territory.is_some() && line.request_id.is_some());
    assert_eq!(line.address.as_deref(), Some("127.0.0.1"));
    let page = chief.go("/console/people/zoe").await;
    assert!(page.body.contains("Nouveau code donné") && page.body.contains("au bureau"), "{}", page.body);
}

#[tokio::test]
async fn people_are_found_by_name_login_class_and_school_inside_the_territory_alone() {
    let provider = Provider::start().await;
    let chief = at_work(&provider, Role::SchoolAdmin, SCHOOL).await;
    for (query, found) in [
        ("zoe", vec!["zoe"]),
        ("ESSAI+z", vec!["zoe"]),
        ("z+essai", vec!["zoe"]),
        ("6a", vec!["tom", "zoe"]),
        ("0860001J", vec!["m.blanc", "tom", "zoe"]),
        ("", vec!["chef", "m.blanc", "tom", "zoe"]),
        ("lea", vec![]),
        ("0169001X", vec![]),
        ("%25", vec![]),
        ("_oe", vec![]),
        ("zo%25", vec![]),
    ] {
        assert_eq!(find(&chief, query).await, found, "{query}");
    }
    assert_eq!(chief.go("/console/people/lea").await.status, StatusCode::NOT_FOUND);
    assert_eq!(chief.go("/console/people/nobody").await.status, StatusCode::NOT_FOUND);
    let page = chief.go("/console/people/zoe").await;
    let sent = chief.post("/console/people/lea/disable", &page.fields("/zoe/disable")).await;
    assert_eq!(sent.status, StatusCode::NOT_FOUND);
    assert!(!provider.person("lea").await.facts.disabled);
}

#[tokio::test]
async fn a_class_teacher_does_not_see_staff() {
    let provider = Provider::start().await;
    provider.hire("adjoint", Role::Helpdesk, CLASS).await;
    let teacher = at_work(&provider, Role::ClassTeacher, CLASS).await;
    assert_eq!(find(&teacher, "").await, ["tom", "zoe"]);
    assert_eq!(teacher.go("/console/people/adjoint").await.status, StatusCode::NOT_FOUND);
    let page = teacher.go("/console/people/zoe").await;
    assert!(page.form("/zoe/code").is_some() && page.form("/zoe/disable").is_none(), "{}", page.body);
    assert!(!page.body.contains("sign_in"), "the audit log is not a class teacher's to read");
    let sent = teacher.post("/console/people/zoe/disable", &page.fields("/zoe/code")).await;
    assert_eq!(sent.status, StatusCode::FORBIDDEN, "{}", sent.body);
    assert!(!provider.person("zoe").await.facts.disabled);
}

#[tokio::test]
async fn every_act_is_done_and_a_foreign_form_does_none() {
    let provider = Provider::start().await;
    let zoe = activate(&provider, "zoe").await;
    let chief = at_work(&provider, Role::SchoolAdmin, SCHOOL).await;
    let page = chief.go("/console/people/zoe").await;
    let form = page.fields("/zoe/disable");
    let cross = chief.post_from("https://evil.example", "/console/people/zoe/disable", &form).await;
    assert_eq!(cross.status, StatusCode::FORBIDDEN);
    assert!(!provider.person("zoe").await.facts.disabled);
    let page = act(&chief, &page, "/zoe/unlock").await;
    assert!(page.body.contains("role=\"status\""), "{}", page.body);
    let page = act(&chief, &page, "/zoe/end-sessions").await;
    assert!(zoe.go("/account/password").await.is_sign_in());
    let page = act(&chief, &page, "/zoe/force").await;
    let again = Browser::new(&provider.issuer);
    assert!(again.sign_in(&again.go("/login").await, "zoe", FIRST_PASSWORD).await.is_change());
    let page = act(&chief, &page, "/zoe/recover").await;
    assert!(again.sign_in(&again.go("/login").await, "zoe", FIRST_PASSWORD).await.is_sign_in());
    let page = act(&chief, &page, "/zoe/disable").await;
    assert!(provider.person("zoe").await.facts.disabled);
    assert!(page.form("/zoe/code").is_none(), "{}", page.body);
    let page = act(&chief, &page, "/zoe/enable").await;
    assert!(!provider.person("zoe").await.facts.disabled);
    let own = chief.post("/console/people/chef/disable", &page.fields("/zoe/disable")).await;
    assert_eq!(own.status, StatusCode::FORBIDDEN, "nobody does it to the own account: {}", own.body);
}

#[tokio::test]
async fn where_somebody_is_signed_in_and_by_which_order_the_gate_is_closed_stands_on_their_page() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let gradebook = RelyingParty::gradebook(&provider).await;
    signed_in(&provider, &portal, "zoe").await;
    signed_in(&provider, &gradebook, "zoe").await;
    let chief = at_work(&provider, Role::SchoolAdmin, SCHOOL).await;
    let visits = |page: &Page| page.body.matches("<li><strong>").count();
    let page = chief.go("/console/people/zoe").await;
    assert!(page.body.contains("<strong>portal</strong>"), "{}", page.body);
    assert!(page.body.contains("<strong>gradebook</strong>"), "{}", page.body);
    assert_eq!(visits(&chief.go("/console/people/tom").await), 0);
    let page = act(&chief, &page, "/zoe/end-sessions").await;
    assert_eq!(visits(&page), 0, "{}", page.body);

    let order = |place, level| {
        let (ctx, shell) = (&provider.ctx, operator().breaking_glass());
        async move { issue(ctx, &shell, &proposal(place, level), None).await.unwrap().unwrap().order.id }
    };
    let here = order(CLASS, Level::Change).await;
    let page = chief.go("/console/people/zoe").await;
    assert!(page.body.contains(&format!("href=\"/console/orders/{here}\"")), "{}", page.body);
    assert_eq!(chief.go(&format!("/console/orders/{here}")).await.status, StatusCode::OK);
    // Who may not follow orders is led to none.
    provider.hire("aide", Role::Helpdesk, SCHOOL).await;
    let (aide, ..) = enrolled(&provider, "aide").await;
    let page = aide.go("/console/people/zoe").await;
    assert!(page.body.contains("id=\"gate\"") && !page.body.contains("/console/orders/"), "{}", page.body);
}

#[tokio::test]
async fn a_page_goes_on_for_the_same_search_of_the_same_operator_alone() {
    let provider = Provider::start().await;
    for number in 10..40 {
        provider.hire(&format!("aide{number}"), Role::Helpdesk, SCHOOL).await;
    }
    let chief = at_work(&provider, Role::SchoolAdmin, SCHOOL).await;
    let page = chief.go("/console/people?q=aide").await;
    let next = page.body.split("id=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let next = next.replace("&#38;", "&").replace("&amp;", "&");
    let second = next.strip_prefix("/console/people?q=").unwrap();
    assert_eq!(find(&chief, second).await, ["aide35", "aide36", "aide37", "aide38", "aide39"]);
    let cursor = next.split("from=").nth(1).unwrap();
    let bad = async |browser: &Browser, query: &str| {
        browser.go(&format!("/console/people?q={query}")).await.status == StatusCode::BAD_REQUEST
    };
    assert!(bad(&chief, &format!("aide1&from={cursor}")).await, "of another search");
    provider.hire("voisin", Role::SchoolAdmin, SCHOOL).await;
    let (other, ..) = enrolled(&provider, "voisin").await;
    assert!(bad(&other, second).await, "of another operator");
    for page in [
        "/console/orders?cursor=x",
        "/console/audit?cursor=x",
        "/console/roles?from=x",
        "/console/roles?waiting=x",
        "/console/people/zoe?from=x",
        "/console/places?at=class%3A0860001J%2F6A&from=x",
    ] {
        assert_eq!(chief.go(page).await.status, StatusCode::BAD_REQUEST, "{page}");
    }
}

#[tokio::test]
async fn an_act_that_gives_power_asks_for_the_factor_again_and_keeps_what_was_typed() {
    let provider = Provider::start().await;
    provider.hire(CHIEF, Role::Authority, "academie:13").await;
    let (chief, app, _) = enrolled(&provider, CHIEF).await;
    provider.hire("m.blanc", Role::SchoolAdmin, SCHOOL).await;
    provider.clock.advance(Duration::from_mins(6));
    let page = chief.go("/console/people/m.blanc").await;
    let page = act(&chief, &page, "/m.blanc/factor").await;
    assert!(page.body.contains("id=\"show-factor\""), "{}", page.body);
    let mut forged = page.fields("/console/factor");
    for (name, value) in &mut forged {
        if name == "then" {
            "https://evil.example/".clone_into(value);
        }
    }
    forged.push(("code".to_owned(), "000000".to_owned()));
    let told = chief.post("/console/factor", &forged).await;
    assert!(!told.body.contains("evil.example"), "{}", told.body);
    let page = chief.submit(&page, "/console/factor", &[("code", &app.next())]).await;
    assert!(page.body.contains("value=\"au bureau\""), "{}", page.body);
    let page = chief.submit(&page, "/m.blanc/factor", &[]).await;
    assert!(page.body.contains("<code id=\"code\">"), "{}", page.body);
}

#[tokio::test]
async fn whoever_failed_too_often_is_seen_to_wait_until_somebody_unlocks_them() {
    let provider = Provider::start().await;
    activate(&provider, "zoe").await;
    let office = at_work(&provider, Role::SchoolAdmin, SCHOOL).await;
    let waits = |page: &Page| page.body.contains("id=\"waits\"");
    for failures in 1..=5 {
        assert!(!waits(&office.go("/console/people/zoe").await), "after {failures}");
        let browser = Browser::new(&provider.issuer);
        browser.sign_in(&browser.go("/login").await, "zoe", "Faux-mot7").await;
    }
    let page = office.go("/console/people/zoe").await;
    assert!(waits(&page), "{}", page.body);
    let page = act(&office, &page, "/zoe/unlock").await;
    assert!(page.status.is_success() && !waits(&page), "{}", page.body);
    assert!(!waits(&office.go("/console/people/zoe").await));
}
