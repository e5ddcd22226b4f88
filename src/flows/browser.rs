//! What a browser brought: its cookies, looked up but not yet judged.

use serde::{Deserialize, Serialize};

use crate::domain::account::AccountId;
use crate::domain::gate::Closure;
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
        if let Some(cookie) = cookies.session {
            browser.session = ctx.ephemeral.get(SESSION, &cookie.hash()).await?;
        }
        if let Some(cookie) = cookies.pending {
            browser.pending = ctx.ephemeral.get(PENDING, &cookie.hash()).await?;
            browser.pending_key = Some(cookie.hash());
        }
        Ok(browser)
    }

    /// Looks the same cookies up again: what they stood for may have been used or ended meanwhile.
    pub async fn again(&self, ctx: &Context) -> Result<Self, Unavailable> {
        let mut browser =
            Self { known: self.known.clone(), pending_key: self.pending_key.clone(), ..Self::default() };
        if let Some(session) = &self.session {
            browser.session = ctx.ephemeral.get(SESSION, &session.sid).await?;
        }
        if let Some(key) = &self.pending_key {
            browser.pending = ctx.ephemeral.get(PENDING, key).await?;
        }
        Ok(browser)
    }

    /// Whether the account signed in from this browser before, with the password that it still has. Where that password is
    /// believed stolen, or a change of it was forced, so may the cookie be, and no browser is known.
    pub fn has_signed_in(&self, ctx: &Context, asked: &Asked<Person>) -> bool {
        let facts = &asked.loaded.facts;
        let trusted = facts.forced.is_none() && !asked.verdict.as_ref().is_err_and(Closure::is_recover);
        facts.credential.filter(|_| trusted).is_some_and(|credential| {
            let tag = self.known.tag(ctx, &facts.account, credential.chosen_at);
            self.known.tags.iter().any(|known| same_text(known, &tag))
        })
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

    /// In a batch: the session is used for something that ends it, and is still there to be used.
    pub fn use_session(&self) -> Option<Claim> {
        let session = self.session.as_ref()?;
        Some(Claim::take(SESSION, &session.sid))
    }

    /// In a batch: the right to change is used, and is still there to be used.
    pub fn use_pending(&self) -> Option<Claim> {
        let key = self.pending_key.as_ref()?;
        Some(Claim::take(PENDING, key))
    }

    /// In a batch: the browser holds nothing any more.
    pub fn forget(&self) -> Vec<Claim> {
        let session = self.session.as_ref().map(|session| Claim::remove(SESSION, &session.sid));
        let pending = self.pending_key.as_ref().map(|key| Claim::remove(PENDING, key));
        session.into_iter().chain(pending).collect()
    }
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
