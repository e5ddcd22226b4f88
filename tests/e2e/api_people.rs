//! People, roles and what was done to whom, a page at a time: what the console shows, for programs.

use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::store::db::{Batch, Statement};
use serde_json::{Value, json};

use crate::api::{INSIDE, Program};
use crate::browser::Browser;
use crate::console::enrolled;
use crate::provider::Provider;
use crate::relying_party::RelyingParty;
use crate::sign_in::signed_in;

async fn write(provider: &Provider, sql: &'static str) {
    provider.ctx.db.run(Batch::plain(vec![Statement::new(sql, Vec::new())])).await.unwrap();
}

/// Claire of the rectorat, at the console.
async fn desk(provider: &Provider) -> Browser {
    provider.hire("claire", Role::Authority, "academie:13").await;
    enrolled(provider, "claire").await.0
}

/// Every page of a list, from the first to the last.
async fn pages(program: &Program, path: &str, list: &str) -> Vec<Vec<Value>> {
    let (mut pages, mut next) = (Vec::new(), Value::Null);
    loop {
        let answer = match next.as_str() {
            None => program.get(path).await,
            Some(cursor) => {
                let more = if path.contains('?') { '&' } else { '?' };
                program.get(&format!("{path}{more}cursor={cursor}")).await
            }
        };
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        pages.push(answer.body[list].as_array().unwrap().clone());
        next = answer.body["next"].clone();
        if next.is_null() {
            return pages;
        }
    }
}

fn each(pages: &[Vec<Value>], member: &str) -> Vec<String> {
    pages.iter().flatten().map(|it| it[member].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn people_are_found_by_who_they_are_as_at_the_console() {
    let provider = Provider::start().await;
    let anne = Program::of(&provider, "anne", Role::Authority, "academie:13").await;
    for (query, logins) in [
        ("?profile=National_TUT", &["mme.roux"][..]),
        ("?profile=National_ELV&place=uai:0860001J", &["tom", "zoe"]),
        ("?profile=National_ELV&query=zo", &["zoe"]),
        ("?profile=National_ENS&state=not_activated", &["m.blanc"]),
        ("?profile=National_DIR", &[]),
    ] {
        let found = pages(&anne, &format!("/people{query}"), "people").await;
        assert_eq!(each(&found, "login"), logins, "{query}");
    }
    assert_eq!(anne.get("/people?profile=somebody").await.problem(), (400, "invalid-request"));
    let many = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 150)
        INSERT INTO account (id, source, source_key, login, login_name, given_name, family_name, way_in, number,
            code_issue, created_at, updated_at)
        SELECT 'p' || n, 'test', 'p' || n, 'p' || n, 'p' || n, 'P', 'Essai', 'local', 1, 1, 0, 0 FROM n";
    write(&provider, many).await;
    let there = "INSERT INTO affiliation (account_id, path, profile, began)
        SELECT a.id, t.path, 'National_ELV', 0 FROM account a, territory t
        WHERE a.given_name = 'P' AND t.code = 'class:0860001J/6A'";
    write(&provider, there).await;
    let found = pages(&anne, "/people?profile=National_ELV", "people").await;
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [100, 53]);
    let next = anne.get("/people?profile=National_ELV").await.body["next"].as_str().unwrap().to_owned();
    for other in ["/people?", "/people?profile=National_TUT&"] {
        assert_eq!(anne.get(&format!("{other}cursor={next}")).await.problem(), (422, "unknown-cursor"));
    }
}

#[tokio::test]
async fn a_person_is_shown_with_roles_and_visits_and_the_order_that_shuts_them_out() {
    let provider = Provider::start().await;
    let portal = RelyingParty::portal(&provider).await;
    let anne = Program::of(&provider, "anne", Role::Authority, "academie:13").await;
    provider.hire("m.blanc", Role::ClassTeacher, INSIDE).await;
    signed_in(&provider, &portal, "zoe").await;
    let teacher = anne.get("/people/m.blanc").await.body;
    assert_eq!(teacher["roles"], json!([{ "role": "class_teacher", "territory": INSIDE }]));
    let pupil = anne.get("/people/zoe").await.body;
    assert_eq!((&pupil["roles"], &pupil["order"]), (&json!([]), &Value::Null));
    assert_eq!(pupil["signed_in"][0]["name"], "portal");
    let id = provider.order(Level::Change).await;
    let pupil = anne.get("/people/zoe").await.body;
    assert_eq!((pupil["order"].as_str(), pupil["state"].as_str()), (Some(id.0.as_str()), Some("ordered")));
    // The helpdesk follows no orders.
    let helps = Program::of(&provider, "helps", Role::Helpdesk, "uai:0860001J").await;
    let pupil = helps.get("/people/zoe").await.body;
    assert_eq!((&pupil["order"], pupil["state"].as_str()), (&Value::Null, Some("ordered")));
    assert!(pupil["signed_in"].is_array());
}

