//! One person, as an operator sees them.

use std::collections::BTreeSet;

use crate::domain::account::{AccountId, Affiliation, LoginName};
use crate::domain::audit_chain::Line;
use crate::domain::facts::Facts;
use crate::domain::gate::Closure;
use crate::domain::jurisdiction::{Permission, Refusal, RoleGrant};
use crate::domain::operator::Role;
use crate::domain::reset_order::OrderId;
use crate::domain::territory::TerritoryPath;
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::{Actor, Powers};
use crate::flows::ask_gate::{Asked, ask};
use crate::flows::audit::read::Position;
use crate::flows::context::Context;
use crate::flows::find_client::find_client;
use crate::flows::print_slips::has_slip;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::account::Person;

/// Grants that are looked at for where somebody is signed in.
const VISITS: u32 = 50;

/// What an operator sees of somebody.
pub struct Sheet {
    /// The person, with what the gate says.
    pub asked: Asked<Person>,
    /// Where the person is today, and as what.
    pub places: Named<Affiliation>,
    /// What the person may do to others.
    pub roles: Named<RoleGrant>,
    /// The lowest place above all that the person is, where the operator may not act on them because that is not in one hand.
    pub wider: Option<TerritoryPath>,
    /// Where the person is signed in, the latest first; none where the operator could not sign them out.
    pub visits: Option<Vec<SignedIn>>,
    /// The order that closes the gate, where the operator may follow it.
    pub order: Option<OrderId>,
    /// Whether the operator may print the code that the person has now, a second factor supposed.
    pub prints: bool,
    /// The permissions that the operator has here, a second factor supposed.
    pub may: Vec<Permission>,
    /// The roles that the operator may give the person or take away, somewhere, a second factor supposed; those that reach
    /// least first.
    pub gives: Vec<Role>,
}

/// What of somebody an operator is told by name: what lies inside the places that the operator sees people of.
pub struct Named<T> {
    /// What lies inside.
    pub here: Vec<T>,
    /// Whether there is more, of which nothing is told.
    pub elsewhere: bool,
}

impl Named<Affiliation> {
    /// The places where somebody is today.
    pub fn places(person: &Person, reached: &[TerritoryPath]) -> Self {
        let open = person.facts.affiliations.iter().filter(|it| it.span.is_open()).cloned().collect();
        Self::of(open, reached, |it| &it.path)
    }
}

impl<T> Named<T> {
    fn of(all: Vec<T>, reached: &[TerritoryPath], path: impl Fn(&T) -> &TerritoryPath) -> Self {
        let is_here = |it: &T| reached.iter().any(|over| over.contains(path(it)));
        let (here, elsewhere): (Vec<_>, Vec<_>) = all.into_iter().partition(is_here);
        Self { here, elsewhere: !elsewhere.is_empty() }
    }
}

/// Something that somebody is signed in at.
pub struct SignedIn {
    /// The name of the relying party.
    pub client: String,
    /// When the person last came there.
    pub since: Timestamp,
}

/// What may be done from somebody's page.
const ACTS: [Permission; 6] = [
    Permission::IssueCode,
    Permission::PrintSlips,
    Permission::ForceChange,
    Permission::Unlock,
    Permission::EndSessions,
    Permission::Disable,
];

/// Somebody by login, or by the id as the audit log has it.
pub async fn named(ctx: &Context, text: &str) -> Result<Option<Person>, Unavailable> {
    if let Ok(login) = LoginName::parse(text)
        && let Some(person) = store::account::find_by_login(&ctx.db, &login).await?
    {
        return Ok(Some(person));
    }
    let id = text.strip_prefix("account:").unwrap_or(text);
    Ok(store::account::find(&ctx.db, &AccountId(id.to_owned())).await?)
}

