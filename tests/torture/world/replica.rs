//! One `ecluse serve` of several, with ways of its own to PostgreSQL and Redis and a way of the clients' to it.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::home::{Home, signal};
use super::link::Link;
use crate::ports::free_port;
use crate::torture::dice::Dice;

/// The program that is tried: this build's, or another that is to be caught.
pub(crate) fn program() -> PathBuf {
    std::env::var_os("ECLUSE_TORTURE_PROGRAM")
        .map_or_else(|| env!("CARGO_BIN_EXE_ecluse").into(), PathBuf::from)
}

/// The program with the settings of the run, on its way to PostgreSQL and, where it serves, to Redis.
pub(crate) fn ecluse(folder: &std::path::Path, store: &Link) -> Command {
    let mut command = Command::new(program());
    command.current_dir(folder).env_clear();
    let url = format!("postgres://ecluse@127.0.0.1:{}/postgres", store.port);
    command.env("ECLUSE__STORE__URL", url);
    command
}

/// A replica.
pub(crate) struct Replica {
    pub(crate) number: u8,
    folder: PathBuf,
    port: u16,
    pub(crate) front: Link,
    pub(crate) store: Link,
    pub(crate) claims: Link,
    process: Option<Child>,
}

impl Replica {
    /// Not started yet.
    pub(crate) async fn new(home: &Home, number: u8, store: u16, claims: u16, dice: &Dice) -> Self {
        let port = free_port();
        let way = |other| format!("replica {number} and {other}");
        Self {
            number,
            folder: home.folder.clone(),
            port,
            front: Link::to(&way("clients"), port, dice.clone()).await,
            store: Link::to(&way("PostgreSQL"), store, dice.clone()).await,
            claims: Link::to(&way("Redis"), claims, dice.clone()).await,
            process: None,
        }
    }

    pub(crate) fn links(&self) -> [&Link; 3] {
        [&self.front, &self.store, &self.claims]
    }

    pub(crate) fn kill(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// It stands still, in the middle of whatever it does.
    pub(crate) fn freeze(&self) {
        self.process.iter().for_each(|process| signal("STOP", &[process.id()]));
    }

    pub(crate) fn thaw(&self) {
        self.process.iter().for_each(|process| signal("CONT", &[process.id()]));
    }

    /// Starts it, as often as it takes to reach the database, and returns when it answers.
    pub(crate) async fn start(&mut self) {
        loop {
            let log = self.folder.join(format!("replica{}.log", self.number));
            let log = File::options().append(true).create(true).open(log).unwrap();
            let mut process = ecluse(&self.folder, &self.store)
                .arg("serve")
                .env("ECLUSE__SERVER__LISTEN", format!("127.0.0.1:{}", self.port))
                .env("ECLUSE__EPHEMERAL__REDIS__NODES", format!("127.0.0.1:{}", self.claims.port))
                .stdout(Stdio::null())
                .stderr(log)
                .spawn()
                .unwrap();
            while process.try_wait().unwrap().is_none() {
                if tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_ok() {
                    self.process = Some(process);
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
