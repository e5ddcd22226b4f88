use askama::Template;

use super::login::Retry;
use super::{Frame, Link};
use crate::domain::password::{PasswordRules, Violation};
use crate::domain::territory::TerritoryKind;
use crate::flows::change_password::ChangeProblem;
use crate::flows::interaction::advance::OrderedBy;
use crate::web::pages::text::Language;

/// The page where a new password is chosen, because the gate is closed or because its owner wants to.
#[derive(Template)]
#[template(path = "change.html")]
pub struct ChangePage<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Where the form is posted to.
    pub action: &'a str,
    /// The value that binds the form to the browser's session.
    pub csrf: &'a str,
    /// Where giving up is posted to; absent where there is nothing to give up.
    pub cancel: Option<&'a str>,
    /// The account's login, shown and given to password managers.
    pub login: &'a str,
    /// The service the person goes to afterwards.
    pub service: Option<&'a str>,
    /// Why the password must change.
    pub why: Why<'a>,
    /// What opened this page.
    pub proof: Proof,
    /// The rules in force for this account.
    pub rules: &'a PasswordRules,
    /// What was wrong with the last attempt, in the order it is to be told.
    pub problems: &'a [ChangeProblem],
    /// When the current password may be tried again, if it was tried too often.
    pub throttled: Option<Retry<'a>>,
    /// Whole minutes the page stays valid for.
    pub minutes: Option<u32>,
}

/// Why the password must change, as the person is told. A relying party is never told.
#[derive(Clone, Copy)]
pub enum Why<'a> {
    /// An authority's order covers the account.
    Ordered {
        /// Whose order.
        by: &'a OrderedBy,
        /// The day it came into force, from `Language::date`.
        on: Option<&'a str>,
    },
    /// Someone in charge of the account asks for it.
    Individual,
    /// The maximum lifetime of the profile is over.
    Expired,
    /// The rules are stricter than when the password was chosen.
    RulesTightened,
    /// The password is known to others.
    Compromised,
    /// The account has no password yet.
    NotActivated,
    /// Its owner asked.
    Voluntary,
}

/// What opened the change page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The password in use, which is asked again.
    Password,
    /// A printed code: no password is asked.
    Code,
}

/// A field of the change form, by the name it is posted under, which is its `id` too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `current_password`
    Current,
    /// `new_password`
    New,
    /// `confirmation`
    Confirmation,
}

/// A field as `secret.html` prints it.
struct Secret {
    name: &'static str,
    label: String,
    completion: &'static str,
    described: String,
    wrong: Vec<String>,
}

/// What says that the password is changed, with one way on.
#[derive(Template)]
#[template(path = "changed.html")]
pub struct ChangedPage<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Where to go from here.
    pub next: Next<'a>,
}

/// Where a person goes after the change.
#[derive(Clone, Copy, Debug)]
pub enum Next<'a> {
    /// On to the service that was asked for.
    Service(Link<'a>),
    /// To sign in again with the new password, for deployments that want it so.
    SignIn {
        /// The service that asked, if one did.
        service: Option<&'a str>,
        /// Where one signs in.
        href: &'a str,
    },
    /// Back to the provider's own first page.
    Home {
        /// Its address.
        href: &'a str,
    },
}

