//! The outbox: notices to relying parties and to people, written in the batch of what causes them and sent by whoever claims them.
//!
//! Whoever was given a grant was signed in, and counts as signed in until the grant's own end, however short its access
//! tokens live: what a relying party keeps of a sign-in commonly outlives them. A grant that was revoked, or that an earlier
//! act ended, was told of then.

pub mod mail;
pub mod walk;

use std::time::Duration;

use crate::domain::account::AccountId;
use crate::domain::client::ClientId;
use crate::domain::notice::{Cause, MailKind, NoticeId, Receiver};
use crate::domain::timestamp::Timestamp;
use crate::store::db::{Batch, Db, DbError, Row, Statement, q};

/// One row for each session at each relying party that takes logout tokens. `$1` is the cause, `$2` now.
macro_rules! tell_sql {
    ($from:literal, $which:literal) => {
        concat!(
            "INSERT INTO notice (id, kind, cause, client_id, account_id, sid, written_at, due_at, attempts)
             SELECT $1 || '.' || MIN(g.id), 'logout', $1, g.client_id, g.account_id, g.sid, $2, $2, 0
             FROM token_grant g JOIN client c ON c.id = g.client_id ",
            $from,
            " WHERE c.backchannel_logout_uri IS NOT NULL AND g.sid IS NOT NULL AND g.revoked_at IS NULL AND g.expires_at > $2 AND ",
            $which,
            " GROUP BY g.client_id, g.account_id, g.sid ON CONFLICT (cause, client_id, sid) DO NOTHING"
        )
    };
}
use tell_sql;

/// In a batch: a session is over, as by signing out. Before its grants are revoked; those that outlive it are told of, too:
/// the person is signed out, what may be done in their absence stays.
pub fn session_ended(sid: &str, cause: &Cause, now: Timestamp) -> Statement {
    const SQL: &str = tell_sql!("", "g.session = $3");
    Statement::new(SQL, vec![cause.0.as_str().into(), now.into(), sid.into()])
}

/// In a batch, after the account's number was raised: whatever was of the number before is over. After it, because raising
/// waits for whoever is minting under that number.
pub fn account_ended(account: &AccountId, cause: &Cause, now: Timestamp) -> Statement {
    const SQL: &str = tell_sql!(
        "JOIN account a ON a.id = g.account_id JOIN deployment d ON d.epoch = g.epoch",
        "g.account_id = $3 AND g.account_number = a.number - 1"
    );
    Statement::new(SQL, vec![cause.0.as_str().into(), now.into(), account.0.as_str().into()])
}

/// Those to whom something is to be sent.
pub async fn receivers(db: &Db) -> Result<Vec<Receiver>, DbError> {
    let sql = q!("SELECT r.id FROM (SELECT id FROM client UNION ALL SELECT '') r WHERE EXISTS
                 (SELECT 1 FROM notice n WHERE n.client_id = r.id AND n.due_at <= now_us()) ORDER BY r.id");
    db.all(sql).await?.iter().map(|row| row.text("id").map(Receiver::from_stored)).collect()
}

/// How many notices are not settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// Those to relying parties.
    pub sessions: Unsettled,
    /// Those to people. Of these some are always given up: people leave their addresses.
    pub mail: Unsettled,
    /// For how long the most overdue one to a relying party is due.
    pub overdue: Duration,
}

/// How many of a sort are not settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsettled {
    /// Those to be sent, or sent again; at most [`COUNTED`].
    pub waiting: i64,
    /// Those that were given up; at most [`COUNTED`].
    pub parked: i64,
}

/// How far is counted: beyond that, how many more there are changes nothing.
pub const COUNTED: i64 = 100_000;

/// How many notices are not settled. Walks no further in an index than it counts.
pub async fn backlog(db: &Db) -> Result<Backlog, DbError> {
    let sql = q!(
        "SELECT
             (SELECT COUNT(*) FROM (SELECT 1 FROM notice WHERE client_id > '' AND due_at IS NOT NULL LIMIT $1) w) AS waiting,
             (SELECT COUNT(*) FROM (SELECT 1 FROM notice WHERE client_id > '' AND parked_at IS NOT NULL LIMIT $1) p) AS parked,
             (SELECT COUNT(*) FROM (SELECT 1 FROM notice WHERE client_id = '' AND due_at IS NOT NULL LIMIT $1) m)
                 AS mail_waiting,
             (SELECT COUNT(*) FROM (SELECT 1 FROM notice WHERE client_id = '' AND parked_at IS NOT NULL LIMIT $1) g)
                 AS mail_parked,
             COALESCE(now_us() - (SELECT MIN(f.due_at) FROM
                 (SELECT (SELECT MIN(n.due_at) FROM notice n WHERE n.client_id = c.id AND n.due_at IS NOT NULL)
                      AS due_at FROM client c) f), 0) AS overdue",
        COUNTED
    );
    let rows = db.all(sql).await?;
    let row = rows.first().ok_or_else(|| DbError::Inconsistent {
        column: "notice".to_owned(),
        problem: "could not be counted".to_owned(),
    })?;
    let overdue = Duration::from_micros(u64::try_from(row.int("overdue")?).unwrap_or_default());
    let sessions = Unsettled { waiting: row.int("waiting")?, parked: row.int("parked")? };
    let mail = Unsettled { waiting: row.int("mail_waiting")?, parked: row.int("mail_parked")? };
    Ok(Backlog { sessions, mail, overdue })
}