/// Reads somebody's sheet. None where there is nobody, or nobody whom the operator may see: the two are not told apart.
pub async fn read(ctx: &Context, actor: &Actor, account: &AccountId) -> Result<Option<Sheet>, Unavailable> {
    let Some(asked) = ask(ctx, account).await? else { return Ok(None) };
    let facts = &asked.loaded.facts;
    let powers = actor.powers(ctx).await?;
    if powers.may_on(ctx, Permission::ReadPeople, facts).await?.is_err() {
        return Ok(None);
    }
    let roles = if facts.is_operator() { store::operator::held(&ctx.db, account).await? } else { Vec::new() };
    let (mut may, mut wider) = (Vec::new(), None);
    let to_give = roles.first().map(|held| Permission::GrantRole(held.role));
    for permission in ACTS.into_iter().chain(to_give) {
        match powers.may_on(ctx, permission, facts).await? {
            Ok(_) | Err(Refusal::FactorTooOld) => may.push(permission),
            Err(Refusal::WiderThanTerritory(above)) => wider = Some(above),
            Err(_) => {}
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
    let visits = if may.contains(&Permission::EndSessions) { Some(visits(ctx, &asked).await?) } else { None };
    let order = order(&asked, &powers);
    let prints = may.contains(&Permission::PrintSlips) && has_slip(&asked.evidence, &ctx.settings.policy);
    let reached = powers.reaches(Permission::ReadPeople);
    let places = Named::places(&asked.loaded, &reached);
    let roles = Named::of(roles, &reached, |held| &held.over);
    Ok(Some(Sheet { asked, places, roles, wider, visits, order, prints, may, gives }))
}

/// A page of what was done to somebody.
pub struct History {
    /// What was done, the latest first.
    pub lines: Vec<Line>,
    /// Behind which the next page begins, if there is one.
    pub next: Option<Position>,
}

/// What was done to somebody, behind a line; at most `limit`. Why not, where the operator may not read all that the account is.
pub async fn history(
    ctx: &Context,
    actor: &Actor,
    facts: &Facts,
    after: Option<&Position>,
    limit: u32,
) -> Result<Result<History, Refusal>, Unavailable> {
    let powers = actor.powers(ctx).await?;
    if let Err(refusal) = powers.may_on(ctx, Permission::ReadAudit, facts).await? {
        return Ok(Err(refusal));
    }
    let mut lines = store::audit::of_account(&ctx.db, &facts.account, after, limit + 1).await?;
    let goes_on = lines.len() > limit as usize;
    lines.truncate(limit as usize);
    // What another school wrote about somebody of both is in the log of that school, and no business of this one.
    let places = powers.sees(Permission::ReadAudit, &TerritoryPath::root());
    for line in &mut lines {
        let place = line.territory.clone().map_or_else(TerritoryPath::root, TerritoryPath::from_stored);
        line.reason = line.reason.take().filter(|_| places.iter().any(|over| over.contains(&place)));
    }
    let next = lines.last().filter(|_| goes_on).map(|last| (last.at, last.id.clone()));
    Ok(Ok(History { lines, next }))
}

fn order(asked: &Asked<Person>, powers: &Powers) -> Option<OrderId> {
    let Err(Closure::Ordered { order, .. }) = &asked.verdict else { return None };
    let order = asked.evidence.book().orders.iter().find(|it| it.id == *order)?;
    let seen = powers.sees(Permission::ReadProgress, &order.population.territory);
    (!seen.is_empty()).then(|| order.id.clone())
}

/// Where somebody is signed in: what nothing has ended since, once for each browser and relying party.
async fn visits(ctx: &Context, asked: &Asked<Person>) -> Result<Vec<SignedIn>, Unavailable> {
    let facts = &asked.loaded.facts;
    let held = store::grant::of_account(&ctx.db, &facts.account, facts.now, VISITS).await?;
    let mut seen = BTreeSet::new();
    let mut visits = Vec::new();
    for (grant, since) in held {
        let stands =
            grant.authentication.stands(&asked.evidence) && !grant.authentication.is_over(&asked.evidence);
        if stands && seen.insert((grant.client.0.clone(), grant.sid)) {
            let found = find_client(ctx, &grant.client).await?;
            let client = found.map_or(grant.client.0, |client| client.name);
            visits.push(SignedIn { client, since });
        }
    }
    Ok(visits)
}
