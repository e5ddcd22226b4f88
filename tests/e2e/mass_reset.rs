//! A mass reset over everybody of a département, who all have live grants at three relying parties, one of which answers
//! nothing and one of which is slow: real processes, killed while they tell.
//!
//! `ECLUSE_MASS_RESET=10000` tells it of so many people. What the sign-ins of others cost meanwhile is printed beside what
//! they cost before.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ecluse::domain::level::Level;
use ecluse::flows::hash_pool::HashSettings;
use ecluse::store::clock::Clock;
use ecluse::store::db::{Batch, Row, Statement};
use ecluse::store::seal::MasterKey;

use crate::browser::Browser;
use crate::notices::number;
use crate::ports::free_address;
use crate::provider::{FIRST_PASSWORD, Provider, Wish};
use crate::receiver::{Manner, Receiver};
use crate::sign_in::activate;

/// Those who sign in while the others are told of, at another place.
const BYSTANDERS: usize = 40;

/// How many of the processes are killed, at equal distances on the way.
const KILLS: [usize; 3] = [2, 1, 2];

/// What has not gone on for so long, much longer than a lease, will not.
const PATIENCE: Duration = Duration::from_mins(2);

fn people() -> usize {
    std::env::var("ECLUSE_MASS_RESET").map_or(800, |number| number.parse().unwrap())
}

/// One person becomes many: whatever rows a real activation and real sign-ins left, for everybody.
async fn multiply(provider: &Provider, of: &str, by: usize) {
    let copies = [
        "INSERT INTO account (id, source, source_key, login, login_name, given_name, family_name, email, way_in, number,
             chosen_at, chosen_under, proof, code_issue, created_at, updated_at)
         SELECT a.id || n.i, source, source_key || n.i, login || n.i, login_name || n.i, given_name, family_name, email,
             way_in, number, chosen_at, chosen_under, proof, code_issue, created_at, updated_at
         FROM account a CROSS JOIN n WHERE a.id = $1",
        "INSERT INTO credential (account_id, phc) SELECT account_id || n.i, phc FROM credential CROSS JOIN n WHERE account_id = $1",
        "INSERT INTO affiliation (account_id, path, profile, began)
         SELECT account_id || n.i, path, profile, began FROM affiliation CROSS JOIN n WHERE account_id = $1",
        "INSERT INTO token_grant (id, account_id, client_id, code_hash, scope, nonce, sid, session, account_number, epoch,
             clock, authenticated_at, created_at, expires_at)
         SELECT id || n.i, account_id || n.i, client_id, code_hash || n.i, scope, nonce, sid || n.i, session || n.i,
             account_number, epoch, clock, authenticated_at, created_at, expires_at
         FROM token_grant CROSS JOIN n WHERE account_id = $1",
    ];
    let numbers = "WITH RECURSIVE n (i) AS
        (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < CAST($2 AS BIGINT)) ";
    let statements = copies.map(|copy| {
        let sql: &'static str = String::leak(format!("{numbers}{copy}"));
        Statement::new(sql, vec![of.into(), i64::try_from(by - 1).unwrap().into()])
    });
    provider.ctx.db.run(Batch::plain(statements.into())).await.unwrap();
}

/// Processes on the stores of a provider: two where they may be several, and the one that a file belongs to.
struct Replicas {
    provider: Arc<Provider>,
    issuers: Vec<String>,
    running: Vec<Child>,
}

impl Replicas {
    async fn start(provider: Arc<Provider>) -> Self {
        let home = provider.home.path();
        let key = home.join("ecluse.master.key");
        fs::write(&key, MasterKey::text_of([7; 32]).expose()).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        let number = if provider.stores.database.url().is_some() { 2 } else { 1 };
        let issuers = (0..number).map(|_| format!("http://{}", free_address()));
        let mut replicas = Self { issuers: issuers.collect(), running: Vec::new(), provider };
        for at in 0..number {
            fs::write(replicas.settings(at), replicas.config(at)).unwrap();
            let child = replicas.run(at);
            replicas.running.push(child);
            replicas.answers(at).await;
        }
        replicas
    }

    fn settings(&self, at: usize) -> PathBuf {
        self.provider.home.path().join(format!("replica-{at}.toml"))
    }

    /// Impatient, so that what a killed one held is soon taken over.
    fn config(&self, at: usize) -> String {
        let issuer = &self.issuers[at];
        let listen = issuer.strip_prefix("http://").unwrap();
        let stores = self.provider.stores.settings(self.provider.home.path());
        format!(
            "[server]\nlisten = \"{listen}\"\nissuer = \"{issuer}\"\n[log]\nlevel = \"error\"\n\
             [notices]\nahead = 50\ntimeout = \"1s\"\nattempts = 1000\nfirst_delay = \"1s\"\nlongest_delay = \"2s\"\n{stores}"
        )
    }

