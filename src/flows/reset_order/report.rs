//! What there is to show of an order: so far, while its campaign runs; for good, once it is closed and was counted once more.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::profile::Profile;
use crate::domain::progress::{Tally, reached, school_of};
use crate::domain::reset_order::{OrderId, OrderState};
use crate::domain::territory::TerritoryPath;
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::reset_order::read::{View, view};
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::approval::Approved;
use crate::store::progress::Told;

/// What there is to show of an order, as far as an operator sees it.
pub struct Report {
    /// The order with its progress.
    pub view: View,
    /// What a second person approved about it.
    pub approved: Vec<Approved>,
    /// How it went with all its people; none for whoever sees a part of them.
    pub whole: Option<Whole>,
}

/// What concerns all the people of an order together.
pub struct Whole {
    /// How everybody stood, over time, the oldest first.
    pub points: Vec<(Timestamp, Tally)>,
    /// What relying parties were told.
    pub told: Vec<Told>,
}

/// The parts of a progress, put together by school and by profile.
pub struct Parts {
    /// By school, or the place itself above schools; where most is left to do comes first.
    pub schools: Vec<(TerritoryPath, Tally)>,
    /// By profile.
    pub profiles: BTreeMap<Profile, Tally>,
}

/// The report of an order; none of one that the actor may not see.
pub async fn report(ctx: &Context, actor: &Actor, id: &OrderId) -> Result<Option<Report>, Unavailable> {
    let Some(view) = view(ctx, actor, id).await? else { return Ok(None) };
    let approved = store::approval::approved(&ctx.db, id).await?;
    let whole = if view.is_whole() {
        Some(Whole {
            points: store::progress::points(&ctx.db, id).await?,
            told: store::progress::told(&ctx.db, id).await?,
        })
    } else {
        None
    };
    Ok(Some(Report { view, approved, whole }))
}

impl Report {
    /// Whether nothing of it changes any more: the campaign is over, and people were counted after that.
    pub fn is_final(&self) -> bool {
        match self.view.record.order.state {
            OrderState::Closed { at, .. } => self.view.progress.as_of.is_some_and(|as_of| as_of > at),
            OrderState::Cancelled { .. } => true,
            OrderState::Draft
            | OrderState::AwaitingApproval
            | OrderState::Scheduled { .. }
            | OrderState::InForce(_) => false,
        }
    }

    /// How long after it came into force so many of a hundred had chosen a new password, if they have.
    pub fn took(&self, percent: u64) -> Option<Duration> {
        let since = self.view.record.order.state.force()?.since;
        let at = reached(&self.whole.as_ref()?.points, percent)?;
        Some(at.since(since))
    }
}

impl View {
    /// The parts of its progress, put together. Somebody with two profiles at a school is in it twice.
    pub fn parts(&self) -> Parts {
        let mut schools: BTreeMap<TerritoryPath, Tally> = BTreeMap::new();
        let mut profiles: BTreeMap<Profile, Tally> = BTreeMap::new();
        for ((path, profile), tally) in &self.progress.parts {
            schools.entry(school_of(path)).or_default().add(*tally);
            profiles.entry(*profile).or_default().add(*tally);
        }
        let mut schools: Vec<_> = schools.into_iter().collect();
        schools.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.bound));
        Parts { schools, profiles }
    }
}