#[tokio::test]
async fn what_was_done_to_somebody_is_read_to_its_beginning_by_whoever_may() {
    let provider = Provider::start().await;
    let anne = Program::of(&provider, "anne", Role::Authority, "academie:13").await;
    let old = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 250)
        INSERT INTO audit (id, at, actor, act, object) SELECT 'old ' || n, 1795255000000000 + n / 3, 'local:root', 'password.change', 'account:zoe' FROM n";
    write(&provider, old).await;
    provider.clock.advance(std::time::Duration::from_secs(1));
    assert_eq!(anne.post("/people/zoe/code", json!({ "reason": "au bureau" })).await.status, 200);
    let found = pages(&anne, "/people/zoe/history", "lines").await;
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [100, 100, 51]);
    let first = &found[0][0];
    assert_eq!((first["act"].as_str(), first["by"].as_str()), (Some("code.issue"), Some("operator")));
    assert_eq!(first["reason"], "au bureau");
    assert_eq!(found[2][50]["by"], "host");
    let next = anne.get("/people/zoe/history").await.body["next"].as_str().unwrap().to_owned();
    let refused = anne.get(&format!("/people/tom/history?cursor={next}")).await;
    assert_eq!(refused.problem(), (422, "unknown-cursor"));
    let bruno = Program::of(&provider, "bruno", Role::Authority, "academie:13").await;
    let refused = bruno.get(&format!("/people/zoe/history?cursor={next}")).await;
    assert_eq!(refused.problem(), (422, "unknown-cursor"));
    // Nobody reads it who reads no audit log, nor of somebody elsewhere.
    let teacher = Program::of(&provider, "prof", Role::ClassTeacher, INSIDE).await;
    assert_eq!(teacher.get("/people/zoe/history").await.problem(), (403, "not-of-role"));
    let school = Program::of(&provider, "principale", Role::SchoolAdmin, "uai:0169001X").await;
    assert_eq!(school.get("/people/zoe/history").await.problem(), (404, "not-found"));

    // What was written down for the académie is not the school's to read.
    let school = Program::of(&provider, "chef", Role::SchoolAdmin, "uai:0860001J").await;
    let line = school.get("/people/zoe/history").await.body["lines"][0].clone();
    assert_eq!((line["act"].as_str(), &line["reason"]), (Some("code.issue"), &Value::Null));

    let desk = desk(&provider).await;
    let (mut page, mut lines) = (desk.go("/console/people/zoe").await, Vec::new());
    loop {
        let rows = page.body.split("<th scope=\"row\">").count() - 1;
        lines.push(rows);
        let Some(older) = page.body.split("id=\"older\" href=\"").nth(1) else { break };
        page = desk.go(&older.split('"').next().unwrap().replace("&#38;", "&")).await;
    }
    assert_eq!((lines.len(), lines.iter().sum::<usize>()), (13, 251), "{lines:?}");
}

#[tokio::test]
async fn every_role_that_waits_is_reached() {
    let provider = Provider::start().await;
    let anne = Program::of(&provider, "anne", Role::Authority, "academie:13").await;
    let bruno = Program::of(&provider, "bruno", Role::Authority, "academie:13").await;
    for sql in [
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 230)
         INSERT INTO account (id, source, source_key, login, login_name, given_name, family_name, way_in, number,
             code_issue, created_at, updated_at)
         SELECT 'w' || n, 'test', 'w' || n, 'w' || n, 'w' || n, 'W', 'Essai', 'local', 1, 1, 0, 0 FROM n",
        "INSERT INTO pending_role (id, account_id, role, path, requested_by, requested_at)
         SELECT 'wish ' || a.id, a.id, 'authority', t.path, 'account:claire', 1795255200000000 FROM account a, territory t
         WHERE a.given_name = 'W' AND t.code = 'uai:0860001J'",
    ] {
        write(&provider, sql).await;
    }
    let found = pages(&bruno, "/roles/pending", "roles").await;
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [100, 100, 30]);
    let mut ids = each(&found, "id");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 230);
    let next = bruno.get("/roles/pending").await.body["next"].as_str().unwrap().to_owned();
    assert_eq!(anne.get(&format!("/roles/pending?cursor={next}")).await.problem(), (422, "unknown-cursor"));
    assert_eq!(bruno.get(&format!("/roles?cursor={next}")).await.problem(), (422, "unknown-cursor"));

    // Who asked for the first two hundred is told of the one that somebody else asked for.
    let desk = desk(&provider).await;
    assert!(!desk.go("/console").await.body.contains("id=\"roles-waiting\""));
    write(&provider, "UPDATE pending_role SET requested_by = 'account:bruno', requested_at = requested_at + 1 WHERE id = 'wish w1'").await;
    assert!(desk.go("/console").await.body.contains("id=\"roles-waiting\""));
    let (mut page, mut shown) = (desk.go("/console/roles").await, 0);
    loop {
        shown += page.body.matches("id=\"refuse-").count();
        let Some(later) = page.body.split("id=\"later\" href=\"").nth(1) else { break };
        page = desk.go(&later.split('"').next().unwrap().replace("&#38;", "&")).await;
    }
    assert_eq!(shown, 230);
    assert!(page.body.contains("approve-wish w1"), "{}", page.body);
}

#[tokio::test]
async fn every_reason_why_services_were_not_told_is_reached() {
    let provider = Provider::start().await;
    let anne = Program::of(&provider, "anne", Role::Authority, "academie:13").await;
    // What is to a relying party that is not there, the server that starts beside us tidies away.
    RelyingParty::portal(&provider).await;
    let id = provider.order(Level::Change).await;
    let parked = Statement::new(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 150)
         INSERT INTO notice (id, kind, cause, client_id, account_id, sid, written_at, attempts, failure, parked_at)
         SELECT 'n' || n, 'voided', $1, 'portal', 'zoe', 's' || n, 0, 4, 'reason ' || n, 1795255200000000 FROM n",
        vec![id.0.as_str().into()],
    );
    provider.ctx.db.run(Batch::plain(vec![parked])).await.unwrap();
    let found = pages(&anne, &format!("/orders/{id}/notices"), "failed").await;
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [100, 50]);
    let desk = desk(&provider).await;
    let page = desk.go(&format!("/console/orders/{id}")).await;
    for number in 1..=150 {
        assert!(page.body.contains(&format!("reason {number}<")), "reason {number}: {}", page.body);
    }
}
