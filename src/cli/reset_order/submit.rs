//! `ecluse reset-order submit ID`.

use jiff::tz::TimeZone;

use super::issue::{confirm, told};
use super::{Which, find, preview_text, record_json};
use crate::cli::printer::{ExitStatus, Failure, Printer};
use crate::cli::system_user::heard;
use crate::domain::approval::Digest;
use crate::domain::reset_order::ResetOrder;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::reset_order::draft::DraftError;
use crate::flows::reset_order::issue::ProposalError;
use crate::flows::reset_order::preview::{Preview, foreseen};
use crate::flows::reset_order::revise::submit;

/// Which draft, and whether to ask.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    which: Which,
    /// Does not show the counts and ask for their number first.
    #[arg(long)]
    yes: bool,
}

/// Puts a draft forward as it stands.
pub(super) async fn run(
    ctx: &Context,
    args: Args,
    actor: Actor,
    zone: &TimeZone,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let record = find(ctx, &args.which.id).await?;
    let (draft, seen) = (&record.order, Digest::shown(&record.order, record.scheduled_at, None));
    let confirmed = if args.yes {
        None
    } else {
        let policy = &ctx.settings.policy;
        let codes_expire_at = draft.codes_expire(record.scheduled_at, ctx.clock.now(), policy);
        let order = ResetOrder { codes_expire_at, ..draft.clone() };
        let previewed = Preview { counts: foreseen(ctx, &actor, draft).await?, order };
        Some(confirm(previewed.counts.covered, &preview_text(&previewed, zone), *printer)?)
    };
    let record = match submit(ctx, &actor, &draft.id, (confirmed, Some(&seen))).await? {
        Ok(record) => record,
        Err(error @ DraftError::Proposal(ProposalError::ReasonMissing)) => {
            let hint = format!("`ecluse reset-order edit {} --reason TEXT` gives it one", draft.id);
            return Err(Failure::refused(error).hint(hint));
        }
        Err(error) => return Err(Failure::refused(error)),
    };
    printer.answer(&record_json(&record), || record.order.id.to_string())?;
    told(&record, zone, *printer);
    heard(&actor, *printer);
    Ok(ExitStatus::Done)
}
