//! Reads of a few rows, on the thread that asks.
//!
//! A hop to another thread and back costs many times what a look at a few rows does. So a read is begun where it is
//! asked for, and given up there once it has taken a few thousand steps or would have to wait for a lock: then one of
//! the threads that read begins it anew, and may take its time.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};

use rusqlite::Connection;

use super::connection::{self, Access, Opener};
use crate::store::db::error::DbError;
use crate::store::db::row::Row;
use crate::store::db::statement::Statement;

/// Steps of SQLite's machine after which a read is looked at: an account with all that the gate reads takes a few
/// hundred.
const PERIOD: i32 = 2_000;

/// Connections on which whoever asks reads.
pub(super) struct OnTheSpot(Vec<Mutex<Place>>);

struct Place {
    connection: Connection,
    /// How often the read under way was looked at. SQLite goes on counting from one run of a statement to the next, so
    /// that the first time says nothing.
    looks: Arc<AtomicU32>,
}

impl OnTheSpot {
    pub(super) fn open(opener: &Opener, places: usize) -> Result<Self, DbError> {
        (0..places).map(|_| Place::open(opener).map(Mutex::new)).collect::<Result<_, _>>().map(Self)
    }

    /// The rows, or nothing if this read is one for the threads.
    pub(super) fn read(&self, statement: &Statement) -> Option<Result<Vec<Row>, DbError>> {
        let place = self.0.iter().find_map(free)?;
        place.looks.store(0, Ordering::Relaxed);
        match connection::all(&place.connection, statement) {
            Err(DbError::Busy) => None,
            Err(_) if place.looks.load(Ordering::Relaxed) > 1 => None,
            answer => Some(answer),
        }
    }
}

impl Place {
    fn open(opener: &Opener) -> Result<Self, DbError> {
        let mut connection = opener.open(Access::Read)?;
        let failed = |error: rusqlite::Error| opener.failed(&error);
        connection.busy_handler(None::<fn(i32) -> bool>).map_err(failed)?;
        let looks = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&looks);
        let give_up = move || counted.fetch_add(1, Ordering::Relaxed) > 0;
        connection.progress_handler(PERIOD, Some(give_up)).map_err(failed)?;
        Ok(Self { connection, looks })
    }
}

/// A panic while it was held left nothing half done: a read has no state but its statement, which was reset.
fn free(place: &Mutex<Place>) -> Option<MutexGuard<'_, Place>> {
    match place.try_lock() {
        Ok(place) => Some(place),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}
