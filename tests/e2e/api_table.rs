//! The table of acts, roles and territories, as a program meets it.

use crate::api::{Answer, INSIDE, OUTSIDE, Program, order};
use crate::provider::{Provider, Wish, proposal};
use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::domain::territory::TerritoryCode;
use ecluse::flows::account::grant_role::{GrantRoleError, Granted, grant_role};
use ecluse::flows::actor::Actor;
use ecluse::flows::people::operators::waiting;
use ecluse::flows::reset_order::issue::issue;
use ecluse::store::db::Statement;
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeMap;

/// Everything that can be asked for.
const ACTS: [&str; 33] = [
    "preview",
    "issue",
    "draft",
    "show",
    "report",
    "schools/uai",
    "left",
    "notices",
    "notices/retry",
    "families",
    "edit",
    "submit",
    "cancel",
    "close",
    "approve",
    "send-back",
    "force_change",
    "force_recover",
    "unlock",
    "end_sessions",
    "disable",
    "enable",
    "code",
    "role",
    "factor",
    "role take",
    "read",
    "history",
    "print",
    "hand-over",
    "role-authority",
    "role-approve",
    "role-refuse",
];

/// Which of them a role allows, in the order of [`ACTS`].
fn allowed(role: Role) -> Vec<&'static str> {
    match role {
        Role::Authority => ACTS.to_vec(),
        Role::SchoolAdmin => ACTS.into_iter().filter(|act| !act.starts_with("role-")).collect(),
        Role::ClassTeacher => {
            let acts = ["preview", "show", "force_change", "force_recover", "unlock", "end_sessions", "code"];
            let read = ["report", "schools/uai", "left", "notices", "families"];
            [&acts[..], &read, &["read", "print", "hand-over"]].concat()
        }
        Role::Helpdesk => vec!["unlock", "end_sessions", "code", "read"],
        Role::Auditor => vec!["preview", "show", "report", "schools/uai", "notices", "families"],
    }
}

/// Asks for an act on the class or on a pupil of it, where another operator prepared what it needs.
async fn ask(provider: &Provider, program: &Program, act: &str, place: &str) -> Answer {
    let (pupil, teacher) = if place == INSIDE { ("zoe", "m.blanc") } else { ("lea", "lea") };
    let anne = provider.as_operator("anne").await;
    let families = |level| {
        let profiles = ["National_ELV", "National_TUT"].map(|profile| profile.parse().unwrap()).into();
        ecluse::flows::reset_order::issue::Proposal { profiles, ..proposal(place, level) }
    };
    let prepared = async || match act {
        "edit" | "submit" => {
            let proposal = families(Level::Change);
            let drafted = ecluse::flows::reset_order::draft::draft(&provider.ctx, &anne, &proposal);
            drafted.await.unwrap().unwrap().order.id.0
        }
        "approve" | "send-back" => {
            issue(&provider.ctx, &anne, &families(Level::Change), None).await.unwrap().unwrap().order.id.0
        }
        _ => {
            let alone = crate::provider::operator().breaking_glass();
            issue(&provider.ctx, &alone, &families(Level::Change), None).await.unwrap().unwrap().order.id.0
        }
    };
    match act {
        "preview" => program.post("/orders/preview", order(place, false)).await,
        "issue" => program.post("/orders", order(place, false)).await,
        "draft" => program.post("/orders", order(place, true)).await,
        "show" => program.get(&format!("/orders/{}", prepared().await)).await,
        "report" | "left" | "notices" | "families" => {
            program.get(&format!("/orders/{}/{act}", prepared().await)).await
        }
        "schools/uai" => {
            let school = if place == INSIDE { "uai:0860001J" } else { "uai:0169001X" };
            program.get(&format!("/orders/{}/schools/{school}", prepared().await)).await
        }
        "notices/retry" => {
            program.send(Method::POST, &format!("/orders/{}/{act}", prepared().await), None).await
        }
        "edit" => {
            let path = format!("/orders/{}", prepared().await);
            program.send(Method::PUT, &path, Some(order(place, false))).await
        }
        "cancel" | "close" | "send-back" => {
            let path = format!("/orders/{}/{act}", prepared().await);
            program.post(&path, json!({ "reason": "a mistake" })).await
        }
        "submit" | "approve" => {
            let id = prepared().await;
            let shown = digest(provider, &id).await;
            program.post(&format!("/orders/{id}/{act}"), json!({ "digest": shown })).await
        }
        "code" => program.post(&format!("/people/{pupil}/code"), json!({})).await,
        "factor" => program.post(&format!("/people/{teacher}/factor"), json!({ "reason": "lost" })).await,
        "read" => program.get(&format!("/people/{pupil}")).await,
        "history" => program.get(&format!("/people/{pupil}/history")).await,
        "print" => {
            let families = json!(["National_ELV", "National_TUT"]);
            program.post("/slips", json!({ "territory": place, "profiles": families })).await
        }
        "hand-over" => program.post("/slips/handed", json!({ "territory": place })).await,
        act if act.starts_with("role") => {
            ask_about_role(provider, program, act, (pupil, teacher, place)).await
        }
        _ => program.post("/people/acts", json!({ "act": act, "logins": [pupil] })).await,
    }
}

