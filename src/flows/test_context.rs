//! A deployment to try flows on: a real database that goes away with it, a clock that stands still,
//! chance that can be foreseen.

use std::time::Duration;

use crate::config::Config;
use crate::domain::level::Level;
use crate::domain::reset_order::OrderId;
use crate::domain::territory::TerritoryCode;
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::Actor;
use crate::flows::context::{Context, Parts};
use crate::flows::random::Random;
use crate::flows::reset_order::issue::{Proposal, issue};
use crate::flows::signing_keys::{self, KeyRoom};
use crate::flows::step::Steps;
use crate::store::clock::Clock;
use crate::store::db::test_database::TestDatabase;
use crate::store::db::{Row, Statement};
use crate::store::ephemeral::Ephemeral;
use crate::store::seal::MasterKey;
use crate::store::secrets::{self, DeploymentSecrets, Fresh};

/// A deployment that was just initialised.
pub(crate) struct TestContext {
    pub(crate) ctx: Context,
    pub(crate) actor: Actor,
    _database: TestDatabase,
}

impl TestContext {
    pub(crate) async fn new() -> Self {
        Self::paused_by(Steps::default()).await
    }

    pub(crate) async fn paused_by(steps: Steps) -> Self {
        let database = TestDatabase::create().await;
        let clock = Clock::manual(Timestamp::from_seconds(1_800_000_000));
        let random = Random::seeded(1);
        let db = database.open(&clock).await;
        db.migrate().await.unwrap();
        let sealer = MasterKey::from_text(&MasterKey::text_of(random.bytes())).unwrap();
        secrets::init(&db, &sealer, || Fresh { bytes: random.bytes(), nonce: random.bytes() }).await.unwrap();
        let secrets = DeploymentSecrets::load(&db, sealer).await.unwrap();
        let room = KeyRoom { db: &db, sealer: &secrets.sealer, random: &random };
        signing_keys::ensure(&room, clock.now()).await.unwrap();
        let keys = signing_keys::load(&room).await.unwrap();
        let mut settings = Config::default().settings();
        settings.hashing.workers = 1;
        let ctx = Context::new(Parts {
            ephemeral: Ephemeral::in_database(db.clone()),
            db,
            clock,
            random,
            secrets,
            keys,
            settings,
            steps,
        })
        .unwrap();
        let actor = Actor::local("test", Some("a trial".to_owned()));
        Self { ctx, actor, _database: database }
    }

    /// Every row of a statement, its columns joined by spaces and `-` for none.
    pub(crate) async fn rows(&self, statement: Statement, columns: usize) -> Vec<String> {
        let cell = |row: &Row, column: usize| match row.opt_text(column) {
            Ok(text) => text.unwrap_or_else(|| "-".to_owned()),
            Err(_) => row.int(column).unwrap().to_string(),
        };
        let line = |row: &Row| (0..columns).map(|column| cell(row, column)).collect::<Vec<_>>().join(" ");
        self.ctx.db.all(statement).await.unwrap().iter().map(line).collect()
    }

    /// An order of level `change` for everybody in a place, now or after a while.
    pub(crate) async fn order(&self, territory: &str, after: Option<Duration>) -> OrderId {
        let proposal = Proposal {
            territory: TerritoryCode::parse(territory).unwrap(),
            profiles: std::collections::BTreeSet::new(),
            level: Level::Change,
            never_activated: false,
            changed_since: None,
            reset_by_school_since: None,
            named_operators: Vec::new(),
            at: after.map(|after| self.ctx.clock.now().plus(after)),
            deadline: None,
            code_lifetime: None,
            repeats: false,
        };
        issue(&self.ctx, &self.actor, &proposal, None).await.unwrap().unwrap().order.id
    }
}
