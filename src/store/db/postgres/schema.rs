//! Migrations on PostgreSQL: one transaction each, one program at a time.

use deadpool_postgres::ClientWrapper;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Error, Row};

use super::failure::{fault, words};
use super::{Core, MIGRATION_LOCK};
use crate::domain::timestamp::Timestamp;
use crate::store::db::error::DbError;
use crate::store::db::migrate::{self, Applied, MigrateError, Migration};

const HISTORY: &str = "CREATE TABLE IF NOT EXISTS schema_version (
    version BIGINT PRIMARY KEY,
    checksum TEXT COLLATE \"C\" NOT NULL,
    usable_from BIGINT NOT NULL,
    applied_at BIGINT NOT NULL
)";

/// The database's time, the same all through a statement. It is the instant the statement arrived: whatever it waited
/// for, it waited before, in a statement of its own.
const NOW: &str = "CREATE OR REPLACE FUNCTION now_us() RETURNS BIGINT LANGUAGE sql STABLE PARALLEL SAFE AS
    'SELECT CAST(extract(epoch FROM statement_timestamp()) * 1000000 AS BIGINT)'";

/// The same by a clock that is moved by hand, for tests.
const NOW_BY_HAND: &str = "CREATE OR REPLACE FUNCTION now_us() RETURNS BIGINT LANGUAGE sql STABLE AS
    'SELECT CAST(current_setting(''ecluse.now_us'') AS BIGINT)'";

/// A script that changes a table waits for whoever is reading it, and everybody who comes later waits for the script: so it
/// waits a moment only, lets them pass, and tries again.
const PATIENCE: &str = "SET LOCAL lock_timeout = '1s'";
const TRIES: u32 = 60;

/// Applies what is missing of `known`. Two programs that start together take turns.
pub(super) async fn migrate(core: &Core, known: &[Migration], now: Timestamp) -> Result<(), DbError> {
    let failed = |error: Error| fault(core, "migrate", &error).into_error("migrate");
    let mut client = core.own_connection().await?;
    let begin = format!(
        "SET statement_timeout = 0; SET lock_timeout = '60s'; SET idle_in_transaction_session_timeout = '60s';
         SET default_transaction_read_only = off; SELECT pg_advisory_lock({MIGRATION_LOCK})"
    );
    client.batch_execute(&begin).await.map_err(failed)?;
    let migrated = apply_pending(core, &mut client, known, now).await;
    // Closing the connection would do it as well, but the next in turn would wait for the server to notice.
    let _ = client.batch_execute(&format!("SELECT pg_advisory_unlock({MIGRATION_LOCK})")).await;
    migrated
}

async fn apply_pending(
    core: &Core,
    client: &mut ClientWrapper,
    known: &[Migration],
    now: Timestamp,
) -> Result<(), DbError> {
    let failed = |error: Error| fault(core, "migrate", &error).into_error("migrate");
    let begun = client.transaction().await.map_err(failed)?;
    begun.batch_execute(HISTORY).await.map_err(failed)?;
    begun
        .batch_execute(if core.clock.by_hand().is_some() { NOW_BY_HAND } else { NOW })
        .await
        .map_err(failed)?;
    begun.commit().await.map_err(failed)?;
    let applied = history(client).await.map_err(failed)?;
    for migration in migrate::pending(known, &applied)? {
        let mut tries = TRIES;
        while let Err(error) = apply(core, client, migration, now).await {
            tries -= 1;
            if tries == 0 || error.code() != Some(&SqlState::LOCK_NOT_AVAILABLE) {
                return Err(MigrateError::Failed { version: migration.version, reason: words(&error) }.into());
            }
        }
    }
    Ok(())
}

async fn apply(
    core: &Core,
    client: &mut ClientWrapper,
    migration: &Migration,
    now: Timestamp,
) -> Result<(), Error> {
    let transaction = client.transaction().await?;
    if let Some(set) = core.set_hand("LOCAL") {
        transaction.batch_execute(&set).await?;
    }
    transaction.batch_execute(PATIENCE).await?;
    transaction.batch_execute(&in_byte_order(migration)).await?;
    let line =
        "INSERT INTO schema_version (version, checksum, usable_from, applied_at) VALUES ($1, $2, $3, $4)";
    let Migration { version, usable_from, .. } = migration;
    transaction.execute(line, &[version, &migration.checksum(), usable_from, &now.micros()]).await?;
    transaction.commit().await
}

async fn history(client: &ClientWrapper) -> Result<Vec<Applied>, Error> {
    let sql = "SELECT version, checksum, usable_from FROM schema_version ORDER BY version";
    let lines = client.query(sql, &[]).await?;
    let applied =
        |line: &Row| Applied { version: line.get(0), checksum: line.get(1), usable_from: line.get(2) };
    Ok(lines.iter().map(applied).collect())
}

/// Refuses a schema that has not had all of `known`, or that a program which knows no more may not use.
pub(super) async fn check(core: &Core, known: &[Migration]) -> Result<(), DbError> {
    let failed = |error: Error| fault(core, "check the schema", &error).into_error("check the schema");
    let client = core.connection().await?;
    let is_there = client.query_one("SELECT to_regclass('schema_version') IS NOT NULL", &[]).await;
    let applied =
        if is_there.map_err(failed)?.get(0) { history(&client).await.map_err(failed)? } else { Vec::new() };
    migrate::expect_none_pending(known, &applied)
}

/// The script with every text in the order of its bytes, as SQLite has it: paths are searched by ranges, and what is
/// listed must be listed alike.
fn in_byte_order(migration: &Migration) -> String {
    migration.reworded(|word| (word == "TEXT").then_some("TEXT COLLATE \"C\"")).join(";\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_ordered_by_their_bytes_and_nothing_else_changes() {
        let sql = "CREATE TABLE a ( -- TEXT; or not
    id TEXT PRIMARY KEY, CONTEXT BIGINT, note TEXT
);
CREATE INDEX a_id ON a (id);";
        insta::assert_snapshot!(in_byte_order(&Migration { version: 1, usable_from: 1, sql }), @r#"
        CREATE TABLE a (
            id TEXT COLLATE "C" PRIMARY KEY, CONTEXT BIGINT, note TEXT COLLATE "C"
        );
        CREATE INDEX a_id ON a (id)
        "#);
    }
}
