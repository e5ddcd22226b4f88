//! Sending what is due by mail. A few connections carry one mail after the other; one that broke is not waited for by the rest
//! of what it was to carry.

use tokio::task::JoinSet;

use super::deliver::Sent;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::outgoing::mail::{Letter, Line, MailError, Mailer};
use crate::store;
use crate::store::notice::Claimed;

/// Sends a batch over so many connections at once.
pub(super) async fn send_all(
    ctx: &Context,
    mailer: Option<&Mailer>,
    claimed: Vec<Claimed>,
    connections: usize,
) -> Result<Vec<(Claimed, Sent)>, Unavailable> {
    let Some(mailer) = mailer else {
        let refused = |notice| (notice, Sent::Refused("no mail server is named any more".to_owned()));
        return Ok(claimed.into_iter().map(refused).collect());
    };
    let mut done = Vec::with_capacity(claimed.len());
    let mut shares: Vec<Vec<(Claimed, Letter)>> = (0..connections).map(|_| Vec::new()).collect();
    for (place, notice) in claimed.into_iter().enumerate() {
        match letter(ctx, &notice).await? {
            Some(letter) => shares[place % connections].push((notice, letter)),
            None => done.push((notice, Sent::Refused("the account has no address any more".to_owned()))),
        }
    }
    let mut under_way = JoinSet::new();
    for share in shares.into_iter().filter(|share| !share.is_empty()) {
        let mailer = mailer.clone();
        under_way.spawn(async move { send_share(&mailer, share).await });
    }
    while let Some(sent) = under_way.join_next().await {
        // What was with one that panicked is not settled, and claimed again after the lease.
        done.extend(sent.into_iter().flatten());
    }
    Ok(done)
}

async fn letter(ctx: &Context, notice: &Claimed) -> Result<Option<Letter>, Unavailable> {
    let Some(kind) = notice.mail else { return Ok(None) };
    let addressee = store::notice::mail::addressee(&ctx.db, &notice.account).await?;
    Ok(addressee.map(|addressee| Letter {
        kind,
        to: addressee.email,
        login: addressee.login,
        at: notice.written_at,
        id: notice.id.jti(),
    }))
}

async fn send_share(mailer: &Mailer, share: Vec<(Claimed, Letter)>) -> Vec<(Claimed, Sent)> {
    let mut line: Option<Line> = None;
    let mut broken = None;
    let mut done = Vec::with_capacity(share.len());
    for (notice, letter) in share {
        let sent = match broken {
            Some(error) => Err(error),
            None => mailer.send(&mut line, &letter).await,
        };
        broken = sent.err().filter(MailError::is_of_the_server);
        done.push((notice, outcome(sent)));
    }
    if let Some(line) = line {
        mailer.hang_up(line).await;
    }
    done
}

fn outcome(sent: Result<(), MailError>) -> Sent {
    match sent {
        Ok(()) => Sent::Delivered,
        Err(error) if error.is_final() => Sent::Refused(error.to_string()),
        Err(error) => Sent::Failed(error.to_string()),
    }
}
