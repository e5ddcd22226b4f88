//! The pages about places.

use askama::Template;

use super::Desk;
use super::people::{must_change, profile_key, refusal_text, standing_key};
use crate::domain::gate::Closure;
use crate::domain::jurisdiction::Refusal;
use crate::domain::profile::Profile;
use crate::flows::people::roll::{Counts, LeftOut, Roll};
use crate::flows::people::search::Seen;
use crate::web::console::Room;
use crate::web::pages::text::Language;
use crate::web::pages::view::Frame;

/// What is told above a page.
pub(in crate::web) enum Told {
    /// So many slips were ticked.
    HandedOver(u64),
    /// So many are not ticked any more.
    TakenBack(u64),
    /// There is nothing to print; so many need a slip and get none from here.
    Nobody {
        /// Who need a code of their own, or one from elsewhere.
        others: usize,
    },
    /// Nothing was ticked: somebody is not here any more.
    Unknown,
    /// Nothing was ticked, for this reason, though it could be from this place.
    Refused(Refusal, String),
}

impl Told {
    const fn is_refusal(&self) -> bool {
        matches!(self, Self::Unknown | Self::Refused(..))
    }

    fn sentence(&self, frame: &Frame<'_>) -> String {
        let counted = |key, count: u64| frame.language.text_with(key, &[("count", count)]);
        match self {
            Self::HandedOver(count) => counted("places-handed-over", *count),
            Self::TakenBack(count) => counted("places-taken-back", *count),
            Self::Nobody { others: 0 } => frame.text("places-nobody"),
            Self::Nobody { others } => {
                let others = counted("places-others", u64::try_from(*others).unwrap_or_default());
                format!("{} {others}", frame.text("places-nobody"))
            }
            Self::Unknown => frame.text("refused-unknown"),
            Self::Refused(refusal, above) => refusal_text(frame, refusal, above),
        }
    }
}

/// People whom the slips of a place leave out.
pub(in crate::web) struct Omitted {
    pub(in crate::web) key: &'static str,
    /// Their ids and names.
    pub(in crate::web) people: Vec<(String, String)>,
}

impl Omitted {
    /// Those with a role, and those who also belong elsewhere, where there are any.
    pub(in crate::web) fn of(left_out: LeftOut) -> Vec<Self> {
        let LeftOut { operators, elsewhere, .. } = left_out;
        let all = [("print-leaves-operators", operators), ("print-leaves-elsewhere", elsewhere)];
        let some = all.into_iter().filter(|(_, people)| !people.is_empty());
        some.map(|(key, people)| Self {
            key,
            people: people.into_iter().map(|(id, name)| (id.0, name)).collect(),
        })
        .collect()
    }

    pub(in crate::web) fn sentence(&self, frame: &Frame<'_>) -> String {
        frame.language.text_with(self.key, &[("count", u64::try_from(self.people.len()).unwrap_or_default())])
    }
}

/// How slips are asked for.
pub(in crate::web) struct PrintForm {
    /// Where the form is sent.
    pub(in crate::web) action: String,
    /// What it says besides.
    pub(in crate::web) fields: Vec<(&'static str, String)>,
    /// Whose they are.
    pub(in crate::web) what: &'static str,
    /// Whether they fit into one document.
    pub(in crate::web) pdf: bool,
    /// Whether there may be several classes.
    pub(in crate::web) zip: bool,
    /// Whom they leave out; none where nobody was counted.
    pub(in crate::web) omitted: Option<Vec<Omitted>>,
    pub(in crate::web) language: Language,
}

impl PrintForm {
    /// What may be chosen, and what it is called.
    pub(in crate::web) fn layouts(&self) -> Vec<(&'static str, &'static str)> {
        let documents = [("pdf-8", "layout-pdf-8"), ("pdf-2", "layout-pdf-2"), ("pdf-1", "layout-pdf-1")];
        let archive = [("zip-8", "layout-zip-8"), ("zip-2", "layout-zip-2"), ("zip-1", "layout-zip-1")];
        let archive = archive.into_iter().filter(|_| self.zip);
        let documents = documents.into_iter().filter(|_| self.pdf);
        documents.chain(archive).chain([("csv", "layout-csv")]).collect()
    }

    pub(in crate::web) fn languages(&self) -> [(&'static str, &'static str, bool); 2] {
        let is = |language| self.language == language;
        [("fr", "language-fr", is(Language::French)), ("en", "language-en", is(Language::English))]
    }
}

/// A place in a list.
pub(in crate::web) struct Below {
    pub(in crate::web) name: String,
    pub(in crate::web) address: String,
    pub(in crate::web) counts: Option<Counts>,
}

/// Places.
#[derive(Template)]
#[template(path = "console/places.html")]
pub(in crate::web) struct PlacesPage<'a> {
    pub(in crate::web) frame: Frame<'a>,
    pub(in crate::web) desk: Desk,
    /// The place they lie in; none where they are the operator's own.
    pub(in crate::web) name: Option<String>,
    pub(in crate::web) is_school: bool,
    pub(in crate::web) below: Vec<Below>,
    pub(in crate::web) profiles: Vec<(Profile, String, Option<Counts>)>,
    pub(in crate::web) next: Option<String>,
    pub(in crate::web) print: Option<PrintForm>,
    /// Where an order for the place is written, by whoever may.
    pub(in crate::web) order: Option<String>,
    pub(in crate::web) told: Option<Told>,
}

