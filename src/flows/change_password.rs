//! Choosing a new password: the only thing that opens a closed gate.

use std::mem::discriminant;

use crate::domain::account::AccountId;
use crate::domain::event::Act;
use crate::domain::facts::Proof;
use crate::domain::gate::{Closure, Evidence, evaluate};
use crate::domain::notice::MailKind;
use crate::domain::password::{Replaced, Violation, normal_form};
use crate::domain::secret::Secret;
use crate::domain::session::{OpenedBy, PendingChange, Session};
use crate::domain::timestamp::Timestamp;
use crate::flows::ask_gate::{Asked, ask};
use crate::flows::browser::Browser;
use crate::flows::code_key::live_code_secret;
use crate::flows::context::Context;
use crate::flows::hash_pool::Guest;
use crate::flows::log_in::known_throttle_key;
use crate::flows::meters::Door;
use crate::flows::notices::told_by_mail;
use crate::flows::reset_order::come_into_force::come_into_force;
use crate::flows::step::Step;
use crate::flows::unavailable::{TRIES, Unavailable};
use crate::store::account::{Person, choose_credential, still_at};
use crate::store::ephemeral::{Claim, Committed, Reserve, Writes};
use crate::store::notice::account_ended;

/// What somebody typed on the change page.
pub struct NewPassword {
    /// The current password; not asked after a code.
    pub current: Secret,
    /// The new one.
    pub new: Secret,
    /// The new one again.
    pub confirmation: Secret,
}

/// How a change ended.
pub enum ChangePassword {
    /// The new password counts. Everything the account held has ended.
    Changed {
        /// The session in hand under a new id, unless the deployment leads back to the sign-in page, the gate is still
        /// closed, or the session could not be kept.
        session: Option<(Session, Secret)>,
        /// What the browser keeps longer: who signed in from it. Every other browser has to show anew that it knows the
        /// password.
        known: String,
    },
    /// Nothing was written: what to mend.
    Invalid(Vec<ChangeProblem>),
    /// The right to change has ended: too late, or something else changed the account. Sign in again.
    Ended,
    /// Too many wrong current passwords.
    Throttled {
        /// When the next attempt is allowed.
        until: Timestamp,
    },
}

/// What has to be mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeProblem {
    /// The current password is not that.
    CurrentWrong,
    /// No new password was typed.
    Empty,
    /// The two new ones differ.
    Mismatch,
    /// A rule is broken.
    Rule(Violation),
}

/// What a change is authorised by.
enum Right {
    /// The code that opened the page, opened again.
    Code(Secret),
    /// The old password opened the page, and is asked again.
    OldPassword,
    /// A session, and the current password, which is asked.
    Session,
}

/// A change that may be made: the account as loaded, and what authorises it.
struct Case {
    asked: Asked<Person>,
    right: Right,
}

/// Changes the password of the account that the page spoke of, if the browser stands for it: after a sign-in whose gate
/// was closed, or from a session. Hashing takes long enough for anything to happen: proof and gate are asked again after
/// it, and held in the batch that writes.
pub async fn change_password(
    ctx: &Context,
    browser: &Browser,
    account: &AccountId,
    typed: NewPassword,
) -> Result<ChangePassword, Unavailable> {
    let Some(case) = load(ctx, browser, account).await? else { return Ok(ChangePassword::Ended) };
    if let Right::OldPassword | Right::Session = case.right {
        match verify_current(ctx, browser, &case.asked, &typed.current).await? {
            Current::Right => {}
            Current::Wrong => return Ok(ChangePassword::Invalid(vec![ChangeProblem::CurrentWrong])),
            Current::Throttled { until } => return Ok(ChangePassword::Throttled { until }),
        }
    }
    ctx.steps.at(Step::ChangeVerified).await;
    let problems = problems(ctx, &case, &typed).await?;
    if !problems.is_empty() {
        return Ok(ChangePassword::Invalid(problems));
    }
    let place = ctx.hash_pool.place(Guest::Known)?;
    let phc = ctx.hash_pool.hash(place, normal_form(&typed.new), ctx.random.bytes()).await?;
    ctx.steps.at(Step::ChangeHashed).await;
    for _ in 0..TRIES {
        let browser = browser.again(ctx).await?;
        let Some(still) = load(ctx, &browser, account).await?.filter(|still| still.continues(&case)) else {
            return Ok(ChangePassword::Ended);
        };
        if still.asked.evidence.book().due(still.asked.evidence.facts().now).next().is_some() {
            // A due order must have its number first, or the new credential would not be above it.
            come_into_force(ctx).await?;
        } else if let Some(outcome) = write(ctx, &browser, &still, &phc).await? {
            return Ok(outcome);
        }
    }
    Err(Unavailable::Contended)
}

