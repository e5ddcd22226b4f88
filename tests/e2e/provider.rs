//! A provider of one's own for each test: real HTTP on a free port, a real database, a clock that is advanced by hand.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use ecluse::domain::account::LoginName;
use ecluse::domain::client::Client;
use ecluse::domain::code::printed;
use ecluse::domain::facts::Proof;
use ecluse::domain::gate::PolicyBook;
use ecluse::domain::level::Level;
use ecluse::domain::notice::RetryRules;
use ecluse::domain::password::PasswordRules;
use ecluse::domain::reset_order::OrderId;
use ecluse::domain::secret::Secret;
use ecluse::domain::session::SessionLimits;
use ecluse::domain::territory::TerritoryCode;
use ecluse::domain::throttle::ThrottleRules;
use ecluse::domain::timestamp::Timestamp;
use ecluse::flows::account::force_change::force_change;
use ecluse::flows::account::new_code::new_code;
use ecluse::flows::actor::Actor;
use ecluse::flows::context::{Context, Parts, Settings};
use ecluse::flows::hash_pool::{Guest, HashSettings};
use ecluse::flows::notices::{Courier, NoticeSettings};
use ecluse::flows::print_slips::{Selection, print_slips};
use ecluse::flows::random::Random;
use ecluse::flows::reset_order::OrderRules;
use ecluse::flows::reset_order::cancel::cancel;
use ecluse::flows::reset_order::issue::{Proposal, issue};
use ecluse::flows::signing_keys::{KeyRoom, Rotation, ensure, load};
use ecluse::flows::step::Steps;
use ecluse::outgoing::{Outgoing, Reach};
use ecluse::store;
use ecluse::store::account::Person;
use ecluse::store::clock::Clock;
use ecluse::store::db::{Batch, Db, Statement};
use ecluse::store::seal::MasterKey;
use ecluse::store::secrets::{DeploymentSecrets, Fresh, init};
use ecluse::web::app::{App, Site, SlipWords};
use ecluse::web::serve::{Limits, serve};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::database::Stores;
use crate::heard::{self, Listening};
use crate::ports::free_address;

/// A provider under test.
pub(crate) struct Provider {
    /// Ends first: what was logged is read.
    pub(crate) listening: Listening,
    pub(crate) app: App,
    pub(crate) ctx: Arc<Context>,
    pub(crate) clock: Clock,
    pub(crate) issuer: String,
    pub(crate) stores: Arc<Stores>,
    /// For files.
    pub(crate) home: TempDir,
    stop: oneshot::Sender<()>,
    served: JoinHandle<io::Result<()>>,
}

/// What a test may want otherwise.
pub(crate) struct Wish {
    pub(crate) settings: Box<dyn FnOnce(&mut Settings)>,
    pub(crate) steps: Steps,
    /// An issuer that is not the address it listens on: for cookies and headers on https.
    pub(crate) issuer: Option<&'static str>,
    /// How long one request may take.
    pub(crate) request_timeout: Duration,
    /// Another clock than the one that is advanced by hand: for programs that look at the machine's.
    pub(crate) clock: Clock,
    /// The stores of another provider, to be one more on them.
    pub(crate) stores: Option<Arc<Stores>>,
}

impl Default for Wish {
    fn default() -> Self {
        Self {
            settings: Box::new(|_| {}),
            steps: Steps::default(),
            issuer: None,
            request_timeout: Duration::from_mins(1),
            clock: clock(),
            stores: None,
        }
    }
}

impl Wish {
    /// Other settings.
    pub(crate) fn settings(change: impl FnOnce(&mut Settings) + 'static) -> Self {
        Self { settings: Box::new(change), ..Self::default() }
    }
}

/// The password that `activate` chooses.
pub(crate) const FIRST_PASSWORD: &str = "Premier-mot7";

impl Provider {
    pub(crate) async fn start() -> Self {
        Self::start_with(Wish::default()).await
    }

    pub(crate) async fn start_with(wish: Wish) -> Self {
        let listener = TcpListener::bind(free_address()).await.unwrap();
        let stores = match &wish.stores {
            Some(stores) => Arc::clone(stores),
            None => Arc::new(Stores::copied().await),
        };
        Self::open(stores, listener, wish).await
    }

