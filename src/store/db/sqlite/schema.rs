//! Migrations on SQLite: all that are missing, in one transaction.

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::connection;
use crate::domain::timestamp::Timestamp;
use crate::store::db::error::DbError;
use crate::store::db::migrate::{self, Applied, MigrateError, Migration};

const HISTORY: &str = "CREATE TABLE IF NOT EXISTS schema_version (
    version INTEGER PRIMARY KEY,
    checksum TEXT NOT NULL,
    usable_from INTEGER NOT NULL,
    applied_at INTEGER NOT NULL
) STRICT";

/// Applies what is missing of `known`. Two processes that start together take turns.
pub(super) fn migrate(
    connection: &mut Connection,
    known: &[Migration],
    now: Timestamp,
) -> Result<(), DbError> {
    let refused = |error: rusqlite::Error| connection::failure("migrate", &error);
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(refused)?;
    transaction.execute_batch(HISTORY).map_err(refused)?;
    let applied = history(&transaction).map_err(refused)?;
    let pending = migrate::pending(known, &applied)?;
    for migration in pending {
        apply(&transaction, migration, now).map_err(|error| {
            match connection::failure("migrate", &error) {
                DbError::Refused { reason, .. } => {
                    MigrateError::Failed { version: migration.version, reason }.into()
                }
                other => other,
            }
        })?;
    }
    transaction.commit().map_err(refused)
}

/// Refuses a schema that is not the one of `known`, and changes nothing.
pub(super) fn check(connection: &Connection, known: &[Migration]) -> Result<(), DbError> {
    let refused = |error: rusqlite::Error| connection::failure("check the schema", &error);
    let is_there = connection.table_exists(None, "schema_version").map_err(refused)?;
    let applied = if is_there { lines(connection).map_err(refused)? } else { Vec::new() };
    migrate::expect_none_pending(known, &applied)
}

fn history(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<Applied>> {
    transaction.execute_batch(HISTORY)?;
    lines(transaction)
}

fn lines(connection: &Connection) -> rusqlite::Result<Vec<Applied>> {
    let mut lines =
        connection.prepare("SELECT version, checksum, usable_from FROM schema_version ORDER BY version")?;
    let applied = lines.query_map([], |row| {
        Ok(Applied { version: row.get(0)?, checksum: row.get(1)?, usable_from: row.get(2)? })
    })?;
    applied.collect()
}

fn apply(transaction: &Transaction<'_>, migration: &Migration, now: Timestamp) -> rusqlite::Result<()> {
    transaction.execute_batch(&in_sqlite_words(migration))?;
    transaction.execute(
        "INSERT INTO schema_version (version, checksum, usable_from, applied_at) VALUES (?1, ?2, ?3, ?4)",
        params![migration.version, migration.checksum(), migration.usable_from, now.micros()],
    )?;
    Ok(())
}

/// The script with PostgreSQL's words replaced: `BIGINT` is `INTEGER`, and tables are `STRICT`, so that a
/// column holds its type and nothing else, as it does on PostgreSQL.
fn in_sqlite_words(migration: &Migration) -> String {
    let statements = migration.reworded(|word| (word == "BIGINT").then_some("INTEGER"));
    statements.into_iter().fold(String::new(), |mut script, statement| {
        let is_table = statement.get(..12).is_some_and(|start| start.eq_ignore_ascii_case("CREATE TABLE"));
        script.push_str(&statement);
        script.push_str(if is_table { " STRICT;\n" } else { ";\n" });
        script
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_become_strict_and_nothing_else_does() {
        let sql = "CREATE TABLE a ( -- what it is; and why
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL, BIGINTS BIGINT
);
CREATE INDEX a_at ON a (at);
INSERT INTO a VALUES ('x', 1, NULL);";
        insta::assert_snapshot!(in_sqlite_words(&Migration { version: 1, usable_from: 1, sql }), @r"
        CREATE TABLE a (
            id TEXT PRIMARY KEY,
            at INTEGER NOT NULL, BIGINTS INTEGER
        ) STRICT;
        CREATE INDEX a_at ON a (at);
        INSERT INTO a VALUES ('x', 1, NULL);
        ");
    }
}
