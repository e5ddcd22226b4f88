//! Choosing a new password: the only thing that opens a closed gate.

use crate::domain::code::{self, Proof};
use crate::domain::event::Act;
use crate::domain::gate::{Evidence, evaluate};
use crate::domain::password::{Replaced, Violation, normal_form};
use crate::domain::secret::Secret;
use crate::domain::session::{OpenedBy, Session};
use crate::domain::timestamp::Timestamp;
use crate::flows::ask_gate::{Asked, ask};
use crate::flows::browser::Browser;
use crate::flows::code_key::live_code_secret;
use crate::flows::context::{Context, TRIES, Unavailable};
use crate::flows::hash_pool::Guest;
use crate::flows::log_in::Throttles;
use crate::flows::reset_order::come_into_force::come_into_force;
use crate::flows::step::Step;
use crate::store::account::{Person, choose_credential, still_at};
use crate::store::db::Batch;
use crate::store::ephemeral::{Reserve, throttle_clear_statement};

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
        /// The session in hand under a new id, unless the deployment leads back to the sign-in page, or the gate is
        /// still closed.
        session: Option<(Session, Secret)>,
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

/// Whose change it is, and what it is authorised by.
enum Right {
    /// The code that opened the page, opened again.
    Code(Secret),
    /// The current password, which is asked.
    CurrentPassword,
}

/// Changes the password of whoever the browser stands for: after a sign-in whose gate was closed, or from a session.
/// Proof and gate are asked on loading and again in the batch that writes.
pub async fn change_password(
    ctx: &Context,
    browser: &Browser,
    typed: NewPassword,
) -> Result<ChangePassword, Unavailable> {
    let Some((mut asked, mut right)) = load(ctx, browser).await? else { return Ok(ChangePassword::Ended) };
    if let Right::CurrentPassword = right {
        match verify_current(ctx, browser, &asked.loaded, &typed.current).await? {
            Current::Right => {}
            Current::Wrong => return Ok(ChangePassword::Invalid(vec![ChangeProblem::CurrentWrong])),
            Current::Throttled { until } => return Ok(ChangePassword::Throttled { until }),
        }
    }
    ctx.steps.at(Step::ChangeVerified).await;
    let problems = problems(ctx, &asked.loaded, &typed, &right);
    if !problems.is_empty() {
        return Ok(ChangePassword::Invalid(problems));
    }
    let place = ctx.hash_pool.place(Guest::Known)?;
    let phc = ctx.hash_pool.hash(place, normal_form(&typed.new), ctx.random.bytes()).await?;
    ctx.steps.at(Step::ChangeHashed).await;
    let verified = asked.loaded.phc.clone();
    for _ in 0..TRIES {
        if asked.evidence.book().due(asked.evidence.facts().now).next().is_some() {
            // A due order must have its number first, or the new credential would not be above it.
            come_into_force(ctx).await?;
        } else if let Some(outcome) = write(ctx, browser, &asked, &right, &phc).await? {
            return Ok(outcome);
        }
        match load(ctx, browser).await? {
            // The hash that was verified must still be the one that is replaced.
            Some((again, still)) if same_hash(again.loaded.phc.as_ref(), verified.as_ref()) => {
                (asked, right) = (again, still);
            }
            _ => return Ok(ChangePassword::Ended),
        }
    }
    Err(Unavailable::Contended)
}

/// Loads the account and what still authorises a change of it. None when nothing does any more.
async fn load(ctx: &Context, browser: &Browser) -> Result<Option<(Asked<Person>, Right)>, Unavailable> {
    let account = match (&browser.pending, &browser.session) {
        (Some(pending), _) => &pending.account,
        (None, Some(session)) => &session.account,
        (None, None) => return Ok(None),
    };
    let Some(asked) = ask(ctx, account).await? else {
        return Ok(None);
    };
    let right = right_of(ctx, browser, &asked).await?;
    Ok(right.map(|right| (asked, right)))
}