    /// Stops the server and starts another on the same database and address: all that the first had in memory is gone.
    pub(crate) async fn restarted(self) -> Self {
        self.stop.send(()).unwrap();
        self.served.await.unwrap().unwrap();
        let listener = TcpListener::bind(self.issuer.strip_prefix("http://").unwrap()).await.unwrap();
        Self::open(self.stores, listener, Wish { clock: self.clock, ..Wish::default() }).await
    }

    async fn open(stores: Arc<Stores>, listener: TcpListener, wish: Wish) -> Self {
        let home = tempfile::tempdir().unwrap();
        let listening = Listening::begin(home.path());
        let clock = wish.clock;
        let db = stores.database.open(&clock).await;
        let address = listener.local_addr().unwrap();
        let issuer = wish.issuer.map_or_else(|| format!("http://{address}"), str::to_owned);
        let mut settings = settings(&issuer);
        (wish.settings)(&mut settings);
        let secrets = DeploymentSecrets::load(&db, master_key()).await.unwrap();
        let random = Random::system();
        let keys = load(&KeyRoom { db: &db, sealer: &secrets.sealer, random: &random }).await.unwrap();
        let ephemeral = stores.claims.store(&db);
        let parts =
            Parts { db, ephemeral, clock: clock.clone(), random, secrets, keys, settings, steps: wish.steps };
        let ctx = Arc::new(Context::new(parts).unwrap());
        let site = Site {
            name: "Écluse".to_owned(),
            notice_fr: None,
            notice_en: None,
            zone: jiff::tz::TimeZone::UTC,
            origin: issuer.clone(),
            secure: issuer.starts_with("https:"),
            believes_traceparent: false,
            trusted_proxies: Vec::new(),
            slips: SlipWords::default(),
        };
        let app = App::new(Arc::clone(&ctx), site);
        let limits = Limits {
            request_timeout: wish.request_timeout,
            shutdown_delay: Duration::ZERO,
            shutdown_grace: Duration::from_mins(1),
            max_connections: 1024,
        };
        let (stop, stopped) = oneshot::channel();
        let until = async move {
            // A provider that is dropped goes on for its browsers.
            if stopped.await.is_err() {
                pending::<()>().await;
            }
        };
        let served = tokio::spawn(serve(app.clone(), listener, limits, until));
        Self { listening, app, ctx, clock, issuer: format!("http://{address}"), stores, home, stop, served }
    }

    /// Somebody who tells relying parties, on this machine, in rounds.
    pub(crate) fn courier(&self) -> Courier {
        self.courier_with(Reach { networks: Vec::new(), loopback: true })
    }

    pub(crate) fn courier_with(&self, reach: Reach) -> Courier {
        let outgoing = Outgoing::new(reach, self.ctx.settings.notices.timeout).unwrap();
        Courier::new(Arc::clone(&self.ctx), outgoing, None)
    }

    pub(crate) async fn register(&self, client: Client) {
        client.validate(true).unwrap();
        if store::client::find(&self.ctx.db, &client.id).await.unwrap().is_some() {
            return;
        }
        let now = self.clock.now();
        let statement = store::client::insert(&client, store::client::DeclaredIn::Database, now).unwrap();
        self.ctx.db.run(Batch::plain(vec![statement])).await.unwrap();
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
        self.issue(&proposal(territory, level)).await
    }

    pub(crate) async fn issue(&self, proposal: &Proposal) -> OrderId {
        issue(&self.ctx, &operator(), proposal, None).await.unwrap().unwrap().order.id
    }

    pub(crate) async fn cancel(&self, order: &OrderId) {
        cancel(&self.ctx, &operator(), order).await.unwrap().unwrap();
    }

    pub(crate) async fn force(&self, login: &str, level: Level) {
        force_change(&self.ctx, &operator(), level, &[login.to_owned()]).await.unwrap().unwrap();
    }

    /// The live code of one person, printed with those of the whole académie: nothing else is touched by it.
    pub(crate) async fn slip(&self, login: &str) -> String {
        self.slip_at("academie:13", login).await
    }

    /// The same, printed for a smaller place.
    pub(crate) async fn slip_at(&self, place: &str, login: &str) -> String {
        let place = TerritoryCode::parse(place).unwrap();
        let territory = store::territory::find(&self.ctx.db, &place).await.unwrap().unwrap().path;
        let mut found = None;
        let selection = Selection::everybody(territory, None);
        print_slips(&self.ctx, &operator(), &selection, |slip| {
            if slip.person.login == login {
                found = Some(printed(&slip.code).expose().to_owned());
            }
            Ok(())
        })
        .await
        .unwrap()
        .unwrap();
        let code: String = found.unwrap();
        heard::keep_code(&code);
        code
    }

