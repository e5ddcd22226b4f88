//! A deployment in a directory of its own, and the program serving it as it is run for real: another process, the default
//! configuration, its log written. Under `scripts/postgres.sh` and `scripts/redis.sh` what it knows lies on those servers.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ecluse::cli::open;
use ecluse::config::layers::{Layers, Loaded};
use ecluse::domain::account::AccountId;
use ecluse::flows::context::Context;
use ecluse::store::db::{Db, Statement};

use crate::cpu;
use crate::people::SOURCE;
use crate::test_server::ServerDatabase;

/// A deployment with its files.
pub(crate) struct Deployment {
    pub(crate) home: PathBuf,
    pub(crate) address: SocketAddr,
    server: Option<ServerDatabase>,
}

impl Deployment {
    /// A new one, without people.
    pub(crate) async fn init(home: &Path) -> Self {
        fs::create_dir_all(home).unwrap();
        let (address, server) = (free_address(), ServerDatabase::create(None).await);
        let mut config = format!("[server]\nlisten = \"{address}\"\nissuer = \"http://{address}\"\n");
        if let Some(database) = &server {
            writeln!(config, "[store]\nurl = \"{}\"", database.url).unwrap();
            if let Ok(port) = std::env::var("ECLUSE_TEST_REDIS") {
                write!(
                    config,
                    "[ephemeral]\nstore = \"redis\"\n[ephemeral.redis]\nnodes = [\"127.0.0.1:{port}\"]\n\
                     tls = false\nkey_prefix = \"{}\"\n",
                    database.name
                )
                .unwrap();
            }
        }
        fs::write(home.join("ecluse.toml"), config).unwrap();
        let deployment = Self { home: home.to_owned(), address, server };
        // A server's schema is made by a command of its own; a file is made with its schema.
        let commands = if deployment.is_on_server() { &["migrate", "init"][..] } else { &["init"] };
        for command in commands {
            let output = deployment.program(&[command]).output().unwrap();
            assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        }
        deployment
    }

    /// Whether it is on a server, whose own time on cores is in no figure.
    pub(crate) const fn is_on_server(&self) -> bool {
        self.server.is_some()
    }

    /// One that was made before.
    pub(crate) fn at(home: &Path) -> Self {
        let deployment = Self { home: home.to_owned(), address: free_address(), server: None };
        Self { address: deployment.loaded().config.server.listen, ..deployment }
    }

    /// Its configuration.
    pub(crate) fn loaded(&self) -> Loaded {
        Layers { file: Some(self.config()), ..Layers::default() }.load().unwrap()
    }

    /// Its database, keys and settings, in this process.
    pub(crate) async fn context(&self) -> Context {
        open::context(&self.loaded().config).await.unwrap()
    }

    /// The file of its database.
    pub(crate) fn database(&self) -> PathBuf {
        self.loaded().config.store.path
    }

    /// The program, about to be run.
    pub(crate) fn program(&self, arguments: &[&str]) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_ecluse"));
        program.arg("--config").arg(self.config()).args(arguments).env_remove("ECLUSE_CONFIG");
        program
    }

    /// Starts it, and returns once it is ready.
    pub(crate) fn serve(&self) -> Server {
        Server::start(self.program(&["serve"]), self.address)
    }

    /// The same on one core and at another address: one replica of several.
    pub(crate) fn serve_on(&self, core: u32, address: SocketAddr) -> Server {
        let listen = format!("server.listen={address}");
        Server::start(on_core(core, &self.program(&["serve", "--set", &listen])), address)
    }

    fn config(&self) -> PathBuf {
        self.home.join("ecluse.toml")
    }
}

/// A process that answers requests. Ended when dropped.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts it, and returns once it is ready.
    pub(crate) fn start(mut program: Command, address: SocketAddr) -> Self {
        let began = cpu::now();
        let child = program.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let server = Self { child, address };
        server.wait_until_ready(began);
        server
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks until the answer is 200.
    pub(crate) fn wait_until_ready(&self, began: Instant) {
        while !is_ready(self.address).unwrap_or(false) {
            assert!(began.elapsed() < Duration::from_mins(1), "the server did not start");
            thread::sleep(Duration::from_micros(500));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program that is to stay on one core.
pub(crate) fn on_core(core: u32, program: &Command) -> Command {
    let mut pinned = Command::new("taskset");
    pinned.args(["--cpu-list", &core.to_string()]).arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => pinned.env(name, value),
            None => pinned.env_remove(name),
        };
    }
    pinned
}

/// An address of this machine that nobody listens on.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Some of the people, spread over the whole population: `count` of `people`.
pub(crate) async fn some_accounts(db: &Db, count: u32, people: u32) -> Vec<(AccountId, String)> {
    let mut accounts = Vec::new();
    for at in 0..count {
        let number = u64::from(at) * u64::from(people) / u64::from(count);
        let key = format!("P{number:08}");
        let sql = "SELECT id, login FROM account WHERE source = $1 AND source_key = $2";
        let row = db.one(Statement::new(sql, vec![SOURCE.into(), key.into()])).await.unwrap().unwrap();
        accounts.push((AccountId(row.text("id").unwrap()), row.text("login").unwrap()));
    }
    accounts
}

fn is_ready(address: SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.starts_with("HTTP/1.1 200"))
}
