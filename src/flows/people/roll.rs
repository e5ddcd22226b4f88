//! Who is at a place, and how they stand: the table of a class, the staff of a school, the classes of a school with their counts.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::account::AccountId;
use crate::domain::facts::Facts;
use crate::domain::jurisdiction::{Permission, Refusal};
use crate::domain::population::Population;
use crate::domain::profile::Profile;
use crate::domain::territory::{TerritoryCode, TerritoryKind, TerritoryPath};
use crate::flows::account::unlock::waiting;
use crate::flows::actor::{Actor, Powers};
use crate::flows::context::Context;
use crate::flows::people::search::{People, Question, Seen, search};
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::people::Who;
use crate::store::territory::Territory;

/// People that are counted for one page; where there are more, nobody is counted.
const MOST: u64 = 10_000;

/// People that are read in one go: each time all are sorted.
const STEP: u32 = 2_000;

/// Places on a page.
pub const PLACES: usize = 100;

/// How some people stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub people: u64,
    /// Those who must choose a password.
    pub left: u64,
    /// Those for whom a slip was printed that counts.
    pub printed: u64,
    /// Of these, those to whom it was handed over.
    pub handed: u64,
    /// Of these, those who chose a password with it.
    pub used: u64,
    /// Those whose last slip opens nothing any more: they need another.
    pub lapsed: u64,
    /// Those who failed too often: nothing that they type as a password is looked at for a while.
    pub waiting: u64,
    /// Those who cannot be written to.
    pub without_email: u64,
}

impl Counts {
    fn add(&mut self, Counted { seen, waits }: &Counted<'_>) {
        let standing = &seen.standing;
        self.people += 1;
        self.waiting += u64::from(*waits);
        self.without_email += u64::from(seen.found.person.email.is_none());
        self.left += u64::from(standing.must_change());
        self.lapsed += u64::from(standing.lapsed.is_some());
        if let Some(slip) = &standing.slip {
            self.printed += 1;
            self.handed += u64::from(slip.handed.is_some());
            self.used += u64::from(slip.used_at.is_some());
        }
    }
}

/// Somebody who is counted.
struct Counted<'a> {
    seen: &'a Seen,
    waits: bool,
}

/// Some of those who are at a place.
pub struct Roll {
    /// The place.
    pub place: Territory,
    /// Who they are there.
    pub who: Who,
    /// A page of them.
    pub people: People,
    /// All of them; none where they are too many to be counted for a page.
    pub counts: Option<Counts>,
    /// Whom their slips leave out; none where they are too many to be counted.
    pub left_out: Option<LeftOut>,
    /// What the actor may do there, a second factor supposed.
    pub may: Vec<Permission>,
}

/// Counts of the classes of a school, and of its profiles.
pub type ByClass = (BTreeMap<TerritoryPath, Counts>, BTreeMap<Profile, Counts>);

/// A place with what lies directly below it.
pub struct Overview {
    /// The place.
    pub place: Territory,
    /// What lies below it, by name.
    pub below: Vec<Territory>,
    /// Behind which the next page begins.
    pub next: Option<TerritoryCode>,
    /// How the people of each class of a school stand, and those of each profile.
    pub counts: Option<ByClass>,
    /// Whom the slips of a school leave out; none where nobody was counted.
    pub left_out: Option<LeftOut>,
    /// What the actor may do with all of it, a second factor supposed.
    pub may: Vec<Permission>,
}

/// The places that the actor sees people of.
pub async fn roots(ctx: &Context, actor: &Actor) -> Result<Vec<Territory>, Unavailable> {
    let mut paths: Vec<_> =
        actor.powers(ctx).await?.allowing(Permission::ReadPeople).into_iter().map(|it| it.over).collect();
    paths.sort();
    paths.dedup();
    let mut roots = Vec::new();
    for code in paths.iter().filter_map(TerritoryPath::code) {
        roots.extend(store::territory::find(&ctx.db, &code).await?);
    }
    Ok(roots)
}

/// The profiles that are meant.
pub fn profiles(who: Who) -> BTreeSet<Profile> {
    match who {
        Who::Anybody => BTreeSet::new(),
        Who::Family => [Profile::Pupil, Profile::Guardian].into(),
        Who::Of(profile) => [profile].into(),
    }
}

/// What is done with everybody at a place.
const ACTS: [Permission; 4] =
    [Permission::PrintSlips, Permission::HandOver, Permission::ForceChange, Permission::IssueOrder];

fn allowed(powers: &Powers, place: &TerritoryPath, who: Who) -> Vec<Permission> {
    ACTS.into_iter().filter(|act| may(powers, *act, place, who)).collect()
}

fn may(powers: &Powers, permission: Permission, place: &TerritoryPath, who: Who) -> bool {
    powers.could(permission, &Population { territory: place.clone(), profiles: profiles(who) })
}

/// A place that the actor may see these people of; none of another, which may be there or not.
async fn place(
    ctx: &Context,
    powers: &Powers,
    code: &TerritoryCode,
    who: Who,
) -> Result<Option<Territory>, Unavailable> {
    let place = store::territory::find(&ctx.db, code).await?;
    Ok(place.filter(|place| may(powers, Permission::ReadPeople, &place.path, who)))
}

/// Those at a place who must choose a password, and whom its slips leave out.
#[derive(Default)]
pub struct LeftOut {
    /// They have a role, and get a code in person.
    pub operators: Vec<(AccountId, String)>,
    /// They are also something elsewhere, so that the actor may not act on the whole account.
    pub elsewhere: Vec<(AccountId, String)>,
    /// They have a role, and whether the actor may know of it is to be asked.
    with_roles: Vec<(Facts, String)>,
}

