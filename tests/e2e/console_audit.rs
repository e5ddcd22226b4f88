//! The audit log as operators read it at the console.

use std::collections::BTreeSet;
use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::flows::account::force_change::force_change;
use ecluse::flows::account::unlock::unlock;
use ecluse::flows::actor::Actor;
use ecluse::flows::reset_order::issue::issue;
use reqwest::StatusCode;
use serde_json::Value;

use crate::browser::{Browser, Page};
use crate::console::enrolled;
use crate::provider::{Provider, proposal};

const SCHOOL: &str = "uai:0860001J";

/// A head of school and a rector, who have both done something.
pub(crate) async fn two_at_work() -> (Provider, Browser, Browser, String) {
    let provider = Provider::start().await;
    provider.hire("chef", Role::SchoolAdmin, SCHOOL).await;
    provider.hire("recteur", Role::Authority, "academie:13").await;
    let (head, ..) = enrolled(&provider, "chef").await;
    let (rector, ..) = enrolled(&provider, "recteur").await;
    let ctx = &provider.ctx;
    let act = async |login: &str, reason: &str| Actor {
        reason: Some(reason.to_owned()),
        ..provider.as_operator(login).await
    };
    let logins = |login: &str| [login.to_owned()];
    unlock(ctx, &act("chef", "=1+1").await, &logins("zoe")).await.unwrap().unwrap();
    provider.clock.advance(Duration::from_secs(1));
    force_change(ctx, &act("chef", "au bureau").await, Level::Change, &logins("tom")).await.unwrap().unwrap();
    provider.clock.advance(Duration::from_secs(1));
    unlock(ctx, &act("recteur", "appel").await, &logins("lea")).await.unwrap().unwrap();
    let order = proposal("departement:016", Level::Change);
    let order = issue(ctx, &act("recteur", "vol").await, &order, None).await.unwrap().unwrap().order.id;
    provider.clock.advance(Duration::from_secs(1));
    (provider, head, rector, order.0)
}

