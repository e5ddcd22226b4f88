//! `ecluse audit list`: lines of the audit log for people.

use jiff::tz::TimeZone;

use super::Filter;
use crate::cli::instant;
use crate::cli::names::{INSTANT, Names};
use crate::cli::printer::{ExitStatus, Failure, Printer, table};
use crate::domain::audit_chain::Line;
use crate::domain::event::Act;
use crate::flows::actor::Actor;
use crate::flows::audit::export::line_json;
use crate::flows::audit::read;
use crate::flows::context::Context;

/// Lines that are read in one go.
const STEP: usize = 500;

/// Which, and how many.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    filter: Filter,
    /// At most so many.
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

/// Above the lines of a table.
pub(in crate::cli) const HEADER: [&str; 4] = ["when", "who", "act", "what, and why"];

/// Prints them, the newest first.
pub(super) async fn run(
    ctx: &Context,
    args: &Args,
    actor: &Actor,
    zone: &TimeZone,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let question = args.filter.question(ctx, zone).await?;
    if let Some(act) = question.act.as_deref().filter(|act| Act::from_stored(act).is_none()) {
        printer.warn(format_args!(
            "this version writes no line with the act {act:?}; docs/logging.md lists them"
        ));
    }
    let limit = args.limit as usize;
    let (mut found, mut after) = (Vec::new(), None);
    while found.len() < limit {
        let step = STEP.min(limit - found.len());
        let page = read::list(ctx, actor, &question, after, step).await?;
        let (lines, next) = page.map_err(Failure::refused)?;
        found.extend(lines);
        after = next;
        if after.is_none() {
            break;
        }
    }
    let mut told = Told::new(ctx, zone);
    let mut rows = Vec::with_capacity(found.len());
    for line in &found {
        rows.push(told.row(line).await?);
    }
    printer.answer(&found.iter().map(line_json).collect::<Vec<_>>(), || table(HEADER, rows))?;
    if found.is_empty() {
        printer.talk("No line was found");
    } else if after.is_some() {
        printer
            .talk(format_args!("The newest {}; there may be more: --limit NUMBER shows them", found.len()));
    }
    Ok(ExitStatus::Done)
}

/// Lines as a person reads them.
pub(in crate::cli) struct Told<'a> {
    names: Names<'a>,
    zone: &'a TimeZone,
}

impl<'a> Told<'a> {
    pub(in crate::cli) fn new(ctx: &'a Context, zone: &'a TimeZone) -> Self {
        Self { names: Names::new(ctx), zone }
    }

    pub(in crate::cli) async fn row(&mut self, line: &Line) -> Result<[String; 4], Failure> {
        let object = self.names.of(&line.object).await?;
        // The beginning of an order's id is enough wherever one is asked for.
        let object = match object.strip_prefix("order:").and_then(|id| id.get(..INSTANT)) {
            Some(id) => format!("order:{id}"),
            None => object,
        };
        let what = line.count.map_or_else(|| object.clone(), |count| format!("{object} ({count})"));
        Ok([
            instant::write(line.at, self.zone),
            self.names.of(&line.actor).await?,
            line.act.clone(),
            line.reason.as_ref().map_or_else(|| what.clone(), |reason| format!("{what}: {reason}")),
        ])
    }
}
