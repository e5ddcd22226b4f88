//! One connection to the file: how it is opened, and how a statement runs on it.

use std::fmt::Display;
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

use crate::store::clock::Clock;
use crate::store::db::error::DbError;
use crate::store::db::row::Row;
use crate::store::db::statement::{Affected, Statement, Value};

/// How long a connection waits for another process that is writing, in steps of a millisecond. SQLite's own
/// waiting backs off to a tenth of a second, and would find the lock taken each time by a command line that
/// writes one batch after the other.
const BUSY_STEPS: i32 = 5_000;

/// Statements kept prepared per connection: more than the program has.
const PREPARED: usize = 512;

/// What a connection may do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
    /// Once the first transaction has begun, nobody else has the file open.
    Alone,
}

/// Opens connections to one file, all alike.
#[derive(Clone)]
pub(super) struct Opener {
    path: PathBuf,
    clock: Clock,
}

impl Opener {
    /// Makes the file, readable by its owner only, unless it is there. SQLite gives its side files the same
    /// mode.
    pub(super) fn create(path: &Path, clock: &Clock) -> Result<Self, DbError> {
        let opener = Self { path: path.to_owned(), clock: clock.clone() };
        match create_private(path) {
            Ok(_) => Ok(opener),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(opener),
            Err(error) => Err(opener.failed(&error)),
        }
    }

    pub(super) fn open(&self, access: Access) -> Result<Connection, DbError> {
        self.connect(access).map_err(|error| match failure("open", &error) {
            DbError::Refused { reason, .. } => self.failed(&reason),
            other => other,
        })
    }

    /// The error for this file.
    pub(super) fn failed(&self, reason: &dyn Display) -> DbError {
        file_error(&self.path, reason)
    }

    fn connect(&self, access: Access) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_handler(Some(wait_for_lock))?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        let clock = self.clock.clone();
        connection.create_scalar_function("now_us", 0, FunctionFlags::SQLITE_UTF8, move |_| {
            Ok(clock.now().micros())
        })?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // Otherwise a statement is parsed and planned anew whenever other values are bound to it.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        match access {
            Access::Read => connection.pragma_update(None, "query_only", true)?,
            // The journal is what it was: changing it is what nobody may do while others have the file open.
            Access::Alone => connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?,
            Access::Write => {
                enter_wal(&connection)?;
                connection.pragma_update(None, "synchronous", "FULL")?;
                // What a savepoint may have to undo stays in memory: a service's temporary directory may be
                // closed to it.
                connection.pragma_update(None, "temp_store", "MEMORY")?;
                // After a peak (an import, a long walk) the log file shrinks again.
                connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
            }
        }
        Ok(connection)
    }
}

/// Makes a file that only its owner may read or write, and makes its name survive a power cut.
pub(super) fn create_private(path: &Path) -> std::io::Result<File> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    sync_directory(path)?;
    Ok(file)
}

/// Writes the directory entry of `path` to disk.
pub(super) fn sync_directory(path: &Path) -> std::io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

pub(super) fn file_error(path: &Path, reason: &dyn Display) -> DbError {
    DbError::File { path: path.display().to_string(), reason: reason.to_string() }
}

