//! What every flow is given: the stores, the clock and randomness, the keys, and the settings that decisions read.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Notify;

use crate::domain::event::{Act, AuditLine};
use crate::domain::gate::PolicyBook;
use crate::domain::notice::Cause;
use crate::domain::order_clock::OrderClock;
use crate::domain::password::PasswordRules;
use crate::domain::reset_order::OrderBook;
use crate::domain::session::SessionLimits;
use crate::domain::throttle::ThrottleRules;
use crate::domain::timestamp::Timestamp;
use crate::flows::code_key::OrderKeys;
use crate::flows::hash_pool::{HashError, HashPool, HashSettings};
use crate::flows::meters::Meters;
use crate::flows::notices::{MailSettings, NoticeSettings};
use crate::flows::random::Random;
use crate::flows::reset_order::OrderRules;
use crate::flows::signing_keys::{KeyRoom, Rotation};
use crate::flows::step::{Step, Steps};
use crate::flows::unavailable::Unavailable;
use crate::oidc::keys::KeyRing;
use crate::store;
use crate::store::clock::Clock;
use crate::store::db::{Batch, BatchError, Db, DbError, Statement};
use crate::store::ephemeral::{Committed, Ephemeral, Writes};
use crate::store::idempotency::SENT_BEFORE;
use crate::store::secrets::DeploymentSecrets;

/// What every flow is given. One for the whole program.
pub struct Context {
    /// What is durable.
    pub db: Db,
    /// What expires.
    pub ephemeral: Ephemeral,
    /// The time of this process; lifetimes of accounts are judged by the database's.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// Where passwords are hashed.
    pub hash_pool: HashPool,
    /// The opened secrets of the deployment.
    pub secrets: DeploymentSecrets,
    /// What decisions read.
    pub settings: Settings,
    /// Where a test may stop a flow between two statements.
    pub steps: Steps,
    /// What is counted.
    pub meters: Meters,
    /// Wakes the job that sends notices: some may have been written.
    pub notices_written: Notify,
    /// The opened code keys of orders.
    pub order_keys: OrderKeys,
    keys: RwLock<Arc<KeyRing>>,
    book: RwLock<Arc<OrderBook>>,
}

/// The parts that a [`Context`] is made of.
pub struct Parts {
    /// What is durable.
    pub db: Db,
    /// What expires.
    pub ephemeral: Ephemeral,
    /// The time of this process.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// The opened secrets of the deployment.
    pub secrets: DeploymentSecrets,
    /// The signing keys as read at the start.
    pub keys: KeyRing,
    /// What decisions read.
    pub settings: Settings,
    /// Where a test may stop a flow.
    pub steps: Steps,
}

/// The settings that decisions read.
#[derive(Clone)]
pub struct Settings {
    /// Who this provider is.
    pub issuer: String,
    /// How long sessions live.
    pub session: SessionLimits,
    /// How long an interaction may take.
    pub interaction: Duration,
    /// How long the change page stays open.
    pub pending_change: Duration,
    /// How long an authorization code lives (RFC 9700 section 2.1.1: short; here 60 s by default).
    pub code: Duration,
    /// How long an access token lives.
    pub access_token: Duration,
    /// How long an access token lives that a client is given for itself.
    pub client_token: Duration,
    /// How long a refresh token's family lives, from the sign-in on.
    pub refresh_token: Duration,
    /// The gate's own settings.
    pub policy: PolicyBook,
    /// What a new password must look like.
    pub password_rules: PasswordRules,
    /// Attempts to sign in.
    pub throttle: ThrottleRules,
    /// Whether a change also signs in, or leads back to the sign-in page.
    pub signs_in_after_change: bool,
    /// The cost of hashing.
    pub hashing: HashSettings,
    /// How relying parties are told.
    pub notices: NoticeSettings,
    /// How people are told; none where the deployment sends no mail.
    pub mail: Option<MailSettings>,
    /// The rules that bind whoever orders.
    pub orders: OrderRules,
    /// How long lines of the audit log are kept.
    pub audit_keep: Duration,
    /// How long signing keys sign.
    pub rotation: Rotation,
}

