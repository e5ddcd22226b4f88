//! A second person approves what somebody put forward, or sends it back.

use thiserror::Error;

use crate::domain::approval::{Digest, FAVOUR, Objection, Request, Wish};
use crate::domain::event::Act;
use crate::domain::jurisdiction::{Permission, Refusal, Target};
use crate::domain::reset_order::{OrderId, OrderState, ResetOrder};
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::{Actor, Right, Standing};
use crate::flows::context::Context;
use crate::flows::four_eyes::alarm;
use crate::flows::notices::told_of_return;
use crate::flows::reset_order::help::{NobodyLeft, check_help_is_left};
use crate::flows::reset_order::put_forward::next_year;
use crate::flows::reset_order::released;
use crate::flows::step::Step;
use crate::flows::unavailable::{TRIES, Unavailable};
use crate::store;
use crate::store::db::{Batch, Statement};
use crate::store::reset_order::OrderRecord;

/// Why nothing was approved.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ApproveError {
    /// The operator may not.
    #[error(transparent)]
    NotAllowed(#[from] Refusal),
    /// Where the order reaches every operator, nobody is left to help: somebody was shut out since it was put forward.
    #[error(transparent)]
    NobodyLeft(#[from] NobodyLeft),
    /// Its deadline has passed meanwhile.
    #[error("the deadline of the order has passed; send it back, so that it gets another")]
    DeadlinePassed,
    /// Nobody waits for it.
    #[error("nothing about the order {0} waits for approval")]
    NotAsked(OrderId),
    /// This approval would not count.
    #[error(transparent)]
    Objection(#[from] Objection),
    /// Sending back needs a reason.
    #[error("sending an order back needs a reason")]
    ReasonMissing,
    /// There is no such order.
    #[error("there is no order {0}")]
    Unknown(OrderId),
}

/// An order with what is asked about it.
struct Asked {
    record: OrderRecord,
    request: Request,
    right: Right,
    /// Of the order as it is now.
    digest: Digest,
}

impl Asked {
    /// Whether its deadline would have passed as it begins: nobody who approves a change means that nobody gets in with the old password.
    fn is_too_late(&self, now: Timestamp) -> bool {
        self.record.order.deadline.is_some_and(|deadline| deadline <= self.record.scheduled_at.max(now))
    }
}

/// Approves what was shown: `seen` is the digest of the request ([`Request::shown`]). If so many people came or went since it was put forward that it is
/// another order, the approval falls and the order is a draft again.
pub async fn approve(
    ctx: &Context,
    actor: &Actor,
    id: &OrderId,
    seen: Option<&Digest>,
) -> Result<Result<OrderRecord, ApproveError>, Unavailable> {
    for _ in 0..TRIES {
        let (book, now) = store::reset_order::book_and_time(&ctx.db).await?;
        let asked = match asked(ctx, actor, id).await? {
            Ok(asked) => asked,
            Err(error) => return Ok(Err(error)),
        };
        if seen.is_some_and(|seen| *seen != asked.request.shown()) {
            return Ok(Err(Objection::Changed.into()));
        }
        if let Err(objection) = object(ctx, actor, &asked, now).await? {
            if let Objection::Drifted { .. } = objection
                && !fall(ctx, actor, &asked, (now, None)).await?
            {
                continue;
            }
            return Ok(Err(objection.into()));
        }
        if asked.request.wish == Wish::Issue && asked.is_too_late(now) {
            return Ok(Err(ApproveError::DeadlinePassed));
        }
        if asked.request.wish == Wish::Issue
            && let Err(left) = Box::pin(check_help_is_left(ctx, actor, &asked.record.order)).await?
        {
            return Ok(Err(left.into()));
        }
        let before = asked.record.order.state;
        let state = match asked.request.wish {
            Wish::Issue => released(asked.record.scheduled_at, book.clock, now),
            Wish::Cancel => match before.cancel(now) {
                Ok(state) => state,
                Err(_) => return Ok(Err(ApproveError::NotAsked(id.clone()))),
            },
        };
        let order = asked.record.order.standing(state, &ctx.settings.policy);
        let record = OrderRecord { order, ..asked.record.clone() };
        let mut batch = vec![
            store::reset_order::raise_clock(book.clock),
            store::reset_order::change_state(id, before, state),
            store::approval::answer(id, &asked.request, Some(&actor.name()), now),
        ];
        batch.extend(after(ctx, actor, &asked, &record, now)?);
        batch.extend(actor.remember(id, now));
        ctx.steps.at(Step::OrderDecided).await;
        if ctx.commit(Batch::changing_orders(batch)).await? {
            if actor.breaks_glass() {
                alarm(actor, &format!("order:{id}"));
            }
            return Ok(Ok(record));
        }
    }
    Err(Unavailable::Contended)
}

fn after(
    ctx: &Context,
    actor: &Actor,
    asked: &Asked,
    record: &OrderRecord,
    now: Timestamp,
) -> Result<Vec<Statement>, Unavailable> {
    let right = &asked.right;
    let mut batch = right.still_held();
    batch.push(ctx.audit(now, &actor.order_line(right, Act::OrderApprove, &record.order)));
    if actor.breaks_glass() {
        batch.push(ctx.audit(now, &actor.order_line(right, Act::BreakGlass, &record.order)));
    }
    match asked.request.wish {
        Wish::Issue => {
            batch.extend(store::reset_order::begins(&record.order, now));
            if let OrderState::InForce(_) = record.order.state {
                batch.extend(next_year(ctx, record, now)?);
            }
        }
        Wish::Cancel => batch.push(ctx.audit(now, &actor.order_line(right, Act::OrderCancel, &record.order))),
    }
    Ok(batch)
}

/// Sends back what somebody put forward: an order is a draft again, and one that was to be lifted stays in force.
pub async fn send_back(
    ctx: &Context,
    actor: &Actor,
    id: &OrderId,
) -> Result<Result<OrderRecord, ApproveError>, Unavailable> {
    if actor.reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) {
        return Ok(Err(ApproveError::ReasonMissing));
    }
    for _ in 0..TRIES {
        let asked = match asked(ctx, actor, id).await? {
            Ok(asked) => asked,
            Err(error) => return Ok(Err(error)),
        };
        let now = ctx.clock.now();
        if fall(ctx, actor, &asked, (now, actor.remember(id, now))).await? {
            let state = match asked.request.wish {
                Wish::Issue => OrderState::Draft,
                Wish::Cancel => asked.record.order.state,
            };
            return Ok(Ok(OrderRecord { order: ResetOrder { state, ..asked.record.order }, ..asked.record }));
        }
    }
    Err(Unavailable::Contended)
}

/// What is asked about an order, of somebody who may answer.
async fn asked(
    ctx: &Context,
    actor: &Actor,
    id: &OrderId,
) -> Result<Result<Asked, ApproveError>, Unavailable> {
    let Some(record) = store::reset_order::find(&ctx.db, id).await? else {
        return Ok(Err(ApproveError::Unknown(id.clone())));
    };
    let population = Target::Population(&record.order.population);
    let right = match actor.powers(ctx).await?.may(Permission::ApproveOrder, population) {
        Ok(right) => right,
        Err(Refusal::OutOfTerritory) => return Ok(Err(ApproveError::Unknown(id.clone()))),
        Err(refusal) => return Ok(Err(refusal.into())),
    };
    let Some(request) = store::approval::open(&ctx.db, id).await? else {
        return Ok(Err(ApproveError::NotAsked(id.clone())));
    };
    let digest = Digest::of(&record.order, record.scheduled_at);
    Ok(Ok(Asked { record, request, right, digest }))
}

async fn object(
    ctx: &Context,
    actor: &Actor,
    asked: &Asked,
    now: Timestamp,
) -> Result<Result<(), Objection>, Unavailable> {
    let operator = match &actor.standing {
        Standing::Operator(operator) => operator,
        Standing::Local(_) | Standing::System if actor.breaks_glass() => return Ok(Ok(())),
        Standing::Local(_) | Standing::System => return Ok(Err(Objection::Local)),
    };
    let by = &asked.request.by;
    if store::audit::are_beholden(&ctx.db, by, &actor.name(), now.minus(FAVOUR)).await? {
        return Ok(Err(Objection::Beholden));
    }
    let covers = match asked.request.wish {
        Wish::Issue => store::population::covered(&ctx.db, &asked.record.order.population).await?,
        Wish::Cancel => asked.request.covered,
    };
    Ok(asked.request.check(&asked.record.order, &asked.digest, covers, operator.account()))
}

/// What was asked is asked no more. None of it changes whom the gate lets through, so no clock is raised.
async fn fall(
    ctx: &Context,
    actor: &Actor,
    asked: &Asked,
    (now, remember): (Timestamp, Option<Statement>),
) -> Result<bool, Unavailable> {
    let id = &asked.record.order.id;
    let mut batch = vec![
        store::approval::answer(id, &asked.request, None, now),
        ctx.audit(now, &actor.order_line(&asked.right, Act::OrderSendBack, &asked.record.order)),
    ];
    if asked.request.wish == Wish::Issue {
        batch.push(store::reset_order::change_state(id, asked.record.order.state, OrderState::Draft));
        batch.extend(told_of_return(ctx, [asked.request.by.as_str()], now));
    }
    batch.extend(asked.right.still_held());
    batch.extend(remember);
    ctx.commit(Batch::plain(batch)).await
}
