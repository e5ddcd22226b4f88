//! A provider of one's own for each test: real HTTP on a free port, a real SQLite file, a clock that is advanced by hand.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use ecluse::domain::account::LoginName;
use ecluse::domain::client::Client;
use ecluse::domain::gate::PolicyBook;
use ecluse::domain::password::PasswordRules;
use ecluse::domain::reset_order::{Level, OrderId};
use ecluse::domain::secret::SecretBytes;
use ecluse::domain::session::SessionLimits;
use ecluse::domain::territory::TerritoryCode;
use ecluse::domain::throttle::ThrottleRules;
use ecluse::domain::timestamp::Timestamp;
use ecluse::flows::context::{Context, Parts, Settings};
use ecluse::flows::hash_pool::HashSettings;
use ecluse::flows::random::Random;
use ecluse::flows::reset_order::Actor;
use ecluse::flows::reset_order::issue::{Proposal, issue};
use ecluse::flows::signing_keys::{KeyRoom, Rotation, ensure, load};
use ecluse::flows::step::Steps;
use ecluse::store;
use ecluse::store::account::Person;
use ecluse::store::clock::Clock;
use ecluse::store::db::{Batch, Db, Statement};
use ecluse::store::seal::MasterKey;
use ecluse::store::secrets::DeploymentSecrets;
use ecluse::web::app::{App, Site};
use ecluse::web::serve::{Limits, serve};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// A provider under test.
pub(crate) struct Provider {
    pub(crate) ctx: Arc<Context>,
    pub(crate) clock: Clock,
    pub(crate) issuer: String,
    pub(crate) home: TempDir,
}

/// What a test may want otherwise.
pub(crate) struct Wish {
    pub(crate) settings: Box<dyn FnOnce(&mut Settings)>,
    pub(crate) steps: Steps,
    /// An issuer that is not the address it listens on: for cookies and headers on https.
    pub(crate) issuer: Option<&'static str>,
}

impl Default for Wish {
    fn default() -> Self {
        Self { settings: Box::new(|_| {}), steps: Steps::default(), issuer: None }
    }
}

/// The password that [`Provider::activate`] chooses.
pub(crate) const FIRST_PASSWORD: &str = "Premier-mot7";

impl Provider {
    pub(crate) async fn start() -> Self {
        Self::start_with(Wish::default()).await
    }

    pub(crate) async fn start_with(wish: Wish) -> Self {
        let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        let home = tempfile::tempdir().unwrap();
        // 21 November 2026, 10:00 UTC.
        let clock = Clock::manual(Timestamp::from_seconds(1_795_255_200));
        let db = Db::open_sqlite(&home.path().join("ecluse.sqlite3"), clock.clone(), 2).unwrap();
        db.migrate().await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let issuer = wish.issuer.map_or_else(|| format!("http://{address}"), str::to_owned);
        let mut settings = settings(&issuer);
        (wish.settings)(&mut settings);
        let secrets = secrets();
        let random = Random::system();
        let room = KeyRoom { db: &db, sealer: &secrets.sealer, random: &random };
        ensure(&room, clock.now()).await.unwrap();
        let keys = load(&room).await.unwrap();
        let parts = Parts { db, clock: clock.clone(), random, secrets, keys, settings, steps: wish.steps };
        let ctx = Arc::new(Context::new(parts).unwrap());
        let site = Site {
            name: "Écluse".to_owned(),
            notice_fr: None,
            notice_en: None,
            zone: jiff::tz::TimeZone::UTC,
            origin: issuer.clone(),
            secure: issuer.starts_with("https:"),
            trusted_proxies: Vec::new(),
        };
        let app = App { ctx: Arc::clone(&ctx), site: Arc::new(site) };
        let limits = Limits {
            request_timeout: Duration::from_mins(1),
            shutdown_grace: Duration::ZERO,
            max_connections: 1024,
        };
        tokio::spawn(serve(app, listener, limits, pending()));
        let provider = Self { ctx, clock, issuer: format!("http://{address}"), home };
        provider.people().await;
        provider
    }

    pub(crate) async fn register(&self, client: Client) {
        client.validate(true).unwrap();
        let now = self.clock.now();
        let statement = store::client::insert(&client, store::client::DeclaredIn::Database, now).unwrap();
        self.ctx.db.run(Batch::plain(vec![statement])).await.unwrap();
    }

