//! People who also belong where an operator has no say: that it is so is told, and who could do what the operator may not; where it is, is not.

use ecluse::domain::operator::Role;
use reqwest::StatusCode;
use serde_json::json;

use crate::api::Program;
use crate::browser::{Browser, Page};
use crate::console::enrolled;
use crate::places::{codes, is_at, print};
use crate::provider::Provider;

const SCHOOL: &str = "uai:0860001J";
const SCHOOL_PAGE: &str = "/console/places?at=uai:0860001J";
const CLASS: &str = "class:0860001J/6A";
const OTHER_SCHOOL: &str = "uai:0169001X";
const OTHER_NAME: &str = "Collège du Port";

async fn desk(provider: &Provider, login: &str, role: Role, place: &str) -> Browser {
    provider.hire(login, role, place).await;
    enrolled(provider, login).await.0
}

/// Each sentence about people whom a print leaves out, with the ids of those whom it names.
fn omitted(page: &Page) -> Vec<(String, Vec<String>)> {
    let sentences = page.body.split("omitted\">").skip(1).map(|rest| rest.split("</p>").next().unwrap());
    let ids = |rest: &str| {
        let links = rest.split("href=\"/console/people/").skip(1);
        links.map(|link| link.split('"').next().unwrap().to_owned()).collect()
    };
    sentences.map(|rest| (rest.split("<a").next().unwrap().trim().to_owned(), ids(rest))).collect()
}

#[tokio::test]
async fn a_place_says_before_printing_whom_its_slips_leave_out() {
    let provider = Provider::start().await;
    let head = desk(&provider, "chef", Role::SchoolAdmin, SCHOOL).await;
    assert_eq!(omitted(&head.go(SCHOOL_PAGE).await), []);
    is_at(&provider, "m.blanc", OTHER_SCHOOL, "National_ENS").await;
    provider.hire("aide", Role::Helpdesk, SCHOOL).await;
    provider.hire("zoe", Role::Helpdesk, CLASS).await;
    let said = omitted(&head.go(SCHOOL_PAGE).await);
    let [(operators, who), (elsewhere, whom)] = said.as_slice() else { panic!("{said:?}") };
    assert!(operators.starts_with("2 personnes d’ici doivent changer et ont un rôle"), "{operators}");
    assert_eq!(who, &["aide", "zoe"]);
    assert!(elsewhere.starts_with("Une personne d’ici doit changer et a aussi une place"), "{elsewhere}");
    assert_eq!(whom, &["m.blanc"]);
    let class = omitted(&head.go(&format!("/console/places?at={CLASS}")).await);
    assert_eq!(class.iter().map(|(_, who)| who.as_slice()).collect::<Vec<_>>(), [["zoe"]]);
    let teachers = omitted(&head.go(&format!("{SCHOOL_PAGE}&profile=National_ENS")).await);
    assert_eq!(teachers.iter().map(|(_, who)| who.as_slice()).collect::<Vec<_>>(), [["m.blanc"]]);
    let table = codes(&print(&head, &head.go(SCHOOL_PAGE).await, "csv").await);
    assert_eq!(table.iter().map(|(login, _)| login.as_str()).collect::<Vec<_>>(), ["tom"]);
    // Above both, nobody is left out for being elsewhere.
    let rectorat = desk(&provider, "anne", Role::Authority, "academie:13").await;
    let said = omitted(&rectorat.go(&format!("{SCHOOL_PAGE}&profile=National_ENS")).await);
    assert_eq!(said, []);
    let anybody = rectorat.go("/console/places?at=academie:13").await;
    assert!(!anybody.body.contains("omitted"), "nobody is counted above schools: {}", anybody.body);
}

#[tokio::test]
async fn what_an_operator_may_not_do_is_said_with_the_place_from_which_it_can_be_done() {
    let provider = Provider::start().await;
    is_at(&provider, "m.blanc", OTHER_SCHOOL, "National_ENS").await;
    let head = desk(&provider, "chef", Role::SchoolAdmin, SCHOOL).await;
    let page = head.go("/console/people/m.blanc").await;
    assert_eq!(page.status, StatusCode::OK);
    let wider = page.body.split("id=\"wider\"").nth(1).unwrap_or_else(|| panic!("{}", page.body));
    assert!(wider.split("</p>").next().unwrap().ends_with("Poitiers."), "{wider}");
    assert!(page.form("/m.blanc/code").is_none() && page.body.contains("id=\"elsewhere\""));
    assert!(!page.body.contains(OTHER_NAME), "{}", page.body);

    let form = head.go("/console/people/zoe").await.fields("/zoe/unlock");
    let refused = head.post("/console/people/m.blanc/unlock", &form).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let said = refused.body.split("id=\"errors\"").nth(1).unwrap().split("</div>").next().unwrap();
    assert!(said.contains("au-dessus de l’ensemble") && said.contains("Poitiers."), "{said}");
    let zoe = head.go("/console/people/zoe").await;
    assert!(!zoe.body.contains("id=\"wider\"") && !zoe.body.contains("id=\"elsewhere\""), "{}", zoe.body);
    let rectorat = desk(&provider, "anne", Role::Authority, "academie:13").await;
    let page = rectorat.go("/console/people/m.blanc").await;
    assert!(page.form("/m.blanc/code").is_some() && !page.body.contains("id=\"wider\""), "{}", page.body);
    assert!(page.body.contains(OTHER_NAME) && !page.body.contains("id=\"elsewhere\""), "{}", page.body);
}

#[tokio::test]
async fn places_and_roles_elsewhere_are_told_of_and_not_named() {
    let provider = Provider::start().await;
    is_at(&provider, "m.blanc", OTHER_SCHOOL, "National_ENS").await;
    provider.hire("m.blanc", Role::Helpdesk, OTHER_SCHOOL).await;
    let here = Program::of(&provider, "principal", Role::SchoolAdmin, SCHOOL).await;
    let above = Program::of(&provider, "recteur", Role::Authority, "academie:13").await;
    let seen = here.get("/people/m.blanc").await.body;
    assert_eq!(seen["places"], json!([{ "territory": SCHOOL, "profile": "National_ENS" }]));
    assert_eq!(seen["roles"], json!([]));
    assert_eq!((&seen["elsewhere"], &seen["roles_elsewhere"]), (&json!(true), &json!(true)));
    assert_eq!(seen["is_operator"], true);
    let listed = here.get("/people?query=m.blanc").await.body["people"][0].clone();
    assert_eq!((&listed["elsewhere"], &listed["places"]), (&json!(true), &seen["places"]));
    let all = above.get("/people/m.blanc").await.body;
    assert_eq!(all["places"].as_array().unwrap().len(), 2, "{all}");
    assert_eq!(all["roles"], json!([{ "role": "helpdesk", "territory": OTHER_SCHOOL }]));
    assert_eq!((&all["elsewhere"], &all["roles_elsewhere"]), (&json!(false), &json!(false)));
    let pupil = here.get("/people/zoe").await.body;
    assert_eq!((&pupil["elsewhere"], &pupil["roles_elsewhere"]), (&json!(false), &json!(false)));

    let head = desk(&provider, "chef", Role::SchoolAdmin, SCHOOL).await;
    let page = head.go("/console/people/m.blanc").await;
    let is_told = |id: &str| page.body.contains(&format!("id=\"{id}\""));
    assert!(is_told("elsewhere") && is_told("role-elsewhere"), "{}", page.body);
    assert!(page.body.contains("Collège des Tilleuls") && !page.body.contains(OTHER_NAME), "{}", page.body);
    assert!(!page.body.contains("0169001X"), "{}", page.body);
}
