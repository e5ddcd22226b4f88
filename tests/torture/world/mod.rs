//! What a run has of its own: servers, replicas of the real program, and the links between them.

pub(crate) mod faults;
pub(crate) mod found;
pub(crate) mod home;
pub(crate) mod link;
pub(crate) mod postgres;
pub(crate) mod redis;
pub(crate) mod replica;

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Output;

use home::Home;
use link::Link;
use postgres::Postgres;
use redis::Redis;
use replica::{Replica, ecluse};

use super::dice::Dice;
use crate::receiver::Receiver;
use crate::relying_party::REDIRECT_URI;

pub(crate) const REPLICAS: u8 = 3;

/// What every replica and every operator is told. Hashing is cheap and attempts are many, so that most of the time goes
/// into what can be cut off; nothing waits longer than a person.
const SETTINGS: &str = r#"
[store]
connections = 12
statement_timeout = "6s"
lock_timeout = "3s"
[ephemeral]
store = "redis"
[ephemeral.redis]
tls = false
[password.rules]
min_length = 12
[password.hash]
memory_kib = 64
iterations = 1
[throttle]
free = 100000
ceiling = 200000
[notices]
first_delay = "1s"
longest_delay = "2s"
timeout = "1s"
attempts = 1000
[log]
level = "warn"
"#;

/// Relying parties, and whether they have a secret and are told.
pub(crate) const PORTAL: &str = "portal";
pub(crate) const SPA: &str = "spa";
/// May introspect whatever others were given.
pub(crate) const CANTINE: &str = "cantine";
pub(crate) const SECRET: &str = "the-secret-of-both-long-enough-to-be-one";

/// Everything that runs.
pub(crate) struct World {
    pub(crate) replicas: Vec<Replica>,
    pub(crate) redis: Redis,
    pub(crate) postgres: Postgres,
    /// The operators' way to PostgreSQL.
    pub(crate) office: Link,
    pub(crate) receiver: Receiver,
    pub(crate) issuer: String,
    pub(crate) seed: u64,
    pub(crate) dice: Dice,
    /// Dropped last: it ends what still works.
    pub(crate) home: Home,
}

impl World {
    /// Three replicas that answer, and nobody in the database yet.
    pub(crate) async fn build(seed: u64) -> Self {
        let dice = Dice::of(seed, 1);
        let home = Home::open();
        let (postgres, redis) = (Postgres::start(&home).await, Redis::start(&home).await);
        let receiver = Receiver::start().await;
        let issuer = "http://127.0.0.1:8080".to_owned(); // nobody goes there: they go by the replicas' links
        settle(&home, &issuer, &receiver);
        let office = Link::to("operators", postgres.port, dice.clone()).await;
        let mut replicas = Vec::new();
        for number in 0..REPLICAS {
            replicas.push(Replica::new(&home, number, postgres.port, redis.port, &dice).await);
        }
        let mut world = Self { replicas, redis, postgres, office, receiver, issuer, seed, dice, home };
        world.run(&["init"]);
        world.note_audit().await;
        Self::start_replicas(&mut world.replicas).await;
        world
    }

    pub(crate) async fn start_replicas(replicas: &mut [Replica]) {
        for replica in replicas {
            replica.start().await;
        }
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.home.folder.clone()
    }

    /// A command that must succeed: before the run begins and after it has ended.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let output = ecluse(&self.home.folder, &self.office).args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }
}

/// Writes what the programs read.
fn settle(home: &Home, issuer: &str, receiver: &Receiver) {
    let file = |name: &str, text: &str| {
        let path = home.folder.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    };
    file("secret", SECRET);
    let mut settings = format!("[server]\nissuer = \"{issuer}\"\nrequest_timeout = \"10s\"\n{SETTINGS}");
    let told = format!("backchannel_logout_uri = \"{}\"\n", receiver.uri);
    let clients = [
        (PORTAL, "secret_file = \"secret\"\n", told.as_str()),
        (SPA, "token_endpoint_auth_method = \"none\"\n", told.as_str()),
        (CANTINE, "secret_file = \"secret\"\n", "ecluse_resource_server = true\n"),
    ];
    for (id, kind, more) in clients {
        write!(
            settings,
            "[[client]]\nclient_id = \"{id}\"\nclient_name = \"{id}\"\necluse_sector = \"{id}\"\n{kind}{more}\
             redirect_uris = [\"{REDIRECT_URI}\"]\nscope = \"openid profile offline_access\"\n"
        )
        .unwrap();
    }
    file("ecluse.toml", &settings);
}
