//! The page of a selection, before a change is required of it.

use askama::Template;

use super::Desk;
use crate::domain::level::Level;
use crate::flows::people::selection::{LeftOut, Selection};
use crate::store::account::Person;
use crate::web::console::order_view::level;
use crate::web::pages::view::Frame;

/// Names that are shown; of more, how many there are.
const NAMES: usize = 100;

/// Whom it would reach, and whom it leaves out.
#[derive(Template)]
#[template(path = "console/selection.html")]
pub(in crate::web) struct SelectionPage<'a> {
    pub(in crate::web) frame: Frame<'a>,
    pub(in crate::web) desk: Desk,
    pub(in crate::web) level: Level,
    pub(in crate::web) selection: &'a Selection,
    pub(in crate::web) digest: String,
    /// What was chosen, as it is sent again.
    pub(in crate::web) fields: Vec<(String, String)>,
    pub(in crate::web) reason: &'a str,
    /// The search that it came from.
    pub(in crate::web) back: String,
    pub(in crate::web) refused: Option<String>,
}

impl SelectionPage<'_> {
    fn level(&self) -> String {
        level(&self.frame, self.level)
    }

    fn left_out(&self) -> Vec<(String, &[Person])> {
        let why = |left_out: LeftOut| match left_out {
            LeftOut::Disabled => "left-out-disabled",
            LeftOut::MustAlready => "left-out-must-already",
            LeftOut::NeverActivated => "left-out-never-activated",
            LeftOut::NoLocalPassword => "left-out-no-local-password",
            LeftOut::NotAllowed => "left-out-not-allowed",
            LeftOut::Operator => "left-out-operator",
        };
        let left_out = self.selection.left_out.iter();
        left_out.map(|(reason, people)| (self.frame.text(why(*reason)), people.as_slice())).collect()
    }

    fn names(&self, people: &[Person]) -> String {
        let name = |person: &Person| format!("{} {}", person.family_name, person.given_name);
        let names = people.iter().take(NAMES).map(name).collect::<Vec<_>>().join(", ");
        match people.len().saturating_sub(NAMES) {
            0 => names,
            more => {
                let count = u64::try_from(more).unwrap_or_default();
                format!("{names} {}", self.frame.language.text_with("selection-more", &[("count", count)]))
            }
        }
    }
}
