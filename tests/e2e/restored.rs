//! After a database was put back from a copy: nothing that was given out before is good, and no program goes on with the
//! copy before it was told so.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::flows::restored::declare_restored;
use ecluse::store::clock::Clock;
use ecluse::store::db::{Batch, Db, Statement};

use crate::browser::Browser;
use crate::command_line::ecluse;
use crate::database::server as server_at;
use crate::holder::{Doors, Holder};
use crate::provider::{Provider, operator};
use crate::sign_in::{activate, elsewhere};
use crate::test_server::ServerDatabase;

const NEW_PASSWORD: &str = "Chat-noir7";

async fn restored(provider: &Provider) {
    declare_restored(&provider.ctx, &operator(), None).await.unwrap();
}

async fn number(provider: &Provider, sql: &'static str) -> i64 {
    provider.ctx.db.one(Statement::new(sql, Vec::new())).await.unwrap().unwrap().int("n").unwrap()
}

async fn write(provider: &Provider, sql: &'static str) {
    provider.ctx.db.run(Batch::plain(vec![Statement::new(sql, Vec::new()).want(1)])).await.unwrap();
}

#[tokio::test]
async fn what_was_held_before_a_restore_is_void_and_the_password_is_not() {
    let provider = Provider::start().await;
    let mut zoe = Holder::new(&provider, "zoe").await;
    assert_eq!(zoe.knock().await, Doors::OPEN);
    restored(&provider).await;
    assert_eq!(zoe.knock().await, Doors::ENDED);
    let mut again = Holder::of(&provider, elsewhere(&provider, "zoe").await).await;
    assert_eq!(again.knock().await, Doors::OPEN);
    let lines = "SELECT COUNT(*) AS n FROM audit WHERE act = 'store.restored'";
    assert_eq!(number(&provider, lines).await, 1);

    provider.order(Level::Change).await;
    assert_eq!(again.knock().await, Doors::CHANGE, "orders are above what was chosen before");
}

#[tokio::test]
async fn a_code_on_paper_and_the_page_it_opened_die_and_the_next_print_is_alive() {
    let provider = Provider::start().await;
    activate(&provider, "zoe").await;
    provider.order(Level::Recover).await;
    let before = provider.slip("zoe").await;
    let at_change = Browser::new(&provider.issuer);
    let page = at_change.go("/login").await;
    let change = at_change.sign_in(&page, "zoe", &before).await;
    assert!(change.is_change());

    restored(&provider).await;
    assert!(!at_change.change(&change, "", NEW_PASSWORD).await.is_success());
    let browser = Browser::new(&provider.issuer);
    let page = browser.go("/login").await;
    let page = browser.sign_in(&page, "zoe", &before).await;
    assert!(page.is_sign_in(), "{} {}", page.status, page.body);
    let after = provider.slip("zoe").await;
    assert_ne!(after, before);
    let page = browser.sign_in(&page, "zoe", &after).await;
    assert!(page.is_change(), "{} {}", page.status, page.body);
    assert!(browser.change(&page, "", NEW_PASSWORD).await.is_success());
}

#[tokio::test]
async fn the_same_copy_put_back_twice_brings_nothing_back() {
    let provider = Provider::start().await;
    activate(&provider, "zoe").await;
    restored(&provider).await;
    let mut zoe = Holder::of(&provider, elsewhere(&provider, "zoe").await).await;
    assert_eq!(zoe.knock().await, Doors::OPEN);
    provider.order(Level::Change).await;
    let used = number(&provider, "SELECT value AS n FROM order_clock").await;

    // The numbers of the copy.
    write(&provider, "UPDATE deployment SET epoch = 0, code_epoch = 0").await;
    write(&provider, "UPDATE order_clock SET value = 0").await;
    provider.clock.advance(Duration::from_mins(1));
    restored(&provider).await;
    assert_eq!(zoe.knock().await, Doors::ENDED);
    assert!(number(&provider, "SELECT value AS n FROM order_clock").await > used);
}

/// A deployment with its database, and a copy of it.
struct House {
    home: tempfile::TempDir,
    /// In use, and the copy; none for files.
    servers: Option<(ServerDatabase, ServerDatabase)>,
    copy_in_use: bool,
    taken: TcpListener,
}

impl House {
    async fn build() -> Self {
        let home = tempfile::tempdir().unwrap();
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let file = format!("[server]\nlisten = \"{}\"\n", taken.local_addr().unwrap());
        fs::write(home.path().join("ecluse.toml"), file).unwrap();
        let url = ServerDatabase::create(None).await;
        let house = Self { home, servers: None, copy_in_use: false, taken };
        let Some(database) = url else {
            assert!(house.ecluse(&["init"]).starts_with("exit 0"));
            assert!(house.serves(&[]));
            assert!(house.ecluse(&["backup", "copy"]).starts_with("exit 0"));
            return house;
        };
        for command in ["migrate", "init"] {
            let told = ecluse(house.home.path(), &[command], &[("ECLUSE__STORE__URL", &database.url)]);
            assert!(told.starts_with("exit 0"), "{told}");
        }
        ecluse(house.home.path(), &["serve"], &[("ECLUSE__STORE__URL", &database.url)]);
        let copy = ServerDatabase::create(Some(&database.name)).await.unwrap();
        Self { servers: Some((database, copy)), ..house }
    }

    /// Uses the copy from here on.
    fn put_back(&mut self) {
        if self.servers.is_none() {
            let path = |name: &str| self.home.path().join(name);
            for beside in ["ecluse.sqlite3-wal", "ecluse.sqlite3-shm"] {
                let _ = fs::remove_file(path(beside)); // there only after a crash
            }
            fs::copy(path("copy"), path("ecluse.sqlite3")).unwrap();
        }
        self.copy_in_use = true;
    }

