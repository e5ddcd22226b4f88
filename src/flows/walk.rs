//! Walking through the people of a territory, place by place, in bounded memory.

use std::collections::VecDeque;
use std::vec::IntoIter;

use tokio::task::JoinHandle;
use tracing::Instrument as _;

use crate::domain::facts::Facts;
use crate::domain::territory::TerritoryPath;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::account::Person;
use crate::store::db::DbError;
use crate::store::territory::Territory;

/// Places whose people are read while those of the one before are looked at.
const AHEAD: usize = 2;

/// A walk under way.
pub struct Walk {
    roots: Vec<TerritoryPath>,
    places: IntoIter<Territory>,
    all: usize,
    ahead: VecDeque<(Territory, Reading)>,
}

type Reading = JoinHandle<Result<Vec<Person>, DbError>>;

impl Walk {
    /// Begins at a place, to go through everything below it.
    pub async fn through(ctx: &Context, root: &TerritoryPath) -> Result<Self, Unavailable> {
        Self::through_all(ctx, vec![root.clone()]).await
    }

    /// The same for several, none of which lies inside another.
    pub async fn through_all(ctx: &Context, roots: Vec<TerritoryPath>) -> Result<Self, Unavailable> {
        let mut places = Vec::new();
        for root in &roots {
            places.extend(store::territory::subtree(&ctx.db, root).await?);
        }
        Ok(Self { roots, all: places.len(), places: places.into_iter(), ahead: VecDeque::new() })
    }

    /// How many places lie behind, and how many there are: for a progress bar.
    pub fn progress(&self) -> (usize, usize) {
        (self.all - self.places.len() - self.ahead.len(), self.all)
    }

    /// The next place with people, and the people there, by name; somebody with several places is met once, at the first
    /// where they are today, and whoever left at the first where they were. None when the walk is over.
    pub async fn next(&mut self, ctx: &Context) -> Result<Option<(Territory, Vec<Person>)>, Unavailable> {
        loop {
            while self.ahead.len() < AHEAD
                && let Some(place) = self.places.next()
            {
                let (db, path) = (ctx.db.clone(), place.path.clone());
                let reading = async move { store::account::at(&db, &path).await }.in_current_span();
                self.ahead.push_back((place, tokio::spawn(reading)));
            }
            let Some((place, reading)) = self.ahead.pop_front() else { return Ok(None) };
            let mut people = reading.await.unwrap_or(Err(DbError::WorkerLost))?;
            people.retain(|person| first_place(&person.facts, &self.roots) == Some(&place.path));
            if !people.is_empty() {
                return Ok(Some((place, people)));
            }
        }
    }

    /// What the gate reads of the same people, in no order, and nothing ahead: for whoever counts in the background, and asks for nothing
    /// else of this walk.
    pub async fn next_facts(&mut self, ctx: &Context) -> Result<Option<Vec<Facts>>, Unavailable> {
        for place in self.places.by_ref() {
            let mut people = store::account::facts_at(&ctx.db, &place.path).await?;
            people.retain(|facts| first_place(facts, &self.roots) == Some(&place.path));
            if !people.is_empty() {
                return Ok(Some(people));
            }
        }
        Ok(None)
    }
}

/// The first place inside some others where somebody is today, or else was.
pub(super) fn first_place<'a>(facts: &'a Facts, roots: &[TerritoryPath]) -> Option<&'a TerritoryPath> {
    let is_inside = |path: &TerritoryPath| roots.iter().any(|root| root.contains(path));
    let places = facts.affiliations.iter().filter(|affiliation| is_inside(&affiliation.path));
    places
        .min_by_key(|affiliation| (!affiliation.span.is_open(), &affiliation.path))
        .map(|affiliation| &affiliation.path)
}
