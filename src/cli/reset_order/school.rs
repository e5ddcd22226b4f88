//! `ecluse reset-order school ID TERRITORY`.

use jiff::tz::TimeZone;
use serde_json::json;

use super::report::{tally_json, written};
use super::{Which, find};
use crate::cli::instant;
use crate::cli::printer::{ExitStatus, Failure, Printer, table};
use crate::domain::territory::TerritoryCode;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::reset_order::classes::classes;

/// Of which order, and where.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    which: Which,
    /// The school, such as uai:0860001J.
    #[arg(value_name = "TERRITORY", value_parser = TerritoryCode::parse)]
    school: TerritoryCode,
}

/// Counts now, and prints.
pub(super) async fn run(
    ctx: &Context,
    args: Args,
    actor: &Actor,
    zone: &TimeZone,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let record = find(ctx, &args.which.id).await?;
    let found = classes(ctx, actor, &record.order.id, &args.school).await?;
    let found = found.ok_or_else(|| {
        Failure::refused(format_args!(
            "{} is no school that this order reaches, or one too large",
            args.school
        ))
    })?;
    let progress = found.progress;
    let parts = progress.parts.iter().map(|((path, profile), tally)| {
        let mut part = tally_json(tally);
        part["territory"] = written(path).into();
        part["profile"] = json!(profile);
        part
    });
    let data = json!({
        "order": record.order.id,
        "school": found.school.code.as_str(),
        "as_of": progress.as_of.map(instant::write_utc),
        "progress": tally_json(&progress.all),
        "parts": parts.collect::<Vec<_>>(),
    });
    printer.answer(&data, || {
        let number = |number: u64| number.to_string();
        let of = |(place, profile): (String, &str), tally: &crate::domain::progress::Tally| {
            let counts = [tally.covered, tally.bound, tally.printed, tally.done].map(number);
            let [covered, bound, printed, done] = counts;
            [place, profile.to_owned(), covered, bound, printed, done]
        };
        let all = [of((found.school.code.to_string(), "everybody"), &progress.all)];
        let parts = progress.parts.iter();
        let parts = parts.map(|((path, profile), tally)| of((written(path), profile.as_str()), tally));
        table(
            ["place", "profile", "covered", "must change", "with a slip", "changed"],
            all.into_iter().chain(parts),
        )
    })?;
    if let Some(as_of) = progress.as_of {
        printer.talk(format_args!("Counted now, {}", instant::write(as_of, zone)));
    }
    Ok(ExitStatus::Done)
}