/// The rows of the table, with plain spaces and without tags.
fn rows(page: &Page) -> Vec<String> {
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let Some(table) = page.body.split("<tbody>").nth(1) else { return Vec::new() };
    let rows = table.split("</tbody>").next().unwrap().split("<tr>").skip(1);
    let plain = |row: &str| {
        let words = row.split('<').map(|part| part.split_once('>').map_or("", |(_, text)| text));
        words.collect::<Vec<_>>().join(" ").replace('\u{a0}', " ")
    };
    rows.map(|row| plain(&format!("<{row}")).split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

async fn asked(browser: &Browser, query: &str) -> Vec<String> {
    rows(&browser.go(&format!("/console/audit?{query}")).await)
}

#[tokio::test]
async fn lines_are_read_in_words_and_found_by_who_what_whom_where_and_when() {
    let (_provider, head, rector, order) = two_at_work().await;
    let page = head.go("/console/audit").await;
    assert!(page.body.contains("href=\"/console/audit\""), "there is a way to it: {}", page.body);
    let seen = rows(&page);
    let forced =
        "21 novembre 2026 à 10 h 00 Changement exigé chef Essai Collège des Tilleuls tom Essai au bureau";
    assert_eq!(
        seen,
        [
            forced,
            &forced
                .replace("Changement exigé", "Compte débloqué")
                .replace("tom", "zoe")
                .replace("au bureau", "=1+1")
        ]
    );
    assert!(page.body.contains("href=\"/console/people/tom\""));
    let english = asked(&head, "ui_locales=en&act=password.force").await;
    assert!(english[0].starts_with("21 November 2026 at 10:00 Change forced chef Essai"), "{english:?}");

    for (query, found) in [
        ("act=account.unlock", vec!["zoe", "lea"]),
        ("actor=recteur", vec!["lea", "order"]),
        ("actor=CHEF&about=tom", vec!["tom"]),
        ("about=zoe", vec!["zoe"]),
        ("about=0860001J", vec!["zoe", "tom"]),
        ("about=academie:13", vec!["zoe", "tom", "lea", "order"]),
        (&format!("about={order}"), vec!["order"]),
        ("from=2026-11-21&to=2026-11-21", vec!["zoe", "tom", "lea", "order"]),
        ("from=2026-11-22", vec![]),
        ("to=2026-11-20", vec![]),
        ("about=nobody", vec![]),
        ("about=uai:0000000X", vec![]),
        ("actor=%25", vec![]),
    ] {
        let lines = asked(&rector, &format!("{query}&ui_locales=fr")).await;
        let about = ["zoe", "tom", "lea"]
            .into_iter()
            .filter(|name| lines.iter().any(|line| line.contains(&format!("{name} Essai"))));
        let mut about: Vec<_> = about.collect();
        if lines.iter().any(|line| line.contains("Ordre présenté") && line.contains("Ordre : Charente")) {
            about.push("order");
        }
        assert_eq!(about, found, "{query}: {lines:?}");
    }
    for query in ["actor=recteur", "about=lea", &format!("about={order}"), "about=0169001X"] {
        assert_eq!(asked(&head, query).await, [""; 0], "outside of the school: {query}");
    }
    for query in ["from=yesterday", "to=2026-02-30", "from=2026-11-21T10:00:00"] {
        let page = head.go(&format!("/console/audit?{query}")).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert!(page.body.contains("aria-invalid"), "{}", page.body);
    }
}

#[tokio::test]
async fn pages_go_on_where_the_one_before_ended_and_are_nobody_elses() {
    let (provider, head, rector, _) = two_at_work().await;
    let pupils = ["zoe".to_owned(), "tom".to_owned()];
    for number in 0..60 {
        let actor = Actor { reason: Some(format!("no. {number}")), ..provider.as_operator("chef").await };
        unlock(&provider.ctx, &actor, &pupils).await.unwrap().unwrap();
        provider.clock.advance(Duration::from_secs(1));
    }
    let mut page = head.go("/console/audit?act=account.unlock").await;
    let (mut found, mut pages) = (rows(&page), 1);
    while page.body.contains("id=\"next\"") {
        let link = page.body.split("id=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap();
        let link = link.replace("&#38;", "&").replace("&amp;", "&");
        let borrowed = rector.go(&link).await;
        assert_eq!(borrowed.status, StatusCode::BAD_REQUEST, "{}", borrowed.body);
        let other = head.go(&link.replace("account.unlock", "password.force")).await;
        assert_eq!(other.status, StatusCode::BAD_REQUEST, "of another question");
        page = head.go(&link).await;
        found.extend(rows(&page));
        pages += 1;
    }
    assert_eq!((found.len(), pages), (121, 3));
    assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 121, "none twice");
    assert!(found[0].ends_with("no. 59") && found[120].ends_with("=1+1"), "{found:?}");
}

async fn exported(browser: &Browser, query: &str, format: &str) -> Page {
    let page = browser.go(&format!("/console/audit?{query}")).await;
    let mut form = page.fields("/console/audit/export");
    form.push(("format".to_owned(), format.to_owned()));
    browser.post("/console/audit/export", &form).await
}

#[tokio::test]
async fn what_is_exported_is_what_is_seen_and_the_export_is_a_line_itself() {
    let (provider, head, rector, order) = two_at_work().await;
    let file = exported(&head, "", "csv").await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.body);
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"audit-2026-11-21.csv\"");
    let lines: Vec<_> = file.body.lines().collect();
    assert!(lines[0].starts_with("\u{feff}place;id;at;actor;territory;act;"), "{}", lines[0]);
    assert_eq!(lines.len(), 3, "the oldest first, and not this export: {}", file.body);
    assert!(lines[1].contains(";account:zoe;") && lines[1].contains(";'=1+1;"), "{}", lines[1]);
    assert!(lines[2].contains(";account:tom;;au bureau;192.0.2.7;request-1;"), "{}", lines[2]);
    assert!(!file.body.contains(&order));

    let file = exported(&rector, "act=order.issue", "json").await;
    assert_eq!(file.header("content-type"), "application/x-ndjson");
    let lines: Vec<Value> = file.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1, "{}", file.body);
    assert_eq!(
        (&lines[0]["object"], &lines[0]["at"]),
        (&format!("order:{order}").into(), &"2026-11-21T10:00:02Z".into())
    );

    let seen = asked(&rector, "act=audit.export").await;
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert!(
        seen.iter().any(|line| line.contains("recteur Essai") && line.contains("act=order.issue")),
        "{seen:?}"
    );
    assert_eq!(
        asked(&head, "act=audit.export").await.len(),
        1,
        "what is done above is not the school's to read"
    );

    let page = head.go("/console/audit").await;
    let form = page.fields("/console/audit/export");
    let cross = head.post_from("https://evil.example", "/console/audit/export", &form).await;
    assert_eq!(cross.status, StatusCode::FORBIDDEN, "{}", cross.body);
    assert_eq!(head.post("/console/audit/export", &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        head.post("/console/audit/export", &form).await.status,
        StatusCode::BAD_REQUEST,
        "in which form?"
    );
    assert_eq!(asked(&rector, "act=audit.export").await.len(), 2);
    drop(provider);
}

#[tokio::test]
async fn whoever_may_not_read_the_log_finds_no_way_to_it() {
    let provider = Provider::start().await;
    provider.hire("m.blanc", Role::ClassTeacher, "class:0860001J/6A").await;
    let (teacher, ..) = enrolled(&provider, "m.blanc").await;
    assert!(!teacher.go("/console").await.body.contains("/console/audit"));
    assert_eq!(teacher.go("/console/audit").await.status, StatusCode::NOT_FOUND);
    let mut form = teacher.go("/console").await.fields("/console/sign-out");
    form.push(("format".to_owned(), "csv".to_owned()));
    assert_eq!(teacher.post("/console/audit/export", &form).await.status, StatusCode::NOT_FOUND);
    assert!(Browser::new(&provider.issuer).go("/console/audit").await.is_sign_in());
}
