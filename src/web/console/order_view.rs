//! What the pages of orders show: one struct per page.

use std::time::Duration;

use askama::Template;

use crate::domain::gate::PolicyBook;
use crate::domain::jurisdiction::Permission;
use crate::domain::length;
use crate::domain::level::Level;
use crate::domain::profile::Profile;
use crate::domain::progress::Opened;
use crate::domain::reset_order::{OrderState, ResetOrder};
use crate::domain::timestamp::Timestamp;
use crate::flows::reset_order::preview::{Counts, LISTED};
use crate::store::reset_order::OrderRecord;
use crate::web::app::App;
use crate::web::console::Room;
use crate::web::console::progress_view::{FailedNotices, Progress, spared_key};
use crate::web::console::view::people::profile_key;
use crate::web::console::view::places::PrintForm;
use crate::web::console::view::{Choice, Desk};
use crate::web::pages::text::Language;
use crate::web::pages::view::Frame;

/// An order in a line.
pub(in crate::web) struct OrderRow {
    pub(in crate::web) id: String,
    pub(in crate::web) place: String,
    pub(in crate::web) profiles: Vec<Profile>,
    pub(in crate::web) level: Level,
    pub(in crate::web) state: OrderState,
    /// When it came into force, or is to.
    pub(in crate::web) since: String,
    pub(in crate::web) deadline: Option<String>,
    pub(in crate::web) covered: Option<u64>,
}

impl OrderRow {
    pub(super) fn of(app: &App, language: Language, place: String, record: &OrderRecord) -> Self {
        let written = |at| language.date_and_time(&app.site.local(at));
        let since = record.order.state.force().map_or(record.scheduled_at, |force| force.since);
        Self {
            id: record.order.id.0.clone(),
            place,
            profiles: record.order.population.profiles.iter().copied().collect(),
            level: record.order.level,
            state: record.order.state,
            since: written(since),
            deadline: record.order.deadline.map(written),
            covered: record.covered,
        }
    }

    /// Whether what it says may still be changed.
    fn is_changeable(&self) -> bool {
        matches!(self.state, OrderState::Draft | OrderState::AwaitingApproval | OrderState::Scheduled { .. })
    }

    /// Whether it has been in force.
    fn is_begun(&self) -> bool {
        self.state.force().is_some()
    }

    pub(super) fn state(&self, frame: &Frame<'_>) -> String {
        frame.text(match self.state {
            OrderState::AwaitingApproval => "order-awaiting-approval",
            OrderState::Cancelled { .. } => "order-cancelled",
            OrderState::Closed { .. } => "order-closed",
            OrderState::Draft => "order-draft",
            OrderState::InForce(_) => "order-in-force",
            OrderState::Scheduled { .. } => "order-scheduled",
        })
    }

    pub(super) fn level(&self, frame: &Frame<'_>) -> String {
        level(frame, self.level)
    }

    pub(super) fn people(&self, frame: &Frame<'_>) -> String {
        people(frame, &self.profiles)
    }
}

fn people(frame: &Frame<'_>, profiles: &[Profile]) -> String {
    if profiles.is_empty() {
        return frame.text("order-everybody");
    }
    profiles.iter().map(|who| profile(frame, *who)).collect::<Vec<_>>().join(", ")
}

pub(super) fn level(frame: &Frame<'_>, level: Level) -> String {
    frame.text(match level {
        Level::Change => "order-level-change",
        Level::Recover => "order-level-recover",
    })
}

pub(super) fn profile(frame: &Frame<'_>, profile: Profile) -> String {
    frame.text(profile_key(profile))
}

/// What is done with an order that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Approve,
    SendBack,
    Cancel,
    Close,
    /// Sends again what services were told in vain.
    Retry,
}

