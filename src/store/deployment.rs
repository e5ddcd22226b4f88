//! The deployment as a whole: what a restore and a copy change, and what files outside the database know of it.

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

/// Whether a program may use the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may.
    InUse,
    /// The file has seen it further than it is.
    Older,
    /// It was filled by a copy, and nobody has taken it into use.
    Copied {
        /// Whether the codes on paper are good in it.
        codes_live: bool,
    },
    /// A copy of it was made, to be used instead.
    Moved,
}

/// Where the database stands, for somebody who has a file or none.
pub async fn standing(db: &Db, witness: Option<&Witness>) -> Result<Standing, DbError> {
    let row = db
        .one(q!(
            "SELECT d.code_epoch, d.restored_at, d.copied_at, d.moved_at, w.mark
             FROM deployment d LEFT JOIN witness w ON w.id = $1",
            witness.map_or("", |witness| &witness.id)
        ))
        .await?;
    let row = row.ok_or(DbError::Inconsistent {
        column: "deployment".to_owned(),
        problem: "is not there".to_owned(),
    })?;
    let reached =
        |column| Ok::<_, DbError>(row.opt_time(column)?.unwrap_or(Timestamp::from_micros(i64::MIN)));
    let (mark, restored_at) = (reached("mark")?, reached("restored_at")?);
    if row.opt_time("moved_at")?.is_some() {
        return Ok(Standing::Moved);
    }
    // Before what comes next: a copy that was in use, and was itself put back from a copy made before that.
    if witness.is_some_and(|witness| mark < witness.mark && restored_at <= witness.mark) {
        return Ok(Standing::Older);
    }
    Ok(match row.opt_int("copied_at")? {
        Some(copied_at) => Standing::Copied { codes_live: row.int("code_epoch")? != copied_at },
        None => Standing::InUse,
    })
}

/// In a batch: a copy was put back. The epoch ends all that anybody holds; the order clock goes above all that was ever
/// used. `above` is an instant later than any use of what was lost: both count microseconds from here on and are raised
/// by one at a time, which no deployment does a million times a second, so neither number was ever used, not even when
/// the same copy is put back twice.
pub fn restored(above: Timestamp) -> [Statement; 2] {
    let epochs = q!(
        "UPDATE deployment SET epoch = CASE WHEN epoch < $1 THEN $1 ELSE epoch + 1 END,
             code_epoch = CASE WHEN code_epoch < $1 THEN $1 ELSE code_epoch + 1 END,
             restored_at = $1, copied_at = NULL, moved_at = NULL",
        above
    );
    [epochs.want(1), clock_above(above)]
}

/// In a batch: a copy is taken into use. The same, but for codes on paper: whether they are good in it was decided when it
/// was made.
pub fn taken_into_use(above: Timestamp) -> [Statement; 2] {
    let epoch = q!(
        "UPDATE deployment SET epoch = CASE WHEN epoch < $1 THEN $1 ELSE epoch + 1 END,
             restored_at = $1, copied_at = NULL WHERE copied_at IS NOT NULL",
        above
    );
    [epoch.want(1), clock_above(above)]
}

fn clock_above(above: Timestamp) -> Statement {
    q!("UPDATE order_clock SET value = CASE WHEN value < $1 THEN $1 ELSE value + 1 END", above).want(1)
}

/// With a copy: that it is one. `codes_live` is for one that was made of the database as it is, and in place of it.
pub fn copied(at: Timestamp, codes_live: bool) -> Statement {
    if codes_live {
        return q!("UPDATE deployment SET copied_at = $1, moved_at = NULL", at).want(1);
    }
    q!("UPDATE deployment SET copied_at = $1, moved_at = NULL, code_epoch = $1", at).want(1)
}

/// With a copy, in the database that it was made from: that it is to be used no more.
pub fn moved(at: Timestamp) -> Statement {
    q!("UPDATE deployment SET moved_at = $1", at).want(1)
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
