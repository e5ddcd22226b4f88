//! Where an interaction stands: the ordered checks sign-in, gate, asked-for change; then the answer.

use crate::domain::client::PasswordChangeMode;
use crate::domain::facts::Proof;
use crate::domain::gate::Closure;
use crate::domain::grant::Authentication;
use crate::domain::reset_order::{OrderBook, OrderId};
use crate::domain::session::{PendingChange, Session};
use crate::domain::territory::{TerritoryCode, TerritoryKind, Uai};
use crate::domain::timestamp::Timestamp;
use crate::flows::ask_gate::{Asked, ask};
use crate::flows::browser::Browser;
use crate::flows::context::Context;
use crate::flows::interaction::Opened;
use crate::flows::meters::Door;
use crate::flows::unavailable::Unavailable;
use crate::oidc::authorize::{Expected, Prompt};
use crate::oidc::authorize_response::AuthorizeError;
use crate::store;
use crate::store::account::Person;
use crate::store::ephemeral::Claim;

/// What comes next.
pub enum Next {
    /// Show the sign-in page.
    LogIn,
    /// Show the change page.
    Change(Box<ChangePage>),
    /// Nothing is left to ask: mint the code.
    Finish(Box<Ready>),
    /// Tell the relying party.
    Error(AuthorizeError),
    /// Tell the relying party first that a change is required; it comes back with `prompt=change_password`.
    Notify,
}

/// What the change page needs to say.
pub struct ChangePage {
    /// Whose password.
    pub person: Person,
    /// Why; none when it is the person's own wish.
    pub closure: Option<Closure>,
    /// Whether a code opened the page, so that no current password is asked.
    pub by_code: bool,
    /// Until when the page is open.
    pub until: Timestamp,
    /// Which authority asked, if one did.
    pub ordered_by: Option<OrderedBy>,
}

/// The authority behind an order, as people are told.
pub struct OrderedBy {
    /// What sort of place it speaks for.
    pub kind: TerritoryKind,
    /// What the place is called.
    pub name: String,
    /// When the order came into force.
    pub since: Option<Timestamp>,
}

impl ChangePage {
    /// The page for an account, with the authority behind the closure.
    pub async fn of(
        ctx: &Context,
        asked: Asked<Person>,
        closure: Option<Closure>,
        by_code: bool,
        until: Timestamp,
    ) -> Result<Self, Unavailable> {
        let ordered_by = match &closure {
            Some(Closure::Ordered { order, .. }) => ordered_by(ctx, asked.evidence.book(), order).await?,
            _ => None,
        };
        Ok(Self { person: asked.loaded, closure, by_code, until, ordered_by })
    }
}

/// The authority behind an order. Of a class's order people are told the school.
pub async fn ordered_by(
    ctx: &Context,
    book: &OrderBook,
    order: &OrderId,
) -> Result<Option<OrderedBy>, Unavailable> {
    let Some(order) = book.find(order) else { return Ok(None) };
    let Some(mut code) = order.population.territory.code() else { return Ok(None) };
    if let (TerritoryKind::Class, Some(uai)) = (code.kind(), code.uai().and_then(|uai| Uai::parse(uai).ok()))
    {
        code = TerritoryCode::school(&uai);
    }
    let since = order.state.force().map(|force| force.since);
    let place = store::territory::find(&ctx.db, &code).await?;
    Ok(place.map(|place| OrderedBy { kind: place.code.kind(), name: place.name, since }))
}

/// A sign-in that may be answered with a code.
pub struct Ready {
    /// Whose, as loaded with the gate's pass.
    pub asked: Asked<Person>,
    /// The session.
    pub sid: String,
    /// What the code inherits.
    pub authentication: Authentication,
}

/// The kind of the marks that a relying party was told, one per sign-in and client.
const NOTICE: &str = "notice";

