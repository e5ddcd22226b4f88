use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;

use super::*;
use crate::domain::account::LoginName;
use crate::flows::step::{Step, Steps};
use crate::flows::test_context::TestContext;
use crate::store::db::q;

const HEADER: &str = "source;key;login;given_name;family_name;profile;uai;classes;email;guardian_of\n";

async fn import(test: &TestContext, text: &str, keep_going: bool) -> Report {
    import_accounts(&test.ctx, &test.actor, text.as_bytes(), keep_going, |_| ()).await.unwrap()
}

async fn import_good(test: &TestContext, lines: &str) -> Report {
    let report = import(test, &format!("{HEADER}{lines}"), false).await;
    assert_eq!(told(&report), Vec::<String>::new());
    report
}

fn told(report: &Report) -> Vec<String> {
    report.errors.listed.iter().map(|OnLine { line, what }| format!("{line}: {what}")).collect()
}

fn counts(report: &Report) -> [u64; 4] {
    [report.created, report.changed, report.unchanged, report.followed]
}

/// Logins with their places, opened and closed, the narrowest code of each.
async fn places(test: &TestContext) -> Vec<String> {
    let sql = q!("SELECT a.login, f.path, f.profile, f.began, f.ended FROM affiliation f
                  JOIN account a ON a.id = f.account_id ORDER BY a.login, f.began, f.path");
    let rows = test.rows(sql, 5).await;
    rows.iter()
        .map(|row| {
            let (login, rest) = row.split_once(' ').unwrap();
            format!("{login} {}", rest.rsplit('>').next().unwrap())
        })
        .collect()
}

async fn numbers(test: &TestContext) -> Vec<String> {
    test.rows(q!("SELECT login, number FROM account ORDER BY login"), 2).await
}

/// Everything that an import could have written, to see that it did not.
async fn everything(test: &TestContext) -> Vec<String> {
    let mut rows = test.rows(q!("SELECT * FROM account ORDER BY id"), 18).await;
    rows.extend(test.rows(q!("SELECT * FROM affiliation ORDER BY account_id, path, began"), 5).await);
    rows.extend(test.rows(q!("SELECT * FROM guardianship ORDER BY guardian_id, pupil_id"), 2).await);
    rows.extend(test.rows(q!("SELECT code, kind, parent, path, name FROM territory ORDER BY code"), 5).await);
    rows.extend(test.rows(q!("SELECT id, act, object, count FROM audit ORDER BY id"), 4).await);
    rows
}

const FAMILY: &str = "A;1;lina;Lina;Valombre;National_ELV;0860001J;6A;;
A;2;theo;Théo;Valombre;National_ELV;0169001X;5B;;
A;9;odile;Odile;Valombre;National_TUT;;;;1|2
A;5;marc;Marc;Perchevent;National_ENS;0860001J;6A|3A;marc@ecole.example;
A;7;helene;Hélène;Aubrisac;National_ACA;academie:13;;;
";

#[tokio::test]
async fn everybody_is_where_the_file_says_and_guardians_where_their_children_are() {
    let test = TestContext::new().await;
    let report = import_good(&test, FAMILY).await;
    assert_eq!(counts(&report), [5, 0, 0, 0]);
    assert_eq!((report.new_schools, report.new_classes), (2, 3));
    assert_eq!(
        report
            .warnings
            .listed
            .iter()
            .map(|found| format!("{}: {}", found.line, found.what))
            .collect::<Vec<_>>(),
        [
            "2: the school 0860001J is new: it hangs under departement:086, and its name is its code",
            "3: the school 0169001X is new: it hangs under departement:016, and its name is its code",
        ]
    );
    assert_eq!(
        places(&test).await,
        [
            "helene academie:13 National_ACA 0 -",
            "lina class:0860001J/6A National_ELV 0 -",
            "marc uai:0860001J National_ENS 0 -",
            "marc class:0860001J/3A National_ENS 0 -",
            "marc class:0860001J/6A National_ENS 0 -",
            "odile class:0169001X/5B National_TUT 0 -",
            "odile class:0860001J/6A National_TUT 0 -",
            "theo class:0169001X/5B National_ELV 0 -",
        ]
    );
    let person = store::account::find_by_login(&test.ctx.db, &LoginName::parse("MARC").unwrap()).await;
    let person = person.unwrap().unwrap();
    assert_eq!(
        (person.full_name().as_str(), person.email.as_deref()),
        ("Marc Perchevent", Some("marc@ecole.example"))
    );
    assert_eq!((person.facts.number.0, person.facts.code.issue, person.facts.code.issued_at), (1, 1, None));
    assert!(person.facts.credential.is_none());
    let lines =
        test.rows(q!("SELECT actor, act, count, reason FROM audit WHERE act = 'account.import'"), 4).await;
    assert_eq!(lines, ["local:test account.import 4 a trial", "local:test account.import 1 a trial"]);
    assert_eq!(test.rows(q!("SELECT COUNT(*) FROM import_row"), 1).await, ["0"]);
}

#[tokio::test]
async fn the_same_file_twice_writes_nothing() {
    let test = TestContext::new().await;
    import_good(&test, FAMILY).await;
    let before = everything(&test).await;
    test.ctx.clock.advance(Duration::from_mins(1));
    let with_mark = format!("\u{feff}{HEADER}{FAMILY}").replace('\n', "\r\n");
    for text in [format!("{HEADER}{FAMILY}"), with_mark, format!("{HEADER}{FAMILY}").replace(';', ",")] {
        let report = import(&test, &text, false).await;
        assert_eq!((counts(&report), report.errors.count), ([0, 0, 5, 0], 0));
    }
    assert_eq!(everything(&test).await, before);
}

#[tokio::test]
async fn everything_wrong_is_told_in_one_report_and_nothing_is_applied() {
    let test = TestContext::new().await;
    import_good(&test, "A;1;lina;Lina;Valombre;National_ELV;0860001J;6A;;\n").await;
    let before = everything(&test).await;
    let text = format!(
        "{HEADER}A;2;good;Good;One;National_ELV;0860001J;6B;;
A;3;wrong;Wrong;Profile;National_XYZ;0860001J;6A;;
A;4;wrong;Wrong;School;National_ELV;860001J;6A;;
A;2;again;Same;Key;National_ELV;0860001J;6A;;
B;1;LINA ;Other;Key;National_ELV;0860001J;6A;;
A;6;Good;Same;Login;National_ELV;0860001J;6A;;
A;7;short;Too;Short;National_ELV
A;8;;;Empty;National_ELV;;;;
A;9;guardian;Of;Nobody;National_TUT;;;;77|2|3
A;10;far;Far;Away;National_ELV;9990001A;6A;;
A;11;lost;Lost;Teacher;National_ENS;0860001J|0169001X;6A;;
A;12;mail;Bad;Mail;National_ENS;0860001J;;a b@c;
A;13;both;Pupil;Guardian;National_ELV;0860001J;6A;;1
A;14;deep;Deep;Class;National_ENS;academie:99;;;
A;15;teacher;A;Teacher;National_ENS;0860001J;;;
A;16;parent;A;Parent;National_TUT;;;;15
"
    );
    let report = import(&test, &text, false).await;
    insta::assert_snapshot!(told(&report).join("\n"), @r#"
    3: unknown profile "National_XYZ"; known are National_ELV, National_TUT, National_ENS, National_DIR, National_EVS, National_ETA, National_ACA, National_DOC, National_COL, inspector, internship_tutor
    4: "860001J" is no place: a UAI code is seven digits and a capital letter, such as 0860001J
    5: A:2 stands on line 2 already
    6: the login "LINA" belongs to the account of A:1
    7: the login "Good" belongs to A:2 on line 2
    8: the line has 6 columns where the first line has 10
    9: the login is empty
    9: given_name is empty
    9: the person has no place: fill uai, or guardian_of
    10: guardian_of names 77, whom A does not have in this file or before it
    10: guardian_of names 3, whose line 3 has an error of its own
    11: the school 9990001A is not known, and its first digits are no département; import the school first
    12: the class "6A" could be in any of the schools; write UAI/CLASS
    13: email is not one address
    14: a pupil cannot be a guardian; give the guardian a line of its own with another key
    15: the territory academie:99 is not known; import it first
    17: guardian_of names 15, who is no pupil on line 16
    "#);
    assert_eq!(counts(&report), [0, 0, 0, 0]);
    assert_eq!(everything(&test).await, before);

    // The good lines, if asked for; what an applied pupil's refused guardian named stays unknown.
    let kept = import(&test, &text, true).await;
    assert_eq!(told(&kept), told(&report));
    assert_eq!(counts(&kept), [2, 0, 0, 0]);
    assert_eq!(numbers(&test).await, ["good 1", "lina 1", "teacher 1"]);
    assert_eq!((kept.new_schools, kept.new_classes), (0, 1));
}

#[tokio::test]
async fn a_table_that_is_none_is_refused_even_when_going_on() {
    let test = TestContext::new().await;
    for (text, reason) in [
        ("", "1: the file is empty; its first line must name the columns"),
        ("source;key;login\n", "1: the column given_name is missing"),
        ("source;birth\n", "1: unknown column \"birth\"; known are source, key, login"),
    ] {
        let told = told(&import(&test, text, true).await);
        assert!(told.len() == 1 && told[0].starts_with(reason), "{told:?}");
    }
    let endless =
        format!("{HEADER}A;1;lina;Lina;Valombre;National_ELV;0860001J;6A;;\n\"{}", "x".repeat(2 << 20));
    let report = import(&test, &endless, true).await;
    assert_eq!((report.errors.count, counts(&report)), (1, [0, 0, 0, 0]));
    assert_eq!(numbers(&test).await, Vec::<String>::new());
}

#[tokio::test]
async fn two_people_of_one_name_are_two_and_a_login_stays_with_its_key() {
    let test = TestContext::new().await;
    import_good(
        &test,
        "A;1;lucas;Lucas;Rocheclaire;National_ELV;0860001J;6A;;
A;2;lucas2;Lucas;Rocheclaire;National_ELV;0860001J;6A;;
",
    )
    .await;
    // The source takes back the numbered login and gives it to somebody else: refused, whoever is named first.
    let swapped = format!(
        "{HEADER}A;1;lucas2;Lucas;Rocheclaire;National_ELV;0860001J;6A;;
A;2;lucas;Lucas;Rocheclaire;National_ELV;0860001J;6A;;
"
    );
    let report = import(&test, &swapped, false).await;
    assert_eq!(
        told(&report),
        [
            "2: the login \"lucas2\" belongs to the account of A:2",
            "3: the login \"lucas\" belongs to the account of A:1"
        ]
    );
    // A free login may follow its key.
    let renamed =
        import_good(&test, "A;2;lucas.rocheclaire;Lucas;Rocheclaire;National_ELV;0860001J;6A;;\n").await;
    assert_eq!(counts(&renamed), [0, 1, 0, 0]);
    assert_eq!(numbers(&test).await, ["lucas 1", "lucas.rocheclaire 1"]);
}

#[tokio::test]
async fn a_move_ends_one_place_and_begins_another_and_guardians_follow() {
    let test = TestContext::new().await;
    import_good(&test, FAMILY).await;
    test.order("academie:13", None).await;
    let moved = "A;1;lina;Lina;Valombre;National_ELV;0860001J;5A;;\n";
    let report = import_good(&test, moved).await;
    assert_eq!(counts(&report), [0, 1, 0, 1]);
    let family: Vec<_> = places(&test)
        .await
        .into_iter()
        .filter(|row| row.starts_with("lina") || row.starts_with("odile"))
        .collect();
    assert_eq!(
        family,
        [
            "lina class:0860001J/6A National_ELV 0 1",
            "lina class:0860001J/5A National_ELV 1 -",
            "odile class:0169001X/5B National_TUT 0 -",
            "odile class:0860001J/6A National_TUT 0 1",
            "odile class:0860001J/5A National_TUT 1 -",
        ]
    );
    assert!(numbers(&test).await.iter().all(|row| row.ends_with(" 1")), "a move ends no session");
    assert_eq!(counts(&import_good(&test, moved).await), [0, 0, 1, 0]);
    assert_eq!(counts(&import_good(&test, &FAMILY.replace("6A;;", "5A;;")).await), [0, 0, 5, 0]);
}

#[tokio::test]
async fn another_profile_raises_the_number_of_those_whose_profiles_change() {
    let test = TestContext::new().await;
    import_good(&test, FAMILY).await;
    // Lina comes back as a supervisor: she is nobody's pupil any more, and Odile has one child left.
    let report = import_good(
        &test,
        "A;1;lina;Lina;Valombre;National_EVS;0860001J;;;
A;9;odile;Odile;Valombre;National_TUT;;;odile@parent.example;2
",
    )
    .await;
    assert_eq!(counts(&report), [0, 2, 0, 0]);
    assert_eq!(numbers(&test).await, ["helene 1", "lina 2", "marc 1", "odile 2", "theo 1"]);
    let open: Vec<_> = places(&test).await.into_iter().filter(|row| row.ends_with('-')).collect();
    assert!(open.contains(&"lina uai:0860001J National_EVS 0 -".to_owned()), "{open:?}");
    assert_eq!(open.iter().filter(|row| row.starts_with("odile")).count(), 1);
    assert_eq!(test.rows(q!("SELECT COUNT(*) FROM guardianship"), 1).await, ["1"]);
}

/// A deployment whose imports stop after each batch: the first semaphore says that one did, the second lets it go on.
async fn stopping() -> (TestContext, [Arc<Semaphore>; 2]) {
    let gates = [Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0))];
    let inner = gates.clone();
    let steps = Steps::paused_by(move |step| {
        let [reached, go_on] = inner.clone();
        async move {
            if step == Step::ImportBatchApplied {
                reached.add_permits(1);
                go_on.acquire().await.unwrap().forget();
            }
        }
    });
    (TestContext::paused_by(steps).await, gates)
}

