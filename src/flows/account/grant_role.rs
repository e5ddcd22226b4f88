//! An account is given a role over a territory.

use std::collections::BTreeSet;

use thiserror::Error;

use crate::domain::account::AccountId;
use crate::domain::approval::{PENDING, PendingRole};
use crate::domain::event::{Act, AuditLine};
use crate::domain::jurisdiction::{Permission, Refusal, RoleGrant, Target};
use crate::domain::operator::Role;
use crate::domain::population::Population;
use crate::domain::territory::{TerritoryCode, TerritoryPath};
use crate::domain::timestamp::Timestamp;
use crate::flows::account::{AccountError, select};
use crate::flows::actor::{Actor, Right};
use crate::flows::context::Context;
use crate::flows::reset_order::come_into_force::come_into_force;
use crate::flows::step::Step;
use crate::flows::unavailable::{TRIES, Unavailable};
use crate::store;
use crate::store::account::Person;
use crate::store::db::{Batch, Statement};
use crate::store::reset_order::nothing_due;

/// Why no role was given or taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GrantRoleError {
    /// There is no such account, or the operator may not act on it.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// Somebody asked for it already.
    #[error("somebody asked for this role already; another operator must approve it")]
    AlreadyAsked,
    /// The operator may not give this role there.
    #[error("{0}: {1}")]
    NotAllowed(TerritoryCode, Refusal),
    /// The account does not hold it.
    #[error("{0} is not {role} over {1}", role = .2.as_str())]
    NotHeld(String, TerritoryCode, Role),
    /// There is no such place.
    #[error("the territory {0} is not known; import it first")]
    UnknownTerritory(TerritoryCode),
}

/// What is remembered of a role that is held, or held no more; of one that waits, under which id.
pub(super) const SETTLED: &str = "settled";

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Granted {
    /// The role is held.
    Held,
    /// It waits for a second operator.
    Pending(PendingRole),
}

/// A role that begins or ends.
pub(super) struct RoleChange {
    pub(super) act: Act,
    pub(super) role: Role,
    pub(super) write: fn(&AccountId, Role, &TerritoryPath) -> Statement,
}

/// That somebody may give or take a role.
pub(super) struct Judged {
    pub(super) place: TerritoryPath,
    /// The right to it over the place.
    over: Right,
    pub(super) person: Person,
    /// The right to it over all that the person is.
    right: Right,
}

impl Judged {
    /// In a batch: it is so still.
    pub(super) fn still(&self) -> Vec<Statement> {
        let mut still = self.over.still_held();
        still.extend(self.right.still_reaches(&self.person.facts.account));
        still
    }

    /// In a batch: what somebody did about a role.
    pub(super) fn line(
        &self,
        ctx: &Context,
        actor: &Actor,
        (act, role): (Act, Role),
        now: Timestamp,
    ) -> Statement {
        let whom = format!("account:{}", self.person.facts.account.0);
        let line = actor.line_by(&self.right, act, whom, &self.place);
        let what = format!("{} over {}", role.as_str(), self.place.label());
        let reason = line.reason.map_or(what.clone(), |reason| format!("{what}: {reason}"));
        ctx.audit(now, &AuditLine { reason: Some(reason), ..line })
    }

    /// In a batch: the role begins or ends. A role changes how long a password may live and which code opens the page: what was
    /// decided before is void, and so is a slip that was printed for somebody without a role, and leave to enrol that was given by
    /// whoever could give the roles held then.
    pub(super) fn write(
        &self,
        ctx: &Context,
        actor: &Actor,
        change: &RoleChange,
        now: Timestamp,
    ) -> Vec<Statement> {
        let account = &self.person.facts.account;
        vec![
            (change.write)(account, change.role, &self.place),
            store::factor::forget_leave(account),
            store::account::end_code(account, now),
            store::notice::account_ended(account, &ctx.new_cause(now), now),
            self.line(ctx, actor, (change.act, change.role), now),
        ]
    }
}

/// The place must be inside the operator's territory, and all that the account is: else somebody of another school could be
/// given power over this one by whoever has no say over them.
pub(super) async fn judge(
    ctx: &Context,
    actor: &Actor,
    login: &str,
    role: Role,
    territory: &TerritoryCode,
) -> Result<Result<Judged, GrantRoleError>, Unavailable> {
    let permission = Permission::GrantRole(role);
    let Some(place) = store::territory::find(&ctx.db, territory).await? else {
        return Ok(Err(GrantRoleError::UnknownTerritory(territory.clone())));
    };
    let there = Population { territory: place.path.clone(), profiles: BTreeSet::new() };
    let over = match actor.powers(ctx).await?.may(permission, Target::Population(&there)) {
        Ok(right) => right,
        Err(refusal) => return Ok(Err(GrantRoleError::NotAllowed(territory.clone(), refusal))),
    };
    Ok(match select(ctx, actor, permission, &[login.to_owned()]).await? {
        Ok(people) => {
            let (person, right) = people
                .into_iter()
                .next()
                .ok_or_else(|| Unavailable::Broken("a selection of one has nobody".to_owned()))?;
            Ok(Judged { place: place.path, over, person, right })
        }
        Err(error) => Err(error.into()),
    })
}

