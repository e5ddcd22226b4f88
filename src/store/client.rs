//! Registered clients.

use crate::domain::client::{Client, ClientId};
use crate::domain::timestamp::Timestamp;
use crate::store::db::{Db, DbError, Row, Statement, q};

/// Where a registration comes from, and so who may change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeclaredIn {
    /// The configuration file, read anew at each start.
    Configuration,
    /// The command line.
    Database,
}

impl DeclaredIn {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Database => "database",
        }
    }
}

/// The client of this id.
pub async fn find(db: &Db, id: &ClientId) -> Result<Option<Client>, DbError> {
    let row = db.one(q!("SELECT metadata FROM client WHERE id = $1", id.0.as_str())).await?;
    row.as_ref().map(read).transpose()
}

/// Every client, by id.
pub async fn list(db: &Db) -> Result<Vec<Client>, DbError> {
    db.all(q!("SELECT metadata FROM client ORDER BY id")).await?.iter().map(read).collect()
}

/// In a batch: a new client; an id that exists already is an error.
pub fn insert(
    client: &Client,
    declared_in: DeclaredIn,
    now: Timestamp,
) -> Result<Statement, serde_json::Error> {
    Ok(q!(
        "INSERT INTO client (id, sector, metadata, backchannel_logout_uri, operator_id, declared_in, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        client.id.0.as_str(),
        client.sector.as_str(),
        serde_json::to_string(client)?,
        client.backchannel_logout_uri.as_deref(),
        client.operator.as_ref().map(|account| account.0.as_str()),
        declared_in.as_str(),
        now
    )
    .want(1)
    .named("client"))
}

/// In a batch: a client as the configuration declares it. Insists that one which exists was declared there before and
/// keeps its sector, from which every subject is derived.
pub fn declare(client: &Client, now: Timestamp) -> Result<Statement, serde_json::Error> {
    Ok(q!(
        "INSERT INTO client (id, sector, metadata, backchannel_logout_uri, operator_id, declared_in, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (id) DO UPDATE SET metadata = excluded.metadata,
             backchannel_logout_uri = excluded.backchannel_logout_uri, operator_id = excluded.operator_id
         WHERE client.sector = excluded.sector AND client.declared_in = excluded.declared_in",
        client.id.0.as_str(),
        client.sector.as_str(),
        serde_json::to_string(client)?,
        client.backchannel_logout_uri.as_deref(),
        client.operator.as_ref().map(|account| account.0.as_str()),
        DeclaredIn::Configuration.as_str(),
        now
    )
    .want(1)
    .named("client"))
}

/// The clients that a configuration declared.
pub async fn declared(db: &Db) -> Result<Vec<ClientId>, DbError> {
    let sql = q!("SELECT id FROM client WHERE declared_in = $1", DeclaredIn::Configuration.as_str());
    db.all(sql).await?.iter().map(|row| row.text("id").map(ClientId)).collect()
}

/// In a batch: the client is gone; its grants no longer open anything, as no client can present them.
pub fn remove(id: &ClientId) -> Statement {
    q!("DELETE FROM client WHERE id = $1", id.0.as_str())
}

fn read(row: &Row) -> Result<Client, DbError> {
    serde_json::from_str(row.str("metadata")?)
        .map_err(|_| row.inconsistent("metadata", "is not a client registration"))
}
