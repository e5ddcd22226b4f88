//! The database was put back from a copy, or moved by one: nothing that was given out before is good any more.

use crate::domain::event::Act;
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::db::Batch;
use crate::store::deployment::{Standing, Witness, restored, standing, taken_into_use};

/// What is good afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The codes on paper: where the database was moved, and its slips with it.
    pub codes_live: bool,
}

/// Ends what everybody holds and moves the order clock on. `witness` is what a file outside the database has last seen of
/// it, for a server whose clock was put back as well.
pub async fn declare_restored(
    ctx: &Context,
    actor: &Actor,
    witness: Option<&Witness>,
) -> Result<Restored, Unavailable> {
    let standing = standing(&ctx.db, witness).await?;
    let (_, now) = store::reset_order::book_and_time(&ctx.db).await?;
    let after = witness.map_or(now, |seen| Timestamp::from_micros(seen.mark.micros() + 1));
    let above = now.max(after);
    let (statements, codes_live) = match standing {
        Standing::Copied { codes_live } => (taken_into_use(above), codes_live),
        Standing::InUse | Standing::Older | Standing::Moved => (restored(above), false),
    };
    let mut batch = Vec::from(statements);
    batch.push(ctx.audit(now, &actor.line(Act::StoreRestored, "store".to_owned())));
    ctx.commit(Batch::changing_orders(batch)).await?;
    Ok(Restored { codes_live })
}
