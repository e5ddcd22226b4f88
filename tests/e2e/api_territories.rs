//! Places and the first page, for programs: the same numbers as the console has.

use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::flows::reset_order::roll_up::round;
use serde_json::{Value, json};

use crate::api::{INSIDE, OUTSIDE, Program, order};
use crate::browser::Browser;
use crate::provider::{Provider, Wish, proposal};
use crate::sign_in::activate;

const SCHOOL: &str = "uai:0860001J";
const SCHOOL_PATH: &str = "/territories/uai:0860001J";
const CLASS_PATH: &str = "/territories/class:0860001J%2F6A";

/// The number of a place that is listed below another.
fn number(list: &Value, place: &str, which: &str) -> Value {
    let below = list.as_array().unwrap();
    below.iter().find(|it| it["territory"] == place).unwrap()["people"][which].clone()
}

#[tokio::test]
async fn a_program_walks_from_its_places_to_a_class_and_reads_how_people_stand() {
    let provider = Provider::start().await;
    activate(&provider, "zoe").await;
    let anne = Program::of(&provider, "anne", Role::Authority, "academie:13").await;
    let mut at = anne.get("/territories").await.body["territories"][0]["territory"].clone();
    let mut walked = Vec::new();
    for _ in 0..3 {
        let page = anne.get(&format!("/territories/{}", at.as_str().unwrap())).await;
        assert_eq!((page.status, &page.body["territory"]), (200, &at));
        walked.push(at.as_str().unwrap().to_owned());
        let wanted = ["departement:086", SCHOOL, INSIDE];
        let below = page.body["below"].as_array().unwrap().iter();
        at = below.map(|it| it["territory"].clone()).find(|it| wanted.iter().any(|code| it == code)).unwrap();
    }
    assert_eq!((walked[2].as_str(), at), (SCHOOL, json!(INSIDE)));
    let school = anne.get(SCHOOL_PATH).await.body;
    let counts = ["people", "must_change", "waiting", "without_email"]
        .map(|which| number(&school["below"], INSIDE, which));
    assert_eq!(counts, [json!(2), json!(1), json!(0), json!(2)], "{school}");

    // Zoé types something else until it is looked at no more, and Tom has not been here yet.
    for _ in 0..5 {
        let browser = Browser::new(&provider.issuer);
        browser.sign_in(&browser.go("/login").await, "zoe", "Faux-mot7").await;
    }
    let school = anne.get(SCHOOL_PATH).await.body;
    assert_eq!(number(&school["below"], INSIDE, "waiting"), 1);
    let pupils = school["profiles"].as_array().unwrap();
    let pupils = pupils.iter().find(|it| it["profile"] == "National_ELV").unwrap();
    assert_eq!(pupils["people"]["waiting"], 1);
    let teacher = Program::of(&provider, "prof", Role::ClassTeacher, INSIDE).await;
    let class = teacher.get(CLASS_PATH).await.body;
    assert_eq!((&class["territory"], &class["people"]["waiting"]), (&json!(INSIDE), &json!(1)));
}

#[tokio::test]
async fn what_is_not_in_the_territory_is_as_what_is_not_there() {
    let provider = Provider::start().await;
    let head = Program::of(&provider, "chef", Role::SchoolAdmin, SCHOOL).await;
    let teacher = Program::of(&provider, "prof", Role::ClassTeacher, INSIDE).await;
    for (program, place) in [
        (&head, "uai:0169001X"),
        (&head, "academie:13"),
        (&head, "uai:0869999U"),
        (&head, &OUTSIDE.replace('/', "%2F")),
        (&teacher, SCHOOL),
    ] {
        let answer = program.get(&format!("/territories/{place}")).await;
        assert_eq!(answer.problem(), (404, "not-found"), "{place}");
        assert_eq!(answer.body["detail"], "there is no such place, or not for you");
    }
    assert_eq!(head.get("/territories/nowhere").await.problem(), (422, "unknown-territory"));
    assert_eq!(head.get(&format!("{SCHOOL_PATH}?cursor=x")).await.problem(), (422, "unknown-cursor"));
    assert_eq!(head.get("/territories").await.body["territories"][0]["territory"], SCHOOL);
}

#[tokio::test]
async fn a_program_reads_what_needs_its_operator_today() {
    let provider = Provider::start_with(Wish::settings(|it| it.orders.approval_above = 3)).await;
    activate(&provider, "zoe").await;
    let anne = Program::of(&provider, "anne", Role::Authority, "academie:13").await;
    let bruno = Program::of(&provider, "bruno", Role::Authority, "academie:13").await;
    let nothing = json!({ "to_approve": [], "drafts": [], "campaigns": [], "roles_wait": false });
    assert_eq!(bruno.get("/agenda").await.body, nothing);
    let waits = anne.post("/orders", order("academie:13", false)).await.body["id"].clone();
    anne.post("/orders", order(INSIDE, true)).await;
    anne.post("/roles", json!({ "login": "m.blanc", "role": "authority", "territory": SCHOOL })).await;
    let today = bruno.get("/agenda").await.body;
    assert_eq!((&today["to_approve"][0]["id"], &today["roles_wait"]), (&waits, &json!(true)), "{today}");
    assert_eq!(anne.get("/agenda").await.body["to_approve"], json!([]), "not her own");

    provider.issue(&proposal(INSIDE, Level::Recover)).await;
    round(&provider.ctx).await.unwrap();
    let teacher = Program::of(&provider, "prof", Role::ClassTeacher, INSIDE).await;
    let today = teacher.get("/agenda").await;
    let campaign = &today.body["campaigns"][0];
    assert_eq!(campaign["territory"], INSIDE, "{today:?}");
    assert_eq!((&campaign["people"]["bound"], &campaign["unprinted"]), (&json!(2), &json!(2)), "{campaign}");
}