/// More people than one batch takes.
fn six_hundred() -> String {
    let lines = (1..=600).map(|n| format!("A;{n};pupil{n};Pupil;{n};National_ELV;0860001J;6A;;\n"));
    format!("{HEADER}{}", lines.collect::<String>())
}

#[tokio::test]
async fn whoever_was_imported_before_an_order_is_bound_and_whoever_came_after_is_not() {
    let (test, [reached, go_on]) = stopping().await;
    let seen = Mutex::new(Vec::new());
    let text = six_hundred();
    let importing = import_accounts(&test.ctx, &test.actor, text.as_bytes(), false, |progress| {
        seen.lock().unwrap().push(progress);
    });
    let ordering = async {
        reached.acquire().await.unwrap().forget();
        let order = test.order("uai:0860001J", None).await;
        go_on.add_permits(2);
        order
    };
    let (report, order) = tokio::join!(importing, ordering);
    assert_eq!(counts(&report.unwrap()), [600, 0, 0, 0]);
    assert_eq!(seen.lock().unwrap().last(), Some(&Progress::Applied { people: 600, of: 600 }));
    for (login, bound) in [("pupil1", true), ("pupil499", true), ("pupil500", false), ("pupil600", false)] {
        let person = store::account::find_by_login(&test.ctx.db, &LoginName::parse(login).unwrap()).await;
        let facts = person.unwrap().unwrap().facts;
        let book = test.ctx.order_book(facts.clock).await.unwrap();
        let covered = book
            .orders
            .iter()
            .filter(|one| one.id == order)
            .any(|one| one.population.covers(&facts, one.state.force().map(|force| force.clock)));
        assert_eq!(covered, bound, "{login}");
    }
}

