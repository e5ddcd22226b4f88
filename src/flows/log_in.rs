//! Signing in: a login and a password, or a printed code typed in its place.

use crate::domain::account::{AccountId, LoginName};
use crate::domain::code;
use crate::domain::event::Act;
use crate::domain::password::normal_form;
use crate::domain::secret::Secret;
use crate::domain::session::{OpenedBy, PendingChange, Session};
use crate::domain::timestamp::Timestamp;
use crate::flows::ask_gate::{Asked, ask};
use crate::flows::browser::Browser;
use crate::flows::code_key::is_live_code;
use crate::flows::context::Context;
use crate::flows::hash_pool::{Guest, HashError};
use crate::flows::meters::{Door, SignIn};
use crate::flows::step::Step;
use crate::flows::unavailable::{TRIES, Unavailable};
use crate::store;
use crate::store::account::{Person, still_at, still_passes};
use crate::store::db::{Batch, Statement};
use crate::store::ephemeral::{Claim, Reserve, Writes};

/// What somebody typed.
pub struct Credentials {
    /// The login as typed.
    pub login: String,
    /// The password, or a printed code, as typed.
    pub password: Secret,
}

/// How a sign-in ended.
pub enum LogIn {
    /// The gate was open: a session.
    SignedIn {
        /// The session.
        session: Session,
        /// What the browser keeps of it.
        cookie: Secret,
        /// What the browser keeps longer: who signed in from it.
        known: String,
    },
    /// The person is known and the gate is closed: the change page, and nothing else.
    MustChange {
        /// The right to change.
        pending: PendingChange,
        /// What the browser keeps of it.
        cookie: Secret,
    },
    /// One answer for a wrong password, an unknown login, a disabled account, and whatever a stolen password meets.
    Refused,
    /// Too many attempts.
    Throttled {
        /// When the next one is allowed.
        until: Timestamp,
    },
}

/// Signs in. A right code is let in whatever was guessed before; all else is an attempt with a password, and refusals of
/// the throttle come before any hashing. An unknown login costs what a wrong password costs.
pub async fn log_in(ctx: &Context, browser: &Browser, typed: Credentials) -> Result<LogIn, Unavailable> {
    let outcome = attempt(ctx, browser, typed).await;
    let counted = match &outcome {
        Ok(LogIn::SignedIn { .. }) => SignIn::SignedIn,
        Ok(LogIn::MustChange { .. }) => SignIn::MustChange,
        Ok(LogIn::Refused) => SignIn::Refused,
        Ok(LogIn::Throttled { .. }) => SignIn::Throttled,
        Err(_) => SignIn::Unavailable,
    };
    ctx.meters.sign_ins[counted as usize].add();
    outcome
}

async fn attempt(ctx: &Context, browser: &Browser, typed: Credentials) -> Result<LogIn, Unavailable> {
    let name = LoginName::parse(&typed.login).ok();
    let asked = load(ctx, name.as_ref()).await?;
    let known = asked.as_ref().filter(|asked| browser.has_signed_in(ctx, asked));
    let known = known.map(|asked| known_throttle_key(&asked.loaded.facts.account));
    if let Some(outcome) = by_code(ctx, browser, name.as_ref(), asked, &typed).await? {
        return Ok(outcome);
    }
    let guest = if known.is_some() { Guest::Known } else { Guest::Stranger };
    let counter = known
        .unwrap_or_else(|| login_throttle_key(ctx, name.as_ref().map_or(&typed.login, LoginName::as_str)));
    // The place first: a full queue must not cost an attempt.
    let place = ctx.hash_pool.place(guest)?;
    match ctx.ephemeral.throttle_reserve(&counter, ctx.clock.now(), &ctx.settings.throttle).await? {
        Reserve::Go { .. } => by_password(ctx, browser, name.as_ref(), &typed, place, &counter).await,
        Reserve::Wait { until } => Ok(LogIn::Throttled { until }),
    }
}

/// The counter of one login's attempts by browsers that never signed in to it. It is named by the login, not by an
/// account, so that an unknown login is counted like a known one; by the text itself where it is none.
pub fn login_throttle_key(ctx: &Context, login: &str) -> String {
    format!("password:{}", ctx.secrets.tag("throttle", &[login]))
}

/// The counter of one account's attempts by all browsers that signed in to it before.
pub fn known_throttle_key(account: &AccountId) -> String {
    format!("known:{}", account.0)
}

async fn load(ctx: &Context, name: Option<&LoginName>) -> Result<Option<Asked<Person>>, Unavailable> {
    let Some(name) = name else { return Ok(None) };
    ask(ctx, name).await
}

/// If what was typed is the one code of the account that is alive, opens the change page. It is compared before anything
/// is counted: a counter that could refuse it would let strangers keep a child from the slip, and 59 bits need none. What
/// merely has the form of a code may be a password, and goes on as one. It costs the same whether a code is alive, the
/// login has none, or nobody has the login.
async fn by_code(
    ctx: &Context,
    browser: &Browser,
    name: Option<&LoginName>,
    mut asked: Option<Asked<Person>>,
    typed: &Credentials,
) -> Result<Option<LogIn>, Unavailable> {
    let Some(typed_code) = code::read(&typed.password) else { return Ok(None) };
    let login = name.map_or("", LoginName::as_str);
    for _ in 0..TRIES {
        let live = asked.as_ref().and_then(|now| {
            let live = code::live_code(&now.evidence, now.verdict.as_ref().err(), &ctx.settings.policy)?;
            Some((now.loaded.facts.account.clone(), live))
        });
        if !is_live_code(ctx, &typed_code, login, live.as_ref()).await? {
            return Ok(None);
        }
        let (Some(now), Some((_, live))) = (asked, live) else { return Ok(None) };
        ctx.meters.decided(Door::SignIn, &now.verdict);
        if let Some(outcome) = open_pending(ctx, browser, &now, OpenedBy::Code(live), None).await? {
            return Ok(Some(outcome));
        }
        asked = load(ctx, name).await?;
    }
    Err(Unavailable::Contended)
}

