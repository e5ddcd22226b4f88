//! `ecluse reset-order draft` and `edit ID`.

use jiff::tz::TimeZone;

use super::issue::{confirm, told};
use super::proposal::{Changes, Whom};
use super::{Which, find, preview_text, record_json};
use crate::cli::printer::{ExitStatus, Failure, Printer};
use crate::cli::system_user::heard;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::reset_order::draft::draft;
use crate::flows::reset_order::preview::preview;
use crate::flows::reset_order::read::{proposal_of, view};
use crate::flows::reset_order::revise;

/// Which order, and what is to be otherwise.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct EditArgs {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    changes: Changes,
    /// Puts it forward as it is from then on, in the same act.
    #[arg(long)]
    submit: bool,
    /// Does not show the counts and ask for their number first.
    #[arg(long, requires = "submit")]
    yes: bool,
}

/// Keeps an order for later.
pub(super) async fn write(
    ctx: &Context,
    whom: Whom,
    actor: Actor,
    zone: &TimeZone,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let record = draft(ctx, &actor, &whom.proposal(zone)?).await?.map_err(Failure::refused)?;
    printer.answer(&record_json(&record), || record.order.id.to_string())?;
    told(&record, zone, *printer);
    Ok(ExitStatus::Done)
}

/// Changes an order as it stands now: of two people at work on it, the second is told.
pub(super) async fn edit(
    ctx: &Context,
    args: EditArgs,
    actor: Actor,
    zone: &TimeZone,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    if args.changes.is_empty() && actor.reason.is_none() && !args.submit {
        return Err(Failure::usage("nothing is named that should be otherwise")
            .hint("`ecluse reset-order edit --help` lists what can be"));
    }
    let id = find(ctx, &args.which.id).await?.order.id;
    let seen = view(ctx, &actor, &id).await?.ok_or_else(|| Failure::failed("the order vanished"))?;
    let proposal = args.changes.made_in(proposal_of(ctx, &seen.record).await?, zone)?;
    let (id, seen) = (&id, seen.shown());
    let changed = if args.submit {
        let confirmed = if args.yes {
            None
        } else {
            let previewed = preview(ctx, &actor, &proposal).await?.map_err(Failure::refused)?;
            Some(confirm(previewed.counts.covered, &preview_text(&previewed, zone), *printer)?)
        };
        Box::pin(revise::revise(ctx, &actor, id, &proposal, (confirmed, Some(&seen)))).await?
    } else {
        revise::edit(ctx, &actor, id, &proposal, Some(&seen)).await?
    };
    let record = changed.map_err(Failure::refused)?;
    printer.answer(&record_json(&record), || record.order.id.to_string())?;
    told(&record, zone, *printer);
    if args.submit {
        heard(&actor, *printer);
    }
    Ok(ExitStatus::Done)
}
