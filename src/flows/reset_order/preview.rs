//! What an order would do, before anybody writes it: whom it covers, whom it spares and why, and who stays open.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::domain::account::WayIn;
use crate::domain::client::ClientId;
use crate::domain::facts::{Facts, Proof};
use crate::domain::gate::{Evidence, evaluate};
use crate::domain::jurisdiction::Permission;
use crate::domain::level::Level;
use crate::domain::order_clock::OrderClock;
use crate::domain::population::Exclusion;
use crate::domain::progress::{Opened, Tally};
use crate::domain::reset_order::{Force, OrderBook, OrderId, OrderState, ResetOrder};
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::reset_order::issue::{Proposal, ProposalError, draw_up};
use crate::flows::reset_order::read::named_operators;
use crate::flows::unavailable::{TRIES, Unavailable};
use crate::flows::walk::Walk;
use crate::store;
use crate::store::account::Person;
use crate::store::population::{FEW, Question};

/// The counts of a preview, and of the progress of an order in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Accounts in the population.
    pub covered: u64,
    /// Of these, accounts that must choose a new password.
    pub bound: u64,
    /// Of these, accounts that chose one since the order came into force.
    pub done: u64,
    /// Of these, accounts that the order spares, by why.
    pub spared: BTreeMap<Exclusion, u64>,
    /// Bound accounts whose newer password does not spare them, because nothing but the old password authorised it: the
    /// thief may have chosen it.
    pub chosen_with_old_password: u64,
    /// Bound accounts without an e-mail address.
    pub without_email: u64,
    /// The first of the operators in the population that are left out, as far as whoever asks may read of them, by login.
    pub operators: Vec<String>,
    /// The operators who are named, and so not left out, by login.
    pub named: Vec<String>,
    /// The relying parties that will be told, with their names; none where nothing is about to begin.
    pub told: Vec<(ClientId, String)>,
}

/// So many operators and relying parties are listed.
pub const LISTED: usize = 100;

/// Of so many operators it is asked whether they may be listed.
const ASKED: usize = 10 * LISTED;

/// A proposal as it would be ordered, and what it would do.
#[derive(Clone, Debug)]
pub struct Preview {
    /// What it says.
    pub order: ResetOrder,
    /// Whom it would reach.
    pub counts: Counts,
}

/// Counts what a proposal would do. Nothing is written.
pub async fn preview(
    ctx: &Context,
    actor: &Actor,
    proposal: &Proposal,
) -> Result<Result<Preview, ProposalError>, Unavailable> {
    let (book, now) = store::reset_order::book_and_time(&ctx.db).await?;
    let order = match draw_up(ctx, actor, Permission::ReadProgress, (proposal, now)).await? {
        Ok((order, _)) => order,
        Err(error) => return Ok(Err(error)),
    };
    let counts = foresee(ctx, actor, order.clone(), (&book, now)).await?;
    Ok(Ok(Preview { order, counts }))
}

/// The same of an order that is written and binds nobody yet: for whoever is to approve it. Who may see it is asked before.
pub async fn foreseen(ctx: &Context, actor: &Actor, order: &ResetOrder) -> Result<Counts, Unavailable> {
    let (book, now) = store::reset_order::book_and_time(&ctx.db).await?;
    foresee(ctx, actor, order.clone(), (&book, now)).await
}

/// A scheduled order is previewed as if it came into force now.
async fn foresee(
    ctx: &Context,
    actor: &Actor,
    mut order: ResetOrder,
    (book, now): (&OrderBook, Timestamp),
) -> Result<Counts, Unavailable> {
    let clock = OrderClock(book.clock.0 + 1);
    order.state = OrderState::InForce(Force { clock, since: now, hardened_at: None });
    let counts = census(ctx, actor, &order, (book, now)).await?;
    let clients = store::client::list(&ctx.db).await?.into_iter();
    let told = clients.filter(|client| client.backchannel_logout_uri.is_some());
    let told = told.map(|client| (client.id, client.name)).collect();
    Ok(Counts { told, named: named_operators(ctx, &order).await?, ..counts })
}

