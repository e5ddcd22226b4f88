//! The thread that writes: batches that wait together share one commit.
//!
//! A commit costs one wait for the disk whatever it holds, so everything queued while the last one was on its
//! way goes into the next. Each is answered after the commit. A batch that fails fails alone: the group is undone, and
//! done again with each batch in a savepoint, which costs a copy of every page and is not paid for while all goes well.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::Receiver;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::connection::{self, Access, Fault, Opener};
use crate::store::db::error::{BatchError, DbError};
use crate::store::db::statement::{Affected, Batch, Statement};

/// Batches per commit at most: the first of a group waits for the last.
const GROUP: usize = 256;

/// What the writer is asked to do.
pub(super) enum Job {
    Batch(Pending),
    /// Something that needs the connection to itself, outside any transaction.
    Alone(Box<dyn FnOnce(&mut Connection) + Send>),
}

/// One batch, and where its answer goes.
pub(super) struct Pending {
    pub(super) batch: Batch,
    pub(super) reply: oneshot::Sender<Answer>,
}

type Answer = Result<Vec<Affected>, BatchError>;

/// Why a group was not committed.
enum Lost {
    /// One batch failed, and the whole transaction is given up for it: by us, or by SQLite when memory or disk run out.
    ByOneBatch(BatchError),
    /// The transaction could not be begun or committed.
    Whole(DbError),
}

/// Writes until the queue is closed and empty.
pub(super) fn run(mut connection: Connection, opener: &Opener, jobs: &Receiver<Job>) {
    let mut next = jobs.recv().ok();
    while let Some(job) = next.take() {
        // A panic drops the replies, which is an answer, and leaves the thread to serve the next.
        let _ = catch_unwind(AssertUnwindSafe(|| match job {
            Job::Alone(task) => task(&mut connection),
            Job::Batch(first) => {
                let mut group = vec![first];
                while group.len() < GROUP {
                    match jobs.try_recv() {
                        Ok(Job::Batch(pending)) => group.push(pending),
                        Ok(alone) => {
                            next = Some(alone);
                            break;
                        }
                        Err(_) => break,
                    }
                }
                commit(&connection, group);
            }
        }));
        make_idle(&mut connection, opener);
        next = next.or_else(|| jobs.recv().ok());
    }
}

/// Whatever happened, the next group starts outside a transaction.
fn make_idle(connection: &mut Connection, opener: &Opener) {
    if connection.is_autocommit() || control(connection, "ROLLBACK").is_ok() {
        return;
    }
    if let Ok(fresh) = opener.open(Access::Write) {
        *connection = fresh;
    }
}

fn commit(connection: &Connection, group: Vec<Pending>) {
    let error = match attempt(connection, &group) {
        Ok(answers) => {
            for (pending, answer) in group.into_iter().zip(answers) {
                let _ = pending.reply.send(answer); // whoever stopped waiting has no use for it
            }
            return;
        }
        Err(Lost::ByOneBatch(_)) if group.len() > 1 => {
            for pending in group {
                commit(connection, vec![pending]);
            }
            return;
        }
        Err(Lost::ByOneBatch(error)) => error,
        Err(Lost::Whole(error)) => error.into(),
    };
    if !connection.is_autocommit() {
        let _ = control(connection, "ROLLBACK"); // `make_idle` sees to it if this fails
    }
    for pending in group {
        let _ = pending.reply.send(Err(error.clone()));
    }
}

fn attempt(connection: &Connection, group: &[Pending]) -> Result<Vec<Answer>, Lost> {
    match together(connection, group) {
        Err(Lost::ByOneBatch(_)) if group.len() > 1 => {
            if !connection.is_autocommit() {
                control(connection, "ROLLBACK").map_err(Lost::Whole)?;
            }
            each_alone(connection, group)
        }
        done => done,
    }
}

fn together(connection: &Connection, group: &[Pending]) -> Result<Vec<Answer>, Lost> {
    control(connection, "BEGIN IMMEDIATE").map_err(Lost::Whole)?;
    let run = |pending: &Pending| run_statements(connection, pending.batch.statements());
    let done = group.iter().map(run).collect::<Result<Vec<_>, _>>().map_err(Lost::ByOneBatch)?;
    control(connection, "COMMIT").map_err(Lost::Whole)?;
    Ok(done.into_iter().map(Ok).collect())
}

fn each_alone(connection: &Connection, group: &[Pending]) -> Result<Vec<Answer>, Lost> {
    control(connection, "BEGIN IMMEDIATE").map_err(Lost::Whole)?;
    let mut answers = Vec::with_capacity(group.len());
    for pending in group {
        control(connection, "SAVEPOINT batch").map_err(Lost::Whole)?;
        let answer = run_statements(connection, pending.batch.statements());
        if let Err(error) = &answer {
            if connection.is_autocommit() {
                return Err(Lost::ByOneBatch(error.clone()));
            }
            control(connection, "ROLLBACK TO batch").map_err(Lost::Whole)?;
        }
        control(connection, "RELEASE batch").map_err(Lost::Whole)?;
        answers.push(answer);
    }
    control(connection, "COMMIT").map_err(Lost::Whole)?;
    Ok(answers)
}

fn run_statements(connection: &Connection, statements: &[Statement]) -> Answer {
    let mut done = Vec::with_capacity(statements.len());
    for (place, statement) in statements.iter().enumerate() {
        let label = statement.label();
        let affected = connection::execute(connection, statement).map_err(|fault| match fault {
            Fault::Unique(constraint) => BatchError::Unique { statement: place, label, constraint },
            Fault::Db(error) => error.into(),
        })?;
        if let Some(wanted) = statement.wanted().filter(|wanted| *wanted != affected.count) {
            return Err(BatchError::Unmet { statement: place, label, wanted, touched: affected.count });
        }
        done.push(affected);
    }
    Ok(done)
}

fn control(connection: &Connection, sql: &'static str) -> Result<(), DbError> {
    let ran = connection.prepare_cached(sql).and_then(|mut prepared| prepared.raw_execute());
    ran.map(|_| ()).map_err(|error| connection::failure(sql, &error))
}