impl Act {
    pub(super) fn read(word: &str) -> Option<Self> {
        let known = [Self::Approve, Self::SendBack, Self::Cancel, Self::Close, Self::Retry];
        known.into_iter().find(|act| act.word() == word)
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::SendBack => "send-back",
            Self::Cancel => "cancel",
            Self::Close => "close",
            Self::Retry => "retry",
        }
    }

    /// What lets an operator do it.
    pub(super) const fn permission(self) -> Permission {
        match self {
            Self::Approve | Self::SendBack => Permission::ApproveOrder,
            Self::Cancel | Self::Close | Self::Retry => Permission::IssueOrder,
        }
    }

    /// What it is called, what it does, and what its button says.
    const fn keys(self) -> [&'static str; 3] {
        match self {
            Self::Approve => ["order-approve-title", "order-approve-what", "order-approve-submit"],
            Self::SendBack => ["order-send-back-title", "order-send-back-what", "order-send-back-submit"],
            Self::Cancel => ["order-cancel-title", "order-cancel-what", "order-cancel-submit"],
            Self::Close => ["order-close-title", "order-close-what", "order-close-submit"],
            Self::Retry => ["order-retry-title", "order-retry-what", "order-retry-submit"],
        }
    }

    fn title(self, frame: &Frame<'_>) -> String {
        frame.text(self.keys()[0])
    }

    fn what(self, frame: &Frame<'_>) -> String {
        frame.text(self.keys()[1])
    }

    fn submit(self, frame: &Frame<'_>) -> String {
        frame.text(self.keys()[2])
    }

    const fn asks_why(self) -> bool {
        matches!(self, Self::SendBack | Self::Cancel)
    }
}

/// All orders.
#[derive(Template)]
#[template(path = "console/orders.html")]
pub(super) struct OrdersPage<'a> {
    pub(super) frame: Frame<'a>,
    pub(super) desk: Desk,
    pub(super) rows: Vec<OrderRow>,
    /// Where older ones are.
    pub(super) next: Option<String>,
}

/// What lifting would open, and as of when that was counted; none where it was not yet.
pub(super) struct Opens(pub(super) Option<(Opened, String)>);

/// One order.
#[derive(Template)]
#[template(path = "console/order.html")]
pub(super) struct OrderPage<'a> {
    pub(super) frame: Frame<'a>,
    pub(super) desk: Desk,
    pub(super) order: OrderRow,
    pub(super) says: OrderFacts,
    pub(super) author: String,
    /// Who waits for an approval, if somebody does.
    pub(super) asked_by: Option<String>,
    /// Whether it is the lifting that waits.
    pub(super) lifts: bool,
    /// Whether this operator is the one who asked.
    pub(super) own: bool,
    pub(super) digest: String,
    /// What it would do, while it waits for an approval.
    pub(super) foreseen: Option<Foreseen>,
    /// How far it has got, once people were counted.
    pub(super) progress: Option<Progress>,
    /// What services were told in vain.
    pub(super) failed: Vec<FailedNotices>,
    /// What lifting it would open, where it keeps anybody out.
    pub(super) opens: Option<Opens>,
    pub(super) acts: Vec<Act>,
    /// How the slips are asked for of those whom it binds.
    pub(super) print: Option<PrintForm>,
    /// Whether the operator may change what it says.
    pub(super) changes: bool,
    pub(super) refused: Option<String>,
    pub(super) typed: &'a str,
}

impl OrderPage<'_> {
    fn title(&self) -> String {
        self.frame.language.text_with("order-title", &[("place", self.order.place.as_str())])
    }

    fn asked(&self) -> Option<String> {
        let by = self.asked_by.as_deref()?;
        let key = if self.lifts { "order-lift-asked" } else { "order-asked" };
        Some(self.frame.language.text_with(key, &[("name", by)]))
    }

    fn opens(&self) -> Option<String> {
        let Opens(counted) = self.opens.as_ref()?;
        let Some((opened, time)) = counted else { return Some(self.frame.text("order-opens-uncounted")) };
        let language = self.frame.language;
        let mut said = Vec::new();
        if opened.gate > 0 || opened.change_page == 0 {
            said.push(language.text_with("order-opens", &[("count", opened.gate)]));
        }
        if opened.change_page > 0 {
            said.push(language.text_with("order-opens-change-page", &[("count", opened.change_page)]));
        }
        said.push(language.text_with("order-opens-as-of", &[("time", time.as_str())]));
        Some(said.join(" "))
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand everything on by reference")]
    fn may(&self, act: &Act) -> bool {
        !(self.own && matches!(act, Act::Approve))
    }
}

