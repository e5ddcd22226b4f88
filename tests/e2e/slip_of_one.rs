//! One person's slip, printed again: from their page, from the page of a new code, by a program.

use std::time::Duration;

use ecluse::domain::operator::Role;
use reqwest::StatusCode;
use serde_json::json;

use crate::api::Program;
use crate::browser::{Browser, Page};
use crate::console::enrolled;
use crate::places::{codes, is_at, lines, print, run, slips, uses};
use crate::provider::Provider;

const SCHOOL: &str = "uai:0860001J";
const CLASS: &str = "class:0860001J/6A";
const OTHER_SCHOOL: &str = "uai:0169001X";

async fn desk(provider: &Provider, login: &str, role: Role, place: &str) -> Browser {
    provider.hire(login, role, place).await;
    enrolled(provider, login).await.0
}

fn is_slip(answer: &Page) -> bool {
    answer.status == StatusCode::OK
        && answer.header("content-type") == "application/pdf"
        && answer.header("content-disposition") == "attachment; filename=\"slip.pdf\""
        && answer.body.starts_with("%PDF-")
}

/// The code on the slip of somebody, as a program reads it; none where nothing is printed.
async fn code(program: &Program, login: &str) -> Option<String> {
    let (status, table) = slips(program, &json!({ "login": login })).await;
    if status == 204 {
        return None;
    }
    assert_eq!(status, 200, "{table}");
    let cells: Vec<_> = table.lines().nth(1).unwrap().split(';').collect();
    assert_eq!((table.lines().count(), cells[5]), (2, login), "{table}");
    Some(cells[6].to_owned())
}

async fn prints(provider: &Provider) -> Vec<(String, String, Option<String>)> {
    let found = lines(provider, "code.print").await;
    found.into_iter().map(|line| (line.actor, line.object, line.reason)).collect()
}

#[tokio::test]
async fn one_slip_is_printed_again_with_the_code_of_the_class_until_it_is_used() {
    let provider = Provider::start().await;
    let head = desk(&provider, "chef", Role::SchoolAdmin, SCHOOL).await;
    let program = Program::of(&provider, "prof", Role::ClassTeacher, CLASS).await;
    let class = head.go(&format!("/console/places?at={CLASS}")).await;
    let table = codes(&print(&head, &class, "csv").await);
    let (_, of_class) = table.iter().find(|(login, _)| login == "zoe").unwrap();
    let before = prints(&provider).await.len();

    provider.clock.advance(Duration::from_secs(1));
    let page = head.go("/console/people/zoe").await;
    let issue = provider.person("zoe").await.facts.code.issue;
    let slip = head.submit(&page, "/zoe/print", &[("reason", "bulletin perdu")]).await;
    assert!(is_slip(&slip), "{} {:?}", slip.status, slip.headers);
    let printed = prints(&provider).await;
    let line = ("account:chef".to_owned(), "account:zoe".to_owned(), Some("bulletin perdu".to_owned()));
    assert_eq!(printed[before..], [line]);
    provider.clock.advance(Duration::from_secs(1));
    assert_eq!(code(&program, "zoe").await.as_ref(), Some(of_class), "the same code, to a program as well");
    assert_eq!(prints(&provider).await[before + 1].0, "account:prof");
    assert_eq!(provider.person("zoe").await.facts.code.issue, issue);

    uses(&provider, "zoe", of_class).await;
    assert!(head.go("/console/people/zoe").await.form("/zoe/print").is_none());
    let told = head.submit(&page, "/zoe/print", &[]).await;
    assert_eq!(told.status, StatusCode::CONFLICT, "{}", told.body);
    assert!(told.body.contains("Il n’y a pas de code à imprimer"), "{}", told.body);
    assert_eq!(code(&program, "zoe").await, None);
    assert_eq!(prints(&provider).await.len(), before + 2);
}

#[tokio::test]
async fn the_page_of_a_new_code_prints_that_code_for_whoever_may_print() {
    let provider = Provider::start().await;
    let head = desk(&provider, "chef", Role::SchoolAdmin, SCHOOL).await;
    let aide = desk(&provider, "aide", Role::Helpdesk, SCHOOL).await;
    let program = Program::of(&provider, "prof", Role::ClassTeacher, CLASS).await;
    let page = head.submit(&head.go("/console/people/zoe").await, "/zoe/code", &[]).await;
    let shown = page.body.split("<code id=\"code\">").nth(1).unwrap().split('<').next().unwrap();
    assert!(is_slip(&head.submit(&page, "/zoe/print", &[]).await));
    assert_eq!(code(&program, "zoe").await.as_deref(), Some(shown));

    let asked = aide.go("/console/people/zoe").await;
    let given = aide.submit(&asked, "/zoe/code", &[]).await;
    assert!(given.body.contains("<code id=\"code\">") && given.form("/zoe/print").is_none());
    assert!(asked.form("/zoe/print").is_none(), "{}", asked.body);
    let before = prints(&provider).await.len();
    let refused = aide.post("/console/people/zoe/print", &asked.fields("/zoe/code")).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
    let cross = asked.fields("/zoe/code");
    let cross = head.post_from("https://evil.example", "/console/people/zoe/print", &cross).await;
    assert_eq!(cross.status, StatusCode::FORBIDDEN);
    assert_eq!(prints(&provider).await.len(), before);
}

