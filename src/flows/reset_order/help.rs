//! Whether somebody is left in every school who can help there.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use crate::domain::account::AccountId;
use crate::domain::gate::Closure;
use crate::domain::jurisdiction::RoleGrant;
use crate::domain::level::Level;
use crate::domain::reset_order::{OrderState, ResetOrder};
use crate::domain::territory::{TerritoryKind, TerritoryPath};
use crate::flows::ask_gate::ask;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::store;

/// The schools, by name, in which nobody could give a code any more.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "nobody could help any more in {}: each operator there who could give a code is named or shut out already, and would need \
     a code",
    .0.join(", ")
)]
pub struct NobodyLeft(pub Vec<String>);

/// Refuses an order that takes from a school the last operator who can sign in and give everybody there a code. It does where the old
/// password opens nothing, or will not once the deadline has passed.
pub(super) async fn check_help_is_left(
    ctx: &Context,
    order: &ResetOrder,
) -> Result<Result<(), NobodyLeft>, Unavailable> {
    let named = &order.exclusions.named_operators;
    if named.is_empty() || !shuts_out(order) {
        return Ok(Ok(()));
    }
    let operators = store::population::operators_around(&ctx.db, &order.population.territory).await?;
    let helpers: Vec<_> = operators.iter().filter(|(_, grant)| grant.role.helps_everybody()).collect();
    let mut places = store::territory::subtree(&ctx.db, &order.population.territory).await?;
    // An order over a class reaches whoever helps the whole school.
    if order.population.territory.code().is_some_and(|code| code.kind() == TerritoryKind::Class)
        && let Some(school) = order.population.territory.parent().and_then(|school| school.code())
    {
        places.extend(store::territory::find(&ctx.db, &school).await?);
    }
    let mut asked = BTreeMap::new();
    let mut left = Vec::new();
    for school in places.into_iter().filter(|place| place.code.kind() == TerritoryKind::School) {
        let here = helpers_of(&helpers, &school.path);
        if here.iter().any(|account| named.contains(*account))
            && !anybody_can(ctx, here.iter().copied().filter(|account| !named.contains(*account)), &mut asked)
                .await?
        {
            left.push(school.name);
        }
    }
    Ok(if left.is_empty() { Ok(()) } else { Err(NobodyLeft(left)) })
}

/// Whether whom it names cannot get in by themselves, sooner or later.
fn shuts_out(order: &ResetOrder) -> bool {
    order.level == Level::Recover || order.deadline.is_some()
}

fn helpers_of<'a>(helpers: &[&'a (AccountId, RoleGrant)], school: &TerritoryPath) -> BTreeSet<&'a AccountId> {
    helpers.iter().filter(|(_, grant)| grant.over.contains(school)).map(|(account, _)| account).collect()
}

async fn anybody_can<'a>(
    ctx: &Context,
    whom: impl Iterator<Item = &'a AccountId>,
    asked: &mut BTreeMap<&'a AccountId, bool>,
) -> Result<bool, Unavailable> {
    for account in whom {
        let can = match asked.get(account) {
            Some(can) => *can,
            None => *asked.entry(account).or_insert(can_sign_in(ctx, account).await?),
        };
        if can {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether an operator gets in without another's help, and will when what is scheduled has begun. Who has never signed in was
/// given a code for it.
async fn can_sign_in(ctx: &Context, account: &AccountId) -> Result<bool, Unavailable> {
    let Some(asked) = ask(ctx, account).await? else { return Ok(false) };
    let shut =
        asked.verdict.err().is_some_and(|closure| closure == Closure::Disabled || closure.is_recover());
    let scheduled = asked.evidence.book().orders.iter().any(|order| {
        matches!(order.state, OrderState::Scheduled { .. })
            && shuts_out(order)
            && order.exclusions.named_operators.contains(account)
    });
    Ok(!shut && !scheduled)
}
