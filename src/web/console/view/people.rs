//! The pages about people.

use askama::Template;

use super::{Choice, Desk, role_key};
use crate::domain::audit_chain::{By, Line};
use crate::domain::gate::Closure;
use crate::domain::jurisdiction::Refusal;
use crate::domain::level::Level;
use crate::domain::operator::Role;
use crate::domain::profile::Profile;
use crate::domain::secret::Secret;
use crate::flows::account::AccountError;
use crate::flows::people::search::{Seen, State};
use crate::web::console::{Room, acts};
use crate::web::pages::view::Frame;

/// What is done from somebody's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Deed {
    /// A new code.
    Code,
    /// The code is printed again.
    Print,
    /// A change is forced; the old password opens the change page.
    Force,
    /// A change is forced; only a code opens the change page.
    Recover,
    /// The failures are forgotten.
    Unlock,
    /// Signed out everywhere.
    EndSessions,
    /// Kept from everything.
    Disable,
    /// Let in again.
    Enable,
    /// The second factor is taken away.
    Factor,
}

impl Deed {
    pub(in crate::web) const ALL: [Self; 9] = [
        Self::Print,
        Self::Code,
        Self::Unlock,
        Self::EndSessions,
        Self::Force,
        Self::Recover,
        Self::Disable,
        Self::Enable,
        Self::Factor,
    ];

    pub(in crate::web) const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Print => "print",
            Self::Force => "force",
            Self::Recover => "recover",
            Self::Unlock => "unlock",
            Self::EndSessions => "end-sessions",
            Self::Disable => "disable",
            Self::Enable => "enable",
            Self::Factor => "factor",
        }
    }

    pub(in crate::web) fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deed| deed.as_str() == text)
    }

    /// What was done.
    pub(in crate::web) const fn done_key(self) -> &'static str {
        self.keys().2
    }

    /// The button, what it does, and what was done.
    const fn keys(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Code => ("deed-code", "deed-code-what", "deed-code-done"),
            Self::Print => ("deed-print", "deed-print-what", "deed-print-done"),
            Self::Force => ("deed-force", "deed-force-what", "deed-force-done"),
            Self::Recover => ("deed-recover", "deed-recover-what", "deed-recover-done"),
            Self::Unlock => ("deed-unlock", "deed-unlock-what", "deed-unlock-done"),
            Self::EndSessions => ("deed-end-sessions", "deed-end-sessions-what", "deed-end-sessions-done"),
            Self::Disable => ("deed-disable", "deed-disable-what", "deed-disable-done"),
            Self::Enable => ("deed-enable", "deed-enable-what", "deed-enable-done"),
            Self::Factor => ("deed-factor", "deed-factor-what", "deed-factor-done"),
        }
    }
}

/// Somebody in a list.
pub(in crate::web) struct Row {
    pub(in crate::web) id: String,
    pub(in crate::web) name: String,
    pub(in crate::web) login: String,
    pub(in crate::web) places: String,
    pub(in crate::web) closure: Option<Closure>,
}

impl Row {
    pub(in crate::web) fn of(seen: &Seen) -> Self {
        let person = &seen.found.person;
        Self {
            id: person.facts.account.0.clone(),
            name: format!("{} {}", person.family_name, person.given_name),
            login: person.login.clone(),
            places: seen.found.places.clone(),
            closure: seen.standing.closure.clone(),
        }
    }

    fn must_change(&self) -> bool {
        must_change(self.closure.as_ref())
    }

    fn state(&self, frame: &Frame<'_>) -> String {
        frame.text(standing_key(self.closure.as_ref()))
    }
}

/// Whether somebody must choose a password: nothing that they choose opens a disabled account.
pub(super) fn must_change(closure: Option<&Closure>) -> bool {
    closure.is_some_and(|closure| *closure != Closure::Disabled)
}

/// How somebody stands, in a word or two.
pub(super) fn standing_key(closure: Option<&Closure>) -> &'static str {
    match closure {
        None => "standing-open",
        Some(Closure::Disabled) => "standing-disabled",
        Some(Closure::NotActivated) => "standing-not-activated",
        Some(closure) if closure.is_recover() => "standing-recover",
        Some(_) => "standing-change",
    }
}

/// The search, and who was found.
#[derive(Template)]
#[template(path = "console/people.html")]
pub(in crate::web) struct PeoplePage<'a> {
    pub(in crate::web) frame: Frame<'a>,
    pub(in crate::web) desk: Desk,
    /// None where nothing was looked for.
    pub(in crate::web) typed: Option<&'a str>,
    pub(in crate::web) profile: Option<Profile>,
    pub(in crate::web) state: Option<State>,
    /// The one place that is searched, where it is one: what it is called, and its code.
    pub(in crate::web) place: Option<(&'a str, &'a str)>,
    /// The same search everywhere.
    pub(in crate::web) everywhere: String,
    pub(in crate::web) rows: Vec<Row>,
    pub(in crate::web) next: Option<String>,
    /// Whether the operator may require a change of anybody.
    pub(in crate::web) requires: bool,
    /// Of how many a change has just been required.
    pub(in crate::web) required: Option<u64>,
}

