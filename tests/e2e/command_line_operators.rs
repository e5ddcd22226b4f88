//! Roles, notices and the audit log from the host's command line.

use ecluse::domain::operator::Role;
use ecluse::domain::territory::TerritoryCode;
use ecluse::flows::account::grant_role::{Granted, grant_role};
use serde_json::json;

use crate::host::{Host, operator, still};

const OVER: [&str; 4] = ["--role", "authority", "--territory", "academie:13"];

fn roles(host: &Host) -> Vec<String> {
    let held = host.data(&["operator", "list"]);
    let text = |role: &serde_json::Value| format!("{} {}", role["login"], role["role"]).replace('"', "");
    let mut roles: Vec<_> = held.as_array().unwrap().iter().map(text).collect();
    roles.sort();
    roles
}

#[tokio::test]
async fn a_role_is_given_listed_and_taken_away() {
    let host = Host::open().await;
    let empty = host.does(&["operator", "list"]);
    assert_eq!(empty.err, "Nobody holds a role: `ecluse operator grant` gives the first\n");
    let given = host.does(&[&["operator", "grant", "rectrice", "--reason", "Arrêté"][..], &OVER].concat());
    assert_eq!((given.out.as_str(), given.err.as_str()), ("", "rectrice is authority over academie:13\n"));
    let line = (
        "operator.grant".to_owned(),
        "academie:13".to_owned(),
        "authority over academie:13: Arrêté".to_owned(),
    );
    assert_eq!(host.lines(&["--limit", "1"]), [line]);
    host.does(&["operator", "grant", "chef", "--role", "school_admin", "--territory", "uai:0860001J"]);
    host.does(&["account", "disable", "chef"]);
    insta::assert_snapshot!(host.does(&["operator", "list"]).out, @r"
    role          over          login               name
    authority     academie:13   rectrice            Durand Rose
    school_admin  uai:0860001J  chef      disabled  Chef Ann
    ");
    host.refuses(
        &[&["operator", "grant", "nobody"][..], &OVER].concat(),
        3,
        "no account has the login nobody",
    );
    host.refuses(
        &["operator", "grant", "chef", "--role", "king", "--territory", "academie:13"],
        2,
        "invalid value 'king'",
    );
    host.refuses(
        &["operator", "grant", "chef", "--role", "auditor", "--territory", "uai:0869999X"],
        3,
        "is not known",
    );
    host.refuses(
        &[&["operator", "revoke", "chef"][..], &OVER].concat(),
        3,
        "chef is not authority over academie:13",
    );
    let taken = host.does(&[&["operator", "revoke", "rectrice"][..], &OVER].concat());
    assert_eq!(taken.err, "rectrice is authority over academie:13 no more\n");
    assert_eq!(roles(&host), ["chef school_admin"]);

    let code = host.does(&["operator", "factor-code", "chef", "--reason", "Téléphone perdu"]);
    assert!(code.err.starts_with(
        "Typed at the console after signing in, it lets chef set up a second factor, once, until "
    ));
    assert!(!code.out.trim().is_empty());
    let line = ("factor.reset".to_owned(), "uai:0860001J".to_owned(), "Téléphone perdu".to_owned());
    assert_eq!(host.lines(&["--limit", "1"]), [line]);
    host.refuses(&["operator", "factor-code", "nobody"], 3, "no account has the login nobody");
}

#[tokio::test]
async fn a_role_that_waits_is_listed_and_answered_from_the_host() {
    let host = Host::open().await;
    assert_eq!(host.does(&["operator", "pending"]).err, "No role waits\n");
    host.does(&[&["operator", "grant", "rectrice"][..], &OVER].concat());
    let ctx = host.ctx().await;
    let (rectrice, code) = (operator(&ctx, "rectrice").await, TerritoryCode::parse("academie:13").unwrap());
    let mut ids = Vec::new();
    for login in ["inspecteur", "chef"] {
        let asked = grant_role(&ctx, &rectrice, login, Role::Authority, &code).await.unwrap().unwrap();
        let Granted::Pending(pending) = asked else { panic!("{asked:?}") };
        ids.push(pending.id);
    }
    let waits = still(&host.does(&["operator", "pending"]).out);
    insta::assert_snapshot!(waits, @r"
    id             role       over         for         asked             by
    ID  authority  academie:13  inspecteur  WHEN  rectrice
    ID  authority  academie:13  chef        WHEN  rectrice
    ");
    let alone = "the command line cannot be the second person; in an emergency, --break-glass";
    host.refuses(&["operator", "approve", &ids[0]], 3, alone);
    host.refuses(
        &["operator", "refuse", "none"],
        3,
        "no role waits under none\nhint: `ecluse operator pending`",
    );
    let given = host.does(&["operator", "approve", &ids[0], "--break-glass", "Nobody answers"]);
    assert!(
        given.err.starts_with("inspecteur is authority over academie:13\nwarning: the glass was broken: "),
        "{}",
        given.err
    );
    let refused = host.does(&["operator", "refuse", &ids[1], "--reason", "Inconnu"]);
    assert_eq!(refused.err, "Refused: chef does not become authority over academie:13\n");
    assert_eq!(roles(&host), ["inspecteur authority", "rectrice authority"]);
    host.refuses(&["operator", "approve", &ids[1], "--break-glass", "Again"], 3, "no role waits under");
    let mut lines = host.lines(&["--limit", "3"]);
    lines.sort();
    let line = |act: &str, why: &str| {
        (act.to_owned(), "academie:13".to_owned(), format!("authority over academie:13: {why}"))
    };
    let expected = [
        line("break_glass", "Nobody answers"),
        line("operator.grant", "Nobody answers"),
        line("operator.refuse", "Inconnu"),
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn a_role_that_the_host_gives_waits_no_more() {
    let host = Host::open().await;
    host.does(&[&["operator", "grant", "rectrice"][..], &OVER].concat());
    let ctx = host.ctx().await;
    let (rectrice, code) = (operator(&ctx, "rectrice").await, TerritoryCode::parse("academie:13").unwrap());
    grant_role(&ctx, &rectrice, "inspecteur", Role::Authority, &code).await.unwrap().unwrap();
    host.does(&["operator", "grant", "inspecteur", "--role", "auditor", "--territory", "academie:13"]);
    assert_eq!(host.data(&["operator", "pending"]).as_array().map(Vec::len), Some(1), "another role");
    host.does(&[&["operator", "grant", "inspecteur"][..], &OVER].concat());
    assert_eq!(host.data(&["operator", "pending"]), json!([]));
}

#[tokio::test]
async fn the_audit_log_is_read_by_whoever_and_whatever_was_touched() {
    let host = Host::open().await;
    host.does(&["account", "disable", "eleve0", "--reason", "line one\nline two\u{9b}2J"]);
    host.does(&["account", "enable", "eleve0"]);
    let listed = still(&host.does(&["audit", "list", "--object", "eleve0"]).out);
    let listed = listed.replace(&format!("local:{}", user(&host)), "local:USER");
    let listed: Vec<_> =
        listed.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        listed,
        [
            "when who act what, and why",
            "WHEN local:USER account.enable eleve0",
            r"WHEN local:USER account.disable eleve0: line one\nline two\u{9b}2J",
        ]
    );
    assert_eq!(host.lines(&["--object", "eleve0", "--act", "account.enable"]).len(), 1);
    assert_eq!(host.lines(&["--object", "eleve0", "--to", "2020-01-01"]), []);
    assert_eq!(host.lines(&["--territory", "class:0860001J/6A"]).len(), 2);
    assert_eq!(host.lines(&["--territory", "class:0860001J/6B"]), []);
    assert_eq!(host.lines(&["--actor", "eleve0"]), [], "a login is looked up");
    let long = "é".repeat(501);
    host.refuses(&["account", "disable", "eleve0", "--reason", &long], 2, "at most 500 characters");
    let first = host.does(&["audit", "list", "--limit", "1"]);
    assert_eq!(first.err, "The newest 1; there may be more: --limit NUMBER shows them\n");
    let odd = host.does(&["audit", "list", "--act", "account.vanish"]);
    assert!(
        odd.err.starts_with("warning: this version writes no line with the act \"account.vanish\""),
        "{}",
        odd.err
    );
    assert!(odd.err.ends_with("No line was found\n"), "{}", odd.err);
    host.refuses(&["audit", "list", "--from", "yesterday"], 2, "\"yesterday\" is no instant");
    host.refuses(&["audit", "list", "--territory", "uai:0869999X"], 2, "there is no uai:0869999X");
    host.refuses(&["audit", "export", "--from", "yesterday"], 2, "\"yesterday\" is no instant");
    host.refuses(&["audit", "verify", "--head", "yesterday"], 2, "PLACE:TAG");

    let exported = host.does(&["audit", "export", "--object", "eleve0"]).out;
    assert_eq!(exported.lines().count(), 2);
    assert!(exported.contains(r"line one\nline two\u009b2J"), "{exported}");
    assert_eq!(
        host.lines(&["--act", "audit.export"]).len(),
        1,
        "that it was exported is a line, that it was shown is none"
    );
    assert!(host.does(&["audit", "verify"]).out.starts_with("Nothing was changed, moved or removed\n"));
}

/// Who acts, as the log has them.
fn user(host: &Host) -> String {
    let line = host.data(&["audit", "list", "--object", "eleve0", "--limit", "1"]);
    line[0]["actor"].as_str().unwrap().trim_start_matches("local:").to_owned()
}

#[tokio::test]
async fn notices_are_listed_by_order_and_sent_again() {
    let host = Host::open().await;
    let issue = [
        "reset-order",
        "issue",
        "--yes",
        "--territory",
        "uai:0860001J",
        "--level",
        "change",
        "--reason",
        "Essai",
    ];
    let id = host.does(&issue).out.trim().to_owned();
    assert_eq!(host.does(&["notice", "list"]).out, "notice  client  state  since when, and why\n");
    let listed = host.does(&["notice", "list", "--order", &id[..13]]);
    assert_eq!(listed.err, "No notice of this order was given up\n");
    let again = host.does(&["notice", "retry", "--order", &id]);
    assert_eq!(
        (again.out.as_str(), again.err.as_str()),
        ("0\n", "Put back: a running `ecluse serve` sends them\n")
    );
    let line = ("notice.retry".to_owned(), "uai:0860001J".to_owned(), String::new());
    assert_eq!(host.lines(&["--limit", "1"]), [line]);
    assert_eq!(host.data(&["notice", "retry", "--all"]), json!({ "notices": 0 }));
    host.refuses(&["notice", "retry"], 2, "required arguments were not provided");
    host.refuses(&["notice", "retry", "none"], 3, "one of these was not given up: nothing was done");
    host.refuses(&["notice", "retry", "--order", "none"], 1, "there is no order none");
    host.refuses(&["notice", "list", "--order", "none"], 1, "there is no order none");
}

#[tokio::test]
async fn a_relying_party_is_registered_and_listed() {
    let host = Host::open().await;
    let add = ["client", "add", "--name", "Vie scolaire", "--redirect-uri", "https://vie.example.org/cb"];
    let added = host.does(&add);
    assert!(added.err.starts_with("The secret is shown this once.\n"), "{}", added.err);
    let listed = host.does(&["client", "list"]).out;
    let line = "vie-scolaire  Vie scolaire  op_hosted        ";
    assert!(listed.contains(line) && listed.contains("https://vie.example.org/cb\n"), "{listed}");
    host.refuses(
        &["client", "add", "--name", "a\u{1b}b", "--redirect-uri", "https://a.example.org/cb"],
        3,
        "client_name",
    );
    assert_eq!(host.does(&["client", "list"]).out, listed);
}
