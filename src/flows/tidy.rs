//! Housekeeping: what falls due is recorded, what nobody can use any more is removed. Nothing depends on when it runs.

use std::time::Duration;

use crate::flows::audit::cut::cut;
use crate::flows::context::Context;
use crate::flows::reset_order::come_into_force::{come_into_force, destroy_expired_keys, harden};
use crate::flows::reset_order::look_ahead::look_ahead;
use crate::flows::signing_keys;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::db::Batch;

/// For how long the same request with the same key is the same act.
const REPEATED: Duration = Duration::from_hours(7 * 24);

/// How many rows of a kind one step removes, so that requests go on between the steps.
const STEP: i64 = 500;

/// One round.
pub async fn tidy(ctx: &Context) -> Result<(), Unavailable> {
    come_into_force(ctx).await?;
    harden(ctx).await?;
    look_ahead(ctx).await?;
    destroy_expired_keys(ctx).await?;
    ctx.ephemeral.tidy().await?;
    let now = ctx.clock.now();
    let mut gone = Vec::from(store::grant::tidy(now, STEP));
    gone.push(store::session::tidy(now, STEP));
    gone.push(store::idempotency::tidy(now.minus(REPEATED), STEP));
    gone.push(store::used_assertion::tidy(now, STEP));
    // What was given up longer ago than a grant lives speaks of nothing any more.
    let settings = &ctx.settings;
    let (delivered, parked) = (now.minus(settings.notices.keep), now.minus(settings.refresh_token));
    gone.extend(store::notice::tidy(delivered, parked, STEP));
    ctx.commit(Batch::plain(gone)).await?;
    cut(ctx).await?;
    // Another program may have rotated: the keys in the database are the ones that count.
    signing_keys::rotate_due(&ctx.key_room(), ctx.settings.rotation, now).await?;
    ctx.replace_keys(signing_keys::load(&ctx.key_room()).await?);
    Ok(())
}
