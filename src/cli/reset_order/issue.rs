//! `ecluse reset-order issue`.

use std::io::{BufRead as _, IsTerminal as _};

use jiff::tz::TimeZone;

use super::proposal::Whom;
use super::{preview_text, record_json, state_word};
use crate::cli::instant;
use crate::cli::printer::{ExitStatus, Failure, Printer};
use crate::cli::system_user::heard;
use crate::domain::level::Level;
use crate::domain::reset_order::OrderState;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::reset_order::issue::issue;
use crate::flows::reset_order::preview::preview;
use crate::store::reset_order::OrderRecord;

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
    let confirmed = if args.yes {
        None
    } else {
        let previewed = preview(ctx, &actor, &proposal).await?.map_err(Failure::refused)?;
        Some(confirm(previewed.counts.covered, &preview_text(&previewed, zone), *printer)?)
    };
    let record = issue(ctx, &actor, &proposal, confirmed).await?.map_err(Failure::refused)?;
    printer.answer(&record_json(&record), || record.order.id.to_string())?;
    told(&record, zone, *printer);
    heard(&actor, *printer);
    Ok(ExitStatus::Done)
}

/// Says where an order stands that was written or put forward, and what comes next.
pub(super) fn told(record: &OrderRecord, zone: &TimeZone, printer: Printer) {
    let (order, at) = (&record.order, |instant| instant::write(instant, zone));
    match order.state {
        OrderState::Draft => {
            return printer.talk(format_args!(
                "It is a draft and binds nobody: `ecluse reset-order submit {}` puts it forward",
                order.id
            ));
        }
        OrderState::AwaitingApproval => {
            return printer.talk(format_args!(
                "It covers {} people and binds nobody yet: a second operator must approve it",
                record.covered.unwrap_or_default()
            ));
        }
        OrderState::Scheduled { at: begins } => {
            printer.talk(format_args!("The order comes into force on {}", at(begins)));
        }
        OrderState::InForce(_) | OrderState::Closed { .. } | OrderState::Cancelled { .. } => {
            let since = at(record.scheduled_at);
            printer.talk(format_args!("The order is {} since {since}", state_word(order.state)));
        }
    }
    printer.talk(format_args!("Its codes expire on {}", at(order.codes_expire_at)));
    if order.level == Level::Recover {
        printer.talk(format_args!("Print the codes with `ecluse slips --order {}`", order.id));
    }
}

/// The number is typed, not "yes": whoever types it has read it.
pub(super) fn confirm(covered: u64, shown: &str, printer: Printer) -> Result<u64, Failure> {
    printer.talk(shown.trim_end());
    if !std::io::stdin().is_terminal() {
        return Err(Failure::refused("nobody is there to confirm the number of people")
            .hint("run it in a terminal, or add --yes once you have read the preview"));
    }
    printer.talk(format_args!("Type the number of people whom the order covers ({covered}):"));
    let mut typed = String::new();
    std::io::stdin().lock().read_line(&mut typed)?;
    let typed = typed.trim().parse().ok().filter(|typed| *typed == covered);
    typed.ok_or_else(|| Failure::refused("not confirmed; nothing was ordered"))
}
