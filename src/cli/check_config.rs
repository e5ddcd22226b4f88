//! `ecluse check-config`: the settings in force, where each was set, and whether they fit the files they name.

use serde::Serialize;
use serde_json::Value;

use crate::cli::open;
use crate::cli::printer::{ExitStatus, Failure, Printer, table};
use crate::config;
use crate::config::ephemeral::EphemeralStore;
use crate::config::layers::Loaded;
use crate::config::store::Place;
use crate::store::secrets;

#[derive(Serialize)]
struct Setting {
    key: String,
    value: Value,
    origin: String,
}

pub(super) async fn run(loaded: &Loaded, printer: &Printer) -> Result<ExitStatus, Failure> {
    let settings: Vec<_> = config::flat(&loaded.config)
        .into_iter()
        .map(|(key, value)| Setting { origin: loaded.origin(&key).to_string(), value: masked(value), key })
        .collect();
    printer.answer(&settings, || {
        let rows = settings
            .iter()
            .map(|Setting { key, value, origin }| [key.clone(), origin.clone(), value.to_string()]);
        table(["setting", "set by", "value"], rows)
    })?;
    if loaded.config.password.hash.is_too_cheap() {
        printer.warn("password.hash costs less than OWASP's minimum; such hashes are for tests only");
    }
    loaded.slip_words()?;
    loaded.mail_words()?;
    let clients = loaded.clients(|name| std::env::var_os(name))?;
    if !clients.is_empty() {
        printer.talk(format_args!(
            "Declared clients that are whole and whose secrets can be read: {}",
            clients.len()
        ));
    }
    check_files(loaded, printer).await
}

async fn check_files(loaded: &Loaded, printer: &Printer) -> Result<ExitStatus, Failure> {
    let config = &loaded.config;
    let place = config.store.place();
    if !config.keys.master_key_file.exists() && place.is_missing() {
        printer.talk("There is no master key and no database yet: `ecluse init` makes them");
        return Ok(ExitStatus::Done);
    }
    let sealer = open::master_key(config)?;
    if place.is_missing() {
        printer.talk("The master key is readable; there is no database yet: `ecluse init` makes it");
        return Ok(ExitStatus::Done);
    }
    let db = open::database(config).await?;
    if matches!(place, Place::Server(_)) {
        db.expect_schema().await?; // a file's would be brought up to date by it
    }
    let opens =
        secrets::key_opens(&db, &sealer).await.map_err(|error| open::secrets_failure(config, error))?;
    printer.talk(if opens {
        "The master key opens the database"
    } else {
        "The database holds no secrets yet: run `ecluse init`"
    });
    open::ephemeral(config, &db)?.check().await?;
    if config.ephemeral.store == EphemeralStore::Redis {
        printer.talk("Redis answers, and may be used");
    }
    Ok(ExitStatus::Done)
}

/// Without the hashes of clients' secrets: a secret that somebody thought up could be found from its hash.
fn masked(mut value: Value) -> Value {
    let clients = value.as_array_mut().into_iter().flatten();
    for hash in clients.filter_map(|client| client.get_mut("ecluse_client_secret_sha256")) {
        *hash = "(set)".into();
    }
    value
}
