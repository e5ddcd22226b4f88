//! A deployment in a folder, as its administrator made it: the real programs, a configuration file, a master key.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ecluse::store::clock::Clock;
use ecluse::store::db::{Batch, Db, Row, Statement};
use tempfile::TempDir;

use crate::heard::{self, Listening};
use crate::ports::free_address;
use crate::test_server::ServerDatabase;

/// How many there are in its school.
pub(crate) const PEOPLE: usize = 12;

/// A deployment in a folder, as its administrator made it.
pub(crate) struct House {
    /// Ends first: what its programs logged is read.
    _listening: Listening,
    /// Servers that were started.
    started: AtomicUsize,
    pub(crate) folder: TempDir,
    pub(crate) issuer: String,
    database: Option<ServerDatabase>,
}

impl House {
    /// On a file.
    pub(crate) fn build() -> Self {
        Self::build_on(None)
    }

    /// On the server that `ECLUSE_TEST_STORE` names, if it does.
    pub(crate) async fn build_where_tests_are() -> Self {
        Self::build_on(ServerDatabase::create(None).await)
    }

    /// The address of the database on a server, if it is there.
    pub(crate) fn database_url(&self) -> Option<&str> {
        self.database.as_ref().map(|database| database.url.as_str())
    }

    fn build_on(database: Option<ServerDatabase>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let issuer = format!("http://{}", free_address());
        let free = issuer.strip_prefix("http://").unwrap();
        // Hashing is cheap and attempts are many, so that most of the time goes into what can be cut off: writing.
        let config = format!(
            "[server]\nlisten = \"{free}\"\nissuer = \"{issuer}\"\n[password.rules]\nmin_length = 12\n\
             [password.hash]\nmemory_kib = 64\niterations = 1\n\
             [throttle]\nfree = 1000\nceiling = 2000\n[log]\nlevel = \"debug\"\n"
        );
        fs::write(folder.path().join("ecluse.toml"), config).unwrap();
        let listening = Listening::begin(folder.path());
        let house = Self { _listening: listening, started: AtomicUsize::new(0), folder, issuer, database };
        house.run(&["init"]);
        let mut people = "source;key;login;given_name;family_name;profile;uai;classes\n".to_owned();
        for number in 0..PEOPLE {
            writeln!(people, "A;{number};eleve{number};Élève;Essai;National_ELV;0860001J;6A").unwrap();
        }
        fs::write(house.folder.path().join("people.csv"), people).unwrap();
        house.run(&["account", "import", "people.csv"]);
        house
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ecluse"));
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        if let Some(database) = &self.database {
            command.env("ECLUSE__STORE__URL", &database.url);
        }
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }

    pub(crate) async fn serve(&self) -> Child {
        self.serve_at(&self.issuer, &[]).await
    }

    /// One more, at another address, with other settings.
    pub(crate) async fn serve_at(&self, address: &str, settings: &[&str]) -> Child {
        let log = format!("server-{}.log", self.started.fetch_add(1, Ordering::Relaxed));
        let log = fs::File::create(self.folder.path().join(log)).unwrap();
        self.serve_telling(address, settings, log.into()).await
    }

    /// The same, with somebody who reads its log.
    pub(crate) async fn serve_telling(&self, address: &str, settings: &[&str], log: Stdio) -> Child {
        let listen = format!("server.listen={}", address.strip_prefix("http://").unwrap());
        let mut command = self.command(&["serve", "--set", &listen]);
        for setting in settings {
            command.args(["--set", setting]);
        }
        let mut server = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        for _ in 0..2000 {
            assert_eq!(server.try_wait().unwrap(), None, "the server ended by itself");
            if let Ok(answer) = reqwest::get(format!("{address}/healthz")).await {
                assert!(answer.status().is_success());
                return server;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("the server does not come up");
    }

    /// The codes on the slips, by login.
    pub(crate) fn slips(&self) -> BTreeMap<String, String> {
        let output = self.run(&["slips", "--territory", "uai:0860001J"]);
        let text = String::from_utf8(output.stdout).unwrap();
        let cells = text.lines().skip(1).map(|line| line.split(';').collect::<Vec<_>>());
        let codes: BTreeMap<_, _> = cells.map(|cells| (cells[5].to_owned(), cells[6].to_owned())).collect();
        for code in codes.values() {
            heard::keep_code(code);
        }
        codes
    }

    pub(crate) fn log_file(&self) -> PathBuf {
        self.folder.path().join("ecluse.sqlite3-wal")
    }

    /// Rows of the file itself, while no program has it open; closing it again folds the log into it.
    pub(crate) async fn rows(&self, sql: &'static str) -> Vec<Row> {
        let db = Db::open_sqlite(&self.folder.path().join("ecluse.sqlite3"), Clock::system(), 1).unwrap();
        db.all(Statement::new(sql, Vec::new())).await.unwrap()
    }

    /// Writes to the file itself, while no program has it open.
    pub(crate) async fn write(&self, sql: &'static str) {
        let db = Db::open_sqlite(&self.folder.path().join("ecluse.sqlite3"), Clock::system(), 1).unwrap();
        db.run(Batch::plain(vec![Statement::new(sql, Vec::new())])).await.unwrap();
    }

    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        self.rows(sql).await[0].int(0).unwrap()
    }
}
