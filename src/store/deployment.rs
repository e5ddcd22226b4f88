//! The deployment as a whole: what a restore changes, and what files outside the database know of it.

use serde::{Deserialize, Serialize};

use crate::domain::timestamp::Timestamp;
use crate::store::db::{Batch, Db, DbError, Statement, q};

/// What one file outside the database has last been told of it. The file's row is written first, so a database that has
/// not got so far is an older copy, or another database. Each file has a row of its own: what one program writes into an
/// older copy makes it no newer for the files of the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    /// Which file.
    pub id: String,
    /// The database's time then, or more: it rises each time, also where a clock was put back.
    pub mark: Timestamp,
}

/// In a batch: a copy was put back. The epoch ends all that anybody holds; the order clock goes above all that was ever
/// used. `above` is an instant later than any use of what was lost: both count microseconds from here on and are raised
/// by one at a time, which no deployment does a million times a second, so neither number was ever used, not even when
/// the same copy is put back twice.
pub fn restored(above: Timestamp) -> [Statement; 2] {
    [
        q!(
            "UPDATE deployment SET epoch = CASE WHEN epoch < $1 THEN $1 ELSE epoch + 1 END, restored_at = $1",
            above
        )
        .want(1),
        q!("UPDATE order_clock SET value = CASE WHEN value < $1 THEN $1 ELSE value + 1 END", above).want(1),
    ]
}

/// Whether the database has got as far as the witness, or was declared restored since.
pub async fn knows(db: &Db, witness: &Witness) -> Result<bool, DbError> {
    let known = q!(
        "SELECT d.epoch FROM deployment d LEFT JOIN witness w ON w.id = $1 WHERE w.mark >= $2 OR d.restored_at > $2",
        witness.id.as_str(),
        witness.mark
    );
    Ok(db.one(known).await?.is_some())
}

/// Writes how far the database has got, for one file to be told.
pub async fn mark(db: &Db, id: String) -> Result<Witness, DbError> {
    let written = q!(
        "INSERT INTO witness (id, mark) VALUES ($1, now_us()) ON CONFLICT (id) DO UPDATE SET mark =
             CASE WHEN excluded.mark > witness.mark THEN excluded.mark ELSE witness.mark + 1 END
         RETURNING mark",
        id.as_str()
    );
    let done = db.run(Batch::plain(vec![written.want(1)])).await?;
    let row = done.first().and_then(|written| written.rows.first());
    let mark = row.map_or(Ok(Timestamp::from_micros(0)), |row| row.time("mark"))?;
    Ok(Witness { id, mark })
}
