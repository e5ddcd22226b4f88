//! Reset orders from the host's command line: kept, changed, put forward, lifted and read.

use serde_json::{Value, json};

use crate::host::{Host, still};

const SCHOOL: [&str; 4] = ["--territory", "uai:0860001J", "--level", "change"];

/// A draft for the pupils of the school.
fn draft(host: &Host, more: &[&str]) -> String {
    let draft = ["reset-order", "draft", "--profile", "National_ELV"];
    host.does(&[&draft[..], &SCHOOL, more].concat()).out.trim().to_owned()
}

fn acts(host: &Host, id: &str) -> Vec<String> {
    let lines = host.lines(&["--object", &format!("order:{id}")]);
    lines.into_iter().map(|(act, place, _)| format!("{act} {place}")).collect()
}

#[tokio::test]
async fn an_order_is_kept_changed_and_put_forward() {
    let host = Host::open().await;
    let kept = host.does(&[&["reset-order", "draft", "--profile", "National_ELV"][..], &SCHOOL].concat());
    let id = kept.out.trim();
    insta::assert_snapshot!(still(&kept.err), @"It is a draft and binds nobody: `ecluse reset-order submit ID` puts it forward");
    assert_eq!(host.data(&["account", "find", "--state", "ordered"]), json!([]), "it binds nobody");
    insta::assert_snapshot!(still(&host.does(&["reset-order", "list"]).out), @r"
    order          state  level   begins            whom, and why
    ID  draft  change  WHEN  uai:0860001J National_ELV
    ");

    host.refuses(
        &["reset-order", "submit", id, "--yes"],
        3,
        "an order needs a reason\nhint: `ecluse reset-order edit",
    );
    host.refuses(&["reset-order", "edit", id], 2, "nothing is named that should be otherwise");
    host.refuses(
        &["reset-order", "edit", id, "--at", "2099-01-01", "--without", "at"],
        2,
        "contradict each other",
    );
    host.refuses(
        &["reset-order", "edit", id, "--territory", "uai:0869999X"],
        3,
        "is not known; import it first",
    );
    host.refuses(&["reset-order", "edit", id, "--deadline", "2020-01-01"], 3, "the deadline must come after");

    let enough = &id[..13];
    let more = ["--deadline", "2099-01-01", "--exclude", "never-activated", "--yearly", "--at", "2098-01-01"];
    let edit = ["reset-order", "edit", enough, "--level", "recover", "--reason", "Annuaire volé"];
    host.does(&[&edit[..], &more].concat());
    let shown = host.data(&["reset-order", "show", id]);
    assert_eq!((&shown["level"], &shown["reason"]), (&json!("recover"), &json!("Annuaire volé")));
    assert_eq!((&shown["never_activated"], &shown["yearly"]), (&json!(true), &json!(true)));
    assert_eq!(shown["profiles"], json!(["National_ELV"]), "what was not named stays");
    let without = ["--without", "deadline", "--without", "exclude", "--without", "yearly", "--without", "at"];
    host.does(&[&["reset-order", "edit", id, "--without", "profile"][..], &without].concat());
    let shown = host.data(&["reset-order", "show", id]);
    assert_eq!((&shown["deadline"], &shown["profiles"]), (&Value::Null, &json!([])));
    assert_eq!((&shown["never_activated"], &shown["yearly"]), (&json!(false), &json!(false)));
    assert_eq!((&shown["level"], &shown["state"]), (&json!("recover"), &json!("draft")));

    host.refuses(&["reset-order", "submit", id], 3, "nobody is there to confirm the number of people");
    let put_forward = host.does(&["reset-order", "submit", id, "--yes"]);
    insta::assert_snapshot!(still(&put_forward.err), @r"
    The order is in force since WHEN
    Its codes expire on WHEN
    Print the codes with `ecluse slips --order ID`
    ");
    assert_eq!(put_forward.out.trim(), id);
    host.refuses(
        &["reset-order", "submit", id, "--yes"],
        3,
        "an order that is in force cannot be put forward",
    );
    host.refuses(
        &["reset-order", "edit", id, "--level", "change"],
        3,
        "an order that is in force cannot be changed",
    );
    let of_school =
        ["order.issue", "order.edit", "order.edit", "order.draft"].map(|act| format!("{act} uai:0860001J"));
    assert_eq!(acts(&host, id), of_school);
}

#[tokio::test]
async fn a_change_can_put_forward_in_the_same_act() {
    let host = Host::open().await;
    let id = draft(&host, &[]);
    let change = ["reset-order", "edit", &id, "--submit", "--at", "2099-01-01T08:00"];
    host.refuses(&[&change[..], &["--reason", "Rentrée"]].concat(), 3, "nobody is there to confirm");
    host.refuses(&[&change[..], &["--yes"]].concat(), 3, "an order needs a reason");
    let done = host.does(&[&change[..], &["--yes", "--reason", "Rentrée"]].concat());
    assert!(done.err.starts_with("The order comes into force on 2099-01-01 08:00\n"), "{}", done.err);
    assert_eq!(host.data(&["reset-order", "show", &id])["state"], "scheduled");
    // What binds nobody yet is a draft again where it is changed alone.
    host.does(&["reset-order", "edit", &id, "--yearly"]);
    assert_eq!(host.data(&["reset-order", "show", &id])["state"], "draft");
}

#[tokio::test]
async fn an_id_that_is_empty_or_not_enough_reaches_no_order() {
    let host = Host::open().await;
    let id = draft(&host, &["--reason", "Rentrée"]);
    // A script whose variable is empty must not lift the only order there is.
    for command in [
        &["reset-order", "cancel", "", "--yes", "--reason", "x"][..],
        &["reset-order", "submit", "", "--yes"],
        &["reset-order", "edit", "", "--yearly"],
        &["slips", "--order", ""],
        &["notice", "list", "--order", ""],
        &["notice", "retry", "--order", ""],
    ] {
        host.refuses(command, 2, "a value is required");
    }
    draft(&host, &["--reason", "Noël"]);
    host.refuses(
        &["reset-order", "cancel", &id[..4], "--yes", "--reason", "x"],
        2,
        "several orders begin with",
    );
    host.refuses(&["reset-order", "show", "none"], 1, "there is no order none");
}

#[tokio::test]
async fn the_host_is_one_person_and_breaks_the_glass_where_two_are_asked_for() {
    let host = Host::open().await;
    let few = ["--set", "orders.approval_above=3"];
    let host_does = |arguments: &[&str]| host.does(&[&few[..], arguments].concat());
    let issue = ["reset-order", "issue", "--yes", "--reason", "Annuaire volé"];
    host.refuses(
        &["reset-order", "issue", "--territory", "uai:0860001J", "--level", "change", "--yes"],
        3,
        "an order needs a reason",
    );
    let issued = host_does(&[&issue[..], &SCHOOL].concat());
    let id = issued.out.trim();
    insta::assert_snapshot!(issued.err, @"It covers 7 people and binds nobody yet: a second operator must approve it");

    let alone = "the command line cannot be the second person; in an emergency, --break-glass";
    host.refuses(&["reset-order", "approve", id, "--reason", "Fine"], 3, alone);
    host.refuses(&["reset-order", "send-back", id], 3, "sending an order back needs a reason");
    assert_eq!(
        host_does(&["reset-order", "send-back", id, "--reason", "Trop tôt"]).err,
        "Sent back: the order is draft\n"
    );
    host.refuses(&["reset-order", "approve", id, "--break-glass", "Nobody answers"], 3, "waits for approval");
    host_does(&["reset-order", "submit", id, "--yes"]);
    // What waits is a draft again where it is changed, and whoever changes it has seen what is asked.
    host_does(&["reset-order", "edit", id, "--yearly"]);
    assert_eq!(host.data(&["reset-order", "show", id])["state"], "draft");
    host_does(&["reset-order", "submit", id, "--yes"]);
    let approved = host_does(&["reset-order", "approve", id, "--break-glass", "Nobody answers"]);
    assert_eq!(approved.out.trim(), id);
    let heard = "Approved: the order is in force\nwarning: the glass was broken: ";
    assert!(approved.err.starts_with(heard), "{}", approved.err);
    let lines = host.lines(&["--object", id, "--limit", "2"]);
    for act in ["break_glass", "order.approve"] {
        let line = (act.to_owned(), "uai:0860001J".to_owned(), "Nobody answers".to_owned());
        assert!(lines.contains(&line), "{lines:?}");
    }

    host.refuses(&["reset-order", "cancel", id, "--yes"], 3, "cancelling an order needs a reason");
    let lifted = host_does(&["reset-order", "cancel", id, "--reason", "Over"]);
    let nobody =
        "If it is lifted now, nothing opens again for anybody\nCancelled: nothing opens again for anybody\n";
    assert!(lifted.err.starts_with(nobody), "none of them has a password: {}", lifted.err);
    assert_eq!(lifted.out.trim(), id);
    host.refuses(&["reset-order", "close", id], 3, "an order that is cancelled cannot be closed");
}

#[tokio::test]
async fn whoever_is_at_the_host_reads_how_far_an_order_has_got() {
    let host = Host::open().await;
    let previewed = host.does(&[&["reset-order", "preview"][..], &SCHOOL].concat());
    insta::assert_snapshot!(still(&previewed.out), @r"
    people                          count
    covered                         7
    must choose a new password      7
    have chosen one since           0
    of those bound, without e-mail  7
    codes expire: WHEN
    ");
    host.refuses(
        &["reset-order", "preview", "--territory", "uai:0869999X", "--level", "change"],
        3,
        "is not known",
    );
    let issue = ["reset-order", "issue", "--yes", "--reason", "Annuaire\u{1b}[2J volé"];
    let id = host.does(&[&issue[..], &SCHOOL].concat()).out.trim().to_owned();
    let shown = still(&host.does(&["reset-order", "show", &id]).out);
    let lines: Vec<_> = shown.lines().filter(|line| !line.starts_with("author")).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    order         ID
    state         in force
    level         change
    territory     uai:0860001J
    profiles      everybody
    since         WHEN
    codes expire  WHEN
    reason        Annuaire\u{1b}[2J volé

    people                          count
    covered                         7
    must choose a new password      7
    have chosen one since           0
    of those bound, without e-mail  7
    ");
    let school = host.does(&["reset-order", "school", &id, "uai:0860001J"]);
    insta::assert_snapshot!(school.out, @r"
    place              profile       covered  must change  with a slip  changed
    uai:0860001J       everybody     7        7            0            0
    uai:0860001J       National_ENS  1        1            0            0
    uai:0860001J       National_DIR  1        1            0            0
    class:0860001J/6A  National_ENS  1        1            0            0
    class:0860001J/6A  National_TUT  1        1            0            0
    class:0860001J/6A  National_ELV  2        2            0            0
    class:0860001J/6B  National_ELV  2        2            0            0
    ");
    host.refuses(
        &["reset-order", "school", &id, "class:0860001J/6A"],
        3,
        "is no school that this order reaches",
    );

    let left =
        host.does(&["reset-order", "left", &id, "--territory", "class:0860001J/6A", "--language", "en"]);
    assert_eq!(left.err, "4 people must still choose a new password\n");
    assert!(left.out.contains("eleve0") && !left.out.contains("eleve1"), "{}", left.out);
    host.write("left.csv", "");
    host.refuses(&["reset-order", "left", &id, "--out", "left.csv"], 1, "left.csv: File exists");
    let families = host.does(&["reset-order", "families", &id, "--language", "en"]).out;
    assert!(families.contains("password") && !families.contains("eleve"), "{families}");
    host.refuses(&["reset-order", "families", &id, "--language", "de"], 2, "write fr or en");

    let closed = host.does(&["reset-order", "close", &id, "--reason", "Finished"]);
    assert_eq!(closed.err, "Closed. It still binds every password that is older than it\n");
    let report = host.does(&["reset-order", "report", &id]).out;
    assert!(report.contains("\nfinal                  yes\n"), "{report}");
    assert!(report.contains("\nuai:0860001J  7            0            0\n"), "{report}");
    host.refuses(&["reset-order", "report", "none"], 1, "there is no order none");
    host.refuses(&["reset-order", "close", &id], 3, "an order that is closed cannot be closed");
}