/// Counts an order that would come into force now: the database counts everybody but the few who hold a role, and but those at
/// schools with orders of their own, where the order asks about those.
async fn census(
    ctx: &Context,
    actor: &Actor,
    order: &ResetOrder,
    (book, now): (&OrderBook, Timestamp),
) -> Result<Counts, Unavailable> {
    let exclusions = &order.exclusions;
    let question = Question {
        never_activated: exclusions.never_activated,
        changed_since: exclusions.changed_since,
        suspect_since: exclusions.changed_since.or(exclusions.reset_by_school_since),
        recover: order.level == Level::Recover,
        now,
    };
    let found = store::population::census(&ctx.db, &order.population, &question, FEW).await?;
    let spared = [
        (Exclusion::NoLocalPassword, found.federated),
        (Exclusion::NeverActivated, found.never_activated),
        (Exclusion::ChangedSince, found.changed_since),
    ];
    let mut counts = Counts {
        covered: found.covered,
        bound: found.covered - spared.iter().map(|(_, number)| number).sum::<u64>(),
        spared: spared.into_iter().filter(|(_, number)| *number > 0).collect(),
        chosen_with_old_password: found.suspect,
        without_email: found.without_email,
        ..Counts::default()
    };
    let powers = actor.powers(ctx).await?;
    // An auditor reads of nobody, and of a whole académie's class teachers each would be asked about.
    let mut asks = if powers.allowing(Permission::ReadPeople).is_empty() { 0 } else { ASKED };
    for person in store::population::operators(&ctx.db, &order.population).await? {
        let is_left_out = counts.add(order, book, &person) == Place::Spared(Exclusion::Operator);
        // That somebody's mother holds a role elsewhere is not for her class teacher to read.
        if is_left_out && counts.operators.len() < LISTED && asks > 0 {
            asks -= 1;
            if powers.may_on(ctx, Permission::ReadPeople, &person.facts).await?.is_ok() {
                counts.operators.push(person.login);
            }
        }
    }
    // Of the others only these may be spared for what their school did.
    let mut seen = HashSet::new();
    for school in order.schools_before(book) {
        let mut walk = Walk::through(ctx, &school).await?;
        while let Some((_, people)) = walk.next(ctx).await? {
            for person in people {
                let by_school = Place::Spared(Exclusion::ResetBySchool);
                let holds_role = person.facts.is_operator();
                if holds_role || Place::of(order, book, &person.facts) != by_school {
                    continue;
                }
                if seen.insert(person.facts.account) {
                    *counts.spared.entry(Exclusion::ResetBySchool).or_default() += 1;
                    counts.bound -= 1;
                    counts.without_email -= u64::from(person.email.is_none());
                }
            }
        }
    }
    Ok(counts)
}

/// Counts an order that exists.
pub async fn progress(
    ctx: &Context,
    order: &ResetOrder,
    told: impl Fn(usize, usize),
) -> Result<Counts, Unavailable> {
    let book = store::reset_order::book(&ctx.db).await?;
    let counts = count(ctx, order, &book, told).await?;
    Ok(Counts { named: named_operators(ctx, order).await?, ..counts })
}

async fn count(
    ctx: &Context,
    order: &ResetOrder,
    book: &OrderBook,
    told: impl Fn(usize, usize),
) -> Result<Counts, Unavailable> {
    let mut counts = Counts::default();
    let mut walk = Walk::through(ctx, &order.population.territory).await?;
    while let Some((_, people)) = walk.next(ctx).await? {
        for person in &people {
            let is_left_out = counts.add(order, book, person) == Place::Spared(Exclusion::Operator);
            if is_left_out && counts.operators.len() < LISTED {
                counts.operators.push(person.login.clone());
            }
        }
        let (behind, all) = walk.progress();
        told(behind, all);
    }
    Ok(counts)
}

/// Where somebody stands under an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The order does not reach them.
    Outside,
    /// Spared.
    Spared(Exclusion),
    /// Chose a new password since it came into force.
    Done,
    /// Must choose one.
    Bound,
}

impl Place {
    /// Of an account, under an order of this book.
    pub(super) fn of(order: &ResetOrder, book: &OrderBook, facts: &Facts) -> Self {
        let now = facts.now;
        let Some(binding) = order.reaches(facts, now) else { return Self::Outside };
        let spared = match facts.way_in {
            WayIn::FederatedOnly => Some(Exclusion::NoLocalPassword),
            WayIn::Local => order.spares(facts, binding, book, now),
        };
        if let Some(why) = spared {
            return Self::Spared(why);
        }
        let since = binding.clock;
        if facts.credential.is_some_and(|credential| since.is_some_and(|clock| credential.clock >= clock)) {
            return Self::Done;
        }
        Self::Bound
    }

