//! `ecluse doctor`: everything is really broken once, and said to be.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};

use axum::Router;
use axum::routing::get;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::deployment::House;
use crate::on_postgres::connect;
use crate::ports::free_port;

/// The lines of the report on one thing, without the blanks that align them; and how the command ended.
fn doctor(house: &House, more: &[&str]) -> (i32, Vec<String>) {
    let output = house.command(&[&["doctor"], more].concat()).output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    (output.status.code().unwrap(), lines.collect())
}

/// What is said of one thing.
pub(crate) fn says(house: &House, more: &[&str], check: &str) -> String {
    let (_, lines) = doctor(house, more);
    let about = |line: &&String| line.split_once(' ').is_some_and(|(_, rest)| rest.starts_with(check));
    let found: Vec<_> = lines.iter().filter(about).map(String::as_str).collect();
    assert!(!found.is_empty(), "nothing of {check} in {lines:#?}");
    found.join("\n")
}

fn stop(mut process: Child) {
    process.kill().unwrap();
    process.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_all_is_well_each_line_says_so() {
    let house = House::build();
    fs::remove_file(house.folder.path().join("people.csv")).unwrap();
    let server = house.serve().await;
    // The hashing of the tests is cheap, and said to be.
    let dear = ["--set", "password.hash.memory_kib=19456", "--set", "password.hash.iterations=2"];
    let (code, lines) = doctor(&house, &dear);
    let lines = lines.join("\n").replace(&house.issuer, "ISSUER");
    let (before, after) = lines.split_once("SQLite ").unwrap();
    let (_, after) = after.split_once('\n').unwrap();
    assert_eq!(
        format!("{before}{after}"),
        "ok configuration ecluse.toml, declared clients: 0\n\
         ok master key ecluse.master.key\n\
         ok database ok schema the one that this program needs\n\
         ok clocks this machine is 0 s ahead of the database's at least\n\
         ok instance file ecluse.instance knows this database\n\
         ok secrets the master key opens them\n\
         ok signing keys for each algorithm one that signs and the next\n\
         ok sessions in the database\n\
         ok notices 0 wait\n\
         ok orders none is overdue\n\
         ok issuer ISSUER leads here"
    );
    assert_eq!(code, 0);
    let (code, lines) = doctor(&house, &[]);
    assert_eq!(code, 0, "a warning is no fault");
    assert!(lines[0].starts_with("warning configuration password.hash costs less"), "{}", lines[0]);
    let json = house.run(&["doctor", "--json"]).stdout;
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json[0]["verdict"], "warning");
    assert_eq!(
        json[1],
        serde_json::json!({"check": "master key", "verdict": "ok", "found": "ecluse.master.key"})
    );
    stop(server);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_is_named_with_what_to_do() {
    let house = House::build();
    let file = |name: &str| house.folder.path().join(name);
    let mode = |name: &str, mode: u32| fs::set_permissions(file(name), Permissions::from_mode(mode)).unwrap();

    let (code, lines) = doctor(&house, &["--set", "server.listne=x"]);
    assert!(
        code == 1 && lines[0].starts_with("wrong configuration") && lines[0].contains("listne"),
        "{lines:?}"
    );
    let client = "[[client]]\nclient_id = \"a\"\nclient_name = \"A\"\necluse_sector = \"a.example\"\n\
                  secret_file = \"none\"\nredirect_uris = [\"http://127.0.0.1:9/cb\"]\nscope = \"openid\"\n";
    fs::write(file("more.toml"), client).unwrap();
    let said = says(&house, &["--config", "more.toml"], "configuration");
    assert!(said.starts_with("wrong ") && said.contains("none: there is no such file"), "{said}");

    mode("ecluse.master.key", 0o644);
    let said = says(&house, &[], "master key");
    assert!(said.starts_with("wrong ") && said.contains("chmod 600"), "{said}");
    mode("ecluse.master.key", 0o600);
    mode("ecluse.sqlite3", 0o640);
    let said = says(&house, &[], "database");
    assert!(said.starts_with("wrong ") && said.contains("run `chmod 600 ecluse.sqlite3`"), "{said}");
    mode("ecluse.sqlite3", 0o600);
    let kept = fs::read(file("ecluse.master.key")).unwrap();
    fs::write(file("ecluse.master.key"), format!("{}\n", "7a".repeat(32))).unwrap();
    let said = says(&house, &[], "secrets");
    assert!(
        said.starts_with("wrong ") && said.contains("the master key does not open this database"),
        "{said}"
    );
    fs::write(file("ecluse.master.key"), kept).unwrap();
    let said = says(&house, &["--set", "store.path=other.sqlite3"], "database");
    assert!(said.starts_with("wrong ") && said.contains("`ecluse init` makes one"), "{said}");
    fs::write(file("empty.sqlite3"), "").unwrap();
    mode("empty.sqlite3", 0o600);
    let said = says(&house, &["--set", "store.path=empty.sqlite3"], "schema");
    assert!(said.starts_with("wrong ") && said.contains("schema version 0"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_file_that_is_away_or_damaged_or_of_another_database_is_found() {
    let (house, other) = (House::build(), House::build());
    let file = |house: &House| house.folder.path().join("ecluse.instance");
    let said = says(&house, &[], "instance file");
    assert!(said.starts_with("warning ") && said.contains("is not there"), "{said}");
    assert!(said.contains("`ecluse serve` makes the file"), "{said}");
    stop(house.serve().await);
    stop(other.serve().await);
    let said = says(&house, &[], "instance file");
    assert_eq!(said, "ok instance file ecluse.instance knows this database");
    fs::copy(file(&other), file(&house)).unwrap();
    let said = says(&house, &[], "instance file");
    assert!(said.starts_with("wrong ") && said.contains("or another database"), "{said}");
    assert!(said.contains("run `ecluse store restored`"), "{said}");
    fs::write(file(&house), "x").unwrap();
    let said = says(&house, &[], "instance file");
    assert!(said.starts_with("wrong ") && said.contains("was damaged"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issuer_that_leads_elsewhere_is_found() {
    let (house, other) = (House::build(), House::build());
    let said = says(&house, &[], "issuer");
    assert!(
        said.starts_with("wrong ") && said.contains("is not answered at /.well-known/openid-configuration"),
        "{said}"
    );

    let server = other.serve().await;
    let issuer = format!("server.issuer={}", other.issuer);
    let said = says(&house, &["--set", &issuer], "issuer");
    assert!(
        said.starts_with("wrong ") && said.contains("publishes other keys than this database's"),
        "{said}"
    );
    assert!(says(&other, &[], "issuer").starts_with("ok "), "whose it is");
    stop(server);

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let routes =
        Router::new().route("/.well-known/openid-configuration", get(async || "{\"issuer\":\"me\"}"));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let said = says(&house, &["--set", &format!("server.issuer={address}")], "issuer");
    assert!(said.starts_with("wrong ") && said.contains("another discovery document"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_nobody_does_is_found() {
    let house = House::build();
    house.write("DELETE FROM signing_key WHERE state = 'next' AND alg = 'ES256'").await;
    let said = says(&house, &[], "signing keys");
    assert_eq!(said, "warning signing keys ES256 has no next key: run `ecluse init`");
    house.run(&["init"]);
    house.write("UPDATE signing_key SET activated_at = 1 WHERE state = 'active' AND alg = 'RS256'").await;
    let said = says(&house, &[], "signing keys");
    assert!(said.starts_with("warning signing keys the RS256 key should have been replaced"), "{said}");

    let notice =
        "INSERT INTO notice (id, kind, cause, client_id, account_id, sid, written_at, due_at, attempts)
                  VALUES ('n', 'logout', 'c', 'nobody', 'a', 's', 1, NULL, 0)";
    house.write(notice).await;
    house.write("UPDATE notice SET parked_at = now_us()").await;
    let said = says(&house, &[], "notices");
    assert!(said.starts_with("warning ") && said.contains("not told of 1 sessions"), "{said}");
    house.run(&["client", "add", "--name", "nobody", "--redirect-uri", "http://127.0.0.1:9/cb"]);
    house.write("UPDATE notice SET parked_at = NULL, due_at = now_us() - 400000000").await;
    let said = says(&house, &[], "notices");
    assert!(said.starts_with("wrong ") && said.contains("nobody sends it"), "{said}");

    let issue = ["reset-order", "issue", "--yes", "--territory", "uai:0860001J", "--level", "change"];
    house.run(&[&issue[..], &["--reason", "later", "--at", "2099-01-01"]].concat());
    assert_eq!(says(&house, &[], "orders"), "ok orders none is overdue");
    house.write("UPDATE reset_order SET scheduled_at = 1").await;
    let said = says(&house, &[], "orders");
    assert!(said.starts_with("warning ") && said.contains("was given no number"), "{said}");

    house.write("UPDATE signing_key SET sealed = 'x' WHERE alg = 'RS256'").await;
    assert!(says(&house, &[], "signing keys").starts_with("wrong "));
}

mod on_postgres {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "needs PostgreSQL: scripts/postgres.sh"]
    async fn a_server_that_will_lose_or_refuse_something_is_found() {
        let house = House::build_where_tests_are().await;
        let url = house.database_url().unwrap();
        let admin = connect(url).await;
        let said = says(&house, &[], "database");
        let lost = "wrong database fsync is off: what was confirmed is lost when the machine fails: \
                    set fsync = on in postgresql.conf";
        assert!(said.contains(lost), "the tests' own server is such a one: {said}");
        assert!(!says(&house, &[], "schema").contains("wrong"));
        let said = says(&house, &["--set", "store.connections=1000"], "database");
        assert!(said.contains("and each program may open 1006"), "{said}");

        let role = format!("{}_reader", url.rsplit_once('/').unwrap().1);
        admin.batch_execute(&format!("CREATE ROLE {role} LOGIN")).await.unwrap();
        let grant = format!(
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
             REVOKE DELETE ON account, audit FROM {role}"
        );
        admin.batch_execute(&grant).await.unwrap();
        let as_reader = format!("store.url={}", url.replace("ecluse@", &format!("{role}@")));
        let said = says(&house, &["--set", &as_reader], "database");
        assert!(said.contains("wrong database the role may not read and write account, audit:"), "{said}");
        assert!(said.contains("warning database the role does not own access_token, account"), "{said}");
        admin.batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await.unwrap();

        let later = "CREATE OR REPLACE FUNCTION now_us() RETURNS BIGINT LANGUAGE sql STABLE AS
                     'SELECT CAST(extract(epoch FROM statement_timestamp()) * 1000000 AS BIGINT) + 60000000'";
        admin.batch_execute(later).await.unwrap();
        let said = says(&house, &[], "clocks");
        assert!(
            said.starts_with("wrong clocks this machine is -") && said.contains("time servers"),
            "{said}"
        );

        admin.batch_execute("DELETE FROM schema_version").await.unwrap();
        assert!(says(&house, &[], "schema").contains("run `ecluse migrate`"));
        let nobody = ["--set", "store.url=postgres://ecluse@127.0.0.1:1/ecluse"];
        let said = says(&house, &nobody, "database");
        assert!(said.starts_with("wrong database postgres://ecluse@127.0.0.1:1/ecluse: "), "{said}");
    }
}

/// A Redis of one's own.
struct Server {
    child: Child,
    port: u16,
    _place: TempDir,
}

impl Server {
    fn start(more: &[&str]) -> Self {
        let port = free_port();
        let place = tempfile::tempdir().unwrap();
        let mut command = Command::new("redis-server");
        command.args(["--port", &format!("{port}"), "--save", ""]).args(more).current_dir(place.path());
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let server = Self { child, port, _place: place };
        while server.tell(&["ping"]) != "PONG\n" {}
        server
    }

    fn tell(&self, command: &[&str]) -> String {
        let port = self.port.to_string();
        let told = Command::new("redis-cli").args(["-p", &port]).args(command).output().unwrap();
        String::from_utf8(told.stdout).unwrap()
    }

    fn says(&self, house: &House) -> String {
        let nodes = format!("ephemeral.redis.nodes=127.0.0.1:{}", self.port);
        let settings = ["ephemeral.store=redis", "ephemeral.redis.tls=false", &nodes];
        let settings: Vec<_> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
        says(house, &settings, "redis")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended by itself
        let _ = self.child.wait();
    }
}

/// Where the tests are beside Redis.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_forgets_fills_up_or_refuses_is_found() {
    if std::env::var_os("ECLUSE_TEST_REDIS").is_none() {
        return;
    }
    let house = House::build();
    let redis = Server::start(&["--maxmemory", "100mb", "--maxmemory-policy", "noeviction"]);
    let said = redis.says(&house);
    assert!(said.starts_with("ok redis Redis "), "{said}");
    redis.tell(&["config", "set", "maxmemory-policy", "allkeys-lru"]);
    assert!(redis.says(&house).starts_with("wrong redis has the maxmemory-policy allkeys-lru"));
    redis.tell(&["config", "set", "maxmemory", "0"]);
    assert!(redis.says(&house).starts_with("warning redis maxmemory is 0"));
    redis.tell(&["acl", "setuser", "default", "-getdel"]);
    let said = redis.says(&house);
    assert!(said.contains("wrong redis GETDEL fails: Redis does not answer: it answered NOPERM"), "{said}");
    redis.tell(&["acl", "setuser", "default", "+getdel", "-info"]);
    let said = redis.says(&house);
    assert!(said.starts_with("warning redis the ACL user may not run INFO"), "{said}");
    assert_eq!(redis.tell(&["dbsize"]), "0\n", "nothing is left behind");
    redis.tell(&["shutdown", "nosave"]);
    assert!(redis.says(&house).starts_with("wrong redis Redis does not answer"));
}
