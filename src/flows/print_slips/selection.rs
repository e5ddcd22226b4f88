//! Whose codes are printed: those of everybody at some places, or of one person.

use std::collections::BTreeSet;

use crate::domain::account::AccountId;
use crate::domain::facts::Facts;
use crate::domain::jurisdiction::{Permission, Refusal, Target};
use crate::domain::population::Population;
use crate::domain::reset_order::{OrderId, ResetOrder};
use crate::domain::territory::{TerritoryKind, TerritoryPath};
use crate::flows::actor::{Actor, Powers};
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::flows::walk::first_place;
use crate::store;

/// Whose codes.
#[derive(Clone, Debug)]
pub enum Selection {
    /// Everybody there whose gate is closed.
    There {
        /// Where, and who they are there; none lies inside another.
        parts: Vec<Population>,
        /// Only those whom this order binds.
        order: Option<OrderId>,
    },
    /// One person.
    One {
        /// Who.
        account: AccountId,
        /// The place that the slip names.
        place: TerritoryPath,
    },
}

impl Selection {
    /// Those of a population.
    pub fn of(population: Population, order: Option<OrderId>) -> Self {
        Self::There { parts: vec![population], order }
    }

    /// People of all profiles.
    pub fn everybody(territory: TerritoryPath, order: Option<OrderId>) -> Self {
        Self::of(Population { territory, profiles: BTreeSet::new() }, order)
    }

    /// Those whom an order binds, as far as these powers reach, once a second factor is shown; none where they reach nobody.
    pub fn bound_by(order: &ResetOrder, powers: &Powers) -> Option<Self> {
        let Population { territory, profiles } = &order.population;
        let parts = powers.sees(Permission::PrintSlips, territory).into_iter().filter_map(|territory| {
            powers.reached(Permission::PrintSlips, Population { territory, profiles: profiles.clone() })
        });
        let parts: Vec<_> = parts.collect();
        (!parts.is_empty()).then(|| Self::There { parts, order: Some(order.id.clone()) })
    }

    /// One person, at the first place that the actor's right reaches: where they are today, or else where they were. Why not, where the
    /// actor may not print for all that the account is; of nobody it is as of somebody outside the territory.
    pub async fn one(
        ctx: &Context,
        actor: &Actor,
        account: &AccountId,
    ) -> Result<Result<Self, Refusal>, Unavailable> {
        let Some(person) = store::account::find(&ctx.db, account).await? else {
            return Ok(Err(Refusal::OutOfTerritory));
        };
        let powers = actor.powers(ctx).await?;
        let right = match powers.may_on(ctx, Permission::PrintSlips, &person.facts).await? {
            Ok(right) => right,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let over = [right.territory().cloned().unwrap_or_else(TerritoryPath::root)];
        let place = first_place(&person.facts, &over).cloned();
        let one = |place| Self::One { account: account.clone(), place };
        Ok(place.map(one).ok_or(Refusal::OutOfTerritory))
    }

    /// The places whose slips they are.
    pub fn places(&self) -> Vec<&TerritoryPath> {
        match self {
            Self::There { parts, .. } => parts.iter().map(|part| &part.territory).collect(),
            Self::One { place, .. } => vec![place],
        }
    }

    /// Whether it has no more people than one document has room for in memory: those of a school or a class.
    pub fn fits_into_one_document(&self) -> bool {
        match self.places()[..] {
            [place] => place.code().is_some_and(|code| code.kind() >= TerritoryKind::School),
            _ => false,
        }
    }

    /// The order that must bind whoever is meant, if one must.
    pub(super) const fn order(&self) -> Option<&OrderId> {
        match self {
            Self::There { order, .. } => order.as_ref(),
            Self::One { .. } => None,
        }
    }

    /// Whether the actor may print for all these places; one person is asked about with all that the account is.
    pub(super) fn allowed(&self, powers: &Powers) -> Result<(), Refusal> {
        let Self::There { parts, .. } = self else { return Ok(()) };
        let may = |part| powers.may(Permission::PrintSlips, Target::Population(part)).map(drop);
        parts.iter().try_for_each(may)
    }

    /// Whether somebody who was met is meant. An order also covers those who have left since; else a code, which is for the whole
    /// account, is nobody's business any more where somebody was before.
    pub(super) fn means(&self, facts: &Facts) -> bool {
        let Self::There { parts, order } = self else { return true };
        facts.affiliations.iter().filter(|it| it.span.is_open() || order.is_some()).any(|it| {
            let is_in = |part: &Population| {
                part.territory.contains(&it.path)
                    && (part.profiles.is_empty() || part.profiles.contains(&it.profile))
            };
            parts.iter().any(is_in)
        })
    }

    /// Of which place a print is, where no grant bounds it.
    pub(super) fn place_of(&self, facts: &Facts) -> TerritoryPath {
        let Self::There { parts, .. } = self else { return facts.place() };
        let has = |part: &&Population| facts.affiliations.iter().any(|it| part.territory.contains(&it.path));
        parts.iter().find(has).map_or_else(|| facts.place(), |part| part.territory.clone())
    }
}
