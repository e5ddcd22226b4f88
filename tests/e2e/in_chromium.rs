//! Both relying parties, as processes of their own, in a real browser. The first test is the procedure that the
//! rectorat of Poitiers printed for families in April 2024, step by step.
//!
//! A plain `cargo test` passes these over, because they need chromium and chromedriver; `make test` installs both.

mod accessibility;
mod console;
mod desk;
mod spring;

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use ecluse::domain::level::Level;
use ecluse::store::clock::Clock;
use fantoccini::key::Key;
use serde_json::json;

use crate::chromium::{Chromium, Kind};
use crate::ports::free_address;
use crate::provider::{FIRST_PASSWORD, Provider, Wish};
use crate::relying_party::RelyingParty;
use crate::sign_in::activate;

const NEW_PASSWORD: &str = "Chat-noir7";

/// A provider with both services, each listening where the other expects it.
struct School {
    provider: Provider,
    portal: Service,
    gradebook: Service,
}

/// A relying party's process.
struct Service {
    process: Child,
    address: String,
}

impl School {
    async fn open() -> Self {
        // The relying parties judge ID tokens by the machine's clock.
        let provider = Provider::start_with(Wish { clock: Clock::system(), ..Wish::default() }).await;
        let gradebook = Service::start(&provider, "gradebook", "client_notice", &[]).await;
        let notes = format!("{}/notes", gradebook.address);
        let portal = Service::start(&provider, "portal", "op_hosted", &["--gradebook", &notes]).await;
        Self { provider, portal, gradebook }
    }
}

impl Service {
    async fn start(provider: &Provider, role: &str, mode: &str, more: &[&str]) -> Self {
        let free = free_address();
        let address = format!("http://{free}");
        let registered = RelyingParty::register(
            provider,
            role,
            json!({
                "client_name": if role == "portal" { "Mon ENT" } else { "Carnet de notes" },
                "redirect_uris": [format!("{address}/callback")],
                "post_logout_redirect_uris": [format!("{address}/signed-out")],
                "backchannel_logout_uri": format!("{address}/backchannel-logout"),
                "ecluse_password_change_mode": mode,
            }),
        )
        .await;
        let secret = provider.home.path().join(role);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&secret).unwrap();
        file.write_all(registered.secret.unwrap().as_bytes()).unwrap();
        let program =
            Path::new(env!("CARGO_BIN_EXE_ecluse")).parent().unwrap().join("examples/relying_party");
        let mut process = Command::new(&program)
            .args([role, "--listen", &free, "--issuer", &provider.issuer, "--client-id", role])
            .arg("--client-secret-file")
            .arg(secret)
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}; run cargo build --examples", program.display()));
        // It says where it answers once it does.
        let mut said = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut said).unwrap();
        assert!(said.contains(&address), "{said}");
        Self { process, address }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn sign_in(browser: &Chromium, login: &str, password: &str) {
    browser.fill("login", login).await;
    browser.fill("password", password).await;
    browser.press("sign-in").await;
}

/// Steps 1 to 4 of the printed procedure, from the change page to the page that says that it is done.
async fn change(browser: &Chromium, current: &str) {
    browser.fill("current_password", current).await;
    browser.fill("new_password", NEW_PASSWORD).await;
    browser.fill("confirmation", NEW_PASSWORD).await;
    browser.press("next").await;
    browser.see("continue").await;
    assert_eq!(browser.heading().await, "Votre mot de passe a été changé avec succès");
}

