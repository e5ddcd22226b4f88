use super::*;
use crate::flows::test_context::TestContext;
use crate::store::db::q;

async fn import(test: &TestContext, lines: &str) -> TerritoryReport {
    let text = format!("code;kind;parent;name\n{lines}");
    import_territories(&test.ctx, &test.actor, text.as_bytes()).await.unwrap()
}

fn told(report: &TerritoryReport) -> Vec<String> {
    report.errors.iter().map(|OnLine { line, what }| format!("{line}: {what}")).collect()
}

#[tokio::test]
async fn every_departement_is_shipped_under_its_academie_once() {
    let test = TestContext::new().await;
    ensure_shipped(&test.ctx).await.unwrap();
    let count = q!("SELECT kind, COUNT(*) FROM territory GROUP BY kind ORDER BY kind");
    let shipped = ["academie 35", "departement 107", "ministry 1"];
    assert_eq!(test.rows(count.clone(), 2).await, shipped);
    // 001 to 095 without 020, which became 620 and 720.
    let metropolitan =
        q!("SELECT COUNT(*) FROM territory WHERE code >= 'departement:001' AND code <= 'departement:095'");
    assert_eq!(test.rows(metropolitan, 1).await, ["94"]);
    let path = q!(
        "SELECT path FROM territory WHERE code IN ('departement:014', 'departement:086', 'departement:720')
                   ORDER BY code"
    );
    assert_eq!(
        test.rows(path, 1).await,
        [
            "ministry:fr>academie:70>departement:014",
            "ministry:fr>academie:13>departement:086",
            "ministry:fr>academie:27>departement:720"
        ]
    );
    let lines = q!("SELECT actor, act, count FROM audit");
    assert_eq!(test.rows(lines.clone(), 3).await, ["system territory.import 143"]);

    // A name that a file gave stays.
    import(&test, "academie:13;academie;ministry:fr;Poitou\n").await;
    ensure_shipped(&test.ctx).await.unwrap();
    assert_eq!(test.rows(count, 2).await, shipped);
    assert_eq!(test.rows(q!("SELECT name FROM territory WHERE code = 'academie:13'"), 1).await, ["Poitou"]);
}

#[tokio::test]
async fn places_come_in_any_order_are_renamed_and_never_move() {
    let test = TestContext::new().await;
    let file = "class:0860001J/6A;class;;6A
uai:0860001J;school;;Collège des Tilleuls
uai:1004001V;school;academie:13;Zone de remplacement
";
    let report = import(&test, file).await;
    assert_eq!(told(&report), Vec::<String>::new());
    assert_eq!((report.created, report.renamed, report.unchanged), (3, 0, 0));
    assert_eq!(report.warnings[0].what.to_string(), "the check letter of the UAI code 1004001V is wrong");
    let path = q!("SELECT path FROM territory WHERE code = 'class:0860001J/6A'");
    assert_eq!(
        test.rows(path, 1).await,
        ["ministry:fr>academie:13>departement:086>uai:0860001J>class:0860001J/6A"]
    );
    let lines = q!("SELECT COUNT(*) FROM audit");
    let before = test.rows(lines.clone(), 1).await;
    assert_eq!(import(&test, file).await.unchanged, 3);
    assert_eq!(test.rows(lines, 1).await, before, "nothing was written");

    let renamed = import(&test, "uai:0860001J;school;departement:086;Collège du Tilleul\n").await;
    assert_eq!((renamed.created, renamed.renamed, renamed.unchanged), (0, 1, 0));
    let moved = import(&test, "uai:0860001J;school;departement:016;Collège du Tilleul\n").await;
    assert_eq!(
        told(&moved),
        [
            "2: uai:0860001J lies in departement:086 and can never move; a school that moves is a new territory with a new code"
        ]
    );
}

#[tokio::test]
async fn everything_wrong_is_told_in_one_report_and_nothing_is_written() {
    let test = TestContext::new().await;
    let report = import(
        &test,
        "uai:0860001J;school;departement:086;Good
uai:086;school;departement:086;Bad code
uai:0860999U;class;departement:086;Wrong kind
uai:0169001X;school;departement:999;Unknown parent
class:0171234Z/6A;class;uai:0171234Z;6A
class:0169001X/6A;class;uai:0169001X;6A
uai:0860001J;school;;Twice
class:0860001J/6B;class;uai:0860999U;6B
uai:0799999P;school;class:0860001J/6A;Lycée
academie:97;academie;;Nowhere
uai:0869876T;school;departement:086;
",
    )
    .await;
    insta::assert_snapshot!(told(&report).join("\n"), @r#"
    3: "uai:086" is no territory: a UAI code is seven digits and a capital letter, such as 0860001J
    4: the kind "class" does not fit uai:0860999U, whose kind is school
    5: the parent departement:999 is not known; name it in this file too
    6: the parent uai:0171234Z is not known; name it in this file too
    7: the parent uai:0169001X has an error of its own on line 5
    8: uai:0860001J stands on line 2 already
    9: class:0860001J/6B cannot lie in uai:0860999U
    10: uai:0799999P cannot lie in class:0860001J/6A
    11: the parent of academie:97 is missing
    12: the name must have 1 to 200 characters and no control characters
    "#);
    assert_eq!(report.created, 0);
    assert_eq!(test.rows(q!("SELECT COUNT(*) FROM territory WHERE kind = 'school'"), 1).await, ["0"]);
    let header = import_territories(&test.ctx, &test.actor, "code;name\n".as_bytes()).await.unwrap();
    assert_eq!(told(&header), ["1: the column kind is missing"]);
}
