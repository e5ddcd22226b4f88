//! Opens a deployment: master key, database, secrets and signing keys, each with a line that says what to do if not.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::instance;
use crate::cli::printer::Failure;
use crate::config::Config;
use crate::config::ephemeral::{self, EphemeralStore, RedisTopology};
use crate::config::layers::Loaded;
use crate::config::private_file::{self, Fault};
use crate::config::store::{Place, Store};
use crate::domain::secret::Secret;
use crate::flows::context::{Context, Parts};
use crate::flows::random::Random;
use crate::flows::signing_keys::{self, KeyRoom};
use crate::flows::step::Steps;
use crate::outgoing::mail::{MailServer, Mailer};
use crate::store::clock::Clock;
use crate::store::db::{Address, Db, Server};
use crate::store::ephemeral::{Ephemeral, Login, Redis, RedisSettings, Topology};
use crate::store::seal::MasterKey;
use crate::store::secrets::{DeploymentSecrets, SecretsError};

/// Opens everything that flows are given. The schema of a file is brought up to date first, a server's must be.
pub async fn context(config: &Config) -> Result<Context, Failure> {
    context_at(config, Clock::system()).await
}

/// The same by another clock than the machine's: the demo has people whose passwords are older than it is.
pub async fn context_at(config: &Config, clock: Clock) -> Result<Context, Failure> {
    let ctx = context_of_any_age(config, clock).await?;
    instance::check(config, &ctx).await?;
    Ok(ctx)
}

/// The same of a database that may be an older copy, which nothing but `ecluse store restored` may go on with.
pub(super) async fn context_of_any_age(config: &Config, clock: Clock) -> Result<Context, Failure> {
    let sealer = master_key(config)?;
    let db = database_at(config, clock).await?;
    db.expect_schema().await?;
    let secrets =
        DeploymentSecrets::load(&db, sealer).await.map_err(|error| secrets_failure(config, error))?;
    let (clock, random) = (db.clock().clone(), Random::system());
    let room = KeyRoom { db: &db, sealer: &secrets.sealer, random: &random };
    let keys = signing_keys::load(&room).await?;
    let settings = config.settings();
    let ephemeral = ephemeral(config, &db)?;
    let steps = Steps::default();
    Ok(Context::new(Parts { db, ephemeral, clock, random, secrets, keys, settings, steps })?)
}

/// Opens the database, which must be there: a new one in a wrong place would look like a deployment without people.
pub async fn database(config: &Config) -> Result<Db, Failure> {
    database_at(config, Clock::system()).await
}

pub(super) async fn database_at(config: &Config, clock: Clock) -> Result<Db, Failure> {
    let place = config.store.place();
    if place.is_missing() {
        return Err(Failure::failed(format_args!("there is no database {place} (store.path)"))
            .hint("`ecluse init` makes one"));
    }
    database_or_new(config, clock).await
}

/// Opens the database; makes the file if there is none.
pub(super) async fn database_or_new(config: &Config, clock: Clock) -> Result<Db, Failure> {
    match config.store.place() {
        Place::File(path) => Ok(Db::open_sqlite(path, clock, config.store.readers)?),
        Place::Server(address) => Ok(Db::open_postgres(&server(&config.store, *address)?, clock).await?),
    }
}

pub(super) fn server(store: &Store, address: Address) -> Result<Server, Failure> {
    let named = |path: &PathBuf| (!path.as_os_str().is_empty()).then(|| path.clone());
    let password = match (named(&store.password_file), store.password_env.as_str()) {
        (Some(path), _) => Some(private_file::read(&path)?),
        (None, "") => None,
        (None, name) => Some(Secret::new(std::env::var(name).map_err(|error| {
            Failure::failed(format_args!("{name} (store.password_env): {error}"))
                .hint("set it to the password")
        })?)),
    };
    Ok(Server {
        address,
        password,
        roots: named(&store.root_certificate_file),
        connections: store.connections,
        wait: store.wait,
        statement_timeout: store.statement_timeout,
        lock_timeout: store.lock_timeout,
    })
}

