//! `ecluse backup DEST`: a consistent copy of the database, while it stays in use.

use std::path::PathBuf;

use serde_json::json;

use crate::cli::open;
use crate::cli::printer::{ExitStatus, Failure, Printer};
use crate::config::layers::Loaded;

/// Where to.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file to write; it must not exist
    #[arg(value_name = "DEST")]
    dest: PathBuf,
}

pub(super) async fn run(loaded: &Loaded, args: Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    if args.dest.exists() {
        let dest = args.dest.display();
        return Err(Failure::refused(format_args!(
            "{dest} exists already, and a copy is never written over"
        )));
    }
    let db = open::database(&loaded.config).await?;
    let bar = printer.progress(0, "pages");
    let drawn = bar.clone();
    db.backup(&args.dest, move |copied, all| {
        drawn.set_length(all);
        drawn.set_position(copied);
    })
    .await?;
    bar.finish_and_clear();
    let dest = args.dest.display().to_string();
    printer.answer(&json!({ "backup": dest }), || dest.clone())?;
    printer.talk(format_args!(
        "The copy opens with the master key only: keep a copy of {} too, and elsewhere",
        loaded.config.keys.master_key_file.display()
    ));
    Ok(ExitStatus::Done)
}
