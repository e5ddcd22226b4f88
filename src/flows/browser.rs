//! What a browser brought: its cookies, looked up but not yet judged.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::account::AccountId;
use crate::domain::gate::Closure;
use crate::domain::level::Level;
use crate::domain::secret::{Secret, same_text};
use crate::domain::session::{PendingChange, Session};
use crate::domain::timestamp::Timestamp;
use crate::flows::ask_gate::Asked;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::account::Person;
use crate::store::db::{DbError, Statement};
use crate::store::ephemeral::{Claim, Write};

/// The kind of [`Session`] claims in the ephemeral store.
pub const SESSION: &str = "session";
/// The kind of [`PendingChange`] claims in the ephemeral store.
pub const PENDING: &str = "pending_change";

/// How many accounts a browser is known to: a family's computer.
const KNOWN_ACCOUNTS: usize = 8;

/// The cookies of a request that say who the browser is.
#[derive(Default)]
pub struct Cookies {
    /// A session.
    pub session: Option<Secret>,
    /// The right to change a password.
    pub pending: Option<Secret>,
    /// Which accounts signed in from here before.
    pub known: Option<String>,
}

/// What a browser brought. Neither the session nor the right to change has been judged: whoever uses one asks whether it
/// still stands.
#[derive(Default)]
pub struct Browser {
    /// The session of its cookie.
    pub session: Option<Session>,
    /// The right to change of its cookie.
    pub pending: Option<PendingChange>,
    session_key: Option<String>,
    pending_key: Option<String>,
    known: KnownAccounts,
}

/// Which accounts signed in from this browser before: an id of the browser, and for each account a tag that only this
/// deployment can compute, and that a change of the password ends. Kept in a cookie, in no database.
#[derive(Clone, Default, Serialize, Deserialize)]
struct KnownAccounts {
    id: String,
    tags: Vec<String>,
}

impl Browser {
    /// Looks the cookies up.
    pub async fn load(ctx: &Context, cookies: Cookies) -> Result<Self, Unavailable> {
        let mut browser = Self { known: KnownAccounts::read(cookies.known.as_deref()), ..Self::default() };
        browser.session_key = cookies.session.map(|cookie| cookie.hash());
        browser.pending_key = cookies.pending.map(|cookie| cookie.hash());
        browser.again(ctx).await
    }

    /// Looks the same cookies up again: what they stood for may have been used or ended meanwhile.
    pub async fn again(&self, ctx: &Context) -> Result<Self, Unavailable> {
        let mut browser = Self {
            known: self.known.clone(),
            session_key: self.session_key.clone(),
            pending_key: self.pending_key.clone(),
            ..Self::default()
        };
        if let Some(key) = &self.session_key {
            browser.session = held(ctx, SESSION, key).await?;
        }
        if let Some(key) = &self.pending_key {
            browser.pending = held(ctx, PENDING, key).await?;
        }
        Ok(browser)
    }

    /// Whether the account signed in from this browser before, with the password that it still has. Where that password is
    /// believed stolen, so may the cookie be, and no browser is known. A change that is merely due says nothing of thieves,
    /// and leaves the owner apart from whoever guesses.
    pub fn has_signed_in(&self, ctx: &Context, asked: &Asked<Person>) -> bool {
        let facts = &asked.loaded.facts;
        let trusted =
            facts.forced != Some(Level::Recover) && !asked.verdict.as_ref().is_err_and(Closure::is_recover);
        facts.credential.filter(|_| trusted).is_some_and(|credential| {
            let tag = self.known.tag(ctx, &facts.account, credential.chosen_at);
            self.known.tags.iter().any(|known| same_text(known, &tag))
        })
    }

    /// Whether it brought nothing of an earlier visit that was of any use.
    pub const fn is_new(&self) -> bool {
        self.session.is_none() && self.pending.is_none() && self.known.tags.is_empty()
    }

    /// The cookie's value once the account has signed in from here with the password it chose at this instant.
    pub fn remembering(&self, ctx: &Context, account: &AccountId, chosen_at: Timestamp) -> String {
        let mut known = self.known.clone();
        if known.id.is_empty() {
            Secret::from_random(ctx.random.bytes()).expose()[..22].clone_into(&mut known.id);
        }
        let tag = known.tag(ctx, account, chosen_at);
        known.tags.retain(|other| *other != tag);
        known.tags.insert(0, tag);
        known.tags.truncate(KNOWN_ACCOUNTS);
        known.write()
    }

    /// In a batch: this session takes the place of whatever the browser held. The grants of the same account's session
    /// come under this one, so that signing out ends all that this browser's sign-ins gave; another account's session
    /// ends as by its signing out, with the grants that were not to outlive it.
    pub fn replace_session(&self, ctx: &Context, session: &Session) -> Result<Vec<Write>, DbError> {
        let now = session.authenticated_at;
        let mut writes = writes(self.forget());
        if let Some(before) = &self.session {
            writes.extend(if before.account == session.account {
                self::writes(store::session::replace(before, session, natural_end(ctx, before)))
            } else {
                self::writes(session_ends(ctx, before, now))
            });
        }
        writes.push(Claim::put(SESSION, &session.sid, session, natural_end(ctx, session))?.into());
        Ok(writes)
    }

