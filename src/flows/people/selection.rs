//! Whom a change is to be required of: people that were chosen, or all that a search finds.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::domain::account::{AccountId, WayIn};
use crate::domain::gate::Closure;
use crate::domain::jurisdiction::{Permission, Refusal};
use crate::domain::level::Level;
use crate::domain::secret::Secret;
use crate::flows::account::MOST;
use crate::flows::actor::{Actor, Powers};
use crate::flows::context::Context;
use crate::flows::people::search::{Question, search, standing};
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::account::Person;

/// People that are looked for in one go.
const STEP: u32 = 500;

/// Who is meant.
#[derive(Clone, Copy)]
pub enum Whom<'a> {
    /// These.
    Chosen(&'a [AccountId]),
    /// Everybody whom a search finds.
    Found(&'a Question<'a>),
}

/// Why somebody is left out who is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// Disabled: nothing lets them in as it is.
    Disabled,
    /// A change is required of them already, and another one would kill the code that they hold.
    MustAlready,
    /// No password was ever chosen; the first code is enough.
    NeverActivated,
    /// They sign in elsewhere and have no password here.
    NoLocalPassword,
    /// The operator may not.
    NotAllowed,
    /// A search found them, and they have a role: they are chosen one by one, or not at all.
    Operator,
}

/// Who is selected.
#[derive(Default)]
pub struct Selection {
    /// By family name and given name where a search found them, else as they were chosen.
    pub people: Vec<Person>,
    /// Those who are left out.
    pub left_out: BTreeMap<LeftOut, Vec<Person>>,
}

/// A search is too wide for one act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TooWide {
    /// It finds more than one act takes.
    #[error("the search finds more than {MOST} people")]
    Found,
    /// Too many were looked at before it came to its end.
    #[error("the search looked at too many people and did not come to its end")]
    LookedAt,
}

impl Selection {
    /// Stands for these people and this level: whoever confirms one selection has not confirmed another.
    pub fn digest(&self, level: Level) -> String {
        let people: Vec<&str> = self.people.iter().map(|person| person.facts.account.0.as_str()).collect();
        Secret::new(serde_json::json!([level.as_str(), people]).to_string()).hash()
    }

    /// Their logins.
    pub fn logins(&self) -> Vec<String> {
        self.people.iter().map(|person| person.login.clone()).collect()
    }

    async fn add(
        &mut self,
        ctx: &Context,
        powers: &Powers,
        (person, closure): (Person, Option<Closure>),
        (level, is_chosen): (Level, bool),
    ) -> Result<(), Unavailable> {
        let refused = match powers.may_on(ctx, Permission::ForceChange, &person.facts).await? {
            Ok(_) | Err(Refusal::FactorTooOld) => None,
            Err(_) => Some(LeftOut::NotAllowed),
        };
        match refused.or_else(|| spared(&person, closure.as_ref(), level, is_chosen)) {
            Some(why) => self.left_out.entry(why).or_default().push(person),
            None => self.people.push(person),
        }
        Ok(())
    }
}

fn spared(person: &Person, closure: Option<&Closure>, level: Level, is_chosen: bool) -> Option<LeftOut> {
    let has_role = person.facts.is_operator();
    match closure {
        _ if person.facts.way_in == WayIn::FederatedOnly => Some(LeftOut::NoLocalPassword),
        _ if has_role && !is_chosen => Some(LeftOut::Operator),
        Some(Closure::Disabled) => Some(LeftOut::Disabled),
        Some(Closure::NotActivated) => Some(LeftOut::NeverActivated),
        Some(Closure::Ordered { level: bound, .. } | Closure::Individual { level: bound })
            if *bound >= level =>
        {
            Some(LeftOut::MustAlready)
        }
        _ => None,
    }
}

/// Reads who is selected. Of somebody who was chosen and whom the operator does not see any more nothing is told.
pub async fn select(
    ctx: &Context,
    actor: &Actor,
    level: Level,
    whom: Whom<'_>,
) -> Result<Result<Selection, TooWide>, Unavailable> {
    let powers = actor.powers(ctx).await?;
    let mut selection = Selection::default();
    if powers.allowing(Permission::ForceChange).is_empty() {
        return Ok(Ok(selection));
    }
    let question = match whom {
        Whom::Found(question) => question,
        Whom::Chosen(accounts) => {
            for account in accounts {
                let Some(person) = store::account::find(&ctx.db, account).await? else { continue };
                if powers.may_on(ctx, Permission::ReadPeople, &person.facts).await?.is_ok() {
                    let closure = standing(ctx, &person).await?.closure;
                    selection.add(ctx, &powers, (person, closure), (level, true)).await?;
                }
            }
            return Ok(Ok(selection));
        }
    };
    let mut after = None;
    // A search for a state goes on over people whom it does not find, and must come to an end as well.
    for _ in 0..=MOST / STEP as usize {
        let Some(found) = search(ctx, actor, question, after, STEP).await? else { return Ok(Ok(selection)) };
        for seen in found.seen {
            let closure = seen.standing.closure;
            selection.add(ctx, &powers, (seen.found.person, closure), (level, false)).await?;
        }
        after = found.next;
        let left_out: usize = selection.left_out.values().map(Vec::len).sum();
        if selection.people.len() + left_out > MOST {
            return Ok(Err(TooWide::Found));
        }
        if after.is_none() {
            return Ok(Ok(selection));
        }
    }
    Ok(Err(TooWide::LookedAt))
}