/// What was typed into the form of an order, as it goes back into it.
#[derive(Default)]
pub(super) struct Typed {
    /// The draft that it is from, if it is from one.
    pub(super) order: String,
    /// What that said when it was taken up.
    pub(super) digest: String,
    pub(super) place: String,
    pub(super) other: String,
    pub(super) profiles: Vec<String>,
    pub(super) level: String,
    pub(super) never_activated: bool,
    pub(super) changed_since: String,
    pub(super) reset_by_school_since: String,
    /// Logins of operators who are not left out.
    pub(super) operators: String,
    pub(super) at: String,
    pub(super) deadline: String,
    /// In days.
    pub(super) code_lifetime: String,
    pub(super) yearly: bool,
    pub(super) reason: String,
}

impl Typed {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand everything on by reference")]
    fn has(&self, who: &Profile) -> bool {
        self.profiles.iter().any(|typed| typed == who.as_str())
    }
}

/// Whom, how and when.
#[derive(Template)]
#[template(path = "console/new_order.html")]
pub(super) struct NewOrderPage<'a> {
    pub(super) frame: Frame<'a>,
    pub(super) desk: Desk,
    pub(super) places: Vec<Choice>,
    pub(super) profiles: &'a [Profile],
    pub(super) typed: Typed,
    pub(super) policy: &'a PolicyBook,
    /// Whether it is the lifetime of the codes that was refused.
    pub(super) wrong_lifetime: bool,
    pub(super) refused: Option<String>,
}

impl NewOrderPage<'_> {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand everything on by reference")]
    fn who(&self, profile: &Profile) -> String {
        self::profile(&self.frame, *profile)
    }

    /// What is said of the lifetime of codes: what may be chosen, and what holds where nobody chooses.
    fn lifetime(&self, key: &str) -> String {
        let language = self.frame.language;
        let most = lifetime(language, length::days(length::in_days(self.policy.code_ceiling)));
        let setting = lifetime(language, self.policy.code_lifetime);
        language.text_with(key, &[("most", most), ("setting", setting)])
    }
}

/// What the order would do, and the number to be typed.
#[derive(Template)]
#[template(path = "console/check_order.html")]
pub(super) struct CheckOrderPage<'a> {
    pub(super) frame: Frame<'a>,
    pub(super) desk: Desk,
    pub(super) place: String,
    pub(super) says: OrderFacts,
    pub(super) foreseen: Foreseen,
    /// Everything that was typed, to be sent once more.
    pub(super) fields: Vec<(String, String)>,
    /// Names this one request, so that it makes one order however often it is sent.
    pub(super) key: String,
    pub(super) refused: Option<String>,
}

/// What an order would do.
pub(super) struct Foreseen {
    pub(super) counts: Counts,
}

impl Foreseen {
    fn spared(&self, frame: &Frame<'_>) -> Vec<(String, u64)> {
        let spared = self.counts.spared.iter();
        spared.map(|(why, count)| (frame.text(spared_key(*why)), *count)).collect()
    }

    fn operators(&self, frame: &Frame<'_>) -> String {
        and_more(frame, &self.counts.operators, self.counts.more_operators())
    }

    /// The services that will be told.
    fn told(&self, frame: &Frame<'_>) -> String {
        let names: Vec<_> = self.counts.told.iter().map(|(_, name)| name.clone()).take(LISTED).collect();
        let more = self.counts.told.len().saturating_sub(LISTED);
        and_more(frame, &names, u64::try_from(more).unwrap_or(u64::MAX))
    }
}

fn and_more(frame: &Frame<'_>, listed: &[String], more: u64) -> String {
    let listed = listed.join(", ");
    match more {
        0 => listed,
        more => format!("{listed} {}", frame.language.text_with("check-order-more", &[("count", more)])),
    }
}

