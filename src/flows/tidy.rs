//! Housekeeping: what falls due is recorded, what nobody can use any more is removed. Nothing depends on when it runs.

use std::time::Duration;

use crate::domain::timestamp::Timestamp;
use crate::flows::audit::cut::cut;
use crate::flows::context::Context;
use crate::flows::reset_order::come_into_force::{come_into_force, destroy_expired_keys, harden};
use crate::flows::reset_order::look_ahead::look_ahead;
use crate::flows::signing_keys;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::db::{Batch, DbError};

/// For how long the same request with the same key is the same act.
const REPEATED: Duration = Duration::from_hours(7 * 24);

/// How many rows of a kind one step removes, so that requests go on between the steps.
const STEP: u32 = 500;

/// Steps of one round: what a morning leaves behind is more than a step, and the rest of what runs in a round is not to wait for ever.
const STEPS: u32 = 100;

/// One round.
pub async fn tidy(ctx: &Context) -> Result<(), Unavailable> {
    come_into_force(ctx).await?;
    harden(ctx).await?;
    look_ahead(ctx).await?;
    destroy_expired_keys(ctx).await?;
    ctx.ephemeral.tidy().await?;
    let now = ctx.clock.now();
    remove(ctx, now).await?;
    cut(ctx).await?;
    // Another program may have rotated: the keys in the database are the ones that count.
    signing_keys::rotate_due(&ctx.key_room(), ctx.settings.rotation, now).await?;
    ctx.replace_keys(signing_keys::load(&ctx.key_room()).await?);
    Ok(())
}

async fn remove(ctx: &Context, now: Timestamp) -> Result<(), Unavailable> {
    let settings = &ctx.settings;
    // What was given up longer ago than a grant lives speaks of nothing any more.
    let (delivered, parked) = (now.minus(settings.notices.keep), now.minus(settings.refresh_token));
    let step = i64::from(STEP);
    for _ in 0..STEPS {
        let mut gone = Vec::from(store::grant::tidy(now, step));
        gone.push(store::session::tidy(now, step));
        gone.push(store::idempotency::tidy(now.minus(REPEATED), step));
        gone.push(store::used_assertion::tidy(now, step));
        gone.extend(store::notice::tidy(delivered, parked, step));
        let removed = ctx.db.run(Batch::plain(gone)).await.map_err(DbError::from)?;
        if removed.iter().all(|kind| kind.count < u64::from(STEP)) {
            break;
        }
    }
    Ok(())
}
