//! Walking through the people of a territory, place by place, in bounded memory.

use std::vec::IntoIter;

use crate::domain::territory::TerritoryPath;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::account::Person;
use crate::store::territory::Territory;

/// A walk under way.
pub struct Walk {
    root: TerritoryPath,
    places: IntoIter<Territory>,
    all: usize,
}

impl Walk {
    /// Begins at a place, to go through everything below it.
    pub async fn through(ctx: &Context, root: &TerritoryPath) -> Result<Self, Unavailable> {
        let places = store::territory::subtree(&ctx.db, root).await?;
        Ok(Self { root: root.clone(), all: places.len(), places: places.into_iter() })
    }

    /// How many places lie behind, and how many there are: for a progress bar.
    pub fn progress(&self) -> (usize, usize) {
        (self.all - self.places.len(), self.all)
    }

    /// The next place with people, and the people there, by name; somebody with several places is met once, at the first
    /// where they are today, and whoever left at the first where they were. None when the walk is over.
    pub async fn next(&mut self, ctx: &Context) -> Result<Option<(Territory, Vec<Person>)>, Unavailable> {
        for place in self.places.by_ref() {
            let mut people = store::account::at(&ctx.db, &place.path).await?;
            people.retain(|person| first_place(person, &self.root) == Some(&place.path));
            if !people.is_empty() {
                return Ok(Some((place, people)));
            }
        }
        Ok(None)
    }
}

fn first_place<'a>(person: &'a Person, root: &TerritoryPath) -> Option<&'a TerritoryPath> {
    let places = person.facts.affiliations.iter().filter(|affiliation| root.contains(&affiliation.path));
    places
        .min_by_key(|affiliation| (!affiliation.span.is_open(), &affiliation.path))
        .map(|affiliation| &affiliation.path)
}
