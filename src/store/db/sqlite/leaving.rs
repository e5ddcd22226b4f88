//! A file that is read from one end to the other, and that nobody else has open meanwhile.

use std::path::Path;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::connection::{self, Access, Opener, file_error};
use super::schema;
use crate::store::clock::Clock;
use crate::store::db::copy::{CHUNK, CopyError, LEFT_BEHIND, Shape};
use crate::store::db::error::DbError;
use crate::store::db::migrate::Migration;
use crate::store::db::row::Row;
use crate::store::db::statement::Statement;

/// What comes out of it, in this order: for each table its shape, its rows, and that there are no more.
pub(in crate::store::db) enum Piece {
    Table(Shape),
    Rows(Vec<Row>),
    End,
}

/// The file while it is read. Dropped, it is as it was.
pub(in crate::store::db) struct Leaving {
    /// All rows of it.
    pub(in crate::store::db) rows: u64,
    pub(in crate::store::db) tables: Vec<Shape>,
    pub(in crate::store::db) pieces: mpsc::Receiver<Result<Piece, DbError>>,
    part: oneshot::Sender<Parted>,
}

/// The last thing written into the file, and where the answer goes.
type Parted = (Statement, oneshot::Sender<Result<(), DbError>>);

impl Leaving {
    /// Takes the file for oneself, and begins to read it.
    pub(in crate::store::db) async fn begin(
        path: &Path,
        clock: &Clock,
        known: &'static [Migration],
    ) -> Result<Self, CopyError> {
        if !path.exists() {
            return Err(file_error(path, &"there is no such file").into());
        }
        let opener = Opener::create(path, clock)?;
        let name = path.display().to_string();
        let (opened, contents) = oneshot::channel::<Result<(Vec<Shape>, u64), DbError>>();
        let (sender, pieces) = mpsc::channel(4);
        let (part, parted) = oneshot::channel::<Parted>();
        tokio::task::spawn_blocking(move || {
            let (connection, tables) = match open(&opener, known) {
                Ok((connection, tables, rows)) => {
                    let _ = opened.send(Ok((tables.clone(), rows)));
                    (connection, tables)
                }
                Err(error) => {
                    let _ = opened.send(Err(error));
                    return;
                }
            };
            for shape in tables {
                if let Err(error) = send(&connection, &shape, &sender) {
                    let _ = sender.blocking_send(Err(error)); // nobody listening any more is how it is given up
                    return;
                }
            }
            drop(sender);
            // Until then nobody else can open it. Nobody who asks: the transaction is undone.
            if let Ok((statement, reply)) = parted.blocking_recv() {
                let _ = reply.send(leave(&connection, &statement));
            }
        });
        let (tables, rows) = match contents.await.unwrap_or(Err(DbError::WorkerLost)) {
            Err(DbError::Busy) => return Err(CopyError::InUse(name)),
            contents => contents?,
        };
        Ok(Self { rows, tables, pieces, part })
    }

    /// Writes the last thing into the file, and lets it go.
    pub(in crate::store::db) async fn part(self, last: Statement) -> Result<(), DbError> {
        let (reply, answer) = oneshot::channel();
        self.part.send((last, reply)).map_err(|_| DbError::WorkerLost)?;
        answer.await.unwrap_or(Err(DbError::WorkerLost))
    }
}

fn open(opener: &Opener, known: &[Migration]) -> Result<(Connection, Vec<Shape>, u64), DbError> {
    let connection = opener.open(Access::Alone)?;
    let failed = |error: rusqlite::Error| connection::failure("read", &error);
    connection.execute_batch("BEGIN EXCLUSIVE").map_err(failed)?;
    schema::check(&connection, known)?;
    let tables = shapes(&connection).map_err(failed)?;
    let mut rows = 0;
    for shape in &tables {
        let count = format!("SELECT count(*) FROM {}", shape.table);
        rows += connection.query_row(&count, [], |row| row.get::<_, i64>(0)).map_err(failed)?.unsigned_abs();
    }
    Ok((connection, tables, rows))
}

/// The tables in the order in which they were made: none refers to a later one.
fn shapes(connection: &Connection) -> rusqlite::Result<Vec<Shape>> {
    let mut tables = connection.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid",
    )?;
    let names = tables.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    let mut shapes = Vec::new();
    for table in names.into_iter().filter(|name| !LEFT_BEHIND.contains(&name.as_str())) {
        let mut columns =
            connection.prepare("SELECT name, type = 'INTEGER' FROM pragma_table_info($1) ORDER BY cid")?;
        let columns = columns
            .query_map([&table], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        shapes.push(Shape { table, columns });
    }
    Ok(shapes)
}

fn send(
    connection: &Connection,
    shape: &Shape,
    pieces: &mpsc::Sender<Result<Piece, DbError>>,
) -> Result<(), DbError> {
    let to = |piece: Piece| pieces.blocking_send(Ok(piece)).map_err(|_| DbError::WorkerLost);
    to(Piece::Table(shape.clone()))?;
    let mut chunk = Vec::with_capacity(CHUNK);
    let mut gone = Ok(());
    let sql = format!("SELECT {} FROM {}", shape.list(), shape.table);
    connection::visit_all(connection, &sql, |row| {
        chunk.push(row);
        if chunk.len() == CHUNK {
            gone = to(Piece::Rows(std::mem::take(&mut chunk)));
        }
        gone.is_ok()
    })?;
    gone?;
    to(Piece::Rows(chunk))?;
    to(Piece::End)
}

fn leave(connection: &Connection, last: &Statement) -> Result<(), DbError> {
    connection::execute(connection, last).map_err(|fault| match fault {
        connection::Fault::Db(error) => error,
        connection::Fault::Unique(reason) => DbError::Refused { statement: last.sql(), reason },
    })?;
    connection.execute_batch("COMMIT").map_err(|error| connection::failure("COMMIT", &error))
}
