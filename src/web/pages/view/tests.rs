//! Renders every page in every language and checks what a reader of the HTML would.
//!
//! With `ECLUSE_RENDER_DIR` set, the pages and their files are also written there, to be looked at.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use askama::Template;

use super::*;

#[path = "console_tests.rs"]
mod console;

use crate::domain::password::{PasswordRules, Violation};
use crate::domain::territory::TerritoryKind;
use crate::domain::timestamp::Timestamp;
use crate::flows::change_password::ChangeProblem;
use crate::flows::interaction::advance::OrderedBy;
use crate::flows::password_history::{PasswordHistory, Reset};
use crate::web::pages::assets::{asset_path, lookup};

const RULES: PasswordRules = PasswordRules {
    min_length: 8,
    max_length: 256,
    upper: true,
    lower: true,
    digit: true,
    special: true,
    without_login: true,
};
const HOSTILE: &str = "<b onclick='x'>\"PRONOTE\" & co</b>";

static POITIERS: LazyLock<OrderedBy> = LazyLock::new(|| ordered_by(TerritoryKind::Academie, "Poitiers"));

fn ordered_by(kind: TerritoryKind, name: &str) -> OrderedBy {
    OrderedBy { kind, name: name.to_owned(), since: None }
}

fn frame(language: Language) -> Frame<'static> {
    Frame {
        language,
        name: "Connexion Poitou",
        origin: "https://connexion.exemple.fr",
        switch: Some("/interaction/u?ui_locales=en"),
    }
}

fn login(language: Language) -> LoginPage<'static> {
    LoginPage {
        frame: frame(language),
        action: "/interaction/u/login",
        csrf: "c",
        service: Some("PRONOTE – Collège Jean-Moulin"),
        notice: None,
        login: "",
        refusal: None,
        cancel: Some("/interaction/u/cancel"),
    }
}

fn change(language: Language) -> ChangePage<'static> {
    ChangePage {
        frame: frame(language),
        action: "/interaction/u/password",
        csrf: "c",
        cancel: Some("/interaction/u/cancel"),
        login: "lea.martin",
        service: Some("PRONOTE – Collège Jean-Moulin"),
        why: Why::Ordered { by: &POITIERS, on: Some("13 avril 2024") },
        proof: Proof::Password,
        rules: &RULES,
        problems: &[],
        throttled: None,
        minutes: Some(10),
    }
}

fn page(pages: &mut Vec<(String, String)>, name: &str, template: &impl Template, language: Language) {
    pages.push((format!("{name}.{}.html", language.tag()), template.render().unwrap()));
}

fn login_pages(pages: &mut Vec<(String, String)>, language: Language) {
    let retry = Retry { minutes: 3, clock: "8 h 05" };
    let notice = "Le rectorat de Poitiers a réinitialisé les mots de passe des élèves et des responsables.";
    page(pages, "login", &login(language), language);
    let refused = LoginPage {
        refusal: Some(Refusal::Incorrect),
        notice: Some(notice),
        login: "lea.martin",
        ..login(language)
    };
    page(pages, "login-refused", &refused, language);
    let throttled = LoginPage { refusal: Some(Refusal::Throttled(retry)), ..login(language) };
    page(pages, "login-throttled", &throttled, language);
    let bare = LoginPage { service: None, cancel: None, ..login(language) };
    page(pages, "login-bare", &bare, language);
    let hostile =
        LoginPage { service: Some(HOSTILE), login: HOSTILE, notice: Some(HOSTILE), ..login(language) };
    page(pages, "login-hostile", &hostile, language);
}

fn change_pages(pages: &mut Vec<(String, String)>, language: Language) {
    let authorities = [
        ordered_by(TerritoryKind::Ministry, "France"),
        ordered_by(TerritoryKind::Academie, "Amiens"),
        ordered_by(TerritoryKind::Departement, "Vienne"),
        ordered_by(TerritoryKind::School, "Collège Jean-Moulin"),
        ordered_by(TerritoryKind::Class, "6A"),
    ];
    let ordered = authorities.iter().map(|by| Why::Ordered { by, on: None });
    let others = [Why::Individual, Why::Expired, Why::RulesTightened, Why::Compromised, Why::NotActivated];
    page(pages, "change", &change(language), language);
    for (number, why) in ordered.chain(others).enumerate() {
        let asked = ChangePage { why, minutes: Some(1), ..change(language) };
        page(pages, &format!("change-why-{number}"), &asked, language);
    }
    let first = ChangePage { why: Why::NotActivated, proof: Proof::Code, ..change(language) };
    page(pages, "change-code", &first, language);
    let voluntary =
        ChangePage { why: Why::Voluntary, cancel: None, service: None, minutes: None, ..change(language) };
    page(pages, "change-voluntary", &voluntary, language);
    let problems = [
        ChangeProblem::CurrentWrong,
        ChangeProblem::Empty,
        ChangeProblem::Rule(Violation::TooShort),
        ChangeProblem::Rule(Violation::TooLong),
        ChangeProblem::Rule(Violation::NoUpper),
        ChangeProblem::Rule(Violation::NoLower),
        ChangeProblem::Rule(Violation::NoDigit),
        ChangeProblem::Rule(Violation::NoSpecial),
        ChangeProblem::Rule(Violation::ContainsLogin),
        ChangeProblem::Rule(Violation::SameAsCurrent),
        ChangeProblem::Rule(Violation::IsCode),
        ChangeProblem::Mismatch,
    ];
    let all = ChangePage {
        problems: &problems,
        throttled: Some(Retry { minutes: 1, clock: "8 h 05" }),
        service: Some(HOSTILE),
        login: HOSTILE,
        ..change(language)
    };
    page(pages, "change-everything-wrong", &all, language);
    let some = ChangePage {
        problems: &[ChangeProblem::Rule(Violation::NoDigit), ChangeProblem::Mismatch],
        ..change(language)
    };
    page(pages, "change-wrong", &some, language);
}

