//! Orders at the console: written by one operator, approved by another, seen by a school.

use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::flows::reset_order::roll_up::round;
use ecluse::store;
use reqwest::StatusCode;

use crate::browser::{Browser, Page};
use crate::console::enrolled;
use crate::provider::{FIRST_PASSWORD, Provider, Wish};
use crate::sign_in::activate;

/// An order over everybody at level `recover`, as it is typed.
const WHOM: [(&str, &str); 3] =
    [("place", "academie:13"), ("level", "recover"), ("reason", "Mots de passe volés <3")];

/// Orders over more than two people need two persons.
async fn provider() -> Provider {
    Provider::start_with(Wish::settings(|settings| settings.orders.approval_above = 2)).await
}

async fn desk(provider: &Provider, login: &str, role: Role, place: &str) -> Browser {
    provider.hire(login, role, place).await;
    enrolled(provider, login).await.0
}

/// The page that asks for the number of people.
async fn check(browser: &Browser, typed: &[(&str, &str)]) -> Page {
    let page = browser.go("/console/orders/new").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    browser.submit(&page, "/console/orders/check", typed).await
}

fn state(page: &Page) -> &str {
    let rest = page.body.split("id=\"state\">").nth(1).unwrap_or_else(|| panic!("{}", page.body));
    rest.split('<').next().unwrap()
}

async fn number_of_orders(provider: &Provider) -> usize {
    store::reset_order::list(&provider.ctx.db).await.unwrap().len()
}

#[tokio::test]
async fn one_writes_an_order_another_approves_it_and_its_progress_is_seen() {
    let provider = provider().await;
    activate(&provider, "zoe").await;
    let anne = desk(&provider, "anne", Role::Authority, "academie:13").await;
    let bruno = desk(&provider, "bruno", Role::Authority, "academie:13").await;
    let page = check(&anne, &WHOM).await;
    assert!(page.body.contains("id=\"covered\">5<"), "{}", page.body);
    let wrong = anne.submit(&page, "/console/orders", &[("confirmed", "4")]).await;
    assert_eq!(wrong.status, StatusCode::CONFLICT, "{}", wrong.body);
    assert_eq!(number_of_orders(&provider).await, 0);
    let waits = anne.submit(&wrong, "/console/orders", &[("confirmed", "5")]).await;
    assert_eq!(state(&waits), "Attend une approbation");
    assert!(!waits.body.contains("id=\"approve-submit\""), "the author is not asked");
    assert!(!waits.body.contains("volés <3") && waits.body.contains("volés &"), "{}", waits.body);
    // Sent twice, it is one order.
    let again = anne.submit(&wrong, "/console/orders", &[("confirmed", "5")]).await;
    assert_eq!((state(&again), number_of_orders(&provider).await), ("Attend une approbation", 1));

    let home = bruno.go("/console").await;
    let path = home.body.split("href=\"/console/orders/").find(|rest| rest.starts_with("01"));
    let id = path.unwrap_or_else(|| panic!("{}", home.body)).split(['"', '?']).next().unwrap().to_owned();
    let address = format!("/console/orders/{id}");
    let shown = bruno.go(&address).await;
    let in_force = bruno.submit(&shown, "/approve", &[]).await;
    assert_eq!(state(&in_force), "En vigueur");
    let late = bruno.submit(&shown, "/approve", &[]).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "nothing waits any more");

    let browser = Browser::new(&provider.issuer);
    let refused = browser.sign_in(&browser.go("/login").await, "zoe", FIRST_PASSWORD).await;
    assert!(refused.is_sign_in(), "the old password opens nothing");
    round(&provider.ctx).await.unwrap();
    let counted = anne.go(&address).await;
    assert!(counted.body.contains("0 sur 5 ont choisi un nouveau mot de passe"), "{}", counted.body);
    // The other school sees its own part, and has no say.
    let school = desk(&provider, "principale", Role::SchoolAdmin, "uai:0169001X").await;
    let part = school.go(&address).await;
    assert!(part.body.contains("Collège du Port") && !part.body.contains("Collège des Tilleuls"));
    assert!(part.form("/cancel").is_none(), "{}", part.body);
    let mut forged = part.fields("/sign-out");
    forged.push(("reason".to_owned(), "non".to_owned()));
    let refused = school.post(&format!("{address}/cancel"), &forged).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND, "{}", refused.body);
    assert_eq!(state(&refused), "En vigueur");
    // Two lift what two put into force.
    let asked = anne.submit(&counted, "/cancel", &[("reason", "Une erreur")]).await;
    assert!(asked.body.contains("demande qu’une deuxième personne approuve l’annulation"), "{}", asked.body);
    let lifted = bruno.submit(&bruno.go(&address).await, "/approve", &[]).await;
    assert_eq!(state(&lifted), "Annulé");
}