impl Case {
    /// Whether what was verified for the other still stands for this: the same proof, and the same hash to replace.
    fn continues(&self, verified: &Self) -> bool {
        discriminant(&self.right) == discriminant(&verified.right)
            && same_hash(self.asked.loaded.phc.as_ref(), verified.asked.loaded.phc.as_ref())
    }
}

/// Loads the account and what authorises a change of it. None when nothing does, or nothing does any more.
async fn load(ctx: &Context, browser: &Browser, account: &AccountId) -> Result<Option<Case>, Unavailable> {
    let Some(asked) = ask(ctx, account).await? else { return Ok(None) };
    ctx.meters.decided(Door::Change, &asked.verdict);
    let right = right_of(ctx, browser, &asked).await?;
    Ok(right.map(|right| Case { asked, right }))
}

async fn right_of(
    ctx: &Context,
    browser: &Browser,
    asked: &Asked<Person>,
) -> Result<Option<Right>, Unavailable> {
    let evidence = &asked.evidence;
    let closure = asked.verdict.as_ref().err();
    let settings = &ctx.settings;
    let opens = |pending: &&PendingChange| {
        pending.opens(evidence, closure, &settings.policy, settings.pending_change)
    };
    match browser.pending.as_ref().filter(opens).map(|pending| &pending.opened_by) {
        Some(OpenedBy::OldPassword) => Ok(Some(Right::OldPassword)),
        Some(OpenedBy::Code(live)) => {
            Ok(live_code_secret(ctx, &asked.loaded.facts.account, live).await?.map(Right::Code))
        }
        None => {
            let session = browser.session.as_ref();
            let stands = session.is_some_and(|session| session.stands(evidence, settings.session));
            Ok((stands && closure.is_none_or(Closure::admits_old_password)).then_some(Right::Session))
        }
    }
}

enum Current {
    Right,
    Wrong,
    Throttled { until: Timestamp },
}

/// The page is open to whoever is at the browser: the current password is asked, and guessing it is counted.
async fn verify_current(
    ctx: &Context,
    browser: &Browser,
    asked: &Asked<Person>,
    typed: &Secret,
) -> Result<Current, Unavailable> {
    let account = &asked.loaded.facts.account;
    let known = browser.has_signed_in(ctx, asked);
    let key = if known { known_throttle_key(account) } else { change_throttle_key(account) };
    let place = ctx.hash_pool.place(Guest::Known)?;
    match ctx.ephemeral.throttle_reserve(&key, ctx.clock.now(), &ctx.settings.throttle).await? {
        Reserve::Go { .. } => {}
        Reserve::Wait { until } => return Ok(Current::Throttled { until }),
    }
    if !ctx.hash_pool.verify(place, normal_form(typed), asked.loaded.phc.as_ref()).await? {
        return Ok(Current::Wrong);
    }
    ctx.ephemeral.throttle_refund(&key, ctx.clock.now()).await?;
    Ok(Current::Right)
}

/// The counter of wrong current passwords, typed by browsers that hold a sign-in and are not known.
pub fn change_throttle_key(account: &AccountId) -> String {
    format!("change:{}", account.0)
}

