//! `ecluse audit`: what was done, and whether the record of it is whole.

use std::io::{self, Write as _};

use clap::Subcommand;
use jiff::tz::TimeZone;
use serde_json::json;

use crate::cli::printer::{ExitStatus, Failure, Printer};
use crate::cli::system_user::Acting;
use crate::cli::{instant, open};
use crate::config::layers::Loaded;
use crate::domain::audit_chain::{Head, Line};
use crate::domain::event::Act;
use crate::domain::timestamp::Timestamp;
use crate::flows::audit::verify::verify;
use crate::flows::context::Context;
use crate::store;
use crate::store::db::Batch;

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Finds lines that were changed, moved or removed since they were sealed.
    Verify(Verify),
    /// Prints lines as JSON, one on each line, the oldest first.
    Export(Export),
}

/// Against what.
#[derive(Debug, clap::Args)]
pub(super) struct Verify {
    /// A head of the chain that was written down, PLACE:TAG, from the log's "audit log sealed" or from here; may be repeated
    #[arg(long = "head", value_name = "HEAD")]
    heads: Vec<Head>,
}

/// Which.
#[derive(Debug, clap::Args)]
pub(super) struct Export {
    /// From this instant on, such as 2024-04-13 or 2024-04-13T08:00.
    #[arg(long, value_name = "INSTANT")]
    from: Option<String>,
    /// Up to this instant, not included.
    #[arg(long, value_name = "INSTANT")]
    to: Option<String>,
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
        Verb::Verify(args) => run_verify(&ctx, args.heads, &loaded.config.display.zone, printer).await,
        Verb::Export(args) => export(&ctx, &args, acting, &loaded.config.display.zone).await,
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

async fn export(
    ctx: &Context,
    args: &Export,
    acting: Acting,
    zone: &TimeZone,
) -> Result<ExitStatus, Failure> {
    let read = |text: &Option<String>, otherwise| match text {
        Some(text) => instant::read(text, zone).map_err(Failure::usage),
        None => Ok(otherwise),
    };
    let from = read(&args.from, Timestamp::from_micros(0))?;
    let to = read(&args.to, ctx.clock.now())?;
    // Who reads what others did is an act as well.
    let line = acting.actor().line(Act::AuditExport, "audit".to_owned());
    ctx.db.run(Batch::plain(vec![ctx.audit(ctx.clock.now(), &line)])).await?;
    let mut chunks = ctx.db.each(store::audit::between(from, to), 500).await?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    while let Some(chunk) = chunks.recv().await {
        for row in chunk? {
            let (sealed, line) = store::audit::exported(&row)?;
            writeln!(out, "{}", written(sealed.as_ref(), &line))?;
        }
    }
    out.flush()?;
    Ok(ExitStatus::Done)
}

fn written(sealed: Option<&Head>, line: &Line) -> serde_json::Value {
    json!({
        "place": sealed.map(|head| head.place),
        "id": line.id,
        "at": instant::write_utc(line.at),
        "actor": line.actor,
        "territory": line.territory,
        "act": line.act,
        "object": line.object,
        "count": line.count,
        "reason": line.reason,
        "address": line.address,
        "request_id": line.request_id,
        "tag": sealed.map(|head| &head.tag),
    })
}
