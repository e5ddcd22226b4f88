//! Slips are ticked as handed over: some, or all that were printed of a place. A tick belongs to a code, and ends with it.

use std::collections::BTreeSet;

use thiserror::Error;

use crate::domain::account::{AccountId, LoginName};
use crate::domain::event::Act;
use crate::domain::jurisdiction::{Permission, Refusal, Target};
use crate::domain::population::Population;
use crate::domain::profile::Profile;
use crate::domain::slip::Handed;
use crate::domain::territory::{TerritoryCode, TerritoryKind, TerritoryPath};
use crate::flows::account::{AccountError, MOST};
use crate::flows::actor::{Actor, Powers, Right};
use crate::flows::context::Context;
use crate::flows::people::roll::profiles;
use crate::flows::people::search::{Question, search, standing};
use crate::flows::unavailable::{TRIES, Unavailable};
use crate::store;
use crate::store::account::Person;
use crate::store::db::Batch;
use crate::store::people::Who;
use crate::store::slip;

/// What is said of which slips.
pub struct HandOver<'a> {
    /// Where they are handed over.
    pub place: &'a TerritoryCode,
    /// To whom of those there.
    pub who: Who,
    /// To which of them.
    pub which: Which<'a>,
    /// That they were; or that they were not after all.
    pub handed: bool,
}

/// Which people of a place.
pub enum Which<'a> {
    /// Everybody for whom a slip was printed.
    Printed,
    /// These accounts.
    Accounts(&'a [AccountId]),
    /// Those who sign in so.
    Logins(&'a [String]),
}

/// Who is meant where nobody says more: of a class, its pupils and guardians.
pub fn whose(place: &TerritoryCode, profile: Option<Profile>) -> Who {
    match profile {
        Some(profile) => Who::Of(profile),
        None if place.kind() == TerritoryKind::Class => Who::Family,
        None => Who::Anybody,
    }
}

/// Why nothing was ticked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HandOverError {
    /// One of them stands against it.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The actor may not.
    #[error(transparent)]
    NotAllowed(Refusal),
    /// There is no such place, or none that the actor reaches.
    #[error("the territory {0} is not known")]
    UnknownTerritory(TerritoryCode),
}

type Decided<T> = Result<T, HandOverError>;

/// Ticks all that are meant and were not ticked already, or nobody. Somebody who is not at the place, or has no slip that counts, is
/// no more than passed over where everybody is meant; named, who is not there is unknown. Answers how many.
pub async fn hand_over(
    ctx: &Context,
    actor: &Actor,
    wish: &HandOver<'_>,
) -> Result<Decided<usize>, Unavailable> {
    for _ in 0..TRIES {
        let powers = actor.powers(ctx).await?;
        let unknown = || HandOverError::UnknownTerritory(wish.place.clone());
        let Some(place) = store::territory::find(&ctx.db, wish.place).await? else {
            return Ok(Err(unknown()));
        };
        let population = Population { territory: place.path, profiles: profiles(wish.who) };
        let right = match powers.may(Permission::HandOver, Target::Population(&population)) {
            Ok(right) => right,
            Err(Refusal::OutOfTerritory) => return Ok(Err(unknown())),
            Err(refusal) => return Ok(Err(HandOverError::NotAllowed(refusal))),
        };
        let people = match people(ctx, actor, wish, &population.territory).await? {
            Ok(people) => people,
            Err(error) => return Ok(Err(error)),
        };
        let now = ctx.clock.now();
        let handed = wish.handed.then(|| Handed { at: now, by: actor.name() });
        let mut ticks = Vec::new();
        for (person, stands) in &people {
            let whose = match reached(ctx, &powers, person, &wish.which).await? {
                Ok(Some(whose)) => whose,
                Ok(None) => continue,
                Err(error) => return Ok(Err(error.into())),
            };
            let printed = person.slip.as_ref();
            let Some(printed) = printed.filter(|slip| *stands && slip.handed.is_some() != wish.handed) else {
                continue;
            };
            let facts = &person.facts;
            let tick = slip::hand_over(&facts.account, facts.number, printed, handed.as_ref());
            ticks.push((facts.account.clone(), whose, tick));
        }
        let ticked = ticks.len();
        if ticked == 0 {
            // It does as little when it is sent again.
            return Ok(Ok(0));
        }
        // In one order, as every act on several: two that overlap wait for each other.
        ticks.sort_by(|(one, ..), (other, ..)| one.cmp(other));
        let mut batch = right.still_held();
        batch.extend(Right::all_still_reach(ticks.iter().map(|(whom, whose, _)| (whose, whom))));
        batch.extend(ticks.into_iter().map(|(.., tick)| tick));
        batch.extend(actor.remember(ticked, now));
        let act = if wish.handed { Act::CodeHandOver } else { Act::CodeTakeBack };
        let place = &population.territory;
        let mut line = actor.line_by(&right, act, format!("territory:{}", wish.place), place);
        line.count = i64::try_from(ticked).ok();
        batch.push(ctx.audit(now, &line));
        if ctx.commit(Batch::plain(batch)).await? {
            return Ok(Ok(ticked));
        }
    }
    Err(Unavailable::Contended)
}

