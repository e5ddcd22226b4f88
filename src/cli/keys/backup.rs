//! `ecluse keys backup`: the master key on a sheet to be printed and locked away, and whether such a sheet is good.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cli::printer::{ExitStatus, Failure, Printer};
use crate::cli::system_user::Acting;
use crate::cli::{instant, open};
use crate::config::Config;
use crate::config::private_file;
use crate::domain::event::Act;
use crate::store::clock::Clock;
use crate::store::db::Batch;
use crate::store::key_sheet;
use crate::store::seal::MasterKey;
use crate::store::secrets::{DeploymentSecrets, SecretsError};

/// Where to, or which to look at.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The file to write, which must not exist; `-` shows the sheet instead, to be piped into a printer or an encryption
    #[arg(value_name = "FILE", required_unless_present = "verify")]
    dest: Option<PathBuf>,
    /// Says whether this sheet, or copy of the key file, opens the database; nothing else is read or written
    #[arg(long, value_name = "FILE", conflicts_with = "dest")]
    verify: Option<PathBuf>,
}

pub(super) async fn run(
    config: &Config,
    args: Args,
    acting: Acting,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    match (args.verify, args.dest) {
        (Some(path), _) => verify(config, &path, printer).await,
        (None, Some(dest)) => write(config, &dest, acting, printer).await,
        (None, None) => Err(Failure::usage("name a file")),
    }
}

async fn write(
    config: &Config,
    dest: &Path,
    acting: Acting,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let is_shown = dest.as_os_str() == "-";
    if !is_shown && dest.exists() {
        return Err(Failure::refused(format_args!(
            "{} exists already, and is never written over",
            dest.display()
        )));
    }
    // Only a key that opens everything is worth a sheet.
    let ctx = open::context(config).await?;
    let now = ctx.clock.now();
    let key = private_file::read(&config.keys.master_key_file)?;
    let of =
        format!("Écluse: the master key of {}, written {}", config.server.issuer, instant::write_utc(now));
    let sheet = key_sheet::write(
        &key,
        &[
            &of,
            "Lock it away, and apart from the copies of the database: together they are everything.",
            "To put it back, type the four lines into a file of mode 0600 and name that in keys.master_key_file.",
            "`ecluse keys backup --verify FILE` says whether it is the right one, or which line was mistyped.",
        ],
    )?;
    // Before there is one: nobody takes a key out unseen.
    let line = acting.actor().line(Act::KeyBackup, "master key".to_owned());
    ctx.commit(Batch::plain(vec![ctx.audit(now, &line)])).await?;
    if is_shown {
        printer.data(sheet.expose())?;
        return Ok(ExitStatus::Done);
    }
    private_file::create(dest, &sheet)?;
    let shown = dest.display().to_string();
    printer.answer(&json!({ "sheet": shown }), || shown.clone())?;
    printer.talk(format_args!(
        "Print it, check what you printed by typing it back (`ecluse keys backup --verify`), then remove {shown}"
    ));
    Ok(ExitStatus::Done)
}

async fn verify(config: &Config, path: &Path, printer: &Printer) -> Result<ExitStatus, Failure> {
    let told = |error: &dyn std::fmt::Display| Failure::failed(format_args!("{}: {error}", path.display()));
    let key = MasterKey::from_text(&private_file::read(path)?).map_err(|error| told(&error))?;
    let db = open::database_at(config, Clock::system()).await?;
    db.look_at_schema().await?;
    match DeploymentSecrets::load(&db, key).await {
        Ok(_) => {}
        Err(SecretsError::WrongMasterKey) => {
            let place = config.store.place();
            return Err(Failure::refused(format_args!("{} does not open {place}", path.display()))
                .hint("it is the key of another database; keep looking, and do not throw it away"));
        }
        Err(error) => return Err(told(&error)),
    }
    let (path, place) = (path.display().to_string(), config.store.place().to_string());
    printer.answer(&json!({ "key": path, "opens": place }), || format!("{path} opens {place}"))?;
    Ok(ExitStatus::Done)
}
