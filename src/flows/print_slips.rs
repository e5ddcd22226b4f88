//! Printing codes: for a class, a school, or everybody an order binds.

use crate::domain::code::{self, CodeKey, LiveCode, derive};
use crate::domain::event::Act;
use crate::domain::gate::{Closure, Evidence, evaluate};
use crate::domain::profile::Profile;
use crate::domain::reset_order::OrderId;
use crate::domain::secret::Secret;
use crate::domain::territory::TerritoryPath;
use crate::flows::code_key::code_key;
use crate::flows::context::{Context, TRIES, Unavailable};
use crate::flows::reset_order::Actor;
use crate::flows::reset_order::come_into_force::come_into_force;
use crate::flows::walk::Walk;
use crate::store;
use crate::store::account::{Person, still_at};
use crate::store::db::Batch;
use crate::store::territory::Territory;

/// Whose codes.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The place.
    pub territory: TerritoryPath,
    /// Only those whom this order binds.
    pub order: Option<OrderId>,
}

/// A slip: one person, one code.
pub struct Slip {
    /// The place it is handed out at.
    pub place: Territory,
    /// Whose.
    pub person: Person,
    /// Who the person is there.
    pub profile: Profile,
    /// The pupils a guardian answers for.
    pub pupils: Vec<Person>,
    /// The code, without separators.
    pub code: Secret,
    /// What it is.
    pub live: LiveCode,
}

/// What was printed and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Printed {
    /// Slips.
    pub slips: u64,
    /// Accounts whose gate is open and who have no code.
    pub open: u64,
    /// Logins of operators: they never recover by a slip printed for everybody.
    pub operators: Vec<String>,
}

/// How many people are decided and marked as printed in one batch.
const STEP: usize = 100;

/// Prints the live code of everybody in the selection whose gate is closed, place by place and by name; where no code is
/// alive, a new one is issued. Each print is an audit line in the batch that marks it.
pub async fn print_slips(
    ctx: &Context,
    actor: &Actor,
    selection: &Selection,
    mut out: impl FnMut(Slip) -> Result<(), Unavailable>,
) -> Result<Printed, Unavailable> {
    // What is printed must count as newer than an order that is due, which has no number yet.
    come_into_force(ctx).await?;
    let mut printed = Printed::default();
    let mut walk = Walk::through(ctx, &selection.territory).await?;
    while let Some((place, people)) = walk.next(ctx).await? {
        for some in people.chunks(STEP) {
            for slip in print(ctx, actor, selection, &place, some, &mut printed).await? {
                printed.slips += 1;
                out(slip)?;
            }
        }
    }
    Ok(printed)
}

/// One person's turn: what is written, and which slip comes of it.
enum Turn {
    Print(LiveCode),
    /// No code is alive: a new one is issued, and the person is asked for again.
    Issue,
    Skip,
}

async fn print(
    ctx: &Context,
    actor: &Actor,
    selection: &Selection,
    place: &Territory,
    people: &[Person],
    printed: &mut Printed,
) -> Result<Vec<Slip>, Unavailable> {
    let mut slips = Vec::new();
    for person in people {
        let mut person = person.clone();
        for attempt in 0.. {
            if attempt == TRIES {
                return Err(Unavailable::Contended);
            }
            let book = ctx.order_book(person.facts.clock).await?;
            if let Some(evidence) = Evidence::new(person.facts.clone(), book) {
                let turn = turn(ctx, selection, &evidence, &person, printed);
                let Turn::Print(live) = &turn else {
                    if matches!(turn, Turn::Skip) {
                        break;
                    }
                    issue(ctx, actor, &evidence).await?;
                    person = reload(ctx, &person).await?;
                    continue;
                };
                if mark(ctx, actor, &evidence).await? {
                    slips.extend(slip(ctx, place, &person, live.clone()).await?);
                    break;
                }
            }
            person = reload(ctx, &person).await?;
        }
    }
    Ok(slips)
}

fn turn(
    ctx: &Context,
    selection: &Selection,
    evidence: &Evidence,
    person: &Person,
    printed: &mut Printed,
) -> Turn {
    let verdict = evaluate(evidence, &ctx.settings.policy);
    let closure = verdict.as_ref().err();
    if evidence.facts().roles.iter().any(crate::domain::account::ClockSpan::is_open) {
        if closure.is_some() {
            printed.operators.push(person.login.clone());
        }
        return Turn::Skip;
    }
    let selected = match (&selection.order, closure) {
        (Some(wanted), Some(Closure::Ordered { order, .. })) => order == wanted,
        (Some(_), _) | (None, Some(Closure::Disabled)) => false,
        (None, Some(_)) => true,
        (None, None) => code::live_code(evidence, None, &ctx.settings.policy).is_some(),
    };
    if !selected {
        printed.open += u64::from(closure.is_none());
        return Turn::Skip;
    }
    // The code that will be alive once it is printed: a deadline that has passed may make another order decide.
    let printed = evidence.after_print();
    let verdict = evaluate(&printed, &ctx.settings.policy);
    code::live_code(&printed, verdict.as_ref().err(), &ctx.settings.policy).map_or(Turn::Issue, Turn::Print)
}

async fn reload(ctx: &Context, person: &Person) -> Result<Person, Unavailable> {
    let id = &person.facts.account;
    let again = store::account::find(&ctx.db, id).await?;
    again.ok_or_else(|| Unavailable::Broken(format!("account {} vanished", id.0)))
}

async fn issue(ctx: &Context, actor: &Actor, evidence: &Evidence) -> Result<(), Unavailable> {
    let facts = evidence.facts();
    let mut batch = Vec::from(still_at(facts));
    batch.push(store::account::issue_code(&facts.account, facts.now));
    let line = actor.line(Act::CodeIssue, format!("account:{}", facts.account.0));
    batch.push(ctx.audit(facts.now, &line));
    ctx.commit(Batch::under_order_lock(batch)).await?;
    Ok(())
}

async fn mark(ctx: &Context, actor: &Actor, evidence: &Evidence) -> Result<bool, Unavailable> {
    let facts = evidence.facts();
    let mut batch = Vec::from(still_at(facts));
    batch.push(store::account::mark_printed(&facts.account));
    let closure = |evidence: &Evidence| evaluate(evidence, &ctx.settings.policy).err();
    if closure(evidence) != closure(&evidence.after_print()) {
        // A deadline has passed: with its slip the account is at level `recover`, and whatever the old password
        // opened ends.
        batch.push(store::account::raise_number(&facts.account, facts.now));
    }
    let line = actor.line(Act::CodePrint, format!("account:{}", facts.account.0));
    batch.push(ctx.audit(facts.now, &line));
    ctx.commit(Batch::under_order_lock(batch)).await
}

async fn slip(
    ctx: &Context,
    place: &Territory,
    person: &Person,
    live: LiveCode,
) -> Result<Option<Slip>, Unavailable> {
    let account = &person.facts.account;
    let key = match &live.key {
        CodeKey::Deployment => Some(ctx.secrets.code_key.clone()),
        CodeKey::Order(_) => code_key(ctx, &live.key).await?,
    };
    let Some(code) = key.and_then(|key| derive(&key, account, live.issue)) else { return Ok(None) };
    let here = person.facts.affiliations.iter().find(|affiliation| affiliation.path == place.path);
    let Some(profile) = here.map(|affiliation| affiliation.profile) else { return Ok(None) };
    let pupils = match profile {
        Profile::Guardian => store::account::pupils_of(&ctx.db, account).await?,
        _ => Vec::new(),
    };
    Ok(Some(Slip { place: place.clone(), person: person.clone(), profile, pupils, code, live }))
}