/// Gives a role. It counts from the order clock of this moment on, so that it spares nobody an order that is in force. One that two
/// operators give waits for the second; whoever has a shell on the host needs none.
pub async fn grant_role(
    ctx: &Context,
    actor: &Actor,
    login: &str,
    role: Role,
    territory: &TerritoryCode,
) -> Result<Result<Granted, GrantRoleError>, Unavailable> {
    if actor.account().is_some() && role.needs_two(territory.kind()) {
        return ask_for_role(ctx, actor, login, role, territory).await;
    }
    let change = RoleChange { act: Act::OperatorGrant, role, write: store::operator::grant };
    Ok(change_role(ctx, actor, login, territory, &change).await?.map(|()| Granted::Held))
}

/// What came of a role that was given before by the same request. None where it waited, waits no more, and is not held.
pub async fn given_before(ctx: &Context, what: &str) -> Result<Option<Granted>, Unavailable> {
    if what == SETTLED {
        return Ok(Some(Granted::Held));
    }
    let since = ctx.clock.now().minus(PENDING);
    if let Some(pending) = store::pending_role::find(&ctx.db, what, since).await? {
        return Ok(Some(Granted::Pending(pending)));
    }
    let Some(asked) = store::pending_role::find_any(&ctx.db, what).await? else { return Ok(None) };
    Ok(holds(ctx, &asked.account, &asked.grant).await?.then_some(Granted::Held))
}

async fn ask_for_role(
    ctx: &Context,
    actor: &Actor,
    login: &str,
    role: Role,
    territory: &TerritoryCode,
) -> Result<Result<Granted, GrantRoleError>, Unavailable> {
    for _ in 0..TRIES {
        let judged = match judge(ctx, actor, login, role, territory).await? {
            Ok(judged) => judged,
            Err(error) => return Ok(Err(error)),
        };
        let now = ctx.clock.now();
        let account = judged.person.facts.account.clone();
        let grant = RoleGrant { role, over: judged.place.clone() };
        if holds(ctx, &account, &grant).await? {
            let Some(remember) = actor.remember(SETTLED, now) else { return Ok(Ok(Granted::Held)) };
            let batch = [remember].into_iter().chain(judged.still()).collect();
            if ctx.commit(Batch::plain(batch)).await? {
                return Ok(Ok(Granted::Held));
            }
            continue;
        }
        if store::pending_role::is_asked(&ctx.db, &account, &grant, now.minus(PENDING)).await? {
            return Ok(Err(GrantRoleError::AlreadyAsked));
        }
        let pending = PendingRole { id: ctx.new_id(now), account, grant, by: actor.name(), at: now };
        let mut batch = judged.still();
        batch.extend([
            store::pending_role::lapse(&pending.account, &pending.grant, now.minus(PENDING)),
            store::pending_role::ask(&pending),
            judged.line(ctx, actor, (Act::OperatorAsk, role), now),
        ]);
        batch.extend(actor.remember(&pending.id, now));
        ctx.steps.at(Step::DeedDecided).await;
        if ctx.commit(Batch::plain(batch)).await? {
            return Ok(Ok(Granted::Pending(pending)));
        }
    }
    Err(Unavailable::Contended)
}

/// A role begins or ends by one operator's word.
pub(super) async fn change_role(
    ctx: &Context,
    actor: &Actor,
    login: &str,
    territory: &TerritoryCode,
    change: &RoleChange,
) -> Result<Result<(), GrantRoleError>, Unavailable> {
    for _ in 0..TRIES {
        let judged = match judge(ctx, actor, login, change.role, territory).await? {
            Ok(judged) => judged,
            Err(error) => return Ok(Err(error)),
        };
        let grant = RoleGrant { role: change.role, over: judged.place.clone() };
        if change.act == Act::OperatorRevoke && !holds(ctx, &judged.person.facts.account, &grant).await? {
            return Ok(Err(GrantRoleError::NotHeld(login.to_owned(), territory.clone(), change.role)));
        }
        let now = ctx.clock.now();
        let mut batch = judged.still();
        batch.insert(0, nothing_due());
        if change.act == Act::OperatorGrant {
            // What is given is asked for no more.
            batch.push(store::pending_role::lapse(&judged.person.facts.account, &grant, now));
        }
        batch.extend(judged.write(ctx, actor, change, now));
        batch.extend(actor.remember(SETTLED, now));
        ctx.steps.at(Step::DeedDecided).await;
        if ctx.commit(Batch::under_order_lock(batch)).await? {
            return Ok(Ok(()));
        }
        // A due order finds who held a role when it fell due: it must have its number before the role begins.
        come_into_force(ctx).await?;
    }
    Err(Unavailable::Contended)
}

async fn holds(ctx: &Context, account: &AccountId, grant: &RoleGrant) -> Result<bool, Unavailable> {
    Ok(store::operator::held(&ctx.db, account).await?.contains(grant))
}