/// The same of roles: a pupil's and a teacher's.
async fn ask_about_role(
    provider: &Provider,
    program: &Program,
    act: &str,
    (pupil, teacher, place): (&str, &str, &str),
) -> Answer {
    let give = async |role| {
        program.post("/roles", json!({ "login": teacher, "role": role, "territory": place })).await
    };
    match act {
        "role" => give("class_teacher").await,
        "role take" => {
            let role =
                json!({ "login": teacher, "role": "class_teacher", "territory": place, "reason": "left" });
            program.send(Method::DELETE, "/roles", Some(role)).await
        }
        "role-authority" => give("authority").await,
        _ => {
            let whom = if act == "role-refuse" && place == INSIDE { "tom" } else { pupil };
            let id = role_that_waits(provider, &provider.as_operator("anne").await, whom, place).await;
            let answer = act.trim_start_matches("role-");
            program.send(Method::POST, &format!("/roles/pending/{id}/{answer}"), None).await
        }
    }
}

/// A role that another operator asked for.
async fn role_that_waits(provider: &Provider, asks: &Actor, login: &str, place: &str) -> String {
    let place = TerritoryCode::parse(place).unwrap();
    match grant_role(&provider.ctx, asks, login, Role::Authority, &place).await.unwrap() {
        Ok(Granted::Pending(pending)) => pending.id,
        Err(GrantRoleError::AlreadyAsked) => {
            let waiting = waiting(&provider.ctx, asks, None, 100).await.unwrap().unwrap();
            waiting.roles.into_iter().find(|waiting| waiting.person.login == login).unwrap().pending.id
        }
        other => panic!("{other:?}"),
    }
}

/// What stands for the order as it is shown.
async fn digest(provider: &Provider, id: &str) -> String {
    let id = ecluse::domain::reset_order::OrderId(id.to_owned());
    let view =
        ecluse::flows::reset_order::read::view(&provider.ctx, &provider.as_operator("anne").await, &id).await;
    view.unwrap().unwrap().shown().0
}

/// The role's territory holds the class inside, and not the one outside.
const ROLES: [(Role, &str); 5] = [
    (Role::Authority, "departement:086"),
    (Role::SchoolAdmin, "uai:0860001J"),
    (Role::ClassTeacher, INSIDE),
    (Role::Helpdesk, "uai:0860001J"),
    (Role::Auditor, "departement:086"),
];

#[tokio::test]
async fn each_act_is_allowed_or_refused_by_role_and_territory() {
    let mut wrong = BTreeMap::new();
    for (role, place) in ROLES {
        let provider = Provider::start_with(Wish::settings(|it| it.orders.approval_above = 0)).await;
        provider.hire("anne", Role::Authority, "academie:13").await;
        let program = Program::of(&provider, "operator", role, place).await;
        for act in ACTS {
            let before = written(&provider).await;
            let inside = ask(&provider, &program, act, INSIDE).await;
            let done = written(&provider).await;
            let outside = ask(&provider, &program, act, OUTSIDE).await;
            let is_silent = inside.status < 300 || done == before;
            let is_silent = is_silent && written(&provider).await == done;
            assert!(is_silent, "{}, {act}: {inside:?}, {outside:?}", role.as_str());
            let is_allowed = (200..300).contains(&inside.status);
            if is_allowed != allowed(role).contains(&act) {
                wrong.insert((role.as_str(), act, "inside"), inside);
            } else if !is_allowed && !matches!(inside.problem(), (403, "not-of-role") | (404, "not-found")) {
                wrong.insert((role.as_str(), act, "inside, as what"), inside);
            }
            if !matches!(outside.problem(), (403, "out-of-territory" | "not-of-role") | (404, "not-found")) {
                wrong.insert((role.as_str(), act, "outside"), outside);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The lines of what the operator did: whatever writes anything writes one.
async fn written(provider: &Provider) -> i64 {
    let sql =
        "SELECT COUNT(*) AS lines FROM audit WHERE actor = 'account:operator' AND act <> 'client.token'";
    provider.ctx.db.one(Statement::new(sql, Vec::new())).await.unwrap().unwrap().int("lines").unwrap()
}

#[tokio::test]
async fn each_list_is_read_or_refused_by_role() {
    let lists = ["/people", "/orders", "/audit", "/audit/export", "/roles", "/roles/pending"];
    for (role, place) in ROLES {
        let provider = Provider::start().await;
        let program = Program::of(&provider, "operator", role, place).await;
        let alone = crate::provider::operator().breaking_glass();
        issue(&provider.ctx, &alone, &proposal(INSIDE, Level::Change), None).await.unwrap().unwrap();
        let orders = program.get("/orders").await.body["orders"].as_array().unwrap().len();
        assert_eq!(orders == 1, role != Role::Helpdesk, "{}", role.as_str());
        let mut read = Vec::new();
        for list in lists {
            match program.get(list).await {
                answer if answer.status == 200 => read.push(list),
                answer => assert_eq!(answer.problem(), (403, "not-of-role"), "{list} by {}", role.as_str()),
            }
        }
        let may: &[&str] = match role {
            Role::Authority => &lists,
            // A head of school gives no role that waits.
            Role::SchoolAdmin => &lists[..5],
            // The list of orders is empty for whoever follows none.
            Role::ClassTeacher | Role::Helpdesk => &["/people", "/orders"],
            Role::Auditor => &["/orders", "/audit", "/audit/export", "/roles"],
        };
        assert_eq!(read, may, "{}", role.as_str());
    }
}
