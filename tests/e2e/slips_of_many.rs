//! Slips for more than a school, without a shell: of an académie, of a profile there, of an order as far as somebody reaches.

use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use reqwest::StatusCode;

use crate::browser::{Browser, Page};
use crate::console::{App, enrolled};
use crate::places::{codes, is_at, lines, uses};
use crate::provider::{Provider, proposal};

const ACADEMIE: &str = "academie:13";
const SCHOOL: &str = "uai:0860001J";
const CLASS: &str = "class:0860001J/6A";
const WIDE: &str = "/console/places?at=academie:13";

async fn desk(provider: &Provider, login: &str, role: Role, place: &str) -> (Browser, App) {
    provider.hire(login, role, place).await;
    let (browser, app, _) = enrolled(provider, login).await;
    (browser, app)
}

/// The layouts that a page offers, the one that is chosen by itself first.
fn layouts(page: &Page) -> Vec<&str> {
    let select = page.body.split("<select id=\"layout\"").nth(1).unwrap_or_else(|| panic!("{}", page.body));
    let options = select.split("</select>").next().unwrap().split("<option value=\"").skip(1);
    options.map(|option| option.split('"').next().unwrap()).collect()
}

fn logins(table: &Page) -> Vec<String> {
    codes(table).into_iter().map(|(login, _)| login).collect()
}

