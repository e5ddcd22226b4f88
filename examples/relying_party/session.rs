//! Who is at the other end: one random cookie per browser, and everything else in this process.
//!
//! Records are in memory, so a restart signs everybody out, and nothing ever expires: a real service keeps them
//! in its database, with an end. What it should copy is what lies in a record, and when the cookie changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use openidconnect::CsrfToken;

use crate::openid::{Identity, Transaction};

/// What a service remembers of one browser.
#[derive(Default)]
pub struct Visitor {
    // Requests under way; several, because people open several tabs.
    transactions: Vec<Transaction>,
    /// The page that was wanted before the sign-in: a path that this service wrote itself, never a parameter, so
    /// that no link can use a sign-in to send people elsewhere.
    pub wanted: Option<&'static str>,
    identity: Option<Arc<Identity>>,
    // The provider has ended the session, and the person was not told yet.
    ended: bool,
}

/// Enough for the tabs of one person; what is older was abandoned.
const TRANSACTIONS: usize = 8;

impl Visitor {
    /// Remembers a request that is about to leave.
    pub fn leaves(&mut self, transaction: Transaction) {
        if self.transactions.len() == TRANSACTIONS {
            self.transactions.remove(0);
        }
        self.transactions.push(transaction);
    }

    /// Takes out the request that an answer is for. There is no second time.
    pub fn comes_back(&mut self, state: Option<&str>) -> Option<Transaction> {
        let at = self.transactions.iter().position(|known| Some(known.state.secret().as_str()) == state)?;
        Some(self.transactions.remove(at))
    }
}

/// Every browser's record.
pub struct Sessions {
    cookie: String,
    secure: bool,
    visitors: Mutex<HashMap<String, Visitor>>,
}

impl Sessions {
    /// Sessions of one service. Its client id is part of the cookie's name: browsers share cookies between the
    /// ports of a host, and two demo services run on one. `secure` is false on plain http only.
    pub fn new(client_id: &str, secure: bool) -> Self {
        let prefix = if secure { "__Host-" } else { "" };
        Self { cookie: format!("{prefix}{client_id}_session"), secure, visitors: Mutex::default() }
    }

    /// Who is signed in from this browser.
    pub fn who(&self, jar: &CookieJar) -> Option<Arc<Identity>> {
        self.lock().get(jar.get(&self.cookie)?.value())?.identity.clone()
    }

    /// Changes the record of this browser, which gets one if it has none.
    pub fn visit<T>(&self, jar: CookieJar, act: impl FnOnce(&mut Visitor) -> T) -> (CookieJar, T) {
        let mut visitors = self.lock();
        if let Some(visitor) = jar.get(&self.cookie).and_then(|cookie| visitors.get_mut(cookie.value())) {
            let result = act(visitor);
            return (jar, result);
        }
        let mut visitor = Visitor::default();
        let result = act(&mut visitor);
        (self.enter(&mut visitors, jar, visitor), result)
    }

    /// Signs a person in, under a new cookie: whoever knew the old one (a shared computer, a planted cookie) does
    /// not become this person. Gives back the page that was wanted.
    pub fn sign_in(&self, jar: CookieJar, identity: Identity) -> (CookieJar, Option<&'static str>) {
        let mut visitors = self.lock();
        let mut visitor =
            jar.get(&self.cookie).and_then(|cookie| visitors.remove(cookie.value())).unwrap_or_default();
        visitor.identity = Some(Arc::new(identity));
        visitor.ended = false;
        let wanted = visitor.wanted.take();
        (self.enter(&mut visitors, jar, visitor), wanted)
    }

    /// Replaces the tokens of somebody who is still signed in; a sign-out in another tab meanwhile is final.
    pub fn renew(&self, jar: &CookieJar, identity: Identity) {
        let mut visitors = self.lock();
        let visitor = jar.get(&self.cookie).and_then(|cookie| visitors.get_mut(cookie.value()));
        if let Some(signed_in) = visitor.and_then(|visitor| visitor.identity.as_mut()) {
            *signed_in = Arc::new(identity);
        }
    }

    /// Forgets this browser, and gives back who was signed in.
    pub fn sign_out(&self, jar: CookieJar) -> (CookieJar, Option<Arc<Identity>>) {
        let visitor = jar.get(&self.cookie).and_then(|cookie| self.lock().remove(cookie.value()));
        let spent = Cookie::build(self.cookie.clone()).path("/").secure(self.secure);
        (jar.remove(spent), visitor.and_then(|visitor| visitor.identity))
    }

    /// Ends every session of a person, or those that came from one session at the provider.
    pub fn end(&self, sub: Option<&str>, sid: Option<&str>) {
        for visitor in self.lock().values_mut() {
            let meant = visitor.identity.as_ref().is_some_and(|identity| identity.is_of(sub, sid));
            if meant {
                visitor.identity = None;
                visitor.ended = true;
            }
        }
    }

    /// Whether the provider has ended the session of this browser since its person was last seen.
    pub fn was_ended(&self, jar: &CookieJar) -> bool {
        let visitors = self.lock();
        jar.get(&self.cookie).and_then(|cookie| visitors.get(cookie.value())).is_some_and(|it| it.ended)
    }

    fn enter(&self, visitors: &mut HashMap<String, Visitor>, jar: CookieJar, visitor: Visitor) -> CookieJar {
        // 256 random bits. The type is made for `state`; what is wanted here is the same: nobody guesses it.
        let id = CsrfToken::new_random_len(32).into_secret();
        visitors.insert(id.clone(), visitor);
        // Lax, not Strict: the way back from the provider is a navigation that another site started.
        jar.add(
            Cookie::build((self.cookie.clone(), id))
                .path("/")
                .http_only(true)
                .secure(self.secure)
                .same_site(SameSite::Lax),
        )
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Visitor>> {
        self.visitors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