impl Context {
    /// Puts the parts together and starts the hash pool.
    pub fn new(parts: Parts) -> Result<Self, HashError> {
        let nothing = OrderBook { clock: OrderClock(-1), orders: Vec::new() };
        Ok(Self {
            hash_pool: HashPool::start(parts.settings.hashing, parts.clock.clone())?,
            meters: Meters::new(parts.clock.now()),
            db: parts.db,
            ephemeral: parts.ephemeral,
            clock: parts.clock,
            random: parts.random,
            secrets: parts.secrets,
            settings: parts.settings,
            steps: parts.steps,
            notices_written: Notify::new(),
            order_keys: OrderKeys::default(),
            keys: RwLock::new(Arc::new(parts.keys)),
            book: RwLock::new(Arc::new(nothing)),
        })
    }

    /// The signing keys in use.
    pub fn keys(&self) -> Arc<KeyRing> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes over signing keys that were read anew.
    pub fn replace_keys(&self, keys: KeyRing) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }

    /// What making and opening keys needs.
    pub fn key_room(&self) -> KeyRoom<'_> {
        KeyRoom { db: &self.db, sealer: &self.secrets.sealer, random: &self.random }
    }

    /// The order book of this clock if it is in memory, else as it is in the database now.
    pub async fn order_book(&self, clock: OrderClock) -> Result<Arc<OrderBook>, DbError> {
        let held = Arc::clone(&self.book.read().unwrap_or_else(PoisonError::into_inner));
        if held.clock == clock {
            return Ok(held);
        }
        let read = Arc::new(store::reset_order::book(&self.db).await?);
        *self.book.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&read);
        Ok(read)
    }

    /// Runs a batch; `false` when what it was decided upon has changed, so that the caller loads and decides again.
    pub async fn commit(&self, batch: Batch) -> Result<bool, Unavailable> {
        self.steps.at(Step::BatchDecided).await;
        Ok(happened(self.db.run(batch).await)?.is_some())
    }

    /// The same for what also touches claims, and is of no use without them.
    pub async fn commit_claims(&self, writes: Writes) -> Result<bool, Unavailable> {
        match self.commit_weighed(writes).await? {
            Some(Committed::Whole) => Ok(true),
            Some(Committed::ClaimsLost) => Err(Unavailable::ClaimsLost),
            None => Ok(false),
        }
    }

    /// The same for what has happened with its statements; none when it was decided upon what has changed.
    pub async fn commit_weighed(&self, writes: Writes) -> Result<Option<Committed>, Unavailable> {
        self.steps.at(Step::BatchDecided).await;
        happened(self.ephemeral.commit(&self.db, writes).await)
    }

    /// An act that ends sessions, for the notices that are written because of it.
    pub fn new_cause(&self, now: Timestamp) -> Cause {
        Cause(self.new_id(now))
    }

    /// A new id: a `UUIDv7` of this instant.
    pub fn new_id(&self, now: Timestamp) -> String {
        let millis = u64::try_from(now.micros() / 1000).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &self.random.bytes::<10>()).into_uuid().to_string()
    }

    /// In a batch: one line of the audit log.
    pub fn audit(&self, now: Timestamp, line: &AuditLine) -> Statement {
        store::audit::write(&self.new_id(now), now, line)
    }

    /// In a batch: the line for what a person did with the own account.
    pub fn audit_own(
        &self,
        now: Timestamp,
        account: &crate::domain::account::AccountId,
        act: Act,
    ) -> Statement {
        let object = format!("account:{}", account.0);
        self.audit(now, &AuditLine::new(object.clone(), act, object))
    }
}

pub(in crate::flows) fn happened<T>(done: Result<T, BatchError>) -> Result<Option<T>, Unavailable> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(BatchError::Unmet { label: SENT_BEFORE, .. }) => Err(Unavailable::SentBefore),
        Err(BatchError::Unmet { .. }) => Ok(None),
        Err(error @ (BatchError::Unique { .. } | BatchError::Busy | BatchError::Db(_))) => {
            Err(Unavailable::Db(error.into()))
        }
    }
}
