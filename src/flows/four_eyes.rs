//! From how many people somebody may take the way in without a second person, within a day.

use crate::domain::account::AccountId;
use crate::domain::approval::TOGETHER;
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::approval::Counted;
use crate::store::db::Statement;

/// The people whom somebody may force, disable or give a new code one by one in a day, whatever they ordered: the forgotten passwords
/// and the suspicious of an ordinary day need no second person and no fresh factor.
const ONE_BY_ONE: u64 = 100;

/// What somebody is about to do alone.
pub(super) struct Alone {
    author: String,
    account: Option<AccountId>,
    since: Timestamp,
    counted: Counted,
    /// How many it reaches, with all that was done within the day, and how many it may.
    pub(super) together: u64,
    pub(super) limit: u64,
    /// Whether it is one of the few of an ordinary day; else it is like an order, however many it reaches.
    pub(super) is_ordinary: bool,
    room: i64,
}

impl Alone {
    /// An order over so many people. What the author ordered before counts, whatever became of it.
    pub(super) async fn order(
        ctx: &Context,
        actor: &Actor,
        people: u64,
        now: Timestamp,
    ) -> Result<Self, Unavailable> {
        Self::of(ctx, actor, people, (Counted::Ordered, ctx.settings.orders.approval_above), now).await
    }

    /// An act that shuts so many people out. It cannot wait for a second person as an order can, so that orders which had one do not
    /// count. One at a time a few of them are nobody's campaign.
    pub(super) async fn shut_out(
        ctx: &Context,
        actor: &Actor,
        people: u64,
        now: Timestamp,
    ) -> Result<Self, Unavailable> {
        if people <= 1 {
            let one = Self::of(ctx, actor, people, (Counted::OneByOne, ONE_BY_ONE), now).await?;
            if one.is_enough() {
                return Ok(Self { is_ordinary: true, ..one });
            }
        }
        let rule = (Counted::OrderedAlone, ctx.settings.orders.approval_above);
        Self::of(ctx, actor, people, rule, now).await
    }

    async fn of(
        ctx: &Context,
        actor: &Actor,
        people: u64,
        (counted, limit): (Counted, u64),
        now: Timestamp,
    ) -> Result<Self, Unavailable> {
        let (author, since) = (actor.name(), now.minus(TOGETHER));
        let before = store::approval::reached_since(&ctx.db, counted, &author, since).await?;
        let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        Ok(Self {
            account: actor.account().cloned(),
            author,
            since,
            counted,
            together: people.saturating_add(before),
            limit,
            is_ordinary: false,
            room: signed(limit).saturating_sub(signed(people)),
        })
    }

    /// Whether one person is enough.
    pub(super) const fn is_enough(&self) -> bool {
        self.together <= self.limit
    }

    /// In a batch, before whatever it counts: it is so still. Of two acts of the same author one waits for the other.
    pub(super) fn is_still_enough(&self) -> Vec<Statement> {
        let one_at_a_time = self.account.as_ref().map(store::approval::hold_author);
        let below = store::approval::reached_at_most(self.counted, &self.author, self.since, self.room);
        one_at_a_time.into_iter().chain([below]).collect()
    }
}

/// Somebody acted alone where two are asked for: the log says so at once. The audit log does, too, and the metrics count there:
/// the program that acts is not the one that is watched. `object` is what was done to, as the audit log names it.
pub(super) fn alarm(actor: &Actor, object: &str) {
    tracing::error!(object, actor = actor.name(), "the glass was broken: nobody else approved");
}
