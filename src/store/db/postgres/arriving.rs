//! A database that is filled with what comes out of a file, in one transaction.

use std::pin::pin;

use deadpool_postgres::{ClientWrapper, Transaction};
use tokio_postgres::Error;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::Type;

use super::failure::fault;
use super::read::references;
use super::value::{Parameter, rows};
use super::{Core, schema};
use crate::domain::timestamp::Timestamp;
use crate::store::db::copy::{CHUNK, Copied, CopyError, Digest, FROM_THE_BEGINNING, Parting, Shape};
use crate::store::db::error::DbError;
use crate::store::db::migrate::Migration;
use crate::store::db::sqlite::{Leaving, Piece};
use crate::store::db::statement::Statement;

/// Nobody else uses the database, and a table may take its time.
const PATIENCE: &str =
    "SET default_transaction_read_only = off; SET statement_timeout = 0; SET lock_timeout = '10s';
    SET idle_in_transaction_session_timeout = '10min'";

/// Whether there is anything in the schema that new tables are made in.
const IN_USE: &str =
    "SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace
    AND c.relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY c.relname LIMIT 1";

/// Makes the schema, unless it is there.
pub(super) async fn make_room(core: &Core, known: &[Migration], now: Timestamp) -> Result<(), CopyError> {
    let client = core.connection().await?;
    let failed = |error: Error| fault(core, "look", &error).into_error("look");
    let is_there =
        client.query_one("SELECT to_regclass('schema_version') IS NOT NULL", &[]).await.map_err(failed)?;
    if is_there.get(0) {
        schema::check(core, known).await?;
        return Ok(());
    }
    if let Some(row) = client.query_opt(IN_USE, &[]).await.map_err(failed)? {
        return Err(CopyError::NotEmpty { server: core.name.clone(), table: row.get(0) });
    }
    drop(client);
    Ok(schema::migrate(core, known, now).await?)
}

/// Fills it.
pub(super) async fn fill(
    core: &Core,
    mut leaving: Leaving,
    parting: Parting,
    mut progress: impl FnMut(u64, u64) + Send,
) -> Result<Vec<Copied>, CopyError> {
    let failed = |error: Error| fault(core, "copy", &error).into_error("copy");
    let mut client: ClientWrapper = core.own_connection().await?;
    client.batch_execute(PATIENCE).await.map_err(failed)?;
    let transaction = client.transaction().await.map_err(failed)?;
    let arriving = Arriving { core, transaction };
    arriving.clear(&leaving.tables).await?;
    let all = leaving.rows;
    let mut sent = 0;
    let mut copied = Vec::new();
    while let Some(piece) = leaving.pieces.recv().await {
        let Piece::Table(shape) = piece? else { return Err(DbError::WorkerLost.into()) };
        let left = arriving.take_in(&shape, &mut leaving, |rows| {
            sent += rows;
            progress(sent, all);
        });
        let left = left.await?;
        let found = arriving.read_back(&shape).await?;
        if left != found {
            return Err(CopyError::Differs { table: shape.table, sent: left.rows, found: found.rows });
        }
        arriving.tell(&format!("ANALYZE {}", shape.table)).await?;
        copied.push(Copied { table: shape.table, rows: found.rows, digest: found.text() });
    }
    if copied.len() != leaving.tables.len() {
        return Err(DbError::WorkerLost.into());
    }
    for statement in &parting.arrives {
        arriving.write(statement).await?;
    }
    // In this order: were the copy there before its source is given up, both could be used.
    leaving.part(parting.leaves).await?;
    arriving.transaction.commit().await.map_err(|_| CopyError::Unknown)?;
    Ok(copied)
}

struct Arriving<'a> {
    core: &'a Core,
    transaction: Transaction<'a>,
}

impl Arriving<'_> {
    fn failed(&self, error: &Error) -> DbError {
        fault(self.core, "copy", error).into_error("copy")
    }

    async fn tell(&self, sql: &str) -> Result<(), DbError> {
        self.transaction.batch_execute(sql).await.map_err(|error| self.failed(&error))
    }

    /// Keeps everybody else away, and makes sure that nobody has left anything there.
    async fn clear(&self, tables: &[Shape]) -> Result<(), CopyError> {
        for Shape { table, .. } in tables {
            self.tell(&format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")).await?;
            if FROM_THE_BEGINNING.contains(&table.as_str()) {
                self.tell(&format!("DELETE FROM {table}")).await?;
                continue;
            }
            let sql = format!("SELECT 1 FROM {table} LIMIT 1");
            let any = self.transaction.query_opt(sql.as_str(), &[]).await;
            if any.map_err(|error| self.failed(&error))?.is_some() {
                let server = self.core.name.clone();
                return Err(CopyError::NotEmpty { server, table: table.clone() });
            }
        }
        Ok(())
    }

    /// Writes the rows of one table, and answers what was sent.
    async fn take_in(
        &self,
        shape: &Shape,
        leaving: &mut Leaving,
        mut progress: impl FnMut(u64),
    ) -> Result<Digest, DbError> {
        let sql = format!("COPY {} ({}) FROM STDIN (FORMAT binary)", shape.table, shape.list());
        let sink = self.transaction.copy_in(sql.as_str()).await.map_err(|error| self.failed(&error))?;
        let types: Vec<_> = shape
            .columns
            .iter()
            .map(|(_, is_number)| if *is_number { Type::INT8 } else { Type::TEXT })
            .collect();
        let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
        let mut digest = Digest::default();
        while let Some(piece) = leaving.pieces.recv().await {
            let rows = match piece? {
                Piece::Rows(rows) => rows,
                Piece::End => {
                    writer.as_mut().finish().await.map_err(|error| self.failed(&error))?;
                    return Ok(digest);
                }
                Piece::Table(_) => break,
            };
            for row in &rows {
                digest.add(row.values());
                let values: Vec<_> = row.values().iter().map(Parameter).collect();
                writer.as_mut().write(&references(&values)).await.map_err(|error| self.failed(&error))?;
            }
            progress(rows.len() as u64);
        }
        Err(DbError::WorkerLost)
    }

    /// What the table holds now.
    async fn read_back(&self, shape: &Shape) -> Result<Digest, DbError> {
        let sql = format!("SELECT {} FROM {}", shape.list(), shape.table);
        let cursor = self.transaction.bind(sql.as_str(), &[]).await;
        let cursor = cursor.map_err(|error| self.failed(&error))?;
        let mut digest = Digest::default();
        loop {
            let answered =
                self.transaction.query_portal(&cursor, i32::try_from(CHUNK).unwrap_or(i32::MAX)).await;
            let answered = answered.map_err(|error| self.failed(&error))?;
            for row in rows(&answered)? {
                digest.add(row.values());
            }
            if answered.len() < CHUNK {
                return Ok(digest);
            }
        }
    }

    async fn write(&self, statement: &Statement) -> Result<(), DbError> {
        let values: Vec<_> = statement.values.iter().map(Parameter).collect();
        let done = self.transaction.execute(statement.sql(), &references(&values)).await;
        let touched = done.map_err(|error| self.failed(&error))?;
        match statement.wanted() {
            Some(wanted) if wanted != touched => Err(DbError::Refused {
                statement: statement.sql(),
                reason: format!("it touched {touched} rows"),
            }),
            _ => Ok(()),
        }
    }
}
