//! `ecluse reset-order list`.

use jiff::tz::TimeZone;

use super::{place, profiles, record_json, state_word};
use crate::cli::instant;
use crate::cli::printer::{ExitStatus, Failure, Printer, table};
use crate::flows::context::Context;
use crate::store::reset_order;

/// Prints every order, the newest first.
pub(super) async fn run(ctx: &Context, zone: &TimeZone, printer: &Printer) -> Result<ExitStatus, Failure> {
    let records = reset_order::list(&ctx.db).await?;
    let data: Vec<_> = records.iter().map(record_json).collect();
    printer.answer(&data, || {
        let rows = records.iter().map(|record| {
            [
                record.order.id.to_string(),
                state_word(record.order.state).to_owned(),
                record.order.level.as_str().to_owned(),
                place(record),
                profiles(record),
                instant::write(record.scheduled_at, zone),
                record.reason.clone(),
            ]
        });
        table(["order", "state", "level", "territory", "profiles", "since", "reason"], rows)
    })?;
    Ok(ExitStatus::Done)
}