async fn is_ticked(browser: &Chromium, rule: &str) -> bool {
    browser.see(rule).await.attr("data-state").await.unwrap().as_deref() == Some("done")
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: make test"]
async fn the_four_steps_of_the_printed_procedure_lead_back_to_the_portal() {
    let school = School::open().await;
    activate(&school.provider, "zoe").await;
    school.provider.order(Level::Change).await;
    let browser = Chromium::start(Kind::PHONE).await;

    browser.open(&school.portal.address).await;
    browser.press("sign-in").await;
    browser.see("login").await;
    assert!(!browser.scrolls_sideways().await);
    sign_in(&browser, "zoe", FIRST_PASSWORD).await;
    browser.see("new_password").await;
    assert_eq!(browser.heading().await, "Changement du mot de passe");
    assert!(!browser.scrolls_sideways().await);
    let why = browser.see_css(".why").await.text().await.unwrap();
    assert!(why.contains("Poitiers") && why.contains("Mon ENT"), "{why}");

    // Step 1: the old password. Step 2: a new one, while the rules are ticked.
    browser.fill("current_password", FIRST_PASSWORD).await;
    let seed = ["rule-upper", "rule-lower", "rule-digit", "rule-special", "rule-length"];
    for rule in seed {
        assert!(!is_ticked(&browser, rule).await, "{rule} before anything is typed");
    }
    for (typed, rule) in ["C", "h", "7", "-", "atnoir"].into_iter().zip(seed) {
        browser.fill("new_password", typed).await;
        assert!(is_ticked(&browser, rule).await, "{rule} after {typed}");
    }
    browser.fill("confirmation", "Ch7-atnoir").await;
    // Step 3: Suivant. Step 4: it is done.
    assert_eq!(browser.text("next").await, "Suivant");
    browser.press("next").await;
    browser.see("continue").await;
    assert_eq!(browser.heading().await, "Votre mot de passe a été changé avec succès");
    assert!(!browser.scrolls_sideways().await);
    browser.press("continue").await;
    assert_eq!(browser.text("who").await, "zoe Essai");
    assert!(browser.client.current_url().await.unwrap().as_str().starts_with(&school.portal.address));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: make test"]
async fn the_gradebook_gives_its_own_notice_and_gets_the_pupil_back_at_the_page_that_was_asked_for() {
    let school = School::open().await;
    activate(&school.provider, "zoe").await;
    school.provider.order(Level::Change).await;
    let browser = Chromium::start(Kind::DESKTOP).await;

    browser.open(&format!("{}/notes/mathematiques", school.gradebook.address)).await;
    sign_in(&browser, "zoe", FIRST_PASSWORD).await;
    browser.see("notice").await;
    assert!(browser.client.current_url().await.unwrap().as_str().starts_with(&school.gradebook.address));
    browser.press("change-now").await;
    change(&browser, FIRST_PASSWORD).await;
    browser.press("continue").await;
    assert_eq!(browser.text("subject").await, "Mathématiques");
    assert_eq!(browser.text("who").await, "zoe Essai");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: make test"]
async fn stolen_passwords_open_nothing_and_the_code_of_a_slip_opens_the_change_page() {
    let school = School::open().await;
    activate(&school.provider, "zoe").await;
    school.provider.order(Level::Recover).await;
    let slip = school.provider.slip("zoe").await;
    let browser = Chromium::start(Kind::PHONE).await;

    browser.open(&format!("{}/notes/francais", school.gradebook.address)).await;
    sign_in(&browser, "zoe", FIRST_PASSWORD).await;
    browser.see("errors").await;
    assert_eq!(browser.see("login").await.prop("value").await.unwrap().as_deref(), Some("zoe"));
    browser.fill("password", &slip).await;
    browser.press("sign-in").await;
    browser.see("new_password").await;
    assert!(!browser.has("current_password").await);
    browser.fill("new_password", NEW_PASSWORD).await;
    browser.fill("confirmation", NEW_PASSWORD).await;
    browser.press("next").await;
    browser.press("continue").await;
    assert_eq!(browser.text("subject").await, "Français");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: make test"]
async fn the_change_needs_no_scripts() {
    let school = School::open().await;
    activate(&school.provider, "zoe").await;
    school.provider.order(Level::Change).await;
    let browser = Chromium::start(Kind { scripts: false, ..Kind::PHONE }).await;

    browser.open(&school.portal.address).await;
    browser.press("sign-in").await;
    sign_in(&browser, "zoe", FIRST_PASSWORD).await;
    browser.fill("current_password", FIRST_PASSWORD).await;
    browser.fill("new_password", "chat").await;
    browser.fill("confirmation", "chat").await;
    assert_eq!(browser.see("rule-lower").await.attr("data-state").await.unwrap(), None, "no script runs");
    browser.press("next").await;
    browser.see("errors").await;
    change(&browser, FIRST_PASSWORD).await;
    browser.press("continue").await;
    assert_eq!(browser.text("who").await, "zoe Essai");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: make test"]
async fn the_change_needs_no_mouse() {
    let school = School::open().await;
    activate(&school.provider, "zoe").await;
    school.provider.order(Level::Change).await;
    let browser = Chromium::start(Kind::DESKTOP).await;
    let enter = Key::Enter.to_string();

    browser.open(&school.portal.address).await;
    browser.tab_to("sign-in").await;
    browser.keys(&enter).await;
    for (field, typed) in [("login", "zoe"), ("password", FIRST_PASSWORD)] {
        browser.tab_to(field).await;
        browser.keys(typed).await;
    }
    browser.keys(&enter).await;
    let current = ("current_password", FIRST_PASSWORD);
    for (field, typed) in [current, ("new_password", NEW_PASSWORD), ("confirmation", NEW_PASSWORD)] {
        browser.tab_to(field).await;
        browser.keys(typed).await;
    }
    browser.tab_to("next").await;
    browser.keys(&enter).await;
    browser.tab_to("continue").await;
    browser.keys(&enter).await;
    assert_eq!(browser.text("who").await, "zoe Essai");
}
