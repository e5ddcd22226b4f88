//! A second operator approves a role that somebody asked for, or refuses it.

use std::collections::BTreeSet;

use thiserror::Error;

use crate::domain::approval::{FAVOUR, Objection, PENDING, PendingRole};
use crate::domain::event::Act;
use crate::domain::jurisdiction::{Permission, Refusal, Target, permits};
use crate::domain::population::Population;
use crate::domain::timestamp::Timestamp;
use crate::flows::account::AccountError;
use crate::flows::account::grant_role::{GrantRoleError, Judged, RoleChange, SETTLED, judge};
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::four_eyes::alarm;
use crate::flows::reset_order::come_into_force::come_into_force;
use crate::flows::step::Step;
use crate::flows::unavailable::{TRIES, Unavailable};
use crate::store;
use crate::store::db::{Batch, Statement};
use crate::store::reset_order::nothing_due;

/// Why nothing was approved or refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ApproveRoleError {
    /// The operator may not.
    #[error(transparent)]
    NotAllowed(#[from] Refusal),
    /// This approval would not count.
    #[error(transparent)]
    Objection(#[from] Objection),
    /// Whoever asked for it may not give it any more.
    #[error("whoever asked for this role may not give it any more; it must be asked for again")]
    AuthorLeft,
    /// Nothing of this name waits, or not for this operator.
    #[error("no role waits under {0}")]
    Unknown(String),
}

/// Approves: the role begins now. Whoever breaks the glass is the second person alone.
pub async fn approve_role(
    ctx: &Context,
    actor: &Actor,
    id: &str,
) -> Result<Result<PendingRole, ApproveRoleError>, Unavailable> {
    for _ in 0..TRIES {
        let (pending, judged) = match waits(ctx, actor, id).await? {
            Ok(waits) => waits,
            Err(error) => return Ok(Err(error)),
        };
        let now = ctx.clock.now();
        if let Err(objection) = object(ctx, actor, &pending, now).await? {
            return Ok(Err(objection.into()));
        }
        let Some(author_still) = author_still_may(ctx, &pending).await? else {
            return Ok(Err(ApproveRoleError::AuthorLeft));
        };
        let change =
            RoleChange { act: Act::OperatorGrant, role: pending.grant.role, write: store::operator::grant };
        let mut batch = vec![nothing_due(), author_still];
        batch.extend(judged.still());
        batch.push(store::pending_role::end(id, Some(&actor.name()), now));
        batch.extend(judged.write(ctx, actor, &change, now));
        batch.extend(actor.remember(SETTLED, now));
        if actor.breaks_glass() {
            batch.push(judged.line(ctx, actor, (Act::BreakGlass, pending.grant.role), now));
        }
        ctx.steps.at(Step::DeedDecided).await;
        if ctx.commit(Batch::under_order_lock(batch)).await? {
            if actor.breaks_glass() {
                alarm(actor, &format!("account:{}", pending.account.0));
            }
            return Ok(Ok(pending));
        }
        // As where one operator gives a role.
        come_into_force(ctx).await?;
    }
    Err(Unavailable::Contended)
}

/// Why this approval would not count, if it would not.
async fn object(
    ctx: &Context,
    actor: &Actor,
    pending: &PendingRole,
    now: Timestamp,
) -> Result<Result<(), Objection>, Unavailable> {
    let Some(approver) = actor.account() else {
        return Ok(if actor.breaks_glass() { Ok(()) } else { Err(Objection::Local) });
    };
    if pending.author().as_ref() == Some(approver) {
        return Ok(Err(Objection::OwnWish));
    }
    if store::audit::are_beholden(&ctx.db, &pending.by, &actor.name(), now.minus(FAVOUR)).await? {
        return Ok(Err(Objection::Beholden));
    }
    Ok(Ok(()))
}

/// Refuses what somebody asked for, or takes back what one asked for oneself.
pub async fn refuse_role(
    ctx: &Context,
    actor: &Actor,
    id: &str,
) -> Result<Result<PendingRole, ApproveRoleError>, Unavailable> {
    for _ in 0..TRIES {
        let (pending, judged) = match waits(ctx, actor, id).await? {
            Ok(waits) => waits,
            Err(error) => return Ok(Err(error)),
        };
        let now = ctx.clock.now();
        let mut batch = judged.still();
        batch.push(store::pending_role::end(id, None, now));
        batch.push(judged.line(ctx, actor, (Act::OperatorRefuse, pending.grant.role), now));
        batch.extend(actor.remember(SETTLED, now));
        if ctx.commit(Batch::plain(batch)).await? {
            return Ok(Ok(pending));
        }
    }
    Err(Unavailable::Contended)
}

/// What waits, for somebody who may give it.
async fn waits(
    ctx: &Context,
    actor: &Actor,
    id: &str,
) -> Result<Result<(PendingRole, Judged), ApproveRoleError>, Unavailable> {
    let unknown = || Ok(Err(ApproveRoleError::Unknown(id.to_owned())));
    let since = ctx.clock.now().minus(PENDING);
    let Some(pending) = store::pending_role::find(&ctx.db, id, since).await? else { return unknown() };
    let person = store::account::find(&ctx.db, &pending.account).await?;
    let (Some(person), Some(place)) = (person, pending.grant.over.code()) else { return unknown() };
    match judge(ctx, actor, &person.login, pending.grant.role, &place).await? {
        Ok(judged) => Ok(Ok((pending, judged))),
        Err(
            GrantRoleError::NotAllowed(_, refusal)
            | GrantRoleError::Account(AccountError::NotAllowed { refusal, .. }),
        ) if refusal != Refusal::OutOfTerritory => Ok(Err(refusal.into())),
        Err(_) => unknown(),
    }
}

/// In a batch: whoever asked may still give it. None where they may not: of two persons one would have had a right alone.
async fn author_still_may(ctx: &Context, pending: &PendingRole) -> Result<Option<Statement>, Unavailable> {
    let Some(author) = pending.author() else { return Ok(None) };
    let held = store::operator::held(&ctx.db, &author).await?;
    let there = Population { territory: pending.grant.over.clone(), profiles: BTreeSet::new() };
    let permission = Permission::GrantRole(pending.grant.role);
    let grant = permits(&author, &held, permission, Target::Population(&there));
    Ok(grant.ok().map(|grant| store::operator::still_holds(&author, grant)))
}