#[tokio::test]
async fn an_old_factor_is_asked_for_again_and_what_was_typed_is_kept() {
    let provider = Provider::start().await;
    provider.hire("anne", Role::Authority, "academie:13").await;
    let (anne, app, _) = enrolled(&provider, "anne").await;
    let page = check(&anne, &WHOM).await;
    provider.clock.advance(Duration::from_mins(6));
    let asked = anne.submit(&page, "/console/orders", &[("confirmed", "5")]).await;
    assert!(asked.body.contains("id=\"show-factor\""), "{} {}", asked.status, asked.body);
    assert_eq!(number_of_orders(&provider).await, 0);
    let confirm = anne.submit(&asked, "/console/factor", &[("code", &app.digits())]).await;
    let done = anne.submit(&confirm, "/console/orders", &[]).await;
    assert_eq!(state(&done), "En vigueur");
    assert!(done.body.contains("Mots de passe volés"), "{}", done.body);
}

#[tokio::test]
async fn what_cannot_be_ordered_is_said_and_what_was_typed_stays() {
    let provider = Provider::start().await;
    let anne = desk(&provider, "anne", Role::Authority, "academie:13").await;
    let table: [(&[(&str, &str)], &str); 6] = [
        (&[("place", "academie:13"), ("level", "change")], "Donnez un motif."),
        (&[("other", "uai:9999999A"), ("level", "change"), ("reason", "r")], "Ce lieu n’existe pas."),
        (
            &[("place", "academie:13"), ("level", "change"), ("reason", "r"), ("at", "2020-01-01T08:00")],
            "La prise d’effet est dans le passé.",
        ),
        (
            &[("place", "academie:13"), ("level", "change"), ("reason", "r"), ("at", "tomorrow")],
            "La date et l’heure ne se lisent pas.",
        ),
        (
            &[
                ("place", "academie:13"),
                ("level", "recover"),
                ("reason", "r"),
                ("deadline", "2026-01-01T08:00"),
            ],
            "L’échéance doit venir après",
        ),
        (&[("place", "academie:13"), ("level", "gentle"), ("reason", "r")], "La demande ne se lit pas."),
    ];
    for (typed, told) in table {
        let page = check(&anne, typed).await;
        assert!(page.status.is_client_error() && page.body.contains(told), "{typed:?} {}", page.body);
        let kept = typed.iter().filter(|(name, _)| matches!(*name, "reason" | "at" | "other"));
        assert!(
            kept.clone().all(|(_, value)| page.body.contains(&format!("value=\"{value}\""))),
            "{}",
            page.body
        );
    }
    let principal = desk(&provider, "principal", Role::SchoolAdmin, "uai:0860001J").await;
    let outside = check(&principal, &WHOM).await;
    assert!(outside.body.contains("C’est hors de votre territoire."), "{}", outside.body);
    let id = provider.order_for("uai:0169001X", Level::Change).await;
    let hidden = principal.go(&format!("/console/orders/{id}")).await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
    assert!(!principal.go("/console/orders").await.body.contains(&id.0));
    assert_eq!(number_of_orders(&provider).await, 1);
}

#[tokio::test]
async fn a_form_of_another_site_orders_nothing() {
    let provider = Provider::start().await;
    let anne = desk(&provider, "anne", Role::Authority, "academie:13").await;
    let page = check(&anne, &WHOM).await;
    let (address, mut fields) = page.form("/console/orders").unwrap();
    fields.push(("confirmed".to_owned(), "5".to_owned()));
    let page = anne.post_from("https://ailleurs.example", &address, &fields).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", page.body);
    let forged: Vec<_> = fields
        .iter()
        .cloned()
        .map(|(name, value)| {
            let value = if name == "csrf" { "forged".to_owned() } else { value };
            (name, value)
        })
        .collect();
    assert_eq!(anne.post(&address, &forged).await.status, StatusCode::FORBIDDEN);
    assert_eq!(number_of_orders(&provider).await, 0);
}