/// Asks all checks anew and says what comes next.
pub async fn advance(ctx: &Context, opened: &Opened, browser: &Browser) -> Result<Next, Unavailable> {
    if let Some((asked, pending)) = standing_pending(ctx, opened, browser).await? {
        if !is_hinted(ctx, opened, &asked.loaded) {
            return Ok(somebody_else(opened, pending.since));
        }
        return with_pending(ctx, opened, browser, asked, pending).await;
    }
    let Some((asked, session)) = standing_session(ctx, opened, browser).await? else {
        return Ok(nobody(opened));
    };
    if !is_hinted(ctx, opened, &asked.loaded) {
        return Ok(somebody_else(opened, session.authenticated_at));
    }
    ctx.meters.decided(Door::Authorize, &asked.verdict);
    match asked.verdict {
        Err(ref closure) if closure.admits_old_password() => {
            let closure = closure.clone();
            let until = asked.evidence.facts().now.plus(ctx.settings.pending_change);
            let page = ChangePage::of(ctx, asked, Some(closure), false, until).await?;
            closed(ctx, opened, browser, page).await
        }
        // A session opens nothing where the old password opens nothing.
        Err(_) => Ok(nobody(opened)),
        Ok(ref pass) => match Authentication::of(session, pass) {
            None => Ok(nobody(opened)),
            Some(authentication) => {
                if wishes_change(ctx, opened, browser, &asked).await? {
                    let until = asked.evidence.facts().now.plus(ctx.settings.pending_change);
                    let page = ChangePage::of(ctx, asked, None, false, until).await?;
                    return Ok(Next::Change(Box::new(page)));
                }
                Ok(Next::Finish(Box::new(Ready { asked, sid: session.sid.clone(), authentication })))
            }
        },
    }
}

/// Nobody is there whom the request would accept.
fn nobody(opened: &Opened) -> Next {
    if asks(opened, Prompt::None) { Next::Error(AuthorizeError::LoginRequired) } else { Next::LogIn }
}

/// Another person is there than the relying party expects. Whoever signed in before the request may hand the browser
/// over; whoever signed in for it is the answer, which must be an error (OIDC Core section 3.1.2.1).
fn somebody_else(opened: &Opened, signed_in_at: Timestamp) -> Next {
    if signed_in_at >= opened.interaction.created_at {
        return Next::Error(AuthorizeError::LoginRequired);
    }
    nobody(opened)
}

/// Remembers that the relying party was told, so that it is told once per sign-in in ten minutes: a relying party that
/// ignores the signal still works, one bounce later.
pub async fn remember_notice(ctx: &Context, opened: &Opened, browser: &Browser) -> Result<(), Unavailable> {
    if let Some(key) = notice_key(opened, browser) {
        let now = ctx.clock.now();
        ctx.ephemeral.put(NOTICE, &key, &now, now.plus(ctx.settings.pending_change)).await?;
    }
    Ok(())
}

/// In a batch: the notice has been answered by the change that is now reported; the next `prompt=change_password` is a
/// wish of its own.
pub fn forget_notice(opened: &Opened, browser: &Browser) -> Option<Claim> {
    let key = notice_key(opened, browser).filter(|_| asks(opened, Prompt::ChangePassword))?;
    Some(Claim::remove(NOTICE, key))
}

fn asks(opened: &Opened, prompt: Prompt) -> bool {
    opened.interaction.request.as_ref().is_some_and(|request| request.asks(prompt))
}

/// Whether a sign-in of this instant satisfies `prompt=login`, `prompt=select_account` and `max_age`.
fn counts(opened: &Opened, signed_in_at: Timestamp, now: Option<Timestamp>) -> bool {
    let Some(request) = &opened.interaction.request else { return true };
    let in_here = signed_in_at >= opened.interaction.created_at;
    let anew = request.asks(Prompt::Login) || request.asks(Prompt::SelectAccount);
    let recent = match (request.max_age, now) {
        (Some(max_age), Some(now)) => now.since(signed_in_at) <= max_age,
        _ => true,
    };
    in_here || (!anew && recent)
}

async fn with_pending(
    ctx: &Context,
    opened: &Opened,
    browser: &Browser,
    asked: Asked<Person>,
    pending: &PendingChange,
) -> Result<Next, Unavailable> {
    let by_code = pending.opened_by.proof() == Proof::Code;
    let closure = asked.verdict.as_ref().err().cloned();
    let until = pending.since.plus(ctx.settings.pending_change);
    let page = ChangePage::of(ctx, asked, closure, by_code, until).await?;
    closed(ctx, opened, browser, page).await
}

