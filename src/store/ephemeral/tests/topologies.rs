//! Redis as it is run: servers that go away, fail over, are many, or are locked.

use std::process::Command;

use super::servers::{Server, free_port, settings, store, until_up};
use super::*;
use crate::domain::secret::Secret;

fn in_a_minute() -> Timestamp {
    Clock::system().now().plus(Duration::from_mins(1))
}

/// Puts and takes a claim, until it works once.
async fn until_it_serves(store: &Ephemeral) {
    loop {
        let put = store.put("code", "probe", &kept(1), in_a_minute()).await;
        if put.is_ok() && store.take::<Kept>("code", "probe").await.is_ok() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
#[ignore = "in_redis: needs redis-server"]
async fn in_redis_a_server_that_went_away_is_an_error_and_its_return_is_noticed() {
    let directory = TempDir::new().unwrap();
    let server = Server::start(directory.path(), &[]);
    let port = server.port;
    let store = server.store(&Clock::system());
    until_up(&store).await;
    store.put("code", "c", &kept(1), in_a_minute()).await.unwrap();
    drop(server);
    let error = store.take::<Kept>("code", "c").await.err().unwrap();
    assert!(matches!(error, DbError::Unreachable { .. }), "{error}");

    let _again = Server::start_on(port, directory.path(), &[]);
    until_up(&store).await;
    assert_eq!(store.take::<Kept>("code", "c").await.unwrap(), None, "it came back empty");
}

#[tokio::test]
#[ignore = "in_redis: needs redis-server"]
async fn in_redis_a_server_that_may_forget_is_refused() {
    let directory = TempDir::new().unwrap();
    let more = ["--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"];
    let store = Server::start(directory.path(), &more);
    let (_server, store) = (&store, store.store(&Clock::system()));
    let refused = loop {
        match store.check().await {
            Err(DbError::Unreachable { .. }) => tokio::task::yield_now().await,
            checked => break checked.err().unwrap(),
        }
    };
    assert_eq!(
        refused.to_string(),
        "Redis has the maxmemory-policy allkeys-lru, and would forget sessions and counters of failures when its memory \
         is full; set it to noeviction"
    );
}

#[tokio::test]
#[ignore = "in_redis: needs redis-server"]
async fn in_redis_a_failover_is_followed() {
    let directory = TempDir::new().unwrap();
    let master = Server::start(&directory.path().join("master"), &[]);
    let follow = ["--replicaof", "127.0.0.1", &master.port.to_string()];
    let replica = Server::start(&directory.path().join("replica"), &follow);
    let sentinel = Server::sentinel(&directory.path().join("sentinel"), master.port);
    let store = store(
        &RedisSettings {
            topology: Topology::Sentinel { master: "school".to_owned(), login: Login::default() },
            ..settings(sentinel.port)
        },
        &Clock::system(),
    );
    until_it_serves(&store).await;
    // The sentinel learns of replicas from the master, and only then has somebody to promote.
    until_says(sentinel.port, &["sentinel", "replicas", "school"], &replica.port.to_string());
    until_says(replica.port, &["info", "replication"], "master_link_status:up");
    store.put("session", "s", &kept(1), in_a_minute()).await.unwrap();
    until_says(replica.port, &["dbsize"], "1");

    drop(master);
    assert!(store.get::<Kept>("session", "s").await.is_err(), "nobody leads yet");
    until_it_serves(&store).await;
    assert_eq!(store.get::<Kept>("session", "s").await.unwrap(), Some(kept(1)));
    assert_eq!(store.get::<Kept>("session", "t").await.unwrap(), None);
}

#[tokio::test]
#[ignore = "in_redis: needs redis-server"]
async fn in_redis_a_cluster_holds_claims_on_all_its_nodes() {
    let directory = TempDir::new().unwrap();
    let start = |name: &str| {
        let port = free_port();
        // The bus has a port of its own, else the port plus 10000, which may not exist.
        let bus = free_port().to_string();
        let more = ["--cluster-enabled", "yes", "--cluster-port", &bus];
        Server::start_on(port, &directory.path().join(name), &more)
    };
    let nodes = ["a", "b", "c"].map(start);
    for node in &nodes {
        until_says(node.port, &["ping"], "PONG");
    }
    let addresses = nodes.each_ref().map(|node| format!("127.0.0.1:{}", node.port));
    let made = Command::new("redis-cli")
        .args(["--cluster", "create"])
        .args(&addresses)
        .args(["--cluster-replicas", "0", "--cluster-yes"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
    for node in &nodes {
        until_says(node.port, &["cluster", "info"], "cluster_state:ok");
    }

    let store =
        store(&RedisSettings { topology: Topology::Cluster, ..settings(nodes[0].port) }, &Clock::system());
    store.check().await.unwrap();
    for number in 0..60 {
        let key = number.to_string();
        store.put("session", &key, &kept(number), in_a_minute()).await.unwrap();
        let reserved = store.throttle_reserve(&key, Clock::system().now(), &ThrottleRules::CNIL).await;
        assert_eq!(reserved.unwrap(), Reserve::Go { failures: 1 });
        assert_eq!(store.take::<Kept>("session", &key).await.unwrap(), Some(kept(number)));
    }
    for node in &nodes {
        assert_ne!(says(node.port, &["dbsize"]).trim(), "0", "the counters are on every node");
    }
}

#[tokio::test]
#[ignore = "in_redis: needs redis-server"]
async fn in_redis_a_server_asks_for_a_certificate_a_user_and_a_password() {
    let directory = TempDir::new().unwrap();
    let port = free_port();
    make_certificate(directory.path());
    let tls_port = port.to_string();
    let mut more = vec!["--tls-port", &tls_port, "--tls-cert-file", "cert.pem", "--tls-key-file", "key.pem"];
    more.extend(["--tls-ca-cert-file", "cert.pem", "--tls-auth-clients", "no", "--user", "default", "off"]);
    // What the README asks for, and no more.
    more.extend(["--user", "ecluse", "on", ">a-long-password", "~test:*"]);
    more.extend("+get +set +del +getdel +hget +hset +hmget +pexpire +evalsha +script|load +ping".split(' '));
    let _server = Server::start_on(0, directory.path(), &more);
    let locked = RedisSettings {
        nodes: vec![("localhost".to_owned(), port)],
        tls: true,
        root_certificate: Some(std::fs::read(directory.path().join("cert.pem")).unwrap()),
        login: Login {
            username: Some("ecluse".to_owned()),
            password: Some(Secret::new("a-long-password".to_owned())),
        },
        ..settings(port)
    };
    let right = store(&locked, &Clock::system());
    until_up(&right).await;
    until_it_serves(&right).await;
    let reserved = right.throttle_reserve("k", Clock::system().now(), &ThrottleRules::CNIL).await;
    assert_eq!(reserved.unwrap(), Reserve::Go { failures: 1 });

    let wrong = Login { password: Some(Secret::new("another".to_owned())), ..locked.login.clone() };
    for refused in [
        RedisSettings { login: wrong, ..locked.clone() },
        RedisSettings { login: Login::default(), ..locked.clone() },
        RedisSettings { root_certificate: None, ..locked.clone() },
        RedisSettings { tls: false, ..locked.clone() },
    ] {
        let error = store(&refused, &Clock::system()).check().await.err().unwrap().to_string();
        assert!(!error.contains("another") && !error.contains("a-long-password"), "{error}");
    }
}

fn make_certificate(directory: &std::path::Path) {
    let made = Command::new("openssl")
        .current_dir(directory)
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", "key.pem", "-out", "cert.pem"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

fn says(port: u16, command: &[&str]) -> String {
    let answer = Command::new("redis-cli").args(["-p", &port.to_string()]).args(command).output().unwrap();
    String::from_utf8(answer.stdout).unwrap()
}

fn until_says(port: u16, command: &[&str], text: &str) {
    while !says(port, command).contains(text) {
        std::thread::yield_now();
    }
}