    fn ecluse(&self, arguments: &[&str]) -> String {
        let url = self.database().map_or("", |database| &database.url);
        let told = ecluse(self.home.path(), arguments, &[("ECLUSE__STORE__URL", url)]);
        if url.is_empty() { told.replace("ecluse.sqlite3", "STORE") } else { told.replace(url, "STORE") }
    }

    fn database(&self) -> Option<&ServerDatabase> {
        let (first, copy) = self.servers.as_ref()?;
        Some(if self.copy_in_use { copy } else { first })
    }

    /// The program, once it has told its file that it serves.
    fn serve(&self) -> Child {
        let known = fs::read_to_string(self.file());
        let mut command = Command::new(env!("CARGO_BIN_EXE_ecluse"));
        command
            .args(["--set", "server.listen=127.0.0.1:0", "--set", "server.shutdown_delay=0s", "serve"])
            .current_dir(self.home.path())
            .env_clear();
        let url = self.database().map_or("", |database| &database.url);
        let mut server = command
            .env("ECLUSE__STORE__URL", url)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while fs::read_to_string(self.file()).ok() == known.as_ref().ok().cloned() {
            assert_eq!(server.try_wait().unwrap(), None, "it ended by itself");
            std::thread::yield_now();
        }
        server
    }

    fn file(&self) -> PathBuf {
        self.home.path().join("ecluse.instance")
    }

    /// Its address is taken, which is the last thing that `serve` finds out.
    fn serves(&self, with: &[&str]) -> bool {
        let told = self.ecluse(&[&["serve"], with].concat());
        let address = self.taken.local_addr().unwrap();
        told.contains(&format!("cannot listen on {address}"))
    }
}

#[tokio::test]
async fn no_program_goes_on_with_an_older_copy_before_it_was_told_so() {
    let mut house = House::build().await;
    assert!(house.serves(&[]));
    house.put_back();
    insta::assert_snapshot!(house.ecluse(&["serve"]), @r"
    exit 3
    --- out
    --- err
    error: STORE is an older copy of the database that ecluse.instance knows, or another database
    hint: after a restore, run `ecluse store restored`
    ");
    assert!(house.ecluse(&["reset-order", "list"]).starts_with("exit 3"));
    let other = ["--set", "keys.instance_file=other.instance"];
    assert!(house.serves(&other), "a new replica knows nothing");
    assert!(!house.serves(&[]), "and makes the copy no newer for the others");

    let unconfirmed = house.ecluse(&["store", "restored"]);
    assert!(unconfirmed.starts_with("exit 3") && !house.serves(&[]), "{unconfirmed}");
    insta::assert_snapshot!(house.ecluse(&["store", "restored", "--yes"]), @r"
    exit 0
    --- out
    STORE
    --- err
    Everybody signs in again: every session and every token is void
    Every printed code is dead: print the live ones with `ecluse slips`
    What happened since the copy was made is undone, orders and changed passwords included: issue those orders again
    ");
    assert!(house.serves(&[]) && house.serves(&other));
    assert!(house.ecluse(&["reset-order", "list"]).starts_with("exit 0"));
}

#[tokio::test]
async fn a_program_whose_database_is_exchanged_under_it_stops() {
    let house = House::build().await;
    let mut server = house.serve();
    let older = Statement::new("UPDATE witness SET mark = mark - 60000000", Vec::new());
    let db = match house.database() {
        Some(database) => Db::open_postgres(&server_at(&database.url), Clock::system()).await.unwrap(),
        None => Db::open_sqlite(&house.home.path().join("ecluse.sqlite3"), Clock::system(), 1).unwrap(),
    };
    db.run(Batch::plain(vec![older])).await.unwrap();
    for _ in 0..6000 {
        if server.try_wait().unwrap().is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = server.kill(); // it has ended, or never will
    assert_eq!(server.wait().unwrap().code(), Some(3));
    assert!(!house.serves(&[]), "and does not start again");
}

#[tokio::test]
async fn what_a_program_leaves_behind_when_it_stops_is_newer_than_every_copy_made_while_it_ran() {
    let mut house = House::build().await;
    if house.database().is_some() {
        return; // a server's copies are made by the server
    }
    let mut server = house.serve();
    fs::remove_file(house.home.path().join("copy")).unwrap();
    assert!(house.ecluse(&["backup", "copy"]).starts_with("exit 0"));
    let stop = Command::new("kill").args(["-TERM", &server.id().to_string()]).status().unwrap();
    assert!(stop.success() && server.wait().unwrap().success());
    house.put_back();
    assert!(!house.serves(&[]));
}

#[tokio::test]
async fn another_database_and_a_damaged_file_are_named() {
    let house = House::build().await;
    let file = house.file();
    let known = fs::read_to_string(&file).unwrap();
    fs::write(&file, known.replace("\"id\":\"", "\"id\":\"x")).unwrap();
    assert!(!house.serves(&[]), "a database that never knew this file");
    fs::write(&file, "{").unwrap();
    insta::assert_snapshot!(house.ecluse(&["serve"]), @r"
    exit 1
    --- out
    --- err
    error: ecluse.instance (keys.instance_file) was damaged
    hint: remove it, unless the database was put back from a copy: then run `ecluse store restored`
    ");
    fs::remove_file(&file).unwrap();
    assert!(house.serves(&[]) && file.exists());
}