#[tokio::test]
async fn an_order_that_is_due_draws_its_number_before_anybody_leaves() {
    let test = TestContext::new().await;
    import_good(&test, FAMILY).await;
    test.order("class:0860001J/6A", Some(Duration::from_mins(1))).await;
    test.ctx.clock.advance(Duration::from_secs(61));
    import_good(&test, "A;1;lina;Lina;Valombre;National_ELV;0860001J;5A;;\n").await;
    let state = test.rows(q!("SELECT state, clock FROM reset_order"), 2).await;
    assert_eq!(state, ["in_force 2"]);
    let lina: Vec<_> = places(&test).await.into_iter().filter(|row| row.starts_with("lina")).collect();
    assert_eq!(lina, ["lina class:0860001J/6A National_ELV 0 2", "lina class:0860001J/5A National_ELV 2 -"]);
}

#[tokio::test]
async fn a_killed_import_is_finished_by_the_same_command() {
    let (test, [reached, go_on]) = stopping().await;
    let text = six_hundred();
    {
        let importing = import_accounts(&test.ctx, &test.actor, text.as_bytes(), false, |_| ());
        tokio::select! {
            _ = importing => panic!("it did not stop"),
            permit = reached.acquire() => permit.unwrap().forget(),
        }
    }
    let whole = q!("SELECT COUNT(*) FROM account a JOIN affiliation f ON f.account_id = a.id");
    assert_eq!(test.rows(whole.clone(), 1).await, ["499"]);
    go_on.add_permits(9);
    assert_eq!(counts(&import(&test, &text, false).await), [101, 0, 499, 0]);
    assert_eq!(test.rows(whole, 1).await, ["600"]);
}

#[tokio::test]
async fn the_later_of_two_imports_goes_on() {
    let (test, [reached, go_on]) = stopping().await;
    let text = six_hundred();
    let earlier = import_accounts(&test.ctx, &test.actor, text.as_bytes(), false, |_| ());
    let later = async {
        reached.acquire().await.unwrap().forget();
        go_on.add_permits(9);
        import(&test, &text, false).await
    };
    let (earlier, later) = tokio::join!(earlier, later);
    assert!(matches!(earlier, Err(ImportError::TakenOver)), "{earlier:?}");
    assert_eq!(later.created + later.unchanged, 600);
}

#[tokio::test]
async fn the_people_of_the_demo() {
    let test = TestContext::new().await;
    let places = include_str!("../../../config/demo/territories.csv");
    crate::flows::import_territories::import_territories(&test.ctx, &test.actor, places.as_bytes())
        .await
        .unwrap();
    let people = include_str!("../../../config/demo/people.csv");
    let report = import(&test, people, false).await;
    assert_eq!(told(&report), Vec::<String>::new());
    assert_eq!((counts(&report), report.warnings.count), ([41, 0, 0, 0], 0));
    assert_eq!(counts(&import(&test, people, false).await), [0, 0, 41, 0]);
}
