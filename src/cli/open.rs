//! Opens a deployment: master key, database, secrets and signing keys, each with a line that says what to do if not.

use crate::cli::printer::Failure;
use crate::config::Config;
use crate::config::private_file::{self, Fault};
use crate::flows::context::{Context, Parts};
use crate::flows::random::Random;
use crate::flows::signing_keys::{self, KeyRoom};
use crate::flows::step::Steps;
use crate::store::clock::Clock;
use crate::store::db::Db;
use crate::store::seal::MasterKey;
use crate::store::secrets::{DeploymentSecrets, SecretsError};

/// Opens everything that flows are given. The schema is brought up to date first.
pub async fn context(config: &Config) -> Result<Context, Failure> {
    context_at(config, Clock::system()).await
}

/// The same by another clock than the machine's: the demo has people whose passwords are older than it is.
pub async fn context_at(config: &Config, clock: Clock) -> Result<Context, Failure> {
    let sealer = master_key(config)?;
    let db = database_at(config, clock)?;
    db.migrate().await?;
    let secrets =
        DeploymentSecrets::load(&db, sealer).await.map_err(|error| secrets_failure(config, error))?;
    let (clock, random) = (db.clock().clone(), Random::system());
    let room = KeyRoom { db: &db, sealer: &secrets.sealer, random: &random };
    let keys = signing_keys::load(&room).await?;
    let settings = config.settings();
    Ok(Context::new(Parts { db, clock, random, secrets, keys, settings, steps: Steps::default() })?)
}

/// Opens the database, which must be there: a new one in a wrong place would look like a deployment without people.
pub fn database(config: &Config) -> Result<Db, Failure> {
    database_at(config, Clock::system())
}

fn database_at(config: &Config, clock: Clock) -> Result<Db, Failure> {
    let path = &config.store.path;
    if !path.exists() {
        return Err(Failure::failed(format_args!("there is no database {} (store.path)", path.display()))
            .hint("`ecluse init` makes one"));
    }
    Ok(Db::open_sqlite(path, clock, config.store.readers)?)
}

/// Reads the master key.
pub fn master_key(config: &Config) -> Result<MasterKey, Failure> {
    let path = &config.keys.master_key_file;
    let text = private_file::read(path).map_err(|error| match error.kind {
        Fault::Missing if config.store.path.exists() => {
            let database = config.store.path.display();
            Failure::from(error)
                .hint(format_args!("put back your copy: {database} was sealed under this key"))
        }
        Fault::Missing => Failure::from(error).hint("`ecluse init` makes one for a new deployment"),
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
    let (key, database) = (config.keys.master_key_file.display(), config.store.path.display());
    failure.hint(format_args!("the key is {key}, the database {database}"))
}