impl PeoplePage<'_> {
    /// The profiles that may be looked for: the word, the name, and whether it is chosen.
    fn profiles(&self) -> Vec<(&'static str, String, bool)> {
        let choice = |profile: Profile| {
            (profile.as_str(), self.frame.text(profile_key(profile)), self.profile == Some(profile))
        };
        Profile::ALL.into_iter().map(choice).collect()
    }

    /// The same for the states.
    fn states(&self) -> Vec<(&'static str, String, bool)> {
        let states = [
            ("open", "standing-open"),
            ("closed", "state-closed"),
            ("not_activated", "state-not-activated"),
            ("ordered", "state-ordered"),
            ("individual", "state-individual"),
            ("expired", "state-expired"),
            ("rules_tightened", "state-rules-tightened"),
            ("compromised", "state-compromised"),
            ("disabled", "standing-disabled"),
        ];
        let is = |word| self.state.is_some_and(|state| state.as_str() == word);
        states.into_iter().map(|(word, key)| (word, self.frame.text(key), is(word))).collect()
    }

    fn told(&self) -> Option<String> {
        let count = self.required?;
        Some(self.frame.language.text_with("people-required", &[("count", count)]))
    }

    fn box_label(&self, row: &Row) -> String {
        self.frame.language.text_with("roll-choose", &[("name", row.name.as_str())])
    }
}

/// What was done to an account, ready to print.
pub(in crate::web) struct Lines {
    rows: Vec<(String, String, &'static str, String)>,
    /// The address of those before.
    older: Option<String>,
}

impl Lines {
    pub(in crate::web) fn of(room: &Room<'_>, history: &[Line], older: Option<String>) -> Self {
        let by = |line: &Line| match By::of(line) {
            By::Owner => "by-owner",
            By::Operator => "by-operator",
            By::Host => "by-host",
            By::System => "by-system",
        };
        let row = |line: &Line| {
            let at = room.language.date_and_time(&room.app.site.local(line.at));
            (at, acts::text(room.language, &line.act), by(line), line.reason.clone().unwrap_or_default())
        };
        Self { rows: history.iter().map(row).collect(), older }
    }

    #[cfg(test)]
    pub(in crate::web) fn sample(reason: &str) -> Self {
        let line = |by| ("13 avril".to_owned(), "code.issue".to_owned(), by, reason.to_owned());
        let rows = ["by-owner", "by-operator", "by-host", "by-system"].map(line).into();
        Self { rows, older: Some(reason.to_owned()) }
    }
}

/// One person.
#[derive(Template)]
#[template(path = "console/person.html")]
pub(in crate::web) struct PersonPage<'a> {
    pub(in crate::web) frame: Frame<'a>,
    pub(in crate::web) desk: Desk,
    pub(in crate::web) id: &'a str,
    pub(in crate::web) login: &'a str,
    pub(in crate::web) name: String,
    pub(in crate::web) closure: Option<&'a Closure>,
    /// Until when nothing that is typed is looked at.
    pub(in crate::web) waits: Option<String>,
    /// When the last code was printed or given, where it opens nothing any more.
    pub(in crate::web) lapsed: Option<String>,
    /// The page of the order that closes the gate.
    pub(in crate::web) order: Option<String>,
    /// Where the person is signed in, and since when.
    pub(in crate::web) visits: Option<Vec<(String, String)>>,
    /// Who somebody is where, with the address of a page about it.
    pub(in crate::web) places: &'a [(Profile, String, Option<String>)],
    /// Whether the person also belongs where the operator sees nobody.
    pub(in crate::web) elsewhere: bool,
    /// The lowest place above all that the person is, where that is why something is not offered.
    pub(in crate::web) wider: Option<String>,
    pub(in crate::web) roles: Vec<HeldRole>,
    /// Whether the person also has a role over such a place.
    pub(in crate::web) role_elsewhere: bool,
    /// The roles that may be given.
    pub(in crate::web) gives: &'a [Role],
    /// Where.
    pub(in crate::web) choices: Vec<Choice>,
    pub(in crate::web) deeds: Vec<Deed>,
    pub(in crate::web) lines: Option<Lines>,
    /// The message of what was done.
    pub(in crate::web) done: Option<&'static str>,
    pub(in crate::web) refused: Option<String>,
}

