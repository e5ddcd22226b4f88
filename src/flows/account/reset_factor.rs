//! Somebody has lost a second factor, or never had one: leave to enrol one.

use std::fmt::{Display, Formatter};
use std::time::Duration;

use crate::domain::account::AccountId;
use crate::domain::event::Act;
use crate::domain::factor::{Purpose, spare_code};
use crate::domain::facts::Facts;
use crate::domain::jurisdiction::{Permission, Refusal};
use crate::domain::operator::Role;
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::flows::account::{AccountError, select};
use crate::flows::actor::{Actor, Right};
use crate::flows::context::Context;
use crate::flows::factor::spare_tag;
use crate::flows::unavailable::{TRIES, Unavailable};
use crate::store;
use crate::store::db::Batch;

/// How long a code waits to be typed.
const LIVES: Duration = Duration::from_hours(24);

/// Leave to enrol, to be handed over.
pub struct Leave {
    /// The code, without separators.
    pub code: Secret,
    /// Until when it works.
    pub expires_at: Timestamp,
}

/// Takes the second factor away and gives a code that lets its owner enrol another. Whatever was open ends, a code for the password among it. It is as good as
/// the roles that the account holds, so whoever gives it must be able to give each of them.
pub async fn reset_factor(
    ctx: &Context,
    actor: &Actor,
    login: &str,
) -> Result<Result<Leave, AccountError>, Unavailable> {
    for _ in 0..TRIES {
        let found = select(ctx, actor, Permission::ReadPeople, &[login.to_owned()]).await?;
        let (person, _) = match found.map(|mut one| one.pop()) {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(Err(AccountError::Unknown(vec![login.to_owned()]))),
            Err(error) => return Ok(Err(error)),
        };
        let account = &person.facts.account;
        let rights = match role_rights(ctx, actor, &person.facts).await? {
            Ok(rights) => rights,
            Err(refusal) => return Ok(Err(AccountError::NotAllowed { login: person.login, refusal })),
        };
        let now = ctx.clock.now();
        let which = Which { account: account.clone(), number: ctx.new_id(now) };
        let code = which.code(ctx);
        let expires_at = now.plus(LIVES);
        let tag = spare_tag(ctx, account, &code);
        let mut batch: Vec<_> = rights.iter().flat_map(|right| right.still_reaches(account)).collect();
        // What the account may do has not grown since: a role that is given raises the number.
        batch.push(store::account::same_number(account, person.facts.number));
        batch.extend(store::factor::forget(account));
        batch.push(store::factor::add_code(account, &tag, Purpose::Enrolment, Some(expires_at)));
        // A code that somebody gave while the factor protected the roles is as good as they are from now on.
        batch.push(store::account::end_code(account, now));
        batch.push(store::notice::account_ended(account, &ctx.new_cause(now), now));
        let right = rights.first().unwrap_or(&Right::Root);
        batch.push(ctx.audit(now, &actor.account_line(right, Act::FactorReset, &person.facts)));
        batch.extend(actor.remember(&which, now));
        if ctx.commit(Batch::under_order_lock(batch)).await? {
            ctx.notices_written.notify_one();
            return Ok(Ok(Leave { code, expires_at }));
        }
    }
    Err(Unavailable::Contended)
}

/// Which leave: its code is derived from this under a secret of the deployment, so that it can be given again, and is not kept.
struct Which {
    account: AccountId,
    /// Never the same again.
    number: String,
}

impl Which {
    fn code(&self, ctx: &Context) -> Secret {
        spare_code(ctx.secrets.cookie_key.derive("leave to enrol", &[&self.account.0, &self.number]))
    }

    fn read(text: &str) -> Option<Self> {
        let (number, account) = text.split_once(' ')?;
        Some(Self { account: AccountId(account.to_owned()), number: number.to_owned() })
    }
}

impl Display for Which {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {}", self.number, self.account.0)
    }
}

/// The leave that was given before for the same request; none where it was used or is over, or the actor may not give it any more.
pub async fn given_before(ctx: &Context, actor: &Actor, which: &str) -> Result<Option<Leave>, Unavailable> {
    let Some(which) = Which::read(which) else { return Ok(None) };
    let Some(person) = store::account::find(&ctx.db, &which.account).await? else { return Ok(None) };
    if role_rights(ctx, actor, &person.facts).await?.is_err() {
        return Ok(None);
    }
    let code = which.code(ctx);
    let tag = spare_tag(ctx, &which.account, &code);
    let expires_at = store::factor::enrolment_until(&ctx.db, &which.account, &tag, ctx.clock.now()).await?;
    Ok(expires_at.map(|expires_at| Leave { code, expires_at }))
}

/// The right to give each of the roles that the account holds; to give the highest, where it holds none.
pub(super) async fn role_rights(
    ctx: &Context,
    actor: &Actor,
    facts: &Facts,
) -> Result<Result<Vec<Right>, Refusal>, Unavailable> {
    let powers = actor.powers(ctx).await?;
    let held = store::operator::held(&ctx.db, &facts.account).await?;
    let mut roles: Vec<Role> = held.into_iter().map(|held| held.role).collect();
    if roles.is_empty() {
        roles.push(Role::Authority);
    }
    let mut rights = Vec::new();
    for role in roles {
        match powers.may_on(ctx, Permission::GrantRole(role), facts).await? {
            Ok(right) if rights.contains(&right) => {}
            Ok(right) => rights.push(right),
            Err(refusal) => return Ok(Err(refusal)),
        }
    }
    Ok(Ok(rights))
}