fn other_pages(pages: &mut Vec<(String, String)>, language: Language) {
    let frame = frame(language);
    let service = Link { name: "PRONOTE – Collège Jean-Moulin", href: "https://pronote.exemple.fr/" };
    let nexts = [
        ("changed", Next::Service(service)),
        ("changed-home", Next::Home { href: "/" }),
        ("changed-sign-in", Next::SignIn { service: None, href: "/login" }),
        ("changed-sign-in-service", Next::SignIn { service: Some("ENEJ"), href: "/login" }),
    ];
    for (name, next) in nexts {
        page(pages, name, &ChangedPage { frame, next }, language);
    }
    let home = HomePage {
        frame,
        notice: None,
        login: None,
        told: &[],
        change: "/account/password",
        logout: "/logout",
    };
    page(pages, "home", &home, language);
    let history = PasswordHistory {
        chosen_at: Some(Timestamp::from_seconds(0)),
        reset: Some(Reset::Individual { at: Timestamp::from_seconds(0) }),
    };
    let told = told(language, &history, |_| HOSTILE.to_owned());
    let home = HomePage { login: Some("lea.martin"), notice: Some("Information"), told: &told, ..home };
    page(pages, "home-signed-in", &home, language);
    let logout = LogoutPage {
        frame,
        action: "/logout",
        csrf: "c",
        hidden: &[("state", "xyz")],
        login: "lea.martin",
        service: None,
        stay: "/",
    };
    page(pages, "logout", &logout, language);
    page(pages, "logout-asked", &LogoutPage { service: Some("PRONOTE"), ..logout }, language);
    page(pages, "logged-out", &LoggedOutPage { frame, back: None }, language);
    page(pages, "logged-out-back", &LoggedOutPage { frame, back: Some(service) }, language);
    for trouble in Trouble::ALL {
        let told = TroublePage {
            frame: Frame { switch: None, ..frame },
            trouble,
            back: Some(service),
            detail: Some("redirect_uri is not registered for this client"),
            reference: Some("01919c2e-7a3b"),
        };
        page(pages, &format!("trouble-{trouble:?}").to_lowercase(), &told, language);
    }
    for (name, signal) in [("developer-required", Signal::Required), ("developer-declined", Signal::Declined)]
    {
        page(pages, name, &DeveloperPage { frame, signal, issuer: "https://connexion.exemple.fr" }, language);
    }
}

fn every_page() -> Vec<(String, String)> {
    let mut pages = Vec::new();
    for language in Language::ALL {
        login_pages(&mut pages, language);
        change_pages(&mut pages, language);
        other_pages(&mut pages, language);
        console::pages(&mut pages, language);
    }
    pages
}

/// The opening tags of a page, each with its attributes, as written.
fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag)
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

#[test]
fn every_page_is_sound_html_for_a_reader() {
    for (name, html) in every_page() {
        let language = name.rsplit('.').nth(1).unwrap();
        assert!(html.contains(&format!("<html lang=\"{language}\">")), "{name}: lang");
        assert_eq!(html.matches("<h1").count(), 1, "{name}: one h1");
        assert_eq!(html.matches("<main").count(), 1, "{name}: one main");
        let title = html.split_once("<title>").unwrap().1.split_once("</title>").unwrap().0;
        assert!(title.ends_with(" – Connexion Poitou") && title.len() > 22, "{name}: title {title}");
        let ids: Vec<_> = tags(&html).filter_map(|tag| attribute(tag, "id")).collect();
        let known: BTreeSet<_> = ids.iter().copied().collect();
        assert_eq!(ids.len(), known.len(), "{name}: each id once");
        for tag in tags(&html) {
            let referred = ["for", "aria-describedby", "aria-labelledby"];
            for id in referred.iter().filter_map(|name| attribute(tag, name)).flat_map(str::split_whitespace)
            {
                assert!(known.contains(id), "{name}: {id} is referred to in <{tag}>");
            }
            if tag.starts_with("input") && attribute(tag, "type") != Some("hidden") {
                let id = attribute(tag, "id").unwrap();
                assert!(html.contains(&format!("<label for=\"{id}\">")), "{name}: {id} has a label");
                assert!(attribute(tag, "autocomplete").is_some(), "{name}: {id} says its purpose");
            }
            if let Some(link) = attribute(tag, "href").and_then(|href| href.strip_prefix('#')) {
                assert!(known.contains(link), "{name}: {link} is linked to");
            }
        }
    }
}

