//! Grants, and the access and refresh tokens that hang from them. Tokens are stored as hashes.

use crate::domain::account::{AccountId, AccountNumber};
use crate::domain::client::ClientId;
use crate::domain::gate::GatePass;
use crate::domain::grant::{Authentication, Grant, GrantId};
use crate::domain::order_clock::OrderClock;
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::store::account::{FIELD, Person, RECORD, person_sql, still_passes};
use crate::store::db::{Db, DbError, Row, Statement, q};

/// A token as found, with its grant and all that the gate reads of its owner, in one statement.
pub struct Holding {
    /// The token's grant; its scope is the token's own, which a refresh may have made smaller.
    pub grant: Grant,
    /// Whose it is.
    pub person: Person,
    /// When the token was issued.
    pub issued_at: Timestamp,
    /// After this instant the token is dead.
    pub expires_at: Timestamp,
    /// When a refresh token was exchanged for the next one.
    pub rotated_at: Option<Timestamp>,
}

/// The access token of this hash, if its client is still registered: as what it was when the token was given, and, where it acts
/// for itself, for the account that the token speaks for.
pub async fn find_access_token(db: &Db, hash: &str) -> Result<Option<Holding>, DbError> {
    const SQL: &str = person_sql!(
        "t.issued_at, t.expires_at AS token_expires_at, NULL AS rotated_at, g.id AS grant_id, g.client_id, t.scope,
         g.nonce, g.sid, g.account_number, g.epoch, g.clock, g.authenticated_at, g.factor_at, g.expires_at,
         g.revoked_at, ",
        "access_token t JOIN token_grant g ON g.id = t.grant_id JOIN account a ON a.id = g.account_id
         JOIN client y ON y.id = g.client_id",
        "WHERE t.hash = $3 AND CASE WHEN g.sid IS NULL THEN y.operator_id = g.account_id ELSE y.operator_id IS NULL END"
    );
    holding(db, SQL, hash).await
}

/// The refresh token of this hash.
pub async fn find_refresh_token(db: &Db, hash: &str) -> Result<Option<Holding>, DbError> {
    const SQL: &str = person_sql!(
        "t.issued_at, g.expires_at AS token_expires_at, t.rotated_at, g.id AS grant_id, g.client_id, g.scope,
         g.nonce, g.sid, g.account_number, g.epoch, g.clock, g.authenticated_at, g.factor_at, g.expires_at,
         g.revoked_at, ",
        "refresh_token t JOIN token_grant g ON g.id = t.grant_id JOIN account a ON a.id = g.account_id",
        "WHERE t.hash = $3"
    );
    holding(db, SQL, hash).await
}

/// The grant of this id, as what hangs from it would be found.
pub async fn find(db: &Db, id: &GrantId) -> Result<Option<Holding>, DbError> {
    const SQL: &str = person_sql!(
        "g.created_at AS issued_at, g.expires_at AS token_expires_at, NULL AS rotated_at, g.id AS grant_id, g.client_id,
         g.scope, g.nonce, g.sid, g.account_number, g.epoch, g.clock, g.authenticated_at, g.factor_at, g.expires_at,
         g.revoked_at, ",
        "token_grant g JOIN account a ON a.id = g.account_id",
        "WHERE g.id = $3"
    );
    holding(db, SQL, &id.0).await
}

/// What an account was let into and nobody revoked, alive at this instant, the latest first; each with when it was given.
pub async fn of_account(
    db: &Db,
    account: &AccountId,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<(Grant, Timestamp)>, DbError> {
    let sql = q!(
        "SELECT g.created_at, g.id AS grant_id, g.account_id, g.client_id, g.scope, g.nonce, g.sid, g.account_number, g.epoch,
             g.clock, g.authenticated_at, g.factor_at, g.expires_at, g.revoked_at FROM token_grant g
         WHERE g.account_id = $1 AND g.revoked_at IS NULL AND g.expires_at > $2 ORDER BY g.created_at DESC, g.id LIMIT $3",
        account.0.as_str(),
        now,
        limit
    );
    db.all(sql).await?.iter().map(|row| Ok((grant(row)?, row.time("created_at")?))).collect()
}

async fn holding(db: &Db, sql: &'static str, name: &str) -> Result<Option<Holding>, DbError> {
    let row = db.one(Statement::new(sql, vec![FIELD.into(), RECORD.into(), name.into()])).await?;
    row.as_ref().map(Holding::from_row).transpose()
}

impl Holding {
    fn from_row(row: &Row) -> Result<Self, DbError> {
        Ok(Self {
            grant: grant(row)?,
            person: Person::from_row(row)?,
            issued_at: row.time("issued_at")?,
            expires_at: row.time("token_expires_at")?,
            rotated_at: row.opt_time("rotated_at")?,
        })
    }
}

fn grant(row: &Row) -> Result<Grant, DbError> {
    let authentication = Authentication {
        account: AccountId(row.text("account_id")?),
        number: AccountNumber(row.int("account_number")?),
        epoch: row.int("epoch")?,
        clock: OrderClock(row.int("clock")?),
        authenticated_at: row.time("authenticated_at")?,
        factor_at: row.opt_time("factor_at")?,
    };
    Ok(Grant {
        id: GrantId(row.text("grant_id")?),
        client: ClientId(row.text("client_id")?),
        scope: row.parsed("scope")?,
        nonce: row.opt_text("nonce")?,
        sid: row.opt_text("sid")?,
        authentication,
        expires_at: row.time("expires_at")?,
        revoked_at: row.opt_time("revoked_at")?,
    })
}

/// The grant that an authorization code was exchanged for.
pub async fn find_by_code(db: &Db, code_hash: &str) -> Result<Option<(GrantId, ClientId)>, DbError> {
    let row = db.one(q!("SELECT id, client_id FROM token_grant WHERE code_hash = $1", code_hash)).await?;
    row.map(|row| Ok((GrantId(row.text("id")?), ClientId(row.text("client_id")?)))).transpose()
}

/// In a batch: a grant for whom the gate let through, if it still would. The hash of the code that it was exchanged for, if
/// it was for one, is unique: of two exchanges of one code, the second is undone here.
pub fn mint(pass: &GatePass, grant: &Grant, code_hash: Option<&str>, now: Timestamp) -> Vec<Statement> {
    let authentication = &grant.authentication;
    let mut batch = Vec::from(still_passes(pass));
    batch.push(
        q!(
            "INSERT INTO token_grant (id, account_id, client_id, code_hash, scope, nonce, sid, session, account_number,
                 epoch, clock, authenticated_at, factor_at, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $10, $11, $12, $13, $14)",
            grant.id.0.as_str(),
            authentication.account.0.as_str(),
            grant.client.0.as_str(),
            code_hash,
            grant.scope.to_string(),
            grant.nonce.as_deref(),
            grant.sid.as_deref(),
            authentication.number.0,
            authentication.epoch,
            authentication.clock.0,
            authentication.authenticated_at,
            authentication.factor_at,
            now,
            grant.expires_at
        )
        .want(1)
        .named("grant"),
    );
    batch
}

