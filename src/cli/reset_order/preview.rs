//! `ecluse reset-order preview`.

use jiff::tz::TimeZone;

use super::proposal::Whom;
use super::{counts_json, preview_text};
use crate::cli::instant;
use crate::cli::printer::{ExitStatus, Failure, Printer};
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::reset_order::preview::{Preview, preview};

/// Counts and prints; writes nothing.
pub(super) async fn run(
    ctx: &Context,
    whom: Whom,
    actor: Actor,
    zone: &TimeZone,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let proposal = whom.proposal(zone)?;
    let previewed = preview(ctx, &actor, &proposal).await?.map_err(Failure::refused)?;
    let Preview { order, counts } = &previewed;
    let mut data = counts_json(counts);
    data["codes_expire_at"] = instant::write_utc(order.codes_expire_at).into();
    data["codes_expire_before_deadline"] = order.codes_end_early(order.codes_expire_at).into();
    printer.answer(&data, || preview_text(&previewed, zone))?;
    Ok(ExitStatus::Done)
}
