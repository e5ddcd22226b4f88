//! Who is left: the people whom an order binds still, place by place, for whoever goes and asks them. Names and logins, and no
//! code.

use std::collections::{HashMap, VecDeque};

use crate::domain::account::Affiliation;
use crate::domain::event::{Act, AuditLine};
use crate::domain::jurisdiction::{Permission, Refusal};
use crate::domain::order_clock::OrderClock;
use crate::domain::profile::Profile;
use crate::domain::progress::school_of;
use crate::domain::reset_order::{OrderBook, OrderId, ResetOrder};
use crate::domain::territory::{TerritoryCode, TerritoryPath};
use crate::flows::actor::{Actor, Powers};
use crate::flows::context::Context;
use crate::flows::reset_order::preview::Place;
use crate::flows::reset_order::read::view;
use crate::flows::unavailable::Unavailable;
use crate::flows::walk::Walk;
use crate::store;
use crate::store::account::Person;
use crate::store::db::Batch;

/// Somebody who has yet to choose a new password.
pub struct Left {
    /// The code of the school, or of the place itself above schools.
    pub school_code: String,
    /// Its name.
    pub school: String,
    /// The class; empty for whoever has none.
    pub class: String,
    /// Who the person is there.
    pub profile: Profile,
    /// Who.
    pub person: Person,
    /// Whether a slip was printed since the order.
    pub printed: bool,
}

/// Why nobody is listed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeftError {
    /// The operator may see how far the order has got, and not who is left.
    #[error(transparent)]
    NotAllowed(#[from] Refusal),
    /// There is no such order, or nothing of it is to be seen at this place.
    #[error("there is no order {0} at this place")]
    Unknown(OrderId),
}

/// A list under way. Somebody with several places is in it once, as the people of an order are counted.
pub struct Remaining {
    order: ResetOrder,
    book: OrderBook,
    actor: Actor,
    powers: Powers,
    /// Parts of the territory that are still to be gone through.
    parts: VecDeque<TerritoryPath>,
    walk: Option<(TerritoryPath, Walk)>,
    names: HashMap<TerritoryPath, String>,
}

impl Remaining {
    /// Begins at a place, or with all that the actor sees of the order. That the list was handed out is written down before
    /// anybody is on it.
    pub async fn begin(
        ctx: &Context,
        actor: &Actor,
        id: &OrderId,
        under: Option<&TerritoryCode>,
    ) -> Result<Result<Self, LeftError>, Unavailable> {
        let unknown = || Ok(Err(LeftError::Unknown(id.clone())));
        let Some(view) = view(ctx, actor, id).await? else { return unknown() };
        let under = match under {
            None => None,
            Some(code) => match store::territory::find(&ctx.db, code).await? {
                Some(place) => Some(place.path),
                None => return unknown(),
            },
        };
        let order = view.record.order;
        let powers = actor.powers(ctx).await?;
        let seen = powers.sees(Permission::ReadPeople, &order.population.territory);
        if seen.is_empty() {
            return Ok(Err(Refusal::NotOfRole.into()));
        }
        let parts: VecDeque<_> = seen.iter().filter_map(|part| inside(part, under.as_ref())).collect();
        if parts.is_empty() {
            return unknown();
        }
        let now = ctx.clock.now();
        let lines = parts.iter().map(|part| {
            let territory = Some(part.as_str().to_owned());
            let line = AuditLine { territory, ..actor.line(Act::OrderExport, format!("order:{id}")) };
            ctx.audit(now, &line)
        });
        ctx.commit(Batch::plain(lines.collect())).await?;
        let book = store::reset_order::book(&ctx.db).await?;
        let actor = actor.clone();
        Ok(Ok(Self { order, book, actor, powers, parts, walk: None, names: HashMap::new() }))
    }

    /// Those who are left at the next place where anybody is; none when all places lie behind.
    pub async fn next(&mut self, ctx: &Context) -> Result<Option<Vec<Left>>, Unavailable> {
        loop {
            let Some((root, walk)) = &mut self.walk else {
                let Some(part) = self.parts.pop_front() else { return Ok(None) };
                self.walk = Some((part.clone(), Walk::through(ctx, &part).await?));
                continue;
            };
            let root = root.clone();
            // Read slowly, it may take longer than whoever began it may go on.
            self.powers = self.powers.again(ctx, &self.actor).await?;
            if self.powers.sees(Permission::ReadPeople, &root) != [root.clone()] {
                return Err(Unavailable::Withdrawn(Refusal::NotOfRole));
            }
            let Some((place, people)) = walk.next(ctx).await? else {
                self.walk = None;
                continue;
            };
            self.names.insert(place.path, place.name);
            let mut left = Vec::new();
            for person in people {
                left.extend(self.left(ctx, &root, person).await?);
            }
            if !left.is_empty() {
                return Ok(Some(left));
            }
        }
    }

    async fn left(
        &mut self,
        ctx: &Context,
        root: &TerritoryPath,
        person: Person,
    ) -> Result<Option<Left>, Unavailable> {
        let facts = &person.facts;
        let clock = self.order.state.force().map(|force| force.clock);
        let Place::Bound = Place::of(&self.order, &self.book, facts) else { return Ok(None) };
        if self.powers.may_on(ctx, Permission::ReadPeople, facts).await?.is_err() {
            return Ok(None);
        }
        let Some(here) = met_at(&self.order, clock, root, &facts.affiliations) else { return Ok(None) };
        let (path, profile) = (here.path.clone(), here.profile);
        let school = school_of(&path);
        let class = if school == path { String::new() } else { self.name(ctx, &path).await? };
        let printed = facts.code.printed_under.zip(clock).is_some_and(|(under, clock)| under >= clock);
        let school_code = school.code().map(|code| code.uai().unwrap_or(code.as_str()).to_owned());
        Ok(Some(Left {
            school_code: school_code.unwrap_or_default(),
            school: self.name(ctx, &school).await?,
            class,
            profile,
            person,
            printed,
        }))
    }

    async fn name(&mut self, ctx: &Context, path: &TerritoryPath) -> Result<String, Unavailable> {
        if let Some(name) = self.names.get(path) {
            return Ok(name.clone());
        }
        let found = match path.code() {
            Some(code) => store::territory::find(&ctx.db, &code).await?,
            None => None,
        };
        let name = found.map_or_else(|| path.as_str().to_owned(), |place| place.name);
        self.names.insert(path.clone(), name.clone());
        Ok(name)
    }
}

/// What two places have in common: the narrower of them, if it lies in the other.
pub(super) fn inside(part: &TerritoryPath, under: Option<&TerritoryPath>) -> Option<TerritoryPath> {
    match under {
        None => Some(part.clone()),
        Some(under) if part.contains(under) => Some(under.clone()),
        Some(under) if under.contains(part) => Some(part.clone()),
        Some(_) => None,
    }
}

/// Where below a place an order of this number met somebody, first where the person still is.
fn met_at<'a>(
    order: &ResetOrder,
    clock: Option<OrderClock>,
    root: &TerritoryPath,
    affiliations: &'a [Affiliation],
) -> Option<&'a Affiliation> {
    let population = &order.population;
    let met = affiliations.iter().filter(|it| {
        root.contains(&it.path)
            && (population.profiles.is_empty() || population.profiles.contains(&it.profile))
            && clock.map_or(it.span.is_open(), |clock| it.span.met(clock))
    });
    met.min_by_key(|it| (!it.span.is_open(), &it.path))
}
