//! Printing codes: for one person, a class, a school, or everybody an order binds.

mod queue;
mod selection;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::domain::code::{CodeKey, LiveCode, derive, live_code};
use crate::domain::event::Act;
use crate::domain::gate::{Closure, Evidence, PolicyBook, evaluate};
use crate::domain::jurisdiction::{Permission, Refusal};
use crate::domain::profile::Profile;
use crate::domain::secret::{Secret, SecretBytes};
use crate::flows::actor::{Actor, Powers, Right};
use crate::flows::code_key::code_key;
use crate::flows::context::Context;
use crate::flows::reset_order::come_into_force::come_into_force;
use crate::flows::step::Step;
use crate::flows::unavailable::{TRIES, Unavailable};
use crate::store;
use crate::store::account::{Person, same_number, same_orders};
use crate::store::db::{Batch, Statement};
use crate::store::slip::Ward;
use crate::store::territory::Territory;

use queue::{Met, Queue, profile_at};
pub use selection::Selection;

/// A slip: one person, one code.
pub struct Slip {
    /// The place it is handed out at.
    pub place: Arc<Territory>,
    /// Whose.
    pub person: Person,
    /// Who the person is there.
    pub profile: Profile,
    /// The pupils a guardian answers for.
    pub wards: Vec<Ward>,
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
    /// Logins of people who are also something elsewhere, so that whoever prints may not act on the whole account.
    pub elsewhere: Vec<String>,
}

/// Whether somebody has a code now that is printed; whoever holds a role is given one in person.
pub fn has_slip(evidence: &Evidence, policy: &PolicyBook) -> bool {
    let then = evaluate(&evidence.after_print(), policy).err();
    !evidence.facts().is_operator() && live_code(evidence, then.as_ref(), policy).is_some()
}

/// Prints the live code of everybody in the selection whose gate is closed, place by place and by name; where no code is
/// alive, a new one is issued.
pub async fn print_slips(
    ctx: &Context,
    actor: &Actor,
    selection: &Selection,
    mut out: impl FnMut(Slip) -> Result<(), Unavailable>,
) -> Result<Result<Printed, Refusal>, Unavailable> {
    let mut printing = match Printing::begin(ctx, actor, selection).await? {
        Ok(printing) => printing,
        Err(refusal) => return Ok(Err(refusal)),
    };
    while printing.step(&mut out).await? {}
    Ok(Ok(printing.printed()))
}

/// A printing under way: it goes on as fast as whoever asks for its steps takes what comes of them.
pub struct Printing<'a> {
    press: Press<'a>,
    queue: Queue<'a>,
    decided: Decided,
    marked: Vec<(Met, LiveCode)>,
}

impl<'a> Printing<'a> {
    /// Asks whether the actor may, and prints nothing yet.
    pub async fn begin(
        ctx: &'a Context,
        actor: &'a Actor,
        selection: &'a Selection,
    ) -> Result<Result<Self, Refusal>, Unavailable> {
        let powers = actor.powers(ctx).await?;
        if let Err(refusal) = selection.allowed(&powers) {
            return Ok(Err(refusal));
        }
        // What is printed must count as newer than an order that is due, which has no number yet.
        come_into_force(ctx).await?;
        let press =
            Press { ctx, actor, powers, selection, keys: HashMap::new(), printed: Printed::default() };
        let mut queue = Queue::of(ctx, selection).await?;
        let decided = press.decide(queue.next().await?).await?;
        Ok(Ok(Self { press, queue, decided, marked: Vec::new() }))
    }

    /// The next few people. Each print is an audit line in the batch that marks it, and a slip is handed out once that batch is
    /// on disk. While it is being written, the slips of the one before are handed out and the next is decided. Whether there may be
    /// more.
    pub async fn step(
        &mut self,
        out: &mut impl FnMut(Slip) -> Result<(), Unavailable>,
    ) -> Result<bool, Unavailable> {
        if self.decided.turns.is_empty() && self.marked.is_empty() {
            return Ok(false);
        }
        let Self { press, queue, decided, marked } = self;
        let ctx = press.ctx;
        ctx.steps.at(Step::SlipsDecided).await;
        let Decided { batch, turns } = std::mem::take(decided);
        let ready = std::mem::take(marked);
        let meanwhile = async {
            press.hand_out(ready, out).await?;
            press.decide(queue.next().await?).await
        };
        let (held, next) = tokio::join!(ctx.commit(Batch::under_order_lock(batch)), meanwhile);
        *decided = next?;
        *marked = press.settle(turns, held?).await?;
        Ok(true)
    }

