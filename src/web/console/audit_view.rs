//! What the page of the audit log shows.

use askama::Template;

use crate::domain::event::Act;
use crate::web::console::acts;
use crate::web::console::view::Desk;
use crate::web::pages::text::Language;
use crate::web::pages::view::Frame;

/// What was typed to find lines, as it was typed.
#[derive(Clone, Debug, Default)]
pub(in crate::web) struct Typed {
    pub(in crate::web) actor: String,
    pub(in crate::web) act: String,
    pub(in crate::web) about: String,
    pub(in crate::web) from: String,
    pub(in crate::web) to: String,
}

/// A date that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Bad {
    /// The first day.
    From,
    /// The last one.
    To,
}

/// A line, ready to print.
pub(in crate::web) struct Row {
    pub(in crate::web) at: String,
    pub(in crate::web) act: String,
    pub(in crate::web) who: String,
    /// The place whose role allowed it.
    pub(in crate::web) place: Option<String>,
    pub(in crate::web) about: String,
    /// Where the console shows it.
    pub(in crate::web) href: Option<String>,
    pub(in crate::web) count: Option<i64>,
    pub(in crate::web) reason: String,
}

/// The filter, the lines, and the way to export them.
#[derive(Template)]
#[template(path = "console/audit.html")]
pub(in crate::web) struct AuditPage<'a> {
    pub(in crate::web) frame: Frame<'a>,
    pub(in crate::web) desk: Desk,
    pub(in crate::web) typed: &'a Typed,
    pub(in crate::web) bad: Option<Bad>,
    pub(in crate::web) rows: &'a [Row],
    pub(in crate::web) next: Option<&'a str>,
}

impl Typed {
    /// Each with the name of its field, for links and forms that ask the same.
    pub(in crate::web) fn fields(&self) -> [(&'static str, &str); 5] {
        [
            ("actor", &self.actor),
            ("act", &self.act),
            ("about", &self.about),
            ("from", &self.from),
            ("to", &self.to),
        ]
    }
}

impl AuditPage<'_> {
    /// Every act by its words, which are what the list is sorted by.
    fn acts(&self) -> Vec<(&'static str, String)> {
        let mut acts = Act::ALL.map(|act| (act.as_str(), self.frame.text(acts::key(act)))).to_vec();
        acts.sort_by_key(|(_, text)| text.to_lowercase());
        acts
    }

    fn is_bad(&self, bad: Bad) -> bool {
        self.bad == Some(bad)
    }
}

impl Row {
    fn count(&self, language: Language) -> Option<String> {
        self.count.map(|count| language.text_with("audit-count", &[("count", count)]))
    }
}
