//! The database was put back from a copy: nothing that was given out before is good any more.

use crate::domain::event::Act;
use crate::domain::timestamp::Timestamp;
use crate::flows::context::Context;
use crate::flows::reset_order::Actor;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::db::Batch;

/// Ends what everybody holds and moves the order clock on. `seen` is the latest instant at which a file outside the database
/// has seen it, for a server whose clock was put back as well.
pub async fn declare_restored(
    ctx: &Context,
    actor: &Actor,
    seen: Option<Timestamp>,
) -> Result<(), Unavailable> {
    let (_, now) = store::reset_order::book_and_time(&ctx.db).await?;
    let after = seen.map_or(now, |seen| Timestamp::from_micros(seen.micros() + 1));
    let mut batch = Vec::from(store::deployment::restored(now.max(after)));
    batch.push(ctx.audit(now, &actor.line(Act::StoreRestored, "store".to_owned())));
    ctx.commit(Batch::changing_orders(batch)).await?;
    Ok(())
}