async fn by_password(
    ctx: &Context,
    browser: &Browser,
    name: Option<&LoginName>,
    typed: &Credentials,
    place: crate::flows::hash_pool::Place,
    counter: &str,
) -> Result<LogIn, Unavailable> {
    let password = normal_form(&typed.password);
    let mut asked = load(ctx, name).await?;
    ctx.steps.at(Step::SignInLoaded).await;
    let verified = asked.as_ref().and_then(|asked| asked.loaded.phc.clone());
    if !ctx.hash_pool.verify(place, password.clone(), verified.as_ref()).await? {
        return Ok(LogIn::Refused);
    }
    ctx.steps.at(Step::SignInVerified).await;
    for _ in 0..TRIES {
        // What was verified is the hash that was read; a reading with another hash says nothing about this password.
        let Some(now) = asked.filter(|asked| same_hash(asked.loaded.phc.as_ref(), verified.as_ref())) else {
            return Ok(LogIn::Refused);
        };
        if let Some(outcome) = decide(ctx, browser, now, &password, counter).await? {
            return Ok(outcome);
        }
        asked = load(ctx, name).await?;
    }
    Err(Unavailable::Contended)
}

fn same_hash(left: Option<&Secret>, right: Option<&Secret>) -> bool {
    matches!((left, right), (Some(left), Some(right)) if left.same_as(right))
}

/// The password is right: what does the gate say? None when something changed before it was written.
async fn decide(
    ctx: &Context,
    browser: &Browser,
    asked: Asked<Person>,
    password: &Secret,
    counter: &str,
) -> Result<Option<LogIn>, Unavailable> {
    let account = asked.loaded.facts.account.clone();
    let now = asked.loaded.facts.now;
    // Nothing is verified without a credential.
    let Some(credential) = asked.loaded.facts.credential else { return Ok(Some(LogIn::Refused)) };
    // This booking is taken back and no more. To clear the counter would hand whoever shares it a new set of guesses each
    // time the owner signs in.
    let settled = Claim::Refund { key: counter.to_owned(), now };
    ctx.meters.decided(Door::SignIn, &asked.verdict);
    match &asked.verdict {
        Ok(pass) => {
            let weak = !ctx.settings.password_rules.violations(password, &asked.loaded.login_name).is_empty();
            if let (true, Some(phc)) = (weak, &asked.loaded.phc) {
                let mut batch = Vec::from(store::account::mark_weak(&account, phc, now));
                batch.push(store::notice::account_ended(&account, &ctx.new_cause(now), now));
                batch.push(ctx.audit_own(now, &account, Act::PasswordWeak));
                ctx.commit(Batch::under_order_lock(batch)).await?;
                return Ok(None);
            }
            ctx.steps.at(Step::SignInDecided).await;
            let cookie = Secret::from_random(ctx.random.bytes());
            let session = Session::open(pass, cookie.hash(), now);
            let mut writes = Writes::under_order_lock();
            writes.extend(still_passes(pass));
            writes.extend(rehash(ctx, &asked.loaded, password).await?);
            writes.extend(browser.replace_session(ctx, &session)?);
            writes.push(settled);
            writes.push(ctx.audit_own(now, &account, Act::SignIn));
            let written = ctx.commit_claims(writes).await?;
            let known = browser.remembering(ctx, &account, credential.chosen_at);
            Ok(written.then_some(LogIn::SignedIn { session, cookie, known }))
        }
        Err(closure) if closure.admits_old_password() => {
            open_pending(ctx, browser, &asked, OpenedBy::OldPassword, Some(settled)).await
        }
        // The attempt stays booked, as a wrong password's does: at level `recover` nothing tells them apart.
        Err(_) => Ok(Some(LogIn::Refused)),
    }
}

/// The settings of hashing were raised since: the plaintext is here now and never again until the next sign-in.
async fn rehash(ctx: &Context, person: &Person, password: &Secret) -> Result<Option<Statement>, Unavailable> {
    let Some(phc) = person.phc.as_ref().filter(|phc| ctx.hash_pool.is_outdated(phc)) else { return Ok(None) };
    match ctx.hash_pool.place(Guest::Known) {
        Ok(place) => {
            let fresh = ctx.hash_pool.hash(place, password.clone(), ctx.random.bytes()).await?;
            Ok(Some(store::account::rehash_credential(&person.facts.account, phc, &fresh)))
        }
        // In a rush the upgrade waits for another day.
        Err(HashError::Full) => Ok(None),
        Err(error @ (HashError::Stopped | HashError::Refused(_))) => Err(error.into()),
    }
}

async fn open_pending(
    ctx: &Context,
    browser: &Browser,
    asked: &Asked<Person>,
    opened_by: OpenedBy,
    settled: Option<Claim>,
) -> Result<Option<LogIn>, Unavailable> {
    ctx.steps.at(Step::SignInDecided).await;
    let facts = &asked.loaded.facts;
    let cookie = Secret::from_random(ctx.random.bytes());
    let pending = PendingChange {
        account: facts.account.clone(),
        number: facts.number,
        epoch: facts.epoch,
        opened_by,
        since: facts.now,
    };
    let mut writes = Writes::under_order_lock();
    writes.extend(still_at(facts));
    writes.extend(browser.replace_pending(ctx, &cookie, &pending)?);
    writes.extend(settled);
    let written = ctx.commit_claims(writes).await?;
    Ok(written.then_some(LogIn::MustChange { pending, cookie }))
}
