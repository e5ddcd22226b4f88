//! The provider that is loaded: a deployment of its own in a temporary folder, on a SQLite file, or on the PostgreSQL and
//! Redis servers that `scripts/postgres.sh` and `scripts/redis.sh` started, and then with two replicas. Everything is on
//! this machine; whatever is not is refused.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ::ecluse::cli::open;
use ::ecluse::cli::printer::Failure;
use ::ecluse::config::layers::Layers;
use ::ecluse::config::private_file;
use ::ecluse::domain::account::AccountId;
use ::ecluse::domain::facts::Proof;
use ::ecluse::domain::secret::Secret;
use ::ecluse::flows::context::Context;
use ::ecluse::flows::hash_pool::Guest;
use ::ecluse::store;
use ::ecluse::store::account::{Person, choose_credential};
use ::ecluse::store::db::{Batch, Statement};
use tempfile::TempDir;
use tokio_postgres::NoTls;
use url::Url;

use crate::cores::{Cores, on_core};
use crate::tally::now;

/// The relying party.
pub const CLIENT: &str = "load";
/// Its secret.
pub const SECRET: &str = "a-secret-of-a-relying-party-that-does-not-exist";
/// Nobody listens there, and nobody is sent there.
pub const REDIRECT_URI: &str = "http://127.0.0.1:9999/callback";
/// Everybody's password, until it is changed.
pub const PASSWORD: &str = "Chat-noir7";

/// People of one batch.
const BATCH: usize = 500;

/// How long a program has to come up.
const PATIENCE: Duration = Duration::from_secs(30);

/// A deployment that runs.
pub struct Deployment {
    /// What it is called.
    pub issuer: String,
    /// Where its processes listen.
    pub addresses: Vec<SocketAddr>,
    folder: TempDir,
    running: Vec<Child>,
    database: Option<ServerDatabase>,
    cores: Cores,
}

/// A database on a server, made for this.
struct ServerDatabase {
    server: String,
    name: String,
}

impl Deployment {
    /// Makes it, with so many people who have a password, half of whom must change it.
    pub async fn make(people: usize, cores: Cores) -> Result<Self, Failure> {
        let database = ServerDatabase::make().await?;
        let processes = if database.is_some() { 2 } else { 1 };
        let addresses = (0..processes).map(|_| free_address()).collect::<Result<Vec<_>, _>>()?;
        let issuer = format!("http://{}", addresses[0]);
        let mut deployment =
            Self { issuer, addresses, folder: tempfile::tempdir()?, running: Vec::new(), database, cores };
        deployment.settle()?;
        deployment.populate(people).await?;
        for at in 0..processes {
            deployment.serve(at)?;
        }
        Ok(deployment)
    }

    /// The login of the person of this number: those of even numbers must change their passwords.
    pub fn login(number: usize) -> String {
        format!("p{number}")
    }

    /// What such a person chooses.
    pub fn new_password(number: usize) -> String {
        format!("Nouveau-mot{number}")
    }

