//! A consistent copy of the file while it is in use.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::connection::{self, Access, Opener, create_private, file_error, sync_directory};
use crate::store::db::error::DbError;

/// Pages between two reports of progress: about 4 MiB.
const STEP: i32 = 1_000;

/// Copies the database to `dest`, which must not exist.
///
/// The copy grows under another name and takes `dest`'s only when it is whole and on disk: what is found at
/// `dest` after a crash is empty or a good copy.
pub(super) fn copy(opener: &Opener, dest: &Path, progress: impl FnMut(u64, u64)) -> Result<(), DbError> {
    let io_failed = |error: std::io::Error| file_error(dest, &error);
    create_private(dest).map_err(io_failed)?;
    let mut growing = dest.as_os_str().to_owned();
    growing.push(".partial");
    let growing = PathBuf::from(growing);
    let copied = create_private(&growing).map_err(|error| file_error(&growing, &error)).and_then(|_| {
        let copied = copy_pages(opener, &growing, progress).and_then(|()| {
            File::open(&growing).and_then(|file| file.sync_all()).map_err(io_failed)?;
            fs::rename(&growing, dest).and_then(|()| sync_directory(dest)).map_err(io_failed)
        });
        if copied.is_err() {
            let _ = fs::remove_file(&growing); // the error that is answered is the first one
        }
        copied
    });
    if copied.is_err() {
        let _ = fs::remove_file(dest);
    }
    copied
}

fn copy_pages(opener: &Opener, growing: &Path, mut progress: impl FnMut(u64, u64)) -> Result<(), DbError> {
    let failed = |error: rusqlite::Error| match connection::failure("copy", &error) {
        DbError::Refused { reason, .. } => file_error(growing, &reason),
        other => other,
    };
    let source = opener.open(Access::Read)?;
    // One snapshot from first page to last: without it every commit would send the copy back to its start.
    source.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema").map_err(failed)?;
    let mut target =
        Connection::open_with_flags(growing, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failed)?;
    let backup = Backup::new(&source, &mut target).map_err(failed)?;
    loop {
        match backup.step(STEP).map_err(failed)? {
            StepResult::Done => break,
            StepResult::More => {}
            _ => return Err(DbError::Busy), // the target is ours alone, so this is a stranger's lock on it
        }
        let pages = backup.progress();
        let (all, left) = (pages.pagecount.unsigned_abs(), pages.remaining.unsigned_abs());
        progress(u64::from(all.saturating_sub(left)), u64::from(all));
    }
    Ok(())
}
