//! `ecluse reset-order show ID`.

use jiff::tz::TimeZone;

use super::{Which, counts_json, counts_text, find, place, places_bar, profiles, record_json, state_word};
use crate::cli::instant;
use crate::cli::printer::{ExitStatus, Failure, Printer, table};
use crate::flows::context::Context;
use crate::flows::reset_order::preview::progress;

/// Prints one order and how far its people have come.
pub(super) async fn run(
    ctx: &Context,
    which: &Which,
    zone: &TimeZone,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let record = find(ctx, which).await?;
    let (bar, told) = places_bar(printer);
    let counts = progress(ctx, &record.order, told).await?;
    bar.finish_and_clear();
    let mut data = record_json(&record);
    data["people"] = counts_json(&counts);
    printer.answer(&data, || {
        let mut rows = vec![
            ["order".to_owned(), record.order.id.to_string()],
            ["state".to_owned(), state_word(record.order.state).to_owned()],
            ["level".to_owned(), record.order.level.as_str().to_owned()],
            ["territory".to_owned(), place(&record)],
            ["profiles".to_owned(), profiles(&record)],
            ["since".to_owned(), instant::write(record.scheduled_at, zone)],
            ["codes expire".to_owned(), instant::write(record.order.codes_expire_at, zone)],
            ["author".to_owned(), record.author.clone()],
            ["reason".to_owned(), record.reason.clone()],
        ];
        rows.extend(
            record.order.deadline.map(|deadline| ["deadline".to_owned(), instant::write(deadline, zone)]),
        );
        format!("{}\n{}", table(["", ""], rows).trim_start(), counts_text(&counts))
    })?;
    Ok(ExitStatus::Done)
}
