//! Lines that were kept long enough are removed, from the beginning of the chain.

use crate::domain::audit_chain::Cut;
use crate::domain::event::{Act, AuditLine};
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::db::Batch;

/// How many lines one batch removes, so that requests go on between the batches.
const STEP: usize = 1_000;

/// How many batches one round makes: more than a day brings, if there is a round every minute.
const STEPS: usize = 20;

/// Removes what was kept long enough and is sealed. How many lines.
pub async fn cut(ctx: &Context) -> Result<u64, Unavailable> {
    let now = ctx.clock.now();
    let before = now.minus(ctx.settings.audit_keep);
    let mut removed = 0;
    for _ in 0..STEPS {
        let Some((last, count)) = store::audit::outlived(&ctx.db, before, STEP).await? else { break };
        let cut = Cut::sign(&ctx.secrets.audit_key, last, now);
        let line = Actor::system().line(Act::AuditCut, "audit".to_owned());
        let line = AuditLine { count: i64::try_from(count).ok(), ..line };
        let mut batch = Vec::from(store::audit::remove(&cut, count));
        batch.push(ctx.audit(now, &line));
        if !ctx.commit(Batch::plain(batch)).await? {
            break; // another replica is at it
        }
        removed += count;
    }
    Ok(removed)
}