/// The store of what expires. Nothing is asked of Redis yet.
pub fn ephemeral(config: &Config, db: &Db) -> Result<Ephemeral, Failure> {
    match config.ephemeral.store {
        EphemeralStore::Database => Ok(Ephemeral::in_database(db.clone())),
        EphemeralStore::Redis => {
            let settings = redis_settings(&config.ephemeral.redis)?;
            Ok(Ephemeral::in_redis(Redis::new(&settings, db.clock().clone())?))
        }
    }
}

fn redis_settings(redis: &ephemeral::Redis) -> Result<RedisSettings, Failure> {
    let named = |path: &Path| (!path.as_os_str().is_empty()).then(|| path.to_owned());
    let login = |username: &str, file: &Path| -> Result<Login, Failure> {
        let password = named(file).map(|file| private_file::read(&file)).transpose()?;
        Ok(Login { username: (!username.is_empty()).then(|| username.to_owned()), password })
    };
    let certificates = named(&redis.root_certificate_file).map(|file| {
        fs::read(&file).map_err(|error| {
            Failure::failed(format_args!("{}: {error}", file.display()))
                .hint("ephemeral.redis.root_certificate_file names a file of certificates in PEM")
        })
    });
    Ok(RedisSettings {
        topology: match redis.topology {
            RedisTopology::Standalone => Topology::Standalone,
            RedisTopology::Cluster => Topology::Cluster,
            RedisTopology::Sentinel => Topology::Sentinel {
                master: redis.sentinel_master.clone(),
                login: login(&redis.sentinel_username, &redis.sentinel_password_file)?,
            },
        },
        nodes: redis.addresses(),
        tls: redis.tls,
        root_certificate: certificates.transpose()?,
        login: login(&redis.username, &redis.password_file)?,
        key_prefix: redis.key_prefix.clone(),
    })
}

/// What sends mail, where any is sent. Nothing is asked of its server yet.
pub fn mailer(loaded: &Loaded) -> Result<Option<Mailer>, Failure> {
    let config = &loaded.config;
    let mail = &config.mail;
    let words = loaded.mail_words()?;
    let Some((host, port)) = mail.address() else { return Ok(None) };
    let named = |path: &Path| (!path.as_os_str().is_empty()).then(|| path.to_owned());
    let roots = named(&mail.root_certificate_file).map(|file| {
        fs::read(&file).map_err(|error| {
            Failure::failed(format_args!("{}: {error}", file.display()))
                .hint("mail.root_certificate_file names a file of certificates in PEM")
        })
    });
    let password = named(&mail.password_file).map(|file| private_file::read(&file)).transpose()?;
    let issuer = url::Url::parse(config.server.issuer.as_str()).ok();
    let hello = issuer.as_ref().and_then(url::Url::host_str).unwrap_or("localhost").to_owned();
    let server = MailServer {
        host,
        port,
        tls: mail.tls,
        roots: roots.transpose()?,
        login: password.map(|password| (mail.user.clone(), password)),
        from: mail.from.clone(),
        hello,
        service: config.display.name.clone(),
        zone: config.display.zone.clone(),
        words,
        timeout: mail.timeout,
    };
    Mailer::new(server).map(Some).map_err(|error| {
        Failure::failed(error).hint("[mail] names the server, its certificates and who writes")
    })
}

/// Reads the master key.
pub fn master_key(config: &Config) -> Result<MasterKey, Failure> {
    let path = &config.keys.master_key_file;
    let text = private_file::read(path).map_err(|error| match error.kind {
        Fault::Missing => match config.store.place() {
            Place::File(database) if database.exists() => Failure::from(error)
                .hint(format_args!("put back your copy: {} was sealed under this key", database.display())),
            _ => Failure::from(error).hint("`ecluse init` makes one for a new deployment"),
        },
        _ => Failure::from(error),
    })?;
    MasterKey::from_text(&text).map_err(|error| Failure::failed(format_args!("{}: {error}", path.display())))
}

/// Names the files of a master key and a database that do not belong together.
pub fn secrets_failure(config: &Config, error: SecretsError) -> Failure {
    let wrong_key = matches!(error, SecretsError::WrongMasterKey);
    let failure = Failure::from(error);
    if !wrong_key {
        return failure;
    }
    let (key, database) = (config.keys.master_key_file.display(), config.store.place());
    failure.hint(format_args!("the key is {key}, the database {database}"))
}
