//! An order is told to the relying parties of whom it covers, at either level: where passwords are believed stolen, what was
//! given is void; where they are to be renewed, a person who goes on working at a relying party would not meet the gate for
//! hours. It is its own queue: each relying party's walk stays a bounded number of notices ahead, whatever the others do. People
//! with an address are told by a walk of its own, in the same way.

use std::sync::Arc;
use std::time::Duration;

use super::Courtesy;
use crate::domain::account::WayIn;
use crate::domain::gate::Evidence;
use crate::domain::notice::{Cause, MailKind, NoticeId, Receiver};
use crate::domain::order_clock::OrderClock;
use crate::domain::timestamp::Timestamp;
use crate::flows::context::Context;
use crate::flows::step::Step;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::account::Person;
use crate::store::db::{Batch, Statement};
use crate::store::notice::walk::{self, Walk};

/// How many places of people one step looks at.
const PAGE: usize = 200;

/// Much longer than a step takes, and soon over where a replica died in one.
const LEASE: Duration = Duration::from_secs(5);

/// An order of which people were not told for so long is not told by mail any more: it may be older than the mail server.
const FRESH: Duration = Duration::from_hours(7 * 24);

/// Takes every walk a step further, unless enough waits for its relying party already. Whether any can go on at once.
pub(super) async fn tell(ctx: &Context) -> Result<bool, Unavailable> {
    let mut walks = walk::open(&ctx.db).await?;
    if ctx.settings.mail.is_some() {
        walks.extend(walk::open_by_mail(&ctx.db, ctx.clock.now().minus(FRESH)).await?);
    }
    if walks.is_empty() {
        return Ok(false);
    }
    // All together are put off no longer than one is: what else is to be sent waits for this.
    let mut courtesy = Courtesy::begin(ctx).await;
    let mut more = false;
    for walk in walks {
        let ahead = ctx.settings.notices.ahead;
        if walk::waiting(&ctx.db, &walk.receiver, ahead).await? < ahead {
            courtesy.give_way(ctx).await;
            more |= step(ctx, &walk).await?;
        }
    }
    Ok(more)
}

/// One page, unless another replica is at it. Whether there is another page.
async fn step(ctx: &Context, walk: &Walk) -> Result<bool, Unavailable> {
    let now = ctx.clock.now();
    let Some(begin) = walk::take(&ctx.db, walk, LEASE).await? else { return Ok(false) };
    let Some(end) = walk::page_end(&ctx.db, walk, &begin, PAGE).await? else {
        ctx.commit(Batch::plain(vec![walk::finish(walk, now)])).await?;
        return Ok(false);
    };
    let mut batch = vec![walk::still_binds(walk)];
    for person in walk::page(&ctx.db, walk, &begin, &end).await? {
        // Whoever changed the password since was told of by the change.
        if let Some(evidence) = evidence(ctx, person).await?
            && let Some(told) = told(ctx, &evidence, walk, now)
        {
            batch.push(told);
        }
    }
    batch.push(walk::reach(walk, &begin, &end));
    ctx.steps.at(Step::OrderPageDecided).await;
    // Undone, if the order was cancelled, or if this took so long that another replica has told the page.
    ctx.commit(Batch::plain(batch)).await
}

async fn evidence(ctx: &Context, mut person: Person) -> Result<Option<Evidence>, Unavailable> {
    loop {
        let book = ctx.order_book(person.facts.clock).await?;
        if let Some(evidence) = Evidence::new(person.facts.clone(), Arc::clone(&book)) {
            return Ok(Some(evidence));
        }
        match store::account::find(&ctx.db, &person.facts.account).await? {
            Some(again) => person = again,
            None => return Ok(None),
        }
    }
}

/// What is written for one person of a page; none where the order does not concern them.
fn told(ctx: &Context, evidence: &Evidence, walk: &Walk, now: Timestamp) -> Option<Statement> {
    let account = &evidence.facts().account;
    match walk.receiver {
        Receiver::Client(_) => is_over(evidence, walk).then(|| walk::tell(walk, account, now)),
        Receiver::Mail => {
            let kind = asked_for(evidence, walk)?;
            let (id, cause) = (NoticeId(ctx.new_id(now)), Cause::from(&walk.order));
            Some(store::notice::mail::tell(&id, account, kind, &cause, now))
        }
    }
}

/// What the order asks of somebody who has a password.
fn asked_for(evidence: &Evidence, walk: &Walk) -> Option<MailKind> {
    let facts = evidence.facts();
    let has_password = facts.way_in == WayIn::Local && facts.credential.is_some();
    let binding = evidence.bindings().find(|binding| binding.order.id == walk.order)?;
    has_password.then(|| MailKind::of_reset(binding.level))
}

/// Whether the order closes the gate, or voids what was given before it.
fn is_over(evidence: &Evidence, walk: &Walk) -> bool {
    let closes = evidence.facts().way_in == WayIn::Local
        && evidence.bindings().any(|binding| binding.order.id == walk.order);
    closes || evidence.predates_recovery(OrderClock(walk.clock.0 - 1))
}
