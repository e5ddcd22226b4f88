//! `ecluse reset-order preview`.

use jiff::tz::TimeZone;

use super::proposal::Whom;
use super::{counts_json, counts_text};
use crate::cli::printer::{ExitStatus, Failure, Printer};
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::reset_order::preview::preview;

/// Counts and prints; writes nothing.
pub(super) async fn run(
    ctx: &Context,
    whom: Whom,
    actor: Actor,
    zone: &TimeZone,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let proposal = whom.proposal(zone)?;
    let counts = preview(ctx, &actor, &proposal).await?.map_err(Failure::refused)?.counts;
    printer.answer(&counts_json(&counts), || counts_text(&counts))?;
    Ok(ExitStatus::Done)
}
