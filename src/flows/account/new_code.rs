//! A new code for one person: a forgotten password, or a pupil who arrived today.

use crate::domain::account::AccountId;
use crate::domain::code::{self, LiveCode};
use crate::domain::event::Act;
use crate::domain::facts::Facts;
use crate::domain::gate::evaluate;
use crate::domain::jurisdiction::Permission;
use crate::domain::notice::MailKind;
use crate::domain::secret::Secret;
use crate::flows::account::reset_factor::role_rights;
use crate::flows::account::show_code::show_code;
use crate::flows::account::{AccountError, alone, has_password_here, select};
use crate::flows::actor::Actor;
use crate::flows::ask_gate::{Asked, ask};
use crate::flows::code_key::live_code_secret;
use crate::flows::context::Context;
use crate::flows::factor::factor_of;
use crate::flows::notices::told_by_mail;
use crate::flows::reset_order::come_into_force::come_into_force;
use crate::flows::unavailable::{TRIES, Unavailable};
use crate::store;
use crate::store::account::{Person, still_at};
use crate::store::db::Batch;

/// A code that was issued, to be handed over.
pub struct Issued {
    /// Whose.
    pub person: Person,
    /// The code, without separators.
    pub code: Secret,
    /// What it is.
    pub live: LiveCode,
}

/// Issues a new code. The one before it is dead from then on, with every session, change page and token of the account.
pub async fn new_code(
    ctx: &Context,
    actor: &Actor,
    login: &str,
) -> Result<Result<Issued, AccountError>, Unavailable> {
    for _ in 0..TRIES {
        let (person, right) = match select(ctx, actor, Permission::IssueCode, &[login.to_owned()])
            .await?
            .map(|mut one| one.pop())
        {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(Err(AccountError::Unknown(vec![login.to_owned()]))),
            Err(error) => return Ok(Err(error)),
        };
        if let Err(error) = has_password_here(&person) {
            return Ok(Err(error));
        }
        if person.facts.disabled {
            return Ok(Err(AccountError::Disabled(person.login)));
        }
        let account = person.facts.account.clone();
        let Some(asked) = load(ctx, &account).await? else {
            return Ok(Err(AccountError::Unknown(vec![login.to_owned()])));
        };
        let facts = asked.evidence.facts();
        if is_as_good_as_roles(ctx, facts).await?
            && let Err(refusal) = role_rights(ctx, actor, facts).await?
        {
            return Ok(Err(AccountError::NotAllowed { login: person.login, refusal }));
        }
        if asked.evidence.book().due(facts.now).next().is_some() {
            // The code must be newer than an order that is due, which has no number yet.
            come_into_force(ctx).await?;
            continue;
        }
        let mut batch = match alone(ctx, actor, Permission::IssueCode, 1, facts.now).await? {
            Ok(still) => still,
            Err(error) => return Ok(Err(error)),
        };
        batch.extend(still_at(facts));
        batch.extend(right.still_reaches(&account));
        batch.push(store::account::issue_code(&account, facts.now));
        let issued = asked.evidence.after_issue();
        let closure = evaluate(&issued, &ctx.settings.policy).err();
        if let Some(live) = code::live_code(&issued, closure.as_ref(), &ctx.settings.policy) {
            batch.push(store::slip::mark_shown(&account, &live, facts.now));
            batch.extend(actor.remember(format_args!("{} {}", live.name(), account.0), facts.now));
        }
        batch.push(store::notice::account_ended(&account, &ctx.new_cause(facts.now), facts.now));
        batch.extend(told_by_mail(ctx, &account, MailKind::CodeIssued, facts.now));
        batch.push(ctx.audit(facts.now, &actor.account_line(&right, Act::CodeIssue, facts)));
        if !ctx.commit(Batch::under_order_lock(batch)).await? {
            continue;
        }
        let Some(asked) = load(ctx, &account).await? else { continue };
        let live = code::live_code(&asked.evidence, asked.verdict.as_ref().err(), &ctx.settings.policy);
        if let Some(live) = live
            && let Some(code) = live_code_secret(ctx, &account, &live).await?
        {
            ctx.notices_written.notify_one();
            return Ok(Ok(Issued { person: asked.loaded, code, live }));
        }
    }
    Err(Unavailable::Contended)
}

/// The code that was issued before for the same request; none where it is not alive any more, or the actor may not give it any more.
pub async fn shown_again(ctx: &Context, actor: &Actor, which: &str) -> Result<Option<Issued>, Unavailable> {
    let Some((name, account)) = which.split_once(' ') else { return Ok(None) };
    show_code(ctx, actor, &AccountId(account.to_owned()), name).await
}

/// Whether whoever signs in with a code of the account may set up a second factor, since there is none: the code is as good as the
/// roles then.
pub(super) async fn is_as_good_as_roles(ctx: &Context, facts: &Facts) -> Result<bool, Unavailable> {
    if !facts.is_operator() {
        return Ok(false);
    }
    let roles = store::operator::held(&ctx.db, &facts.account).await?;
    Ok(factor_of(ctx, &facts.account, &roles).await?.is_none())
}

async fn load(ctx: &Context, account: &AccountId) -> Result<Option<Asked<Person>>, Unavailable> {
    ask(ctx, account).await
}
