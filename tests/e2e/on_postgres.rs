//! What only PostgreSQL can do or get wrong: the server itself, the command line on it, connections that die.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use ecluse::domain::timestamp::Timestamp;
use ecluse::store::clock::Clock;
use ecluse::store::db::{Batch, BatchError, Db, DbError, Server, Statement};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, NoTls};

use crate::database::server;
use crate::metrics::{admin_of, scrape};
use crate::provider::{Provider, Wish};
use crate::test_server::ServerDatabase;

/// A database without a schema, and somebody else's connection to it.
struct Bench {
    database: ServerDatabase,
    other: Client,
}

impl Bench {
    async fn open() -> Self {
        let database = ServerDatabase::create(None).await.unwrap(); // none without scripts/postgres.sh
        let other = connect(&database.url).await;
        Self { database, other }
    }

    async fn with_items() -> Self {
        let bench = Self::open().await;
        let items = "CREATE TABLE item (id TEXT COLLATE \"C\" PRIMARY KEY, n BIGINT NOT NULL)";
        bench.other.batch_execute(items).await.unwrap();
        bench.other.batch_execute("INSERT INTO item VALUES ('a', 1), ('b', 2), ('c', 3)").await.unwrap();
        bench
    }

    async fn db(&self) -> Db {
        self.db_with(|_| {}).await
    }

    async fn db_with(&self, change: impl FnOnce(&mut Server)) -> Db {
        let mut server = server(&self.database.url);
        change(&mut server);
        Db::open_postgres(&server, Clock::system()).await.unwrap()
    }

    fn ecluse(&self, folder: &Path, arguments: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_ecluse"))
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .env("ECLUSE__STORE__URL", &self.database.url)
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let code = output.status.code().unwrap();
        let told = format!("exit {code}\n--- out\n{}--- err\n{}", text(&output.stdout), text(&output.stderr));
        told.replace(&self.database.url, "URL")
    }
}

pub(crate) async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Waits until so many statements in the database wait for a lock, the task's among them.
pub(crate) async fn until_waiting<T>(client: &Client, many: i64, task: &JoinHandle<T>) {
    let waiting = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while client.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) != many {
        assert!(!task.is_finished(), "it waited for nobody");
    }
}

fn raise(id: &str, by: i64) -> Statement {
    Statement::new("UPDATE item SET n = n + $2 WHERE id = $1", vec![id.into(), by.into()]).want(1)
}

async fn number(db: &Db, id: &str) -> i64 {
    let sql = Statement::new("SELECT n FROM item WHERE id = $1", vec![id.into()]);
    db.one(sql).await.unwrap().unwrap().int("n").unwrap()
}

