//! Sending what is due to one receiver: claimed, sent at least once, and settled. An answer is a status and nothing else;
//! what a receiver writes is not read.

use std::time::Duration;

use tokio::task::JoinSet;
use tracing::Instrument as _;
use url::Url;

use super::mail;
use super::{Courtesy, Post};
use crate::domain::client::Client;
use crate::domain::notice::Receiver;
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::flows::context::Context;
use crate::flows::meters::Notified;
use crate::flows::unavailable::Unavailable;
use crate::oidc::logout_token::LogoutToken;
use crate::outgoing::Outgoing;
use crate::store;
use crate::store::db::{Batch, Statement};
use crate::store::notice::Claimed;

/// The claims of one batch, in rounds of requests: few enough that a receiver which answers none is given up before the
/// lease ends.
const ROUNDS: u32 = 4;

/// How many are put off in one batch: a few milliseconds in which nobody else writes.
const AT_ONCE: usize = 500;

/// How an attempt ended.
pub(super) enum Sent {
    Delivered,
    /// May work another time.
    Failed(String),
    /// Will not, unless somebody does something.
    Refused(String),
}

impl Sent {
    const fn counted(&self) -> Notified {
        match self {
            Self::Delivered => Notified::Delivered,
            Self::Failed(_) => Notified::Failed,
            Self::Refused(_) => Notified::Refused,
        }
    }
}

/// Sends until nothing is due.
pub(super) async fn deliver(ctx: &Context, post: &Post, receiver: &Receiver) -> Result<(), Unavailable> {
    let (timeout, concurrency) = pace(ctx, receiver);
    let lease = timeout * (ROUNDS + 2) + ctx.settings.notices.give_way;
    let size = concurrency * ROUNDS as usize;
    loop {
        let mut courtesy = Courtesy::begin(ctx).await;
        courtesy.give_way(ctx).await;
        let claimed = store::notice::claim(&ctx.db, receiver, lease, size).await?;
        if claimed.is_empty() {
            return Ok(());
        }
        let sent = match receiver {
            Receiver::Client(client) => {
                let client = store::client::find(&ctx.db, client).await?;
                send_all(ctx, &post.outgoing, client.as_ref(), claimed, &mut courtesy).await
            }
            Receiver::Mail => mail::send_all(ctx, post.mailer.as_ref(), claimed, concurrency).await?,
        };
        let now = ctx.clock.now();
        let settled = sent.iter().map(|(notice, sent)| settle(ctx, notice, sent, now));
        ctx.commit(Batch::plain(settled.collect())).await?;
        for (_, sent) in &sent {
            ctx.meters.notices[sent.counted() as usize].add();
        }
        say(receiver, &sent);
        if let Some(failure) = silence(&sent, concurrency) {
            put_off_rest(ctx, receiver, failure, &sent).await?;
        }
    }
}

/// How long one attempt may take, and how many are made at once.
fn pace(ctx: &Context, receiver: &Receiver) -> (Duration, usize) {
    let notices = &ctx.settings.notices;
    match (receiver, &ctx.settings.mail) {
        (Receiver::Mail, Some(mail)) => (mail.timeout, mail.concurrency),
        (Receiver::Client(_), _) | (Receiver::Mail, None) => (notices.timeout, notices.concurrency),
    }
}

/// Why a receiver took none of so many: it is not that one of them will not do.
fn silence(sent: &[(Claimed, Sent)], enough: usize) -> Option<&str> {
    let mut failure = None;
    for (_, sent) in sent {
        match sent {
            Sent::Failed(reason) => failure = Some(reason.as_str()),
            Sent::Delivered | Sent::Refused(_) => return None,
        }
    }
    failure.filter(|_| sent.len() >= enough)
}

/// What else is due to a receiver that is silent waits as what was just tried does. So it is asked by one batch after each
/// wait and not by every notice there is, and ten thousand of them are no more work than thirty.
async fn put_off_rest(
    ctx: &Context,
    receiver: &Receiver,
    failure: &str,
    sent: &[(Claimed, Sent)],
) -> Result<(), Unavailable> {
    let retry = &ctx.settings.notices.retry;
    let tried = sent.iter().map(|(notice, _)| notice.attempts).max().unwrap_or_default();
    let wait = retry.wait(tried, u32::from_be_bytes(ctx.random.bytes())).unwrap_or(retry.longest);
    let now = ctx.clock.now();
    loop {
        let rest =
            store::notice::put_off_rest(receiver, failure, now, now.plus(wait), retry.attempts, AT_ONCE);
        let done =
            ctx.db.run(Batch::plain(vec![rest])).await.map_err(|error| Unavailable::Db(error.into()))?;
        if done.iter().all(|affected| affected.count < AT_ONCE as u64) {
            return Ok(());
        }
    }
}

