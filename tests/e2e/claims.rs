//! Where the claims of a provider under test lie: in its database, or in the Redis whose port `ECLUSE_TEST_REDIS` names.

use std::process::Command;

use ecluse::domain::secret::Secret;
use ecluse::flows::random::Random;
use ecluse::store::db::{Db, Statement};
use ecluse::store::ephemeral::{Ephemeral, Login, Redis, RedisSettings, Topology};

/// The claims of one provider.
pub(crate) enum Claims {
    InDatabase,
    InRedis(RedisSettings),
}

impl Claims {
    /// Apart from those of every other provider.
    pub(crate) fn apart() -> Self {
        let Ok(port) = std::env::var("ECLUSE_TEST_REDIS") else { return Self::InDatabase };
        Self::InRedis(RedisSettings {
            topology: Topology::Standalone,
            nodes: vec![("127.0.0.1".to_owned(), port.parse().unwrap())],
            tls: false,
            root_certificate: None,
            login: Login::default(),
            key_prefix: Secret::from_random(Random::system().bytes()).hash(),
        })
    }

    /// The store, by the clock of the database.
    pub(crate) fn store(&self, db: &Db) -> Ephemeral {
        match self {
            Self::InDatabase => Ephemeral::in_database(db.clone()),
            Self::InRedis(settings) => Ephemeral::in_redis(Redis::new(settings, db.clock().clone()).unwrap()),
        }
    }

    /// The names of the sessions and codes that are there, expired or not.
    pub(crate) async fn sessions_and_codes(&self, db: &Db) -> Vec<String> {
        match self {
            Self::InDatabase => {
                let sql = "SELECT kind || ' ' || key AS it FROM ephemeral WHERE kind IN ('session', 'code')";
                let rows = db.all(Statement::new(sql, Vec::new())).await.unwrap();
                rows.iter().map(|row| row.text("it").unwrap()).collect()
            }
            Self::InRedis(settings) => {
                let of_kind =
                    |kind: &str| scan(settings.nodes[0].1, &format!("{}:{kind}:*", settings.key_prefix));
                [of_kind("session"), of_kind("code")].concat()
            }
        }
    }
}

fn scan(port: u16, pattern: &str) -> Vec<String> {
    let found = Command::new("redis-cli")
        .args(["-p", &port.to_string(), "--scan", "--pattern", pattern])
        .output()
        .unwrap();
    String::from_utf8(found.stdout).unwrap().lines().map(str::to_owned).collect()
}
