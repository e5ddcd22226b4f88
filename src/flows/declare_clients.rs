//! Clients come from the configuration or the command line.

use thiserror::Error;

use crate::domain::client::{Client, ClientId};
use crate::domain::event::Act;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::client::DeclaredIn;
use crate::store::db::{Batch, BatchError};

/// Why a client was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DeclareError {
    /// It exists, with another sector or registered by the command line.
    #[error(
        "client {0:?} exists with another ecluse_sector, or was added by `ecluse client add`: a sector never changes, as \
         every subject hangs from it; declare it under another client_id"
    )]
    Conflict(String),
    /// It exists.
    #[error("client {0:?} exists already")]
    Exists(String),
}

/// Takes the clients of the configuration: new ones are added, known ones updated, and those that it no longer declares
/// are gone, with everything they hold.
pub async fn declare_clients(
    ctx: &Context,
    clients: &[Client],
) -> Result<Result<(), DeclareError>, Unavailable> {
    let now = ctx.clock.now();
    for gone in store::client::declared(&ctx.db).await? {
        if !clients.iter().any(|client| client.id == gone) {
            ctx.commit(Batch::plain(vec![store::client::remove(&gone)])).await?;
        }
    }
    for client in clients {
        let statement =
            store::client::declare(client, now).map_err(|error| Unavailable::Broken(error.to_string()))?;
        if !ctx.commit(Batch::plain(vec![statement])).await? {
            return Ok(Err(DeclareError::Conflict(client.id.0.clone())));
        }
    }
    Ok(Ok(()))
}

/// Adds one client from the command line.
pub async fn add_client(
    ctx: &Context,
    actor: &Actor,
    client: &Client,
) -> Result<Result<(), DeclareError>, Unavailable> {
    let now = ctx.clock.now();
    let insert = store::client::insert(client, DeclaredIn::Database, now)
        .map_err(|error| Unavailable::Broken(error.to_string()))?;
    let line = actor.line(Act::ClientAdd, format!("client:{}", client.id.0));
    match ctx.db.run(Batch::plain(vec![insert, ctx.audit(now, &line)])).await {
        Ok(_) => Ok(Ok(())),
        Err(BatchError::Unique { .. }) => Ok(Err(DeclareError::Exists(client.id.0.clone()))),
        Err(error @ (BatchError::Unmet { .. } | BatchError::Busy | BatchError::Db(_))) => {
            Err(Unavailable::Db(error.into()))
        }
    }
}

/// A free identifier for a client, from its name.
pub async fn free_id(ctx: &Context, name: &str) -> Result<ClientId, Unavailable> {
    let plain: String =
        name.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let plain = plain.trim_matches('-').chars().take(100).collect::<String>();
    let base = if plain.is_empty() { "client".to_owned() } else { plain };
    for number in 1_u32.. {
        let id = ClientId(if number == 1 { base.clone() } else { format!("{base}-{number}") });
        if store::client::find(&ctx.db, &id).await?.is_none() {
            return Ok(id);
        }
    }
    Err(Unavailable::Contended)
}
