//! `ecluse reset-order show ID`.

use jiff::tz::TimeZone;

use serde_json::json;

use super::{
    Which, counts_json, counts_text, find, place, places_bar, profiles, record_json, remark, state_word,
};
use crate::cli::instant;
use crate::cli::names::Names;
use crate::cli::printer::{ExitStatus, Failure, Printer, sheet};
use crate::domain::length;
use crate::domain::reset_order::{OrderState, ResetOrder};
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::reset_order::preview::{Counts, foreseen, progress};

/// Prints one order and how far its people have come.
pub(super) async fn run(
    ctx: &Context,
    which: &Which,
    zone: &TimeZone,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let record = find(ctx, &which.id).await?;
    let counts = counted(ctx, &record.order, printer).await?;
    let author = Names::new(ctx).of(&record.author).await?;
    let mut data = record_json(&record);
    let expire = record.order.codes_expire(record.scheduled_at, ctx.clock.now(), &ctx.settings.policy);
    data["codes_expire_at"] = instant::write_utc(expire).into();
    data["codes_expire_before_deadline"] = record.order.codes_end_early(expire).into();
    data["named_operators"] = json!(counts.named);
    data["people"] = counts_json(&counts);
    printer.answer(&data, || {
        let mut rows = vec![
            ("order".to_owned(), record.order.id.to_string()),
            ("state".to_owned(), state_word(record.order.state).to_owned()),
            ("level".to_owned(), record.order.level.as_str().to_owned()),
            ("territory".to_owned(), place(&record)),
            ("profiles".to_owned(), profiles(&record)),
            (since(&record.order).to_owned(), instant::write(record.scheduled_at, zone)),
            ("codes expire".to_owned(), instant::write(expire, zone)),
            ("author".to_owned(), author),
            ("reason".to_owned(), record.reason.clone()),
        ];
        rows.extend(
            record.order.deadline.map(|deadline| ("deadline".to_owned(), instant::write(deadline, zone))),
        );
        rows.extend(
            record.order.code_lifetime.map(|chosen| ("code lifetime".to_owned(), length::text(chosen))),
        );
        rows.extend(exclusions(&record.order, zone).map(|said| ("spared by its author".to_owned(), said)));
        if record.repeats {
            rows.push(("yearly".to_owned(), "yes".to_owned()));
        }
        format!("{}\n{}{}", sheet(rows), counts_text(&counts), remark(&record.order, expire))
    })?;
    Ok(ExitStatus::Done)
}

/// What its instant is: an order that binds nobody yet has not begun.
const fn since(order: &ResetOrder) -> &'static str {
    match order.state {
        OrderState::Draft | OrderState::AwaitingApproval | OrderState::Scheduled { .. } => "begins",
        OrderState::InForce(_) | OrderState::Closed { .. } | OrderState::Cancelled { .. } => "since",
    }
}

/// How far its people have come, or what it would do if it came into force now.
async fn counted(ctx: &Context, order: &ResetOrder, printer: &Printer) -> Result<Counts, Failure> {
    match order.state {
        OrderState::Draft | OrderState::AwaitingApproval | OrderState::Scheduled { .. } => {
            Ok(foreseen(ctx, &Actor::system(), order).await?)
        }
        OrderState::InForce(_) | OrderState::Closed { .. } | OrderState::Cancelled { .. } => {
            let (bar, told) = places_bar(printer);
            let counts = progress(ctx, order, told).await?;
            bar.finish_and_clear();
            Ok(counts)
        }
    }
}

/// Whom it spares, as it is written after `--exclude`.
fn exclusions(order: &ResetOrder, zone: &TimeZone) -> impl Iterator<Item = String> {
    let since = |what: &str, at| format!("{what}={}", instant::write(at, zone));
    let exclusions = &order.exclusions;
    let said = [
        exclusions.never_activated.then(|| "never-activated".to_owned()),
        exclusions.changed_since.map(|at| since("changed-since", at)),
        exclusions.reset_by_school_since.map(|at| since("reset-by-school", at)),
    ];
    said.into_iter().flatten()
}
