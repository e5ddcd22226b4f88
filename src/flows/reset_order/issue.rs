//! An order is written, and comes into force at once or at its instant.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;
use thiserror::Error;

use crate::domain::account::{AccountId, LoginName};
use crate::domain::event::Act;
use crate::domain::jurisdiction::{Permission, Refusal, Target};
use crate::domain::length;
use crate::domain::level::Level;
use crate::domain::population::{Exclusions, Population};
use crate::domain::profile::Profile;
use crate::domain::reset_order::{OrderId, OrderState, ResetOrder};
use crate::domain::secret::SecretBytes;
use crate::domain::territory::TerritoryCode;
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::{Actor, Powers, Right};
use crate::flows::code_key::seal_name;
use crate::flows::context::Context;
use crate::flows::reset_order::help::NobodyLeft;
use crate::flows::reset_order::put_forward::{Putting, put_forward};
use crate::flows::step::Step;
use crate::flows::unavailable::{TRIES, Unavailable};
use crate::store;
use crate::store::db::Statement;
use crate::store::reset_order::OrderRecord;

/// What somebody wants to order.
#[derive(Clone, Debug, Serialize)]
pub struct Proposal {
    /// The place.
    pub territory: TerritoryCode,
    /// The profiles; every profile when empty.
    pub profiles: BTreeSet<Profile>,
    /// What the old password is worth from then on.
    pub level: Level,
    /// Spares accounts that were never activated.
    pub never_activated: bool,
    /// Spares credentials chosen since this instant.
    pub changed_since: Option<Timestamp>,
    /// Spares accounts that their school has reset since this instant.
    pub reset_by_school_since: Option<Timestamp>,
    /// The operators that are not left out, by login.
    pub named_operators: Vec<String>,
    /// From when on; at once when none.
    pub at: Option<Timestamp>,
    /// By when everybody should have changed; `change` is then `recover` for those who hold a code.
    pub deadline: Option<Timestamp>,
    /// How long its codes open the change page; the deployment's setting when it begins, where none.
    pub code_lifetime: Option<Duration>,
    /// Whether a draft of the same for the next year is written once it is put forward.
    pub repeats: bool,
}