async fn right_of(
    ctx: &Context,
    browser: &Browser,
    asked: &Asked<Person>,
) -> Result<Option<Right>, Unavailable> {
    let closure = asked.verdict.as_ref().err();
    let admits_old = closure.is_none_or(crate::domain::gate::Closure::admits_old_password);
    let Some(pending) = &browser.pending else {
        let stands = browser
            .session
            .as_ref()
            .is_some_and(|session| session.stands(&asked.evidence, ctx.settings.session));
        return Ok((stands && admits_old).then_some(Right::CurrentPassword));
    };
    if !pending.stands(&asked.evidence, ctx.settings.pending_change) {
        return Ok(None);
    }
    match &pending.opened_by {
        OpenedBy::OldPassword => Ok(admits_old.then_some(Right::CurrentPassword)),
        OpenedBy::Code(opened) => {
            let live = code::live_code(&asked.evidence, closure, &ctx.settings.policy);
            match live.filter(|live| live == opened) {
                Some(live) => {
                    Ok(live_code_secret(ctx, &asked.loaded.facts.account, &live).await?.map(Right::Code))
                }
                None => Ok(None),
            }
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
    person: &Person,
    typed: &Secret,
) -> Result<Current, Unavailable> {
    let account = &person.facts.account;
    let known = browser.has_signed_in(ctx, account);
    let key = if known { browser.throttle_key(account) } else { format!("change:{}", account.0) };
    let place = ctx.hash_pool.place(Guest::Known)?;
    match ctx.ephemeral.throttle_reserve(&key, ctx.clock.now(), &ctx.settings.password_throttle).await? {
        Reserve::Go { .. } => {}
        Reserve::Wait { until } => return Ok(Current::Throttled { until }),
    }
    if !ctx.hash_pool.verify(place, normal_form(typed), person.phc.as_ref()).await? {
        return Ok(Current::Wrong);
    }
    ctx.ephemeral.throttle_clear(&key).await?;
    Ok(Current::Right)
}

fn problems(ctx: &Context, person: &Person, typed: &NewPassword, right: &Right) -> Vec<ChangeProblem> {
    if typed.new.expose().is_empty() {
        return vec![ChangeProblem::Empty];
    }
    let replaced = match right {
        Right::Code(used) => Replaced::Code(used),
        Right::CurrentPassword => Replaced::Password(&typed.current),
    };
    let rules = ctx.settings.password_rules.violations(&typed.new, &person.login_name);
    let repeated = replaced.repeated_by(&typed.new);
    let mut problems: Vec<_> = rules.into_iter().chain(repeated).map(ChangeProblem::Rule).collect();
    if !typed.new.same_as(&typed.confirmation) {
        problems.push(ChangeProblem::Mismatch);
    }
    problems
}

/// Writes the credential, and with it ends everything the account held. None when something changed meanwhile.
async fn write(
    ctx: &Context,
    browser: &Browser,
    asked: &Asked<Person>,
    right: &Right,
    phc: &Secret,
) -> Result<Option<ChangePassword>, Unavailable> {
    let facts = asked.evidence.facts();
    let proof = match right {
        Right::Code(_) => Proof::Code,
        Right::CurrentPassword => Proof::OldPassword,
    };
    let mut batch = Vec::from(still_at(&facts.account, facts.number, facts.clock, facts.epoch));
    batch.extend(choose_credential(&facts.account, phc, facts.clock, proof, facts.now));
    let session = open_session(ctx, &asked.evidence, proof);
    match &session {
        Some((session, _)) => batch.extend(browser.replace_session(ctx, session)?),
        None => batch.extend(browser.forget()),
    }
    // A change also unblocks: whoever made it has proved to be the owner.
    let throttles = Throttles::of(ctx, Some(&asked.loaded.login_name), "");
    let own = format!("change:{}", facts.account.0);
    batch.extend([&own, &throttles.password, &throttles.code].map(|key| throttle_clear_statement(key)));
    batch.push(ctx.audit_own(facts.now, &facts.account, Act::PasswordChange));
    let written = ctx.commit(Batch::under_order_lock(batch)).await?;
    Ok(written.then_some(ChangePassword::Changed { session }))
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