/// The right to say so of somebody's slip; none where somebody is passed over.
async fn reached(
    ctx: &Context,
    powers: &Powers,
    person: &Person,
    which: &Which<'_>,
) -> Result<Result<Option<Right>, AccountError>, Unavailable> {
    Ok(match (powers.may_on(ctx, Permission::HandOver, &person.facts).await?, which) {
        (Ok(right), _) => Ok(Some(right)),
        (Err(_), Which::Printed) => Ok(None),
        (Err(Refusal::OutOfTerritory), _) => Err(AccountError::Unknown(vec![person.login.clone()])),
        (Err(refusal), _) => Err(AccountError::NotAllowed { login: person.login.clone(), refusal }),
    })
}

/// Who is meant, and whether each has a slip that counts: all of them are at the place.
async fn people(
    ctx: &Context,
    actor: &Actor,
    wish: &HandOver<'_>,
    place: &TerritoryPath,
) -> Result<Decided<Vec<(Person, bool)>>, Unavailable> {
    const STEP: u32 = 500;
    let mut people = Vec::new();
    let too_many = |number| Ok(Err(AccountError::TooMany(number).into()));
    let named: BTreeSet<String> = match wish.which {
        Which::Printed => {
            let question = Question { typed: "", place: Some(place), who: wish.who, state: None };
            let mut after = None;
            while let Some(found) = search(ctx, actor, &question, after, STEP).await? {
                let printed = found.seen.into_iter().filter(|seen| seen.standing.slip.is_some());
                people.extend(printed.map(|seen| (seen.found.person, true)));
                after = found.next;
                if people.len() > MOST {
                    return too_many(people.len());
                }
                if after.is_none() {
                    break;
                }
            }
            return Ok(Ok(people));
        }
        Which::Accounts(accounts) => accounts.iter().map(|account| account.0.clone()).collect(),
        Which::Logins(logins) => logins.iter().cloned().collect(),
    };
    if named.len() > MOST {
        return too_many(named.len());
    }
    let mut unknown = Vec::new();
    for name in named {
        let found = match (&wish.which, LoginName::parse(&name)) {
            (Which::Logins(_), Ok(login)) => store::account::find_by_login(&ctx.db, &login).await?,
            (Which::Logins(_), Err(_)) => None,
            _ => store::account::find(&ctx.db, &AccountId(name.clone())).await?,
        };
        match found.filter(|person| is_here(person, place, wish.who)) {
            Some(person) => {
                let stands = standing(ctx, &person).await?.slip.is_some();
                people.push((person, stands));
            }
            None => unknown.push(name),
        }
    }
    Ok(if unknown.is_empty() { Ok(people) } else { Err(AccountError::Unknown(unknown).into()) })
}

fn is_here(person: &Person, place: &TerritoryPath, who: Who) -> bool {
    let profiles = profiles(who);
    person.facts.affiliations.iter().any(|it| {
        it.span.is_open()
            && place.contains(&it.path)
            && (profiles.is_empty() || profiles.contains(&it.profile))
    })
}
