//! Asking the gate: the one place where facts and the order book are brought together.

use std::future::Future;

use crate::domain::account::{AccountId, LoginName};
use crate::domain::facts::Facts;
use crate::domain::gate::{Closure, Evidence, GatePass, evaluate};
use crate::domain::grant::GrantId;
use crate::flows::context::Context;
use crate::flows::unavailable::{TRIES, Unavailable};
use crate::store;
use crate::store::account::Person;
use crate::store::db::{Db, DbError};
use crate::store::grant::Holding;

/// What names an account to the gate: itself, its login, or a token of it. One statement loads whatever is behind it
/// together with the facts.
pub trait Key: Sync {
    /// What is behind it.
    type Loaded: WithFacts + Send;

    /// Loads it.
    fn load(&self, db: &Db) -> impl Future<Output = Result<Option<Self::Loaded>, DbError>> + Send;
}

/// Something that was loaded together with an account's facts.
pub trait WithFacts {
    /// The facts.
    fn facts(&self) -> &Facts;
}

/// The hash of an access token.
pub struct AccessToken<'a>(pub &'a str);

/// The hash of a refresh token.
pub struct RefreshToken<'a>(pub &'a str);

impl Key for AccountId {
    type Loaded = Person;

    async fn load(&self, db: &Db) -> Result<Option<Person>, DbError> {
        store::account::find(db, self).await
    }
}

impl Key for LoginName {
    type Loaded = Person;

    async fn load(&self, db: &Db) -> Result<Option<Person>, DbError> {
        store::account::find_by_login(db, self).await
    }
}

impl Key for AccessToken<'_> {
    type Loaded = Holding;

    async fn load(&self, db: &Db) -> Result<Option<Holding>, DbError> {
        store::grant::find_access_token(db, self.0).await
    }
}

impl Key for RefreshToken<'_> {
    type Loaded = Holding;

    async fn load(&self, db: &Db) -> Result<Option<Holding>, DbError> {
        store::grant::find_refresh_token(db, self.0).await
    }
}

impl Key for GrantId {
    type Loaded = Holding;

    async fn load(&self, db: &Db) -> Result<Option<Holding>, DbError> {
        store::grant::find(db, self).await
    }
}

impl WithFacts for Person {
    fn facts(&self) -> &Facts {
        &self.facts
    }
}

impl WithFacts for Holding {
    fn facts(&self) -> &Facts {
        &self.person.facts
    }
}

/// What was loaded, and what the gate says of it.
pub struct Asked<T> {
    /// What was loaded.
    pub loaded: T,
    /// Facts and orders of one order clock.
    pub evidence: Evidence,
    /// The gate's answer.
    pub verdict: Result<GatePass, Closure>,
}

/// Loads and asks. The book in memory serves only if it is of the clock that the load read; otherwise book and clock are
/// read anew, and if the clock moved in between, everything is.
pub async fn ask<K: Key>(ctx: &Context, key: &K) -> Result<Option<Asked<K::Loaded>>, Unavailable> {
    for _ in 0..TRIES {
        let Some(loaded) = key.load(&ctx.db).await? else { return Ok(None) };
        let book = ctx.order_book(loaded.facts().clock).await?;
        if let Some(evidence) = Evidence::new(loaded.facts().clone(), book) {
            let verdict = evaluate(&evidence, &ctx.settings.policy);
            return Ok(Some(Asked { loaded, evidence, verdict }));
        }
    }
    Err(Unavailable::Contended)
}
