//! What an operator does with one account, or with a selection.

pub mod approve_role;
pub mod disable;
pub mod end_sessions;
pub mod force_change;
pub mod grant_role;
pub mod new_code;
pub mod reset_factor;
pub mod revoke_role;
pub mod show_code;
pub mod unlock;

use thiserror::Error;

use crate::domain::account::LoginName;
use crate::domain::event::Act;
use crate::domain::jurisdiction::{Permission, Refusal};
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::{Actor, Right};
use crate::flows::context::Context;
use crate::flows::four_eyes::Alone;
use crate::flows::step::Step;
use crate::flows::unavailable::{TRIES, Unavailable};
use crate::store;
use crate::store::account::Person;
use crate::store::db::Statement;
use crate::store::ephemeral::{Write, Writes};

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AccountError {
    /// The account is disabled: no code opens anything for it.
    #[error("the account {0:?} is disabled; enable it first")]
    Disabled(String),
    /// The person signs in elsewhere and has no password here.
    #[error("the account {0:?} signs in through another provider and has no password here")]
    FederatedOnly(String),
    /// The operator may not.
    #[error("{login}: {refusal}")]
    NotAllowed {
        /// To whom.
        login: String,
        /// Why not.
        refusal: Refusal,
    },
    /// It is done to nobody, or not to several at once.
    #[error(transparent)]
    NotAtOnce(Refusal),
    /// More than one person may shut out within a day.
    #[error(
        "you would force, disable or give new codes to {together} people within a day, of {limit} that one person may reach \
         alone; write a reset order, which a second person approves, or leave the others to a second operator"
    )]
    NotAlone {
        /// With whom they reached so before.
        together: u64,
        /// The most.
        limit: u64,
    },
    /// More than one act takes.
    #[error("{0} accounts are more than one act takes; the most is {MOST}")]
    TooMany(usize),
    /// Nobody has these logins; of somebody with roles, nobody inside their territory.
    #[error("no account has the login {}", some(.0))]
    Unknown(Vec<String>),
}

impl AccountError {
    /// Why the operator may not, if that is it.
    pub const fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::NotAllowed { refusal, .. } | Self::NotAtOnce(refusal) => Some(refusal),
            Self::Disabled(_)
            | Self::FederatedOnly(_)
            | Self::NotAlone { .. }
            | Self::TooMany(_)
            | Self::Unknown(_) => None,
        }
    }
}

/// Logins that one sentence names.
const NAMED: usize = 20;

