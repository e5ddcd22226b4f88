//! Who acts, from where, and with what right.

use std::collections::BTreeSet;

use crate::domain::account::{AccountId, AccountNumber};
use crate::domain::event::{Act, AuditLine};
use crate::domain::facts::Facts;
use crate::domain::grant::Authentication;
use crate::domain::jurisdiction::{
    Permission, Refusal, RoleGrant, Target, WholeAccount, allowing, permits, seen,
};
use crate::domain::operator::Role;
use crate::domain::population::Population;
use crate::domain::profile::Profile;
use crate::domain::reset_order::ResetOrder;
use crate::domain::territory::TerritoryPath;
use crate::domain::timestamp::Timestamp;
use crate::flows::ask_gate::ask;
use crate::flows::context::Context;
use crate::flows::once::Once;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::db::Statement;

/// Who acts, and why.
#[derive(Clone, Debug)]
pub struct Actor {
    /// With what right.
    pub standing: Standing,
    /// In the actor's own words.
    pub reason: Option<String>,
    /// The request that it came with.
    pub origin: Origin,
}

/// The request that an act came with; nothing of it where there was none.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// Its number in the log.
    pub request_id: Option<String>,
    /// The address it came from.
    pub address: Option<String>,
    /// Makes the same request, sent twice, one act.
    pub once: Option<Once>,
}

/// With what right somebody acts.
#[derive(Clone, Debug)]
pub enum Standing {
    /// Whoever has a shell on the host: the root of trust, bound by no territory.
    Local(Local),
    /// The program itself: what falls due happens without anybody at the keyboard.
    System,
    /// Somebody with roles.
    Operator(Operator),
}

/// Somebody with a shell.
#[derive(Clone, Debug)]
pub struct Local {
    /// The system's user.
    pub user: String,
    /// Whether they act alone where a second person is asked for.
    pub breaks_glass: bool,
}

/// Somebody with roles. Which, is read for every act, and once more in its batch; and so is whether the sign-in still stands.
#[derive(Clone, Debug)]
pub struct Operator {
    /// The sign-in that the act rests on.
    pub authentication: Authentication,
    /// The program that acts with the operator's consent, or by itself.
    pub client: Option<String>,
    /// When a second factor was last shown.
    pub factor_at: Option<Timestamp>,
}

impl Operator {
    /// Whose account.
    pub const fn account(&self) -> &AccountId {
        &self.authentication.account
    }

    /// What they hold, as it is written now: nothing, once what they signed in with has ended.
    async fn held(&self, ctx: &Context) -> Result<Vec<RoleGrant>, Unavailable> {
        let asked = ask(ctx, self.account()).await?;
        if !asked.is_some_and(|asked| self.authentication.stands(&asked.evidence)) {
            return Ok(Vec::new());
        }
        Ok(store::operator::held(&ctx.db, self.account()).await?)
    }
}

/// The right that an act rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Right {
    /// No territory binds it.
    Root,
    /// The one grant that allows it.
    Grant(Holder, RoleGrant),
}

/// Who holds a grant, as they signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    account: AccountId,
    number: AccountNumber,
}

impl Right {
    /// In a batch: the grant is still held, by whoever signed in, and stays so until the batch has committed. Nothing that was done to
    /// their account ended the sign-in meanwhile: no change of the password, no disabling, no end of the sessions.
    pub fn still_held(&self) -> Vec<Statement> {
        match self {
            Self::Root => Vec::new(),
            Self::Grant(Holder { account, number }, grant) => vec![
                store::operator::still_signed_in(account, *number),
                store::operator::still_holds(account, grant),
            ],
        }
    }

    /// The same, and it still reaches all that this account is anywhere.
    pub fn still_reaches(&self, whom: &AccountId) -> Vec<Statement> {
        Self::all_still_reach([(self, whom)])
    }

