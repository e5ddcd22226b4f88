//! A PostgreSQL server of the run's own, that is killed and comes back with what it had confirmed.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio_postgres::NoTls;

use super::home::{Home, children, signal};
use crate::ports::free_port;

/// What is lost with the machine may be lost: it outlives the run. Pages are written whole all the same, because a
/// process can be killed in the middle of one. Commits are dated, so that they can be read in their order.
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
fsync = off
track_commit_timestamp = on
log_min_messages = fatal
";

/// The server.
pub(crate) struct Postgres {
    programs: PathBuf,
    room: PathBuf,
    pub(crate) port: u16,
    process: Option<Child>,
}

impl Postgres {
    /// Makes a cluster and starts it.
    pub(crate) async fn start(home: &Home) -> Self {
        let room = home.room("postgres");
        let owned = if is_root() {
            Command::new("chown").arg("postgres").arg(&room).status()
        } else {
            Command::new("true").status()
        };
        assert!(owned.unwrap().success());
        let mut server = Self { programs: programs(), room, port: free_port(), process: None };
        let making = ["--username=ecluse", "--auth=trust", "--encoding=UTF8", "--no-sync"];
        let locale = ["--locale-provider=icu", "--icu-locale=fr", "--locale=C.UTF-8"];
        let made =
            server.command("initdb").args(making).args(locale).args(["--pgdata", "data"]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let settings = server.room.join("data/postgresql.conf");
        fs::write(&settings, fs::read_to_string(&settings).unwrap() + SETTINGS).unwrap();
        server.start_again().await;
        server
    }

    /// The way there for whoever is no part of the run: not through any link.
    pub(crate) fn url(&self) -> String {
        format!("postgres://ecluse@127.0.0.1:{}/postgres", self.port)
    }

    /// As `kill -9` of each of its processes at once.
    pub(crate) fn kill(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        signal("STOP", &[process.id()]); // or it has others while we look
        let mut all = children(process.id());
        all.push(process.id());
        signal("KILL", &all);
        process.wait().unwrap();
    }

    /// Starts it on what there is, and returns when it answers.
    pub(crate) async fn start_again(&mut self) {
        for _ in 0..50 {
            let log =
                File::options().append(true).create(true).open(self.room.join("../postgres.log")).unwrap();
            let mut process = self
                .command("postgres")
                .args(["-D", "data", "-p", &self.port.to_string()])
                .stdout(Stdio::null())
                .stderr(log)
                .spawn()
                .unwrap();
            while process.try_wait().unwrap().is_none() {
                if tokio_postgres::connect(&self.url(), NoTls).await.is_ok() {
                    self.process = Some(process);
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            // Somebody of the one before is still on the way out.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{}", fs::read_to_string(self.room.join("../postgres.log")).unwrap());
    }

    /// It refuses to run as root.
    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(&self.room).env("HOME", &self.room);
        command
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Of the newest version that is installed.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let versions = versions.filter_map(|entry| {
        Some((entry.as_ref().ok()?.file_name().to_str()?.parse::<u32>().ok()?, entry.ok()?.path()))
    });
    let newest = versions.max().map(|(_, path)| path.join("bin")).filter(|path| path.join("initdb").exists());
    newest.unwrap_or_else(|| panic!("needs PostgreSQL: scripts/postgres.sh true"))
}