#[tokio::test]
async fn an_academie_and_a_profile_there_are_printed_from_the_console() {
    let provider = Provider::start().await;
    let (anne, _) = desk(&provider, "anne", Role::Authority, ACADEMIE).await;
    let page = anne.go(WIDE).await;
    assert_eq!(layouts(&page), ["zip-8", "zip-2", "zip-1", "csv"]);
    let table = anne.submit(&page, "/places/print", &[("layout", "csv")]).await;
    assert_eq!(logins(&table), ["lea", "mme.roux", "m.blanc", "tom", "zoe"]);
    assert_eq!(lines(&provider, "code.print").await.len(), 5);
    let archive = anne.submit(&page, "/places/print", &[("layout", "zip-8")]).await;
    assert!(archive.status.is_success() && archive.body.starts_with("PK"), "{}", archive.status);
    let one = anne.submit(&page, "/places/print", &[("layout", "pdf-8")]).await;
    assert_eq!(one.status, StatusCode::BAD_REQUEST, "{}", one.body);

    let teachers = anne.go(&format!("{WIDE}&profile=National_ENS")).await;
    let first = layouts(&teachers)[0];
    let archive = anne.submit(&teachers, "/places/print", &[("layout", first)]).await;
    assert!(archive.status.is_success() && archive.body.starts_with("PK"), "{first}: {}", archive.status);
    let table = anne.submit(&teachers, "/places/print", &[("layout", "csv")]).await;
    assert_eq!(logins(&table), ["m.blanc"]);
    assert_eq!(layouts(&anne.go(&format!("/console/places?at={SCHOOL}")).await).len(), 7);
    assert_eq!(layouts(&anne.go(&format!("/console/places?at={CLASS}")).await).len(), 4);
    let (aide, _) = desk(&provider, "aide", Role::Helpdesk, ACADEMIE).await;
    assert!(aide.go(WIDE).await.form("/places/print").is_none());
    let sent = aide.post("/console/places/print", &aide.go(WIDE).await.fields("/sign-out")).await;
    assert_eq!(sent.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_slips_of_an_order_are_printed_by_everybody_for_whom_they_reach() {
    let provider = Provider::start().await;
    let (anne, _) = desk(&provider, "anne", Role::Authority, ACADEMIE).await;
    let (head, _) = desk(&provider, "chef", Role::SchoolAdmin, SCHOOL).await;
    let (teacher, _) = desk(&provider, "prof", Role::ClassTeacher, CLASS).await;
    let (auditor, _) = desk(&provider, "audit", Role::Auditor, ACADEMIE).await;
    is_at(&provider, "mme.roux", CLASS, "National_TUT").await;
    let order = provider.order_for(ACADEMIE, Level::Recover).await;
    let address = format!("/console/orders/{order}");
    let print = async |browser: &Browser| {
        let page = browser.go(&address).await;
        let form = browser.submit(&page, "/slips", &[("layout", "csv")]).await;
        (layouts(&page).len(), codes(&form))
    };
    let (offered, all) = print(&anne).await;
    let logins: Vec<_> = all.iter().map(|(login, _)| login.as_str()).collect();
    assert_eq!((offered, logins), (4, vec!["lea", "mme.roux", "m.blanc", "tom", "zoe"]));
    let among = |of: &[&str]| {
        let found = all.iter().filter(|(login, _)| of.contains(&login.as_str()));
        found.cloned().collect::<Vec<_>>()
    };
    let sorted = |mut codes: Vec<(String, String)>| {
        codes.sort();
        codes
    };
    for (browser, reached) in
        [(&head, &["mme.roux", "m.blanc", "tom", "zoe"][..]), (&teacher, &["mme.roux", "tom", "zoe"])]
    {
        let (_, codes) = print(browser).await;
        assert_eq!(sorted(codes), sorted(among(reached)), "of the own part, the same codes");
    }
    let line =
        lines(&provider, "code.print").await.into_iter().find(|it| it.actor == "account:prof").unwrap();
    assert!(line.territory.unwrap().ends_with(CLASS));

    let page = auditor.go(&address).await;
    assert!(page.status.is_success() && page.form("/slips").is_none(), "{}", page.body);
    let sent = auditor.post(&format!("{address}/slips"), &page.fields("/sign-out")).await;
    assert_eq!(sent.status, StatusCode::NOT_FOUND, "{}", sent.body);
    let cross = anne.go(&address).await.fields("/slips");
    let cross = anne.post_from("https://evil.example", &format!("{address}/slips"), &cross).await;
    assert_eq!(cross.status, StatusCode::FORBIDDEN);

    // Who is done is printed for no more, and an order of one class says where nobody is left.
    let order = provider.order_for(CLASS, Level::Recover).await;
    let page = head.go(&format!("/console/orders/{order}")).await;
    assert_eq!(layouts(&page)[0], "pdf-8");
    let slips = codes(&head.submit(&page, "/slips", &[("layout", "csv")]).await);
    assert_eq!(slips.len(), 3);
    for (login, code) in &slips {
        uses(&provider, login, code).await;
    }
    let told = head.submit(&page, "/slips", &[("layout", "pdf-8")]).await;
    assert_eq!(told.status, StatusCode::CONFLICT, "{}", told.body);
    assert!(told.body.contains("Il n’y a pas de bulletin à imprimer pour cet ordre"), "{}", told.body);
}

#[tokio::test]
async fn an_order_that_is_not_in_force_has_no_slips_and_a_factor_is_asked_for_again() {
    let provider = Provider::start().await;
    let (anne, app) = desk(&provider, "anne", Role::Authority, ACADEMIE).await;
    let at = Some(provider.clock.now().plus(Duration::from_hours(1)));
    let later = ecluse::flows::reset_order::issue::Proposal { at, ..proposal(ACADEMIE, Level::Recover) };
    let order = provider.issue(&later).await;
    let page = anne.go(&format!("/console/orders/{order}")).await;
    assert!(page.status.is_success() && page.form("/slips").is_none(), "{}", page.body);
    let sent = anne.post(&format!("/console/orders/{order}/slips"), &page.fields("/sign-out")).await;
    assert_eq!(sent.status, StatusCode::NOT_FOUND, "{}", sent.body);

    let order = provider.order_for(ACADEMIE, Level::Change).await;
    provider.clock.advance(Duration::from_mins(6));
    let page = anne.go(&format!("/console/orders/{order}")).await;
    let asked = anne.submit(&page, "/slips", &[("layout", "csv")]).await;
    assert!(asked.body.contains("id=\"show-factor\""), "{}", asked.body);
    assert!(lines(&provider, "code.print").await.is_empty());
    let confirm = anne.submit(&asked, "/console/factor", &[("code", &app.next())]).await;
    let table = anne.submit(&confirm, "/slips", &[]).await;
    assert_eq!(table.status, StatusCode::OK, "{}", table.body);
}
