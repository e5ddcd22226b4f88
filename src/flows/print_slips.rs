//! Printing codes: for a class, a school, or everybody an order binds.

use std::collections::HashMap;

use crate::domain::account::AccountId;

use crate::domain::code::{CodeKey, LiveCode, derive, live_code};
use crate::domain::event::Act;
use crate::domain::gate::{Closure, Evidence, evaluate};
use crate::domain::order_clock::ClockSpan;
use crate::domain::profile::Profile;
use crate::domain::reset_order::OrderId;
use crate::domain::secret::{Secret, SecretBytes};
use crate::domain::territory::TerritoryPath;
use crate::domain::timestamp::Timestamp;
use crate::flows::code_key::code_key;
use crate::flows::context::Context;
use crate::flows::reset_order::Actor;
use crate::flows::reset_order::come_into_force::come_into_force;
use crate::flows::unavailable::{TRIES, Unavailable};
use crate::flows::walk::Walk;
use crate::store;
use crate::store::account::{Person, still_at};
use crate::store::db::{Batch, Statement};
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
    let mut press = Press { ctx, actor, selection, keys: HashMap::new(), printed: Printed::default() };
    let mut walk = Walk::through(ctx, &selection.territory).await?;
    while let Some((place, people)) = walk.next(ctx).await? {
        for some in people.chunks(STEP) {
            for (person, live) in press.decide(some).await? {
                if let Some(slip) = press.slip(&place, person, live).await? {
                    press.printed.slips += 1;
                    out(slip)?;
                }
            }
        }
    }
    Ok(press.printed)
}

/// A printing under way.
struct Press<'a> {
    ctx: &'a Context,
    actor: &'a Actor,
    selection: &'a Selection,
    /// Opened once each: an order's key is sealed in the database.
    keys: HashMap<CodeKey, Option<SecretBytes>>,
    printed: Printed,
}

/// One person's turn: what is written, and whether a slip comes of it.
enum Turn {
    Print(LiveCode),
    /// No code is alive: a new one is issued, and the person is asked for again.
    Issue,
    Skip(Skipped),
}

enum Skipped {
    /// Not in the selection, or disabled.
    NotMeant,
    /// The gate is open and no code is alive.
    Open,
    /// An operator.
    Operator,
}

