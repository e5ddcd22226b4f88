//! A batch: one transaction, sent at once, committed if every statement did what it had to.

use std::borrow::Cow;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use deadpool_postgres::Client;
use tokio_postgres::Error;

use super::failure::{Fault, ends_connection, fault};
use super::read::{answer, touch};
use super::value::rows;
use super::{Core, ORDER_LOCK};
use crate::store::db::error::{BatchError, DbError};
use crate::store::db::statement::{Affected, Batch, Hold, OrderLock, Statement};

/// How often a batch is begun of which nothing was kept: two batches may lock the same rows in another order, and a
/// connection may have died while nobody used it.
const TRIES: u32 = 4;

/// Why one attempt at a batch left nothing behind.
enum Undone {
    /// It may be begun anew at once.
    Again(BatchError),
    For(BatchError),
}

/// What one statement answered.
enum Answer {
    Count(u64),
    Rows(Vec<tokio_postgres::Row>),
}

type Step<'a> = Pin<Box<dyn Future<Output = Result<Answer, Error>> + Send + 'a>>;

/// A connection with a transaction open. Unless the transaction was seen to end, nobody else gets the connection.
struct Open(Option<Client>);

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(client) = self.0.take() {
            drop(Client::take(client));
        }
    }
}

impl Core {
    pub(super) async fn run(&self, batch: &Batch) -> Result<Vec<Affected>, BatchError> {
        let mut tries = TRIES;
        loop {
            tries -= 1;
            match self.attempt(batch).await {
                Ok(done) => return Ok(done),
                Err(Undone::Again(_)) if tries > 0 => {}
                Err(Undone::Again(error) | Undone::For(error)) => return Err(error),
            }
        }
    }

    async fn attempt(&self, batch: &Batch) -> Result<Vec<Affected>, Undone> {
        let client = self.connection().await.map_err(|error| Undone::For(error.into()))?;
        let mut prepared = Vec::with_capacity(batch.statements().len());
        for (place, statement) in batch.statements().iter().enumerate() {
            let ready = self.prepare(&client, statement, &text(statement)).await;
            prepared.push(ready.map_err(|fault| undone(place, statement, fault))?);
        }
        let begin = self.begin(batch.order_lock());
        let mut steps: Vec<Step<'_>> = Vec::with_capacity(prepared.len() + 1);
        let connection: &tokio_postgres::Client = &client;
        steps.push(Box::pin(async { connection.batch_execute(&begin).await.map(|()| Answer::Count(0)) }));
        for (statement, prepared) in batch.statements().iter().zip(&prepared) {
            steps.push(Box::pin(async move {
                if prepared.columns().is_empty() {
                    return touch(connection, prepared, &statement.values).await.map(Answer::Count);
                }
                answer(connection, prepared, &statement.values).await.map(Answer::Rows)
            }));
        }
        let answers = in_order(steps).await;
        let open = Open(Some(client));
        match self.judge(batch, answers) {
            Ok(done) => self.commit(open).await.map(|()| done),
            Err(undone) => {
                roll_back(open).await;
                Err(undone)
            }
        }
    }

    /// The lock has a statement of its own: taken by one that also checks, it would come later than that one's snapshot.
    fn begin(&self, lock: OrderLock) -> String {
        let lock = match lock {
            OrderLock::None => String::new(),
            OrderLock::Shared => format!("; SELECT pg_advisory_xact_lock_shared({ORDER_LOCK})"),
            OrderLock::Exclusive => format!("; SELECT pg_advisory_xact_lock({ORDER_LOCK})"),
        };
        let hand = self.set_hand("LOCAL").map_or_else(String::new, |set| format!("; {set}"));
        format!("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE{lock}{hand}")
    }

    /// What the statements did, unless one failed or was not met: the first of them counts, as the server runs the others
    /// in vain.
    fn judge(&self, batch: &Batch, answers: Vec<Result<Answer, Error>>) -> Result<Vec<Affected>, Undone> {
        let mut answers = answers.into_iter();
        if let Some(Err(error)) = answers.next() {
            return Err(match fault(self, "BEGIN", &error) {
                Fault::Again(error) => Undone::Again(error.into()),
                other => Undone::For(other.into_error("BEGIN").into()),
            });
        }
        let mut done = Vec::with_capacity(batch.statements().len());
        for ((place, statement), answer) in batch.statements().iter().enumerate().zip(answers) {
            let answer =
                answer.map_err(|error| undone(place, statement, fault(self, statement.sql(), &error)))?;
            let affected = match answer {
                Answer::Count(count) => Affected { count, rows: Vec::new() },
                Answer::Rows(answered) => {
                    let rows = rows(&answered).map_err(|error| Undone::For(error.into()))?;
                    Affected { count: rows.len() as u64, rows }
                }
            };
            if let Some(wanted) = statement.wanted().filter(|wanted| *wanted != affected.count) {
                let (label, touched) = (statement.label(), affected.count);
                return Err(Undone::For(BatchError::Unmet { statement: place, label, wanted, touched }));
            }
            done.push(affected);
        }
        Ok(done)
    }

    async fn commit(&self, mut open: Open) -> Result<(), Undone> {
        let Some(client) = &open.0 else { return Err(Undone::For(DbError::WorkerLost.into())) };
        match client.batch_execute("COMMIT").await {
            Ok(()) => {
                open.0.take();
                Ok(())
            }
            // Whether it had reached the server is not known.
            Err(error) if ends_connection(&error) => Err(Undone::For(DbError::WorkerLost.into())),
            Err(error) => Err(match fault(self, "COMMIT", &error) {
                Fault::Again(error) => Undone::Again(error.into()),
                other => Undone::For(other.into_error("COMMIT").into()),
            }),
        }
    }
}

async fn roll_back(mut open: Open) {
    if let Some(client) = &open.0
        && client.batch_execute("ROLLBACK").await.is_ok()
    {
        open.0.take();
    }
}

fn undone(place: usize, statement: &Statement, fault: Fault) -> Undone {
    match fault {
        Fault::Unique(constraint) => {
            Undone::For(BatchError::Unique { statement: place, label: statement.label(), constraint })
        }
        Fault::Again(error) => Undone::Again(error.into()),
        Fault::Db(error) => Undone::For(error.into()),
    }
}

/// The statement with what keeps the rows it read as they are.
fn text(statement: &Statement) -> Cow<'static, str> {
    let sql = statement.sql();
    match statement.hold() {
        None => sql.into(),
        Some(Hold::Shared) => format!("{sql} FOR SHARE").into(),
        Some(Hold::Alone) => format!("{sql} FOR NO KEY UPDATE").into(),
    }
}

/// Polls each step once, which sends it, and then waits for their answers, which come in the same order.
async fn in_order(mut steps: Vec<Step<'_>>) -> Vec<Result<Answer, Error>> {
    let mut answers: Vec<_> = steps.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (step, answer) in steps.iter_mut().zip(&mut answers) {
            if let Poll::Ready(ready) = step.as_mut().poll(context) {
                *answer = Some(ready);
            }
        }
        Poll::Ready(())
    })
    .await;
    let mut done = Vec::with_capacity(answers.len());
    for (step, answer) in steps.into_iter().zip(answers) {
        done.push(match answer {
            Some(answer) => answer,
            None => step.await,
        });
    }
    done
}
