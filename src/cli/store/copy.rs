//! `ecluse store copy`: moves the database from a file to a PostgreSQL server.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cli::printer::{ExitStatus, Failure, Printer, table};
use crate::cli::system_user::Acting;
use crate::cli::{instance, open};
use crate::config::Config;
use crate::flows::copy_store::{Move, copy_store};
use crate::flows::random::Random;
use crate::store::clock::Clock;
use crate::store::db::{Address, CopyError, Db};
use crate::store::deployment::{Standing, standing};
use crate::store::secrets;

/// From where, and where to.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The file, which no program has open, as `sqlite:///var/lib/ecluse/ecluse.sqlite3`
    #[arg(long, value_name = "URL", value_parser = file)]
    from: PathBuf,
    /// The database, new and empty, as `postgres://ecluse@db.example/ecluse`; its password and certificates are named in [store]
    #[arg(long, value_name = "URL")]
    to: Address,
}

pub(super) async fn run(
    config: &Config,
    args: Args,
    acting: Acting,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let clock = Clock::system();
    let codes_live = look(config, &args.from, &clock).await?;
    let to = args.to.to_string();
    let target = Db::open_postgres(&open::server(&config.store, args.to)?, clock.clone()).await?;
    let bar = printer.progress(0, "rows");
    let drawn = bar.clone();
    let what = Move { source: &args.from, clock: &clock, codes_live };
    let (actor, random) = (acting.actor(), Random::system());
    let copied = copy_store(what, &target, &actor, &random, move |sent, all| {
        drawn.set_length(all);
        drawn.set_position(sent);
    });
    let copied = copied.await.map_err(failure)?;
    bar.finish_and_clear();
    let tables: Vec<_> = copied
        .iter()
        .map(|copied| json!({ "table": copied.table, "rows": copied.rows, "digest": copied.digest }))
        .collect();
    let codes = if codes_live { "live" } else { "dead" };
    printer.answer(&json!({ "to": to, "codes": codes, "tables": tables }), || {
        let rows = copied
            .iter()
            .map(|copied| [copied.table.clone(), copied.rows.to_string(), copied.digest[..16].to_owned()]);
        table(["table", "rows", "same on both sides"], rows)
    })?;
    printer.talk(format_args!("{} is given up: no program goes on with it", args.from.display()));
    if !codes_live {
        printer.talk("Every code on paper is dead in the copy: what it was made of was not known to be the database in use");
    }
    printer.talk(format_args!("Set store.url to {to}, then run `ecluse store restored`"));
    Ok(ExitStatus::Done)
}

/// Makes sure that the file can be used, and has every program that still runs on what it is a copy of stop. Answers
/// whether it is the database in use, and no copy of it.
async fn look(config: &Config, path: &Path, clock: &Clock) -> Result<bool, Failure> {
    if !path.exists() {
        return Err(Failure::failed(format_args!("there is no database {}", path.display())));
    }
    let sealer = open::master_key(config)?;
    let db = Db::open_sqlite(path, clock.clone(), 1)?;
    db.look_at_schema().await?;
    let opens = secrets::key_opens(&db, &sealer).await?;
    if !opens {
        return Err(Failure::refused(format_args!(
            "{} was never set up: there is nothing to move",
            path.display()
        )));
    }
    let witness = instance::read(&config.keys.instance_file)?;
    let in_use = witness.is_some() && standing(&db, witness.as_ref()).await? == Standing::InUse;
    if in_use {
        instance::renew(&config.keys.instance_file, &db).await?;
    }
    Ok(in_use)
}

fn file(url: &str) -> Result<PathBuf, String> {
    match url.strip_prefix("sqlite://") {
        Some(path) if !path.is_empty() => Ok(PathBuf::from(path)),
        _ => Err("write sqlite:// and the path of the file".to_owned()),
    }
}

fn failure(error: CopyError) -> Failure {
    match error {
        CopyError::InUse(_) | CopyError::NotEmpty { .. } => Failure::refused(error),
        CopyError::Unknown => Failure::failed(error)
            .hint("run the same command again: it says that the database is not empty if the copy is there"),
        CopyError::Db(_) | CopyError::Differs { .. } => Failure::failed(error),
    }
}
