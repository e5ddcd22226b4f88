//! Telling relying parties: the job that tells orders and sends notices. It runs in every replica; what it does is claimed in
//! the database, so each piece of work is done once, and done again only where a replica died over it.

mod deliver;
pub mod retry;
mod tell_orders;

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Sleep;

use crate::domain::client::ClientId;
use crate::domain::notice::RetryRules;
use crate::flows::context::Context;
use crate::flows::step::Step;
use crate::flows::unavailable::Unavailable;
use crate::outgoing::Outgoing;
use crate::store;

/// How long the job rests when nobody wakes it: another replica may have written something.
const REST: Duration = Duration::from_secs(1);

/// The settings of notices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeSettings {
    /// How often each is tried.
    pub retry: RetryRules,
    /// How long one request may take.
    pub timeout: Duration,
    /// Requests to one relying party at once, by one replica.
    pub concurrency: usize,
    /// How many notices of orders wait for one relying party before more are written.
    pub ahead: usize,
    /// How long a delivered one is remembered.
    pub keep: Duration,
    /// How long a batch or a page waits while passwords are hashed.
    pub give_way: Duration,
}

/// The job of one replica.
pub struct Courier {
    ctx: Arc<Context>,
    outgoing: Outgoing,
    /// One task for each relying party that something is being sent to: a slow one keeps nobody waiting.
    rounds: JoinSet<ClientId>,
    busy: HashSet<ClientId>,
}

/// People who wait for their password to be verified come first: whoever has more than one thing to tell waits with each
/// until nobody does, or until the whole of a batch was put off for so long, for a rush must not keep it from going on.
struct Courtesy {
    left: Pin<Box<Sleep>>,
}

impl Courtesy {
    /// Of one batch.
    async fn begin(ctx: &Context) -> Self {
        ctx.steps.at(Step::NoticesGiveWay).await;
        Self { left: Box::pin(tokio::time::sleep(ctx.settings.notices.give_way)) }
    }

    /// Before each piece of it.
    async fn give_way(&mut self, ctx: &Context) {
        tokio::select! {
            () = ctx.hash_pool.idle() => {}
            () = &mut self.left => {}
        }
    }
}

impl Courier {
    /// A courier that has not set out.
    pub fn new(ctx: Arc<Context>, outgoing: Outgoing) -> Self {
        Self { ctx, outgoing, rounds: JoinSet::new(), busy: HashSet::new() }
    }

    /// Goes on until it is dropped. What is being sent then is sent again, by whoever claims it next.
    pub async fn run(mut self) {
        loop {
            let more = match self.set_out().await {
                Ok(more) => more,
                Err(error) => {
                    tracing::warn!(%error, "notices wait");
                    false
                }
            };
            let rest = if more { Duration::ZERO } else { REST };
            tokio::select! {
                () = tokio::time::sleep(rest) => {}
                () = self.ctx.notices_written.notified() => {}
                Some(back) = self.rounds.join_next() => self.back(back),
            }
        }
    }

    /// One round, for tests: all that is due now is told and tried.
    pub async fn round(&mut self) -> Result<(), Unavailable> {
        while self.set_out().await? || !self.rounds.is_empty() {
            while let Some(back) = self.rounds.join_next().await {
                self.back(back);
            }
        }
        Ok(())
    }

    /// Tells orders a page further, and sets out to every relying party that has something due and to whom nobody is on the
    /// way. Whether there is more of an order to tell at once.
    async fn set_out(&mut self) -> Result<bool, Unavailable> {
        let more = tell_orders::tell(&self.ctx).await?;
        for client in store::notice::receivers(&self.ctx.db).await? {
            if self.busy.insert(client.clone()) {
                let (ctx, outgoing) = (Arc::clone(&self.ctx), self.outgoing.clone());
                self.rounds.spawn(async move {
                    if let Err(error) = deliver::deliver(&ctx, &outgoing, &client).await {
                        tracing::warn!(%error, client = client.0, "notices wait");
                    }
                    client
                });
            }
        }
        Ok(more)
    }

    fn back(&mut self, back: Result<ClientId, tokio::task::JoinError>) {
        match back {
            Ok(client) => {
                self.busy.remove(&client);
            }
            // It cannot be said to whom the round was: all are asked for again. Claims keep two from sending the same.
            Err(_) => self.busy.clear(),
        }
    }
}
