//! `ecluse account import`: people from a file.

use std::fs::File;
use std::path::PathBuf;

use indicatif::ProgressBar;
use serde_json::json;

use crate::cli::findings;
use crate::cli::printer::{ExitStatus, Failure, Printer, table};
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::import_accounts::{Progress, Report, import_accounts};

/// What the help says of the file.
pub(super) const COLUMNS: &str = "\
Columns, named in the first line, in any order, separated by ; or ,
  source, key   who keeps the person's file, and the person's identifier there: the identity
  login         what the person types; it belongs to one key
  given_name, family_name
  profile       National_ELV, National_TUT, National_ENS, ...
  uai           schools, or another territory such as academie:13; empty for a guardian of pupils
  classes       6A, or 0860001J/6A where there are several schools (may be left out)
  email         (may be left out)
  guardian_of   keys of pupils at the same source (may be left out)
A cell with several values separates them by |.

Whoever the file does not name is left alone. The same file twice changes nothing.";

/// Which file, and what to do about errors.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The file, in UTF-8.
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    /// Apply the lines that are good, though others are not.
    #[arg(long)]
    keep_going: bool,
}

/// Does it.
pub(super) async fn run(
    ctx: &Context,
    actor: &Actor,
    args: Args,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let failed = |error: std::io::Error| Failure::failed(format_args!("{}: {error}", args.file.display()));
    let file = File::open(&args.file).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let mut bars =
        Bars { reading: printer.progress(length, "bytes"), applying: printer.progress(0, "people") };
    let outcome = import_accounts(ctx, actor, file, args.keep_going, |progress| bars.draw(progress)).await;
    let applied = bars.applying.position();
    bars.clear();
    let report = outcome.map_err(|error| {
        let hint = "what was applied stays; the same command finishes the rest";
        if applied == 0 { Failure::from(error) } else { Failure::from(error).hint(hint) }
    })?;
    answer(&report, &args, *printer)?;
    Ok(match (report.errors.count, report.applied) {
        (0, _) => ExitStatus::Done,
        (_, true) => {
            printer.talk("The lines with an error were left out");
            ExitStatus::Partly
        }
        (_, false) => {
            printer.talk("Nothing was applied");
            ExitStatus::Failed
        }
    })
}

struct Bars {
    reading: ProgressBar,
    applying: ProgressBar,
}

impl Bars {
    fn draw(&mut self, progress: Progress) {
        match progress {
            Progress::Read { bytes } => self.reading.set_position(bytes),
            Progress::Checking => self.reading.finish_and_clear(),
            Progress::Applied { people, of } => {
                self.applying.set_length(of);
                self.applying.set_position(people);
            }
        }
    }

    fn clear(&self) {
        self.reading.finish_and_clear();
        self.applying.finish_and_clear();
    }
}

fn answer(report: &Report, args: &Args, printer: Printer) -> Result<(), Failure> {
    let data = json!({
        "applied": report.applied,
        "people": report.people,
        "created": report.created,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "followed": report.followed,
        "new_schools": report.new_schools,
        "new_classes": report.new_classes,
        "error_count": report.errors.count,
        "errors": findings::data(&report.errors.listed),
        "warning_count": report.warnings.count,
        "warnings": findings::data(&report.warnings.listed),
    });
    printer.answer(&data, || {
        let counts = [
            ("people", report.people),
            ("created", report.created),
            ("changed", report.changed),
            ("unchanged", report.unchanged),
            ("followed", report.followed),
            ("new_schools", report.new_schools),
            ("new_classes", report.new_classes),
            ("warnings", report.warnings.count),
            ("errors", report.errors.count),
        ];
        let rows = counts.map(|(what, count)| [what.to_owned(), count.to_string()]);
        [
            findings::lines(&args.file, "warning", &report.warnings.listed, report.warnings.count),
            findings::lines(&args.file, "error", &report.errors.listed, report.errors.count),
            table(["import", "count"], rows),
        ]
        .concat()
    })?;
    Ok(())
}