impl ChangePage<'_> {
    fn title(&self) -> String {
        self.frame.text(if matches!(self.why, Why::NotActivated) { "choose-title" } else { "change-title" })
    }

    fn reason(&self) -> String {
        let language = self.frame.language;
        match self.why {
            Why::Ordered { by, on: Some(day) } => language.text_with(
                "why-ordered-on",
                &[("authority", authority(by, language).as_str()), ("day", day)],
            ),
            Why::Ordered { by, on: None } => {
                language.text_with("why-ordered", &[("authority", authority(by, language))])
            }
            Why::Individual => language.text("why-individual"),
            Why::Expired => language.text("why-expired"),
            Why::RulesTightened => language.text("why-rules-tightened"),
            Why::Compromised => language.text("why-compromised"),
            Why::NotActivated => language.text("why-not-activated"),
            Why::Voluntary => language.text("why-voluntary"),
        }
    }

    fn onward(&self, service: &str) -> String {
        self.frame.language.text_with("change-onward", &[("service", service)])
    }

    fn give_up(&self) -> String {
        match self.service {
            Some(service) => self.frame.language.text_with("cancel-toward", &[("service", service)]),
            None => self.frame.text("cancel"),
        }
    }

    fn time_limit(&self) -> Option<(u32, String)> {
        let left = self.minutes?;
        let minutes = self.frame.language.text_with("minutes", &[("count", left)]);
        Some((left, self.frame.language.text_with("change-time-limit", &[("minutes", minutes)])))
    }

    fn length_rule(&self) -> String {
        self.frame.language.text_with("rule-length", &[("min", self.rules.min_length)])
    }

    fn asks_current(&self) -> bool {
        self.proof == Proof::Password
    }

    /// What the summary says, each with the field it leads to.
    fn complaints(&self) -> Vec<(&'static str, String)> {
        let throttled = self.throttled.map(|retry| (Field::Current.name(), retry.sentence(self.frame)));
        let broken = self.problems.iter().map(|problem| (Field::of(*problem).name(), self.message(*problem)));
        throttled.into_iter().chain(broken).collect()
    }

    fn complaints_title(&self, complaints: &[(&'static str, String)]) -> String {
        self.frame.language.text_with("errors-title", &[("count", complaints.len())])
    }

    fn secret(&self, field: Field) -> Secret {
        let (label, completion, described) = match field {
            Field::Current => ("change-current", "current-password", ""),
            Field::New => ("change-new", "new-password", "rules"),
            Field::Confirmation => ("change-confirmation", "new-password", ""),
        };
        let wrong = self.problems.iter().filter(|problem| Field::of(**problem) == field);
        let wrong: Vec<_> = wrong.map(|problem| self.message(*problem)).collect();
        let error = if wrong.is_empty() { String::new() } else { format!("{}-error", field.name()) };
        let described =
            [error.as_str(), described].into_iter().filter(|id| !id.is_empty()).collect::<Vec<_>>();
        Secret {
            name: field.name(),
            label: self.frame.text(label),
            completion,
            described: described.join(" "),
            wrong,
        }
    }

    fn message(&self, problem: ChangeProblem) -> String {
        let language = self.frame.language;
        match problem {
            ChangeProblem::CurrentWrong => language.text("problem-current-wrong"),
            ChangeProblem::Empty => language.text("problem-empty"),
            ChangeProblem::Mismatch => language.text("problem-mismatch"),
            ChangeProblem::Rule(violation) => match violation {
                Violation::TooShort => {
                    language.text_with("violation-too-short", &[("min", self.rules.min_length)])
                }
                Violation::TooLong => {
                    language.text_with("violation-too-long", &[("max", self.rules.max_length)])
                }
                Violation::NoUpper => language.text("violation-no-upper"),
                Violation::NoLower => language.text("violation-no-lower"),
                Violation::NoDigit => language.text("violation-no-digit"),
                Violation::NoSpecial => language.text("violation-no-special"),
                Violation::ContainsLogin => language.text("violation-contains-login"),
                Violation::SameAsCurrent => language.text("violation-same-as-current"),
                Violation::IsCode => language.text("violation-is-code"),
            },
        }
    }
}

impl Field {
    /// The field to go to and correct.
    const fn of(problem: ChangeProblem) -> Self {
        match problem {
            ChangeProblem::CurrentWrong => Self::Current,
            ChangeProblem::Empty | ChangeProblem::Rule(_) => Self::New,
            ChangeProblem::Mismatch => Self::Confirmation,
        }
    }

    /// The name it is posted under.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Current => "current_password",
            Self::New => "new_password",
            Self::Confirmation => "confirmation",
        }
    }
}

/// The authority over a territory, as the subject of a sentence.
pub(super) fn authority(by: &OrderedBy, language: Language) -> String {
    let name = by.name.as_str();
    match by.kind {
        TerritoryKind::Ministry => language.text("authority-ministry"),
        TerritoryKind::Academie => language.text_with("authority-academie", &[("of", language.of(name))]),
        TerritoryKind::Departement => language.text_with("authority-departement", &[("name", name)]),
        TerritoryKind::School => language.text_with("authority-school", &[("name", name)]),
        TerritoryKind::Class => language.text_with("authority-class", &[("name", name)]),
    }
}

impl ChangedPage<'_> {
    fn onward(&self) -> String {
        let language = self.frame.language;
        match self.next {
            Next::Service(service) => language.text_with("changed-continue", &[("service", service.name)]),
            Next::SignIn { .. } => language.text("changed-sign-in"),
            Next::Home { .. } => language.text("changed-home"),
        }
    }

    fn explanation(&self) -> String {
        let language = self.frame.language;
        match self.next {
            Next::Service(_) | Next::Home { .. } => language.text("changed-valid"),
            Next::SignIn { service: Some(service), .. } => {
                language.text_with("changed-use-it", &[("service", service)])
            }
            Next::SignIn { service: None, .. } => language.text("changed-use-it-here"),
        }
    }

    fn href(&self) -> &str {
        match self.next {
            Next::Service(service) => service.href,
            Next::SignIn { href, .. } | Next::Home { href } => href,
        }
    }
}
