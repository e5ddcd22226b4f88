//! Whether somebody is left in every school who can help there.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use crate::domain::account::AccountId;
use crate::domain::gate::Closure;
use crate::domain::jurisdiction::{Permission, seen};
use crate::domain::level::Level;
use crate::domain::reset_order::{OrderState, ResetOrder};
use crate::domain::territory::TerritoryPath;
use crate::flows::actor::Actor;
use crate::flows::ask_gate::ask;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::store;

/// The schools in which nobody could give a code any more.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "nobody could help any more in {}: each operator of the place itself who could give a code, or of those above where it has \
     none, is named or shut out already, and would need a code",
    self.listed()
)]
pub struct NobodyLeft {
    /// Those for whose people the author may order, by name.
    pub schools: Vec<String>,
    /// How many others.
    pub elsewhere: usize,
}

/// Schools that are named in a sentence; a list has all of them.
const LISTED: usize = 20;

impl NobodyLeft {
    fn listed(&self) -> String {
        let mut listed: Vec<_> = self.schools.iter().take(LISTED).cloned().collect();
        match self.schools.len().saturating_sub(LISTED) + self.elsewhere {
            0 => {}
            more => listed.push(format!("{more} more schools")),
        }
        listed.join(", ")
    }
}

/// Refuses an order that takes from a school the last operator who can sign in and give everybody there a code. It does where the old
/// password opens nothing, or will not once the deadline has passed. Whom it names and covers may be the last one of a school
/// anywhere, whatever place the order is over. A school that has operators of its own keeps one of them: whoever is above answers for
/// a hundred others as well, and one order can name the operators of all of these.
pub(super) async fn check_help_is_left(
    ctx: &Context,
    actor: &Actor,
    order: &ResetOrder,
) -> Result<Result<(), NobodyLeft>, Unavailable> {
    if !shuts_out(order) {
        return Ok(Ok(()));
    }
    let named = &covered(ctx, order).await?;
    let (mut schools, mut helpers) = (BTreeMap::new(), Helpers::new());
    for reach in reach(ctx, named).await? {
        schools.extend(store::territory::schools(&ctx.db, &reach).await?);
        for (account, grant) in store::population::operators_around(&ctx.db, &reach).await? {
            if grant.role.helps_everybody() {
                helpers.entry(grant.over).or_default().insert(account);
            }
        }
    }
    let mut asked = BTreeMap::new();
    let powers = actor.powers(ctx).await?;
    let mut left = NobodyLeft { schools: Vec::new(), elsewhere: 0 };
    for (path, name) in schools {
        if takes_the_last(ctx, &helpers, &path, named, &mut asked).await? {
            if powers.sees(Permission::IssueOrder, &path).contains(&path) {
                left.schools.push(name);
            } else {
                left.elsewhere += 1;
            }
        }
    }
    Ok(if left.schools.is_empty() && left.elsewhere == 0 { Ok(()) } else { Err(left) })
}

/// Those whom an order names that are among its people.
async fn covered(ctx: &Context, order: &ResetOrder) -> Result<BTreeSet<AccountId>, Unavailable> {
    let mut covered = BTreeSet::new();
    for account in &order.exclusions.named_operators {
        let person = store::account::find(&ctx.db, account).await?;
        if person.is_some_and(|person| order.population.covers(&person.facts, None)) {
            covered.insert(account.clone());
        }
    }
    Ok(covered)
}

/// Where operators help everybody, none of these places inside another.
async fn reach(ctx: &Context, operators: &BTreeSet<AccountId>) -> Result<Vec<TerritoryPath>, Unavailable> {
    let mut grants = Vec::new();
    for account in operators {
        grants.extend(store::operator::held(&ctx.db, account).await?);
    }
    grants.retain(|grant| grant.role.helps_everybody());
    Ok(seen(&grants, Permission::IssueCode, &TerritoryPath::root()))
}

/// Who helps everybody at a place and below it.
type Helpers = BTreeMap<TerritoryPath, BTreeSet<AccountId>>;

/// Whether whom it names cannot get in by themselves, sooner or later.
fn shuts_out(order: &ResetOrder) -> bool {
    order.level == Level::Recover || order.deadline.is_some()
}

/// Those of a school, and those above it: where one of the first can sign in, none of the others is asked about.
fn helpers_of<'a>(helpers: &'a Helpers, school: &TerritoryPath) -> [Vec<&'a AccountId>; 2] {
    let above = std::iter::successors(school.parent(), TerritoryPath::parent);
    let above = above.filter_map(|place| helpers.get(&place)).flatten();
    [helpers.get(school).into_iter().flatten().collect(), above.collect()]
}

/// Whether somebody of a school can sign in now and nobody could any more. From those who are shut out already nothing is taken.
async fn takes_the_last<'a>(
    ctx: &Context,
    helpers: &'a Helpers,
    school: &TerritoryPath,
    named: &BTreeSet<AccountId>,
    asked: &mut Asked<'a>,
) -> Result<bool, Unavailable> {
    for helping in helpers_of(helpers, school) {
        let (gone, others): (Vec<_>, Vec<_>) = helping.into_iter().partition(|it| named.contains(*it));
        if anybody_can(ctx, others, asked).await? {
            return Ok(false);
        }
        if anybody_can(ctx, gone, asked).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Who can sign in, of those who were asked about.
type Asked<'a> = BTreeMap<&'a AccountId, bool>;

async fn anybody_can<'a>(
    ctx: &Context,
    whom: Vec<&'a AccountId>,
    asked: &mut Asked<'a>,
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