    /// One person's share of the progress of an order of this number; none of somebody outside.
    pub(super) fn tally(self, facts: &Facts, clock: Option<OrderClock>) -> Option<Tally> {
        let mut tally = Tally { covered: 1, ..Tally::default() };
        match self {
            Self::Outside => return None,
            Self::Spared(why) => tally.spared.add(why, 1),
            Self::Done => tally.done = 1,
            Self::Bound => {
                tally.bound = 1;
                let printed =
                    facts.code.printed_under.zip(clock).is_some_and(|(under, clock)| under >= clock);
                tally.printed = u64::from(printed);
            }
        }
        Some(tally)
    }
}

impl Counts {
    /// How many operators are left out beside those listed.
    pub fn more_operators(&self) -> u64 {
        let all = self.spared.get(&Exclusion::Operator).copied().unwrap_or_default();
        all.saturating_sub(u64::try_from(self.operators.len()).unwrap_or(u64::MAX))
    }

    fn add(&mut self, order: &ResetOrder, book: &OrderBook, person: &Person) -> Place {
        let facts = &person.facts;
        let place = Place::of(order, book, facts);
        match place {
            Place::Outside => return place,
            Place::Spared(why) => *self.spared.entry(why).or_default() += 1,
            Place::Done => self.done += 1,
            Place::Bound => {
                self.bound += 1;
                self.chosen_with_old_password += u64::from(is_suspect(order, facts, facts.now));
                self.without_email += u64::from(person.email.is_none());
            }
        }
        self.covered += 1;
        place
    }
}

/// Whether the credential is newer than the date given, and binds all the same.
fn is_suspect(order: &ResetOrder, facts: &Facts, now: Timestamp) -> bool {
    let since = order.exclusions.changed_since.or(order.exclusions.reset_by_school_since);
    order.level == Level::Recover
        && facts.credential.is_some_and(|credential| {
            credential.proof == Proof::OldPassword
                && since.is_some_and(|since| credential.chosen_at >= since && credential.chosen_at <= now)
        })
}

/// The gate as it is, and as it would be if an order were lifted.
pub(super) struct Lifting {
    before: Arc<OrderBook>,
    after: Arc<OrderBook>,
}

impl Lifting {
    /// Of an order of this book, lifted now: its deadline stops there.
    pub(super) fn of(order: &ResetOrder, book: &OrderBook, now: Timestamp) -> Self {
        let mut after = book.clone();
        for other in after.orders.iter_mut().filter(|other| other.id == order.id) {
            if let Ok(lifted) = other.state.cancel(now) {
                other.state = lifted;
            }
        }
        Self { before: Arc::new(book.clone()), after: Arc::new(after) }
    }

    /// One more if something opens for this person, whom the order keeps out now. None where orders changed since the book was
    /// read, or had before.
    pub(super) fn count(
        &self,
        ctx: &Context,
        counted: Option<Opened>,
        order: &ResetOrder,
        facts: &Facts,
    ) -> Option<Opened> {
        let mut counted = counted?;
        if Place::of(order, &self.before, facts) != Place::Bound {
            return Some(counted);
        }
        let closed_by = |book: &Arc<OrderBook>| {
            let evidence = Evidence::new(facts.clone(), Arc::clone(book))?;
            Some(evaluate(&evidence, &ctx.settings.policy).err())
        };
        let was_shut = closed_by(&self.before)?.is_some_and(|closure| !closure.admits_old_password());
        match closed_by(&self.after)? {
            None => counted.gate += 1,
            Some(closure) if was_shut && closure.admits_old_password() => counted.change_page += 1,
            Some(_) => {}
        }
        Some(counted)
    }
}

/// What would open for an order's people if it were lifted now. Counts everybody.
pub async fn opened_by_cancelling(
    ctx: &Context,
    id: &OrderId,
    told: impl Fn(usize, usize),
) -> Result<Opened, Unavailable> {
    for _ in 0..TRIES {
        let (book, now) = store::reset_order::book_and_time(&ctx.db).await?;
        // A draft keeps nobody out.
        let Some(order) = book.find(id) else { return Ok(Opened::default()) };
        let lifting = Lifting::of(order, &book, now);
        let mut opened = Some(Opened::default());
        let mut walk = Walk::through(ctx, &order.population.territory).await?;
        while let Some((_, people)) = walk.next(ctx).await? {
            for person in people {
                opened = lifting.count(ctx, opened, order, &person.facts);
            }
            let (behind, all) = walk.progress();
            told(behind, all);
        }
        if let Some(opened) = opened {
            return Ok(opened);
        }
    }
    Err(Unavailable::Contended)
}
