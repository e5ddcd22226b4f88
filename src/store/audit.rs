//! The audit log: one line for every act, written in the batch of the act, and given its place in the chain afterwards, so
//! that no request waits for another's line.

use crate::domain::account::AccountId;
use crate::domain::audit_chain::{Cut, Head, Line, Question};
use crate::domain::event::AuditLine;
use crate::domain::timestamp::Timestamp;
use crate::store::db::{Db, DbError, Row, Statement, Value, q};

/// In a batch: one line.
pub fn write(id: &str, at: Timestamp, line: &AuditLine) -> Statement {
    q!(
        "INSERT INTO audit (id, at, actor, territory, act, object, count, reason, address, request_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        id,
        at,
        line.actor.as_str(),
        line.territory.as_deref(),
        line.act.as_str(),
        line.object.as_str(),
        line.count,
        line.reason.as_deref(),
        line.address.as_deref(),
        line.request_id.as_deref()
    )
    .want(1)
}

/// Whether one of two operators may be the other, or both a third: whether the first gave the second a role, a code or a reset at
/// this instant or later, or somebody could sign in as both. Whoever gave somebody a code or a second factor may be them, and be whomever
/// these gave one to, and so on; everybody may be themselves. Whoever has a shell on the host does not count: they may do everything anyway.
pub async fn are_beholden(db: &Db, first: &str, second: &str, since: Timestamp) -> Result<bool, DbError> {
    if first == second {
        return Ok(false);
    }
    let sql = q!(
        "WITH RECURSIVE may_be_first (who) AS (
             SELECT 'account:' || a.id FROM account a WHERE a.id = substr($1, 9)
             UNION SELECT l.actor FROM may_be_first m JOIN audit l ON l.object = m.who
                 WHERE l.at >= $3 AND l.actor >= 'account:' AND l.actor < 'account;'
                     AND l.act IN ('code.issue', 'code.print', 'code.renew', 'factor.reset')),
         may_be_second (who) AS (
             SELECT 'account:' || a.id FROM account a WHERE a.id = substr($2, 9)
             UNION SELECT l.actor FROM may_be_second m JOIN audit l ON l.object = m.who
                 WHERE l.at >= $3 AND l.actor >= 'account:' AND l.actor < 'account;'
                     AND l.act IN ('code.issue', 'code.print', 'code.renew', 'factor.reset'))
         SELECT one.who FROM may_be_first one JOIN may_be_second other ON other.who = one.who
         UNION ALL SELECT l.id FROM audit l WHERE l.at >= $3 AND l.object = $2 AND l.actor = $1
             AND l.act IN ('operator.ask', 'operator.grant', 'password.force', 'account.enable')
         LIMIT 1",
        first,
        second,
        since
    );
    Ok(db.one(sql).await?.is_some())
}

/// How often somebody acted alone since this instant where a second person is asked for.
pub async fn glass_broken(db: &Db, since: Timestamp) -> Result<i64, DbError> {
    let sql = q!("SELECT COUNT(*) AS times FROM audit WHERE act = 'break_glass' AND at >= $1", since);
    db.one(sql).await?.map_or(Ok(0), |row| row.int("times"))
}

/// The end of the chain.
pub async fn head(db: &Db) -> Result<Head, DbError> {
    let row = db.one(q!("SELECT place, tag FROM audit_head WHERE singleton = 1")).await?;
    row.as_ref().map(head_of).transpose()?.ok_or_else(|| DbError::Inconsistent {
        column: "audit_head".to_owned(),
        problem: "has no row".to_owned(),
    })
}

/// What was done to an account, the latest first, behind a line; at most `limit`.
pub async fn of_account(
    db: &Db,
    account: &AccountId,
    after: Option<&(Timestamp, String)>,
    limit: u32,
) -> Result<Vec<Line>, DbError> {
    let (at, id) = after.map_or((Timestamp::from_micros(i64::MAX), ""), |(at, id)| (*at, id.as_str()));
    let sql = q!(
        "SELECT id, at, actor, territory, act, object, count, reason, address, request_id FROM audit
         WHERE object = $1 AND (at < $2 OR at = $2 AND id < $3) ORDER BY at DESC, id DESC LIMIT $4",
        format!("account:{}", account.0),
        at,
        id,
        limit
    );
    db.all(sql).await?.iter().map(line_of).collect()
}

