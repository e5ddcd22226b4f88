//! Looking for people inside the own territory.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::domain::account::AccountId;
use crate::domain::gate::{Closure, Evidence, evaluate};
use crate::domain::jurisdiction::Permission;
use crate::domain::slip::SlipState;
use crate::domain::territory::{TerritoryCode, TerritoryPath, Uai};
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::Actor;
use crate::flows::ask_gate::ask;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::account::Person;
use crate::store::people::{Found, Wanted, Who, look};
use crate::store::territory::Territory;

/// The longest text that is looked for, in bytes.
pub const LONGEST: usize = 100;

/// People that are looked at in one go where not all of them are meant, and how often for one page.
const STEP: u32 = 200;
const STEPS: usize = 10;

/// Whom somebody looks for.
pub struct Question<'a> {
    /// A name, a login, a class or a UAI; everybody when empty.
    pub typed: &'a str,
    /// Only here and below.
    pub place: Option<&'a TerritoryPath>,
    /// Who they are there.
    pub who: Who,
    /// Only those whose gate is so.
    pub state: Option<State>,
}

/// No gate is so.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0:?} is no state of a gate; write {known}", known = State::all().map(State::as_str).collect::<Vec<_>>().join(", "))]
pub struct UnknownState(String);

/// How a gate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Open.
    Open,
    /// Closed, whatever for.
    Closed,
    /// Closed, and this is the word for it.
    Because(&'static str),
}

impl State {
    /// Every one of them.
    pub fn all() -> impl Iterator<Item = Self> {
        [Self::Open, Self::Closed].into_iter().chain(Closure::WORDS.map(Self::Because))
    }

    /// By its word: `open`, `closed`, or that of a closure.
    pub fn of(word: &str) -> Option<Self> {
        Self::all().find(|known| known.as_str() == word)
    }

    /// The same, or the words that there are.
    pub fn parse(word: &str) -> Result<Self, UnknownState> {
        Self::of(word).ok_or_else(|| UnknownState(word.to_owned()))
    }

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Because(word) => word,
        }
    }

    fn is_that_of(self, closure: Option<&Closure>) -> bool {
        match self {
            Self::Open => closure.is_none(),
            Self::Closed => closure.is_some(),
            Self::Because(word) => closure.is_some_and(|closure| closure.as_str() == word),
        }
    }
}

impl<'de> Deserialize<'de> for State {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Self::parse(&word).map_err(Error::custom)
    }
}

/// Somebody, and how they stand.
pub struct Seen {
    /// Who, and where.
    pub found: Found,
    /// What the gate and the slip of the person say.
    pub standing: Standing,
}

/// How somebody stands.
pub struct Standing {
    /// Why the gate is closed, if it is.
    pub closure: Option<Closure>,
    /// What became of the slip, where there is one that counts.
    pub slip: Option<SlipState>,
    /// When the last slip was printed, where it opens nothing any more and was never used.
    pub lapsed: Option<Timestamp>,
}

impl Standing {
    /// Whether a password must be chosen: nothing that a person chooses opens a disabled account.
    pub fn must_change(&self) -> bool {
        self.closure.as_ref().is_some_and(|closure| *closure != Closure::Disabled)
    }
}

/// A page of people.
pub struct People {
    /// Who.
    pub seen: Vec<Seen>,
    /// Behind whom the next page begins, if there is one.
    pub next: Option<AccountId>,
}