    /// Gives somebody a password that today's rules would refuse, as one chosen under older rules.
    pub(crate) async fn choose(&self, login: &str, password: &str) {
        heard::keep(password);
        let person = self.person(login).await;
        let ctx = &self.ctx;
        let place = ctx.hash_pool.place(Guest::Known).unwrap();
        let phc =
            ctx.hash_pool.hash(place, Secret::new(password.to_owned()), ctx.random.bytes()).await.unwrap();
        let facts = &person.facts;
        let chosen =
            store::account::choose_credential(&facts.account, &phc, facts.clock, Proof::Code, facts.now);
        ctx.db.run(Batch::plain(chosen.into())).await.unwrap();
    }

    /// From here on no account can be read.
    pub(crate) async fn break_accounts(&self) {
        let broken = Statement::new("ALTER TABLE account RENAME COLUMN number TO lost", Vec::new());
        self.ctx.db.run(Batch::plain(vec![broken])).await.unwrap();
    }

    /// Undoes [`Provider::break_accounts`].
    pub(crate) async fn mend_accounts(&self) {
        let mended = Statement::new("ALTER TABLE account RENAME COLUMN lost TO number", Vec::new());
        self.ctx.db.run(Batch::plain(vec![mended])).await.unwrap();
    }

    /// A new code for one person, as it is printed.
    pub(crate) async fn new_code(&self, login: &str) -> String {
        let issued = new_code(&self.ctx, &operator(), login).await.unwrap();
        let code = printed(&issued.ok().unwrap().code).expose().to_owned();
        heard::keep_code(&code);
        code
    }
}

pub(crate) fn operator() -> Actor {
    Actor::local("test", Some("stolen passwords".to_owned()))
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
        code_lifetime: None,
        repeats: false,
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
        client_token: Duration::from_mins(10),
        refresh_token: Duration::from_hours(30 * 24),
        policy: PolicyBook {
            code_lifetime: Duration::from_hours(30 * 24),
            code_ceiling: Duration::from_hours(90 * 24),
            maximum_lifetime: std::collections::BTreeMap::new(),
            operator_maximum_lifetime: None,
        },
        password_rules: PasswordRules::default(),
        throttle: throttle(),
        signs_in_after_change: true,
        hashing: HashSettings {
            memory_kib: 64,
            iterations: 1,
            parallelism: 1,
            workers: 2,
            queue: 64,
            longest_wait: Duration::from_mins(1),
        },
        notices: NoticeSettings {
            retry: RetryRules {
                attempts: 4,
                first: Duration::from_secs(10),
                longest: Duration::from_mins(1),
            },
            timeout: Duration::from_mins(1),
            concurrency: 8,
            ahead: 1_000,
            keep: Duration::from_hours(24),
            give_way: Duration::from_secs(1),
        },
        mail: None,
        orders: OrderRules { approval_above: 5_000 },
        audit_keep: Duration::from_hours(365 * 24),
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

/// Puts keys and people into an empty database.
pub(crate) async fn fill(db: &Db) {
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    db.migrate().await.unwrap();
    let (random, sealer) = (Random::system(), master_key());
    init(db, &sealer, || Fresh { bytes: random.bytes(), nonce: random.bytes() }).await.unwrap();
    ensure(&KeyRoom { db, sealer: &sealer, random: &random }, clock().now()).await.unwrap();
    people(db).await;
}

/// 21 November 2026, 10:00 UTC.
pub(crate) fn clock() -> Clock {
    Clock::manual(Timestamp::from_seconds(1_795_255_200))
}

fn master_key() -> MasterKey {
    MasterKey::from_text(&MasterKey::text_of([7; 32])).unwrap()
}

/// Two schools of Poitiers: zoe and tom in 6A of the first, lea in 5B of the second, her guardian, a teacher.
async fn people(db: &Db) {
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
        batch.push(store::territory::put(&territory, parent.as_ref(), clock().now()));
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
    db.run(Batch::plain(batch)).await.unwrap();
}