/// The first of them, and how many more there are.
fn some(logins: &[String]) -> String {
    let named = logins.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match logins.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// Accounts that one act takes: it is one batch, which nobody else's writes come between.
pub const MOST: usize = 10_000;

/// All the accounts of a selection, each with the right to act on it; one that nobody has refuses the whole of it. Of somebody
/// who is outside the operator's territory not even the existence is told.
async fn select(
    ctx: &Context,
    actor: &Actor,
    permission: Permission,
    logins: &[String],
) -> Result<Result<Vec<(Person, Right)>, AccountError>, Unavailable> {
    if logins.len() > MOST {
        return Ok(Err(AccountError::TooMany(logins.len())));
    }
    let powers = actor.powers(ctx).await?;
    // Whoever may do it nowhere is told so before anybody is looked up: who is there would be told with it.
    if powers.allowing(permission).is_empty() {
        return Ok(Err(AccountError::NotAtOnce(Refusal::NotOfRole)));
    }
    if let Err(refusal) = powers.may_at_once(permission, logins.len()) {
        return Ok(Err(AccountError::NotAtOnce(refusal)));
    }
    let mut people = Vec::with_capacity(logins.len());
    let mut unknown = Vec::new();
    let mut refused = None;
    for login in logins {
        let found = match LoginName::parse(login) {
            Ok(name) => store::account::find_by_login(&ctx.db, &name).await?,
            Err(_) => None,
        };
        let Some(person) = found else {
            unknown.push(login.clone());
            continue;
        };
        match powers.may_on(ctx, permission, &person.facts).await? {
            Ok(right) => people.push((person, right)),
            Err(Refusal::OutOfTerritory) => unknown.push(login.clone()),
            Err(refusal) => {
                refused.get_or_insert(AccountError::NotAllowed { login: login.clone(), refusal });
            }
        }
    }
    Ok(match (unknown.is_empty(), refused) {
        (false, _) => Err(AccountError::Unknown(unknown)),
        (true, Some(refused)) => Err(refused),
        (true, None) => {
            // Each once, and always in one order: two selections that overlap wait for each other and do not stand in each other's way.
            people.sort_by(|(one, _), (other, _)| one.facts.account.cmp(&other.facts.account));
            people.dedup_by(|(one, _), (other, _)| one.facts.account == other.facts.account);
            Ok(people)
        }
    })
}

/// What is done to each of a selection, or to none.
struct Deed {
    permission: Permission,
    act: Act,
    /// Why it makes no sense for somebody, if it does not.
    check: fn(&Person) -> Result<(), AccountError>,
}

/// Does it to every account of a selection, or to none.
async fn act_on(
    ctx: &Context,
    actor: &Actor,
    deed: &Deed,
    logins: &[String],
    write: impl Fn(&Person, Timestamp) -> Vec<Write>,
) -> Result<Result<usize, AccountError>, Unavailable> {
    for _ in 0..TRIES {
        let people = match select(ctx, actor, deed.permission, logins).await? {
            Ok(people) => people,
            Err(error) => return Ok(Err(error)),
        };
        let now = ctx.clock.now();
        let mut writes = Writes::under_order_lock();
        if deed.act.shuts_out() {
            match alone(ctx, actor, deed.permission, people.len(), now).await? {
                Ok(still) => writes.extend(still),
                Err(error) => return Ok(Err(error)),
            }
        }
        let each = people.iter().map(|(person, right)| (right, &person.facts.account));
        writes.extend(Right::all_still_reach(each));
        for (person, right) in &people {
            if let Err(error) = (deed.check)(person) {
                return Ok(Err(error));
            }
            writes.extend(write(person, now));
            writes.push(ctx.audit(now, &actor.account_line(right, deed.act, &person.facts)));
        }
        writes.extend(actor.remember(people.len(), now));
        ctx.steps.at(Step::DeedDecided).await;
        if ctx.commit_claims(writes).await? {
            ctx.notices_written.notify_one();
            return Ok(Ok(people.len()));
        }
    }
    Err(Unavailable::Contended)
}

/// That one person is enough to shut so many out, to be asked again in the batch; or why they are not.
async fn alone(
    ctx: &Context,
    actor: &Actor,
    permission: Permission,
    people: usize,
    now: Timestamp,
) -> Result<Result<Vec<Statement>, AccountError>, Unavailable> {
    let alone = Alone::shut_out(ctx, actor, people as u64, now).await?;
    if !alone.is_enough() {
        return Ok(Err(AccountError::NotAlone { together: alone.together, limit: alone.limit }));
    }
    if !alone.is_ordinary
        && let Err(refusal) = actor.powers(ctx).await?.may_at_once(permission, 2)
    {
        return Ok(Err(AccountError::NotAtOnce(refusal)));
    }
    Ok(Ok(alone.is_still_enough()))
}

/// What concerns a password that is kept here.
fn has_password_here(person: &Person) -> Result<(), AccountError> {
    if person.facts.way_in == crate::domain::account::WayIn::FederatedOnly {
        return Err(AccountError::FederatedOnly(person.login.clone()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_wrong_logins_is_refused_in_a_sentence() {
        let unknown = |number: usize| AccountError::Unknown(vec!["x".to_owned(); number]).to_string();
        assert_eq!(unknown(2), "no account has the login x, x");
        assert!(unknown(20).ends_with("x, x"));
        assert!(unknown(10_000).ends_with("x, x and 9980 more"));
    }
}
