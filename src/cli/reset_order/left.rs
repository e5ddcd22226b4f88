//! `ecluse reset-order left ID`.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use super::families::language;
use super::{Which, find};
use crate::cli::printer::{ExitStatus, Failure, Printer};
use crate::domain::territory::TerritoryCode;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::reset_order::left::Remaining;
use crate::paper::roster::{head, lines};
use crate::web::pages::text::Language;
use crate::web::roster::{entry, words};

/// Of which order, and where.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    which: Which,
    /// Only at this place and below it.
    #[arg(long, value_name = "TERRITORY", value_parser = TerritoryCode::parse)]
    territory: Option<TerritoryCode>,
    /// A new file in place of standard output.
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// Of the headings.
    #[arg(long, value_name = "fr|en", default_value = "fr", value_parser = language)]
    language: Language,
}

/// Writes the list as it is read.
pub(super) async fn run(
    ctx: &Context,
    args: Args,
    actor: &Actor,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let record = find(ctx, &args.which.id).await?;
    let mut out: Box<dyn Write> = match &args.out {
        Some(path) => {
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
            let file = file.map_err(|error| Failure::failed(format_args!("{}: {error}", path.display())))?;
            Box::new(BufWriter::new(file))
        }
        None => Box::new(BufWriter::new(io::stdout().lock())),
    };
    let begun = Remaining::begin(ctx, actor, &record.order.id, args.territory.as_ref()).await?;
    let mut remaining = begun.map_err(Failure::refused)?;
    let words = words(args.language);
    out.write_all(&head(&words)?)?;
    let mut people = 0;
    while let Some(left) = remaining.next(ctx).await? {
        people += left.len();
        out.write_all(&lines(&words, left.iter().map(entry))?)?;
    }
    out.flush()?;
    printer.talk(format_args!("{people} people must still choose a new password"));
    Ok(ExitStatus::Done)
}
