//! Everybody who is printed for, in the order of the class lists.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::selection::Selection;
use crate::domain::profile::Profile;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::flows::walk::Walk;
use crate::store;
use crate::store::account::Person;
use crate::store::slip::Ward;
use crate::store::territory::Territory;

/// How many people are decided and marked as printed in one batch.
const STEP: usize = 500;

/// Somebody in the queue.
pub(super) struct Met {
    /// Counted from the first: slips are handed out in the order of the class lists.
    pub(super) number: usize,
    pub(super) place: Arc<Territory>,
    pub(super) person: Person,
    /// The pupils whom a guardian answers for.
    pub(super) wards: Vec<Ward>,
}

/// Everybody in the selection, a few at a time.
pub(super) struct Queue<'a> {
    ctx: &'a Context,
    /// None where the only one is met already.
    walk: Option<Walk>,
    waiting: VecDeque<Met>,
    met: usize,
}

impl<'a> Queue<'a> {
    pub(super) async fn of(ctx: &'a Context, selection: &Selection) -> Result<Self, Unavailable> {
        let mut queue = Self { ctx, walk: None, waiting: VecDeque::new(), met: 0 };
        match selection {
            Selection::There { parts, .. } => {
                let roots = parts.iter().map(|part| part.territory.clone()).collect();
                queue.walk = Some(Walk::through_all(ctx, roots).await?);
            }
            Selection::One { account, place } => {
                let place = match place.code() {
                    Some(code) => store::territory::find(&ctx.db, &code).await?,
                    None => None,
                };
                if let (Some(place), Some(person)) = (place, store::account::find(&ctx.db, account).await?) {
                    queue.admit(place, vec![person]).await?;
                }
            }
        }
        Ok(queue)
    }

    /// The next few; nobody when all had their turn.
    pub(super) async fn next(&mut self) -> Result<Vec<Met>, Unavailable> {
        while self.waiting.len() < STEP
            && let Some(walk) = &mut self.walk
            && let Some((place, people)) = walk.next(self.ctx).await?
        {
            self.admit(place, people).await?;
        }
        let some = self.waiting.len().min(STEP);
        Ok(self.waiting.drain(..some).collect())
    }

    async fn admit(&mut self, place: Territory, people: Vec<Person>) -> Result<(), Unavailable> {
        let mut wards = if people.iter().any(|person| is_guardian(person, &place)) {
            store::slip::wards_at(&self.ctx.db, &place.path).await?
        } else {
            HashMap::new()
        };
        let place = Arc::new(place);
        for person in people {
            let of_guardian = is_guardian(&person, &place).then(|| wards.remove(&person.facts.account));
            let wards = of_guardian.flatten().unwrap_or_default();
            self.waiting.push_back(Met { number: self.met, place: Arc::clone(&place), person, wards });
            self.met += 1;
        }
        Ok(())
    }
}

/// Who somebody is at a place, today or else before.
pub(super) fn profile_at(person: &Person, place: &Territory) -> Option<Profile> {
    let here = person.facts.affiliations.iter().filter(|affiliation| affiliation.path == place.path);
    here.min_by_key(|affiliation| !affiliation.span.is_open()).map(|affiliation| affiliation.profile)
}

fn is_guardian(person: &Person, place: &Territory) -> bool {
    profile_at(person, place) == Some(Profile::Guardian)
}
