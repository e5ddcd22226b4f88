//! Telling relying parties and people: the job that tells orders and sends notices. It runs in every replica; what it does is claimed in
//! the database, so each piece of work is done once, and done again only where a replica died over it.

mod deliver;
mod mail;
pub mod retry;
mod tell_orders;

use std::collections::{BTreeSet, HashSet};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Sleep;

use crate::domain::account::AccountId;
use crate::domain::approval::operator;
use crate::domain::notice::{MailKind, NoticeId, Receiver, RetryRules};
use crate::domain::timestamp::Timestamp;
use crate::flows::context::Context;
use crate::flows::step::Step;
use crate::flows::unavailable::Unavailable;
use crate::outgoing::Outgoing;
use crate::outgoing::mail::Mailer;
use crate::store;
use crate::store::db::Statement;

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

/// The settings of mail, where a deployment sends any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailSettings {
    /// How long one mail may take, the connection included.
    pub timeout: Duration,
    /// Connections at once, by one replica.
    pub concurrency: usize,
}

/// In a batch: a person is told by mail of what was done to the own account; none where the deployment sends no mail.
pub fn told_by_mail(ctx: &Context, account: &AccountId, kind: MailKind, now: Timestamp) -> Option<Statement> {
    ctx.settings.mail.as_ref()?;
    let id = NoticeId(ctx.new_id(now));
    Some(store::notice::mail::tell(&id, account, kind, &ctx.new_cause(now), now))
}

/// In a batch: those who put an order forward or approved it, as the audit log names them, are told by mail that it is a draft again.
pub fn told_of_return<'a>(
    ctx: &Context,
    whom: impl IntoIterator<Item = &'a str>,
    now: Timestamp,
) -> impl Iterator<Item = Statement> {
    let accounts: BTreeSet<_> = whom.into_iter().filter_map(operator).map(|account| account.0).collect();
    accounts
        .into_iter()
        .filter_map(move |account| told_by_mail(ctx, &AccountId(account), MailKind::OrderReturned, now))
}

/// What notices are sent by.
#[derive(Clone)]
struct Post {
    outgoing: Outgoing,
    mailer: Option<Mailer>,
}

/// The job of one replica.
pub struct Courier {
    ctx: Arc<Context>,
    post: Post,
    /// One task for each receiver that something is being sent to: a slow one keeps nobody waiting.
    rounds: JoinSet<Receiver>,
    busy: HashSet<Receiver>,
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
    pub fn new(ctx: Arc<Context>, outgoing: Outgoing, mailer: Option<Mailer>) -> Self {
        Self { ctx, post: Post { outgoing, mailer }, rounds: JoinSet::new(), busy: HashSet::new() }
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

    /// Tells orders a page further, and sets out to everybody to whom something is due and nobody is on the
    /// way. Whether there is more of an order to tell at once.
    async fn set_out(&mut self) -> Result<bool, Unavailable> {
        let more = tell_orders::tell(&self.ctx).await?;
        for receiver in store::notice::receivers(&self.ctx.db).await? {
            if self.busy.insert(receiver.clone()) {
                let (ctx, post) = (Arc::clone(&self.ctx), self.post.clone());
                self.rounds.spawn(async move {
                    if let Err(error) = deliver::deliver(&ctx, &post, &receiver).await {
                        tracing::warn!(%error, client = receiver.as_str(), "notices wait");
                    }
                    receiver
                });
            }
        }
        Ok(more)
    }

    fn back(&mut self, back: Result<Receiver, tokio::task::JoinError>) {
        match back {
            Ok(receiver) => {
                self.busy.remove(&receiver);
            }
            // It cannot be said to whom the round was: all are asked for again. Claims keep two from sending the same.
            Err(_) => self.busy.clear(),
        }
    }
}