    /// In a batch: this right to change takes the place of whatever the browser held. A session beside it would be of a
    /// sign-in before this one: it ends as by signing out, as nothing is left that could be signed out later.
    pub fn replace_pending(
        &self,
        ctx: &Context,
        cookie: &Secret,
        pending: &PendingChange,
    ) -> Result<Vec<Write>, DbError> {
        let expires_at = pending.since.plus(ctx.settings.pending_change);
        let mut writes = writes(self.forget());
        let ended = self.session.as_ref().map(|session| session_ends(ctx, session, pending.since));
        writes.extend(ended.into_iter().flatten().map(Write::from));
        writes.push(Claim::put(PENDING, cookie.hash(), pending, expires_at)?.into());
        Ok(writes)
    }

    /// In a batch, after the account's number was insisted on: the session is used for something that ends it. It is still
    /// there to be used, and nobody has ended it.
    pub fn use_session(&self) -> Vec<Write> {
        used(SESSION, self.session_key.as_ref())
    }

    /// In a batch: the same of the right to change.
    pub fn use_pending(&self) -> Vec<Write> {
        used(PENDING, self.pending_key.as_ref())
    }

    /// In a batch: what the cookies name is over, also where it is not there to be looked at: a change that is under way
    /// has taken it, and puts it back if it does not happen. That takes no longer than a page is open.
    pub fn end_unseen(&self, ctx: &Context, now: Timestamp) -> Vec<Statement> {
        if !ctx.ephemeral.lies_apart() {
            return Vec::new(); // what is not in the database is nowhere
        }
        let (cause, until) = (ctx.new_cause(now), now.plus(ctx.settings.pending_change));
        let session = self.session_key.as_ref().filter(|_| self.session.is_none());
        let keys = session.into_iter().chain(&self.pending_key);
        keys.flat_map(|key| store::session::end_unseen(key, &cause, now, until)).collect()
    }

    /// In a batch: the browser holds nothing any more.
    pub fn forget(&self) -> Vec<Claim> {
        let session = self.session_key.as_ref().map(|key| Claim::remove(SESSION, key));
        let pending = self.pending_key.as_ref().map(|key| Claim::remove(PENDING, key));
        session.into_iter().chain(pending).collect()
    }
}

/// What lies under the hash of a cookie, if nobody has ended it. That it ended is written with the durable data; where
/// claims lie apart, one may have outlived it, and goes now.
pub async fn held<T: DeserializeOwned>(
    ctx: &Context,
    kind: &'static str,
    key: &str,
) -> Result<Option<T>, Unavailable> {
    let held = ctx.ephemeral.get(kind, key).await?;
    if held.is_some() && ctx.ephemeral.lies_apart() && store::session::has_ended(&ctx.db, key).await? {
        ctx.ephemeral.remove(kind, key).await?;
        return Ok(None);
    }
    Ok(held)
}

fn used(kind: &'static str, key: Option<&String>) -> Vec<Write> {
    let used = |key: &String| [store::session::has_not_ended(key).into(), Claim::take(kind, key).into()];
    key.map(used).into_iter().flatten().collect()
}

/// In a batch: the session is over before its time.
pub fn session_ends(ctx: &Context, session: &Session, now: Timestamp) -> [Statement; 4] {
    store::session::end(session, &ctx.new_cause(now), now, natural_end(ctx, session))
}

/// When a session ends that nobody ends.
fn natural_end(ctx: &Context, session: &Session) -> Timestamp {
    session.authenticated_at.plus(ctx.settings.session.absolute)
}

fn writes(of: impl IntoIterator<Item: Into<Write>>) -> Vec<Write> {
    of.into_iter().map(Into::into).collect()
}

impl KnownAccounts {
    fn read(cookie: Option<&str>) -> Self {
        let mut parts = cookie.unwrap_or_default().split('.').map(str::to_owned);
        let id = parts.next().filter(|id| id.len() == 22).unwrap_or_default();
        let tags = if id.is_empty() { Vec::new() } else { parts.take(KNOWN_ACCOUNTS).collect() };
        Self { id, tags }
    }

    fn write(&self) -> String {
        std::iter::once(&self.id).chain(&self.tags).map(String::as_str).collect::<Vec<_>>().join(".")
    }

    fn tag(&self, ctx: &Context, account: &AccountId, chosen_at: Timestamp) -> String {
        ctx.secrets.tag("known browser", &[&self.id, &account.0, &chosen_at.micros().to_string()])
    }
}