impl PlacesPage<'_> {
    fn title(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.frame.text("places-title"))
    }

    fn heading(&self) -> String {
        self.frame.text(if self.is_school { "places-classes" } else { "places-below" })
    }

    fn profile(&self, profile: Profile) -> String {
        self.frame.text(profile_key(profile))
    }
}

/// Somebody at a place.
pub(in crate::web) struct RollRow {
    pub(in crate::web) id: String,
    pub(in crate::web) name: String,
    pub(in crate::web) login: String,
    pub(in crate::web) profiles: Vec<Profile>,
    pub(in crate::web) closure: Option<Closure>,
    pub(in crate::web) printed: Option<String>,
    /// When it was handed over, and by whom.
    pub(in crate::web) handed: Option<(String, String)>,
    pub(in crate::web) used: Option<String>,
    /// When the last slip was printed, where it opens nothing any more.
    pub(in crate::web) lapsed: Option<String>,
    /// Whether they get a code in person, and no slip.
    pub(in crate::web) is_operator: bool,
}

impl RollRow {
    /// `by` is the name of whoever handed the slip over.
    pub(in crate::web) fn of(room: &Room<'_>, roll: &Roll, seen: &Seen, by: Option<String>) -> Self {
        let written = |at| room.language.date_and_time(&room.app.site.local(at));
        let person = &seen.found.person;
        let here = person.facts.affiliations.iter();
        let here = here.filter(|it| it.span.is_open() && roll.place.path.contains(&it.path));
        let mut profiles: Vec<_> = here.map(|it| it.profile).collect();
        profiles.sort();
        profiles.dedup();
        let slip = seen.standing.slip.as_ref();
        let handed = slip.and_then(|slip| slip.handed.as_ref()).zip(by);
        Self {
            id: person.facts.account.0.clone(),
            name: format!("{} {}", person.family_name, person.given_name),
            login: person.login.clone(),
            profiles,
            closure: seen.standing.closure.clone(),
            printed: slip.map(|slip| written(slip.printed_at)),
            handed: handed.map(|(handed, by)| (written(handed.at), by)),
            used: slip.and_then(|slip| slip.used_at).map(written),
            lapsed: seen.standing.lapsed.map(written),
            is_operator: person.facts.is_operator(),
        }
    }

    fn must_change(&self) -> bool {
        must_change(self.closure.as_ref())
    }

    fn state(&self, frame: &Frame<'_>) -> String {
        frame.text(standing_key(self.closure.as_ref()))
    }

    fn who(&self, frame: &Frame<'_>) -> String {
        self.profiles.iter().map(|it| frame.text(profile_key(*it))).collect::<Vec<_>>().join(", ")
    }

    fn lapsed(&self, frame: &Frame<'_>) -> Option<String> {
        let time = self.lapsed.as_deref()?;
        Some(frame.language.text_with("roll-slip-lapsed", &[("time", time)]))
    }

    fn handed(&self, frame: &Frame<'_>) -> Option<String> {
        let (at, by) = self.handed.as_ref()?;
        Some(frame.language.text_with("roll-handed-by", &[("at", at.as_str()), ("name", by.as_str())]))
    }
}

/// Who is at a place, and how they stand.
#[derive(Template)]
#[template(path = "console/roll.html")]
pub(in crate::web) struct RollPage<'a> {
    pub(in crate::web) frame: Frame<'a>,
    pub(in crate::web) desk: Desk,
    pub(in crate::web) name: String,
    pub(in crate::web) school: Option<String>,
    pub(in crate::web) profile: Option<Profile>,
    pub(in crate::web) counts: Option<Counts>,
    pub(in crate::web) rows: Vec<RollRow>,
    pub(in crate::web) at: String,
    pub(in crate::web) from: &'a str,
    pub(in crate::web) next: Option<String>,
    pub(in crate::web) print: Option<PrintForm>,
    /// Where an order for the place is written, by whoever may.
    pub(in crate::web) order: Option<String>,
    /// Whether slips may be ticked.
    pub(in crate::web) ticks: bool,
    /// Where some of them are chosen, for whoever may require a change of them.
    pub(in crate::web) require: Option<String>,
    pub(in crate::web) told: Option<Told>,
}

impl RollPage<'_> {
    fn title(&self) -> String {
        let place = match &self.school {
            Some(school) => format!("{school}, {}", self.name),
            None => self.name.clone(),
        };
        match self.profile {
            Some(profile) => format!("{place} – {}", self.frame.text(profile_key(profile))),
            None => place,
        }
    }

    fn word(&self) -> &'static str {
        self.profile.map(Profile::as_str).unwrap_or_default()
    }

    fn box_label(&self, row: &RollRow) -> String {
        self.frame.language.text_with("roll-choose", &[("name", row.name.as_str())])
    }
}
