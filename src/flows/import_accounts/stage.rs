//! The file goes line by line into the staging tables. While one batch is written the next is read.

use std::io::Read;

use tokio::task::JoinHandle;

use crate::domain::account::AccountId;
use crate::flows::csv_table::{CsvTable, Next, OnLine, RowError};
use crate::store;
use crate::store::db::{Batch, BatchError, Db, DbError, Statement};
use crate::store::import::Turn;

use super::line::LineError;
use super::places::{NewPlace, Places};
use super::read::{self, Entry, Wrong};
use super::{GIVE_WAY, Import, ImportError, Progress, Report};

/// Statements per batch: some ten milliseconds of writing.
const STATEMENTS: usize = 2_000;

/// What is known of a file once it is staged.
pub(super) struct Staged {
    /// Whether it was read to its end.
    pub(super) is_readable: bool,
    /// Its last line with a person.
    pub(super) last_line: u64,
    /// Whether anybody is a guardian by `guardian_of`.
    pub(super) has_guardians: bool,
    /// Schools and classes to be written first.
    pub(super) new_places: Vec<NewPlace>,
}

/// Stages `file`, and puts what is wrong with single lines into the report.
pub(super) async fn stage(
    import: &Import<'_>,
    file: impl Read,
    report: &mut Report,
    progress: &mut impl FnMut(Progress),
) -> Result<Staged, ImportError> {
    let mut staged =
        Staged { is_readable: false, last_line: 0, has_guardians: false, new_places: Vec::new() };
    let mut table = match CsvTable::open(file, &read::COLUMNS)? {
        Ok(table) => table,
        Err(error) => {
            report.errors.add(1, LineError::Header(error));
            return Ok(staged);
        }
    };
    let mut stager = Stager::new(import, Places::load(&import.ctx.db).await?);
    staged.is_readable = true;
    loop {
        match table.next_row()? {
            Next::Row(row) => {
                report.people += 1;
                staged.last_line = row.line;
                match read::entry(&row) {
                    Ok(entry) => {
                        staged.has_guardians |= !entry.pupils.is_empty();
                        stager.add(entry, report).await?;
                    }
                    Err(wrong) => stager.refuse(row.line, wrong, report),
                }
            }
            Next::Unreadable(OnLine { line, what }) => {
                report.people += 1;
                staged.is_readable &= what != RowError::Endless;
                report.errors.add(line, LineError::Row(what));
            }
            Next::End => break,
        }
        if stager.statements.len() >= STATEMENTS {
            stager.send().await?;
            progress(Progress::Read { bytes: table.bytes_read() });
        }
    }
    stager.send().await?;
    staged.new_places = stager.finish().await?;
    progress(Progress::Read { bytes: table.bytes_read() });
    Ok(staged)
}

struct Stager<'a> {
    import: &'a Import<'a>,
    places: Places,
    statements: Vec<Statement>,
    in_flight: Option<JoinHandle<Result<(), BatchError>>>,
}

impl<'a> Stager<'a> {
    fn new(import: &'a Import<'a>, places: Places) -> Self {
        Self { import, places, statements: Vec::new(), in_flight: None }
    }

    async fn add(&mut self, entry: Entry, report: &mut Report) -> Result<(), ImportError> {
        let Entry { person, places, pupils, mut warnings } = entry;
        let db = &self.import.ctx.db;
        let mut paths = Vec::with_capacity(places.len());
        let mut errors = Vec::new();
        for place in &places {
            match self.places.path(db, place, &mut warnings).await? {
                Ok(path) => paths.push(path),
                Err(error) => errors.push(error),
            }
        }
        for warning in warnings {
            report.warnings.add(person.line, warning);
        }
        if !errors.is_empty() {
            let wrong = Wrong { identity: Some((person.source, person.key)), errors };
            self.refuse(person.line, wrong, report);
            return Ok(());
        }
        let turn = if pupils.is_empty() { Turn::First } else { Turn::Guardians };
        let fresh = AccountId(self.import.ctx.new_id(self.import.ctx.clock.now()));
        self.statements.push(store::import::stage(&person, turn, &fresh));
        self.statements.extend(paths.iter().map(|path| store::import::stage_place(person.line, path)));
        self.statements.extend(pupils.iter().map(|key| store::import::stage_pupil(person.line, key)));
        Ok(())
    }

    fn refuse(&mut self, line: u64, wrong: Wrong, report: &mut Report) {
        for error in wrong.errors {
            report.errors.add(line, error);
        }
        if let Some((source, key)) = wrong.identity {
            self.statements.push(store::import::stage_refused(line, &source, &key));
        }
    }

    /// Sends what has gathered, after the batch before it has been written.
    async fn send(&mut self) -> Result<(), ImportError> {
        self.settle().await?;
        let mut statements = vec![store::import::held(&self.import.id)];
        statements.append(&mut self.statements);
        self.in_flight = Some(tokio::spawn(write(self.import.ctx.db.clone(), statements)));
        Ok(())
    }

    async fn settle(&mut self) -> Result<(), ImportError> {
        match self.in_flight.take() {
            Some(written) => Ok(written.await.unwrap_or(Err(BatchError::Db(DbError::WorkerLost)))?),
            None => Ok(()),
        }
    }

    async fn finish(mut self) -> Result<Vec<NewPlace>, ImportError> {
        self.settle().await?;
        Ok(self.places.new)
    }
}

async fn write(db: Db, statements: Vec<Statement>) -> Result<(), BatchError> {
    db.run(Batch::plain(statements)).await?;
    tokio::time::sleep(GIVE_WAY).await;
    Ok(())
}
