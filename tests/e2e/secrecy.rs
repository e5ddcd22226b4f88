//! A whole story, listened to: neither the log at its loudest nor the database at rest nor an address holds a password, a
//! code, a token, a cookie or a name.

use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::flows::notices::MailSettings;
use ecluse::store::db::{Batch, Statement};
use reqwest::StatusCode;

use crate::browser::{Browser, Page};
use crate::console::{App, app_secret, codes};
use crate::provider::{FIRST_PASSWORD, Provider, Wish};
use crate::relying_party::RelyingParty;
use crate::sign_in::activate;

const LOGIN: &str = "mme.roux";
const OPERATOR: &str = "proviseure.marchand";
const MAIL: &str = "tuteur.roux@famille.example";
const WRONG: &str = "Tres-Faux-mot-7";
const NEW_PASSWORD: &str = "Chat-noir7-secret";

/// The tokens, codes and cookies that were given out, and the addresses that were led to.
#[derive(Default)]
struct Story {
    secrets: Vec<String>,
    /// Those that are typed. They are in no address either.
    codes: Vec<String>,
    addresses: Vec<String>,
}

impl Story {
    /// Keeps what a page gave: its address, and the cookies it set.
    fn note(&mut self, page: Page) -> Page {
        self.addresses.push(page.url.clone());
        self.addresses.extend(page.location());
        let set = page.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        let values = set.filter_map(|cookie| cookie.split(';').next()?.split_once('='));
        self.secrets.extend(values.map(|(_, value)| value.to_owned()).filter(|value| !value.is_empty()));
        page
    }

    /// Keeps a code, as it is printed and as it is read.
    fn code(&mut self, printed: &str) {
        self.codes.extend([printed.to_owned(), printed.replace('-', "")]);
    }

    /// Goes somewhere, and keeps what every page on the way gave.
    async fn go(&mut self, browser: &Browser, address: &str) -> Page {
        let mut page = self.note(browser.get(address).await);
        while let Some(next) = page.location().filter(|next| next.starts_with(browser.issuer())) {
            page = self.note(browser.get(&next).await);
        }
        page
    }

    async fn send(&mut self, browser: &Browser, page: &Page, to: &str, fields: &[(&str, &str)]) -> Page {
        let mut page = self.note(browser.send(page, to, fields).await);
        while let Some(next) = page.location().filter(|next| next.starts_with(browser.issuer())) {
            page = self.note(browser.get(&next).await);
        }
        page
    }
}

