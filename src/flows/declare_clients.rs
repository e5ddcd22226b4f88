//! Clients come from the configuration or the command line.

use thiserror::Error;

use crate::domain::account::{AccountId, LoginName};
use crate::domain::client::{Client, ClientId};
use crate::domain::event::Act;
use crate::flows::actor::Actor;
use crate::flows::console::CLIENT_ID;
use crate::flows::context::Context;
use crate::flows::find_client::find_client;
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
    /// The console's own name.
    #[error("{0:?} is the console's own client_id; choose another")]
    Reserved(String),
    /// It exists.
    #[error("client {0:?} exists already")]
    Exists(String),
    /// Nobody is who it is to act for.
    #[error("ecluse_operator {0:?} is neither a login nor the id of an account")]
    OperatorUnknown(String),
}

/// Takes the clients of the configuration: new ones are added, known ones updated, and those that it no longer declares
/// are gone, with everything they hold. So are those that are to act for nobody: a login that was renamed ends a program,
/// and keeps no person from signing in. They are what is returned.
pub async fn declare_clients(
    ctx: &Context,
    clients: &[Client],
) -> Result<Result<Vec<Client>, DeclareError>, Unavailable> {
    if let Some(taken) = clients.iter().find(|client| client.id.0 == CLIENT_ID) {
        return Ok(Err(DeclareError::Reserved(taken.id.0.clone())));
    }
    let now = ctx.clock.now();
    let (mut known, mut for_nobody) = (Vec::new(), Vec::new());
    for client in clients {
        match with_operator(ctx, client).await? {
            Some(client) => known.push(client),
            None => for_nobody.push(client.clone()),
        }
    }
    for gone in store::client::declared(&ctx.db).await? {
        if !known.iter().any(|client| client.id == gone) {
            ctx.commit(Batch::plain(vec![store::client::remove(&gone)])).await?;
        }
    }
    for client in &known {
        let statement =
            store::client::declare(client, now).map_err(|error| Unavailable::Broken(error.to_string()))?;
        if !ctx.commit(Batch::plain(vec![statement])).await? {
            return Ok(Err(DeclareError::Conflict(client.id.0.clone())));
        }
    }
    Ok(Ok(for_nobody))
}

/// The client with the account that it acts for, which may be named by its login; none where nobody has it. An id is looked
/// for first: nobody takes a program over by being given the login that is another's id.
async fn with_operator(ctx: &Context, client: &Client) -> Result<Option<Client>, Unavailable> {
    let Some(named) = &client.operator else { return Ok(Some(client.clone())) };
    let found = match store::account::find(&ctx.db, named).await? {
        Some(person) => Some(person),
        None => match LoginName::parse(&named.0) {
            Ok(login) => store::account::find_by_login(&ctx.db, &login).await?,
            Err(_) => None,
        },
    };
    let account: Option<AccountId> = found.map(|person| person.facts.account);
    Ok(account.map(|account| Client { operator: Some(account), ..client.clone() }))
}

/// Adds one client from the command line; returned is what is stored.
pub async fn add_client(
    ctx: &Context,
    actor: &Actor,
    client: &Client,
) -> Result<Result<Client, DeclareError>, Unavailable> {
    if client.id.0 == CLIENT_ID {
        return Ok(Err(DeclareError::Reserved(client.id.0.clone())));
    }
    let now = ctx.clock.now();
    let Some(client) = with_operator(ctx, client).await? else {
        let named = client.operator.as_ref().map(|account| account.0.clone()).unwrap_or_default();
        return Ok(Err(DeclareError::OperatorUnknown(named)));
    };
    let insert = store::client::insert(&client, DeclaredIn::Database, now)
        .map_err(|error| Unavailable::Broken(error.to_string()))?;
    let line = actor.line(Act::ClientAdd, format!("client:{}", client.id.0));
    match ctx.db.run(Batch::plain(vec![insert, ctx.audit(now, &line)])).await {
        Ok(_) => Ok(Ok(client)),
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
        if find_client(ctx, &id).await?.is_none() {
            return Ok(id);
        }
    }
    Err(Unavailable::Contended)
}