impl Press<'_> {
    /// Decides for some people and writes what was decided: together, and one by one if somebody changed meanwhile.
    async fn decide(&mut self, people: &[Person]) -> Result<Vec<(Person, LiveCode)>, Unavailable> {
        let mut decided: Vec<(Person, LiveCode)> = Vec::new();
        let mut waiting = vec![people.to_vec()];
        let mut conflicts = 0;
        while let Some(some) = waiting.pop() {
            let (batch, turns) = self.turns(some).await?;
            if !batch.is_empty() && !self.ctx.commit(Batch::under_order_lock(batch)).await? {
                conflicts += 1;
                if conflicts > TRIES * people.len() {
                    return Err(Unavailable::Contended);
                }
                for (person, _) in turns.into_iter().rev() {
                    waiting.push(vec![self.reload(&person).await?]);
                }
                continue;
            }
            for (person, turn) in turns {
                match turn {
                    Turn::Print(live) => decided.push((person, live)),
                    Turn::Issue => waiting.push(vec![self.reload(&person).await?]),
                    Turn::Skip(Skipped::NotMeant) => {}
                    Turn::Skip(Skipped::Open) => self.printed.open += 1,
                    Turn::Skip(Skipped::Operator) => self.printed.operators.push(person.login),
                }
            }
        }
        // Whoever needed a new code came later; slips are handed out in the order of the class list.
        let place = |id: &AccountId| people.iter().position(|person| person.facts.account == *id);
        decided.sort_by_key(|(person, _)| place(&person.facts.account));
        Ok(decided)
    }

    async fn turns(&self, people: Vec<Person>) -> Result<(Vec<Statement>, Vec<(Person, Turn)>), Unavailable> {
        let (mut batch, mut turns) = (Vec::new(), Vec::new());
        for mut person in people {
            let evidence = loop {
                let book = self.ctx.order_book(person.facts.clock).await?;
                match Evidence::new(person.facts.clone(), book) {
                    Some(evidence) => break evidence,
                    None => person = self.reload(&person).await?,
                }
            };
            let facts = evidence.facts();
            let (closure, then) = (self.closure(&evidence), self.closure(&evidence.after_print()));
            let turn = self.turn(&evidence, closure.as_ref(), then.as_ref());
            let (write, act): (fn(&AccountId, Timestamp) -> Statement, Act) = match turn {
                Turn::Print(_) if closure == then => (store::account::mark_printed, Act::CodePrint),
                // A deadline has passed: with the slip in hand the account is at level `recover`, and what the old
                // password opened ends.
                Turn::Print(_) => (store::account::mark_printed_and_end, Act::CodePrint),
                Turn::Issue => (store::account::issue_code, Act::CodeIssue),
                Turn::Skip(_) => {
                    turns.push((person, turn));
                    continue;
                }
            };
            batch.extend(still_at(facts));
            batch.push(write(&facts.account, facts.now));
            let line = self.actor.line(act, format!("account:{}", facts.account.0));
            batch.push(self.ctx.audit(facts.now, &line));
            turns.push((person, turn));
        }
        Ok((batch, turns))
    }

    fn closure(&self, evidence: &Evidence) -> Option<Closure> {
        evaluate(evidence, &self.ctx.settings.policy).err()
    }

    /// What to do for a person whose gate is closed as it is now, and as it will be once the slip is printed: the slip
    /// bears the code that is alive from then on.
    fn turn(&self, evidence: &Evidence, closure: Option<&Closure>, then: Option<&Closure>) -> Turn {
        if evidence.facts().roles.iter().any(ClockSpan::is_open) {
            return Turn::Skip(if closure.is_some() { Skipped::Operator } else { Skipped::Open });
        }
        let live = live_code(evidence, then, &self.ctx.settings.policy);
        let territory = &self.selection.territory;
        let is_here =
            evidence.facts().affiliations.iter().any(|it| it.span.is_open() && territory.contains(&it.path));
        if self.selection.order.is_none() && !is_here {
            // A code is for the whole account: where somebody was before, it is nobody's business any more.
            return Turn::Skip(Skipped::NotMeant);
        }
        let selected = match (&self.selection.order, closure) {
            (Some(wanted), Some(Closure::Ordered { order, .. })) => order == wanted,
            (Some(_), _) | (None, Some(Closure::Disabled)) => false,
            (None, Some(_)) => true,
            (None, None) => live.is_some(),
        };
        match live {
            Some(live) if selected => Turn::Print(live),
            None if selected => Turn::Issue,
            _ if closure.is_none() => Turn::Skip(Skipped::Open),
            _ => Turn::Skip(Skipped::NotMeant),
        }
    }

    async fn reload(&self, person: &Person) -> Result<Person, Unavailable> {
        let id = &person.facts.account;
        let again = store::account::find(&self.ctx.db, id).await?;
        again.ok_or_else(|| Unavailable::Broken(format!("account {} vanished", id.0)))
    }

    async fn slip(
        &mut self,
        place: &Territory,
        person: Person,
        live: LiveCode,
    ) -> Result<Option<Slip>, Unavailable> {
        let account = &person.facts.account;
        if !self.keys.contains_key(&live.key) {
            let key = code_key(self.ctx, &live.key).await?;
            self.keys.insert(live.key.clone(), key);
        }
        let key = self.keys.get(&live.key).and_then(Option::as_ref);
        let Some(code) = key.and_then(|key| derive(key, account, live.issue)) else { return Ok(None) };
        let here = person.facts.affiliations.iter().filter(|affiliation| affiliation.path == place.path);
        let here = here.min_by_key(|affiliation| !affiliation.span.is_open());
        let Some(profile) = here.map(|affiliation| affiliation.profile) else { return Ok(None) };
        let pupils = match profile {
            Profile::Guardian => store::account::pupils_of(&self.ctx.db, account).await?,
            _ => Vec::new(),
        };
        Ok(Some(Slip { place: place.clone(), person, profile, pupils, code, live }))
    }
}