    /// What came of it.
    pub fn printed(self) -> Printed {
        self.press.printed
    }
}

/// A printing under way.
struct Press<'a> {
    ctx: &'a Context,
    actor: &'a Actor,
    powers: Powers,
    selection: &'a Selection,
    /// Opened once each: an order's key is sealed in the database.
    keys: HashMap<CodeKey, Option<SecretBytes>>,
    printed: Printed,
}

/// What is to be written for some people, and what becomes of them once it is.
#[derive(Default)]
struct Decided {
    batch: Vec<Statement>,
    turns: Vec<(Met, Turn)>,
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
    /// Also something where whoever prints has no say.
    Elsewhere,
}

impl Press<'_> {
    /// What becomes of people for whom something was decided: written, or undone because somebody of them changed
    /// meanwhile. Answers those whose code is marked as printed.
    async fn settle(
        &mut self,
        turns: Vec<(Met, Turn)>,
        held: bool,
    ) -> Result<Vec<(Met, LiveCode)>, Unavailable> {
        let most = TRIES * turns.len();
        let (mut marked, mut again) = (Vec::new(), Vec::new());
        let mut conflicts = usize::from(!held);
        self.sort_out(turns, held, &mut marked, &mut again);
        self.may_go_on().await?;
        while let Some(some) = again.pop() {
            let Decided { batch, turns } = self.decide(self.reload(some).await?).await?;
            let held = self.ctx.commit(Batch::under_order_lock(batch)).await?;
            conflicts += usize::from(!held);
            if conflicts > most {
                return Err(Unavailable::Contended);
            }
            if !held {
                self.may_go_on().await?;
            }
            self.sort_out(turns, held, &mut marked, &mut again);
        }
        marked.sort_by_key(|(met, _)| met.number);
        Ok(marked)
    }

    /// It may be whoever prints who changed: then nobody else is asked for.
    async fn may_go_on(&mut self) -> Result<(), Unavailable> {
        self.powers = self.powers.again(self.ctx, self.actor).await?;
        self.selection.allowed(&self.powers).map_err(Unavailable::Withdrawn)
    }

    /// Whoever was issued a code is asked for again; of a batch that was undone, one half and then the other, so that
    /// in the end whoever changed is alone.
    fn sort_out(
        &mut self,
        turns: Vec<(Met, Turn)>,
        held: bool,
        marked: &mut Vec<(Met, LiveCode)>,
        again: &mut Vec<Vec<Met>>,
    ) {
        if !held {
            let mut some: Vec<_> = turns.into_iter().map(|(met, _)| met).collect();
            let rest = some.split_off(some.len().div_ceil(2));
            again.extend([rest, some].into_iter().filter(|half| !half.is_empty()));
            return;
        }
        let mut issued = Vec::new();
        for (met, turn) in turns {
            match turn {
                Turn::Print(live) => marked.push((met, live)),
                Turn::Issue => issued.push(met),
                Turn::Skip(Skipped::NotMeant) => {}
                Turn::Skip(Skipped::Open) => self.printed.open += 1,
                Turn::Skip(Skipped::Operator) => self.printed.operators.push(met.person.login),
                Turn::Skip(Skipped::Elsewhere) => self.printed.elsewhere.push(met.person.login),
            }
        }
        if !issued.is_empty() {
            again.push(issued);
        }
    }

    async fn decide(&self, people: Vec<Met>) -> Result<Decided, Unavailable> {
        let (mut writes, mut turns, mut rights) = (Vec::new(), Vec::new(), Vec::new());
        // Whose numbers they were read with, and since when. They are all of one order clock, or the batch is undone.
        let mut asked = BTreeMap::new();
        for mut met in people {
            let evidence = loop {
                let book = self.ctx.order_book(met.person.facts.clock).await?;
                match Evidence::new(met.person.facts.clone(), book) {
                    Some(evidence) => break evidence,
                    None => met.person = self.again(&met.person).await?,
                }
            };
            let facts = evidence.facts();
            let (closure, then) = (self.closure(&evidence), self.closure(&evidence.after_print()));
            let mut turn = self.turn(&evidence, closure.as_ref(), then.as_ref());
            let right = self.powers.may_on(self.ctx, Permission::PrintSlips, facts).await?;
            // Who has a role elsewhere is not told apart from who is something else there.
            if right.is_err() && matches!(turn, Turn::Print(_) | Turn::Issue | Turn::Skip(Skipped::Operator))
            {
                turn = Turn::Skip(Skipped::Elsewhere);
            }
            let act = match turn {
                Turn::Print(ref live) if closure == then => {
                    writes.push(store::slip::mark_printed(facts, live));
                    Act::CodePrint
                }
                // A deadline has passed: with the slip in hand the account is at level `recover`, and what the old
                // password opened ends.
                Turn::Print(ref live) => {
                    writes.push(store::slip::mark_printed_and_end(facts, live));
                    Act::CodePrint
                }
                Turn::Issue => {
                    writes.push(same_number(&facts.account, facts.number));
                    writes.push(store::account::issue_code(&facts.account, facts.now));
                    Act::CodeRenew
                }
                Turn::Skip(_) => {
                    turns.push((met, turn));
                    continue;
                }
            };
            let since = asked.entry((facts.clock, facts.epoch)).or_insert(facts.now);
            *since = facts.now.min(*since);
            if closure != then || matches!(turn, Turn::Issue) {
                let cause = self.ctx.new_cause(facts.now);
                writes.push(store::notice::account_ended(&facts.account, &cause, facts.now));
            }
            let right = right.unwrap_or(Right::Root);
            let whom = format!("account:{}", facts.account.0);
            let line = self.actor.line_by(&right, act, whom, &self.selection.place_of(facts));
            writes.push(self.ctx.audit(facts.now, &line));
            rights.push((right, facts.account.clone()));
            turns.push((met, turn));
        }
        let mut batch = Vec::with_capacity(writes.len() + 2);
        batch.extend(asked.into_iter().flat_map(|((clock, epoch), since)| same_orders(clock, epoch, since)));
        batch.extend(Right::all_still_reach(rights.iter().map(|(right, whom)| (right, whom))));
        batch.append(&mut writes);
        Ok(Decided { batch, turns })
    }

    fn closure(&self, evidence: &Evidence) -> Option<Closure> {
        evaluate(evidence, &self.ctx.settings.policy).err()
    }

    /// What to do for a person whose gate is closed as it is now, and as it will be once the slip is printed: the slip
    /// bears the code that is alive from then on.
    fn turn(&self, evidence: &Evidence, closure: Option<&Closure>, then: Option<&Closure>) -> Turn {
        let live = live_code(evidence, then, &self.ctx.settings.policy);
        if !self.selection.means(evidence.facts()) {
            return Turn::Skip(Skipped::NotMeant);
        }
        if evidence.facts().is_operator() {
            return Turn::Skip(if closure.is_some() { Skipped::Operator } else { Skipped::Open });
        }
        let selected = match (self.selection.order(), closure) {
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

    async fn reload(&self, people: Vec<Met>) -> Result<Vec<Met>, Unavailable> {
        let mut again = Vec::with_capacity(people.len());
        for met in people {
            again.push(Met { person: self.again(&met.person).await?, ..met });
        }
        Ok(again)
    }

    async fn again(&self, person: &Person) -> Result<Person, Unavailable> {
        let id = &person.facts.account;
        let again = store::account::find(&self.ctx.db, id).await?;
        again.ok_or_else(|| Unavailable::Broken(format!("account {} vanished", id.0)))
    }

    async fn hand_out(
        &mut self,
        marked: Vec<(Met, LiveCode)>,
        out: &mut impl FnMut(Slip) -> Result<(), Unavailable>,
    ) -> Result<(), Unavailable> {
        for (met, live) in marked {
            if let Some(slip) = self.slip(met, live).await? {
                self.printed.slips += 1;
                out(slip)?;
            }
        }
        Ok(())
    }

    async fn slip(&mut self, met: Met, live: LiveCode) -> Result<Option<Slip>, Unavailable> {
        if !self.keys.contains_key(&live.key) {
            let key = code_key(self.ctx, &live.key).await?;
            self.keys.insert(live.key.clone(), key);
        }
        let key = self.keys.get(&live.key).and_then(Option::as_ref);
        let code = key.and_then(|key| derive(key, &met.person.facts.account, live.issue));
        let Met { place, person, wards, .. } = met;
        let (Some(code), Some(profile)) = (code, profile_at(&person, &place)) else { return Ok(None) };
        Ok(Some(Slip { place, person, profile, wards, code, live }))
    }
}
