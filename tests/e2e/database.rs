//! The database of one test: a SQLite file, or a database on the server that `ECLUSE_TEST_STORE` names. Each is a copy of
//! one that is made once.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ecluse::store::clock::Clock;
use ecluse::store::db::{Db, Server};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tokio_postgres::NoTls;

use crate::claims::Claims;
use crate::provider::fill;
use crate::test_server::ServerDatabase;

/// Where a provider keeps what it knows.
pub(crate) struct Stores {
    pub(crate) database: Database,
    pub(crate) claims: Claims,
}

impl Stores {
    pub(crate) async fn copied() -> Self {
        Self { database: Database::copied().await, claims: Claims::apart() }
    }

    /// What a program's own settings say of them; its passwords go into files of this folder.
    pub(crate) fn settings(&self, folder: &Path) -> String {
        let database = match &self.database {
            Database::File(folder) => format!("path = \"{}\"", file(folder).display()),
            Database::Server(database) => format!("url = \"{}\"", database.url),
        };
        format!("[store]\n{database}\n{}", self.claims.settings(folder))
    }
}

/// A database with keys and people, that goes away with this.
pub(crate) enum Database {
    File(TempDir),
    Server(ServerDatabase),
}

enum Template {
    File(Vec<u8>),
    Server(ServerDatabase),
}

/// Made once: an RSA key takes longer than a test.
static TEMPLATE: OnceCell<Template> = OnceCell::const_new();

impl Database {
    pub(crate) async fn copied() -> Self {
        match TEMPLATE.get_or_init(Template::make).await {
            Template::File(bytes) => {
                let folder = tempfile::tempdir().unwrap();
                std::fs::write(file(&folder), bytes).unwrap();
                Self::File(folder)
            }
            Template::Server(template) => {
                Self::Server(ServerDatabase::create(Some(&template.name)).await.unwrap())
            }
        }
    }

    /// A handle on it; another one is as another process has it.
    pub(crate) async fn open(&self, clock: &Clock) -> Db {
        match self {
            Self::File(folder) => Db::open_sqlite(&file(folder), clock.clone(), 2).unwrap(),
            Self::Server(database) => {
                let db = Db::open_postgres(&server(&database.url), clock.clone()).await.unwrap();
                if clock.by_hand().is_none() {
                    db.migrate().await.unwrap(); // the template was made with a clock that is moved by hand
                }
                db
            }
        }
    }

    /// Its address, if it has one.
    pub(crate) fn url(&self) -> Option<&str> {
        match self {
            Self::File(_) => None,
            Self::Server(database) => Some(&database.url),
        }
    }

    /// Everything that is stored, as somebody reads it who stole it.
    pub(crate) async fn at_rest(&self) -> String {
        match self {
            Self::File(folder) => {
                let files = std::fs::read_dir(folder.path()).unwrap();
                let bytes = files.flat_map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
                String::from_utf8_lossy(&bytes.collect::<Vec<_>>()).into_owned()
            }
            Self::Server(database) => dump(&database.url).await,
        }
    }
}

impl Template {
    async fn make() -> Self {
        let Some(database) = ServerDatabase::create(None).await else {
            let folder = tempfile::tempdir().unwrap();
            let clock = crate::provider::clock();
            let db = Db::open_sqlite(&file(&folder), clock, 1).unwrap();
            fill(&db).await;
            let copy = folder.path().join("copy.sqlite3");
            db.backup(&copy, |_, _| ()).await.unwrap();
            return Self::File(std::fs::read(copy).unwrap());
        };
        let db = Db::open_postgres(&server(&database.url), crate::provider::clock()).await.unwrap();
        fill(&db).await;
        Self::Server(database)
    }
}

/// Every row of every table, as text.
async fn dump(url: &str) -> String {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    let tables = client.query("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'", &[]).await;
    let mut text = String::new();
    for table in tables.unwrap() {
        let table: String = table.get(0);
        for row in client.query(&format!("SELECT t::text FROM {table} t"), &[]).await.unwrap() {
            text.push_str(row.get(0));
            text.push('\n');
        }
    }
    text
}

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("ecluse.sqlite3")
}

/// A server as tests reach it: patiently, for they share it.
pub(crate) fn server(url: &str) -> Server {
    Server {
        address: url.parse().unwrap(),
        password: None,
        roots: None,
        connections: 12,
        wait: Duration::from_secs(20),
        statement_timeout: Duration::from_secs(20),
        lock_timeout: Duration::from_secs(20),
    }
}