/// Looks for people whom the actor may see. None where no role lets the actor see anybody. Where not all are meant, a page may have
/// fewer than there are, and go on.
pub async fn search(
    ctx: &Context,
    actor: &Actor,
    question: &Question<'_>,
    after: Option<AccountId>,
    limit: u32,
) -> Result<Option<People>, Unavailable> {
    let text = question.typed.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase();
    let school = match Uai::parse(question.typed.trim()) {
        Ok(uai) => store::territory::find(&ctx.db, &TerritoryCode::school(&uai)).await?,
        Err(_) => None,
    };
    let grants = actor.powers(ctx).await?.allowing(Permission::ReadPeople);
    if grants.is_empty() {
        return Ok(None);
    }
    // What of the place lies inside each grant.
    let parts: Vec<_> = grants
        .iter()
        .filter_map(|grant| Some((within(&grant.over, question.place)?, grant.role.is_for_families())))
        .collect();
    let step = if question.state.is_some() { STEP } else { limit };
    let mut people = People { seen: Vec::new(), next: after };
    for _ in 0..STEPS {
        let mut found = Vec::new();
        for (place, families_alone) in &parts {
            let wanted = Wanted {
                place,
                who: question.who,
                families_alone: *families_alone,
                state: question.state.map_or("", State::as_str),
                text: &text,
                school: school.as_ref().map(|school| &school.path),
                after: people.next.as_ref(),
                limit: step + 1,
            };
            found.extend(look(&ctx.db, &wanted).await?);
        }
        let name = |found: &Found| {
            let person = &found.person;
            (person.family_name.clone(), person.given_name.clone(), person.facts.account.clone())
        };
        found.sort_by_cached_key(name);
        found.dedup_by(|one, other| one.person.facts.account == other.person.facts.account);
        let goes_on = found.len() > step as usize;
        found.truncate(step as usize);
        for found in found {
            let standing = standing(ctx, &found.person).await?;
            let is_meant = question.state.is_none_or(|state| state.is_that_of(standing.closure.as_ref()));
            if is_meant && people.seen.len() == limit as usize {
                return Ok(Some(people));
            }
            people.next = Some(found.person.facts.account.clone());
            if is_meant {
                people.seen.push(Seen { found, standing });
            }
        }
        if !goes_on {
            people.next = None;
            return Ok(Some(people));
        }
        if people.seen.len() == limit as usize {
            return Ok(Some(people));
        }
    }
    Ok(Some(people))
}

/// A place of which the actor may see people, or around one; none of another, which may be there or not.
pub async fn near(
    ctx: &Context,
    actor: &Actor,
    code: &TerritoryCode,
) -> Result<Option<Territory>, Unavailable> {
    let grants = actor.powers(ctx).await?.allowing(Permission::ReadPeople);
    let place = store::territory::find(&ctx.db, code).await?;
    Ok(place.filter(|place| grants.iter().any(|grant| within(&grant.over, Some(&place.path)).is_some())))
}

/// The narrower of a territory and a place in it, or around it; none where they lie beside each other.
fn within(over: &TerritoryPath, place: Option<&TerritoryPath>) -> Option<TerritoryPath> {
    match place {
        None => Some(over.clone()),
        Some(place) if over.contains(place) => Some(place.clone()),
        Some(place) => place.contains(over).then(|| over.clone()),
    }
}

/// How somebody stands who was read with others.
pub async fn standing(ctx: &Context, person: &Person) -> Result<Standing, Unavailable> {
    let policy = &ctx.settings.policy;
    let book = ctx.order_book(person.facts.clock).await?;
    let of = |evidence: &Evidence, closure: Option<Closure>, person: &Person| {
        let printed = person.slip.as_ref();
        let slip = printed.and_then(|slip| slip.state(evidence, closure.as_ref(), policy));
        let lapsed = printed.and_then(|slip| slip.lapsed(evidence, closure.as_ref(), policy));
        Standing { closure, slip, lapsed }
    };
    if let Some(evidence) = Evidence::new(person.facts.clone(), book) {
        let closure = evaluate(&evidence, policy).err();
        return Ok(of(&evidence, closure, person));
    }
    // An order came between the two.
    match ask(ctx, &person.facts.account).await? {
        Some(asked) => Ok(of(&asked.evidence, asked.verdict.err(), &asked.loaded)),
        None => Err(Unavailable::Broken(format!("account {} vanished", person.facts.account.0))),
    }
}