/// A notice that was claimed.
#[derive(Clone)]
pub struct Claimed {
    /// Which.
    pub id: NoticeId,
    /// Whose session.
    pub account: AccountId,
    /// The session, as the relying party was told.
    pub sid: String,
    /// What mail says; none of a logout.
    pub mail: Option<MailKind>,
    /// When it was written.
    pub written_at: Timestamp,
    /// How often it was tried, this time included.
    pub attempts: u32,
}

/// Claims at most `limit` notices to one receiver. Nobody else sends them until `lease` has passed: by then they are
/// settled, or whoever claimed them has died.
pub async fn claim(
    db: &Db,
    receiver: &Receiver,
    lease: Duration,
    limit: usize,
) -> Result<Vec<Claimed>, DbError> {
    // The last condition is asked again of a row that somebody else has just claimed.
    let sql = q!(
        "UPDATE notice SET attempts = attempts + 1, due_at = now_us() + $2 WHERE id IN
             (SELECT id FROM notice WHERE client_id = $1 AND due_at <= now_us() ORDER BY due_at, id LIMIT $3)
             AND due_at <= now_us()
         RETURNING id, kind, account_id, sid, written_at, attempts",
        receiver.as_str(),
        i64::try_from(lease.as_micros()).unwrap_or(i64::MAX),
        i64::try_from(limit).unwrap_or(i64::MAX)
    );
    let done = db.run(Batch::plain(vec![sql])).await?;
    done.iter().flat_map(|affected| &affected.rows).map(claimed).collect()
}

fn claimed(row: &Row) -> Result<Claimed, DbError> {
    Ok(Claimed {
        id: NoticeId(row.text("id")?),
        account: AccountId(row.text("account_id")?),
        sid: row.text("sid")?,
        mail: MailKind::from_stored(row.str("kind")?),
        written_at: row.time("written_at")?,
        attempts: row.number("attempts")?,
    })
}

/// In a batch: the receiver has it. Whoever claimed it meanwhile has sent it twice.
pub fn delivered(notice: &Claimed, now: Timestamp) -> Statement {
    q!(
        "UPDATE notice SET delivered_at = COALESCE(delivered_at, $2), due_at = NULL, parked_at = NULL, failure = NULL
         WHERE id = $1",
        notice.id.0.as_str(),
        now
    )
}

/// In a batch: it failed, and is tried again at an instant, unless somebody else has claimed it since.
pub fn put_off(notice: &Claimed, failure: &str, until: Timestamp) -> Statement {
    q!(
        "UPDATE notice SET due_at = $3, failure = $4 WHERE id = $1 AND attempts = $2 AND due_at IS NOT NULL",
        notice.id.0.as_str(),
        notice.attempts,
        until,
        failure
    )
}

/// In a batch: at most `limit` of what else is due to a receiver that answers nothing. It counts as tried with what was: it is
/// due again at an instant, or given up after so many attempts.
pub fn put_off_rest(
    receiver: &Receiver,
    failure: &str,
    now: Timestamp,
    until: Timestamp,
    attempts: u32,
    limit: usize,
) -> Statement {
    q!(
        "UPDATE notice SET attempts = attempts + 1, failure = $3,
             due_at = CASE WHEN attempts + 1 < $5 THEN CAST($4 AS BIGINT) END,
             parked_at = CASE WHEN attempts + 1 < $5 THEN NULL ELSE CAST($2 AS BIGINT) END
         WHERE id IN (SELECT id FROM notice WHERE client_id = $1 AND due_at <= $2 ORDER BY due_at, id LIMIT $6)
             AND due_at <= $2",
        receiver.as_str(),
        now,
        failure,
        until,
        attempts,
        i64::try_from(limit).unwrap_or(i64::MAX)
    )
}

/// In a batch: it failed for good, unless somebody else has claimed it since. An operator may send it again.
pub fn park(notice: &Claimed, failure: &str, now: Timestamp) -> Statement {
    q!(
        "UPDATE notice SET due_at = NULL, parked_at = $3, failure = $4
         WHERE id = $1 AND attempts = $2 AND due_at IS NOT NULL",
        notice.id.0.as_str(),
        notice.attempts,
        now,
        failure
    )
}

/// A notice as it is listed. It says neither who nor which session.
pub struct Listed {
    /// Which.
    pub id: NoticeId,
    /// To whom.
    pub receiver: Receiver,
    /// When it was written.
    pub written_at: Timestamp,
    /// How often it was tried.
    pub attempts: i64,
    /// Why not, the last time.
    pub failure: Option<String>,
    /// When it is tried next.
    pub due_at: Option<Timestamp>,
    /// When it was given up.
    pub parked_at: Option<Timestamp>,
}