/// When somebody else last forced a change on an account, or gave it a new code.
pub async fn last_reset(db: &Db, account: &AccountId) -> Result<Option<Timestamp>, DbError> {
    let sql = q!(
        "SELECT at FROM audit WHERE object = $1 AND act IN ('password.force', 'code.issue', 'code.renew') AND actor <> $1
         ORDER BY at DESC LIMIT 1",
        format!("account:{}", account.0)
    );
    db.one(sql).await?.map(|row| row.time("at")).transpose()
}

/// The oldest lines that have no place yet, at most `limit`.
pub async fn unsealed(db: &Db, limit: usize) -> Result<Vec<Line>, DbError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let sql = q!(
        "SELECT id, at, actor, territory, act, object, count, reason, address, request_id FROM audit
         WHERE place IS NULL ORDER BY at, id LIMIT $1",
        limit
    );
    db.all(sql).await?.iter().map(line_of).collect()
}

/// In a batch, first: the end of the chain moves, if it is still where it was.
pub fn move_head(from: &Head, to: &Head) -> Statement {
    q!(
        "UPDATE audit_head SET place = $3, tag = $4 WHERE singleton = 1 AND place = $1 AND tag = $2",
        from.place,
        from.tag.as_str(),
        to.place,
        to.tag.as_str()
    )
    .want(1)
}

/// In a batch: a line is given its place.
pub fn seal(line: &Line, sealed: &Head) -> Statement {
    q!(
        "UPDATE audit SET place = $2, tag = $3 WHERE id = $1 AND place IS NULL",
        line.id.as_str(),
        sealed.place,
        sealed.tag.as_str()
    )
    .want(1)
}

/// How many lines wait for their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsealed {
    /// At most [`COUNTED`].
    pub lines: i64,
    /// The oldest.
    pub since: Option<Timestamp>,
}

/// How far is counted.
pub const COUNTED: i64 = 100_000;

/// How many lines wait for their place.
pub async fn waiting(db: &Db) -> Result<Unsealed, DbError> {
    let sql = q!(
        "SELECT COUNT(*) AS lines, MIN(at) AS since
         FROM (SELECT at FROM audit WHERE place IS NULL ORDER BY at, id LIMIT $1) w",
        COUNTED
    );
    let row = db.one(sql).await?;
    let counted =
        row.map(|row| Ok::<_, DbError>(Unsealed { lines: row.int("lines")?, since: row.opt_time("since")? }));
    Ok(counted.transpose()?.unwrap_or(Unsealed { lines: 0, since: None }))
}

/// A piece of the chain.
pub enum Link {
    /// Comes first, where the oldest lines were removed.
    Cut(Cut),
    /// A sealed line.
    Line(Head, Line),
    /// Comes last: where the chain ends.
    Head(Head),
}

