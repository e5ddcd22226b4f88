//! What people read on their own page of what became of their password.

use std::time::Duration;

use ecluse::domain::level::Level;

use crate::browser::Browser;
use crate::provider::{FIRST_PASSWORD, Provider};
use crate::sign_in::activate;

/// The sentences, with plain spaces.
async fn told(browser: &Browser, language: &str) -> String {
    let page = browser.go(&format!("/?ui_locales={language}")).await;
    let Some(part) = page.body.split("<div id=\"told\">").nth(1) else { return String::new() };
    part.split("</div>").next().unwrap().replace('\u{a0}', " ")
}

#[tokio::test]
async fn a_person_reads_when_the_password_changed_and_who_reset_it() {
    let provider = Provider::start().await;
    let nobody = Browser::new(&provider.issuer);
    assert_eq!(told(&nobody, "fr").await, "");
    let zoe = activate(&provider, "zoe").await;
    let read = told(&zoe, "fr").await;
    assert!(read.contains("Votre mot de passe a été changé le 21 novembre 2026 à 10 h 00."), "{read}");
    assert!(read.contains("donné un nouveau code le 21 novembre 2026 à 10 h 00"), "{read}");

    provider.clock.advance(Duration::from_hours(1));
    provider.order_for("departement:086", Level::Change).await;
    let ordered = "La direction académique (département : Vienne) a réinitialisé votre mot de passe le \
                   21 novembre 2026 à 11 h 00.";
    let read = told(&zoe, "fr").await;
    assert!(read.contains(ordered) && !read.contains("La personne chargée"), "{read}");
    provider.clock.advance(Duration::from_mins(30));
    let page = zoe.go("/account/password").await;
    assert!(zoe.change(&page, FIRST_PASSWORD, "Deuxieme-mot7").await.is_success());
    let read = told(&zoe, "fr").await;
    assert!(read.contains("changé le 21 novembre 2026 à 11 h 30.") && read.contains(ordered), "{read}");

    provider.clock.advance(Duration::from_mins(30));
    let code = provider.new_code("zoe").await;
    assert_eq!(told(&zoe, "fr").await, "", "signed out by it");
    let page = zoe.sign_in(&zoe.go("/login").await, "zoe", &code).await;
    assert!(zoe.change(&page, "", "Troisieme-mot7").await.is_success());
    let read = told(&zoe, "en").await;
    assert!(read.contains("Your password was changed on 21 November 2026 at 12:00."), "{read}");
    assert!(read.contains("reset your password or gave a new code on 21 November 2026 at 12:00."), "{read}");
    assert!(read.contains("tell your school"), "{read}");

    let lea = activate(&provider, "lea").await;
    let read = told(&lea, "fr").await;
    assert!(!read.contains("La direction académique"), "of another département: {read}");
}
