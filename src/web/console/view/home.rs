//! What the first page shows.

use askama::Template;

use crate::domain::progress::Tally;
use crate::web::console::order_view::OrderRow;
use crate::web::console::progress_view::done;
use crate::web::console::view::{Desk, Place};
use crate::web::pages::view::Frame;

/// How few codes are few.
const FEW: i64 = 3;

/// The first page.
#[derive(Template)]
#[template(path = "console/home.html")]
pub(in crate::web) struct HomePage<'a> {
    pub(in crate::web) frame: Frame<'a>,
    pub(in crate::web) desk: Desk,
    pub(in crate::web) places: &'a [Place],
    /// Orders that wait for this operator's approval.
    pub(in crate::web) waiting: Vec<OrderRow>,
    /// Drafts to be looked at, and whether they were put forward before.
    pub(in crate::web) drafts: Vec<(OrderRow, bool)>,
    /// Orders that keep people out, or soon will.
    pub(in crate::web) campaigns: Vec<CampaignRow>,
    /// Whether roles wait.
    pub(in crate::web) roles_waiting: bool,
    /// Codes that are left to stand in for the factor.
    pub(in crate::web) spare: i64,
}

/// An order under way, as far as the operator sees its people.
pub(in crate::web) struct CampaignRow {
    pub(in crate::web) order: OrderRow,
    /// When it begins, if it has not yet.
    pub(in crate::web) begins: Option<String>,
    /// Whether its deadline has passed.
    pub(in crate::web) is_late: bool,
    /// When its people were counted.
    pub(in crate::web) counted: Option<String>,
    /// The part of its place that is counted here; none where it is all of it.
    pub(in crate::web) part: Option<String>,
    pub(in crate::web) tally: Tally,
    pub(in crate::web) is_done: bool,
    pub(in crate::web) closes: bool,
    /// People who need a code and have none on paper.
    pub(in crate::web) unprinted: u64,
    /// Where their slips are printed.
    pub(in crate::web) slips: Option<String>,
    /// Notices that services did not take.
    pub(in crate::web) failed: u64,
}

impl HomePage<'_> {
    fn hello(&self) -> String {
        self.frame.language.text_with("console-hello", &[("name", self.desk.name.as_str())])
    }

    fn few(&self) -> Option<String> {
        let few = self.spare <= FEW;
        few.then(|| self.frame.language.text_with("console-few-codes", &[("count", self.spare)]))
    }

    fn is_free(&self) -> bool {
        let orders = self.waiting.len() + self.drafts.len() + self.campaigns.len();
        orders == 0 && !self.roles_waiting && self.spare > FEW
    }
}

impl CampaignRow {
    fn when(&self, frame: &Frame<'_>) -> Vec<String> {
        let begins = self.begins.as_deref();
        let begins = begins.map(|time| frame.language.text_with("home-begins", &[("time", time)]));
        let key = if self.is_late { "home-deadline-passed" } else { "home-deadline" };
        let deadline = self.order.deadline.as_deref();
        let deadline = deadline.map(|time| frame.language.text_with(key, &[("time", time)]));
        begins.into_iter().chain(deadline).collect()
    }

    fn done(&self, frame: &Frame<'_>) -> Option<String> {
        let time = self.counted.as_deref()?;
        let counted = frame.language.text_with("home-counted", &[("time", time)]);
        let done = format!("{} {counted}", done(frame, &self.tally));
        let Some(part) = self.part.as_deref() else { return Some(done) };
        Some(frame.language.text_with("home-of-part", &[("place", part), ("done", done.as_str())]))
    }

    fn unprinted(&self, frame: &Frame<'_>) -> String {
        frame.language.text_with("home-unprinted", &[("count", self.unprinted)])
    }

    fn failed(&self, frame: &Frame<'_>) -> String {
        frame.language.text_with("home-failed", &[("count", self.failed)])
    }
}