#[tokio::test]
async fn a_draft_is_left_taken_up_again_and_put_forward() {
    let provider = provider().await;
    let anne = desk(&provider, "anne", Role::Authority, "academie:13").await;
    let typed = [&WHOM[..], &[("yearly", "1"), ("operators", "anne"), ("deadline", "")]].concat();
    let page = check(&anne, &typed).await;
    let (_, fields) = page.form("/console/orders").unwrap();
    let left = anne.post("/console/orders/draft", &fields).await;
    let draft = anne.go(&left.location().unwrap()).await;
    assert_eq!(state(&draft), "Brouillon");
    let edit = draft.body.split("id=\"edit\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let form = anne.go(&edit).await;
    for kept in ["value=\"anne\"", "value=\"Mots de passe volés", "name=\"yearly\" value=\"1\" checked"] {
        assert!(form.body.contains(kept), "{kept} {}", form.body);
    }
    // Only the school, and at the other level.
    let other =
        [("other", "uai:0860001J"), ("level", "change"), ("reason", "Renouvellement"), ("yearly", "1")];
    let page = anne.submit(&form, "/console/orders/check", &other).await;
    assert!(page.body.contains("id=\"covered\">3<"), "{}", page.body);
    let wrong = anne.submit(&page, "/console/orders", &[("confirmed", "4")]).await;
    assert_eq!(wrong.status, StatusCode::CONFLICT, "{}", wrong.body);
    let waits = anne.submit(&wrong, "/console/orders", &[("confirmed", "3")]).await;
    assert_eq!((state(&waits), number_of_orders(&provider).await), ("Attend une approbation", 1));
    assert!(waits.body.contains("Collège des Tilleuls") && waits.body.contains("Renouvellement"));

    // Whoever is elsewhere does not find it, and what is in force is not changed.
    let school = desk(&provider, "principale", Role::SchoolAdmin, "uai:0169001X").await;
    assert_eq!(school.go(&edit).await.status, StatusCode::NOT_FOUND);
    let bruno = desk(&provider, "bruno", Role::Authority, "academie:13").await;
    let shown = bruno.go(edit.strip_suffix("/edit").unwrap()).await;
    assert_eq!(state(&bruno.submit(&shown, "/approve", &[]).await), "En vigueur");
    assert_eq!(anne.go(&edit).await.status, StatusCode::NOT_FOUND);
    let late = anne.submit(&page, "/console/orders", &[("confirmed", "3")]).await;
    assert_eq!(state(&late), "En vigueur", "sent twice, it is one act");
    let (_, mut fields) = page.form("/console/orders").unwrap();
    fields.retain(|(name, _)| name != "key");
    fields.push(("confirmed".to_owned(), "3".to_owned()));
    let late = anne.post("/console/orders", &fields).await;
    assert!(late.status.is_client_error() && late.body.contains("id=\"refusal\""), "{}", late.body);
}

#[tokio::test]
async fn the_places_of_a_list_of_orders_are_read_at_once() {
    let provider = Provider::start().await;
    let anne = desk(&provider, "anne", Role::Authority, "academie:13").await;
    provider.order_for("uai:0860001J", Level::Change).await;
    let reads = || provider.ctx.db.tally().reads.read().count;
    let listed = async || {
        let before = reads();
        let page = anne.go("/console/orders").await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        (page, reads() - before)
    };
    let (_, few) = listed().await;
    for place in ["class:0860001J/6A", "class:0169001X/5B", "uai:0169001X", "departement:016", "academie:13"]
    {
        provider.clock.advance(Duration::from_secs(1));
        provider.order_for(place, Level::Change).await;
    }
    let (page, many) = listed().await;
    for name in
        ["Collège des Tilleuls, 6A<", "Collège du Port, 5B<", ">Collège du Port<", "Charente<", "Poitiers<"]
    {
        assert!(page.body.contains(name), "{name}: {}", page.body);
    }
    assert_eq!(many, few, "however many places they are about");
}