/// A role that the person holds.
pub(in crate::web) struct HeldRole {
    pub(in crate::web) role: Role,
    pub(in crate::web) place: String,
    /// The place's code, where the operator may take the role away.
    pub(in crate::web) code: Option<String>,
}

impl PersonPage<'_> {
    fn waits(&self) -> Option<String> {
        let time = self.waits.as_deref()?;
        Some(self.frame.language.text_with("person-waits", &[("time", time)]))
    }

    fn lapsed(&self) -> Option<String> {
        let time = self.lapsed.as_deref()?;
        Some(self.frame.language.text_with("person-slip-lapsed", &[("time", time)]))
    }

    fn wider(&self) -> Option<String> {
        let place = self.wider.as_deref()?;
        Some(self.frame.language.text_with("person-wider", &[("place", place)]))
    }

    fn state(&self) -> String {
        self.frame.text(match self.closure {
            None => "gate-open",
            Some(Closure::Disabled) => "gate-disabled",
            Some(Closure::NotActivated) => "gate-not-activated",
            Some(Closure::Ordered { level: Level::Change, .. }) => "gate-ordered-change",
            Some(Closure::Ordered { level: Level::Recover, .. }) => "gate-ordered-recover",
            Some(Closure::Individual { level: Level::Change }) => "gate-individual-change",
            Some(Closure::Individual { level: Level::Recover }) => "gate-individual-recover",
            Some(Closure::Expired) => "gate-expired",
            Some(Closure::RulesTightened) => "gate-rules-tightened",
            Some(Closure::Compromised) => "gate-compromised",
        })
    }

    fn role(&self, role: Role) -> String {
        self.frame.text(role_key(role))
    }

    fn profile(&self, profile: Profile) -> String {
        self.frame.text(profile_key(profile))
    }
}

/// Why nothing was done to somebody. `above` is the place from which it could be, where that lies above the operator.
pub(in crate::web) fn refused(frame: &Frame<'_>, error: &AccountError, above: &str) -> String {
    match error {
        AccountError::Disabled(_) => frame.text("refused-disabled"),
        AccountError::FederatedOnly(_) => frame.text("refused-federated"),
        AccountError::NotAllowed { refusal, .. } | AccountError::NotAtOnce(refusal) => {
            refusal_text(frame, refusal, above)
        }
        AccountError::NotAlone { .. } => frame.text("problem-not-alone"),
        AccountError::TooMany(_) | AccountError::Unknown(_) => frame.text("refused-unknown"),
    }
}

/// The name of a profile.
pub(in crate::web::console) const fn profile_key(profile: Profile) -> &'static str {
    match profile {
        Profile::Academic => "profile-academic",
        Profile::Administration => "profile-administration",
        Profile::Guardian => "profile-guardian",
        Profile::Head => "profile-head",
        Profile::Inspector => "profile-inspector",
        Profile::InternshipTutor => "profile-internship-tutor",
        Profile::Librarian => "profile-librarian",
        Profile::LocalAuthority => "profile-local-authority",
        Profile::Pupil => "profile-pupil",
        Profile::SchoolLife => "profile-school-life",
        Profile::Teacher => "profile-teacher",
    }
}

/// Why an operator may not, in the page's language.
pub(super) fn refusal_text(frame: &Frame<'_>, refusal: &Refusal, above: &str) -> String {
    match refusal {
        Refusal::NotOfRole => frame.text("refused-not-of-role"),
        Refusal::OutOfTerritory => frame.text("refused-unknown"),
        Refusal::NotPupilsAlone => frame.text("refused-not-pupils-alone"),
        Refusal::WiderThanTerritory(_) => frame.language.text_with("refused-wider", &[("place", above)]),
        Refusal::Oneself => frame.text("refused-oneself"),
        Refusal::FactorTooOld => frame.text("factor-again"),
    }
}

/// A code for one person, once.
#[derive(Template)]
#[template(path = "console/slip.html")]
pub(in crate::web) struct SlipPage<'a> {
    pub(in crate::web) frame: Frame<'a>,
    pub(in crate::web) desk: Desk,
    pub(in crate::web) id: &'a str,
    pub(in crate::web) name: String,
    pub(in crate::web) login: &'a str,
    pub(in crate::web) code: Secret,
    /// Whether it is for setting up a second factor.
    pub(in crate::web) is_leave: bool,
    /// Whether the operator may print it with what a slip says besides.
    pub(in crate::web) prints: bool,
    pub(in crate::web) expires: &'a str,
}

impl SlipPage<'_> {
    fn until(&self) -> String {
        self.frame.language.text_with("slip-until", &[("until", self.expires)])
    }
}