fn told<T>(answer: Result<T, DbError>) -> String {
    answer.err().unwrap().to_string()
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/postgres.sh"]
async fn the_schema_is_changed_by_a_command_of_its_own() {
    let bench = Bench::open().await;
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("ecluse.toml"), "[server]\nlisten = \"127.0.0.1:0\"\n").unwrap();
    fs::write(home.path().join("ecluse.master.key"), format!("{}\n", "7a".repeat(32))).unwrap();
    Command::new("chmod").arg("600").arg(home.path().join("ecluse.master.key")).status().unwrap();
    let ecluse = |arguments: &[&str]| bench.ecluse(home.path(), arguments);
    for command in [&["serve"][..], &["check-config", "--json"]] {
        let told = ecluse(command);
        let (_, complaint) = told.split_once("--- err\n").unwrap();
        assert_eq!(
            complaint,
            "error: the database has schema version 0 and this program needs version 1: run `ecluse migrate`, with a \
             user who may change the schema\n"
        );
    }
    assert_eq!(ecluse(&["migrate"]), "exit 0\n--- out\nURL\n--- err\n");
    assert!(ecluse(&["serve"]).ends_with("error: the database holds no secrets yet; run `ecluse init`\n"));
    insta::assert_snapshot!(ecluse(&["init", "--quiet"]), @r"
    exit 0
    --- out
    what           state  where
    configuration  kept   ecluse.toml
    master key     kept   ecluse.master.key
    database       kept   URL
    secrets        made   URL
    signing keys   made   URL
    territories    made   URL
    --- err
    ");
    assert!(ecluse(&["check-config"]).ends_with("The master key opens the database\n"));
    insta::assert_snapshot!(ecluse(&["backup", "copy"]), @r"
    exit 1
    --- out
    --- err
    error: a PostgreSQL database is copied by pg_dump
    ");
    let newer = "INSERT INTO schema_version VALUES (2, 'of a later program', 2, 0)";
    bench.other.batch_execute(newer).await.unwrap();
    let answer = ecluse(&["serve"]);
    let told = "schema version 2, for programs that know version 2 at least, and this program knows versions up to 1";
    assert!(answer.contains(told), "{answer}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/postgres.sh"]
async fn a_server_that_will_not_do_is_named_in_one_line() {
    let bench = Bench::open().await;
    let (folder, _) = bench.database.url.rsplit_once('/').unwrap();
    let name = format!("{}_ascii", bench.database.name);
    let sql = format!(
        "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C'"
    );
    bench.other.batch_execute(&sql).await.unwrap();
    let open = async |url: &str| told(Db::open_postgres(&server(url), Clock::system()).await);
    let ascii = format!("{folder}/{name}");
    assert_eq!(
        open(&ascii).await,
        format!("{ascii}: the database is encoded as SQL_ASCII; make one with ENCODING 'UTF8'")
    );
    bench.other.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
    assert_eq!(open(&ascii).await, format!("{ascii}: database \"{name}\" does not exist (3D000)"));
    let nobody = "postgres://ecluse@127.0.0.1:1/ecluse";
    let refused = open(nobody).await;
    assert!(refused.starts_with(&format!("{nobody}: ")) && refused.contains("refused"), "{refused}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/postgres.sh"]
async fn on_an_encrypted_way_the_server_must_be_the_one_that_was_named() {
    let bench = Bench::open().await;
    let authority = std::env::var_os("ECLUSE_TEST_STORE_ROOT").map(PathBuf::from).unwrap();
    let here = bench.database.url.clone();
    let open = async |url: String, roots: Option<PathBuf>| {
        let server = Server { roots, ..server(&url) };
        Db::open_postgres(&server, Clock::system()).await
    };
    let named = here.replace("127.0.0.1", "localhost") + "?sslmode=verify-full";
    let db = open(named.clone(), Some(authority.clone())).await.unwrap();
    let ssl = Statement::new(
        "SELECT CAST(ssl AS TEXT) AS is FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
        Vec::new(),
    );
    assert_eq!(db.one(ssl).await.unwrap().unwrap().str("is").unwrap(), "true");

    let stranger = told(open(named.clone(), None).await);
    assert!(stranger.contains("UnknownIssuer"), "{stranger}");
    let other_name = told(open(here + "?sslmode=verify-full", Some(authority.clone())).await);
    assert!(other_name.contains("not valid for name"), "{other_name}");
    let nothing = told(open(named, Some(authority.with_file_name("names"))).await);
    assert!(nothing.ends_with("names: holds no certificate"), "{nothing}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/postgres.sh"]
async fn the_time_is_the_servers_unless_it_is_moved_by_hand() {
    let bench = Bench::open().await;
    let now =
        Statement::new("SELECT now_us() AS now, prosrc FROM pg_proc WHERE proname = 'now_us'", Vec::new());
    let db = bench.db().await;
    db.migrate().await.unwrap();
    let before = Clock::system().now();
    let row = db.one(now.clone()).await.unwrap().unwrap();
    assert!(before <= row.time("now").unwrap() && row.time("now").unwrap() <= Clock::system().now());
    assert!(!row.str("prosrc").unwrap().contains("setting"), "nobody can set it");

    let clock = Clock::manual(Timestamp::from_seconds(7));
    let by_hand = Db::open_postgres(&server(&bench.database.url), clock.clone()).await.unwrap();
    by_hand.migrate().await.unwrap();
    clock.advance(Duration::from_secs(1));
    let row = by_hand.one(now.clone()).await.unwrap().unwrap();
    assert_eq!(row.time("now").unwrap(), Timestamp::from_seconds(8));
    let done = by_hand.run(Batch::plain(vec![now])).await.unwrap();
    assert_eq!(done[0].rows[0].time("now").unwrap(), Timestamp::from_seconds(8));
}

/// The database's clock is moved, and not the replica's: there it is the same distance.
#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/postgres.sh"]
async fn a_replica_in_another_time_is_not_ready() {
    let provider = Provider::start_with(Wish { clock: Clock::system(), ..Wish::default() }).await;
    let admin = admin_of(&provider).await;
    let database = connect(provider.stores.database.url().unwrap()).await;
    let move_clock = async |micros: i64| {
        let sql = format!(
            "CREATE OR REPLACE FUNCTION now_us() RETURNS BIGINT LANGUAGE sql STABLE AS
             'SELECT CAST(extract(epoch FROM statement_timestamp()) * 1000000 AS BIGINT) + {micros}'"
        );
        database.batch_execute(&sql).await.unwrap();
    };
    let ready = async || {
        let answer = reqwest::get(format!("{}/readyz", provider.issuer)).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let off = (503, "the clock is more than 2 s from the database's\n".to_owned());
    assert_eq!(ready().await.0, 200);
    move_clock(-1_000_000).await;
    assert_eq!(ready().await.0, 200, "what two machines may differ by");
    for micros in [60_000_000, -60_000_000] {
        move_clock(micros).await;
        assert_eq!(ready().await, off, "{micros}");
    }
    let text = scrape(&admin).await.text;
    let ahead = text.lines().find_map(|line| line.strip_prefix("ecluse_clock_ahead_seconds ")).unwrap();
    let ahead: f64 = ahead.parse().unwrap();
    assert!(ahead > 30.0 && ahead <= 60.0, "less the time that the question was under way: {ahead}");
    move_clock(0).await;
    assert_eq!(ready().await.0, 200);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/postgres.sh"]
async fn a_type_that_the_schema_does_not_have_is_an_error_that_names_its_column() {
    let bench = Bench::with_items().await;
    let db = bench.db().await;
    let read = async |sql, values| told(db.all(Statement::new(sql, values)).await);
    assert_eq!(
        read("SELECT SUM(n) AS total FROM item", vec![]).await,
        "column total is of type numeric, which the schema does not have"
    );
    assert!(read("SELECT id FROM item WHERE n = $1", vec!["many".into()]).await.contains("a number belongs"));
    assert!(read("SELECT id FROM item WHERE id = $1", vec![7.into()]).await.contains("a text belongs"));
    assert!(read("SELECT id FROM item WHERE id = $1", vec![]).await.contains("its markers are not $1 to $0"));
    let quoted =
        read("SELECT id FROM item WHERE n = CAST($1 AS BIGINT) + CAST(id AS BIGINT)", vec![7.into()]).await;
    assert!(quoted.contains("(22P02)") && !quoted.contains("\"a\""), "{quoted}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/postgres.sh"]
async fn two_batches_that_lock_in_another_order_both_happen() {
    let bench = Bench::with_items().await;
    let (one, two) = (bench.db().await, bench.db().await);
    // The third row keeps both in the middle until each holds what the other wants.
    bench.other.batch_execute("BEGIN; SELECT FROM item WHERE id = 'c' FOR UPDATE").await.unwrap();
    let run = |db: &Db, ids: [&'static str; 3]| {
        let db = db.clone();
        tokio::spawn(async move { db.run(Batch::plain(ids.map(|id| raise(id, 10)).into())).await })
    };
    let (first, second) = (run(&one, ["a", "c", "b"]), run(&two, ["b", "c", "a"]));
    let watching = connect(&bench.database.url).await;
    until_waiting(&watching, 2, &second).await;
    bench.other.batch_execute("COMMIT").await.unwrap();
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
    assert_eq!([number(&one, "a").await, number(&one, "b").await, number(&one, "c").await], [21, 22, 23]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/postgres.sh"]
async fn a_connection_that_dies_before_the_commit_costs_nothing() {
    let bench = Bench::with_items().await;
    let db = bench.db().await;
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'ecluse'";
    bench.other.batch_execute(kill).await.unwrap();
    assert_eq!(number(&db, "a").await, 1);
    bench.other.batch_execute(kill).await.unwrap();
    db.run(Batch::plain(vec![raise("a", 1)])).await.unwrap();

    bench.other.batch_execute("BEGIN; SELECT FROM item WHERE id = 'b' FOR UPDATE").await.unwrap();
    let batch = vec![raise("a", 1), raise("b", 1)];
    let running = tokio::spawn({
        let db = db.clone();
        async move { db.run(Batch::plain(batch)).await }
    });
    let watching = connect(&bench.database.url).await;
    until_waiting(&watching, 1, &running).await;
    watching.batch_execute(kill).await.unwrap();
    bench.other.batch_execute("COMMIT").await.unwrap();
    running.await.unwrap().unwrap();
    assert_eq!([number(&db, "a").await, number(&db, "b").await], [3, 3], "once each");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/postgres.sh"]
async fn what_takes_too_long_is_given_up_and_leaves_nothing() {
    let bench = Bench::with_items().await;
    let impatient = |server: &mut Server| {
        server.connections = 2;
        server.wait = Duration::from_millis(1);
        server.lock_timeout = Duration::from_millis(50);
        server.statement_timeout = Duration::from_millis(500);
    };
    let db = bench.db_with(impatient).await;
    bench.other.batch_execute("BEGIN; SELECT FROM item WHERE id = 'b' FOR UPDATE").await.unwrap();
    let busy = db.run(Batch::plain(vec![raise("a", 1), raise("b", 1)])).await;
    assert!(matches!(busy, Err(BatchError::Busy)), "a lock");
    let slow = db.all(Statement::new("SELECT 1 AS one FROM pg_sleep(9)", Vec::new())).await;
    assert!(matches!(slow, Err(DbError::Busy)), "a statement");

    let patient = bench.db_with(|server| {
        server.connections = 2;
        server.wait = Duration::from_millis(1);
    });
    let patient = patient.await;
    let stuck: Vec<_> = (0..2)
        .map(|_| {
            let db = patient.clone();
            tokio::spawn(async move { db.run(Batch::plain(vec![raise("b", 1)])).await })
        })
        .collect();
    let watching = connect(&bench.database.url).await;
    until_waiting(&watching, 2, &stuck[1]).await;
    let third = patient.run(Batch::plain(vec![raise("a", 1)])).await;
    assert!(matches!(third, Err(BatchError::Db(DbError::Overloaded))), "no connection is free");
    bench.other.batch_execute("COMMIT").await.unwrap();
    for stuck in stuck {
        stuck.await.unwrap().unwrap();
    }
    assert_eq!([number(&db, "a").await, number(&db, "b").await], [1, 4]);
}
