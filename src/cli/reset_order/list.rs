//! `ecluse reset-order list`.

use jiff::tz::TimeZone;

use super::{place, profiles, record_json, state_word};
use crate::cli::instant;
use crate::cli::names::short;
use crate::cli::printer::{ExitStatus, Failure, Printer, table};
use crate::flows::context::Context;
use crate::store::reset_order::{self, OrderRecord};

/// Prints every order, the newest first.
pub(super) async fn run(ctx: &Context, zone: &TimeZone, printer: &Printer) -> Result<ExitStatus, Failure> {
    let records = reset_order::list(&ctx.db).await?;
    let data: Vec<_> = records.iter().map(record_json).collect();
    printer.answer(&data, || {
        let ids = records.iter().map(|record| record.order.id.0.as_str());
        let rows = records.iter().map(|record| {
            [
                short(&record.order.id.0, &ids).to_owned(),
                state_word(record.order.state).to_owned(),
                record.order.level.as_str().to_owned(),
                instant::write(record.scheduled_at, zone),
                whom(record),
            ]
        });
        table(["order", "state", "level", "begins", "whom, and why"], rows)
    })?;
    Ok(ExitStatus::Done)
}

/// Whom, and why where somebody said so: a draft may have no reason yet.
fn whom(record: &OrderRecord) -> String {
    let whom = format!("{} {}", place(record), profiles(record));
    if record.reason.is_empty() { whom } else { format!("{whom}: {}", record.reason) }
}
