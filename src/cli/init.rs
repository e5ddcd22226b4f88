//! `ecluse init`: makes what a deployment needs and does not have yet. Nothing that exists is written over, so that it may
//! be run again after anything went wrong.

use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cli::printer::{ExitStatus, Failure, Printer, table};
use crate::cli::{Global, open};
use crate::config::Config;
use crate::config::layers::{DEFAULT_FILE, Layers};
use crate::config::private_file;
use crate::flows::import_territories::ensure_shipped;
use crate::flows::random::Random;
use crate::flows::signing_keys::{self, KeyRoom};
use crate::store::clock::Clock;
use crate::store::seal::MasterKey;
use crate::store::secrets::{self, Fresh};

/// The few settings that a first start is about, commented out.
const TEMPLATE: &str = include_str!("../../config/first.toml");

/// One thing that `init` looks after.
#[derive(Serialize)]
struct Part {
    what: &'static str,
    place: String,
    made: bool,
}

pub(super) async fn run(global: Global, printer: &Printer) -> Result<ExitStatus, Failure> {
    let file = global.config.unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
    let mut parts = vec![part("configuration", file.display(), write_template(&file)?)];
    let loaded = Layers::of_process(Some(file), global.settings).load()?;
    let config = &loaded.config;
    let (key_path, database) = (&config.keys.master_key_file, config.store.place());

    let random = Random::system();
    let db_made = database.is_missing();
    let key_made = !key_path.exists();
    if key_made {
        refuse_lost_key(config).await?;
        private_file::create(key_path, &MasterKey::text_of(random.bytes()))?;
    }
    parts.push(part("master key", key_path.display(), key_made));
    let sealer = open::master_key(config)?;

    let db = open::database_or_new(config, Clock::system()).await?;
    db.migrate().await?;
    let fresh = || Fresh { bytes: random.bytes(), nonce: random.bytes() };
    let sealed =
        secrets::init(&db, &sealer, fresh).await.map_err(|error| open::secrets_failure(config, error))?;
    if sealed && config.keys.instance_file.exists() {
        // What it remembers is another database.
        std::fs::remove_file(&config.keys.instance_file)?;
    }
    let room = KeyRoom { db: &db, sealer: &sealer, random: &random };
    let keys = signing_keys::ensure(&room, db.clock().now()).await?;
    parts.push(part("database", &database, db_made));
    parts.push(part("secrets", &database, sealed));
    parts.push(part("signing keys", &database, keys > 0));
    let places = ensure_shipped(&open::context(config).await?).await?;
    parts.push(part("territories", &database, places > 0));

    printer.answer(&parts, || {
        let rows = parts.iter().map(|part| {
            let state = if part.made { "made" } else { "kept" };
            [part.what.to_owned(), state.to_owned(), part.place.clone()]
        });
        table(["what", "state", "where"], rows)
    })?;
    printer.talk(format_args!(
        "Keep a copy of the master key elsewhere: without {} no code and no key of this database can be read again",
        key_path.display()
    ));
    Ok(ExitStatus::Done)
}

fn part(what: &'static str, place: impl Display, made: bool) -> Part {
    Part { what, place: place.to_string(), made }
}

fn write_template(file: &Path) -> Result<bool, Failure> {
    match OpenOptions::new().write(true).create_new(true).open(file) {
        Ok(mut made) => {
            made.write_all(TEMPLATE.as_bytes())?;
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(Failure::failed(format_args!("{}: cannot be written ({error})", file.display()))),
    }
}

/// A new master key beside a database that was sealed under another would only hide that the other is lost.
async fn refuse_lost_key(config: &Config) -> Result<(), Failure> {
    let place = config.store.place();
    if place.is_missing() {
        return Ok(());
    }
    let db = open::database(config).await?;
    db.migrate().await?;
    if secrets::exist(&db).await? {
        return Err(Failure::refused(format_args!(
            "{}: the master key is gone, and the database {place} was sealed under it",
            config.keys.master_key_file.display()
        ))
        .hint("put back your copy of the key file; a new key would open nothing"));
    }
    Ok(())
}
