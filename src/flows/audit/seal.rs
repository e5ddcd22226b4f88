//! Sealing: committed lines are given their place in the chain, a second after they were written at most. The job runs in
//! every replica; whoever moves the head seals, and the others find it moved.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::audit_chain::Head;
use crate::domain::timestamp::Timestamp;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::db::Batch;

/// How many lines one batch seals, so that requests go on between the batches.
const STEP: usize = 500;

/// How long the job rests.
const REST: Duration = Duration::from_secs(1);

/// How often the head is told, where it moves: whoever keeps the log can show that no line is missing at the end.
const TELL: Duration = Duration::from_mins(1);

/// Seals what waits. How many lines; another replica may have sealed the rest.
pub async fn seal(ctx: &Context) -> Result<usize, Unavailable> {
    let mut sealed = 0;
    loop {
        let from = store::audit::head(&ctx.db).await?;
        let lines = store::audit::unsealed(&ctx.db, STEP).await?;
        if lines.is_empty() {
            return Ok(sealed);
        }
        let mut head = from.clone();
        let mut places = Vec::with_capacity(lines.len() + 1);
        for line in &lines {
            head = head.next(&ctx.secrets.audit_key, line);
            places.push(store::audit::seal(line, &head));
        }
        places.insert(0, store::audit::move_head(&from, &head));
        if !ctx.commit(Batch::plain(places)).await? {
            return Ok(sealed);
        }
        sealed += lines.len();
        if lines.len() < STEP {
            return Ok(sealed);
        }
    }
}

/// The job of one replica, which begins as one that has told nothing yet.
#[derive(Default)]
pub struct Sealer {
    told: Option<(Timestamp, Head)>,
}

impl Sealer {
    /// Goes on until it is dropped.
    pub async fn run(mut self, ctx: Arc<Context>) {
        loop {
            if let Err(error) = self.round(&ctx).await {
                tracing::warn!(%error, "lines of the audit log wait to be sealed");
            }
            tokio::time::sleep(REST).await;
        }
    }

    /// Seals, and tells the head if it has moved and was not told for a while. Whether it did.
    pub async fn round(&mut self, ctx: &Context) -> Result<bool, Unavailable> {
        seal(ctx).await?;
        let now = ctx.clock.now();
        if self.told.as_ref().is_some_and(|(at, _)| now < at.plus(TELL)) {
            return Ok(false);
        }
        let head = store::audit::head(&ctx.db).await?;
        let moved = head.place > 0 && self.told.as_ref().is_none_or(|(_, told)| *told != head);
        if moved {
            tracing::info!(%head, "audit log sealed");
            self.told = Some((now, head));
        }
        Ok(moved)
    }
}
