//! Reading: one statement on a pooled connection, or a walk on one of its own.

use deadpool_postgres::ClientWrapper;
use tokio::sync::mpsc;
use tokio_postgres::IsolationLevel;
use tokio_postgres::types::ToSql;

use super::Core;
use super::failure::{Fault, fault};
use super::value::{Parameter, rows};
use crate::store::db::error::DbError;
use crate::store::db::row::Row;
use crate::store::db::statement::{Statement, Value};

/// How often a read is begun: a connection may have died while nobody used it.
const TRIES: u32 = 3;

/// A walk waits for whoever reads it, and may sort everything before its first row.
const PATIENCE: &str =
    "SET LOCAL statement_timeout = '10min'; SET LOCAL idle_in_transaction_session_timeout = '10min'";

impl Core {
    pub(super) async fn read(&self, statement: &Statement) -> Result<Vec<Row>, DbError> {
        let mut tries = TRIES;
        loop {
            tries -= 1;
            let client = self.connection().await?;
            match self.read_on(&client, statement).await {
                Ok(answered) => return rows(&answered),
                Err(Fault::Again(_)) if tries > 0 => client.statement_cache.clear(),
                Err(fault) => return Err(fault.into_error(statement.sql())),
            }
        }
    }

    async fn read_on(
        &self,
        client: &ClientWrapper,
        statement: &Statement,
    ) -> Result<Vec<tokio_postgres::Row>, Fault> {
        let failed = |error| fault(self, statement.sql(), &error);
        let prepared = self.prepare(client, statement, statement.sql()).await?;
        if let Some(set) = self.set_hand("SESSION") {
            client.batch_execute(&set).await.map_err(failed)?;
        }
        answer(client, &prepared, &statement.values).await.map_err(failed)
    }

    /// Sends the rows of one statement in chunks, until they end, something fails or nobody listens.
    pub(super) async fn walk(
        &self,
        statement: &Statement,
        chunk_rows: usize,
        chunks: &mpsc::Sender<Result<Vec<Row>, DbError>>,
    ) {
        if let Err(error) = self.send_rows(statement, chunk_rows, chunks).await {
            let _ = chunks.send(Err(error)).await; // nobody listening any more is how a walk is ended early
        }
    }

    async fn send_rows(
        &self,
        statement: &Statement,
        chunk_rows: usize,
        chunks: &mpsc::Sender<Result<Vec<Row>, DbError>>,
    ) -> Result<(), DbError> {
        let failed = |error| fault(self, statement.sql(), &error).into_error(statement.sql());
        let mut client = self.own_connection().await?;
        let prepared = self.prepare(&client, statement, statement.sql()).await;
        let prepared = prepared.map_err(|fault| fault.into_error(statement.sql()))?;
        let snapshot =
            client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
        let snapshot = snapshot.start().await.map_err(failed)?;
        snapshot.batch_execute(PATIENCE).await.map_err(failed)?;
        if let Some(set) = self.set_hand("LOCAL") {
            snapshot.batch_execute(&set).await.map_err(failed)?;
        }
        let parameters: Vec<_> = statement.values.iter().map(Parameter).collect();
        let cursor = snapshot.bind(&prepared, &references(&parameters)).await.map_err(failed)?;
        let at_once = i32::try_from(chunk_rows).unwrap_or(i32::MAX);
        loop {
            let answered = snapshot.query_portal(&cursor, at_once).await.map_err(failed)?;
            let is_last = answered.len() < chunk_rows;
            if !answered.is_empty() && chunks.send(Ok(rows(&answered)?)).await.is_err() || is_last {
                break;
            }
        }
        snapshot.rollback().await.map_err(failed)
    }

    /// The statement as this connection has prepared it, now or before, made sure to have a value for each of its markers.
    pub(super) async fn prepare(
        &self,
        client: &ClientWrapper,
        statement: &Statement,
        text: &str,
    ) -> Result<tokio_postgres::Statement, Fault> {
        let prepared = if statement.is_planned_anew() {
            client.prepare(text).await
        } else {
            client.prepare_cached(text).await
        };
        let prepared = prepared.map_err(|error| fault(self, statement.sql(), &error))?;
        if prepared.params().len() == statement.values.len() {
            return Ok(prepared);
        }
        let reason = format!("its markers are not $1 to ${}", statement.values.len());
        Err(Fault::Db(DbError::Refused { statement: statement.sql(), reason }))
    }

    /// Where the clock is moved by hand, what tells the connection its time.
    pub(super) fn set_hand(&self, scope: &str) -> Option<String> {
        let now = self.clock.by_hand()?;
        Some(format!("SET {scope} ecluse.now_us = '{}'", now.micros()))
    }
}

/// Runs a prepared statement that answers rows. What is to be sent is sent when this is first polled.
pub(super) async fn answer(
    client: &tokio_postgres::Client,
    prepared: &tokio_postgres::Statement,
    values: &[Value],
) -> Result<Vec<tokio_postgres::Row>, tokio_postgres::Error> {
    let parameters: Vec<_> = values.iter().map(Parameter).collect();
    client.query(prepared, &references(&parameters)).await
}

/// The same for one that answers none: how many rows it touched.
pub(super) async fn touch(
    client: &tokio_postgres::Client,
    prepared: &tokio_postgres::Statement,
    values: &[Value],
) -> Result<u64, tokio_postgres::Error> {
    let parameters: Vec<_> = values.iter().map(Parameter).collect();
    client.execute(prepared, &references(&parameters)).await
}

pub(super) fn references<'a>(parameters: &'a [Parameter<'_>]) -> Vec<&'a (dyn ToSql + Sync)> {
    parameters.iter().map(|parameter| parameter as &(dyn ToSql + Sync)).collect()
}