/// In a batch: an access token of a grant.
pub fn add_access_token(token: &Secret, grant: &Grant, now: Timestamp, expires_at: Timestamp) -> Statement {
    q!(
        "INSERT INTO access_token (hash, grant_id, scope, issued_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        token.hash(),
        grant.id.0.as_str(),
        grant.scope.to_string(),
        now,
        expires_at
    )
    .want(1)
}

/// In a batch: a refresh token of a grant.
pub fn add_refresh_token(token: &Secret, grant: &GrantId, now: Timestamp) -> Statement {
    q!(
        "INSERT INTO refresh_token (hash, grant_id, issued_at) VALUES ($1, $2, $3)",
        token.hash(),
        grant.0.as_str(),
        now
    )
    .want(1)
}

/// In a batch: the grant is not revoked, and stays so until the batch has committed.
pub fn is_alive(grant: &GrantId) -> Statement {
    q!("SELECT id FROM token_grant WHERE id = $1 AND revoked_at IS NULL", grant.0.as_str())
        .holds_alone()
        .named("grant")
}

/// In a batch: a refresh token is exchanged; of two exchanges one is undone.
pub fn rotate(hash: &str, now: Timestamp) -> Statement {
    q!("UPDATE refresh_token SET rotated_at = $2 WHERE hash = $1 AND rotated_at IS NULL", hash, now)
        .want(1)
        .named("refresh token")
}

/// In a batch: the grant and everything that hangs from it is dead.
pub fn revoke(grant: &GrantId, now: Timestamp) -> Statement {
    q!("UPDATE token_grant SET revoked_at = COALESCE(revoked_at, $2) WHERE id = $1", grant.0.as_str(), now)
}

/// In a batch: one access token is dead.
pub fn revoke_access_token(hash: &str) -> Statement {
    q!("DELETE FROM access_token WHERE hash = $1", hash)
}

/// In a batch: the grants of an ended session are dead, but for those that were to outlive it.
pub fn revoke_of_session(sid: &str, now: Timestamp) -> Statement {
    q!(
        "UPDATE token_grant SET revoked_at = $2
         WHERE session = $1 AND revoked_at IS NULL AND (' ' || scope || ' ') NOT LIKE '% offline_access %'",
        sid,
        now
    )
}

/// In a batch: the grants of one session are another's from now on, and end with it. Relying parties know them by the
/// `sid` that they were told, which stays.
pub fn carry_to_session(from: &str, to: &str) -> Statement {
    q!("UPDATE token_grant SET session = $2 WHERE session = $1 AND revoked_at IS NULL", from, to)
}

/// Removes tokens and grants that nobody can use any more: at most `limit` rows of each kind.
pub fn tidy(now: Timestamp, limit: i64) -> [Statement; 3] {
    [
        q!(
            "DELETE FROM access_token WHERE hash IN
                 (SELECT hash FROM access_token WHERE expires_at <= $1 LIMIT $2)",
            now,
            limit
        ),
        q!(
            "DELETE FROM refresh_token WHERE grant_id IN
                 (SELECT id FROM token_grant WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
            now,
            limit
        ),
        q!(
            "DELETE FROM token_grant WHERE id IN
                 (SELECT g.id FROM token_grant g WHERE g.expires_at <= $1
                     AND NOT EXISTS (SELECT 1 FROM access_token a WHERE a.grant_id = g.id)
                     AND NOT EXISTS (SELECT 1 FROM refresh_token r WHERE r.grant_id = g.id)
                     ORDER BY g.expires_at LIMIT $2)",
            now,
            limit
        ),
    ]
}