    /// The same for many: what several rest on is asked once.
    pub fn all_still_reach<'a>(each: impl IntoIterator<Item = (&'a Self, &'a AccountId)>) -> Vec<Statement> {
        let (mut held, mut still) = (Vec::new(), Vec::new());
        for (right, whom) in each {
            let Self::Grant(_, grant) = right else { continue };
            if !held.contains(&right) {
                held.push(right);
                still.extend(right.still_held());
            }
            still.push(store::operator::still_reaches(grant, whom));
        }
        still
    }

    /// The territory of the grant, for the audit log.
    pub const fn territory(&self) -> Option<&TerritoryPath> {
        match self {
            Self::Root => None,
            Self::Grant(_, grant) => Some(&grant.over),
        }
    }
}

/// The longest reason, in characters.
pub const LONGEST_REASON: usize = 500;

/// Whether a reason can be kept: a line of at most [`LONGEST_REASON`] characters. What is done to ten thousand people writes it down as often.
pub fn is_usable_reason(reason: &str) -> bool {
    reason.chars().count() <= LONGEST_REASON && !reason.chars().any(char::is_control)
}

impl Actor {
    /// The program itself.
    pub fn system() -> Self {
        Self { standing: Standing::System, reason: None, origin: Origin::default() }
    }

    /// Whoever has a shell, as the system knows them.
    pub fn local(user: &str, reason: Option<String>) -> Self {
        let local = Local { user: user.to_owned(), breaks_glass: false };
        Self { standing: Standing::Local(local), reason, origin: Origin::default() }
    }

    /// The same, who acts alone where a second person is asked for.
    #[must_use]
    pub fn breaking_glass(mut self) -> Self {
        if let Standing::Local(local) = &mut self.standing {
            local.breaks_glass = true;
        }
        self
    }

    /// As the audit log names them: `local:root`, `account:ID`, `system`.
    pub fn name(&self) -> String {
        match &self.standing {
            Standing::Local(local) => format!("local:{}", local.user),
            Standing::System => "system".to_owned(),
            Standing::Operator(operator) => format!("account:{}", operator.account().0),
        }
    }

    /// Whether somebody with a shell acts alone where a second person is asked for.
    pub const fn breaks_glass(&self) -> bool {
        matches!(self.standing, Standing::Local(Local { breaks_glass: true, .. }))
    }

    /// The account behind it, if there is one.
    pub const fn account(&self) -> Option<&AccountId> {
        match &self.standing {
            Standing::Operator(operator) => Some(operator.account()),
            Standing::Local(_) | Standing::System => None,
        }
    }

    /// What the actor may do, as it is written now.
    pub async fn powers(&self, ctx: &Context) -> Result<Powers, Unavailable> {
        let held = match &self.standing {
            Standing::Local(_) | Standing::System => None,
            Standing::Operator(operator) => Some((operator.clone(), operator.held(ctx).await?)),
        };
        Ok(Powers { held, now: ctx.clock.now() })
    }

    /// The audit line of an act of this actor.
    pub fn line(&self, act: Act, object: String) -> AuditLine {
        AuditLine {
            reason: self.reason.clone(),
            address: self.origin.address.clone(),
            request_id: self.origin.request_id.clone(),
            ..AuditLine::new(self.name(), act, object)
        }
    }

    /// The same for an act that rests on a right. Where no grant bounds it, it is of the place that it reaches: whoever answers for that
    /// reads what was done there from the host.
    pub fn line_by(&self, right: &Right, act: Act, object: String, place: &TerritoryPath) -> AuditLine {
        AuditLine {
            territory: Some(right.territory().unwrap_or(place).as_str().to_owned()),
            ..self.line(act, object)
        }
    }

    /// The same for an order.
    pub fn order_line(&self, right: &Right, act: Act, order: &ResetOrder) -> AuditLine {
        self.line_by(right, act, format!("order:{}", order.id), &order.population.territory)
    }

    /// The same for somebody.
    pub fn account_line(&self, right: &Right, act: Act, whom: &Facts) -> AuditLine {
        self.line_by(right, act, format!("account:{}", whom.account.0), &whom.place())
    }
}

/// What an actor may do: what nobody bounds, or what these grants allow.
pub struct Powers {
    held: Option<(Operator, Vec<RoleGrant>)>,
    now: Timestamp,
}

