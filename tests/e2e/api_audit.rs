//! The audit log as a program reads it out.

use std::collections::BTreeSet;
use std::time::Duration;

use ecluse::domain::event::{Act, AuditLine};
use ecluse::domain::operator::Role;
use ecluse::store;
use ecluse::store::db::Batch;
use serde_json::Value;

use crate::api::Program;
use crate::console_audit::two_at_work;
use crate::provider::{Provider, Wish};

/// The answer to an export: its status, its headers in words, and its lines.
async fn export(program: &Program, query: &str) -> (u16, [String; 2], Vec<Value>) {
    let address = format!("{}/api/v1/audit/export{query}", program.issuer);
    let answer = program.http.get(address).bearer_auth(&program.token).send().await.unwrap();
    let header = |name: &str| answer.headers().get(name).map_or("", |it| it.to_str().unwrap()).to_owned();
    let headers = [header("content-type"), header("content-disposition")];
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, headers, text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// What they are about, sorted: two acts of one instant have no order.
fn objects(lines: &[Value]) -> BTreeSet<&str> {
    lines.iter().map(|line| line["object"].as_str().unwrap()).collect()
}

/// How often the log was read out, and what was asked for.
async fn exports(provider: &Provider) -> Vec<(String, Option<String>, Option<String>)> {
    let lines = store::audit::unsealed(&provider.ctx.db, 5_000).await.unwrap().into_iter();
    let exports = lines.filter(|line| line.act == "audit.export");
    exports.map(|line| (line.actor, line.territory, line.reason)).collect()
}

#[tokio::test]
async fn a_program_is_given_what_its_operator_sees_and_each_export_is_a_line() {
    let (provider, _, _, order) = two_at_work().await;
    let order = format!("order:{order}");
    let school = Program::of(&provider, "auditrice", Role::Auditor, "uai:0860001J").await;
    let rector = Program::of(&provider, "auditeur", Role::Auditor, "academie:13").await;
    let (status, headers, lines) = export(&school, "").await;
    let name = "attachment; filename=\"audit-2026-11-21.jsonl\"";
    assert_eq!((status, headers), (200, ["application/x-ndjson".to_owned(), name.to_owned()]));
    let about: Vec<_> = lines.iter().map(|line| &line["object"]).collect();
    assert_eq!(about, ["account:zoe", "account:tom"], "the oldest first, and of the school alone");
    let list = school.get("/audit").await.body;
    for (line, listed) in lines.iter().rev().zip(list["lines"].as_array().unwrap().iter().skip(1)) {
        for (name, value) in listed.as_object().unwrap() {
            assert_eq!(&line[name], value, "{name}");
        }
    }
    for (query, found) in [
        ("", vec!["account:zoe", "account:tom", "account:lea", &order]),
        ("?act=account.unlock", vec!["account:zoe", "account:lea"]),
        ("?actor=account:recteur", vec!["account:lea", &order]),
        ("?object=account:tom", vec!["account:tom"]),
        ("?territory=uai:0860001J", vec!["account:zoe", "account:tom"]),
        ("?from=2026-11-21T10:00:01Z&to=2026-11-21T10:00:02Z", vec!["account:tom"]),
        ("?to=2026-11-21T10:00:00Z", vec![]),
    ] {
        let (status, _, lines) = export(&rector, query).await;
        let lines: Vec<_> = lines.into_iter().filter(|line| line["act"] != "audit.export").collect();
        assert_eq!((status, objects(&lines)), (200, found.into_iter().collect()), "{query}");
    }
    let written = exports(&provider).await;
    assert_eq!(written.len(), 8, "{written:?}");
    let of_school = (
        "account:auditrice".to_owned(),
        Some("ministry:fr>academie:13>departement:086>uai:0860001J".to_owned()),
        None,
    );
    assert!(written.contains(&of_school), "{written:?}");
    assert!(
        written.iter().any(|(_, _, reason)| reason.as_deref() == Some("act=account.unlock")),
        "{written:?}"
    );
    provider.clock.advance(Duration::from_secs(1));
    let (_, _, lines) = export(&school, "?act=audit.export").await;
    assert_eq!(lines.len(), 1, "what is read above the school is not the school's to read");
}

#[tokio::test]
async fn whoever_may_not_read_the_log_is_given_none_of_it() {
    let provider = Provider::start().await;
    let teacher = Program::of(&provider, "prof", Role::ClassTeacher, "class:0860001J/6A").await;
    assert_eq!(teacher.get("/audit/export").await.problem(), (403, "not-of-role"));
    provider.hire("anne", Role::Authority, "academie:13").await;
    let blind = Program::for_scopes(&provider, "anne", "orders:read people:read").await;
    assert_eq!(blind.get("/audit/export").await.problem(), (403, "insufficient-scope"));
    let school = Program::of(&provider, "principal", Role::SchoolAdmin, "uai:0860001J").await;
    for (query, problem) in [
        ("?territory=nowhere", (422, "unknown-territory")),
        ("?territory=uai:0000000X", (422, "unknown-territory")),
        ("?from=yesterday", (400, "invalid-request")),
        ("?cursor=x", (400, "invalid-request")),
        ("?within=ministry:fr", (400, "invalid-request")),
    ] {
        assert_eq!(school.get(&format!("/audit/export{query}")).await.problem(), problem, "{query}");
    }
    assert!(exports(&provider).await.is_empty(), "nothing was read out");
    let (status, _, lines) = export(&school, "?territory=uai:0169001X").await;
    assert_eq!((status, lines.len()), (200, 0), "of another school no lines, as of none");
}

#[tokio::test]
async fn more_lines_than_are_held_at_once_come_whole() {
    let provider = Provider::start_with(Wish::default()).await;
    let auditor = Program::of(&provider, "auditeur", Role::Auditor, "academie:13").await;
    let place = ecluse::domain::territory::TerritoryCode::parse("uai:0860001J").unwrap();
    let path = store::territory::find(&provider.ctx.db, &place).await.unwrap().unwrap().path;
    let now = provider.clock.now();
    let acting = provider.as_operator("auditeur").await;
    let line = |number: usize| {
        let line = AuditLine {
            territory: Some(path.as_str().to_owned()),
            reason: Some(format!("no. {number}")),
            ..acting.line(Act::AccountUnlock, "account:zoe".to_owned())
        };
        provider.ctx.audit(now, &line)
    };
    provider.ctx.db.run(Batch::plain((0..1_700).map(line).collect())).await.unwrap();
    provider.clock.advance(Duration::from_secs(1));
    let (status, _, lines) = export(&auditor, "?act=account.unlock").await;
    let reasons: BTreeSet<_> = lines.iter().map(|line| line["reason"].as_str().unwrap()).collect();
    assert_eq!((status, lines.len(), reasons.len()), (200, 1_700, 1_700));
}
