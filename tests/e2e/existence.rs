//! Whether somebody elsewhere has an account, and where else somebody belongs, is told to nobody whom it is not for: what is there
//! and what is not are answered alike.

use std::time::Duration;

use ecluse::domain::operator::Role;
use ecluse::domain::population::Population;
use ecluse::domain::profile::Profile;
use ecluse::domain::scope::ApiScope;
use ecluse::domain::territory::TerritoryCode;
use ecluse::flows::account::revoke_role::revoke_role;
use ecluse::flows::print_slips::{Selection, print_slips};
use ecluse::store;
use ecluse::store::db::{Batch, Statement};
use serde_json::{Value, json};

use crate::api::{Answer, INSIDE, Program, order};
use crate::console::enrolled;
use crate::provider::{Provider, operator};

const SCHOOL: &str = "uai:0860001J";
/// Léa is a pupil of the other school, and nobody has the other login.
const ELSEWHERE: &str = "lea";
const NOBODY: &str = "l.inconnue";

/// An answer, with the login that was asked for taken out.
fn alike(answer: &Answer, login: &str) -> String {
    format!("{} {}", answer.status, answer.body).replace(login, "LOGIN")
}

#[tokio::test]
async fn who_is_elsewhere_is_as_who_is_nowhere() {
    let provider = Provider::start().await;
    provider.hire("ancien", Role::SchoolAdmin, SCHOOL).await;
    let former =
        Program::for_scopes(&provider, "ancien", &ApiScope::ALL.map(ApiScope::as_str).join(" ")).await;
    let place = TerritoryCode::parse(SCHOOL).unwrap();
    revoke_role(&provider.ctx, &operator(), "ancien", Role::SchoolAdmin, &place).await.unwrap().unwrap();
    let head = Program::of(&provider, "chef", Role::SchoolAdmin, SCHOOL).await;
    let helpdesk = Program::of(&provider, "aide", Role::Helpdesk, SCHOOL).await;
    let auditor = Program::of(&provider, "audit", Role::Auditor, SCHOOL).await;
    for (who, program) in [("former", former), ("head", head), ("helpdesk", helpdesk), ("auditor", auditor)] {
        let ask = async |login: &str| {
            let mut named = order(INSIDE, false);
            named["named_operators"] = json!([login]);
            let act = |act: &str| json!({ "act": act, "logins": [login] });
            let mut answers = Vec::new();
            for path in [
                format!("/people/{login}"),
                format!("/people/account:{login}"),
                format!("/people/{login}/history"),
            ] {
                answers.push(alike(&program.get(&path).await, login));
            }
            for (path, body) in [
                ("/people/acts", act("disable")),
                ("/people/acts", act("unlock")),
                ("/people/acts", act("force_change")),
                ("/orders", named.clone()),
                ("/orders/preview", named),
                ("/slips", json!({ "login": login })),
            ] {
                answers.push(alike(&program.post(path, body).await, login));
            }
            for path in [format!("/people/{login}/code"), format!("/people/{login}/factor")] {
                answers.push(alike(&program.post(&path, json!({})).await, login));
            }
            answers
        };
        assert_eq!(ask(ELSEWHERE).await, ask(NOBODY).await, "{who}");
    }
}

#[tokio::test]
async fn where_else_somebody_belongs_is_found_by_nobody_who_sees_them_here() {
    let provider = Provider::start().await;
    let sql = "INSERT INTO affiliation (account_id, path, profile, began)
         SELECT 'zoe', path, 'National_ELV', 0 FROM territory WHERE code = 'class:0169001X/5B'";
    provider.ctx.db.run(Batch::plain(vec![Statement::new(sql, Vec::new())])).await.unwrap();
    let head = Program::of(&provider, "chef", Role::SchoolAdmin, SCHOOL).await;
    let rector = Program::of(&provider, "anne", Role::Authority, "academie:13").await;
    let found = async |program: &Program, query: &str| {
        let people = program.get(&format!("/people?query={query}")).await.body["people"].clone();
        people.as_array().unwrap().iter().map(|it| it["login"].clone()).collect::<Vec<Value>>()
    };
    for query in ["0169001X", "5B"] {
        assert_eq!(found(&head, query).await, [Value::Null; 0], "{query}");
        assert!(found(&rector, query).await.contains(&json!("zoe")), "{query}");
    }
    assert!(found(&head, "6A").await.contains(&json!("zoe")));
}

#[tokio::test]
async fn the_line_of_an_export_says_what_was_typed() {
    let provider = Provider::start().await;
    provider.hire("chef", Role::SchoolAdmin, SCHOOL).await;
    let (chef, ..) = enrolled(&provider, "chef").await;
    let mut said = Vec::new();
    for login in [ELSEWHERE, NOBODY] {
        provider.clock.advance(Duration::from_secs(1));
        let page = chef.go(&format!("/console/audit?about={login}&actor={login}")).await;
        chef.submit(&page, "/console/audit/export", &[("format", "json")]).await;
        let sql = "SELECT reason FROM audit WHERE act = 'audit.export' ORDER BY at DESC, id DESC LIMIT 1";
        let row = provider.ctx.db.one(Statement::new(sql, Vec::new())).await.unwrap().unwrap();
        said.push(row.text("reason").unwrap().replace(login, "LOGIN"));
    }
    assert_eq!(said[0], said[1]);
    assert!(said[0].contains("actor=LOGIN") && said[0].contains("object=LOGIN"), "{said:?}");
}

#[tokio::test]
async fn that_a_mother_holds_a_role_elsewhere_is_not_told_at_her_childs_school() {
    let provider = Provider::start().await;
    let sql = "INSERT INTO affiliation (account_id, path, profile, began)
         SELECT 'mme.roux', path, 'National_TUT', 0 FROM territory WHERE code = 'class:0860001J/6A'";
    provider.ctx.db.run(Batch::plain(vec![Statement::new(sql, Vec::new())])).await.unwrap();
    provider.hire("mme.roux", Role::SchoolAdmin, "uai:0169001X").await;
    let teacher = Program::of(&provider, "prof", Role::ClassTeacher, INSIDE).await;
    let rector = Program::of(&provider, "anne", Role::Authority, "academie:13").await;
    let class = json!({ "territory": INSIDE, "level": "recover", "profiles": ["National_TUT"] });
    for (who, named) in [(&teacher, json!([])), (&rector, json!(["mme.roux"]))] {
        let preview = who.post("/orders/preview", class.clone()).await.body;
        assert_eq!((&preview["spared"]["operator"], &preview["operators"]), (&json!(1), &named), "{preview}");
    }
    provider.hire("chef", Role::SchoolAdmin, SCHOOL).await;
    let (chef, ..) = enrolled(&provider, "chef").await;
    let page = chef.go("/console/places?at=class%3A0860001J%2F6A").await.body.replace('\u{a0}', " ");
    assert!(
        page.contains("aussi une place ailleurs") && !page.contains("doit changer et a un rôle"),
        "{page}"
    );

    let (ctx, prof) = (&provider.ctx, provider.as_operator("prof").await);
    let place = TerritoryCode::parse(INSIDE).unwrap();
    let territory = store::territory::find(&ctx.db, &place).await.unwrap().unwrap().path;
    let guardians = Population { territory, profiles: [Profile::Guardian].into() };
    let printed = print_slips(ctx, &prof, &Selection::of(guardians, None), |_| panic!("a slip")).await;
    let printed = printed.unwrap().unwrap();
    assert_eq!((printed.elsewhere, printed.operators), (vec!["mme.roux".to_owned()], vec![]));
}
