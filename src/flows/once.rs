//! A request that was sent with a key is done once: sent again, it is answered with what came of it.

use std::fmt::Display;

use serde::Serialize;
use thiserror::Error;

use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::{Actor, Operator, Standing};
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::db::Statement;
use crate::store::idempotency::Done;

/// A key, and what was asked with it. It is its sender's own: of another operator or program the same key is another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    key: String,
    /// A hash of all that was asked.
    request: String,
}

/// The key came with another request before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("this idempotency key was sent with another request before")]
pub struct KeyUsed;

impl Once {
    /// Of a request that says all of this: which act, on what, and how.
    pub fn new(key: String, asked: &impl Serialize) -> Self {
        Self { key, request: Secret::new(serde_json::json!(asked).to_string()).hash() }
    }
}

impl Actor {
    /// Whose keys they are: of two programs that act for one operator each has its own.
    fn sender(&self) -> String {
        match &self.standing {
            Standing::Operator(Operator { client: Some(client), .. }) => format!("{} {client}", self.name()),
            Standing::Operator(_) | Standing::Local(_) | Standing::System => self.name(),
        }
    }

    /// In the batch of an act: this is what came of the request. It is kept as it stands, so it never is a secret; none of a request
    /// without a key.
    pub(in crate::flows) fn remember(&self, object: impl Display, now: Timestamp) -> Option<Statement> {
        let once = self.origin.once.as_ref()?;
        let done = Done { request: once.request.clone(), object: object.to_string() };
        Some(store::idempotency::remember(&self.sender(), &once.key, &done, now))
    }
}

/// Does what was asked, unless it was done before under the actor's key: then `again` is given what came of it, as it was remembered.
pub async fn once<T, E: From<KeyUsed>>(
    ctx: &Context,
    actor: &Actor,
    act: impl Future<Output = Result<Result<T, E>, Unavailable>>,
    again: impl AsyncFnOnce(String) -> Result<Result<T, E>, Unavailable>,
) -> Result<Result<T, E>, Unavailable> {
    match done(ctx, actor).await? {
        Ok(Some(object)) => return again(object).await,
        Ok(None) => {}
        Err(error) => return Ok(Err(error.into())),
    }
    let answer = act.await;
    if let Ok(Ok(_)) = answer {
        return answer;
    }
    // The same request may have come by another way at the same time, and been first.
    match done(ctx, actor).await? {
        Ok(Some(object)) => again(object).await,
        Ok(None) => answer,
        Err(error) => Ok(Err(error.into())),
    }
}

/// What came of the request, if it was done before.
async fn done(ctx: &Context, actor: &Actor) -> Result<Result<Option<String>, KeyUsed>, Unavailable> {
    let Some(once) = &actor.origin.once else { return Ok(Ok(None)) };
    let found = store::idempotency::find(&ctx.db, &actor.sender(), &once.key).await?;
    Ok(match found {
        Some(done) if done.request != once.request => Err(KeyUsed),
        found => Ok(found.map(|done| done.object)),
    })
}