#[tokio::test]
async fn one_slip_asks_for_a_fresh_factor_as_all_do() {
    let provider = Provider::start().await;
    provider.hire("chef", Role::SchoolAdmin, SCHOOL).await;
    let (head, app, _) = enrolled(&provider, "chef").await;
    let program = Program::of(&provider, "prof", Role::ClassTeacher, CLASS).await;
    head.submit(&head.go("/console/people/zoe").await, "/zoe/code", &[]).await;
    provider.clock.advance(Duration::from_mins(6));
    let (status, text) = slips(&program, &json!({ "login": "zoe" })).await;
    assert!(status == 403 && text.contains("problem:factor-too-old\""), "{status} {text}");
    let asked = head.submit(&head.go("/console/people/zoe").await, "/zoe/print", &[]).await;
    assert!(asked.body.contains("id=\"show-factor\"") && prints(&provider).await.is_empty());
    let confirm = head.submit(&asked, "/console/factor", &[("code", &app.next())]).await;
    assert!(is_slip(&head.submit(&confirm, "/zoe/print", &[]).await));
    assert_eq!(prints(&provider).await.len(), 1);
}

#[tokio::test]
async fn of_somebody_elsewhere_no_slip_comes_and_not_even_that_they_exist() {
    let provider = Provider::start().await;
    is_at(&provider, "m.blanc", OTHER_SCHOOL, "National_ENS").await;
    let head = desk(&provider, "chef", Role::SchoolAdmin, SCHOOL).await;
    let program = Program::of(&provider, "principal", Role::SchoolAdmin, SCHOOL).await;
    let form = head.go("/console/people/zoe").await.fields("/zoe/code");
    let of = async |login: &str| {
        let page = head.post(&format!("/console/people/{login}/print"), &form).await;
        let (status, text) = slips(&program, &json!({ "login": login })).await;
        (page.status, page.body, status, text)
    };
    let (outside, nobody) = (of("lea").await, of("nobody").await);
    assert_eq!((outside.0, outside.2), (StatusCode::NOT_FOUND, 404), "{outside:?}");
    assert_eq!(outside, nobody);
    let page = head.go("/console/people/m.blanc").await;
    assert!(page.status == StatusCode::OK && page.form("/m.blanc/print").is_none(), "{}", page.body);
    let (status, _, answered, text) = of("m.blanc").await;
    assert_eq!((status, answered), (StatusCode::FORBIDDEN, 403));
    assert!(text.contains("problem:wider-than-territory\""), "{text}");
    for body in [
        json!({}),
        json!({ "login": "zoe", "territory": CLASS }),
        json!({ "login": "zoe", "profiles": ["National_ELV"] }),
        json!({ "login": "zoe", "order": "1" }),
    ] {
        assert_eq!(slips(&program, &body).await.0, 422, "{body}");
    }
    assert!(prints(&provider).await.is_empty());
}

#[tokio::test]
async fn a_guardians_slip_names_the_children_at_every_school_and_an_operators_is_never_printed() {
    let provider = Provider::start().await;
    let child = "INSERT INTO guardianship (guardian_id, pupil_id) VALUES ('mme.roux', $1)";
    for pupil in ["lea", "zoe"] {
        run(&provider, child, vec![pupil.into()]).await;
    }
    is_at(&provider, "mme.roux", CLASS, "National_TUT").await;
    let table = async |program: &Program, login: &str| slips(program, &json!({ "login": login })).await;
    let mut codes = Vec::new();
    for (login, place, school) in
        [("principal", SCHOOL, "Collège des Tilleuls"), ("voisin", OTHER_SCHOOL, "Collège du Port")]
    {
        let program = Program::of(&provider, login, Role::SchoolAdmin, place).await;
        let (status, text) = table(&program, "mme.roux").await;
        let line = text.lines().nth(1).unwrap_or_else(|| panic!("{status} {text}")).to_owned();
        assert!(line.starts_with(school), "of the school that prints: {line}");
        assert!(
            line.contains("lea Essai (5B, Collège du Port), zoe Essai (6A, Collège des Tilleuls)"),
            "{line}"
        );
        codes.push(line.split(';').nth(6).unwrap().to_owned());
    }
    assert_eq!(codes[0], codes[1]);

    provider.hire("m.blanc", Role::ClassTeacher, CLASS).await;
    let head = desk(&provider, "chef", Role::SchoolAdmin, SCHOOL).await;
    let page = head.go("/console/people/zoe").await;
    let given = head.submit(&head.go("/console/people/m.blanc").await, "/m.blanc/code", &[]).await;
    assert!(given.body.contains("<code id=\"code\">") && given.form("/m.blanc/print").is_none());
    assert!(head.go("/console/people/m.blanc").await.form("/m.blanc/print").is_none());
    let before = prints(&provider).await.len();
    let told = head.post("/console/people/m.blanc/print", &page.fields("/zoe/code")).await;
    assert_eq!(told.status, StatusCode::CONFLICT, "{}", told.body);
    let program = Program::of(&provider, "adjoint", Role::SchoolAdmin, SCHOOL).await;
    assert_eq!(table(&program, "m.blanc").await.0, 204);
    assert_eq!(prints(&provider).await.len(), before);
}
