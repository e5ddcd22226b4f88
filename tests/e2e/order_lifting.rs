//! Before an order is lifted it says what opens again, for how many people: where passwords are believed stolen, too.

use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::domain::reset_order::OrderId;
use ecluse::flows::reset_order::issue::Proposal;
use ecluse::flows::reset_order::roll_up::round;
use serde_json::{Value, json};

use crate::api::Program;
use crate::browser::Browser;
use crate::console::enrolled;
use crate::host::Host;
use crate::order_shown::shown;
use crate::provider::{FIRST_PASSWORD, Provider, proposal};
use crate::relying_party::RelyingParty;
use crate::sign_in::activate;

/// zoe and lea have chosen passwords.
struct House {
    provider: Provider,
}

impl House {
    async fn open() -> Self {
        let provider = Provider::start().await;
        for login in ["zoe", "lea"] {
            activate(&provider, login).await;
        }
        Self { provider }
    }

    /// What the page of somebody new at the académie says, and what their program reads: who gets in, and for whom the change page
    /// opens.
    async fn opens(&self, id: &OrderId, newcomer: &str) -> (String, Value, Value) {
        let provider = &self.provider;
        provider.clock.advance(Duration::from_mins(1));
        round(&provider.ctx).await.unwrap();
        provider.hire(newcomer, Role::Authority, "academie:13").await;
        let page = enrolled(provider, newcomer).await.0.go(&format!("/console/orders/{id}")).await;
        let program = Program::of(provider, &format!("p.{newcomer}"), Role::Authority, "academie:13").await;
        let order = program.get(&format!("/orders/{id}")).await.body;
        let said = shown(&page, "opens").to_owned();
        (said, order["opened_by_cancelling"].clone(), order["change_page_opened_by_cancelling"].clone())
    }

    /// Whether the old password opens the change page, and lets in.
    async fn tries(&self, login: &str) -> (bool, bool) {
        let (browser, portal) =
            (Browser::new(&self.provider.issuer), RelyingParty::portal(&self.provider).await);
        let page = browser.sign_in(&browser.go(&portal.authorize(&[])).await, login, FIRST_PASSWORD).await;
        (page.is_change(), page.parameter("code").is_some())
    }
}

#[tokio::test]
async fn what_was_believed_stolen_opens_the_change_page_again_and_the_page_says_so() {
    let house = House::open().await;
    let id = house.provider.order(Level::Recover).await;
    let (said, gate, page) = house.opens(&id, "anne").await;
    assert_eq!((gate, page), (json!(0), json!(2)));
    assert!(said.contains("Pour 2 personnes, l’ancien mot de passe"), "{said}");
    assert!(!said.contains("à personne"), "{said}");
    assert_eq!(house.tries("zoe").await, (false, false));
    house.provider.cancel(&id).await;
    assert_eq!((house.tries("zoe").await, house.tries("lea").await), ((true, false), (true, false)));
}

#[tokio::test]
async fn of_an_order_that_hardened_both_are_counted() {
    let house = House::open().await;
    let deadline = Some(house.provider.clock.now().plus(Duration::from_hours(7 * 24)));
    let id = house.provider.issue(&Proposal { deadline, ..proposal("academie:13", Level::Change) }).await;
    house.provider.slip_at("class:0860001J/6A", "zoe").await;
    let (said, gate, page) = house.opens(&id, "anne").await;
    assert_eq!((gate, page), (json!(2), json!(0)), "it has not hardened: {said}");
    assert!(said.contains("à 2 personnes") && !said.contains("ancien mot de passe"), "{said}");
    house.provider.clock.advance(Duration::from_hours(8 * 24));
    let (said, gate, page) = house.opens(&id, "bruno").await;
    assert_eq!((gate, page), (json!(1), json!(1)), "zoe holds a code: {said}");
    assert!(said.contains("à une personne") && said.contains("Pour une personne, l’ancien"), "{said}");
    house.provider.cancel(&id).await;
    assert_eq!((house.tries("zoe").await, house.tries("lea").await), ((true, false), (false, true)));
}

#[tokio::test]
async fn the_host_types_the_number_of_all_for_whom_something_opens() {
    let mut host = Host::open().await;
    host.premises.open().await;
    let slips = host.premises.slips();
    host.premises.activate("eleve0", &slips["eleve0"], "Mot-de-passe-un-7").await;
    host.premises.close();
    let issue = ["reset-order", "issue", "--territory", "uai:0860001J", "--yes", "--reason", "Vol"];
    for (level, opens) in [
        ("change", "the gate opens again for 1 people"),
        ("recover", "the old password opens the change page again for 1 people"),
    ] {
        let id = host.does(&[&issue[..], &["--level", level]].concat()).out.trim().to_owned();
        let asked = ["reset-order", "cancel", &id, "--reason", "Fini"];
        host.refuses(&asked, 3, "nobody is there to confirm the number of people");
        assert!(host.says(&asked).err.contains(&format!("If it is lifted now, {opens}\n")));
        let lifted = host.does(&[&asked[..], &["--yes"]].concat());
        assert!(lifted.err.contains(&format!("Cancelled: {opens}\n")), "{}", lifted.err);
    }
}
