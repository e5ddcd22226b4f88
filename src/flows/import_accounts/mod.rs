//! People are read from a file.
//!
//! The whole file is staged and checked before any account is touched; then it is applied in short batches, between
//! which everybody else goes on writing. Each batch leaves whole accounts behind, so that a killed import is finished by
//! giving the same command again: what is as the file says is not written. Whoever the file does not name is left alone.
//!
//! It touches no credential, code, force or disabling. One closure it can open or make: `expired`, because maximum
//! lifetimes go by profile, and profiles are what a file says.

mod apply;
mod check;
mod line;
mod places;
mod read;
mod stage;

use std::io::{self, Read};
use std::time::Duration;

use thiserror::Error;

pub use self::line::{LineError, LineWarning};
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::csv_table::OnLine;
use crate::flows::import_territories::{TerritoryImportError, ensure_shipped};
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::db::{Batch, BatchError, DbError};

/// How many errors, and how many warnings, are told one by one. The others are counted.
pub const LISTED: usize = 10_000;

/// The rest between two batches. Another process that waits for its turn to write tries every millisecond.
const GIVE_WAY: Duration = Duration::from_millis(2);

/// What came of a file of people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Whether the good lines were applied. Without errors they always are.
    pub applied: bool,
    /// Lines with a person, good or not.
    pub people: u64,
    /// Accounts that are new.
    pub created: u64,
    /// Accounts whose names, login, e-mail, places or pupils are now as the file says.
    pub changed: u64,
    /// Accounts that were as the file says.
    pub unchanged: u64,
    /// Guardians who came to a new place because their pupil did.
    pub followed: u64,
    /// Schools seen for the first time.
    pub new_schools: u64,
    /// Classes seen for the first time.
    pub new_classes: u64,
    /// What is wrong, by line. Without `keep_going` nothing was applied then.
    pub errors: Findings<LineError>,
    /// What deserves a look, by line.
    pub warnings: Findings<LineWarning>,
}

/// What was found on lines: the first [`LISTED`] and the number of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings<T> {
    /// One by one.
    pub listed: Vec<OnLine<T>>,
    /// How many there are.
    pub count: u64,
}

impl<T> Default for Findings<T> {
    fn default() -> Self {
        Self { listed: Vec::new(), count: 0 }
    }
}

impl<T> Findings<T> {
    fn add(&mut self, line: u64, what: T) {
        self.count += 1;
        if self.listed.len() < LISTED {
            self.listed.push(OnLine { line, what });
        }
    }
}

/// How far an import has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Reading and staging.
    Read {
        /// Bytes of the file so far.
        bytes: u64,
    },
    /// The staged file is checked as a whole.
    Checking,
    /// Batches are applied.
    Applied {
        /// People so far.
        people: u64,
        /// People in all.
        of: u64,
    },
}

/// Why an import stopped. What had been applied stays; the same command finishes the rest.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("reading the file: {0}")]
    File(#[from] io::Error),
    /// Another import began.
    #[error("another import has begun since; give the command again when it is over")]
    TakenOver,
    /// Accounts of the file changed while it was applied, so that it no longer fits.
    #[error("accounts were changed by somebody else while the file was applied; give the command again")]
    Overtaken,
    /// The database cannot be asked.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<DbError> for ImportError {
    fn from(error: DbError) -> Self {
        Self::Unavailable(error.into())
    }
}

impl From<BatchError> for ImportError {
    fn from(error: BatchError) -> Self {
        match error.label() {
            Some(store::import::HELD) => Self::TakenOver,
            Some(_) => Self::Overtaken,
            None => Self::Unavailable(Unavailable::Db(error.into())),
        }
    }
}

impl From<TerritoryImportError> for ImportError {
    fn from(error: TerritoryImportError) -> Self {
        match error {
            TerritoryImportError::File(error) => Self::File(error),
            TerritoryImportError::Unavailable(error) => Self::Unavailable(error),
        }
    }
}

/// Reads people from `file`. With an error on any line nothing is applied, unless `keep_going`: then the good lines are.
/// A first line that does not name the columns, or a row without an end, always stops it.
///
/// `file` is read in pieces on the thread that polls.
pub async fn import_accounts(
    ctx: &Context,
    actor: &Actor,
    file: impl Read,
    keep_going: bool,
    mut progress: impl FnMut(Progress),
) -> Result<Report, ImportError> {
    ensure_shipped(ctx).await?;
    let import = Import { ctx, actor, id: ctx.new_id(ctx.clock.now()) };
    ctx.db.run(Batch::plain(store::import::begin(&import.id))).await?;
    let mut report = Report::default();
    let staged = stage::stage(&import, file, &mut report, &mut progress).await?;
    store::import::take_stock(&ctx.db).await?;
    progress(Progress::Checking);
    check::check(&import, &mut report).await?;
    if staged.is_readable && (keep_going || report.errors.count == 0) {
        apply::apply(&import, staged, &mut report, &mut progress).await?;
        report.applied = true;
    }
    ctx.db.run(Batch::plain(store::import::end(&import.id))).await?;
    report.errors.listed.sort_by_key(|error| error.line);
    report.warnings.listed.sort_by_key(|warning| warning.line);
    Ok(report)
}

/// One import on its way.
struct Import<'a> {
    ctx: &'a Context,
    actor: &'a Actor,
    /// Marks the staging tables as this import's.
    id: String,
}

#[cfg(test)]
mod tests;
