//! Spring 2024 as operators ought to have lived it, from the import to the report. `make screenshots` keeps what they see for
//! docs/operator.md.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ecluse::domain::operator::Role;
use ecluse::flows::import_accounts::import_accounts;
use ecluse::flows::import_territories::import_territories;
use ecluse::flows::reset_order::roll_up::round;

use super::desk::Desk;
use super::sign_in;
use crate::chromium::{Chromium, Kind};
use crate::on_paper::Pdf;
use crate::pictures;
use crate::provider::{FIRST_PASSWORD, Provider, Wish, operator};
use crate::sign_in::activate;

const NEW_PASSWORD: &str = "Peuplier-vert7";
const PLACES: &str = "code;kind;parent;name\n\
    uai:0790003B;school;departement:086;Collège du Marais\n\
    class:0790003B/4A;class;;4A\n\
    class:0790003B/4B;class;;4B\n\
    uai:0790004C;school;departement:086;Lycée des Peupliers\n\
    class:0790004C/2nde1;class;;2nde 1\n\
    uai:0790005D;school;departement:086;Collège de la Venise verte\n\
    class:0790005D/6C;class;;6C\n";
/// Pupils of a class, and for each a guardian.
const CLASSES: [(&str, &str, [&str; 4]); 4] = [
    ("0790003B", "4A", ["Inès Barrault", "Hugo Chauvet", "Manon Déribier", "Yanis Fouquereau"]),
    ("0790003B", "4B", ["Rose Gaborit", "Adam Hervouet", "Lise Jousselin", "Paul Lucquiaud"]),
    ("0790004C", "2nde1", ["Maya Métayer", "Louis Nivet", "Jade Ouvrard", "Noah Pelletier"]),
    ("0790005D", "6C", ["Anna Quintard", "Tom Rivasseau", "Eva Simonneau", "Léo Texereau"]),
];

/// What somebody called so types.
fn login(name: &str) -> String {
    let plain = name.to_lowercase().replace(['é', 'è'], "e");
    plain.replace(' ', ".")
}

/// The three schools' files.
async fn import(provider: &Provider) {
    let mut people = "source;key;login;given_name;family_name;profile;uai;classes;guardian_of\n".to_owned();
    for (school, class, pupils) in CLASSES {
        for name in pupils {
            let (given, family) = name.split_once(' ').unwrap();
            let login = login(name);
            writeln!(people, "A;{login};{login};{given};{family};National_ELV;{school};{class};").unwrap();
            writeln!(people, "A;p.{login};p.{login};Dominique;{family};National_TUT;;;{login}").unwrap();
        }
    }
    let ctx = &provider.ctx;
    import_territories(ctx, &operator(), PLACES.as_bytes()).await.unwrap();
    let report = import_accounts(ctx, &operator(), people.as_bytes(), false, |_| {}).await.unwrap();
    assert_eq!(report.errors.count, 0);
}

/// What is kept as a picture, if pictures are wanted.
struct Album(Option<PathBuf>);

impl Album {
    fn open() -> Self {
        let folder = std::env::var_os("ECLUSE_PICTURES");
        Self(folder.map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)))
    }

    async fn keep(&self, name: &str, browser: &Chromium) {
        if let Some(folder) = &self.0 {
            pictures::keep(folder, &format!("operator-{name}"), browser).await;
        }
    }
}

/// Chooses a new password with the code of a slip, and is told that it was accepted.
async fn change_by(provider: &Provider, login: &str, code: &str) {
    let browser = Chromium::start(Kind::PHONE).await;
    browser.open(&format!("{}/login", provider.issuer)).await;
    sign_in(&browser, login, code).await;
    browser.fill("new_password", NEW_PASSWORD).await;
    browser.fill("confirmation", NEW_PASSWORD).await;
    browser.press("next").await;
    browser.see("continue").await;
    assert_eq!(browser.heading().await, "Votre mot de passe a été changé avec succès");
}

async fn order(anne: &Desk<'_>, album: &Album) -> String {
    let browser = &anne.browser;
    anne.go("/orders/new").await;
    browser.fill("other", "departement:086").await;
    for profile in ["National_ELV", "National_TUT"] {
        browser.see_css(&format!("[name='profile.{profile}']")).await.click().await.unwrap();
    }
    browser.see_css("[name=level][value=recover]").await.click().await.unwrap();
    // A date is typed in many ways; what a browser sends is one.
    let script = "document.getElementById('deadline').value = '2026-12-05T18:00'";
    browser.client.execute(script, Vec::new()).await.unwrap();
    browser.fill("reason", "Menaces envoyées par des comptes volés").await;
    album.keep("new-order", browser).await;
    browser.press("check-order").await;
    let covered = browser.text("covered").await;
    browser.fill("confirmed", &covered).await;
    album.keep("check", browser).await;
    browser.press("issue-order").await;
    assert_eq!(browser.text("state").await, "Attend une approbation");
    covered
}

/// Codes by login, of the document that the school's office prints for its class 4A.
async fn slips(office: &Desk<'_>, album: &Album) -> BTreeMap<String, String> {
    let browser = &office.browser;
    office.go("/places").await;
    browser.see("profiles").await;
    assert_eq!(browser.heading().await, "Collège du Marais");
    album.keep("school", browser).await;
    browser.follow("4A").await;
    browser.see("counts").await;
    assert_eq!(browser.text("left").await, "8");
    browser.press("print-submit").await;
    let document = Pdf::open(browser.downloaded().await);
    let is_code = |line: &&str| line.split('-').map(str::len).eq([4, 4, 4]) && line.to_uppercase() == *line;
    let slips = document.read_out().into_iter().map(|slip| {
        let code = slip.lines().find(is_code).unwrap_or_else(|| panic!("{slip}")).to_owned();
        let login = slip.lines().find(|line| line.contains('.') && !line.contains(' '));
        (login.unwrap_or_else(|| panic!("{slip}")).to_owned(), code)
    });
    slips.collect()
}

