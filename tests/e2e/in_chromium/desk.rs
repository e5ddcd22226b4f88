//! An operator at the console, in a browser of their own.

use ecluse::domain::operator::Role;

use super::sign_in;
use crate::chromium::{Chromium, Kind};
use crate::console::App;
use crate::provider::Provider;

/// What operators choose.
pub(super) const PASSWORD: &str = "Bureau-clair7";

/// The browser and the telephone of somebody with a role.
pub(super) struct Desk<'a> {
    pub(super) browser: Chromium,
    pub(super) app: App,
    provider: &'a Provider,
}

impl<'a> Desk<'a> {
    /// Somebody who has just been hired, with the code of a slip typed at the console's sign-in page and a password chosen: on
    /// the page that asks for a second factor.
    pub(super) async fn hire(provider: &Provider, kind: Kind, who: (&str, Role, &str)) -> Chromium {
        let (login, role, place) = who;
        provider.hire(login, role, place).await;
        let code = provider.new_code(login).await;
        let browser = Chromium::start(kind).await;
        browser.open(&format!("{}/console", provider.issuer)).await;
        sign_in(&browser, login, &code).await;
        browser.fill("new_password", PASSWORD).await;
        browser.fill("confirmation", PASSWORD).await;
        browser.press("next").await;
        browser.press("continue").await;
        browser.see("secret").await;
        browser
    }

    /// The same with an app set up: on the console's first page.
    pub(super) async fn open(provider: &'a Provider, kind: Kind, who: (&str, Role, &str)) -> Self {
        let browser = Self::hire(provider, kind, who).await;
        let desk = Self::set_up(provider, browser).await;
        desk.browser.press("continue").await;
        desk.browser.see_css(".roles").await;
        desk
    }

    /// Sets up an app where it is asked for: on the page with the recovery codes.
    pub(super) async fn set_up(provider: &'a Provider, browser: Chromium) -> Self {
        let app = App::typed(provider, &browser.text("secret").await);
        browser.fill("code", &app.digits()).await;
        browser.press("enrol").await;
        browser.see_css(".codes").await;
        Self { browser, app, provider }
    }

    /// Another browser of the same person, on the page that asks for the digits.
    pub(super) async fn elsewhere(&self, kind: Kind, login: &str) -> Chromium {
        let browser = Chromium::start(kind).await;
        browser.open(&format!("{}/console", self.provider.issuer)).await;
        sign_in(&browser, login, PASSWORD).await;
        browser.see("show-factor").await;
        browser
    }

    /// Signs in again, days later, where that is asked for.
    pub(super) async fn come_back(&self, login: &str) {
        self.browser.client.refresh().await.unwrap();
        sign_in(&self.browser, login, PASSWORD).await;
        self.browser.fill("code", &self.app.next()).await;
        self.browser.press("show-factor").await;
        // The page that was asked for, whichever that was.
        self.browser.see_css(".ways li").await;
    }

    /// Opens a page of the console.
    pub(super) async fn go(&self, path: &str) {
        self.browser.open(&format!("{}/console{path}", self.provider.issuer)).await;
    }
}
