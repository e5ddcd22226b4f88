//! A day at the console, for somebody whose browser runs no scripts, and for somebody who has no mouse.

use ecluse::domain::operator::Role;
use fantoccini::key::Key;

use super::desk::Desk;
use crate::chromium::{Chromium, Kind};
use crate::provider::Provider;

/// Somebody at a browser, with a mouse or without one.
struct Hands<'a> {
    browser: &'a Chromium,
    has_mouse: bool,
}

impl Hands<'_> {
    async fn press(&self, id: &str) {
        if self.has_mouse {
            return self.browser.press(id).await;
        }
        self.browser.tab_to(id).await;
        self.browser.keys(&Key::Enter.to_string()).await;
    }

    async fn tick(&self, id: &str) {
        if self.has_mouse {
            return self.browser.press(id).await;
        }
        self.browser.tab_to(id).await;
        self.browser.keys(" ").await;
    }

    async fn fill(&self, id: &str, text: &str) {
        if self.has_mouse {
            return self.browser.fill(id, text).await;
        }
        self.browser.tab_to(id).await;
        self.browser.keys(text).await;
    }

    async fn follow(&self, text: &str) {
        if self.has_mouse {
            return self.browser.follow(text).await;
        }
        self.browser.tab_to_link(text).await;
        self.browser.keys(&Key::Enter.to_string()).await;
    }
}

/// A new code for a pupil, the slips of the class, one of them handed over; a change asked of the school, and lifted again.
async fn a_day(has_mouse: bool, kind: Kind) {
    let provider = Provider::start().await;
    let office = Desk::open(&provider, kind, ("secretariat", Role::SchoolAdmin, "uai:0860001J")).await;
    let browser = &office.browser;
    let hands = Hands { browser, has_mouse };

    office.go("").await;
    hands.fill("q", "zoe").await;
    hands.press("search").await;
    hands.follow("Essai zoe").await;
    hands.fill("code-reason", "Oublié").await;
    hands.press("code").await;
    browser.see_css(".slip-page").await;
    assert_eq!(browser.text("code").await.len(), 14);
    hands.press("continue").await;
    hands.follow("6A").await;
    hands.tick("who-zoe").await;
    hands.press("hand-over").await;
    browser.see("told").await;
    assert_eq!(browser.text("handed").await, "1");
    hands.press("print-submit").await;
    let file = browser.downloaded().await;
    assert!(std::fs::read(&file).unwrap().starts_with(b"%PDF-"));

    office.go("/orders").await;
    hands.follow("Nouvel ordre").await;
    hands.fill("reason", "Un mot de passe court dans l’établissement").await;
    hands.press("check-order").await;
    let covered = browser.text("covered").await;
    hands.fill("confirmed", &covered).await;
    hands.press("issue-order").await;
    assert_eq!(browser.text("state").await, "En vigueur");
    hands.fill("cancel-reason", "C’était une erreur").await;
    hands.press("cancel-submit").await;
    browser.see_css("#state:not(:empty)").await;
    office.go("/orders").await;
    assert!(browser.see_css(".orders").await.text().await.unwrap().contains("Annulé"));
    hands.press("sign-out").await;
    office.go("").await;
    browser.see("login").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: make test"]
async fn a_day_at_the_console_needs_no_scripts() {
    a_day(true, Kind { scripts: false, ..Kind::PHONE }).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: make test"]
async fn a_day_at_the_console_needs_no_mouse() {
    a_day(false, Kind::DESKTOP).await;
}
