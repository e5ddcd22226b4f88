//! Second factors of operators: enrolled once, shown at every sign-in to the console, and again before acts that reach many.

pub mod enrol;
pub mod renew_codes;
pub mod show;

use crate::domain::account::AccountId;
use crate::domain::factor::spare_code;
use crate::domain::jurisdiction::RoleGrant;
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::flows::context::Context;
use crate::flows::step::Step;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::db::BatchError;
use crate::store::ephemeral::{Committed, Reserve, Writes};
use crate::store::factor::{Factor, USED_BEFORE};

/// The counter of one account's wrong second factors. Only somebody who has the password comes so far.
pub fn factor_throttle_key(account: &AccountId) -> String {
    format!("factor:{}", account.0)
}

/// What somebody with these roles has to show: none where what they enrolled does for them no more. A list of codes, which is for a class
/// teacher, is not what protects the roles that were given to its owner since.
pub async fn factor_of(
    ctx: &Context,
    account: &AccountId,
    roles: &[RoleGrant],
) -> Result<Option<Factor>, Unavailable> {
    let factor = store::factor::find(&ctx.db, account).await?;
    Ok(factor.filter(|factor| factor.kind.is_for(roles.iter().map(|held| held.role))))
}

/// What is stored of a spare code: whoever reads the database and has not the master key cannot try them out.
pub fn spare_tag(ctx: &Context, account: &AccountId, code: &Secret) -> String {
    ctx.secrets.tag("spare code", &[&account.0, code.expose()])
}

/// So many fresh spare codes.
fn spare_codes(ctx: &Context, count: usize) -> Vec<Secret> {
    (0..count).map(|_| spare_code(ctx.random.bytes())).collect()
}

/// Books an attempt as failed, before anything is compared; the instant of the next one if it must wait.
async fn book(ctx: &Context, account: &AccountId) -> Result<Option<Timestamp>, Unavailable> {
    let key = factor_throttle_key(account);
    Ok(match ctx.ephemeral.throttle_reserve(&key, ctx.clock.now(), &ctx.settings.throttle).await? {
        Reserve::Go { .. } => None,
        Reserve::Wait { until } => Some(until),
    })
}

/// How writing went.
enum Written {
    /// It happened.
    Done,
    /// A step or code was used before, or a factor is there already.
    UsedBefore,
    /// What was decided upon has changed.
    Changed,
}

async fn write(ctx: &Context, writes: Writes) -> Result<Written, Unavailable> {
    ctx.steps.at(Step::FactorDecided).await;
    match ctx.ephemeral.commit(&ctx.db, writes).await {
        Ok(Committed::Whole) => Ok(Written::Done),
        Ok(Committed::ClaimsLost) => Err(Unavailable::ClaimsLost),
        Err(BatchError::Unmet { label: USED_BEFORE, .. }) => Ok(Written::UsedBefore),
        Err(BatchError::Unmet { .. }) => Ok(Written::Changed),
        Err(error @ (BatchError::Unique { .. } | BatchError::Busy | BatchError::Db(_))) => {
            Err(Unavailable::Db(error.into()))
        }
    }
}
