//! The deployment's own secrets, each sealed under the master key in a row of its own. They are made once and outlive
//! every master key: subjects and printed codes hang from them.

use thiserror::Error;

use super::db::{Batch, BatchError, Db, DbError, q};
use super::seal::{MasterKey, NONCE_BYTES, SealError};
use crate::domain::secret::SecretBytes;

/// Opens under the right master key only, so that a wrong one is noticed before anything is sealed under it.
const KEY_CHECK: &str = "key_check";
const KEY_CHECK_TEXT: &[u8] = b"this master key opens this database";

const PAIRWISE_SALT: &str = "pairwise_salt";
const CODE_KEY: &str = "code_key";
const COOKIE_KEY: &str = "cookie_key";
const AUDIT_KEY: &str = "audit_key";

/// The secrets of the deployment, opened, with the key that seals what is still to come.
pub struct DeploymentSecrets {
    /// The master key.
    pub sealer: MasterKey,
    /// From which pairwise subjects are derived.
    pub pairwise_salt: SecretBytes,
    /// Under which codes that belong to no order are derived.
    pub code_key: SecretBytes,
    /// Under which cookies and form values are signed.
    pub cookie_key: SecretBytes,
    /// Under which the lines of the audit log hang together.
    pub audit_key: SecretBytes,
}

/// Why the secrets do not open.
#[derive(Debug, Error)]
pub enum SecretsError {
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// A secret was changed or lost, though the master key is the right one.
    #[error("the stored secret {0} does not open or is gone; restore the database from a copy")]
    Damaged(&'static str),
    /// Nothing was ever sealed in this database.
    #[error("the database holds no secrets yet; run `ecluse init`")]
    NotInitialised,
    /// The library refused to seal.
    #[error(transparent)]
    Seal(SealError),
    /// The database was made with another master key.
    #[error("the master key does not open this database; put back the key file that it was made with")]
    WrongMasterKey,
}

/// Random bytes for one secret to be made.
pub struct Fresh {
    /// The secret.
    pub bytes: [u8; 32],
    /// The nonce of its seal.
    pub nonce: [u8; NONCE_BYTES],
}

impl DeploymentSecrets {
    /// Opens them, after the key check. `init` has made them once.
    pub async fn load(db: &Db, sealer: MasterKey) -> Result<Self, SecretsError> {
        if !key_opens(db, &sealer).await? {
            return Err(SecretsError::NotInitialised);
        }
        Ok(Self {
            pairwise_salt: open(db, &sealer, PAIRWISE_SALT).await?,
            code_key: open(db, &sealer, CODE_KEY).await?,
            cookie_key: open(db, &sealer, COOKIE_KEY).await?,
            audit_key: open(db, &sealer, AUDIT_KEY).await?,
            sealer,
        })
    }

