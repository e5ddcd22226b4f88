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
        // Lines first: a pass that finds none costs one statement. One that was sealed since refuses a second place.
        let lines = store::audit::unsealed(&ctx.db, STEP).await?;
        if lines.is_empty() {
            return Ok(sealed);
        }
        let from = store::audit::head(&ctx.db).await?;
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
    /// When it last looked whether the head had moved.
    looked: Option<Timestamp>,
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
        let sealed = seal(ctx).await?;
        let now = ctx.clock.now();
        let lately = |at: Timestamp| now < at.plus(TELL);
        let was_told = self.told.as_ref().is_some_and(|(at, _)| lately(*at));
        // What others seal is looked for once in a while.
        if was_told || (sealed == 0 && self.looked.is_some_and(lately)) {
            return Ok(false);
        }
        self.looked = Some(now);
        let head = store::audit::head(&ctx.db).await?;
        let moved = head.place > 0 && self.told.as_ref().is_none_or(|(_, told)| *told != head);
        if moved {
            tracing::info!(%head, "audit log sealed");
            self.told = Some((now, head));
        }
        Ok(moved)
    }
}
