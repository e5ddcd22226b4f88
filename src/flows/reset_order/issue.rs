//! An order is written, and comes into force at once or at its instant.

use std::collections::BTreeSet;

use thiserror::Error;

use crate::domain::account::{AccountId, LoginName};
use crate::domain::event::Act;
use crate::domain::level::Level;
use crate::domain::order_clock::OrderClock;
use crate::domain::population::{Exclusions, Population};
use crate::domain::profile::Profile;
use crate::domain::reset_order::{Force, OrderBook, OrderId, OrderState, ResetOrder};
use crate::domain::secret::SecretBytes;
use crate::domain::territory::TerritoryCode;
use crate::domain::timestamp::Timestamp;
use crate::flows::code_key::seal_name;
use crate::flows::context::Context;
use crate::flows::reset_order::Actor;
use crate::flows::step::Step;
use crate::flows::unavailable::{TRIES, Unavailable};
use crate::store;
use crate::store::db::Batch;
use crate::store::reset_order::OrderRecord;

/// What somebody wants to order.
#[derive(Clone, Debug)]
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
    /// When `change` becomes `recover` for those who hold a code.
    pub deadline: Option<Timestamp>,
}

/// Why an order cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProposalError {
    /// The deadline does not come after the start.
    #[error("the deadline must come after the order comes into force")]
    DeadlineTooEarly,
    /// A deadline on an order that is `recover` already.
    #[error("a deadline turns change into recover; this order is recover already")]
    DeadlineOnRecover,
    /// Nobody has such a place and profile.
    #[error("nobody in {0} has one of these profiles")]
    Nobody(TerritoryCode),
    /// No reason was given.
    #[error("an order needs a reason; give one with --reason")]
    ReasonMissing,
    /// The instant is in the past.
    #[error("the order cannot come into force in the past")]
    StartInPast,
    /// No account has this login.
    #[error("no account has the login {0:?}")]
    UnknownLogin(String),
    /// There is no such place.
    #[error("the territory {0} is not known; import it first")]
    UnknownTerritory(TerritoryCode),
}

/// Writes an order. One row, whatever the size of the population: nobody's account is touched.
pub async fn issue(
    ctx: &Context,
    actor: &Actor,
    proposal: &Proposal,
) -> Result<Result<OrderRecord, ProposalError>, Unavailable> {
    let Some(reason) = actor.reason.clone().filter(|reason| !reason.trim().is_empty()) else {
        return Ok(Err(ProposalError::ReasonMissing));
    };
    for _ in 0..TRIES {
        let (book, now) = store::reset_order::book_and_time(&ctx.db).await?;
        let order = match draw_up(ctx, proposal, &book, now).await? {
            Ok(order) => order,
            Err(error) => return Ok(Err(error)),
        };
        let record = OrderRecord {
            scheduled_at: proposal.at.unwrap_or(now),
            reason: reason.clone(),
            author: actor.name.clone(),
            created_at: now,
            order,
        };
        ctx.steps.at(Step::OrderDecided).await;
        if commit(ctx, actor, &record, book.clock).await? {
            return Ok(Ok(record));
        }
    }
    Err(Unavailable::Contended)
}

/// The order as it would be, decided upon a book: also what the preview counts with.
pub(super) async fn draw_up(
    ctx: &Context,
    proposal: &Proposal,
    book: &OrderBook,
    now: Timestamp,
) -> Result<Result<ResetOrder, ProposalError>, Unavailable> {
    if let Err(error) = check_times(proposal, now) {
        return Ok(Err(error));
    }
    let Some(territory) = store::territory::find(&ctx.db, &proposal.territory).await? else {
        return Ok(Err(ProposalError::UnknownTerritory(proposal.territory.clone())));
    };
    if !store::territory::has_people(&ctx.db, &territory.path, &proposal.profiles).await? {
        return Ok(Err(ProposalError::Nobody(proposal.territory.clone())));
    }
    let named_operators = match named(ctx, &proposal.named_operators).await? {
        Ok(named) => named,
        Err(error) => return Ok(Err(error)),
    };
    let start = proposal.at.unwrap_or(now);
    let state = if start > now {
        OrderState::Scheduled { at: start }
    } else {
        OrderState::InForce(Force { clock: OrderClock(book.clock.0 + 1), since: now, hardened_at: None })
    };
    Ok(Ok(ResetOrder {
        id: OrderId(ctx.new_id(now)),
        population: Population { territory: territory.path, profiles: proposal.profiles.clone() },
        exclusions: Exclusions {
            never_activated: proposal.never_activated,
            changed_since: proposal.changed_since,
            reset_by_school_since: proposal.reset_by_school_since,
            named_operators,
        },
        level: proposal.level,
        state,
        deadline: proposal.deadline,
        codes_expire_at: start.plus(ctx.settings.policy.code_lifetime),
    }))
}

fn check_times(proposal: &Proposal, now: Timestamp) -> Result<(), ProposalError> {
    if proposal.at.is_some_and(|at| at < now) {
        return Err(ProposalError::StartInPast);
    }
    match proposal.deadline {
        Some(deadline) if deadline <= proposal.at.unwrap_or(now) => Err(ProposalError::DeadlineTooEarly),
        Some(_) if proposal.level == Level::Recover => Err(ProposalError::DeadlineOnRecover),
        _ => Ok(()),
    }
}

async fn named(
    ctx: &Context,
    logins: &[String],
) -> Result<Result<BTreeSet<AccountId>, ProposalError>, Unavailable> {
    let mut named = BTreeSet::new();
    for login in logins {
        let person = match LoginName::parse(login) {
            Ok(name) => store::account::find_by_login(&ctx.db, &name).await?,
            Err(_) => None,
        };
        match person {
            Some(person) => named.insert(person.facts.account),
            None => return Ok(Err(ProposalError::UnknownLogin(login.clone()))),
        };
    }
    Ok(Ok(named))
}

async fn commit(
    ctx: &Context,
    actor: &Actor,
    record: &OrderRecord,
    clock: OrderClock,
) -> Result<bool, Unavailable> {
    let broken = |error: &dyn std::fmt::Display| Unavailable::Broken(error.to_string());
    let key = SecretBytes::new(ctx.random.bytes::<32>().to_vec());
    let name = seal_name(&record.order.id);
    let sealed = ctx.secrets.sealer.seal(&name, &key, ctx.random.bytes()).map_err(|error| broken(&error))?;
    let insert = store::reset_order::insert(record, &sealed).map_err(|error| broken(&error))?;
    let line = actor.order_line(Act::OrderIssue, &record.order.id);
    let batch = vec![store::reset_order::raise_clock(clock), insert, ctx.audit(record.created_at, &line)];
    ctx.commit(Batch::changing_orders(batch)).await
}
