//! A deployment as whoever runs it has it: a folder, the real program, a file or a server for a database.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ecluse::store::clock::Clock;
use ecluse::store::db::{Batch, Db, Statement};
use tempfile::TempDir;

use crate::browser::Browser;
use crate::command_line::ecluse;
use crate::database::server;
use crate::ports::free_address;
use crate::relying_party::{REDIRECT_URI, RelyingParty};

/// The folder, with a portal that is declared in the configuration, and pupils in two classes by turns.
pub(crate) struct Premises {
    folder: TempDir,
    pub(crate) issuer: String,
    /// The database on a server; empty for the file.
    pub(crate) url: String,
    server: Option<Child>,
}

const SCHOOL: &str = "uai:0860001J";

impl Premises {
    /// With so many pupils, `eleve0` and on.
    pub(crate) fn build(url: &str, pupils: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let free = free_address();
        let issuer = format!("http://{free}");
        let config = format!(
            "[server]\nlisten = \"{free}\"\nissuer = \"{issuer}\"\nshutdown_delay = \"0s\"\n[password.rules]\nmin_length = 12\n\
             [password.hash]\nmemory_kib = 64\niterations = 1\n[log]\nlevel = \"error\"\n\
             [[client]]\nclient_id = \"portal\"\nclient_name = \"Portail\"\necluse_sector = \"portal\"\n\
             secret_file = \"portal.secret\"\nredirect_uris = [\"{REDIRECT_URI}\"]\n\
             scope = \"openid profile email ent offline_access\"\n"
        );
        fs::write(folder.path().join("ecluse.toml"), config).unwrap();
        let mut secret = fs::OpenOptions::new();
        let mut secret = secret
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(folder.path().join("portal.secret"))
            .unwrap();
        std::io::Write::write_all(&mut secret, RelyingParty::secret_of("portal").as_bytes()).unwrap();
        let premises = Self { folder, issuer, url: url.to_owned(), server: None };
        if !url.is_empty() {
            premises.run(&["migrate"]);
        }
        premises.run(&["init"]);
        let mut people = "source;key;login;given_name;family_name;profile;uai;classes\n".to_owned();
        for number in 0..pupils {
            let class = if number % 2 == 0 { "6A" } else { "6B" };
            writeln!(people, "A;{number};eleve{number};Élève;Essai;National_ELV;0860001J;{class}").unwrap();
        }
        fs::write(premises.path().join("people.csv"), people).unwrap();
        premises.run(&["account", "import", "people.csv"]);
        premises
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What a command said, and how it ended.
    pub(crate) fn ecluse(&self, arguments: &[&str]) -> String {
        ecluse(self.path(), arguments, &[("ECLUSE__STORE__URL", &self.url)])
    }

    /// The same of one that has to succeed.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let told = self.ecluse(arguments);
        assert!(told.starts_with("exit 0"), "{arguments:?}: {told}");
        told
    }

    /// Writes to the database as another program does.
    pub(crate) async fn tell(&self, sql: &'static str) {
        let db = match self.url.as_str() {
            "" => Db::open_sqlite(&self.path().join("ecluse.sqlite3"), Clock::system(), 1).unwrap(),
            url => Db::open_postgres(&server(url), Clock::system()).await.unwrap(),
        };
        db.run(Batch::plain(vec![Statement::new(sql, Vec::new())])).await.unwrap();
    }

    /// Starts the provider.
    pub(crate) async fn open(&mut self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ecluse"));
        command.arg("serve").current_dir(self.path()).env_clear().env("ECLUSE__STORE__URL", &self.url);
        let mut server = command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap();
        for _ in 0..6000 {
            assert_eq!(server.try_wait().unwrap(), None, "it ended by itself");
            if reqwest::get(format!("{}/healthz", self.issuer)).await.is_ok() {
                self.server = Some(server);
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let _ = server.kill(); // the test fails anyway
        panic!("it does not come up");
    }

    /// Stops it.
    pub(crate) fn close(&mut self) {
        let mut server = self.server.take().unwrap();
        let stop = Command::new("kill").args(["-TERM", &server.id().to_string()]).status().unwrap();
        assert!(stop.success() && server.wait().unwrap().success());
    }

    /// The codes on the slips, by login.
    pub(crate) fn slips(&self) -> BTreeMap<String, String> {
        let told = self.run(&["slips", "--territory", SCHOOL]);
        let lines = told.lines().filter(|line| line.matches(';').count() > 5).skip(1);
        let cells = lines.map(|line| line.split(';').collect::<Vec<_>>());
        cells.map(|cells| (cells[5].to_owned(), cells[6].to_owned())).collect()
    }

    pub(crate) fn portal(&self) -> RelyingParty {
        RelyingParty::declared(&self.issuer, "portal")
    }

    /// Chooses the first password by a slip.
    pub(crate) async fn activate(&self, login: &str, slip: &str, password: &str) -> Browser {
        let browser = Browser::new(&self.issuer);
        let page = browser.sign_in(&browser.go("/login").await, login, slip).await;
        assert!(page.is_change(), "{} {}", page.status, page.body);
        let page = browser.change(&page, "", password).await;
        assert!(page.is_success(), "{} {}", page.status, page.body);
        browser
    }

    /// What the change page or the sign-in page makes of a code or a password.
    pub(crate) async fn is_let_in(&self, login: &str, typed: &str) -> bool {
        let browser = Browser::new(&self.issuer);
        let page = browser.sign_in(&browser.go("/login").await, login, typed).await;
        assert!(
            page.is_change() || page.is_sign_in() || page.status.is_success(),
            "{} {}",
            page.status,
            page.body
        );
        !page.is_sign_in()
    }
}

/// What somebody holds who is signed in at the portal.
pub(crate) struct Held {
    browser: Browser,
    code: String,
    refresh: String,
}

impl Held {
    pub(crate) async fn of(portal: &RelyingParty, browser: Browser) -> Self {
        let tokens = portal.exchange(&portal.code(&browser.go(&portal.authorize(&[])).await)).await;
        assert!(tokens.status.is_success(), "{tokens:?}");
        let code = portal.code(&browser.go(&portal.authorize(&[])).await);
        Self { browser, code, refresh: tokens.text("refresh_token") }
    }

    /// Session, code and token open nothing.
    pub(crate) async fn assert_shut(&self, portal: &RelyingParty) {
        let silent = self.browser.get(&portal.authorize(&[("prompt", "none")])).await;
        assert_eq!(silent.parameter("error").as_deref(), Some("login_required"));
        assert_eq!(portal.refresh(&self.refresh).await.body["error"], "invalid_grant");
        assert_eq!(portal.exchange(&self.code).await.body["error"], "invalid_grant");
    }

    /// And no change of a password would help them.
    pub(crate) async fn assert_dead(&self, portal: &RelyingParty) {
        self.assert_shut(portal).await;
        assert_eq!(portal.refresh(&self.refresh).await.body.get("ecluse_interaction"), None);
    }
}

impl Drop for Premises {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill(); // the test has said what there was to say
            let _ = server.wait();
        }
    }
}
