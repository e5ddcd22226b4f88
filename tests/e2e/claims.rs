//! Where the claims of a provider under test lie: in its database, or in the Redis whose port `ECLUSE_TEST_REDIS` names.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
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
        let name = Secret::from_random(Random::system().bytes()).hash();
        let claims = Self::InRedis(RedisSettings {
            topology: Topology::Standalone,
            nodes: vec![("127.0.0.1".to_owned(), port.parse().unwrap())],
            tls: false,
            root_certificate: None,
            login: Login { username: Some(name.clone()), password: Some(Secret::new(name.clone())) },
            key_prefix: name.clone(),
        });
        claims.set_user(&["on", &format!(">{name}"), &format!("~{name}:*"), "+@all"]);
        claims
    }

    /// What a program's own settings say of it; the password goes into a file of this folder.
    pub(crate) fn settings(&self, folder: &Path) -> String {
        let Self::InRedis(settings) = self else { return String::new() };
        let (name, port) = (&settings.key_prefix, settings.nodes[0].1);
        let file = folder.join("redis.password");
        fs::write(&file, name).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        format!(
            "[ephemeral]\nstore = \"redis\"\n[ephemeral.redis]\nnodes = [\"127.0.0.1:{port}\"]\ntls = false\n\
             username = \"{name}\"\npassword_file = \"{}\"\nkey_prefix = \"{name}\"\n",
            file.display()
        )
    }

    /// Whether they lie elsewhere than in the database.
    pub(crate) const fn lie_apart(&self) -> bool {
        matches!(self, Self::InRedis(_))
    }

    /// From here on Redis refuses this command of the provider's.
    pub(crate) fn forbid(&self, command: &str) {
        self.set_user(&[&format!("-{command}")]);
    }

    /// Undoes [`Claims::forbid`].
    pub(crate) fn allow(&self, command: &str) {
        self.set_user(&[&format!("+{command}")]);
    }

    fn set_user(&self, rules: &[&str]) {
        let Self::InRedis(settings) = self else { return };
        let user = ["acl", "setuser", &settings.key_prefix];
        assert_eq!(redis_cli(settings, &[&user[..], rules].concat()), "OK\n");
    }

    /// The claims of a kind, each by its name, to be put back later.
    pub(crate) fn copy(&self, kind: &str) -> Vec<(String, String)> {
        let Self::InRedis(settings) = self else { return Vec::new() };
        let names = scan(settings, kind);
        names.into_iter().map(|name| (name.clone(), redis_cli(settings, &["get", &name]))).collect()
    }

    /// Takes them all away.
    pub(crate) fn remove(&self, claims: &[(String, String)]) {
        let Self::InRedis(settings) = self else { return };
        for (name, _) in claims {
            redis_cli(settings, &["del", name]);
        }
    }

    /// Puts them back.
    pub(crate) fn put_back(&self, claims: &[(String, String)]) {
        let Self::InRedis(settings) = self else { return };
        for (name, value) in claims {
            assert_eq!(redis_cli(settings, &["set", name, value.trim_end()]), "OK\n");
        }
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
            Self::InRedis(settings) => [scan(settings, "session"), scan(settings, "code")].concat(),
        }
    }
}

fn scan(settings: &RedisSettings, kind: &str) -> Vec<String> {
    let pattern = format!("{}:{kind}:*", settings.key_prefix);
    redis_cli(settings, &["--scan", "--pattern", &pattern]).lines().map(str::to_owned).collect()
}

fn redis_cli(settings: &RedisSettings, arguments: &[&str]) -> String {
    let port = settings.nodes[0].1.to_string();
    let answer = Command::new("redis-cli").args(["-p", &port]).args(arguments).output().unwrap();
    String::from_utf8(answer.stdout).unwrap()
}