/// Ticks one slip as handed over.
async fn hand_over(office: &Desk<'_>, provider: &Provider, login: &str, album: &Album) {
    let browser = &office.browser;
    browser.client.refresh().await.unwrap();
    browser.press(&format!("who-{}", provider.person(login).await.facts.account.0)).await;
    album.keep("class", browser).await;
    browser.press("hand-over").await;
    browser.see("told").await;
}

/// The first page says what is left to do, and leads to somebody by name.
async fn today(office: &Desk<'_>, album: &Album) {
    let browser = &office.browser;
    office.go("").await;
    let campaigns = browser.see_css("[aria-labelledby=campaigns]").await.text().await.unwrap();
    assert!(campaigns.contains("3 sur 16 ont choisi un nouveau mot de passe"), "{campaigns}");
    album.keep("today", browser).await;
    browser.fill("q", "barrault").await;
    browser.press("search").await;
    browser.see_css("tbody a").await.click().await.unwrap();
    browser.see("gate").await;
    album.keep("person", browser).await;
}

/// The number of those who chose a new password, as the order's page has it now.
async fn done(provider: &Provider, desk: &Desk<'_>) -> String {
    provider.clock.advance(Duration::from_mins(1));
    round(&provider.ctx).await.unwrap();
    desk.browser.client.refresh().await.unwrap();
    desk.browser.text("done").await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium, chromedriver and pdftotext: make test"]
async fn of_threats_from_stolen_accounts_until_everybody_is_back() {
    let album = Album::open();
    let provider = Provider::start_with(Wish::settings(|settings| settings.orders.approval_above = 20)).await;
    import(&provider).await;
    for login in ["ines.barrault", "hugo.chauvet", "p.ines.barrault", "maya.metayer"] {
        activate(&provider, login).await;
    }
    let anne = Desk::open(&provider, Kind::DESKTOP, ("anne", Role::Authority, "academie:13")).await;
    let bruno = Desk::open(&provider, Kind::DESKTOP, ("bruno", Role::Authority, "academie:13")).await;
    let office =
        Desk::open(&provider, Kind::DESKTOP, ("secretariat", Role::SchoolAdmin, "uai:0790003B")).await;

    // One writes it, another approves it.
    let covered = order(&anne, &album).await;
    assert_eq!(covered, "34", "sixteen pupils and a guardian each, and two who were there");
    bruno.go("").await;
    bruno.browser.see_css(".orders a").await.click().await.unwrap();
    bruno.browser.see("approve-submit").await;
    album.keep("approve", &bruno.browser).await;
    bruno.browser.press("approve-submit").await;
    bruno.browser.see("cancel-submit").await;
    assert_eq!(bruno.browser.text("state").await, "En vigueur");

    // The thief types what was stolen.
    let thief = Chromium::start(Kind::PHONE).await;
    thief.open(&format!("{}/login", provider.issuer)).await;
    sign_in(&thief, "ines.barrault", FIRST_PASSWORD).await;
    thief.see("errors").await;

    // The office prints for a class, and hands over.
    let slips = slips(&office, &album).await;
    assert_eq!(slips.len(), 8, "{:?}", slips.keys());
    for login in ["ines.barrault", "hugo.chauvet", "p.ines.barrault"] {
        hand_over(&office, &provider, login, &album).await;
        change_by(&provider, login, &slips[login]).await;
    }
    sign_in(&thief, "hugo.chauvet", &slips["hugo.chauvet"]).await;
    thief.see("errors").await;

    anne.browser.client.refresh().await.unwrap();
    assert_eq!(done(&provider, &anne).await, "3 sur 34 ont choisi un nouveau mot de passe");
    album.keep("progress", &anne.browser).await;
    anne.browser.follow("Collège du Marais").await;
    anne.browser.see("by-class").await;
    album.keep("progress-school", &anne.browser).await;
    assert_eq!(anne.browser.text("done").await, "3 sur 16 ont choisi un nouveau mot de passe");

    office.browser.client.refresh().await.unwrap();
    assert_eq!(office.browser.text("used").await, "3");
    assert_eq!(office.browser.text("left").await, "5");
    today(&office, &album).await;

    // Two weeks later the deadline has passed, and the campaign is closed.
    provider.clock.advance(Duration::from_hours(15 * 24));
    anne.come_back("anne").await;
    anne.browser.follow("Ordres de réinitialisation").await;
    anne.browser.follow("Vienne").await;
    anne.browser.press("close-submit").await;
    assert_eq!(anne.browser.text("state").await, "Clos");
    provider.clock.advance(Duration::from_mins(1));
    round(&provider.ctx).await.unwrap();
    anne.browser.press("report").await;
    let standing = anne.browser.text("standing").await;
    assert!(standing.starts_with("Compte définitif"), "{standing}");
    assert_eq!((anne.browser.text("done").await, anne.browser.text("left").await), ("3".into(), "31".into()));
    assert!(anne.browser.text("approved").await.starts_with("bruno"));
    album.keep("report", &anne.browser).await;
}