/// Sends a batch, so many at once.
async fn send_all(
    ctx: &Context,
    outgoing: &Outgoing,
    receiver: Option<&Client>,
    claimed: Vec<Claimed>,
    courtesy: &mut Courtesy,
) -> Vec<(Claimed, Sent)> {
    let address =
        receiver.and_then(|client| Some((client, Url::parse(client.backchannel_logout_uri.as_ref()?).ok()?)));
    let Some((client, address)) = address else {
        let refused =
            |notice| (notice, Sent::Refused("it has no backchannel_logout_uri any more".to_owned()));
        return claimed.into_iter().map(refused).collect();
    };
    let mut under_way = JoinSet::new();
    let mut done = Vec::with_capacity(claimed.len());
    for notice in claimed {
        if under_way.len() >= ctx.settings.notices.concurrency {
            done.extend(under_way.join_next().await.and_then(Result::ok));
        }
        courtesy.give_way(ctx).await;
        match token(ctx, client, &notice) {
            Ok(token) => {
                let (outgoing, address) = (outgoing.clone(), address.clone());
                under_way.spawn(async move {
                    let span =
                        tracing::info_span!(target: "ecluse::span", "logout token", otel.kind = "client");
                    let sent = send(&outgoing, &address, &token).instrument(span).await;
                    (notice, sent)
                });
            }
            Err(failure) => done.push((notice, Sent::Failed(failure))),
        }
    }
    while let Some(sent) = under_way.join_next().await {
        // One that panicked is not settled, and claimed again after the lease.
        done.extend(sent.ok());
    }
    done
}

fn token(ctx: &Context, client: &Client, notice: &Claimed) -> Result<Secret, String> {
    let token = LogoutToken {
        issuer: &ctx.settings.issuer,
        subject: &ctx.subject(&client.sector, &notice.account),
        client_id: &client.id,
        issued_at: ctx.clock.now(),
        jti: &notice.id.jti(),
        sid: &notice.sid,
    };
    let keys = ctx.keys();
    token.sign(keys.signer(client.id_token_signed_response_alg)).map_err(|error| error.to_string())
}

async fn send(outgoing: &Outgoing, address: &Url, token: &Secret) -> Sent {
    match outgoing.post_form(address, &[("logout_token", token.expose())]).await {
        Ok(200..=299) => Sent::Delivered,
        // Section 2.8: the token was not accepted, or nobody could be signed out. The same token will not be either.
        Ok(400) => Sent::Refused("answered 400".to_owned()),
        Ok(status) => Sent::Failed(format!("answered {status}")),
        Err(error) => Sent::Failed(error.to_string()),
    }
}

fn settle(ctx: &Context, notice: &Claimed, sent: &Sent, now: Timestamp) -> Statement {
    match sent {
        Sent::Delivered => store::notice::delivered(notice, now),
        Sent::Refused(failure) => store::notice::park(notice, failure, now),
        Sent::Failed(failure) => {
            let chance = u32::from_be_bytes(ctx.random.bytes());
            match ctx.settings.notices.retry.wait(notice.attempts, chance) {
                Some(wait) => store::notice::put_off(notice, failure, now.plus(wait)),
                None => store::notice::park(notice, failure, now),
            }
        }
    }
}

fn say(receiver: &Receiver, sent: &[(Claimed, Sent)]) {
    let delivered = sent.iter().filter(|(_, sent)| matches!(sent, Sent::Delivered)).count();
    let failures = |refused: bool| {
        sent.iter().filter_map(move |(_, sent)| match sent {
            Sent::Failed(failure) if !refused => Some(failure),
            Sent::Refused(failure) if refused => Some(failure),
            Sent::Delivered | Sent::Failed(_) | Sent::Refused(_) => None,
        })
    };
    let client = match receiver {
        Receiver::Client(client) => client.0.as_str(),
        Receiver::Mail => "by mail",
    };
    if delivered > 0 {
        tracing::info!(client, count = delivered, "told");
    }
    if let Some(failure) = failures(false).next() {
        tracing::warn!(client, count = failures(false).count(), failure, "not told yet");
    }
    if let Some(failure) = failures(true).next() {
        tracing::error!(client, count = failures(true).count(), failure, "not told: `ecluse notice list`");
    }
}
