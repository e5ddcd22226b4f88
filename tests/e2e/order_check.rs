//! Before an order is put forward, whoever confirms it reads all that it says, and can go back and change it.

use ecluse::domain::operator::Role;
use reqwest::StatusCode;
use serde_json::json;

use crate::api::Program;
use crate::browser::{Browser, Page};
use crate::console::enrolled;
use crate::host::Host;
use crate::order_edits::filled;
use crate::order_shown::shown;
use crate::provider::Provider;

/// An order that says everything an order can say.
const TYPED: [(&str, &str); 13] = [
    ("place", "academie:13"),
    ("other", "uai:0860001J"),
    ("profile.National_ENS", "1"),
    ("profile.National_ELV", "1"),
    ("level", "change"),
    ("never_activated", "1"),
    ("changed_since", "2026-11-20T07:15"),
    ("reset_by_school_since", "2026-11-19T06:45"),
    ("operators", "m.blanc"),
    ("at", "2026-11-23T08:00"),
    ("deadline", "2026-12-04T18:30"),
    ("code_lifetime", "21"),
    ("reason", "Annuaire volé"),
];

/// The school of m.blanc, who is named, has another operator.
async fn anne(provider: &Provider) -> Browser {
    for (login, role, place) in [
        ("m.blanc", Role::SchoolAdmin, "uai:0860001J"),
        ("adjointe", Role::SchoolAdmin, "uai:0860001J"),
        ("anne", Role::Authority, "academie:13"),
    ] {
        provider.hire(login, role, place).await;
    }
    enrolled(provider, "anne").await.0
}

/// What the list of facts says, as it is read.
fn read(page: &Page, id: &str) -> String {
    shown(page, id).replace(['\u{a0}', '\u{202f}'], " ")
}

fn says_all(page: &Page) {
    assert!(page.body.contains("Collège des Tilleuls"), "{}", page.body);
    for (id, said) in [
        ("whom", "Enseignant, Élève"),
        ("since", "23 novembre 2026"),
        ("since", "8 h 00"),
        ("deadline", "4 décembre 2026"),
        ("deadline", "18 h 30"),
        ("deadline", "n’ouvre plus rien pour qui a reçu un code"),
        ("codes", "jusqu’au 14 décembre 2026 à 8 h 00 : 21 jours à partir de la prise d’effet"),
        ("spares", "jamais activés"),
        ("spares", "choisis depuis le 20 novembre 2026"),
        ("spares", "réinitialisés par leur établissement depuis le 19 novembre 2026"),
        ("named", "m.blanc"),
        ("why", "Annuaire volé"),
    ] {
        assert!(read(page, id).contains(said), "{id} {said}: {}", page.body);
    }
}

#[tokio::test]
async fn the_check_says_all_that_is_confirmed_and_the_order_says_it_again() {
    let provider = Provider::start().await;
    let anne = anne(&provider).await;
    let typed = [&TYPED[..], &[("yearly", "1")]].concat();
    let page = anne.submit(&anne.go("/console/orders/new").await, "/console/orders/check", &typed).await;
    assert_eq!(shown(&page, "covered"), "3", "{}", page.body);
    says_all(&page);
    assert!(page.body.contains("Chaque année"), "{}", page.body);
    let wrong = anne.submit(&page, "/console/orders", &[("confirmed", "4")]).await;
    assert_eq!(wrong.status, StatusCode::CONFLICT);
    says_all(&wrong);
    let order = anne.submit(&wrong, "/console/orders", &[("confirmed", "3")]).await;
    assert_eq!(order.status, StatusCode::OK);
    says_all(&order);
}

