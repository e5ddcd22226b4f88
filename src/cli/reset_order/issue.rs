//! `ecluse reset-order issue`.

use std::io::{BufRead as _, IsTerminal as _};

use jiff::tz::TimeZone;

use super::{Whom, counts_text, record_json, state_word};
use crate::cli::instant;
use crate::cli::printer::{ExitStatus, Failure, Printer};
use crate::domain::level::Level;
use crate::domain::reset_order::OrderState;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::reset_order::issue::{Proposal, issue};
use crate::flows::reset_order::preview::preview;

/// Whom, how and when, and whether to ask.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    whom: Whom,
    /// Does not show the counts and ask for their number first.
    #[arg(long)]
    yes: bool,
}

/// Writes the order, after somebody has read the counts and typed their number.
pub(super) async fn run(
    ctx: &Context,
    args: Args,
    actor: Actor,
    zone: &TimeZone,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let proposal = args.whom.proposal(zone)?;
    let confirmed = if args.yes { None } else { Some(confirm(ctx, &actor, &proposal, printer).await?) };
    let record = issue(ctx, &actor, &proposal, confirmed).await?.map_err(Failure::refused)?;
    printer.answer(&record_json(&record), || record.order.id.to_string())?;
    if record.order.state == OrderState::AwaitingApproval {
        printer.talk(format_args!(
            "It covers {} people and binds nobody yet: a second operator must approve it",
            record.covered.unwrap_or_default()
        ));
        return Ok(ExitStatus::Done);
    }
    printer.talk(format_args!(
        "The order is {} since {}; its codes expire on {}",
        state_word(record.order.state),
        instant::write(record.scheduled_at, zone),
        instant::write(record.order.codes_expire_at, zone)
    ));
    if proposal.level == Level::Recover {
        printer.talk(format_args!("Print the codes with `ecluse slips --order {}`", record.order.id));
    }
    Ok(ExitStatus::Done)
}

/// The number is typed, not "yes": whoever types it has read it.
async fn confirm(
    ctx: &Context,
    actor: &Actor,
    proposal: &Proposal,
    printer: &Printer,
) -> Result<u64, Failure> {
    let counts = preview(ctx, actor, proposal).await?.map_err(Failure::refused)?;
    printer.talk(counts_text(&counts).trim_end());
    if !std::io::stdin().is_terminal() {
        return Err(Failure::refused("nobody is there to confirm the number of people")
            .hint("run it in a terminal, or add --yes once you have read the preview"));
    }
    printer.talk(format_args!("Type the number of people whom the order covers ({}):", counts.covered));
    let mut typed = String::new();
    std::io::stdin().lock().read_line(&mut typed)?;
    let typed = typed.trim().parse().ok().filter(|typed| *typed == counts.covered);
    typed.ok_or_else(|| Failure::refused("not confirmed; nothing was ordered"))
}
