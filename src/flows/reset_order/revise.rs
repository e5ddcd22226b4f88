//! An order that binds nobody yet says something else from now on, is put forward, or both in one act: what is refused leaves it as
//! it stood, with its approval.

use crate::domain::approval::Digest;
use crate::domain::event::Act;
use crate::domain::order_clock::OrderClock;
use crate::domain::reset_order::{OrderId, OrderState, ResetOrder, WrongState};
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::{Actor, Right};
use crate::flows::context::Context;
use crate::flows::reset_order::cancel::CancelError;
use crate::flows::reset_order::come_into_force::come_into_force;
use crate::flows::reset_order::draft::{DraftError, changeable, permitted};
use crate::flows::reset_order::issue::{Proposal, ProposalError};
use crate::flows::reset_order::put_forward::{Putting, put_forward};
use crate::flows::unavailable::{TRIES, Unavailable};
use crate::store;
use crate::store::db::{Batch, Statement};
use crate::store::reset_order::OrderRecord;

/// An order as it stands, and as it would be.
struct Change {
    before: OrderRecord,
    after: OrderRecord,
    /// The right to whom it covered.
    over: Right,
    /// The right to whom it will cover.
    right: Right,
}

/// Changes what an order says that binds nobody yet. It is a draft again: whoever approved it, or was asked to, approved
/// something else. What changes nothing leaves it as it stands. `seen` stands for the order as it was shown ([`Digest::shown`]).
pub async fn edit(
    ctx: &Context,
    actor: &Actor,
    id: &OrderId,
    proposal: &Proposal,
    seen: Option<&Digest>,
) -> Result<Result<OrderRecord, DraftError>, Unavailable> {
    for _ in 0..TRIES {
        let (clock, now) = with_nothing_due(ctx).await?;
        let change = match Change::read(ctx, actor, id, (proposal, seen), now).await? {
            Ok(change) => change,
            Err(error) => return Ok(Err(error)),
        };
        if change.is_none() {
            if change.stays(ctx, actor, now).await? {
                return Ok(Ok(change.before));
            }
            continue;
        }
        let Change { before, after, right, .. } = &change;
        let mut batch = vec![store::reset_order::raise_clock(clock)];
        batch.extend(change.instead(now)?);
        batch.push(store::reset_order::change_state(id, before.order.state, OrderState::Draft));
        batch.push(ctx.audit(now, &actor.order_line(right, Act::OrderEdit, &after.order)));
        batch.extend(change.still_held());
        batch.extend(actor.remember(id, now));
        if ctx.commit(Batch::changing_orders(batch)).await? {
            return Ok(Ok(change.after));
        }
    }
    Err(Unavailable::Contended)
}

/// Changes it and puts it forward as it is from then on. `confirmed` is the number of people that somebody typed, and `seen` the
/// digest of the order that they began with. What was put forward already and is not changed stays as it stands, and
/// approved if it was.
pub async fn revise(
    ctx: &Context,
    actor: &Actor,
    id: &OrderId,
    proposal: &Proposal,
    (confirmed, seen): (Option<u64>, Option<&Digest>),
) -> Result<Result<OrderRecord, DraftError>, Unavailable> {
    for _ in 0..TRIES {
        let (clock, now) = with_nothing_due(ctx).await?;
        let change = match Change::read(ctx, actor, id, (proposal, seen), now).await? {
            Ok(change) => change,
            Err(error) => return Ok(Err(error)),
        };
        match change.put_forward(ctx, actor, confirmed, (clock, now)).await? {
            Ok(Some(record)) => return Ok(Ok(record)),
            Ok(None) => {}
            Err(error) => return Ok(Err(error)),
        }
    }
    Err(Unavailable::Contended)
}

/// Puts a draft forward as it is. `confirmed` is the number of people that somebody typed, and `seen` the digest of the draft that they saw.
pub async fn submit(
    ctx: &Context,
    actor: &Actor,
    id: &OrderId,
    (confirmed, seen): (Option<u64>, Option<&Digest>),
) -> Result<Result<OrderRecord, DraftError>, Unavailable> {
    for _ in 0..TRIES {
        let (book, now) = store::reset_order::book_and_time(&ctx.db).await?;
        let (before, right) = match changeable(ctx, actor, id).await? {
            Ok(changeable) => changeable,
            Err(error) => return Ok(Err(error.into())),
        };
        let OrderState::Draft = before.order.state else {
            return Ok(Err(wrong(&before, "put forward")));
        };
        if seen.is_some_and(|seen| *seen != Digest::shown(&before.order, before.scheduled_at, None)) {
            return Ok(Err(DraftError::Changed));
        }
        if before.order.deadline.is_some_and(|deadline| deadline <= before.scheduled_at.max(now)) {
            return Ok(Err(ProposalError::DeadlineTooEarly.into()));
        }
        let change = Change { after: before.clone(), before, over: right.clone(), right };
        match change.put_forward(ctx, actor, confirmed, (book.clock, now)).await? {
            Ok(Some(record)) => return Ok(Ok(record)),
            Ok(None) => {}
            Err(error) => return Ok(Err(error)),
        }
    }
    Err(Unavailable::Contended)
}

/// The order clock and the database's time, once all that is due has drawn its number.
async fn with_nothing_due(ctx: &Context) -> Result<(OrderClock, Timestamp), Unavailable> {
    for _ in 0..TRIES {
        let (book, now) = store::reset_order::book_and_time(&ctx.db).await?;
        if book.due(now).next().is_none() {
            return Ok((book.clock, now));
        }
        come_into_force(ctx).await?;
    }
    Err(Unavailable::Contended)
}