    fn run(&self, at: usize) -> Child {
        let log = fs::File::create(self.provider.home.path().join(format!("replica-{at}.log"))).unwrap();
        let mut program = Command::new(env!("CARGO_BIN_EXE_ecluse"));
        program.arg("--config").arg(self.settings(at)).arg("serve").current_dir(self.provider.home.path());
        program.env_clear().stdout(Stdio::null()).stderr(log).spawn().unwrap()
    }

    /// Returns once a replica answers.
    async fn answers(&mut self, at: usize) {
        for _ in 0..2000 {
            assert_eq!(self.running[at].try_wait().unwrap(), None, "the server ended by itself");
            if reqwest::get(format!("{}/readyz", self.issuers[at]))
                .await
                .is_ok_and(|answer| answer.status() == 200)
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("the server does not come up");
    }

    /// Kills so many where they stand, and starts others in their places.
    async fn kill(&mut self, number: usize) {
        let number = number.min(self.running.len());
        for child in &mut self.running[..number] {
            child.kill().unwrap();
        }
        for at in 0..number {
            self.running[at].wait().unwrap();
            self.running[at] = self.run(at);
        }
        for at in 0..number {
            self.answers(at).await;
        }
    }

    /// How far the order has been told to whom.
    async fn walks(&self) -> Vec<(String, String, bool)> {
        let sql =
            "SELECT client_id, path || account_id AS place, finished_at FROM notice_walk ORDER BY client_id";
        let rows = self.provider.ctx.db.all(Statement::new(sql, Vec::new())).await.unwrap();
        let walk = |row: &Row| {
            (
                row.text("client_id").unwrap(),
                row.text("place").unwrap(),
                row.opt_int("finished_at").unwrap().is_some(),
            )
        };
        rows.iter().map(walk).collect()
    }

    /// Returns right after one of the walks went on, if any of them has to.
    async fn a_walk_goes_on(&self) {
        let before = self.walks().await;
        while self.walks().await == before && before.iter().any(|(_, _, finished)| !finished) {}
    }

    /// The most memory that any of those that run now had, in MiB.
    fn memory(&self) -> u64 {
        let peak = |child: &Child| {
            let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or_default()
        };
        self.running.iter().map(peak).max().unwrap_or_default() / 1024
    }
}

impl Drop for Replicas {
    fn drop(&mut self) {
        for child in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What one relying party has heard: of which sessions, each under one name however often.
struct Heard {
    receiver: Receiver,
    names: BTreeMap<String, String>,
    times: usize,
}

impl Heard {
    fn new(receiver: &Receiver) -> Self {
        Self { receiver: receiver.clone(), names: BTreeMap::new(), times: 0 }
    }

    /// Returns once it has heard of so many sessions.
    async fn of(&mut self, sessions: usize) {
        loop {
            for claims in self.receiver.claims() {
                let [sid, jti] = ["sid", "jti"].map(|name| claims[name].as_str().unwrap().to_owned());
                let known = self.names.entry(sid).or_insert_with(|| jti.clone());
                assert_eq!(*known, jti, "sent again under another name");
                self.times += 1;
            }
            if self.names.len() >= sessions {
                return;
            }
            let news = tokio::time::timeout(PATIENCE, self.receiver.has_heard(1)).await;
            assert!(news.is_ok(), "only {} of {sessions} sessions were told of", self.names.len());
        }
    }
}

/// People sign in, one after the other and each at the next replica, until it is said that it is enough; what each sign-in
/// took.
async fn sign_ins(replicas: &Replicas, enough: &AtomicBool) -> Vec<Duration> {
    let mut took = Vec::new();
    while !enough.load(Ordering::Relaxed) {
        let browser = Browser::new(&replicas.issuers[took.len() % replicas.issuers.len()]);
        let page = browser.go("/login").await;
        let login = format!("lea{}", 1 + took.len() % BYSTANDERS);
        let began = now();
        let answer = browser.send(&page, "/login", &[("login", &login), ("password", FIRST_PASSWORD)]).await;
        took.push(began.elapsed());
        assert!(answer.location().is_some(), "{login}: {} {}", answer.status, answer.body);
    }
    took
}

/// The same while something else happens.
async fn sign_ins_during(replicas: &Replicas, something: impl Future<Output = ()>) -> Vec<Duration> {
    let enough = AtomicBool::new(false);
    let until = async {
        something.await;
        enough.store(true, Ordering::Relaxed);
    };
    tokio::join!(sign_ins(replicas, &enough), until).0
}

/// The middle one, and that which one of twenty exceeds.
fn middle_and_worst(mut took: Vec<Duration>) -> [f64; 2] {
    took.sort();
    [took[took.len() / 2], took[took.len() * 95 / 100]].map(|took| took.as_secs_f64() * 1e3)
}

#[expect(clippy::disallowed_methods, reason = "what a sign-in takes is printed, and decides nothing")]
fn now() -> Instant {
    Instant::now()
}

const CLIENTS: [&str; 3] = ["portal", "dead", "slow"];

/// A provider that everybody has been at.
async fn populated(receivers: &[Receiver; 3]) -> Arc<Provider> {
    let settings = Wish::settings(|settings| {
        settings.hashing = HashSettings { memory_kib: 19456, iterations: 2, ..settings.hashing };
    });
    let provider = Provider::start_with(Wish { clock: Clock::system(), ..settings }).await;
    let zoe = activate(&provider, "zoe").await;
    for (receiver, client) in receivers.iter().zip(CLIENTS) {
        let rp = receiver.of(&provider, client).await;
        let given = rp.exchange(&rp.code(&zoe.go(&rp.authorize(&[])).await)).await;
        assert_eq!(given.status, 200, "{}", given.body);
    }
    activate(&provider, "lea").await;
    multiply(&provider, "zoe", people()).await;
    multiply(&provider, "lea", 1 + BYSTANDERS).await;
    Arc::new(provider)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mass_reset_reaches_everybody_whoever_is_dead_or_slow_or_killed() {
    let receivers = [Receiver::start().await, Receiver::start().await, Receiver::start().await];
    let [living, dead, slow] = &receivers;
    dead.behaves(Manner::Sleeps);
    slow.behaves(Manner::Delays(Duration::from_millis(200)));
    let provider = populated(&receivers).await;
    let mut replicas = Replicas::start(Arc::clone(&provider)).await;
    let before = sign_ins_during(&replicas, tokio::time::sleep(Duration::from_secs(3))).await;
    assert_eq!(number(&provider, "SELECT COUNT(*) FROM notice").await, 0);

    let began = now();
    provider.order_for("departement:086", Level::Recover).await;
    let ordered = began.elapsed();
    let mut heard = Heard::new(living);
    let mut during = Vec::new();
    for (at, number) in KILLS.into_iter().enumerate() {
        let part = people() * (at + 1) / (KILLS.len() + 1);
        during.extend(sign_ins_during(&replicas, heard.of(part)).await);
        let goes_on = tokio::time::timeout(PATIENCE, replicas.a_walk_goes_on()).await;
        assert!(goes_on.is_ok(), "the walks stand still: {:?}", replicas.walks().await);
        replicas.kill(number).await;
    }
    during.extend(sign_ins_during(&replicas, heard.of(people())).await);
    let told = began.elapsed();
    assert_eq!(heard.names.len(), people(), "and nobody else");

    let [mut dead, mut slow] = [dead, slow].map(|receiver| {
        receiver.behaves(Manner::Answers(200));
        Heard::new(receiver)
    });
    let memory = replicas.memory();
    tokio::join!(dead.of(people()), slow.of(people()));
    for other in [&dead, &slow] {
        assert!(other.names.keys().eq(heard.names.keys()), "each of them is told of the same sessions");
    }
    let settled = tokio::time::timeout(PATIENCE, async {
        while number(&provider, "SELECT COUNT(*) FROM notice WHERE delivered_at IS NULL").await > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(settled.await.is_ok(), "everybody has heard, and it is not noted");
    let everything = began.elapsed();
    let (calm, busy) = (before.len(), during.len());
    let ([middle, worst], [middle_during, worst_during]) =
        (middle_and_worst(before), middle_and_worst(during));
    println!(
        "{} people: ordered in {ordered:?}, {} heard in {told:?}, all in {everything:?}; tokens sent {}, {} and {}; \
         {memory} MiB at most; sign-ins, middle and 95 %, before ({calm}) {middle:.0} and {worst:.0} ms, meanwhile ({busy}) \
         {middle_during:.0} and {worst_during:.0} ms: {:.2} and {:.2} times",
        people(),
        CLIENTS[0],
        heard.times,
        dead.times,
        slow.times,
        middle_during / middle,
        worst_during / worst
    );
}
