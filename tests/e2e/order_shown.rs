//! What whoever decides about an order reads of it first: the second person, whoever lifts it, and programs.

use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::domain::reset_order::OrderId;
use ecluse::flows::actor::Actor;
use ecluse::flows::reset_order::cancel::cancel;
use ecluse::flows::reset_order::issue::{Proposal, issue};
use ecluse::flows::reset_order::roll_up::round;
use ecluse::store;
use ecluse::store::db::{Batch, Statement};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::Program;
use crate::browser::{Browser, Page};
use crate::console::enrolled;
use crate::deployment::House;
use crate::provider::{Provider, Wish, proposal};
use crate::receiver::Receiver;
use crate::sign_in::activate;

async fn desk(provider: &Provider, login: &str, role: Role, place: &str) -> Browser {
    provider.hire(login, role, place).await;
    enrolled(provider, login).await.0
}

async fn write(provider: &Provider, sql: &'static str) {
    provider.ctx.db.run(Batch::plain(vec![Statement::new(sql, Vec::new())])).await.unwrap();
}

/// What stands between the tags of the element with this id.
pub(crate) fn shown<'a>(page: &'a Page, id: &str) -> &'a str {
    let rest = page.body.split(&format!("id=\"{id}\"")).nth(1);
    let rest = rest.unwrap_or_else(|| panic!("no {id} on {}", page.body));
    rest.split_once('>').unwrap().1.split("</d").next().unwrap().split("</p>\n").next().unwrap()
}

/// An order with everything that an order can say, waiting for the second person.
async fn waits(provider: &Provider) -> (Proposal, OrderId) {
    let now = provider.clock.now();
    let since = now.minus(Duration::from_hours(24));
    for login in ["m.blanc", "adjointe"] {
        provider.hire(login, Role::SchoolAdmin, "uai:0860001J").await;
    }
    let proposal = Proposal {
        never_activated: true,
        changed_since: Some(since),
        reset_by_school_since: Some(since),
        named_operators: vec!["m.blanc".to_owned()],
        at: Some(now.plus(Duration::from_hours(48))),
        deadline: Some(now.plus(Duration::from_hours(480))),
        repeats: true,
        ..proposal("academie:13", Level::Change)
    };
    let anne = provider.hire("anne", Role::Authority, "academie:13").await;
    let order = issue(&provider.ctx, &anne, &proposal, None).await.unwrap().unwrap().order;
    (proposal, order.id)
}

#[tokio::test]
async fn the_second_person_reads_all_that_is_approved() {
    let provider = Provider::start_with(Wish::settings(|it| it.orders.approval_above = 2)).await;
    let receiver = Receiver::start().await;
    receiver.of(&provider, "portal").await;
    activate(&provider, "zoe").await;
    let (_, id) = waits(&provider).await;
    let bruno = desk(&provider, "bruno", Role::Authority, "academie:13").await;
    let page = bruno.go(&format!("/console/orders/{id}")).await;
    let spares = shown(&page, "spares");
    for said in ["jamais activés", "choisis depuis le", "par leur établissement depuis le"] {
        assert!(spares.contains(said), "{said} {spares}");
    }
    assert_eq!(shown(&page, "named"), "m.blanc");
    assert!(page.body.contains("chaque année") || page.body.contains("Chaque année"), "{}", page.body);
    assert_eq!(shown(&page, "covered"), "5");
    assert!(shown(&page, "told").contains("portal"), "{}", page.body);
    assert!(page.body.contains("Épargnés : jamais activés") || page.body.contains("jamais activé"));
    let program = Program::of(&provider, "clara", Role::Authority, "academie:13").await;
    let order = program.get(&format!("/orders/{id}")).await.body;
    assert_eq!(order["named_operators"], json!(["m.blanc"]));
    let preview = &order["preview"];
    assert_eq!((&preview["covered"], &preview["bound"]), (&json!(5), &json!(0)), "{order}");
    assert_eq!(preview["told"], json!([{ "client_id": "portal", "name": "portal" }]));
    assert_eq!(preview["spared"]["changed-since"], 1, "{order}");
    // Whoever sees a part hears of it once it is to be, reads of no operator elsewhere, and counts nobody elsewhere.
    let school = desk(&provider, "principale", Role::SchoolAdmin, "uai:0169001X").await;
    let part = Program::of(&provider, "directrice", Role::SchoolAdmin, "uai:0169001X").await;
    let order = format!("/orders/{id}");
    assert_eq!(school.go(&format!("/console{order}")).await.status, 404);
    assert!(!school.go("/console/orders").await.body.contains(&id.0));
    assert_eq!(part.get(&order).await.status, 404);
    bruno.submit(&page, "/approve", &[]).await;
    let page = school.go(&format!("/console{order}")).await;
    assert!(!page.body.contains("m.blanc") && !page.body.contains("id=\"covered\""), "{}", page.body);
    assert!(shown(&page, "spares").contains("jamais activés"));
    for door in ["edit", "approve-submit", "cancel-submit"] {
        assert!(!page.body.contains(&format!("id=\"{door}\"")), "{door} {}", page.body);
    }
    assert_eq!(school.go(&format!("/console{order}/edit")).await.status, 404);
    let part = part.get(&order).await.body;
    assert_eq!((&part["named_operators"], &part["preview"]), (&Value::Null, &Value::Null), "{part}");
}