impl Powers {
    /// What the actor may do by now, by the factor that these were read with: what has begun need not show it again.
    pub async fn again(&self, ctx: &Context, actor: &Actor) -> Result<Self, Unavailable> {
        Ok(Self { now: self.now, ..actor.powers(ctx).await? })
    }

    /// The right that an act rests on, or why there is none. Some acts need a second factor that was shown lately.
    pub fn may(&self, permission: Permission, target: Target<'_>) -> Result<Right, Refusal> {
        let Some((operator, grants)) = &self.held else { return Ok(Right::Root) };
        let grant = permits(operator.account(), grants, permission, target)?;
        permission.check_factor(1, operator.factor_at, self.now)?;
        let Authentication { account, number, .. } = &operator.authentication;
        Ok(Right::Grant(Holder { account: account.clone(), number: *number }, grant.clone()))
    }

    /// Whether the actor may do it, once a second factor is shown.
    pub fn could(&self, permission: Permission, population: &Population) -> bool {
        matches!(self.may(permission, Target::Population(population)), Ok(_) | Err(Refusal::FactorTooOld))
    }

    /// Those of a population to whom the actor may do it, once a second factor is shown: all of them, or the pupils and guardians for a
    /// role that reaches nobody else.
    pub fn reached(&self, permission: Permission, population: Population) -> Option<Population> {
        if self.could(permission, &population) {
            return Some(population);
        }
        let is_meant =
            |profile: &Profile| population.profiles.is_empty() || population.profiles.contains(profile);
        let families: BTreeSet<_> =
            [Profile::Pupil, Profile::Guardian].into_iter().filter(is_meant).collect();
        let families = Population { profiles: families, ..population };
        (!families.profiles.is_empty() && self.could(permission, &families)).then_some(families)
    }

    /// Why an act may not be done to so many people at once, if it may not; what it is to each of them is asked apart.
    pub fn may_at_once(&self, permission: Permission, people: usize) -> Result<(), Refusal> {
        match &self.held {
            None => Ok(()),
            Some((operator, _)) => permission.check_factor(people, operator.factor_at, self.now),
        }
    }

    /// The grants that let the actor do something somewhere; of whoever nobody bounds, one over everything.
    pub fn allowing(&self, permission: Permission) -> Vec<RoleGrant> {
        match &self.held {
            None => vec![RoleGrant { role: Role::Authority, over: TerritoryPath::root() }],
            Some((_, grants)) => allowing(grants, permission).cloned().collect(),
        }
    }

    /// The places of these grants.
    pub fn reaches(&self, permission: Permission) -> Vec<TerritoryPath> {
        self.allowing(permission).into_iter().map(|grant| grant.over).collect()
    }

    /// The parts of a place that the actor sees: all of it from above, or the own territories inside it.
    pub fn sees(&self, permission: Permission, territory: &TerritoryPath) -> Vec<TerritoryPath> {
        match &self.held {
            None => vec![territory.clone()],
            Some((_, grants)) => seen(grants, permission, territory),
        }
    }

    /// The same for an act on one person: on all that the account is anywhere.
    pub async fn may_on(
        &self,
        ctx: &Context,
        permission: Permission,
        facts: &Facts,
    ) -> Result<Result<Right, Refusal>, Unavailable> {
        let roles = if self.held.is_some() && facts.is_operator() {
            store::operator::held(&ctx.db, &facts.account).await?
        } else {
            Vec::new()
        };
        Ok(self.may(permission, Target::Account(&whole(facts, roles))))
    }

    /// Whether the actor may do it to somebody who holds no role, once a second factor is shown.
    pub fn could_on(&self, permission: Permission, facts: &Facts) -> bool {
        let asked = self.may(permission, Target::Account(&whole(facts, Vec::new())));
        matches!(asked, Ok(_) | Err(Refusal::FactorTooOld))
    }
}

fn whole(facts: &Facts, roles: Vec<RoleGrant>) -> WholeAccount {
    let open = facts.affiliations.iter().filter(|affiliation| affiliation.span.is_open());
    let affiliations = open.map(|open| (open.path.clone(), open.profile)).collect();
    WholeAccount { account: facts.account.clone(), affiliations, roles }
}