/// What has not been delivered: what was given up first, the oldest first, at most `limit`.
pub async fn undelivered(db: &Db, limit: u32) -> Result<Vec<Listed>, DbError> {
    let sql = q!(
        "SELECT id, client_id, written_at, attempts, failure, due_at, parked_at FROM notice
         WHERE due_at IS NOT NULL OR parked_at IS NOT NULL
         ORDER BY CASE WHEN parked_at IS NULL THEN 1 ELSE 0 END, written_at, id LIMIT $1",
        limit
    );
    db.all(sql).await?.iter().map(listed).collect()
}

/// Notices of one order to one relying party that were given up for the same reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// To whom.
    pub client: ClientId,
    /// Why, the last time.
    pub failure: String,
    /// How many; of all together at most [`COUNTED`] are counted.
    pub number: u64,
    /// When the last of them was given up.
    pub parked_at: Timestamp,
}

/// What was given up of an order, by relying party and reason, behind one of them; at most `limit`.
pub async fn failed(
    db: &Db,
    cause: &Cause,
    after: Option<&(String, String)>,
    limit: u32,
) -> Result<Vec<Failed>, DbError> {
    let [client, failure] = after.map_or([""; 2], |(client, failure)| [&**client, &**failure]);
    let sql = q!(
        "SELECT client_id, failure, COUNT(*) AS number, MAX(parked_at) AS parked_at FROM
             (SELECT client_id, COALESCE(failure, '') AS failure, parked_at FROM notice
              WHERE cause = $1 AND client_id > '' AND parked_at IS NOT NULL LIMIT $2) AS part
         WHERE client_id > $3 OR client_id = $3 AND failure > $4
         GROUP BY client_id, failure ORDER BY client_id, failure LIMIT $5",
        cause.0.as_str(),
        COUNTED,
        client,
        failure,
        limit
    );
    let rows = db.all(sql).await?;
    rows.iter()
        .map(|row| {
            Ok(Failed {
                client: ClientId(row.text("client_id")?),
                failure: row.text("failure")?,
                number: row.number("number")?,
                parked_at: row.time("parked_at")?,
            })
        })
        .collect()
}

fn listed(row: &Row) -> Result<Listed, DbError> {
    Ok(Listed {
        id: NoticeId(row.text("id")?),
        receiver: Receiver::from_stored(row.text("client_id")?),
        written_at: row.time("written_at")?,
        attempts: row.int("attempts")?,
        failure: row.opt_text("failure")?,
        due_at: row.opt_time("due_at")?,
        parked_at: row.opt_time("parked_at")?,
    })
}

/// In a batch: one that was given up is tried anew.
pub fn retry(id: &NoticeId, now: Timestamp) -> Statement {
    q!(
        "UPDATE notice SET due_at = $2, attempts = 0, parked_at = NULL WHERE id = $1 AND parked_at IS NOT NULL",
        id.0.as_str(),
        now
    )
    .want(1)
    .named("notice")
}

/// In a batch: all that were given up are tried anew, those to one receiver, or to any.
pub fn retry_all(receiver: Option<&Receiver>, now: Timestamp) -> Statement {
    q!(
        "UPDATE notice SET due_at = $2, attempts = 0, parked_at = NULL
         WHERE parked_at IS NOT NULL AND client_id = COALESCE($1, client_id)",
        receiver.map(Receiver::as_str),
        now
    )
}

/// In a batch: all of one order that were given up are tried anew.
pub fn retry_caused(cause: &Cause, now: Timestamp) -> Statement {
    q!(
        "UPDATE notice SET due_at = $2, attempts = 0, parked_at = NULL WHERE cause = $1 AND parked_at IS NOT NULL",
        cause.0.as_str(),
        now
    )
}

/// How many notices of one cause were given up.
pub async fn parked(db: &Db, cause: &Cause) -> Result<u64, DbError> {
    let sql = q!(
        "SELECT COUNT(*) AS number FROM notice WHERE cause = $1 AND parked_at IS NOT NULL",
        cause.0.as_str()
    );
    db.one(sql).await?.map_or(Ok(0), |row| row.number("number"))
}

/// Forgets at most `limit` of each: those delivered before one instant, those given up before another, and those to a
/// relying party that is no more.
pub fn tidy(delivered_before: Timestamp, parked_before: Timestamp, limit: i64) -> [Statement; 3] {
    [
        q!(
            "DELETE FROM notice WHERE id IN
                 (SELECT id FROM notice WHERE delivered_at <= $1 ORDER BY delivered_at LIMIT $2)",
            delivered_before,
            limit
        ),
        q!(
            "DELETE FROM notice WHERE id IN
                 (SELECT id FROM notice WHERE parked_at <= $1 ORDER BY parked_at LIMIT $2)",
            parked_before,
            limit
        ),
        q!(
            "DELETE FROM notice WHERE id IN
                 (SELECT n.id FROM notice n WHERE n.client_id <> '' AND NOT EXISTS (SELECT 1 FROM client c WHERE c.id = n.client_id)
                     LIMIT $1)",
            limit
        ),
    ]
}