#[test]
fn nothing_on_a_page_needs_more_than_the_content_security_policy_grants() {
    for (name, html) in every_page() {
        for tag in tags(&html) {
            assert!(
                !tag.starts_with("style") && attribute(tag, "style").is_none(),
                "{name}: style in <{tag}>"
            );
            assert!(!tag.starts_with("script") || attribute(tag, "src").is_some(), "{name}: inline script");
            assert!(
                !tag.split('"').step_by(2).any(|outside| outside.contains(" on")),
                "{name}: a handler in <{tag}>"
            );
            for file in [attribute(tag, "src"), attribute(tag, "href")].into_iter().flatten() {
                if let Some(file) = file.strip_prefix("/assets/") {
                    assert!(lookup(file).is_some(), "{name}: {file}");
                }
            }
            let loads = tag.starts_with("script") || tag.starts_with("img") || tag.starts_with("link");
            let from = attribute(tag, "src").or_else(|| attribute(tag, "href"));
            assert!(!loads || from.is_some_and(|from| from.starts_with("/assets/")), "{name}: <{tag}>");
        }
        assert!(!html.contains("<b onclick"), "{name}: what a person wrote is escaped");
    }
}

#[test]
fn no_page_shows_the_key_of_a_message_or_an_empty_place() {
    let keys = crate::web::pages::text::keys(Language::French);
    for (name, html) in every_page() {
        let texts = html.split('>').map(|rest| rest.split('<').next().unwrap_or_default());
        let spoken = html.split(" data-").skip(1).filter_map(|rest| rest.split('"').nth(1));
        for text in texts.chain(spoken) {
            let text = text.trim();
            assert!(!text.contains("Unknown localization") && !text.contains("{ $"), "{name}: {text}");
            assert!(!text.contains('-') || !keys.contains(text), "{name}: the key {text}");
        }
        assert!(!html.contains("<p></p>") && !html.contains("<li></li>"), "{name}: an empty element");
    }
}

#[test]
fn the_pages_say_the_same_in_each_language_and_in_other_words() {
    let pages = every_page();
    let (french, english) = pages.split_at(pages.len() / 2);
    for ((name, french), (_, english)) in french.iter().zip(english) {
        let shape = |html: &str| {
            tags(html).filter_map(|tag| tag.split([' ', '/']).next().map(str::to_owned)).collect::<Vec<_>>()
        };
        assert_eq!(shape(french), shape(english), "{name}");
        assert_ne!(french, english, "{name}");
    }
}

#[test]
fn a_refused_field_is_announced_and_linked_from_the_summary() {
    let problems = [ChangeProblem::Rule(Violation::NoDigit), ChangeProblem::Mismatch];
    let html = ChangePage { problems: &problems, ..change(Language::English) }.render().unwrap();
    assert!(html.contains("<title>Error: "));
    assert!(html.contains("<a href=\"#new_password\">The password must have at least one digit.</a>"));
    let new = tags(&html).find(|tag| attribute(tag, "id") == Some("new_password")).unwrap();
    assert_eq!(attribute(new, "aria-invalid"), Some("true"));
    assert_eq!(attribute(new, "aria-describedby"), Some("new_password-error rules"));
    let current = tags(&html).find(|tag| attribute(tag, "id") == Some("current_password")).unwrap();
    assert_eq!(attribute(current, "aria-invalid"), None);
}

#[test]
fn after_a_code_no_password_is_asked() {
    let html = ChangePage { proof: Proof::Code, ..change(Language::French) }.render().unwrap();
    assert!(!html.contains("current_password"));
    assert!(html.contains("différent de votre code"));
}

#[test]
fn the_pages_can_be_looked_at() {
    let Some(folder) = std::env::var_os("ECLUSE_RENDER_DIR") else { return };
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder.join("assets")).unwrap();
    for name in ["ecluse.css", "console.css", "ecluse.js", "logo.svg", "favicon.svg"] {
        let path = asset_path(name);
        let file = path.strip_prefix("/assets/").unwrap();
        std::fs::write(folder.join("assets").join(file), lookup(file).unwrap().body).unwrap();
    }
    for (name, html) in every_page() {
        std::fs::write(folder.join(name), html).unwrap();
    }
}
