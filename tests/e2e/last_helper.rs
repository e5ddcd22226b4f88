//! An order that names every operator of a school is refused with the school's name, whoever is above it: from the API, at the
//! console, at the host's keyboard.

use ecluse::domain::operator::Role;
use ecluse::flows::account::disable::disable;
use ecluse::store;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::api::Program;
use crate::console::enrolled;
use crate::host::Host;
use crate::provider::{Provider, operator};

/// Two secretaries of one school and one of another; anne and bruno are above both, and named by nobody.
async fn academie() -> Provider {
    let provider = Provider::start().await;
    let school = ["uai:0860001J", "uai:0860001J", "uai:0169001X"];
    for (login, place) in ["marie", "paul", "rose"].into_iter().zip(school) {
        provider.hire(login, Role::SchoolAdmin, place).await;
        provider.works_at(login, place).await;
    }
    provider.hire("bruno", Role::Authority, "academie:13").await;
    provider
}

fn naming(logins: &[&str]) -> Value {
    json!({
        "territory": "academie:13",
        "profiles": ["National_ACA"],
        "level": "recover",
        "named_operators": logins,
        "reason": "stolen passwords",
    })
}

#[tokio::test]
async fn a_school_keeps_an_operator_of_its_own_whoever_is_above_it() {
    let provider = academie().await;
    let anne = Program::of(&provider, "anne", Role::Authority, "academie:13").await;
    let refused = anne.post("/orders", naming(&["marie", "paul", "rose"])).await;
    assert_eq!(refused.problem(), (409, "nobody-left"));
    assert_eq!(refused.body["names"], json!(["Collège du Port", "Collège des Tilleuls"]));
    let refused = anne.post("/orders", naming(&["marie", "paul"])).await;
    assert_eq!(refused.body["names"], json!(["Collège des Tilleuls"]));
    assert_eq!(store::reset_order::list(&provider.ctx.db).await.unwrap().len(), 0);
    let left = anne.post("/orders", naming(&["marie"])).await;
    assert_eq!(left.status, 201, "paul is left: {left:?}");
    // Whoever is shut out already is nobody who is left, and nothing is taken from them: those above help then.
    let refused = anne.post("/orders", naming(&["paul"])).await;
    assert_eq!(refused.problem(), (409, "nobody-left"), "marie needs a code");
    disable(&provider.ctx, &operator(), &["paul".to_owned()]).await.unwrap().unwrap();
    assert_eq!(anne.post("/orders", naming(&["paul"])).await.status, 201);
}

#[tokio::test]
async fn the_console_names_the_school_that_would_be_left_alone() {
    let provider = academie().await;
    provider.hire("anne", Role::Authority, "academie:13").await;
    let (anne, ..) = enrolled(&provider, "anne").await;
    for (operators, status) in [("marie paul", StatusCode::CONFLICT), ("marie", StatusCode::OK)] {
        let form = anne.go("/console/orders/new").await;
        let typed = [
            ("place", "academie:13"),
            ("profile.National_ACA", "1"),
            ("level", "recover"),
            ("operators", operators),
            ("reason", "Mots de passe volés"),
        ];
        let check = anne.submit(&form, "/console/orders/check", &typed).await;
        assert_eq!(check.status, StatusCode::OK, "{}", check.body);
        let answer = anne.submit(&check, "/console/orders", &[("confirmed", "3")]).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        let is_named = answer.body.contains("Plus personne ne pourrait aider dans")
            && answer.body.contains("Collège des Tilleuls");
        assert_eq!(is_named, status == StatusCode::CONFLICT, "{}", answer.body);
        assert!(!answer.body.contains("Collège du Port"), "{}", answer.body);
    }
}

#[tokio::test]
async fn the_host_is_told_which_school_would_be_left_alone() {
    let host = Host::open().await;
    for (login, role, place) in [
        ("rectrice", "authority", "academie:13"),
        ("chef", "school_admin", "uai:0860001J"),
        ("prof.martin", "helpdesk", "uai:0860001J"),
    ] {
        host.does(&["operator", "grant", login, "--role", role, "--territory", place]);
    }
    let order = [
        "reset-order",
        "issue",
        "--territory",
        "academie:13",
        "--level",
        "recover",
        "--reason",
        "Vol",
        "--yes",
    ];
    let chef = [&order[..], &["--include-operator", "chef"]].concat();
    let both = [&chef[..], &["--include-operator", "prof.martin"]].concat();
    host.refuses(&both, 3, "nobody could help any more in");
    host.does(&chef);
}
