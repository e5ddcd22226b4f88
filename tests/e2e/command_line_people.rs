//! People from the host's command line: found, shown, and helped one by one or as a selection.

use serde_json::{Value, json};

use crate::host::{Host, still};
use crate::premises::Held;

fn logins(host: &Host, asked: &[&str]) -> Vec<String> {
    let found = host.does(&[&["account", "find", "--logins"], asked].concat());
    let mut logins: Vec<_> = found.out.lines().map(str::to_owned).collect();
    logins.sort();
    logins
}

#[tokio::test]
async fn people_are_found_as_at_the_console() {
    let host = Host::open().await;
    insta::assert_snapshot!(host.does(&["account", "find", "--profile", "National_ACA"]).out, @r"
    login       gate           slip  who, and where
    rectrice    not_activated        Durand Rose, academie:13
    inspecteur  not_activated        Petit Paul, academie:13
    ");
    assert_eq!(logins(&host, &["6a"]), ["eleve0", "eleve2", "parent", "prof.martin"], "a class");
    assert_eq!(logins(&host, &["0860001J"]).len(), 7, "everybody of the school");
    assert_eq!(logins(&host, &["mart"]), ["prof.martin"], "the beginning of a name");
    assert_eq!(logins(&host, &["claire mar"]), ["prof.martin"]);
    assert_eq!(logins(&host, &["ELEVE3"]), ["eleve3"], "a login");
    assert_eq!(logins(&host, &["--profile", "National_TUT"]), ["parent"]);
    assert_eq!(logins(&host, &["--territory", "class:0860001J/6B"]), ["eleve1", "eleve3"]);
    assert_eq!(logins(&host, &["--territory", "academie:13", "--profile", "National_ACA"]).len(), 2);
    host.does(&["account", "disable", "eleve1"]);
    assert_eq!(logins(&host, &["--state", "disabled"]), ["eleve1"]);
    assert_eq!(logins(&host, &["--state", "closed"]).len(), 9);
    assert_eq!(logins(&host, &["--state", "open"]), [""; 0]);

    let first = host.does(&["account", "find", "--limit", "2"]);
    assert_eq!(
        (first.out.lines().count(), first.err.as_str()),
        (3, "The first 2; there are more: --limit NUMBER shows them\n")
    );
    assert_eq!(host.does(&["account", "find", "nobody"]).err, "Nobody was found\n");
    let found = host.data(&["account", "find", "prof.martin"]);
    assert_eq!(
        found[0]["places"],
        json!([
            { "territory": "uai:0860001J", "profile": "National_ENS" },
            { "territory": "class:0860001J/6A", "profile": "National_ENS" },
        ])
    );
    assert_eq!((&found[0]["state"], &found[0]["slip"]), (&json!("not_activated"), &Value::Null));

    host.refuses(
        &["account", "find", "--state", "shut"],
        2,
        "is no state of a gate; write open, closed, compromised",
    );
    host.refuses(
        &["account", "find", "--territory", "uai:0869999X"],
        3,
        "the territory uai:0869999X is not known",
    );
    host.refuses(&["account", "find", "a\u{1b}b"], 2, "no control characters");
    host.refuses(&["account", "find", "--limit", "0"], 2, "0 is not in 1..");
}

#[tokio::test]
async fn a_sheet_says_how_somebody_stands_and_why() {
    let host = Host::open().await;
    let sheet = still(&host.does(&["account", "show", "eleve0"]).out);
    insta::assert_snapshot!(sheet, @r"
    login      eleve0
    name       Élève Essai
    id         ID
    gate       closed: not_activated
    password   never chosen
    place      National_ELV at class:0860001J/6A
    signed in  nowhere

    when  who  act  what, and why
    ");
    host.does(&["operator", "grant", "chef", "--role", "school_admin", "--territory", "uai:0860001J"]);
    host.does(&["operator", "grant", "prof.martin", "--role", "school_admin", "--territory", "uai:0860001J"]);
    host.does(&["slips", "--quiet", "--territory", "class:0860001J/6A", "--profile", "National_ELV"]);
    host.does(&["slips", "hand-over", "--territory", "class:0860001J/6A", "eleve0"]);
    host.does(&["account", "disable", "eleve0", "--reason", "A l'étranger"]);
    let issue = [
        "reset-order",
        "issue",
        "--yes",
        "--territory",
        "uai:0860001J",
        "--level",
        "recover",
        "--reason",
        "Vol",
    ];
    let order = host.does(&[&issue[..], &["--include-operator", "chef"]].concat()).out.trim().to_owned();

    let sheet = host.data(&["account", "show", "chef"]);
    assert_eq!(
        (&sheet["state"], &sheet["level"], &sheet["order"]),
        (&json!("ordered"), &json!("recover"), &json!(order))
    );
    assert_eq!(sheet["roles"], json!([{ "role": "school_admin", "territory": "uai:0860001J" }]));
    assert_eq!(sheet["history"][0]["act"], "operator.grant");
    let shown = host.does(&["account", "show", "chef"]).out;
    assert!(shown.contains("gate       closed: ordered, level recover\n"), "{shown}");
    assert!(shown.contains(&format!("order      {order}: Vol\n")), "{shown}");
    assert!(shown.contains("role       school_admin over uai:0860001J\n"), "{shown}");
    let id = sheet["id"].as_str().unwrap();
    assert_eq!(host.data(&["account", "show", id]), sheet);
    assert_eq!(host.data(&["account", "show", &format!("account:{id}")]), sheet);

    let sheet = still(&host.does(&["account", "show", "eleve0"]).out);
    assert!(sheet.contains("gate       closed: disabled\n"), "{sheet}");
    assert!(sheet.contains("account.disable  eleve0: A l'étranger\n"), "{sheet}");
    host.refuses(&["account", "show", "nobody"], 3, "no account has the login or the id \"nobody\"");
}

#[tokio::test]
async fn a_selection_is_helped_as_a_whole_or_not_at_all() {
    let host = Host::open().await;
    host.write("some.txt", "eleve0\r\n\n eleve1 \n");
    host.write("one wrong.txt", "eleve0\nnobody\n");
    host.write("none.txt", "\n");
    for (command, act, said) in [
        (
            &["account", "force-change", "--level", "change"][..],
            "password.force",
            "Forced: the old password opens the change page and nothing else\n",
        ),
        (
            &["account", "force-change", "--level", "recover"],
            "password.force",
            "Forced: only a code opens the change page; ",
        ),
        (&["account", "end-sessions"], "sessions.end", "Signed out everywhere: the password stays\n"),
        (&["account", "unlock"], "account.unlock", "Unlocked: the failures are forgotten\n"),
        (
            &["account", "disable"],
            "account.disable",
            "Disabled: no page opens, and every session and token has ended\n",
        ),
        (&["account", "enable"], "account.enable", "Enabled: what had ended stays ended\n"),
    ] {
        let with = |more: &[&'static str]| [command, more].concat();
        host.refuses(&with(&["eleve0", "nobody"]), 3, "no account has the login nobody");
        host.refuses(&with(&["--logins", "one wrong.txt"]), 3, "no account has the login nobody");
        host.refuses(&with(&["--logins", "none.txt"]), 2, "none.txt names nobody");
        host.refuses(&with(&["--logins", "-"]), 2, "- names nobody");
        host.refuses(&with(&["--logins", "missing.txt"]), 1, "missing.txt: No such file");
        host.refuses(&with(&[]), 2, "required arguments were not provided");
        let done = host.does(&with(&["--logins", "some.txt", "eleve2", "--reason", "Essai"]));
        assert_eq!(done.out, "3\n", "{command:?}");
        assert!(done.err.starts_with(said), "{command:?}: {}", done.err);
        let lines = host.lines(&["--act", act, "--limit", "3"]);
        let places: Vec<_> =
            lines.iter().map(|(_, place, reason)| (place.as_str(), reason.as_str())).collect();
        let (a, b) = (("class:0860001J/6A", "Essai"), ("class:0860001J/6B", "Essai"));
        assert_eq!(places.iter().filter(|line| **line == a).count(), 2, "{command:?}: {places:?}");
        assert_eq!(places.iter().filter(|line| **line == b).count(), 1, "{command:?}: {places:?}");
    }
    assert_eq!(host.data(&["account", "unlock", "eleve0"]), json!({ "people": 1 }));
}

#[tokio::test]
async fn a_code_is_given_to_one_person_and_to_nobody_who_is_disabled() {
    let host = Host::open().await;
    let issued = host.does(&["account", "code", "eleve0", "--reason", "Oublié"]);
    assert_eq!(issued.out.trim().split('-').map(str::len).sum::<usize>(), 12, "{}", issued.out);
    assert!(
        issued
            .err
            .starts_with("Typed in the password field, it opens the change page for Élève Essai until ")
    );
    let line = ("code.issue".to_owned(), "class:0860001J/6A".to_owned(), "Oublié".to_owned());
    assert_eq!(host.lines(&["--object", "eleve0", "--limit", "1"]), [line]);
    host.does(&["account", "disable", "eleve0"]);
    host.refuses(&["account", "code", "eleve0"], 3, "the account \"eleve0\" is disabled; enable it first");
    host.refuses(&["account", "code", "nobody"], 3, "no account has the login nobody");
}

// The command is waited for, and the provider answers meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_sheet_shows_where_somebody_is_signed_in_until_it_ends() {
    let mut host = Host::open().await;
    let slips = host.premises.slips();
    host.premises.open().await;
    let portal = host.premises.portal();
    let browser = host.premises.activate("eleve0", &slips["eleve0"], "Une-phrase-longue-7!").await;
    let held = Held::of(&portal, browser).await;
    let sheet = host.does(&["account", "show", "eleve0"]).out;
    assert!(
        sheet.contains("\ngate       open\n") && sheet.contains("\nsigned in  Portail, since "),
        "{sheet}"
    );
    assert!(sheet.contains("\nslip       printed ") && sheet.contains(", used "), "{sheet}");
    assert_eq!(host.data(&["account", "show", "eleve0"])["signed_in"][0]["name"], "Portail");
    host.does(&["account", "end-sessions", "eleve0"]);
    assert!(host.does(&["account", "show", "eleve0"]).out.contains("\nsigned in  nowhere\n"));
    held.assert_dead(&portal).await;
}
