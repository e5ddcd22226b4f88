//! Slips from the host's command line: printed for some, ticked as handed over, and ticked no more.

use serde_json::{Value, json};

use crate::host::Host;

const CLASS: [&str; 4] = ["--territory", "uai:0860001J", "--class", "6A"];

/// Logins with what became of their slips.
fn slips(host: &Host) -> Vec<(String, bool)> {
    let found = host.data(&["account", "find", "--territory", "class:0860001J/6A"]);
    let printed = found.as_array().unwrap().iter().filter(|person| person["slip"] != Value::Null);
    let mut slips: Vec<_> = printed
        .map(|person| {
            let by = person["slip"]["handed_by"].as_str();
            assert!(by.is_none_or(|by| by.starts_with("local:")), "{person}");
            (person["login"].as_str().unwrap().to_owned(), by.is_some())
        })
        .collect();
    slips.sort();
    slips
}

#[tokio::test]
async fn slips_are_printed_for_the_profiles_that_are_named() {
    let host = Host::open().await;
    let printed = host.does(&[&["slips", "--profile", "National_ELV"][..], &CLASS].concat());
    assert_eq!(printed.err, "2 slips; 0 people need none\n");
    assert_eq!(slips(&host), [("eleve0".to_owned(), false), ("eleve2".to_owned(), false)]);
    let both = ["slips", "--profile", "National_TUT", "--profile", "National_ENS"];
    assert_eq!(host.does(&[&both[..], &CLASS].concat()).err, "2 slips; 0 people need none\n");
    assert_eq!(slips(&host).len(), 4);
    let lines = host.lines(&["--act", "code.print"]);
    assert!(lines.len() == 4 && lines.iter().all(|(_, place, _)| place == "class:0860001J/6A"), "{lines:?}");

    let one = host.does(&["slips", "--login", "eleve0"]);
    assert_eq!((one.out.lines().count(), one.err.as_str()), (2, "1 slips; 0 people need none\n"));
    assert!(one.out.contains(";eleve0;"), "{}", one.out);
    assert_eq!(host.lines(&["--act", "code.print"]).len(), 5);
    host.refuses(&["slips", "--login", "nobody"], 3, "no account has the login or the id");
    host.refuses(&["slips", "--login", "eleve0", "--territory", "uai:0860001J"], 2, "cannot be used with");
    host.refuses(&["slips"], 2, "--order <ID>|--territory <TERRITORY>");
    host.refuses(&["slips", "--territory", "uai:0869999X"], 3, "the territory uai:0869999X is not known");
    host.refuses(&["slips", "--territory", "academie:13", "--class", "6A"], 2, "--class needs a school");
    host.refuses(&["slips", "--order", "none"], 1, "there is no order none");
    host.refuses(&["slips", "--profile", "pupil", "--territory", "uai:0860001J"], 2, "unknown profile");
    // A mistake before the verb is not taken for its option.
    let mixed =
        ["slips", "--territory", "uai:0860001J", "hand-over", "--territory", "uai:0860001J", "--printed"];
    host.refuses(&mixed, 2, "cannot be used with '--territory");
}

#[tokio::test]
async fn an_order_is_named_by_the_beginning_of_its_id() {
    let host = Host::open().await;
    let issue = [
        "reset-order",
        "issue",
        "--yes",
        "--territory",
        "class:0860001J/6B",
        "--level",
        "recover",
        "--reason",
        "Vol",
    ];
    let id = host.does(&issue).out;
    let printed = host.does(&["slips", "--order", &id[..13], "--out", "slips.csv"]);
    assert_eq!((printed.out.as_str(), printed.err.as_str()), ("", "2 slips; 0 people need none\n"));
}

#[tokio::test]
async fn slips_are_ticked_as_handed_over_and_ticked_no_more() {
    let host = Host::open().await;
    let there = |verb: &[&'static str], more: &[&'static str]| [verb, &CLASS, more].concat();
    let (hand, back) = (&["slips", "hand-over"][..], &["slips", "take-back"][..]);
    let none = host.does(&there(hand, &["--printed"]));
    assert_eq!(
        (none.out.as_str(), none.err.as_str()),
        ("0\n", "Nothing to tick: no slip counts there that was not ticked already\n")
    );
    host.does(&there(&["slips", "--quiet"], &["--out", "6A.csv"]));

    host.refuses(&there(hand, &[]), 2, "required arguments were not provided");
    host.refuses(&there(hand, &["--printed", "eleve0"]), 2, "cannot be used with");
    host.refuses(&there(hand, &["eleve0", "eleve1"]), 3, "no account has the login eleve1");
    host.refuses(&there(back, &[]), 2, "required arguments were not provided");
    host.refuses(&there(back, &["nobody"]), 3, "no account has the login nobody");
    host.refuses(&["slips", "hand-over", "--territory", "uai:0869999X", "--printed"], 3, "is not known");
    // Of a class, families are meant.
    host.refuses(&there(hand, &["prof.martin"]), 3, "no account has the login prof.martin");

    let ticked = host.does(&there(hand, &["eleve0", "--reason", "En main propre"]));
    assert_eq!(
        (ticked.out.as_str(), ticked.err.as_str()),
        ("1\n", "Ticked as handed over; a tick ends with its code\n")
    );
    let line = ("code.hand_over".to_owned(), "class:0860001J/6A".to_owned(), "En main propre".to_owned());
    assert_eq!(host.lines(&["--limit", "1"]), [line]);
    host.write("one.txt", "eleve2\n");
    assert_eq!(host.does(&there(hand, &["--logins", "one.txt"])).out, "1\n");
    assert_eq!(host.data(&there(hand, &["--printed"])), json!({ "slips": 1 }), "the guardian's was left");
    assert_eq!(host.data(&there(hand, &["--profile", "National_ENS", "--printed"])), json!({ "slips": 1 }));
    assert!(slips(&host).iter().all(|(_, handed)| *handed));

    let taken = host.does(&there(back, &["eleve0", "--reason", "Erreur"]));
    assert_eq!((taken.out.as_str(), taken.err.as_str()), ("1\n", "Not ticked any more\n"));
    assert!(slips(&host).contains(&("eleve0".to_owned(), false)));
    let line = ("code.take_back".to_owned(), "class:0860001J/6A".to_owned(), "Erreur".to_owned());
    assert_eq!(host.lines(&["--limit", "1"]), [line]);
    assert_eq!(
        host.does(&there(back, &["eleve0"])).err,
        "Nothing to take back: none of these slips was ticked\n"
    );

    insta::assert_snapshot!(host.does(&["territory", "show", "uai:0860001J"]).out, @r"
    code               people  must change  printed  handed over  used  lapsed  waiting  no e-mail
    class:0860001J/6A  3       3            3        2            0     0       0        3
    class:0860001J/6B  2       2            0        0            0     0       0        2
    National_ENS       1       1            1        1            0     0       0        1
    National_TUT       1       1            1        1            0     0       0        1
    National_DIR       1       1            0        0            0     0       0        1
    National_ELV       4       4            2        1            0     0       0        4
    ");
    assert!(host.does(&["territory", "show"]).out.contains("academie:13  Poitiers\n"));
    host.refuses(&["territory", "show", "uai:0869999X"], 3, "the territory uai:0869999X is not known");
}