async fn problems(
    ctx: &Context,
    case: &Case,
    typed: &NewPassword,
) -> Result<Vec<ChangeProblem>, Unavailable> {
    if typed.new.expose().is_empty() {
        return Ok(vec![ChangeProblem::Empty]);
    }
    let person = &case.asked.loaded;
    let replaced = match &case.right {
        Right::Code(used) => Replaced::Code(used),
        Right::OldPassword | Right::Session => Replaced::Password(&typed.current),
    };
    let rules = ctx.settings.password_rules.violations(&typed.new, &person.login_name);
    let repeated = replaced.repeated_by(&typed.new);
    let mut problems: Vec<_> = rules.into_iter().chain(repeated).map(ChangeProblem::Rule).collect();
    if !typed.new.same_as(&typed.confirmation) {
        problems.push(ChangeProblem::Mismatch);
    }
    if problems.is_empty() && is_stolen_one(ctx, case, &typed.new).await? {
        problems.push(ChangeProblem::Rule(Violation::SameAsCurrent));
    }
    Ok(problems)
}

/// After a code nobody typed the current password, which may be the one that was stolen: chosen again it would open
/// everything to the thief.
async fn is_stolen_one(ctx: &Context, case: &Case, new: &Secret) -> Result<bool, Unavailable> {
    let (Right::Code(_), Some(phc)) = (&case.right, &case.asked.loaded.phc) else { return Ok(false) };
    let place = ctx.hash_pool.place(Guest::Known)?;
    Ok(ctx.hash_pool.verify(place, normal_form(new), Some(phc)).await?)
}

/// Writes the credential, and with it ends everything the account held. None when something changed meanwhile.
async fn write(
    ctx: &Context,
    browser: &Browser,
    case: &Case,
    phc: &Secret,
) -> Result<Option<ChangePassword>, Unavailable> {
    let facts = case.asked.evidence.facts();
    let (proof, used) = match &case.right {
        Right::Code(_) => (Proof::Code, browser.use_pending()),
        Right::OldPassword => (Proof::OldPassword, browser.use_pending()),
        Right::Session => (Proof::OldPassword, browser.use_session()),
    };
    let mut writes = Writes::under_order_lock();
    writes.extend(still_at(facts));
    writes.extend(used);
    writes.extend(choose_credential(&facts.account, phc, facts.clock, proof, facts.now));
    writes.push(account_ended(&facts.account, &ctx.new_cause(facts.now), facts.now));
    let session = open_session(ctx, &case.asked.evidence, proof);
    match &session {
        Some((session, _)) => writes.extend(browser.replace_session(ctx, session)?),
        None => writes.extend(browser.forget()),
    }
    writes.extend(told_by_mail(ctx, &facts.account, MailKind::Changed, facts.now));
    // A change also unblocks: whoever made it has proved to be the owner. Not the strangers' counter: whoever keeps it full
    // would see it empty, and know that the login exists and has just changed.
    let counters = [known_throttle_key(&facts.account), change_throttle_key(&facts.account)];
    writes.extend(counters.map(|key| Claim::Clear { key }));
    writes.push(ctx.audit_own(facts.now, &facts.account, Act::PasswordChange));
    ctx.steps.at(Step::ChangeDecided).await;
    let Some(written) = ctx.commit_weighed(writes).await? else { return Ok(None) };
    ctx.notices_written.notify_one();
    // The new password counts, whatever became of the session: then its owner signs in with it.
    let session = session.filter(|_| written == Committed::Whole);
    let known = browser.remembering(ctx, &facts.account, facts.now);
    Ok(Some(ChangePassword::Changed { session, known }))
}

/// The session that the change opens, if the gate will be open after it.
fn open_session(ctx: &Context, evidence: &Evidence, proof: Proof) -> Option<(Session, Secret)> {
    if !ctx.settings.signs_in_after_change {
        return None;
    }
    let pass = evaluate(&evidence.after_change(proof), &ctx.settings.policy).ok()?;
    let cookie = Secret::from_random(ctx.random.bytes());
    Some((Session::open(&pass, cookie.hash(), evidence.facts().now), cookie))
}

fn same_hash(left: Option<&Secret>, right: Option<&Secret>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => left.same_as(right),
        (None, None) => true,
        _ => false,
    }
}