#[tokio::test]
async fn what_was_given_up_before_it_was_decided_is_told_to_no_school() {
    let provider = Provider::start_with(Wish::settings(|it| it.orders.approval_above = 2)).await;
    let (_, id) = waits(&provider).await;
    let school = desk(&provider, "principale", Role::SchoolAdmin, "uai:0169001X").await;
    let anne = Actor { reason: Some("Fausse alerte".to_owned()), ..provider.as_operator("anne").await };
    cancel(&provider.ctx, &anne, &id).await.unwrap().unwrap();
    assert_eq!(school.go(&format!("/console/orders/{id}")).await.status, 404);
    assert!(!school.go("/console/orders").await.body.contains(&id.0));
    let bruno = desk(&provider, "bruno", Role::Authority, "academie:13").await;
    assert!(bruno.go("/console/orders").await.body.contains(&id.0), "whoever answers for all of it does");
}

/// What a program sends of what it was answered.
fn as_request(order: &Value) -> Value {
    let asked = [
        "territory",
        "profiles",
        "level",
        "never_activated",
        "changed_since",
        "reset_by_school_since",
        "named_operators",
        "at",
        "deadline",
        "yearly",
        "reason",
    ];
    asked
        .into_iter()
        .map(|name| (name.to_owned(), order[name].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[tokio::test]
async fn what_is_read_and_sent_back_changes_nothing() {
    let provider = Provider::start_with(Wish::settings(|it| it.orders.approval_above = 2)).await;
    let (_, id) = waits(&provider).await;
    let program = Program::of(&provider, "bruno", Role::Authority, "academie:13").await;
    let path = format!("/orders/{id}");
    let before = program.get(&path).await.body;
    let answer = program.send(Method::PUT, &path, Some(as_request(&before))).await;
    assert_eq!((answer.status, &answer.body["state"]), (200, &json!("awaiting_approval")), "{answer:?}");
    let draft = {
        let mut it = as_request(&before);
        it["draft"] = true.into();
        it
    };
    assert_eq!(program.send(Method::PUT, &path, Some(draft)).await.status, 200);
    assert_eq!(program.get(&path).await.body, before);
    let mut wrong = as_request(&before);
    (wrong["level"], wrong["confirmed"]) = (json!("recover"), json!(4));
    let refused = program.send(Method::PUT, &path, Some(wrong.clone())).await;
    assert_eq!((refused.problem(), program.get(&path).await.body), ((409, "not-confirmed"), before.clone()));
    wrong["confirmed"] = json!(5);
    let key = [("idempotency-key", "samedi")];
    let changed = program.send_with(Method::PUT, &path, Some(wrong.clone()), &key).await;
    assert_eq!((changed.status, &changed.body["author"]), (200, &json!("account:bruno")));
    let after = program.get(&path).await.body;
    assert_ne!(after["digest"], before["digest"]);
    assert_eq!(program.send_with(Method::PUT, &path, Some(wrong), &key).await.status, 200);
    assert_eq!(program.get(&path).await.body, after);
}

#[tokio::test]
async fn a_preview_names_the_services_and_lists_a_hundred_operators_at_most() {
    let provider = Provider::start().await;
    let receiver = Receiver::start().await;
    receiver.of(&provider, "portal").await;
    for sql in [
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 120)
         INSERT INTO account (id, source, source_key, login, login_name, given_name, family_name, way_in, number,
             code_issue, created_at, updated_at)
         SELECT 'op' || n, 'test', 'op' || n, 'op' || n, 'op' || n, 'O', 'P', 'local', 1, 1, 0, 0 FROM n",
        "INSERT INTO affiliation (account_id, path, profile, began)
         SELECT a.id, t.path, 'National_DOC', 0 FROM account a, territory t
         WHERE a.id LIKE 'op%' AND t.code = 'uai:0860001J'",
        "INSERT INTO operator_role (account_id, role, path, began)
         SELECT a.id, 'helpdesk', t.path, 0 FROM account a, territory t
         WHERE a.id LIKE 'op%' AND t.code = 'uai:0860001J'",
    ] {
        write(&provider, sql).await;
    }
    let program = Program::of(&provider, "bruno", Role::Authority, "academie:13").await;
    let asked = json!({ "territory": "academie:13", "level": "change" });
    let preview = program.post("/orders/preview", asked.clone()).await.body;
    assert_eq!(preview["told"][0]["client_id"], "portal");
    assert_eq!(
        (preview["operators"].as_array().unwrap().len(), &preview["spared"]["operator"]),
        (100, &json!(120))
    );
    let anne = desk(&provider, "anne", Role::Authority, "academie:13").await;
    let form = anne.go("/console/orders/new").await;
    let typed = [("place", "academie:13"), ("level", "change"), ("reason", "r")];
    let page = anne.submit(&form, "/console/orders/check", &typed).await;
    assert!(shown(&page, "operators").contains("et 20 de plus"), "{}", page.body);
    // An order that names more than anybody reads.
    let mut many = asked;
    many["named_operators"] = (1..=101).map(|number| format!("op{number}")).collect::<Vec<_>>().into();
    assert_eq!(program.post("/orders/preview", many.clone()).await.problem(), (422, "too-many"));
    many["reason"] = "r".into();
    assert_eq!(program.post("/orders", many).await.problem(), (422, "too-many"));
    assert!(store::reset_order::list(&provider.ctx.db).await.unwrap().is_empty());
}

#[tokio::test]
async fn before_an_order_is_lifted_it_says_who_would_get_in() {
    let provider = Provider::start_with(Wish::settings(|it| it.orders.approval_above = 1_000_000)).await;
    for login in ["zoe", "lea"] {
        activate(&provider, login).await;
    }
    let anne = desk(&provider, "anne", Role::Authority, "academie:13").await;
    let program = Program::of(&provider, "bruno", Role::Authority, "academie:13").await;
    // Léa is kept out by her class as well.
    provider.order_for("class:0169001X/5B", Level::Change).await;
    let id = provider.order(Level::Change).await;
    let path = format!("/console/orders/{id}");
    let page = anne.go(&path).await;
    assert!(shown(&page, "opens").contains("n’est pas encore compté"), "{}", page.body);
    assert_eq!(program.get(&format!("/orders/{id}")).await.body["opened_by_cancelling"], Value::Null);
    round(&provider.ctx).await.unwrap();
    let page = anne.go(&path).await;
    assert!(shown(&page, "opens").contains("à une personne") && shown(&page, "opens").contains("Compté le"));
    assert_eq!(program.get(&format!("/orders/{id}")).await.body["opened_by_cancelling"], 1);
    // However many there are.
    write(&provider, "UPDATE order_point SET covered = 900000").await;
    assert!(shown(&anne.go(&path).await, "opens").contains("Compté le"));
    let school = desk(&provider, "principal", Role::SchoolAdmin, "uai:0860001J").await;
    let page = school.go(&path).await;
    assert!(!page.body.contains("id=\"opens\""), "of a part nothing is said of the whole: {}", page.body);
    // At level recover lifting lets nobody in.
    let stolen = provider.order(Level::Recover).await;
    provider.clock.advance(Duration::from_mins(1));
    round(&provider.ctx).await.unwrap();
    assert_eq!(program.get(&format!("/orders/{stolen}")).await.body["opened_by_cancelling"], 0);
    assert_eq!(
        program.get(&format!("/orders/{id}")).await.body["opened_by_cancelling"],
        0,
        "the other one stays"
    );
}

#[tokio::test]
async fn what_keeps_nobody_out_is_lifted_without_a_question() {
    let house = House::build_where_tests_are().await;
    let order = ["reset-order", "issue", "--territory", "uai:0860001J", "--level", "change", "--yes"];
    let order =
        [&order[..], &["--reason", "r", "--exclude", "never-activated", "--at", "2099-01-01 08:00"]].concat();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let id = text(house.run(&order).stdout).trim().to_owned();
    let shown = text(house.run(&["reset-order", "show", &id]).stdout);
    assert!(shown.contains("never-activated") && shown.contains("covered"), "{shown}");
    let asked = house.command(&["reset-order", "cancel", &id, "--reason", "r"]).output().unwrap();
    let said = text(asked.stderr);
    assert!(asked.status.success() && said.contains("nothing opens again for anybody"), "{said}");
    assert!(text(house.run(&["reset-order", "list"]).stdout).contains("cancelled"));
}