    /// Where it keeps what it knows, in words.
    pub const fn stores(&self) -> &'static str {
        if self.database.is_some() {
            "PostgreSQL and Redis, two replicas"
        } else {
            "a SQLite file, one process"
        }
    }

    /// On which cores, in words.
    pub fn cores(&self) -> String {
        self.cores.told()
    }

    /// The resident memory of its processes together, in MiB.
    pub fn memory(&self) -> u64 {
        self.running.iter().map(|child| resident(child.id())).sum::<u64>() / 1024
    }

    /// The time that its processes have spent on cores.
    pub fn on_core(&self) -> Duration {
        self.running.iter().map(|child| on_core(child.id())).sum()
    }

    fn settle(&self) -> Result<(), Failure> {
        let folder = self.folder.path();
        private_file::create(&folder.join("load.secret"), &Secret::new(SECRET.to_owned()))?;
        let mut settings =
            format!("[server]\nlisten = \"{}\"\nissuer = \"{}\"\n", self.addresses[0], self.issuer);
        if let Some(database) = &self.database {
            let redis = std::env::var("ECLUSE_TEST_REDIS").map_err(|_| {
                Failure::failed("PostgreSQL without Redis: run this under scripts/redis.sh, too")
            })?;
            let _ = write!(
                settings,
                "[store]\nurl = \"{}\"\n[ephemeral]\nstore = \"redis\"\n[ephemeral.redis]\nnodes = [\"127.0.0.1:{redis}\"]\n\
                 tls = false\nkey_prefix = \"{}\"\n",
                database.url()?,
                database.name
            );
        }
        let _ = write!(
            settings,
            "[[client]]\nclient_id = \"{CLIENT}\"\nclient_name = \"Load\"\necluse_sector = \"load\"\n\
             secret_file = \"load.secret\"\nredirect_uris = [\"{REDIRECT_URI}\"]\n\
             scope = \"openid profile offline_access\"\n"
        );
        fs::write(self.settings(), settings)?;
        if self.database.is_some() {
            self.run(&["migrate"])?;
        }
        self.run(&["init"])
    }

    async fn populate(&self, people: usize) -> Result<(), Failure> {
        let mut file = "source;key;login;given_name;family_name;profile;uai;classes\n".to_owned();
        for number in 0..people {
            let uai = if number % 2 == 0 { "0860001J" } else { "0169001X" };
            let _ = writeln!(file, "L;{number};{};Lina;Valombre;National_ELV;{uai};6A", Self::login(number));
        }
        fs::write(self.folder.path().join("people.csv"), file)?;
        self.run(&["account", "import", "people.csv", "--quiet"])?;
        let config = Layers { file: Some(self.settings()), ..Layers::default() }.load()?.config;
        give_passwords(&open::context(&config).await?).await?;
        let order = ["reset-order", "issue", "--territory", "departement:086", "--level", "change", "--yes"];
        self.run(&[&order[..], &["--reason", "load"]].concat())
    }

    fn serve(&mut self, at: usize) -> Result<(), Failure> {
        let log = File::create(self.folder.path().join(format!("serve-{at}.log")))?;
        let mut program = self.program()?;
        program.args(["serve", "--set", &format!("server.listen={}", self.addresses[at])]);
        self.running.push(program.stdout(Stdio::null()).stderr(log).spawn()?);
        let began = now();
        while std::net::TcpStream::connect(self.addresses[at]).is_err() {
            if began.elapsed() > PATIENCE {
                return Err(Failure::failed("the provider does not come up"));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    fn settings(&self) -> PathBuf {
        self.folder.path().join("ecluse.toml")
    }

    /// The program that was built along with this one.
    fn program(&self) -> Result<Command, Failure> {
        let here = std::env::current_exe()?;
        let program =
            here.parent().unwrap_or(Path::new(".")).join("../ecluse").canonicalize().map_err(|error| {
                Failure::failed(format_args!("ecluse: {error}"))
                    .hint("cargo build --release --bins --examples")
            })?;
        let mut command = self.cores.command(&program);
        command.env_clear().current_dir(self.folder.path()).arg("--config").arg(self.settings());
        Ok(command)
    }

    fn run(&self, arguments: &[&str]) -> Result<(), Failure> {
        let output = self.program()?.args(arguments).output()?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(Failure::failed(format_args!("ecluse {}: {}", arguments.join(" "), said.trim())))
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        for child in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl ServerDatabase {
    /// A new database on the server that the environment names, if it names one.
    async fn make() -> Result<Option<Self>, Failure> {
        let Ok(server) = std::env::var("ECLUSE_TEST_STORE") else { return Ok(None) };
        let host = Url::parse(&server)?.host_str().unwrap_or_default().to_owned();
        if !matches!(host.as_str(), "127.0.0.1" | "localhost" | "[::1]") {
            return Err(Failure::refused(format_args!("{host} is not this machine: nothing else is loaded")));
        }
        let database = Self { server, name: format!("load_{}", std::process::id()) };
        let (client, connection) = tokio_postgres::connect(&database.server, NoTls).await?;
        tokio::spawn(connection);
        client.batch_execute(&format!("CREATE DATABASE {}", database.name)).await?;
        Ok(Some(database))
    }

    fn url(&self) -> Result<Url, Failure> {
        let mut url = Url::parse(&self.server)?;
        url.set_path(&self.name);
        Ok(url)
    }
}

/// Everybody gets the same password, hashed once: what is loaded is signing in, not making ready for it.
async fn give_passwords(ctx: &Context) -> Result<(), Failure> {
    let place = ctx.hash_pool.place(Guest::Known)?;
    let phc = ctx.hash_pool.hash(place, Secret::new(PASSWORD.to_owned()), ctx.random.bytes()).await?;
    let rows = ctx.db.all(Statement::new("SELECT id FROM account", Vec::new())).await?;
    let accounts = rows.iter().map(|row| row.text("id").map(AccountId)).collect::<Result<Vec<_>, _>>()?;
    let Some(first) = accounts.first() else { return Ok(()) };
    let Some(Person { facts, .. }) = store::account::find(&ctx.db, first).await? else { return Ok(()) };
    for some in accounts.chunks(BATCH) {
        let chosen = |account| choose_credential(account, &phc, facts.clock, Proof::Code, facts.now);
        let batch = some.iter().flat_map(chosen).collect();
        ctx.db.run(Batch::plain(batch)).await?;
    }
    Ok(())
}

fn free_address() -> Result<SocketAddr, Failure> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// In KiB.
fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}
