//! Notices that were given up are tried anew, once their receiver is mended.

use crate::domain::event::Act;
use crate::domain::notice::{Cause, NoticeId, Receiver};
use crate::domain::reset_order::OrderId;
use crate::flows::actor::Actor;
use crate::flows::context::{Context, happened};
use crate::flows::reset_order::cancel::CancelError;
use crate::flows::reset_order::draft::changeable;
use crate::flows::step::Step;
use crate::flows::unavailable::{TRIES, Unavailable};
use crate::store;
use crate::store::db::{Batch, Statement};
use crate::store::notice::Failed;

/// Which.
pub enum Which {
    /// These, or none if one of them was not given up.
    These(Vec<NoticeId>),
    /// All to one receiver.
    To(Receiver),
    /// All.
    All,
}

/// Puts them back in the queue, with all their attempts before them. How many; none if one of those named does not wait
/// for it.
pub async fn retry(ctx: &Context, actor: &Actor, which: &Which) -> Result<Option<u64>, Unavailable> {
    let now = ctx.clock.now();
    let (back, object) = match which {
        Which::These(ids) => {
            let each: Vec<_> = ids.iter().map(|id| store::notice::retry(id, now)).collect();
            (each, "notices".to_owned())
        }
        Which::To(receiver) => {
            let object = match receiver {
                Receiver::Client(client) => format!("client:{}", client.0),
                Receiver::Mail => "mail".to_owned(),
            };
            (vec![store::notice::retry_all(Some(receiver), now)], object)
        }
        Which::All => (vec![store::notice::retry_all(None, now)], "notices".to_owned()),
    };
    let line = ctx.audit(now, &actor.line(Act::NoticeRetry, object));
    put_back(ctx, back, vec![line]).await
}

/// All that were given up of one cause, by relying party and reason.
pub async fn given_up(ctx: &Context, cause: &Cause) -> Result<Vec<Failed>, Unavailable> {
    const STEP: u32 = 100;
    let mut all: Vec<Failed> = Vec::new();
    loop {
        let last = all.last().map(|last| (last.client.0.clone(), last.failure.clone()));
        let page = store::notice::failed(&ctx.db, cause, last.as_ref(), STEP).await?;
        let is_last = page.len() < STEP as usize;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}

/// The same for all that were given up of one order, by whoever may lift or close it.
pub async fn retry_of(
    ctx: &Context,
    actor: &Actor,
    id: &OrderId,
) -> Result<Result<u64, CancelError>, Unavailable> {
    for _ in 0..TRIES {
        let (record, right) = match changeable(ctx, actor, id).await? {
            Ok(changeable) => changeable,
            Err(error) => return Ok(Err(error)),
        };
        let (now, cause) = (ctx.clock.now(), Cause::from(id));
        // As many as are counted, or it is decided again: their number is what is remembered.
        let number = store::notice::parked(&ctx.db, &cause).await?;
        let back = vec![store::notice::retry_caused(&cause, now).want(number)];
        let mut beside = right.still_held();
        beside.push(ctx.audit(now, &actor.order_line(&right, Act::NoticeRetry, &record.order)));
        beside.extend(actor.remember(number, now));
        if let Some(number) = put_back(ctx, back, beside).await? {
            return Ok(Ok(number));
        }
    }
    Err(Unavailable::Contended)
}

/// Runs what puts notices back with what is written beside it; how many were put back.
async fn put_back(
    ctx: &Context,
    mut back: Vec<Statement>,
    beside: Vec<Statement>,
) -> Result<Option<u64>, Unavailable> {
    let statements = back.len();
    back.extend(beside);
    ctx.steps.at(Step::BatchDecided).await;
    let Some(done) = happened(ctx.db.run(Batch::plain(back)).await)? else { return Ok(None) };
    ctx.notices_written.notify_one();
    Ok(Some(done.iter().take(statements).map(|affected| affected.count).sum()))
}