/// The chain, from where it begins to its head, all of one snapshot: for a walk, with [`link`] for each row.
pub fn chain() -> Statement {
    q!("SELECT CAST(0 AS BIGINT) AS kind, place, tag, seal AS id, at, '' AS actor, CAST(NULL AS TEXT) AS territory, '' AS act,
            '' AS object, CAST(NULL AS BIGINT) AS count, CAST(NULL AS TEXT) AS reason, CAST(NULL AS TEXT) AS address,
            CAST(NULL AS TEXT) AS request_id
        FROM audit_cut
        UNION ALL
        SELECT CAST(1 AS BIGINT), place, tag, id, at, actor, territory, act, object, count, reason, address, request_id
        FROM audit WHERE place IS NOT NULL
        UNION ALL
        SELECT CAST(2 AS BIGINT), place, tag, '', CAST(0 AS BIGINT), '', CAST(NULL AS TEXT), '', '', CAST(NULL AS BIGINT),
            CAST(NULL AS TEXT), CAST(NULL AS TEXT), CAST(NULL AS TEXT)
        FROM audit_head
        ORDER BY kind, place")
}

/// A row of [`chain`].
pub fn link(row: &Row) -> Result<Link, DbError> {
    Ok(match row.int("kind")? {
        0 => Link::Cut(Cut { last: head_of(row)?, at: row.time("at")?, seal: row.text("id")? }),
        1 => Link::Line(head_of(row)?, line_of(row)?),
        _ => Link::Head(head_of(row)?),
    })
}

/// The condition of a [`Question`], in the places from `$1` to `$8`.
macro_rules! asked_sql {
    ($head:literal, $tail:literal) => {
        concat!(
            $head,
            "at >= $1 AND at < $2 AND ($3 = '' OR act = $3) AND ($4 = '' OR actor = $4) AND ($5 = '' OR object = $5)
             AND ($6 = '' OR territory = $6 OR territory > $7 AND territory < $8)",
            $tail
        )
    };
}

/// The lines that answer a question, sealed or not, the oldest first: for a walk, with [`exported`] for each row.
pub fn matching(question: &Question) -> Statement {
    const SQL: &str = asked_sql!(
        "SELECT place, tag, id, at, actor, territory, act, object, count, reason, address, request_id FROM audit WHERE ",
        " ORDER BY at, id"
    );
    Statement::new(SQL, asked(question))
}

fn asked(question: &Question) -> Vec<Value> {
    let word = |word: &Option<String>| word.clone().unwrap_or_default().into();
    let (within, (from, to)) = match &question.within {
        Some(path) => (path.as_str().to_owned(), path.range_below()),
        None => (String::new(), (String::new(), String::new())),
    };
    vec![
        question.from.map_or(i64::MIN, Timestamp::micros).into(),
        question.to.map_or(i64::MAX, Timestamp::micros).into(),
        word(&question.act),
        word(&question.actor),
        word(&question.object),
        within.into(),
        from.into(),
        to.into(),
    ]
}

/// Lines that answer a question, the newest first, after this one; at most `limit`.
pub async fn page(
    db: &Db,
    question: &Question,
    after: Option<&(Timestamp, String)>,
    limit: usize,
) -> Result<Vec<Line>, DbError> {
    const SQL: &str = asked_sql!(
        "SELECT id, at, actor, territory, act, object, count, reason, address, request_id FROM audit WHERE ",
        " AND at <= $9 AND (at < $9 OR id < $10) ORDER BY at DESC, id DESC LIMIT $11"
    );
    let (at, id) = after.map_or((i64::MAX, ""), |(at, id)| (at.micros(), id.as_str()));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let values = asked(question).into_iter().chain([at.into(), id.into(), limit.into()]);
    db.all(Statement::new(SQL, values.collect())).await?.iter().map(line_of).collect()
}

/// A row of [`matching`]: its place and tag, if it has them.
pub fn exported(row: &Row) -> Result<(Option<Head>, Line), DbError> {
    let head = row.opt_int("place")?.map(|_| head_of(row)).transpose()?;
    Ok((head, line_of(row)?))
}

/// The last of the oldest sealed lines that are all older than `before`; of the first `limit`.
pub async fn outlived(db: &Db, before: Timestamp, limit: usize) -> Result<Option<(Head, u64)>, DbError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let sql = q!("SELECT place, tag, at FROM audit WHERE place IS NOT NULL ORDER BY place LIMIT $1", limit);
    let mut last = None;
    for (count, row) in (1..).zip(db.all(sql).await?) {
        if row.time("at")? >= before {
            break;
        }
        last = Some((head_of(&row)?, count));
    }
    Ok(last)
}

/// In a batch: the chain begins after `cut`, and the `count` lines up to there are removed.
pub fn remove(cut: &Cut, count: u64) -> [Statement; 2] {
    let note = q!(
        "INSERT INTO audit_cut (singleton, place, tag, at, seal) VALUES (1, $1, $2, $3, $4)
         ON CONFLICT (singleton) DO UPDATE SET place = $1, tag = $2, at = $3, seal = $4 WHERE audit_cut.place < $1",
        cut.last.place,
        cut.last.tag.as_str(),
        cut.at,
        cut.seal.as_str()
    );
    let removed = q!("DELETE FROM audit WHERE place IS NOT NULL AND place <= $1", cut.last.place);
    [note.want(1), removed.want(count)]
}

fn head_of(row: &Row) -> Result<Head, DbError> {
    Ok(Head { place: row.int("place")?, tag: row.text("tag")? })
}

fn line_of(row: &Row) -> Result<Line, DbError> {
    Ok(Line {
        id: row.text("id")?,
        at: row.time("at")?,
        actor: row.text("actor")?,
        territory: row.opt_text("territory")?,
        act: row.text("act")?,
        object: row.text("object")?,
        count: row.opt_int("count")?,
        reason: row.opt_text("reason")?,
        address: row.opt_text("address")?,
        request_id: row.opt_text("request_id")?,
    })
}
