//! Acts that are done once under the key of their request.

use super::problem::{Answer, Problem};
use crate::domain::reset_order::OrderId;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::once;
use crate::flows::reset_order::read;
use crate::flows::unavailable::Unavailable;
use crate::store::reset_order::OrderRecord;

/// Does it, or answers once more what came of it: `again` reads what was remembered, and answers none where that is there no more.
pub async fn once<T, E>(
    ctx: &Context,
    actor: &Actor,
    act: impl Future<Output = Result<Result<T, E>, Unavailable>>,
    again: impl AsyncFnOnce(String) -> Result<Option<T>, Unavailable>,
) -> Result<Answer<T>, Unavailable>
where
    Problem: From<E>,
{
    let act = Box::pin(async { Ok(act.await?.map_err(Problem::from)) });
    let again = async |object| {
        let gone = || {
            Problem::conflict("answer-gone", "what this request was answered with before is there no more")
        };
        Ok(again(object).await?.ok_or_else(gone))
    };
    once::once(ctx, actor, act, again).await
}

/// The same of what is done to an order.
pub async fn once_of_order<E>(
    ctx: &Context,
    actor: &Actor,
    act: impl Future<Output = Result<Result<OrderRecord, E>, Unavailable>>,
) -> Result<Answer<OrderRecord>, Unavailable>
where
    Problem: From<E>,
{
    once(ctx, actor, act, async |id| read::again(ctx, actor, &OrderId(id)).await).await
}