fn wrong(record: &OrderRecord, to: &'static str) -> DraftError {
    CancelError::from(WrongState { from: record.order.state.as_str(), to }).into()
}

impl Change {
    async fn read(
        ctx: &Context,
        actor: &Actor,
        id: &OrderId,
        (proposal, seen): (&Proposal, Option<&Digest>),
        now: Timestamp,
    ) -> Result<Result<Self, DraftError>, Unavailable> {
        let (before, over) = match changeable(ctx, actor, id).await? {
            Ok(changeable) => changeable,
            Err(error) => return Ok(Err(error.into())),
        };
        match before.order.state {
            OrderState::Draft | OrderState::AwaitingApproval => {}
            OrderState::Scheduled { at } if at > now => {}
            OrderState::Scheduled { .. }
            | OrderState::InForce(_)
            | OrderState::Closed { .. }
            | OrderState::Cancelled { .. } => return Ok(Err(wrong(&before, "changed"))),
        }
        let asked = store::approval::open(&ctx.db, id).await?;
        let shown = Digest::shown(&before.order, before.scheduled_at, asked.as_ref());
        if seen.is_some_and(|seen| *seen != shown) {
            return Ok(Err(DraftError::Changed));
        }
        let (order, right) = match permitted(ctx, actor, proposal, now).await? {
            Ok(permitted) => permitted,
            Err(error) => return Ok(Err(error.into())),
        };
        let after = OrderRecord {
            order: ResetOrder { id: id.clone(), ..order },
            // An instant that has passed is as good as none.
            scheduled_at: proposal.at.unwrap_or_else(|| before.scheduled_at.min(now)),
            reason: actor.reason.clone().unwrap_or_else(|| before.reason.clone()),
            submitted_at: None,
            covered: None,
            repeats: proposal.repeats,
            ..before.clone()
        };
        Ok(Ok(Self { before, after, over, right }))
    }

    /// Whether it says what it said.
    fn is_none(&self) -> bool {
        let said = |record: &OrderRecord| {
            let order = record.order.clone();
            let when = (record.scheduled_at, order.deadline, order.code_lifetime, record.repeats);
            (order.population, order.exclusions, order.level, when, record.reason.clone())
        };
        said(&self.before) == said(&self.after)
    }

    /// Leaves it as it stands: there is nothing to write but that it was asked for. False where something came between.
    async fn stays(&self, ctx: &Context, actor: &Actor, now: Timestamp) -> Result<bool, Unavailable> {
        let Some(remember) = actor.remember(&self.before.order.id, now) else { return Ok(true) };
        let batch = [remember].into_iter().chain(self.still_held()).collect();
        ctx.commit(Batch::plain(batch)).await
    }

    /// In a batch: whoever changes it may do so still, to whom it covered and to whom it will.
    fn still_held(&self) -> impl Iterator<Item = Statement> {
        let new = if self.over == self.right { Vec::new() } else { self.right.still_held() };
        self.over.still_held().into_iter().chain(new)
    }

    /// In a batch: what it said until now, and what was asked about that, is so no more. What has fallen due meanwhile binds
    /// already, and stays.
    fn instead(&self, now: Timestamp) -> Result<Vec<Statement>, Unavailable> {
        let rewrite = store::reset_order::rewrite(&self.after);
        let mut batch = vec![
            rewrite.map_err(|error| Unavailable::Broken(error.to_string()))?,
            store::approval::end(&self.before.order.id, now),
        ];
        if let OrderState::Scheduled { .. } = self.before.order.state {
            batch.insert(0, store::reset_order::nothing_due());
        }
        Ok(batch)
    }

    /// Puts forward what it says from then on. None where something came between, and nothing is written.
    async fn put_forward(
        &self,
        ctx: &Context,
        actor: &Actor,
        confirmed: Option<u64>,
        (clock, now): (OrderClock, Timestamp),
    ) -> Result<Result<Option<OrderRecord>, DraftError>, Unavailable> {
        let Self { before, after, right, .. } = self;
        if after.reason.trim().is_empty() {
            return Ok(Err(ProposalError::ReasonMissing.into()));
        }
        let (id, begins_at) = (&before.order.id, after.scheduled_at);
        let putting = Putting { order: &after.order, begins_at, confirmed, before: Some(before) };
        let mut forward = match put_forward(ctx, actor, putting, now).await? {
            Ok(forward) => forward,
            Err(error) => return Ok(Err(error.into())),
        };
        if self.is_none() && before.order.state != OrderState::Draft {
            return Ok(Ok(self.stays(ctx, actor, now).await?.then(|| before.clone())));
        }
        forward.instead = self.instead(now)?;
        let state = forward.state(begins_at.max(now), clock, now);
        let mut batch = vec![
            store::reset_order::change_state(id, before.order.state, state),
            store::reset_order::submit(id, &actor.name(), forward.covered, now),
        ];
        if !self.is_none() {
            batch.push(ctx.audit(now, &actor.order_line(right, Act::OrderEdit, &after.order)));
        }
        batch.push(ctx.audit(now, &actor.order_line(right, Act::OrderIssue, &after.order)));
        let order = after.order.standing(state, &ctx.settings.policy);
        batch.extend(store::reset_order::begins(&order, now));
        batch.extend(self.still_held());
        batch.extend(actor.remember(id, now));
        let record = OrderRecord {
            author: actor.name(),
            submitted_at: Some(now),
            covered: forward.covered,
            order,
            ..after.clone()
        };
        let done = forward.commit(ctx, actor, &record, (right, clock), batch).await?;
        Ok(Ok(done.then_some(record)))
    }
}
