//! What pages show of how far an order has got.

use askama::Template;

use crate::domain::level::Level;
use crate::domain::population::Exclusion;
use crate::domain::profile::Profile;
use crate::domain::progress::Tally;
use crate::web::console::curve::Curve;
use crate::web::console::order_view::{OrderRow, profile};
use crate::web::console::view::Desk;
use crate::web::pages::view::Frame;

/// How far an order has got.
pub(super) struct Progress {
    /// As of when.
    pub(super) as_of: String,
    pub(super) all: Tally,
    pub(super) curve: Option<Curve>,
    /// Some of the schools, or places above them: where most is left comes first.
    pub(super) schools: Vec<Part>,
    pub(super) profiles: Vec<(Profile, Tally)>,
    /// The schools before these, and behind them.
    pub(super) earlier: Option<String>,
    pub(super) later: Option<String>,
    /// Where the list of who is left is, if it may be had.
    pub(super) left: Option<String>,
}

/// How far an order has got with some people.
pub(super) struct Part {
    pub(super) place: String,
    /// Where there is more of it to see.
    pub(super) href: Option<String>,
    pub(super) tally: Tally,
}

/// Notices to a service that were given up for one reason.
pub(super) struct FailedNotices {
    pub(super) service: String,
    pub(super) number: u64,
    pub(super) why: String,
    pub(super) when: String,
}

impl Progress {
    pub(super) fn counted(&self, frame: &Frame<'_>) -> String {
        frame.language.text_with("order-as-of", &[("time", self.as_of.as_str())])
    }

    pub(super) fn done(&self, frame: &Frame<'_>) -> String {
        done(frame, &self.all)
    }
}

/// How many have changed, of how many.
pub(super) fn done(frame: &Frame<'_>, all: &Tally) -> String {
    frame.language.text_with("order-done", &[("done", all.done), ("all", all.concerned())])
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand everything on by reference")]
pub(super) fn who(frame: &Frame<'_>, who: &Profile) -> String {
    profile(frame, *who)
}

/// Why somebody is spared.
pub(super) const fn spared_key(why: Exclusion) -> &'static str {
    match why {
        Exclusion::ChangedSince => "order-spared-changed-since",
        Exclusion::NeverActivated => "order-spared-never-activated",
        Exclusion::NoLocalPassword => "order-spared-no-local-password",
        Exclusion::Operator => "order-spared-operator",
        Exclusion::ResetBySchool => "order-spared-reset-by-school",
    }
}

/// A class of a school, and who the people are there.
pub(super) struct ClassRow {
    pub(super) class: String,
    /// Where the console shows who is there.
    pub(super) href: Option<String>,
    pub(super) profile: Profile,
    pub(super) tally: Tally,
}

/// One school under an order, class by class.
#[derive(Template)]
#[template(path = "console/order_school.html")]
pub(super) struct SchoolPage<'a> {
    pub(super) frame: Frame<'a>,
    pub(super) desk: Desk,
    pub(super) order: OrderRow,
    pub(super) school: String,
    pub(super) as_of: String,
    pub(super) all: Tally,
    pub(super) rows: Vec<ClassRow>,
    pub(super) left: Option<String>,
}

impl SchoolPage<'_> {
    fn counted(&self) -> String {
        self.frame.language.text_with("order-as-of", &[("time", self.as_of.as_str())])
    }
}

/// What a service was told.
pub(super) struct ServiceRow {
    pub(super) name: String,
    pub(super) delivered: u64,
    pub(super) waiting: u64,
    pub(super) failed: u64,
}

/// The report of an order.
#[derive(Template)]
#[template(path = "console/order_report.html")]
pub(super) struct ReportPage<'a> {
    pub(super) frame: Frame<'a>,
    pub(super) desk: Desk,
    pub(super) order: OrderRow,
    pub(super) reason: String,
    pub(super) author: String,
    /// When it was put forward.
    pub(super) asked_at: Option<String>,
    /// Who approved it, and when.
    pub(super) approved: Vec<(String, String)>,
    /// Since when it is in force.
    pub(super) in_force: Option<String>,
    /// When the deadline was met.
    pub(super) hardened: Option<String>,
    /// When it was closed or lifted.
    pub(super) ended: Option<String>,
    pub(super) as_of: Option<String>,
    pub(super) is_final: bool,
    /// Whether it is of all its people.
    pub(super) is_whole: bool,
    pub(super) all: Tally,
    pub(super) half: Option<String>,
    pub(super) most: Option<String>,
    pub(super) schools: Vec<Part>,
    pub(super) services: Vec<ServiceRow>,
    pub(super) failed: Vec<FailedNotices>,
}

impl ReportPage<'_> {
    fn title(&self) -> String {
        self.frame.language.text_with("report-title", &[("place", self.order.place.as_str())])
    }

    fn standing(&self) -> String {
        let Some(time) = self.as_of.as_deref() else { return self.frame.text("report-uncounted") };
        let key = match (self.is_final, self.ended.is_some()) {
            (true, _) => "report-final",
            (false, true) => "report-being-counted",
            (false, false) => "report-so-far",
        };
        self.frame.language.text_with(key, &[("time", time)])
    }

    fn hardened(&self, time: &str) -> String {
        self.frame.language.text_with("report-hardened", &[("time", time)])
    }

    fn stays_open(&self) -> u64 {
        let closes = self.order.level == Level::Change && self.hardened.is_some();
        if closes { self.all.bound.saturating_sub(self.all.printed) } else { 0 }
    }

    fn spared(&self) -> Vec<(String, u64)> {
        self.all.spared.each().map(|(why, number)| (self.frame.text(spared_key(why)), number)).collect()
    }
}

/// What families are told of an order, in each language.
#[derive(Template)]
#[template(path = "console/order_families.html")]
pub(super) struct FamiliesPage<'a> {
    pub(super) frame: Frame<'a>,
    pub(super) desk: Desk,
    pub(super) order: OrderRow,
    /// The language, the title, and what follows.
    pub(super) notices: Vec<(&'static str, String, Vec<String>)>,
}
