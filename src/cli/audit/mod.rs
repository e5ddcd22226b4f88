//! `ecluse audit`: what was done, and whether the record of it is whole.

pub(super) mod list;

use std::io::{self, Write as _};

use clap::Subcommand;
use jiff::tz::TimeZone;
use serde_json::json;

use crate::cli::printer::{ExitStatus, Failure, Printer, json as json_text};
use crate::cli::system_user::Acting;
use crate::cli::{instant, open, reset_order};
use crate::config::layers::Loaded;
use crate::domain::audit_chain::{Head, Question};
use crate::domain::territory::TerritoryCode;
use crate::flows::audit::export::{self, Typed};
use crate::flows::audit::read::{actor_of, object_of};
use crate::flows::audit::verify::verify;
use crate::flows::context::Context;
use crate::store;

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Shows lines, the newest first.
    List(list::Args),
    /// Prints lines as JSON, one on each line, the oldest first; that is an act of its own.
    Export(Filter),
    /// Finds lines that were changed, moved or removed since they were sealed.
    Verify(Verify),
}

/// Against what.
#[derive(Debug, clap::Args)]
pub(super) struct Verify {
    /// A head of the chain that was written down, PLACE:TAG, from the log's "audit log sealed" or from here; may be repeated
    #[arg(long = "head", value_name = "HEAD")]
    heads: Vec<Head>,
}

/// Which lines.
#[derive(Debug, clap::Args)]
pub(super) struct Filter {
    /// From this instant on, such as 2024-04-13 or 2024-04-13T08:00.
    #[arg(long, value_name = "INSTANT")]
    from: Option<String>,
    /// Up to this instant, not included.
    #[arg(long, value_name = "INSTANT")]
    to: Option<String>,
    /// Only this act, such as order.issue.
    #[arg(long, value_name = "ACT")]
    act: Option<String>,
    /// Only of this actor: a login, or as the log has it, such as account:ID or local:root.
    #[arg(long, value_name = "ACTOR")]
    actor: Option<String>,
    /// Only of what was done to this: a login or an order, or as the log has it, such as account:ID or order:ID.
    #[arg(long, value_name = "OBJECT")]
    object: Option<String>,
    /// Only what rested on a role at this place or below it, such as uai:0860001J.
    #[arg(long, value_name = "TERRITORY", value_parser = TerritoryCode::parse)]
    territory: Option<TerritoryCode>,
}

impl Filter {
    /// As the log is asked.
    async fn question(&self, ctx: &Context, zone: &TimeZone) -> Result<Question, Failure> {
        let read = |text: &Option<String>| {
            text.as_ref().map(|text| instant::read(text, zone).map_err(Failure::usage)).transpose()
        };
        let within = match &self.territory {
            Some(code) => match store::territory::find(&ctx.db, code).await? {
                Some(place) => Some(place.path),
                None => return Err(Failure::usage(format_args!("there is no {code}"))),
            },
            None => None,
        };
        let actor = match &self.actor {
            Some(text) => Some(actor_of(ctx, text).await?),
            None => None,
        };
        let object = match &self.object {
            Some(text) => Some(whole(ctx, object_of(ctx, text).await?).await?),
            None => None,
        };
        let (from, to) = (read(&self.from)?, read(&self.to)?);
        Ok(Question { from, to, act: self.act.clone(), actor, object, within })
    }
}

/// An object as the log names it, of what may be the beginning of an order's id, as lists show it.
async fn whole(ctx: &Context, object: String) -> Result<String, Failure> {
    let Some(id) = object.strip_prefix("order:").filter(|id| !id.is_empty()) else { return Ok(object) };
    let found = reset_order::find(ctx, id).await;
    Ok(found.map_or_else(|_| object.clone(), |record| format!("order:{}", record.order.id)))
}

/// Does it.
pub(super) async fn run(
    loaded: &Loaded,
    verb: Verb,
    acting: Acting,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let ctx = open::context(&loaded.config).await?;
    let zone = &loaded.config.display.zone;
    match verb {
        Verb::List(args) => list::run(&ctx, &args, &acting.actor(), zone, printer).await,
        Verb::Export(filter) => run_export(&ctx, &filter, acting, zone).await,
        Verb::Verify(args) => run_verify(&ctx, args.heads, zone, printer).await,
    }
}

async fn run_verify(
    ctx: &Context,
    heads: Vec<Head>,
    zone: &TimeZone,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let compared = heads.len();
    let (verified, waiting) = verify(ctx, heads).await?;
    let faults: Vec<_> = verified.faults.iter().map(ToString::to_string).collect();
    let head = (verified.head.place > 0).then(|| verified.head.to_string());
    let data = json!({
        "lines": verified.lines,
        "head": head,
        "faults": faults,
        "unsealed": waiting.lines,
        "unsealed_since": waiting.since.map(instant::write_utc),
    });
    printer.answer(&data, || {
        let mut lines: Vec<_> = faults.iter().map(|fault| format!("wrong: {fault}")).collect();
        if faults.is_empty() {
            lines.push("Nothing was changed, moved or removed".to_owned());
        }
        lines.push(match &head {
            Some(head) => format!("{} sealed lines; head {head}", verified.lines),
            None => "Nothing has been sealed yet".to_owned(),
        });
        lines.join("\n")
    })?;
    if let Some(since) = waiting.since {
        let (lines, since) = (waiting.lines, instant::write(since, zone));
        printer.talk(format_args!(
            "{} to be sealed, the oldest since {since}: `ecluse serve` does it",
            if lines == 1 { "1 line waits".to_owned() } else { format!("{lines} lines wait") }
        ));
    }
    if compared == 0 {
        printer.talk("Without --head it cannot be told whether lines are missing at the end");
    }
    Ok(if faults.is_empty() { ExitStatus::Done } else { ExitStatus::Failed })
}

async fn run_export(
    ctx: &Context,
    filter: &Filter,
    acting: Acting,
    zone: &TimeZone,
) -> Result<ExitStatus, Failure> {
    let question = filter.question(ctx, zone).await?;
    let mut lines =
        export::export(ctx, &acting.actor(), &question, Typed::default()).await?.map_err(Failure::refused)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    while let Some(chunk) = lines.next(ctx).await? {
        for line in chunk {
            writeln!(out, "{}", json_text(export::json(&line).to_string()))?;
        }
    }
    out.flush()?;
    Ok(ExitStatus::Done)
}
