//! One person, as an operator sees them.

use crate::domain::account::AccountId;
use crate::domain::audit_chain::Line;
use crate::domain::jurisdiction::{Permission, Refusal, RoleGrant};
use crate::domain::operator::Role;
use crate::domain::order_clock::ClockSpan;
use crate::flows::actor::Actor;
use crate::flows::ask_gate::{Asked, ask};
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::account::Person;

/// Lines of the history that are shown.
const LINES: u32 = 20;

/// What an operator sees of somebody.
pub struct Sheet {
    /// The person, with what the gate says.
    pub asked: Asked<Person>,
    /// What the person may do to others.
    pub roles: Vec<RoleGrant>,
    /// What was done to the account lately; none where the operator may not read it.
    pub history: Option<Vec<Line>>,
    /// The permissions that the operator has here, a second factor supposed.
    pub may: Vec<Permission>,
    /// The roles that the operator may give the person or take away, somewhere, a second factor supposed; those that reach
    /// least first.
    pub gives: Vec<Role>,
}

/// What may be done from somebody's page.
const ACTS: [Permission; 5] = [
    Permission::IssueCode,
    Permission::ForceChange,
    Permission::Unlock,
    Permission::EndSessions,
    Permission::Disable,
];

/// Reads somebody's sheet. None where there is nobody, or nobody whom the operator may see: the two are not told apart.
pub async fn read(ctx: &Context, actor: &Actor, account: &AccountId) -> Result<Option<Sheet>, Unavailable> {
    let Some(asked) = ask(ctx, account).await? else { return Ok(None) };
    let facts = &asked.loaded.facts;
    let powers = actor.powers(ctx).await?;
    if powers.may_on(ctx, Permission::ReadPeople, facts).await?.is_err() {
        return Ok(None);
    }
    let roles = if facts.roles.iter().any(ClockSpan::is_open) {
        store::operator::held(&ctx.db, account).await?
    } else {
        Vec::new()
    };
    let mut may = Vec::new();
    let to_give = roles.first().map(|held| Permission::GrantRole(held.role));
    for permission in ACTS.into_iter().chain(to_give) {
        if let Ok(_) | Err(Refusal::FactorTooOld) = powers.may_on(ctx, permission, facts).await? {
            may.push(permission);
        }
    }
    let mut gives = Vec::new();
    for role in Role::ALL.into_iter().rev() {
        if let Ok(_) | Err(Refusal::FactorTooOld) =
            powers.may_on(ctx, Permission::GrantRole(role), facts).await?
        {
            gives.push(role);
        }
    }
    let history = match powers.may_on(ctx, Permission::ReadAudit, facts).await? {
        Ok(_) => Some(store::audit::of_account(&ctx.db, account, LINES).await?),
        Err(_) => None,
    };
    Ok(Some(Sheet { asked, roles, history, may, gives }))
}