/// All that an order says and somebody confirms or approves: the same list before it is put forward and ever after.
pub(super) struct OrderFacts {
    pub(super) profiles: Vec<Profile>,
    pub(super) level: Level,
    /// When it came into force, or is to; none of what is to begin at once.
    pub(super) since: Option<String>,
    pub(super) deadline: Option<String>,
    /// Until when its codes open the change page; none of what was lifted before it began.
    pub(super) codes: Option<String>,
    /// Whether they expire before the deadline.
    pub(super) codes_end_early: bool,
    pub(super) never_activated: bool,
    pub(super) changed_since: Option<String>,
    pub(super) reset_by_school_since: Option<String>,
    /// Operators who are not left out; none for whoever sees a part of the order.
    pub(super) named: Vec<String>,
    pub(super) yearly: bool,
    pub(super) reason: String,
}

impl OrderFacts {
    pub(super) fn of(room: &Room<'_>, order: &ResetOrder, since: Option<Timestamp>, rest: Rest<'_>) -> Self {
        let written = |at| room.language.date_and_time(&room.app.site.local(at));
        let (now, policy) = (room.app.ctx.clock.now(), &room.app.ctx.settings.policy);
        let expire = order.codes_expire(since.unwrap_or(now), now, policy);
        let codes = match order.state {
            OrderState::Cancelled { force: None, .. } => None,
            OrderState::Draft | OrderState::AwaitingApproval | OrderState::Scheduled { .. } => {
                let live = lifetime(room.language, policy.codes_of_order(order.code_lifetime));
                let both = [("time", written(expire)), ("span", live)];
                Some(room.language.text_with("order-codes-until-from", &both))
            }
            OrderState::InForce(_) | OrderState::Closed { .. } | OrderState::Cancelled { .. } => {
                Some(room.language.text_with("order-codes-until", &[("time", written(expire))]))
            }
        };
        Self {
            codes_end_early: codes.is_some() && order.codes_end_early(expire),
            codes,
            profiles: order.population.profiles.iter().copied().collect(),
            level: order.level,
            since: since.map(written),
            deadline: order.deadline.map(written),
            never_activated: order.exclusions.never_activated,
            changed_since: order.exclusions.changed_since.map(written),
            reset_by_school_since: order.exclusions.reset_by_school_since.map(written),
            named: rest.named.to_vec(),
            yearly: rest.yearly,
            reason: rest.reason.to_owned(),
        }
    }

    fn people(&self, frame: &Frame<'_>) -> String {
        people(frame, &self.profiles)
    }

    fn level(&self, frame: &Frame<'_>) -> String {
        level(frame, self.level)
    }

    fn begins(&self, frame: &Frame<'_>) -> String {
        self.since.clone().unwrap_or_else(|| frame.text("order-at-once"))
    }

    /// What comes with the deadline.
    fn then(&self, frame: &Frame<'_>) -> String {
        frame.text(match self.level {
            Level::Change => "order-deadline-closes",
            Level::Recover => "order-deadline-only",
        })
    }

    fn spares(&self, frame: &Frame<'_>) -> Vec<String> {
        let since = |key, time: &Option<String>| {
            time.as_deref().map(|time| frame.language.text_with(key, &[("time", time)]))
        };
        let never = self.never_activated.then(|| frame.text("order-spares-never-activated"));
        let said = [
            never,
            since("order-spares-changed-since", &self.changed_since),
            since("order-spares-reset-by-school", &self.reset_by_school_since),
        ];
        let said: Vec<_> = said.into_iter().flatten().collect();
        if said.is_empty() { vec![frame.text("order-spares-nobody")] } else { said }
    }
}

/// A length as people say it: days, or as it stands in the settings where it is none.
fn lifetime(language: Language, length: Duration) -> String {
    length::whole_days(length).map_or_else(
        || length::text(length),
        |days| language.text_with("order-codes-days", &[("count", days)]),
    )
}

/// What an order says that is not in its own row.
#[derive(Clone, Copy)]
pub(super) struct Rest<'a> {
    /// Operators who are not left out, by login.
    pub(super) named: &'a [String],
    pub(super) yearly: bool,
    pub(super) reason: &'a str,
}