/// From the slip to the sign-out, with every wrong turn on the way.
async fn live(provider: &Provider, story: &mut Story) {
    let portal = RelyingParty::portal(provider).await;
    activate(provider, LOGIN).await;
    provider.order(Level::Recover).await;
    let slip = provider.slip(LOGIN).await;
    story.code(&slip);
    let browser = Browser::new(&provider.issuer);
    let page = story.note(browser.get(&portal.authorize(&[("login_hint", LOGIN)])).await);
    let page = story.note(browser.get(&page.location().unwrap()).await);
    for typed in [WRONG, FIRST_PASSWORD] {
        let refused = story.send(&browser, &page, "/login", &[("login", LOGIN), ("password", typed)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let page = story.send(&browser, &page, "/login", &[("login", LOGIN), ("password", &slip)]).await;
    for (new, confirmation) in [("court", "court"), (NEW_PASSWORD, WRONG), (&slip, &slip)] {
        let fields = [("new_password", new), ("confirmation", confirmation)];
        let refused = story.send(&browser, &page, "/password", &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let fields = [("new_password", NEW_PASSWORD), ("confirmation", NEW_PASSWORD)];
    let page = story.send(&browser, &page, "/password", &fields).await;
    assert!(page.is_success(), "{}", page.body);
    let page = browser.get(&page.on()).await;
    let code = portal.code(&page);
    let tokens = portal.exchange(&code).await;
    let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
    let id_token = tokens.text("id_token");
    assert_eq!(portal.userinfo(&access).await.body["preferred_username"], LOGIN);
    assert_eq!(portal.introspect(&refresh).await.body["active"], true);
    let again = portal.refresh(&refresh).await.text("access_token");
    portal.exchange(&code).await;
    portal.revoke(&again).await;
    portal.send("/token", Some("another-secret"), &[("grant_type", "refresh_token")]).await;
    let page = browser.get(&format!("/logout?client_id=portal&id_token_hint={id_token}")).await;
    assert_eq!(page.status, StatusCode::OK);
    let secret = portal.secret.clone().unwrap();
    story.secrets.extend([code, access, refresh, id_token, again, secret, "another-secret".to_owned()]);
}

/// The code of a page that shows one.
fn shown(page: &Page) -> String {
    let code = page.body.split("<code id=\"code\">").nth(1).unwrap_or_else(|| panic!("{}", page.body));
    code.split('<').next().unwrap().to_owned()
}

/// An operator's morning: a second factor, people helped, slips, a look into the log, and out.
async fn at_the_desk(provider: &Provider, story: &mut Story) {
    provider.hire(OPERATOR, Role::Authority, "academie:13").await;
    let browser = activate(provider, OPERATOR).await;
    let page = story.go(&browser, "/console").await;
    story.secrets.push(app_secret(&page));
    let app = App::scan(provider, &page);
    let page = story.send(&browser, &page, "/factor/app", &[("code", &app.digits())]).await;
    let first = codes(&page);
    let home = story.go(&browser, "/console").await;
    let page = story.send(&browser, &home, "/factor/codes", &[]).await;
    for code in first.iter().chain(&codes(&page)) {
        story.code(code);
    }
    let csrf = home.fields("/factor/codes").into_iter().find(|(name, _)| name == "csrf").unwrap().1;
    story.secrets.push(csrf);

    story.go(&browser, "/console/people?q=zo").await;
    let page = story.go(&browser, "/console/people/zoe").await;
    let given = story.send(&browser, &page, "/zoe/code", &[("reason", "au bureau")]).await;
    story.code(&shown(&given));
    provider.hire("m.blanc", Role::ClassTeacher, "class:0860001J/6A").await;
    let page = story.go(&browser, "/console/people/m.blanc").await;
    let given = story.send(&browser, &page, "/m.blanc/factor", &[]).await;
    story.code(&shown(&given));
    story.code(&provider.slip_at("uai:0860001J", "zoe").await);

    provider.clock.advance(Duration::from_secs(1));
    let page = story.go(&browser, "/console/audit?act=code.issue").await;
    let export = story.send(&browser, &page, "/audit/export", &[("format", "csv")]).await;
    assert!(export.body.contains("code.issue"), "{}", export.body);
    for code in &story.codes {
        assert!(!export.body.contains(code) && !page.body.contains(code), "{code}");
    }
    let other = Browser::new(&provider.issuer);
    let page = story.go(&other, "/console").await;
    let page =
        story.send(&other, &page, "/login", &[("login", OPERATOR), ("password", FIRST_PASSWORD)]).await;
    for (typed, comes_in) in [(first[1].as_str(), false), (&app.next(), true)] {
        let page = story.send(&other, &page, "/console/factor", &[("code", typed)]).await;
        assert_eq!(page.body.contains("class=\"roles\""), comes_in, "{}", page.body);
    }
    let home = story.go(&other, "/console").await;
    story.send(&other, &home, "/console/sign-out", &[]).await;
}

#[tokio::test]
async fn nothing_that_opens_a_door_is_written_down_anywhere() {
    let mail = MailSettings { timeout: Duration::from_mins(1), concurrency: 1 };
    let provider = Provider::start_with(Wish::settings(|settings| settings.mail = Some(mail))).await;
    let address =
        Statement::new("UPDATE account SET email = $1 WHERE id = $2", vec![MAIL.into(), LOGIN.into()]);
    provider.ctx.db.run(Batch::plain(vec![address])).await.unwrap();
    let mut story = Story::default();
    live(&provider, &mut story).await;
    at_the_desk(&provider, &mut story).await;
    // Nobody sends mail here: it is given up, and said so.
    provider.courier().round().await.unwrap();
    let mut refused = StatusCode::OK;
    for _ in 0..6 {
        let stranger = Browser::new(&provider.issuer);
        let page = stranger.go("/login").await;
        refused = stranger.sign_in(&page, LOGIN, WRONG).await.status;
    }
    assert_eq!(refused, StatusCode::TOO_MANY_REQUESTS);
    let at_rest = at_rest(&provider).await;
    provider.break_accounts().await;
    let browser = Browser::new(&provider.issuer);
    let page = browser.go("/login").await;
    assert_eq!(browser.sign_in(&page, LOGIN, WRONG).await.status, StatusCode::SERVICE_UNAVAILABLE);
    let typed = [FIRST_PASSWORD, WRONG, NEW_PASSWORD];
    let heard = provider.listening.heard();
    assert!(heard.contains("ecluse::request") && heard.contains("/interaction/{uid}/login"), "it listens");
    assert!(heard.contains("cannot decide"));
    assert!(
        heard.contains("/console/people/{id}/{deed}") && heard.contains("no mail server"),
        "the desk, too"
    );
    assert!(
        story.secrets.len() > 15 && story.codes.len() > 45,
        "{} {}",
        story.secrets.len(),
        story.codes.len()
    );
    let kept = provider.listening.secrets();
    for secret in story.secrets.iter().chain(&story.codes).map(String::as_str).chain(typed) {
        assert!(kept.contains(secret), "{secret} is looked for in every other test as well");
    }
    let secrets = || story.secrets.iter().chain(&story.codes).map(String::as_str).chain(typed);
    for secret in secrets().chain([LOGIN, OPERATOR, MAIL]) {
        assert!(!heard.contains(secret), "{secret} was logged");
    }
    for secret in secrets() {
        assert!(!at_rest.contains(secret), "{secret} is in the database");
    }
    for secret in story.codes.iter().map(String::as_str).chain(typed) {
        assert!(story.addresses.iter().all(|address| !address.contains(secret)), "{secret} is in an address");
    }
}

/// What is stored, as it lies there.
async fn at_rest(provider: &Provider) -> String {
    let text = provider.stores.database.at_rest().await;
    assert!(text.contains(LOGIN), "all of it is read");
    text
}