    /// A tag over texts that only this deployment can compute; `purpose` keeps its uses apart.
    pub fn tag(&self, purpose: &str, texts: &[&str]) -> String {
        self.cookie_key.tag(purpose, texts)
    }
}

/// Makes the secrets if there are none, all or none of them. Returns whether it did.
pub async fn init(
    db: &Db,
    sealer: &MasterKey,
    mut fresh: impl FnMut() -> Fresh,
) -> Result<bool, SecretsError> {
    if key_opens(db, sealer).await? {
        return Ok(false);
    }
    let mut statements = Vec::new();
    for name in [KEY_CHECK, PAIRWISE_SALT, CODE_KEY, COOKIE_KEY, AUDIT_KEY] {
        let Fresh { bytes, nonce } = fresh();
        let content = if name == KEY_CHECK { KEY_CHECK_TEXT.to_vec() } else { bytes.to_vec() };
        let sealed = sealer.seal(name, &SecretBytes::new(content), nonce).map_err(SecretsError::Seal)?;
        statements.push(q!("INSERT INTO sealed_secret (name, sealed) VALUES ($1, $2)", name, sealed).want(1));
    }
    match db.run(Batch::plain(statements)).await {
        Ok(_) => Ok(true),
        // Another program made them in between; they are ours only if this key opens them.
        Err(BatchError::Unique { .. }) => key_opens(db, sealer).await.map(|_| false),
        Err(error @ (BatchError::Unmet { .. } | BatchError::Busy | BatchError::Db(_))) => {
            Err(SecretsError::Db(error.into()))
        }
    }
}

/// Whether this master key opens what the database holds: `false` when it holds nothing yet.
pub async fn key_opens(db: &Db, sealer: &MasterKey) -> Result<bool, SecretsError> {
    let Some(sealed) = sealed(db, KEY_CHECK).await? else { return Ok(false) };
    let opened = sealer.open(KEY_CHECK, &sealed).map_err(|_| SecretsError::WrongMasterKey)?;
    if opened.expose() == KEY_CHECK_TEXT { Ok(true) } else { Err(SecretsError::Damaged(KEY_CHECK)) }
}

/// Whether the database holds secrets, of whatever master key.
pub async fn exist(db: &Db) -> Result<bool, DbError> {
    Ok(sealed(db, KEY_CHECK).await?.is_some())
}

async fn open(db: &Db, sealer: &MasterKey, name: &'static str) -> Result<SecretBytes, SecretsError> {
    let sealed = sealed(db, name).await?.ok_or(SecretsError::Damaged(name))?;
    sealer.open(name, &sealed).map_err(|_| SecretsError::Damaged(name))
}

async fn sealed(db: &Db, name: &str) -> Result<Option<String>, DbError> {
    let row = db.one(q!("SELECT sealed FROM sealed_secret WHERE name = $1", name)).await?;
    row.map(|row| row.text("sealed")).transpose()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::store::clock::Clock;
    use crate::store::db::test_database::TestDatabase;

    fn key(byte: u8) -> MasterKey {
        MasterKey::from_text(&MasterKey::text_of([byte; 32])).unwrap()
    }

    fn counted(from: u8) -> impl FnMut() -> Fresh {
        let next = Cell::new(from);
        move || {
            next.set(next.get() + 1);
            Fresh { bytes: [next.get(); 32], nonce: [next.get(); NONCE_BYTES] }
        }
    }

    async fn database() -> (Db, TestDatabase) {
        let database = TestDatabase::create().await;
        let db = database.open(&Clock::system()).await;
        db.migrate().await.unwrap();
        (db, database)
    }

    #[tokio::test]
    async fn secrets_are_made_once_and_open_under_their_master_key_only() {
        let (db, _database) = database().await;
        let before = DeploymentSecrets::load(&db, key(1)).await;
        assert!(matches!(before, Err(SecretsError::NotInitialised)));
        assert!(!exist(&db).await.unwrap());

        assert!(init(&db, &key(1), counted(10)).await.unwrap());
        assert!(!init(&db, &key(1), counted(20)).await.unwrap());
        assert!(exist(&db).await.unwrap());
        let secrets = DeploymentSecrets::load(&db, key(1)).await.unwrap();
        assert_eq!(secrets.pairwise_salt.expose(), [12; 32]);
        assert_eq!(secrets.code_key.expose(), [13; 32]);
        assert_eq!(secrets.cookie_key.expose(), [14; 32]);
        assert_eq!(secrets.audit_key.expose(), [15; 32]);

        assert!(matches!(DeploymentSecrets::load(&db, key(2)).await, Err(SecretsError::WrongMasterKey)));
        assert!(matches!(init(&db, &key(2), counted(30)).await, Err(SecretsError::WrongMasterKey)));
    }

    #[tokio::test]
    async fn a_secret_that_was_moved_or_lost_is_named() {
        let (db, _database) = database().await;
        init(&db, &key(1), counted(10)).await.unwrap();
        let moved = q!(
            "UPDATE sealed_secret SET sealed = (SELECT sealed FROM sealed_secret WHERE name = $1) WHERE name = $2",
            CODE_KEY,
            COOKIE_KEY
        );
        db.run(Batch::plain(vec![moved.want(1)])).await.unwrap();
        let loaded = DeploymentSecrets::load(&db, key(1)).await;
        assert!(matches!(loaded, Err(SecretsError::Damaged(COOKIE_KEY))));
        let lost = q!("DELETE FROM sealed_secret WHERE name = $1", PAIRWISE_SALT);
        db.run(Batch::plain(vec![lost.want(1)])).await.unwrap();
        let loaded = DeploymentSecrets::load(&db, key(1)).await;
        assert!(matches!(loaded, Err(SecretsError::Damaged(PAIRWISE_SALT))));
    }
}
