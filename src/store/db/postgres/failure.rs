//! What the program makes of an error of the server or of the way there.

use std::error::Error as _;

use tokio_postgres::Error;
use tokio_postgres::error::{Severity, SqlState};

use super::Core;
use crate::store::db::error::DbError;

/// An error as far as it decides what happens next.
pub(super) enum Fault {
    /// A key exists already.
    Unique(String),
    /// The same work may succeed if it is begun anew at once: nothing of it was kept.
    Again(DbError),
    /// Anything else.
    Db(DbError),
}

impl Fault {
    pub(super) fn into_error(self, statement: &'static str) -> DbError {
        match self {
            Self::Unique(reason) => DbError::Refused { statement, reason },
            Self::Again(error) | Self::Db(error) => error,
        }
    }
}

/// Reads an error of a statement. Whatever it is, the transaction around the statement is not committed.
pub(super) fn fault(core: &Core, statement: &'static str, error: &Error) -> Fault {
    let Some(told) = error.as_db_error() else {
        // Refused before it was sent, as a marker of another type, or the connection was lost.
        return if error.is_closed() || is_of_the_way(error) {
            Fault::Again(core.failed("the connection was lost"))
        } else {
            Fault::Db(DbError::Refused { statement, reason: words(error) })
        };
    };
    let code = told.code();
    if *code == SqlState::UNIQUE_VIOLATION {
        return Fault::Unique(told.constraint().unwrap_or("a unique key").to_owned());
    }
    if [&SqlState::T_R_SERIALIZATION_FAILURE, &SqlState::T_R_DEADLOCK_DETECTED].contains(&code) {
        return Fault::Again(DbError::Busy);
    }
    if [&SqlState::LOCK_NOT_AVAILABLE, &SqlState::QUERY_CANCELED].contains(&code) {
        return Fault::Db(DbError::Busy);
    }
    if [&SqlState::DISK_FULL, &SqlState::OUT_OF_MEMORY].contains(&code) {
        return Fault::Db(if *code == SqlState::DISK_FULL { DbError::DiskFull } else { DbError::Overloaded });
    }
    // A migration changed what `SELECT *` answers, and the statement was prepared before it.
    let outdated = *code == SqlState::FEATURE_NOT_SUPPORTED && told.message().contains("cached plan");
    if outdated {
        return Fault::Again(DbError::Refused { statement, reason: words(error) });
    }
    if ends_connection(error) {
        return Fault::Again(core.failed(&words(error)));
    }
    Fault::Db(DbError::Refused { statement, reason: words(error) })
}

fn is_of_the_way(error: &Error) -> bool {
    error.source().and_then(|cause| cause.downcast_ref::<std::io::Error>()).is_some()
}

/// Whether the server has closed the connection with this error, or is about to.
pub(super) fn ends_connection(error: &Error) -> bool {
    error.as_db_error().is_none_or(|told| {
        matches!(told.parsed_severity(), Some(Severity::Fatal | Severity::Panic))
            || *told.code() == SqlState::READ_ONLY_SQL_TRANSACTION && told.message().contains("recovery")
    })
}

/// The server's words, as far as they repeat nothing that was read or written: it quotes a value that it cannot convert.
pub(super) fn words(error: &Error) -> String {
    match error.as_db_error() {
        Some(told) if told.code().code().starts_with("22") => {
            format!("a value does not fit ({})", told.code().code())
        }
        Some(told) => format!("{} ({})", told.message(), told.code().code()),
        None => match error.source() {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        },
    }
}