/// The gate is closed, or a code is to be used: the relying party's notice first where it asked for that, else the page.
/// At level `recover` the provider always hosts: the page is where the code was typed.
async fn closed(
    ctx: &Context,
    opened: &Opened,
    browser: &Browser,
    page: ChangePage,
) -> Result<Next, Unavailable> {
    if asks(opened, Prompt::None) {
        return Ok(Next::Error(AuthorizeError::PasswordChangeRequired));
    }
    let mode = opened.client.as_ref().map(|client| client.password_change_mode);
    let hosted = page.by_code || page.closure.as_ref().is_none_or(Closure::is_recover);
    let notify =
        mode == Some(PasswordChangeMode::ClientNotice) && !hosted && !asks(opened, Prompt::ChangePassword);
    if notify && told_at(ctx, opened, browser).await?.is_none() {
        return Ok(Next::Notify);
    }
    Ok(Next::Change(Box::new(page)))
}

/// Whether the request asks for a change that was not made yet: neither in this interaction nor since the relying party
/// was told that one is required.
async fn wishes_change(
    ctx: &Context,
    opened: &Opened,
    browser: &Browser,
    asked: &Asked<Person>,
) -> Result<bool, Unavailable> {
    if !asks(opened, Prompt::ChangePassword) {
        return Ok(false);
    }
    let Some(credential) = asked.evidence.facts().credential else { return Ok(false) };
    let since = told_at(ctx, opened, browser).await?.unwrap_or(opened.interaction.created_at);
    Ok(credential.chosen_at < since)
}

async fn told_at(
    ctx: &Context,
    opened: &Opened,
    browser: &Browser,
) -> Result<Option<Timestamp>, Unavailable> {
    match notice_key(opened, browser) {
        Some(key) => Ok(ctx.ephemeral.get(NOTICE, &key).await?),
        None => Ok(None),
    }
}

/// Notices are remembered per account and client: a sign-in gets a new id with the change, and its notice must still be
/// known after it.
fn notice_key(opened: &Opened, browser: &Browser) -> Option<String> {
    let client = &opened.client.as_ref()?.id;
    let account = browser
        .pending
        .as_ref()
        .map(|pending| &pending.account)
        .or(browser.session.as_ref().map(|session| &session.account))?;
    Some(format!("{}:{}", account.0, client.0))
}

/// The browser's right to change, if it stands and satisfies the request, with its account. One that the old password
/// opened is over once the gate is open: it never becomes a session.
async fn standing_pending<'a>(
    ctx: &Context,
    opened: &Opened,
    browser: &'a Browser,
) -> Result<Option<(Asked<Person>, &'a PendingChange)>, Unavailable> {
    let pending = browser.pending.as_ref().filter(|pending| counts(opened, pending.since, None));
    let Some(pending) = pending else { return Ok(None) };
    let asked = ask(ctx, &pending.account).await?;
    let wanted = |asked: &Asked<Person>| asked.verdict.is_err() || pending.opened_by.proof() == Proof::Code;
    let opens = |asked: &Asked<Person>| {
        let closure = asked.verdict.as_ref().err();
        pending.opens(&asked.evidence, closure, &ctx.settings.policy, ctx.settings.pending_change)
    };
    Ok(asked.filter(wanted).filter(opens).map(|asked| (asked, pending)))
}

/// The browser's session, if it stands and satisfies the request, with its account.
async fn standing_session<'a>(
    ctx: &Context,
    opened: &Opened,
    browser: &'a Browser,
) -> Result<Option<(Asked<Person>, &'a Session)>, Unavailable> {
    let Some(session) = &browser.session else { return Ok(None) };
    let asked = ask(ctx, &session.account).await?;
    let now = |asked: &Asked<Person>| Some(asked.evidence.facts().now);
    Ok(asked
        .filter(|asked| session.stands(&asked.evidence, ctx.settings.session))
        .filter(|asked| counts(opened, session.authenticated_at, now(asked)))
        .map(|asked| (asked, session)))
}

/// An `id_token_hint` names whom the relying party expects (OIDC Core section 3.1.2.1).
fn is_hinted(ctx: &Context, opened: &Opened, person: &Person) -> bool {
    let (Some(request), Some(client)) = (&opened.interaction.request, &opened.client) else { return true };
    match &request.expected {
        None => true,
        Some(Expected::Subject(subject)) => *subject == ctx.subject(&client.sector, &person.facts.account),
        // As no hint to a person, who can say who they are; as nobody's to a silent request.
        Some(Expected::TooOld) => !request.asks(Prompt::None),
    }
}