impl LeftOut {
    fn look_at(&mut self, powers: &Powers, seen: &Seen) {
        let person = &seen.found.person;
        if !seen.standing.must_change() {
            return;
        }
        if person.facts.is_operator() {
            self.with_roles.push((person.facts.clone(), person.full_name()));
        } else if !powers.could_on(Permission::PrintSlips, &person.facts) {
            self.elsewhere.push((person.facts.account.clone(), person.full_name()));
        }
    }

    /// Who has a role where the actor has no say is not told apart from who is something else there.
    async fn sort_out(&mut self, ctx: &Context, powers: &Powers) -> Result<(), Unavailable> {
        for (facts, name) in std::mem::take(&mut self.with_roles) {
            let right = powers.may_on(ctx, Permission::PrintSlips, &facts).await?;
            let is_theirs = matches!(right, Ok(_) | Err(Refusal::FactorTooOld));
            let among = if is_theirs { &mut self.operators } else { &mut self.elsewhere };
            among.push((facts.account, name));
        }
        Ok(())
    }
}

/// Some of those at a place who are this; none where the actor may not see them.
pub async fn roll(
    ctx: &Context,
    actor: &Actor,
    code: &TerritoryCode,
    who: Who,
    after: Option<AccountId>,
    limit: u32,
) -> Result<Option<Roll>, Unavailable> {
    let powers = actor.powers(ctx).await?;
    let Some(place) = place(ctx, &powers, code, who).await? else { return Ok(None) };
    let question = Question { typed: "", place: Some(&place.path), who, state: None };
    let is_first = after.is_none();
    let Some(people) = search(ctx, actor, &question, after, limit).await? else { return Ok(None) };
    let (mut counts, mut left_out) = (Counts::default(), LeftOut::default());
    let mut add = |one: &Counted<'_>| {
        counts.add(one);
        left_out.look_at(&powers, one.seen);
    };
    let counted = if is_first && people.next.is_none() {
        count_page(ctx, &people, &mut add).await?;
        true
    } else {
        count(ctx, actor, &question, add).await?
    };
    if counted {
        left_out.sort_out(ctx, &powers).await?;
    }
    let may = allowed(&powers, &place.path, who);
    let (counts, left_out) = (counted.then_some(counts), counted.then_some(left_out));
    Ok(Some(Roll { place, who, people, counts, left_out, may }))
}

/// Counts; whether all of them were.
async fn count(
    ctx: &Context,
    actor: &Actor,
    question: &Question<'_>,
    mut each: impl FnMut(&Counted<'_>),
) -> Result<bool, Unavailable> {
    let (mut counted, mut after) = (0, None);
    if let Some(place) = question.place
        && store::people::are_more(&ctx.db, place, question.who, MOST).await?
    {
        return Ok(false);
    }
    while counted < MOST {
        let Some(people) = search(ctx, actor, question, after, STEP).await? else { break };
        counted += people.seen.len() as u64;
        count_page(ctx, &people, &mut each).await?;
        after = people.next;
        if after.is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn count_page(
    ctx: &Context,
    people: &People,
    each: &mut impl FnMut(&Counted<'_>),
) -> Result<(), Unavailable> {
    let waiting = waiting(ctx, people.seen.iter().map(|seen| &seen.found.person)).await?;
    for seen in &people.seen {
        each(&Counted { seen, waits: waiting.contains(&seen.found.person.facts.account) });
    }
    Ok(())
}

/// A place above classes; none where the actor may not see everybody there.
pub async fn overview(
    ctx: &Context,
    actor: &Actor,
    code: &TerritoryCode,
    after: Option<&TerritoryCode>,
) -> Result<Option<Overview>, Unavailable> {
    let powers = actor.powers(ctx).await?;
    let Some(place) = place(ctx, &powers, code, Who::Anybody).await? else { return Ok(None) };
    let mut below = store::territory::below(&ctx.db, &place.code, after, PLACES + 1).await?;
    let goes_on = below.len() > PLACES;
    below.truncate(PLACES);
    let next = below.last().filter(|_| goes_on).map(|last| last.code.clone());
    let counted = if place.code.kind() == TerritoryKind::School {
        by_class(ctx, actor, &powers, &place.path).await?
    } else {
        None
    };
    let (counts, left_out) = counted.unzip();
    let may = allowed(&powers, &place.path, Who::Anybody);
    Ok(Some(Overview { place, below, next, counts, left_out, may }))
}

/// How the families of each class of a school stand, and the people of each profile.
async fn by_class(
    ctx: &Context,
    actor: &Actor,
    powers: &Powers,
    school: &TerritoryPath,
) -> Result<Option<(ByClass, LeftOut)>, Unavailable> {
    let question = Question { typed: "", place: Some(school), who: Who::Anybody, state: None };
    let (mut classes, mut profiles) = ByClass::default();
    let mut left_out = LeftOut::default();
    let all = count(ctx, actor, &question, |one: &Counted<'_>| {
        left_out.look_at(powers, one.seen);
        let affiliations = &one.seen.found.person.facts.affiliations;
        let here: Vec<_> =
            affiliations.iter().filter(|it| it.span.is_open() && school.contains(&it.path)).collect();
        let of_families = here.iter().filter(|it| matches!(it.profile, Profile::Pupil | Profile::Guardian));
        for path in of_families.map(|it| &it.path).collect::<BTreeSet<_>>() {
            classes.entry(path.clone()).or_default().add(one);
        }
        for profile in here.iter().map(|it| it.profile).collect::<BTreeSet<_>>() {
            profiles.entry(profile).or_default().add(one);
        }
    });
    let all = all.await?;
    if all {
        left_out.sort_out(ctx, powers).await?;
    }
    Ok(all.then_some(((classes, profiles), left_out)))
}
