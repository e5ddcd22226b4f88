//! Mail to people in the outbox. A row holds no address: it is read when the mail is sent, and comes from where the account
//! does, so that nobody who took an account chooses it.

use crate::domain::account::AccountId;
use crate::domain::notice::{Cause, MailKind, NoticeId};
use crate::domain::timestamp::Timestamp;
use crate::store::db::{Db, DbError, Statement, q};

/// In a batch: a person is told of an act, if the account has an address and is not disabled. Once for each cause.
pub fn tell(id: &NoticeId, account: &AccountId, kind: MailKind, cause: &Cause, now: Timestamp) -> Statement {
    q!(
        "INSERT INTO notice (id, kind, cause, client_id, account_id, sid, written_at, due_at, attempts)
         SELECT $1, $2, $3, '', a.id, a.id, CAST($5 AS BIGINT), CAST($5 AS BIGINT), 0 FROM account a
         WHERE a.id = $4 AND a.email IS NOT NULL AND a.disabled_at IS NULL
         ON CONFLICT (cause, client_id, sid) DO NOTHING",
        id.0.as_str(),
        kind.as_str(),
        cause.0.as_str(),
        account.0.as_str(),
        now
    )
}

/// Where mail to somebody goes.
pub struct Addressee {
    /// The address.
    pub email: String,
    /// The login, by which a family of several accounts knows which one is meant.
    pub login: String,
}

/// Where mail to an account goes now; none where it has no address any more.
pub async fn addressee(db: &Db, account: &AccountId) -> Result<Option<Addressee>, DbError> {
    let sql = q!("SELECT email, login FROM account WHERE id = $1", account.0.as_str());
    let Some(row) = db.one(sql).await? else { return Ok(None) };
    let login = row.text("login")?;
    Ok(row.opt_text("email")?.map(|email| Addressee { email, login }))
}
