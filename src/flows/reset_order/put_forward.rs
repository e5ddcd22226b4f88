//! An order is put forward: it binds, or waits for a second person.

use std::time::Duration;

use crate::domain::approval::{Digest, Request, TOGETHER, Wish};
use crate::domain::event::Act;
use crate::domain::order_clock::OrderClock;
use crate::domain::population::Exclusions;
use crate::domain::reset_order::{OrderId, OrderState, ResetOrder};
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::{Actor, Right};
use crate::flows::context::Context;
use crate::flows::four_eyes::{Alone, alarm};
use crate::flows::reset_order::help::check_help_is_left;
use crate::flows::reset_order::issue::{ProposalError, insert};
use crate::flows::reset_order::released;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::db::{Batch, Statement};
use crate::store::reset_order::OrderRecord;

/// From one yearly order to the next: the same day of the week.
const YEAR: Duration = Duration::from_hours(52 * 7 * 24);

/// What becomes of an order that is put forward.
#[derive(Default)]
pub(super) struct Forward {
    /// The people it covers; none where nobody counted.
    pub(super) covered: Option<u64>,
    request: Option<Request>,
    /// That one person is enough.
    conditions: Vec<Statement>,
    /// What is taken back of an order that stood otherwise before: first, else it would be counted beside what it is now.
    pub(super) instead: Vec<Statement>,
}

/// What somebody puts forward.
pub(super) struct Putting<'a> {
    pub(super) order: &'a ResetOrder,
    pub(super) begins_at: Timestamp,
    /// The number of people that somebody typed.
    pub(super) confirmed: Option<u64>,
    /// The order as it stood until now, if it was written before.
    pub(super) before: Option<&'a OrderRecord>,
}

/// Counts, and decides whether one person is enough. Whoever breaks the glass waits for no count and for nobody.
pub(super) async fn put_forward(
    ctx: &Context,
    actor: &Actor,
    putting: Putting<'_>,
    now: Timestamp,
) -> Result<Result<Forward, ProposalError>, Unavailable> {
    let Putting { order, begins_at, confirmed, before } = putting;
    if actor.account().is_some_and(|author| order.exclusions.named_operators.contains(author)) {
        return Ok(Err(ProposalError::NamesAuthor));
    }
    if let Err(left) = Box::pin(check_help_is_left(ctx, actor, order)).await? {
        return Ok(Err(left.into()));
    }
    if actor.breaks_glass() {
        return Ok(Ok(Forward::default()));
    }
    let covered = store::population::covered(&ctx.db, &order.population).await?;
    if let Some(typed) = confirmed.filter(|typed| *typed != covered) {
        return Ok(Err(ProposalError::NotConfirmed { typed, covered }));
    }
    let alone = Alone::order(ctx, actor, covered, now).await?;
    let counted_before = before.map_or(0, |before| counted(before, actor, now));
    if alone.together.saturating_sub(counted_before) <= alone.limit {
        let conditions = alone.is_still_enough();
        return Ok(Ok(Forward { covered: Some(covered), conditions, ..Forward::default() }));
    }
    let (wish, digest) = (Wish::Issue, Digest::of(order, begins_at));
    let request = Request { wish, digest, covered, by: actor.name(), at: now };
    Ok(Ok(Forward { covered: Some(covered), request: Some(request), ..Forward::default() }))
}

/// The people of an order that the author's count has in it already, from when it was put forward as it stood.
fn counted(before: &OrderRecord, actor: &Actor, now: Timestamp) -> u64 {
    let since = now.minus(TOGETHER);
    let counts = before.author == actor.name()
        && before.submitted_at.is_some_and(|at| at >= since || before.scheduled_at >= since);
    before.covered.filter(|_| counts).unwrap_or_default()
}

impl Forward {
    /// Where the order stands from then on.
    pub(super) fn state(&self, begins_at: Timestamp, clock: OrderClock, now: Timestamp) -> OrderState {
        match self.request {
            Some(_) => OrderState::AwaitingApproval,
            None => released(begins_at, clock, now),
        }
    }

    /// Runs what was begun with what this adds, by the right and at the order clock that it was decided with. `record` is the order as it stands from then on.
    pub(super) async fn commit(
        &self,
        ctx: &Context,
        actor: &Actor,
        record: &OrderRecord,
        (right, clock): (&Right, OrderClock),
        mut batch: Vec<Statement>,
    ) -> Result<bool, Unavailable> {
        let (id, now) = (&record.order.id, record.submitted_at.unwrap_or(record.created_at));
        // First, so that of two changes decided at the same clock one waits for the other and is then undone; and before the
        // order is written, which would be counted twice.
        let first = [store::reset_order::raise_clock(clock)].into_iter().chain(self.instead.clone());
        if let Some(request) = &self.request {
            batch.push(store::approval::ask(&ctx.new_id(now), id, request));
            if self.instead.is_empty() {
                return ctx.commit(Batch::plain(batch)).await;
            }
            batch.splice(0..0, first);
            return ctx.commit(Batch::changing_orders(batch)).await;
        }
        if actor.breaks_glass() {
            batch.push(ctx.audit(now, &actor.order_line(right, Act::BreakGlass, &record.order)));
        }
        if let OrderState::InForce(_) = record.order.state {
            batch.extend(next_year(ctx, record, now)?);
        }
        batch.splice(0..0, first.chain(self.conditions.clone()));
        let done = ctx.commit(Batch::changing_orders(batch)).await?;
        if done && actor.breaks_glass() {
            alarm(actor, &format!("order:{id}"));
        }
        Ok(done)
    }
}

/// In the batch in which an order comes into force, which it does once: the same a year later, as a draft, for whoever looks at it
/// then.
pub(super) fn next_year(
    ctx: &Context,
    record: &OrderRecord,
    now: Timestamp,
) -> Result<Vec<Statement>, Unavailable> {
    if !record.repeats {
        return Ok(Vec::new());
    }
    let order = &record.order;
    let later = |at: Option<Timestamp>| at.map(|at| at.plus(YEAR));
    let scheduled_at = record.scheduled_at.plus(YEAR);
    let next = OrderRecord {
        order: ResetOrder {
            id: OrderId(ctx.new_id(now)),
            state: OrderState::Draft,
            exclusions: Exclusions {
                changed_since: later(order.exclusions.changed_since),
                reset_by_school_since: later(order.exclusions.reset_by_school_since),
                ..order.exclusions.clone()
            },
            deadline: later(order.deadline),
            codes_expire_at: scheduled_at.plus(ctx.settings.policy.codes_of_order(order.code_lifetime)),
            ..order.clone()
        },
        scheduled_at,
        created_at: now,
        submitted_at: None,
        covered: None,
        ..record.clone()
    };
    let line = Actor::system().order_line(&Right::Root, Act::OrderDraft, &next.order);
    Ok(vec![insert(ctx, &next)?, ctx.audit(now, &line)])
}
