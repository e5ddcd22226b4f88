//! What can go wrong with a database, said so that the caller knows what may be tried again.
//!
//! No variant carries a value that was read or written.

use super::migrate::MigrateError;

/// The database could not be asked, or answered what cannot be.
///
/// A request that meets one gets 503, never "wrong password" and never a token.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DbError {
    /// The queue in front of the database is full; nothing was done. Try again later.
    #[error("the database has more work than it can queue")]
    Overloaded,
    /// Another process held the write lock for the whole waiting time; nothing was done. Try again.
    #[error("another process keeps the database locked")]
    Busy,
    /// There is no room left to write; nothing was done.
    #[error("the disk of the database is full")]
    DiskFull,
    /// A server is there and this program may not use it, until somebody changes its settings.
    #[error("{store} {reason}")]
    Unsuitable {
        /// Which.
        store: &'static str,
        /// What is wrong with it, as the rest of a sentence.
        reason: String,
    },
    /// A server cannot be reached, or does not do what it is asked.
    #[error("{store} does not answer: {reason}")]
    Unreachable {
        /// Which.
        store: &'static str,
        /// What the client library or the server said.
        reason: String,
    },
    /// The thread that did the work stopped in the middle of it, or the connection was lost while a commit was on its
    /// way. Whether a batch was kept is not known.
    #[error("the database stopped before it answered")]
    WorkerLost,
    /// A column holds what the program never writes there.
    #[error("column {column} {problem}")]
    Inconsistent {
        /// The column as the statement names it.
        column: String,
        /// What is wrong, as the rest of a sentence.
        problem: String,
    },
    /// The engine refused; nothing was done.
    #[error("the database refused `{statement}`: {reason}")]
    Refused {
        /// The SQL text, or the step in words.
        statement: &'static str,
        /// The engine's own words.
        reason: String,
    },
    /// The database cannot be opened, created or copied.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// What the system or the engine said of it.
        reason: String,
    },
    /// The server cannot be reached, or is not one this program can work with; nothing was done.
    #[error("{server}: {reason}")]
    Server {
        /// Its address, without any secret.
        server: String,
        /// What the system or the server said.
        reason: String,
    },
    /// This engine cannot do it.
    #[error("{0}")]
    Unsupported(&'static str),
    /// The schema is not one this program can work with.
    #[error(transparent)]
    Schema(#[from] MigrateError),
}

/// A batch did not happen: none of its statements left anything behind.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BatchError {
    /// A statement touched another number of rows than it insisted on: what was decided upon has changed, so
    /// load and decide again.
    #[error("statement {statement} {label:?} touched {touched} rows, not {wanted}")]
    Unmet {
        /// Its place in the batch, from 0.
        statement: usize,
        /// The name given by [`Statement::named`](super::Statement::named), empty without one.
        label: &'static str,
        /// How many rows it insisted on.
        wanted: u64,
        /// How many it touched.
        touched: u64,
    },
    /// A row with this key exists already.
    #[error("statement {statement} {label:?} would break {constraint}")]
    Unique {
        /// Its place in the batch, from 0.
        statement: usize,
        /// The name given by [`Statement::named`](super::Statement::named), empty without one.
        label: &'static str,
        /// The engine's name for the key, for the log; engines differ.
        constraint: String,
    },
    /// Another process held the write lock for the whole waiting time. Try again.
    #[error("another process keeps the database locked")]
    Busy,
    /// The database itself failed.
    #[error(transparent)]
    Db(DbError),
}

impl BatchError {
    /// The name of the statement whose `want` was not met, or whose key exists already.
    pub const fn label(&self) -> Option<&'static str> {
        match self {
            Self::Unmet { label, .. } | Self::Unique { label, .. } => Some(label),
            Self::Busy | Self::Db(_) => None,
        }
    }
}

impl From<DbError> for BatchError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Busy => Self::Busy,
            error => Self::Db(error),
        }
    }
}

/// For a batch of which no statement can be unmet or collide, as a plain upsert.
impl From<BatchError> for DbError {
    fn from(error: BatchError) -> Self {
        match error {
            BatchError::Db(error) => error,
            BatchError::Busy => Self::Busy,
            BatchError::Unmet { .. } | BatchError::Unique { .. } => {
                Self::Refused { statement: "batch", reason: error.to_string() }
            }
        }
    }
}