#[tokio::test]
async fn what_begins_at_once_and_hardens_nothing_says_so() {
    let provider = Provider::start().await;
    let anne = anne(&provider).await;
    let typed = [
        ("place", "academie:13"),
        ("level", "recover"),
        ("deadline", "2026-12-04T18:30"),
        ("reason", "Annuaire volé"),
    ];
    let page = anne.submit(&anne.go("/console/orders/new").await, "/console/orders/check", &typed).await;
    assert_eq!(shown(&page, "since"), "Tout de suite");
    assert_eq!(shown(&page, "whom"), "Tout le monde");
    assert!(shown(&page, "deadline").contains("rien ne se ferme par elle"), "{}", page.body);
    assert!(shown(&page, "spares").contains("Personne."), "{}", page.body);
    assert!(!page.body.contains("id=\"named\"") && !page.body.contains("Chaque année"), "{}", page.body);
}

#[tokio::test]
async fn from_the_check_one_goes_back_to_the_form_as_it_was_filled_in() {
    let provider = Provider::start().await;
    let anne = anne(&provider).await;
    let typed = [&TYPED[..], &[("yearly", "1")]].concat();
    let page = anne.submit(&anne.go("/console/orders/new").await, "/console/orders/check", &typed).await;
    assert!(page.body.contains("formaction=\"/console/orders/new\""), "{}", page.body);
    let form = anne.post("/console/orders/new", &page.fields("/console/orders")).await;
    assert_eq!(form.status, StatusCode::OK, "{}", form.body);
    let mut kept = filled(&form);
    kept.sort();
    let mut typed: Vec<_> = typed.iter().map(|(name, it)| ((*name).to_owned(), (*it).to_owned())).collect();
    typed.sort();
    assert_eq!(kept, typed);
    let forged = [("csrf".to_owned(), "forged".to_owned()), ("reason".to_owned(), "non".to_owned())];
    assert_eq!(anne.post("/console/orders/new", &forged).await.status, StatusCode::FORBIDDEN);

    // A draft that was taken up is that draft still.
    let left = anne.post("/console/orders/draft", &page.fields("/console/orders")).await;
    let draft = left.location().unwrap();
    let edit = anne.go(&format!("{}/edit", draft.split('?').next().unwrap())).await;
    let fields = filled(&edit);
    let fields: Vec<_> = fields.iter().map(|(name, it)| (name.as_str(), it.as_str())).collect();
    let check = anne.submit(&edit, "/console/orders/check", &fields).await;
    let form = anne.post("/console/orders/new", &check.fields("/console/orders")).await;
    assert_eq!(filled(&form), filled(&edit));
    assert_eq!(form.fields("/console/orders/check"), edit.fields("/console/orders/check"));
}

#[tokio::test]
async fn programs_and_the_host_read_whom_an_order_names() {
    let provider = Provider::start().await;
    provider.hire("m.blanc", Role::SchoolAdmin, "uai:0860001J").await;
    let program = Program::of(&provider, "bruno", Role::Authority, "academie:13").await;
    let mut asked = json!({ "territory": "academie:13", "level": "change" });
    let preview = program.post("/orders/preview", asked.clone()).await.body;
    assert_eq!((&preview["named_operators"], &preview["operators"]), (&json!([]), &json!(["m.blanc"])));
    asked["named_operators"] = json!(["M.Blanc"]);
    let preview = program.post("/orders/preview", asked).await.body;
    assert_eq!((&preview["named_operators"], &preview["operators"]), (&json!(["m.blanc"]), &json!([])));

    let host = Host::open().await;
    host.does(&["operator", "grant", "chef", "--role", "school_admin", "--territory", "uai:0860001J"]);
    let order = ["--territory", "uai:0860001J", "--level", "change", "--include-operator", "chef"];
    let preview = host.does(&[&["reset-order", "preview"][..], &order].concat());
    assert!(preview.out.contains("operators reached all the same: chef\n"), "{}", preview.out);
    let named = host.data(&[&["reset-order", "preview"][..], &order].concat())["named_operators"].clone();
    assert_eq!(named, json!(["chef"]));
    let asks = host.says(&[&["reset-order", "issue", "--reason", "r"][..], &order].concat());
    assert!(asks.err.contains("operators reached all the same: chef\n"), "{}", asks.err);
}
