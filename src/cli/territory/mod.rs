//! `ecluse territory`: the places that people belong to.

mod show;

use std::fs::File;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;

use crate::cli::findings;
use crate::cli::open;
use crate::cli::printer::{ExitStatus, Failure, Printer, table};
use crate::cli::system_user::Acting;
use crate::config::layers::Loaded;
use crate::domain::territory::TerritoryCode;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::import_territories::import_territories;

/// What the help says of the file.
const COLUMNS: &str = "\
Columns, named in the first line, in any order, separated by ; or ,
  code     uai:0860001J, class:0860001J/6A
  kind     school, class
  parent   departement:086, uai:0860001J; empty for the one that the code itself says
  name     what people read

The académies and the départements are there already. A place that exists takes the name that the
file gives, and never moves.";

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Reads schools and classes from a CSV file. With an error on any line nothing is written.
    #[command(after_help = COLUMNS)]
    Import {
        /// The file, in UTF-8.
        #[arg(value_name = "FILE.csv")]
        file: PathBuf,
    },
    /// Shows what lies below a place; of a school, how the people of each class and profile stand.
    Show {
        /// The place.
        #[arg(value_name = "TERRITORY", value_parser = TerritoryCode::parse, default_value = "ministry:fr")]
        territory: TerritoryCode,
    },
}

/// Does it.
pub(super) async fn run(
    loaded: &Loaded,
    verb: Verb,
    acting: Acting,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let ctx = open::context(&loaded.config).await?;
    match verb {
        Verb::Import { file } => import(&ctx, &acting.actor(), &file, printer).await,
        Verb::Show { territory } => show::run(&ctx, &territory, &acting.actor(), printer).await,
    }
}

async fn import(ctx: &Context, actor: &Actor, path: &Path, printer: &Printer) -> Result<ExitStatus, Failure> {
    let file =
        File::open(path).map_err(|error| Failure::failed(format_args!("{}: {error}", path.display())))?;
    let report = import_territories(ctx, actor, file).await?;
    let data = json!({
        "created": report.created,
        "renamed": report.renamed,
        "unchanged": report.unchanged,
        "errors": findings::data(&report.errors),
        "warnings": findings::data(&report.warnings),
    });
    printer.answer(&data, || {
        let counts = [
            ("created", report.created),
            ("renamed", report.renamed),
            ("unchanged", report.unchanged),
            ("warnings", report.warnings.len() as u64),
            ("errors", report.errors.len() as u64),
        ];
        let rows = counts.map(|(what, count)| [what.to_owned(), count.to_string()]);
        [
            findings::lines(path, "warning", &report.warnings, 0),
            findings::lines(path, "error", &report.errors, 0),
            table(["territories", "count"], rows),
        ]
        .concat()
    })?;
    if report.errors.is_empty() {
        return Ok(ExitStatus::Done);
    }
    printer.talk("Nothing was written");
    Ok(ExitStatus::Failed)
}