/// Two processes that open a new file at the same moment both want to change its mode, and SQLite does not
/// wait in all of these cases.
fn enter_wal(connection: &Connection) -> rusqlite::Result<()> {
    let mut steps = 0;
    loop {
        let mode =
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
        match mode {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => {
                let reason = format!("the file system allows journal mode {mode} only, and WAL is needed");
                return Err(rusqlite::Error::SqliteFailure(
                    ffi::Error::new(ffi::SQLITE_CANTOPEN),
                    Some(reason),
                ));
            }
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                if !wait_for_lock(steps) {
                    return Err(error);
                }
                steps += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

fn wait_for_lock(steps: i32) -> bool {
    thread::sleep(Duration::from_millis(1));
    steps < BUSY_STEPS
}

/// Why a statement did not run.
pub(super) enum Fault {
    Unique(String),
    Db(DbError),
}

/// What the program makes of an error of the engine.
pub(super) fn failure(statement: &'static str, error: &rusqlite::Error) -> DbError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => DbError::Busy,
        Some(ErrorCode::DiskFull) => DbError::DiskFull,
        _ => DbError::Refused { statement, reason: error.to_string() },
    }
}

/// Runs a `SELECT` and collects its rows.
pub(super) fn all(connection: &Connection, statement: &Statement) -> Result<Vec<Row>, DbError> {
    let mut rows = Vec::new();
    visit(connection, statement, |row| {
        rows.push(row);
        true
    })?;
    Ok(rows)
}

/// Runs a `SELECT` and hands over its rows one by one, until `take` answers `false`.
pub(super) fn visit(
    connection: &Connection,
    statement: &Statement,
    take: impl FnMut(Row) -> bool,
) -> Result<(), DbError> {
    let mut prepared =
        connection.prepare_cached(statement.sql).map_err(|error| failure(statement.sql, &error))?;
    bind(&mut prepared, statement)?;
    step(&mut prepared, statement.sql, take).map_err(|fault| match fault {
        Fault::Db(error) => error,
        Fault::Unique(reason) => DbError::Refused { statement: statement.sql, reason },
    })
}

/// Reads what a text made of constants answers, row by row, until `take` answers `false`.
pub(super) fn visit_all(
    connection: &Connection,
    sql: &str,
    take: impl FnMut(Row) -> bool,
) -> Result<(), DbError> {
    let mut prepared = connection.prepare(sql).map_err(|error| failure("read", &error))?;
    step(&mut prepared, "read", take).map_err(|fault| match fault {
        Fault::Db(error) => error,
        Fault::Unique(reason) => DbError::Refused { statement: "read", reason },
    })
}

/// Runs any statement and counts what it did.
pub(super) fn execute(connection: &Connection, statement: &Statement) -> Result<Affected, Fault> {
    let sql = statement.sql;
    let mut prepared = connection.prepare_cached(sql).map_err(|error| fault(sql, &error))?;
    bind(&mut prepared, statement).map_err(Fault::Db)?;
    if prepared.column_count() == 0 {
        let count = prepared.raw_execute().map_err(|error| fault(sql, &error))?;
        return Ok(Affected { count: count as u64, rows: Vec::new() });
    }
    let mut rows = Vec::new();
    step(&mut prepared, sql, |row| {
        rows.push(row);
        true
    })?;
    Ok(Affected { count: rows.len() as u64, rows })
}

fn step(
    prepared: &mut rusqlite::Statement<'_>,
    sql: &'static str,
    mut take: impl FnMut(Row) -> bool,
) -> Result<(), Fault> {
    let columns: Arc<[String]> = prepared.column_names().map(str::to_owned).collect();
    let mut rows = prepared.raw_query();
    while let Some(row) = rows.next().map_err(|error| fault(sql, &error))? {
        let mut values = Vec::with_capacity(columns.len());
        for (place, column) in columns.iter().enumerate() {
            let value = row.get_ref(place).map_err(|error| fault(sql, &error))?;
            values.push(owned(value, column).map_err(Fault::Db)?);
        }
        if !take(Row::new(Arc::clone(&columns), values)) {
            break;
        }
    }
    Ok(())
}

fn owned(value: ValueRef<'_>, column: &str) -> Result<Value, DbError> {
    let problem = match value {
        ValueRef::Null => return Ok(Value::Null),
        ValueRef::Integer(number) => return Ok(Value::Int(number)),
        ValueRef::Text(bytes) => match str::from_utf8(bytes) {
            Ok(text) => return Ok(Value::from(text)),
            Err(_) => "is not UTF-8",
        },
        ValueRef::Real(_) => "is a floating-point number, which the schema does not have",
        ValueRef::Blob(_) => "is a blob, which the schema does not have",
    };
    Err(DbError::Inconsistent { column: column.to_owned(), problem: problem.to_owned() })
}

/// SQLite numbers `$n` markers by first appearance and takes the digits for a name, so each is bound by what
/// its name says.
fn bind(prepared: &mut rusqlite::Statement<'_>, statement: &Statement) -> Result<(), DbError> {
    let mismatch = || DbError::Refused {
        statement: statement.sql,
        reason: format!("its markers are not $1 to ${}", statement.values.len()),
    };
    let markers = prepared.parameter_count();
    if markers != statement.values.len() {
        return Err(mismatch());
    }
    for place in 1..=markers {
        let number = prepared.parameter_name(place).and_then(|name| name.strip_prefix('$'));
        let number = number.and_then(|digits| digits.parse::<usize>().ok());
        let value = number.and_then(|number| statement.values.get(number.checked_sub(1)?));
        let value = value.ok_or_else(mismatch)?;
        prepared.raw_bind_parameter(place, value).map_err(|error| failure(statement.sql, &error))?;
    }
    Ok(())
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

fn fault(statement: &'static str, error: &rusqlite::Error) -> Fault {
    match error {
        rusqlite::Error::SqliteFailure(code, message)
            if matches!(
                code.extended_code,
                ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_UNIQUE
            ) =>
        {
            Fault::Unique(message.clone().unwrap_or_default())
        }
        _ => Fault::Db(failure(statement, error)),
    }
}