    /// Two schools of Poitiers: zoe and tom in 6A of the first, lea in 5B of the second, her guardian, a teacher.
    async fn people(&self) {
        let places = [
            ("ministry:fr", None, "Ministère"),
            ("academie:13", Some("ministry:fr"), "Poitiers"),
            ("departement:086", Some("academie:13"), "Vienne"),
            ("departement:016", Some("academie:13"), "Charente"),
            ("uai:0860001J", Some("departement:086"), "Collège des Tilleuls"),
            ("class:0860001J/6A", Some("uai:0860001J"), "6A"),
            ("uai:0169001X", Some("departement:016"), "Collège du Port"),
            ("class:0169001X/5B", Some("uai:0169001X"), "5B"),
        ];
        let mut paths = std::collections::HashMap::new();
        let mut batch = Vec::new();
        for (code, parent, name) in places {
            let code = TerritoryCode::parse(code).unwrap();
            let parent = parent.map(|parent| TerritoryCode::parse(parent).unwrap());
            let path = match &parent {
                None => ecluse::domain::territory::TerritoryPath::root(),
                Some(parent) => {
                    let above: &ecluse::domain::territory::TerritoryPath = &paths[parent];
                    above.child(&code)
                }
            };
            paths.insert(code.clone(), path.clone());
            let territory = store::territory::Territory { code, path, name: name.to_owned() };
            batch.push(store::territory::put(&territory, parent.as_ref(), self.clock.now()));
        }
        let people = [
            ("zoe", "National_ELV", "class:0860001J/6A"),
            ("tom", "National_ELV", "class:0860001J/6A"),
            ("lea", "National_ELV", "class:0169001X/5B"),
            ("mme.roux", "National_TUT", "class:0169001X/5B"),
            ("m.blanc", "National_ENS", "uai:0860001J"),
        ];
        for (login, profile, place) in people {
            let path = paths[&TerritoryCode::parse(place).unwrap()].as_str().to_owned();
            batch.push(Statement::new(
                "INSERT INTO account (id, source, source_key, login, login_name, given_name, family_name, email, way_in,
                     number, code_issue, created_at, updated_at)
                 VALUES ($1, 'test', $1, $1, $1, $1, 'Essai', NULL, 'local', 1, 1, now_us(), now_us())",
                vec![login.into()],
            ));
            batch.push(Statement::new(
                "INSERT INTO affiliation (account_id, path, profile, began) VALUES ($1, $2, $3, 0)",
                vec![login.into(), path.into(), profile.into()],
            ));
        }
        self.ctx.db.run(Batch::plain(batch)).await.unwrap();
    }

    pub(crate) async fn person(&self, login: &str) -> Person {
        let name = LoginName::parse(login).unwrap();
        store::account::find_by_login(&self.ctx.db, &name).await.unwrap().unwrap()
    }

    /// An order over the whole académie, in force at once.
    pub(crate) async fn order(&self, level: Level) -> OrderId {
        self.order_for("academie:13", level).await
    }

    pub(crate) async fn order_for(&self, territory: &str, level: Level) -> OrderId {
        let proposal = proposal(territory, level);
        issue(&self.ctx, &operator(), &proposal).await.unwrap().unwrap().order.id
    }

    /// A new code for one person, as it is printed.
    pub(crate) async fn new_code(&self, login: &str) -> String {
        let issued = ecluse::flows::account::new_code::new_code(&self.ctx, &operator(), login).await.unwrap();
        ecluse::domain::code::printed(&issued.ok().unwrap().code).expose().to_owned()
    }
}

pub(crate) fn operator() -> Actor {
    Actor { name: "host:test".to_owned(), reason: Some("stolen passwords".to_owned()) }
}

pub(crate) fn proposal(territory: &str, level: Level) -> Proposal {
    Proposal {
        territory: TerritoryCode::parse(territory).unwrap(),
        profiles: std::collections::BTreeSet::new(),
        level,
        never_activated: false,
        changed_since: None,
        reset_by_school_since: None,
        named_operators: Vec::new(),
        at: None,
        deadline: None,
    }
}

fn settings(issuer: &str) -> Settings {
    Settings {
        issuer: issuer.to_owned(),
        session: SessionLimits { idle: Duration::from_hours(2), absolute: Duration::from_hours(12) },
        interaction: Duration::from_mins(10),
        pending_change: Duration::from_mins(10),
        code: Duration::from_mins(1),
        access_token: Duration::from_mins(10),
        refresh_token: Duration::from_hours(30 * 24),
        policy: PolicyBook {
            code_lifetime: Duration::from_hours(30 * 24),
            maximum_lifetime: std::collections::BTreeMap::new(),
            operator_maximum_lifetime: None,
        },
        password_rules: PasswordRules::default(),
        password_throttle: throttle(),
        code_throttle: throttle(),
        signs_in_after_change: true,
        hashing: HashSettings { memory_kib: 64, iterations: 1, parallelism: 1, workers: 2, queue: 64 },
        rotation: Rotation { period: Duration::from_hours(90 * 24), overlap: Duration::from_hours(30 * 24) },
    }
}

fn throttle() -> ThrottleRules {
    ThrottleRules {
        free: 5,
        first_delay: Duration::from_mins(1),
        longest_delay: Duration::from_hours(1),
        ceiling: 25,
        window: Duration::from_hours(24),
    }
}

fn secrets() -> DeploymentSecrets {
    let random = Random::system();
    let key = || SecretBytes::new(random.bytes::<32>().to_vec());
    DeploymentSecrets {
        sealer: MasterKey::from_text(&MasterKey::text_of(random.bytes())).unwrap(),
        pairwise_salt: key(),
        code_key: key(),
        cookie_key: key(),
    }
}
