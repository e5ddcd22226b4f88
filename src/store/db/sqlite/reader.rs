//! The threads that read. They share one queue, so that a slow statement holds up one of them and no other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::Receiver;
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::connection::{self, Access, Opener};
use crate::store::db::error::DbError;
use crate::store::db::row::Row;
use crate::store::db::statement::Statement;

/// One read, and where its answer goes.
pub(super) struct Job {
    pub(super) statement: Statement,
    pub(super) reply: oneshot::Sender<Result<Vec<Row>, DbError>>,
}

/// Reads until the queue is closed and empty.
pub(super) fn run(connection: &Connection, jobs: &Mutex<Receiver<Job>>) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { statement, reply }) = job else { return };
        if reply.is_closed() {
            continue; // after a rush the queue is full of those who gave up
        }
        // A panic drops `reply`, which is an answer, and leaves the thread to serve the next.
        let _ = catch_unwind(AssertUnwindSafe(|| reply.send(connection::all(connection, &statement))));
    }
}

/// Reads one statement on a connection of its own and sends its rows in chunks, until they end, something
/// fails or nobody listens.
pub(super) fn walk(
    opener: &Opener,
    statement: &Statement,
    chunk_rows: usize,
    chunks: &mpsc::Sender<Result<Vec<Row>, DbError>>,
) {
    let mut chunk = Vec::new();
    let walked = opener.open(Access::Read).and_then(|connection| {
        connection::visit(&connection, statement, |row| {
            chunk.push(row);
            chunk.len() < chunk_rows || chunks.blocking_send(Ok(std::mem::take(&mut chunk))).is_ok()
        })
    });
    let last = match walked {
        Ok(()) if chunk.is_empty() => return,
        Ok(()) => Ok(chunk),
        Err(error) => Err(error),
    };
    let _ = chunks.blocking_send(last); // nobody listening any more is how a walk is ended early
}