/// Why an order cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProposalError {
    /// Its codes would live for no time, or longer than anybody may choose.
    #[error("the codes of an order live for a day at least and {} at most", length::text(*ceiling))]
    CodeLifetime {
        /// The longest that may be chosen.
        ceiling: Duration,
    },
    /// The deadline does not come after the start.
    #[error("the deadline must come after the order comes into force")]
    DeadlineTooEarly,
    /// The operator may not.
    #[error(transparent)]
    NotAllowed(#[from] Refusal),
    /// Nobody has such a place and profile.
    #[error("nobody in {0} has one of these profiles")]
    Nobody(TerritoryCode),
    /// The number that was typed is not the number of people.
    #[error("{typed} was typed, and {covered} people are covered; nothing was ordered")]
    NotConfirmed {
        /// What was typed.
        typed: u64,
        /// How many there are.
        covered: u64,
    },
    /// Nobody orders a change of themselves in spite of their role.
    #[error("an order does not name whoever puts it forward")]
    NamesAuthor,
    /// Where the order reaches every operator, nobody is left to help.
    #[error(transparent)]
    NobodyLeft(#[from] NobodyLeft),
    /// No reason was given.
    #[error("an order needs a reason")]
    ReasonMissing,
    /// The instant is in the past.
    #[error("the order cannot come into force in the past")]
    StartInPast,
    /// Whoever approves reads every one of them.
    #[error("an order names {NAMED} operators at most")]
    TooManyNamed,
    /// No account has this login.
    #[error("no account has the login {0:?}")]
    UnknownLogin(String),
    /// There is no such place.
    #[error("the territory {0} is not known; import it first")]
    UnknownTerritory(TerritoryCode),
}

/// Operators that one order may name.
const NAMED: usize = 100;

/// Writes an order and puts it forward. One row, whatever the size of the population: nobody's account is touched. Above the
/// number of people that one person may reach, it waits for a second one. `confirmed` is the number of people that
/// somebody typed.
pub async fn issue(
    ctx: &Context,
    actor: &Actor,
    proposal: &Proposal,
    confirmed: Option<u64>,
) -> Result<Result<OrderRecord, ProposalError>, Unavailable> {
    let Some(reason) = actor.reason.clone().filter(|reason| !reason.trim().is_empty()) else {
        return Ok(Err(ProposalError::ReasonMissing));
    };
    for _ in 0..TRIES {
        let (book, now) = store::reset_order::book_and_time(&ctx.db).await?;
        let (order, right) = match draw_up(ctx, actor, Permission::IssueOrder, (proposal, now)).await? {
            Ok(drawn_up) => drawn_up,
            Err(error) => return Ok(Err(error)),
        };
        let begins_at = proposal.at.unwrap_or(now);
        let putting = Putting { order: &order, begins_at, confirmed, before: None };
        let forward = match put_forward(ctx, actor, putting, now).await? {
            Ok(forward) => forward,
            Err(error) => return Ok(Err(error)),
        };
        let state = forward.state(begins_at, book.clock, now);
        let record = OrderRecord {
            scheduled_at: begins_at,
            reason: reason.clone(),
            author: actor.name(),
            created_at: now,
            submitted_at: Some(now),
            covered: forward.covered,
            repeats: proposal.repeats,
            order: ResetOrder { state, ..order },
        };
        ctx.steps.at(Step::OrderDecided).await;
        let mut batch = vec![insert(ctx, &record)?];
        batch.extend(right.still_held());
        batch.extend(actor.remember(&record.order.id, now));
        batch.push(ctx.audit(now, &actor.order_line(&right, Act::OrderIssue, &record.order)));
        if forward.commit(ctx, actor, &record, (&right, book.clock), batch).await? {
            return Ok(Ok(record));
        }
    }
    Err(Unavailable::Contended)
}

/// In a batch: an order with a key of its own for its codes.
pub(super) fn insert(ctx: &Context, record: &OrderRecord) -> Result<Statement, Unavailable> {
    let broken = |error: &dyn std::fmt::Display| Unavailable::Broken(error.to_string());
    let key = SecretBytes::new(ctx.random.bytes::<32>().to_vec());
    let name = seal_name(&record.order.id);
    let sealed = ctx.secrets.sealer.seal(&name, &key, ctx.random.bytes()).map_err(|error| broken(&error))?;
    store::reset_order::insert(record, &sealed).map_err(|error| broken(&error))
}

/// The order as it would be, as a draft, and the right to do this with it: also what the preview counts with. Who is at a place, and whose
/// login is one, is told after that alone.
pub(super) async fn draw_up(
    ctx: &Context,
    actor: &Actor,
    permission: Permission,
    (proposal, now): (&Proposal, Timestamp),
) -> Result<Result<(ResetOrder, Right), ProposalError>, Unavailable> {
    let policy = &ctx.settings.policy;
    if let Err(error) =
        check_times(proposal, now).and_then(|()| check_lifetime(proposal, policy.code_ceiling))
    {
        return Ok(Err(error));
    }
    let Some(territory) = store::territory::find(&ctx.db, &proposal.territory).await? else {
        return Ok(Err(ProposalError::UnknownTerritory(proposal.territory.clone())));
    };
    let population = Population { territory: territory.path, profiles: proposal.profiles.clone() };
    let powers = actor.powers(ctx).await?;
    let right = match powers.may(permission, Target::Population(&population)) {
        Ok(right) => right,
        Err(refusal) => return Ok(Err(refusal.into())),
    };
    if !store::territory::has_people(&ctx.db, &population.territory, &population.profiles).await? {
        return Ok(Err(ProposalError::Nobody(proposal.territory.clone())));
    }
    let named_operators = match named(ctx, &powers, &proposal.named_operators).await? {
        Ok(named) => named,
        Err(error) => return Ok(Err(error)),
    };
    let start = proposal.at.unwrap_or(now);
    let order = ResetOrder {
        id: OrderId(ctx.new_id(now)),
        population,
        exclusions: Exclusions {
            never_activated: proposal.never_activated,
            changed_since: proposal.changed_since,
            reset_by_school_since: proposal.reset_by_school_since,
            named_operators,
        },
        level: proposal.level,
        state: OrderState::Draft,
        deadline: proposal.deadline,
        code_lifetime: proposal.code_lifetime,
        codes_expire_at: start.plus(policy.codes_of_order(proposal.code_lifetime)),
    };
    Ok(Ok((order, right)))
}

fn check_lifetime(proposal: &Proposal, ceiling: Duration) -> Result<(), ProposalError> {
    match proposal.code_lifetime {
        Some(chosen) if chosen.is_zero() || chosen > ceiling => Err(ProposalError::CodeLifetime { ceiling }),
        _ => Ok(()),
    }
}

fn check_times(proposal: &Proposal, now: Timestamp) -> Result<(), ProposalError> {
    if proposal.at.is_some_and(|at| at < now) {
        return Err(ProposalError::StartInPast);
    }
    match proposal.deadline {
        Some(deadline) if deadline <= proposal.at.unwrap_or(now) => Err(ProposalError::DeadlineTooEarly),
        _ => Ok(()),
    }
}

/// Those who are named. Somebody whom the author sees nowhere is as nobody.
async fn named(
    ctx: &Context,
    powers: &Powers,
    logins: &[String],
) -> Result<Result<BTreeSet<AccountId>, ProposalError>, Unavailable> {
    if logins.len() > NAMED {
        return Ok(Err(ProposalError::TooManyNamed));
    }
    let mut named = BTreeSet::new();
    for login in logins {
        let person = match LoginName::parse(login) {
            Ok(name) => store::account::find_by_login(&ctx.db, &name).await?,
            Err(_) => None,
        };
        match person {
            Some(person) if powers.may_on(ctx, Permission::ReadPeople, &person.facts).await?.is_ok() => {
                named.insert(person.facts.account);
            }
            _ => return Ok(Err(ProposalError::UnknownLogin(login.clone()))),
        }
    }
    Ok(Ok(named))
}
