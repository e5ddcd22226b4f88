//! `ecluse reset-order cancel ID` and `close ID`.

use std::io::{BufRead as _, IsTerminal as _};

use super::{Which, find, places_bar, record_json};
use crate::cli::printer::{ExitStatus, Failure, Printer};
use crate::cli::system_user::heard;
use crate::domain::level::Level;
use crate::domain::progress::Opened;
use crate::domain::reset_order::OrderState;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::reset_order::cancel as flow;
use crate::flows::reset_order::preview::opened_by_cancelling;
use crate::flows::reset_order::roll_up::count;
use crate::store;

/// Which order.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    which: Which,
}

/// Which order, and whether to ask.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct CancelArgs {
    #[command(flatten)]
    which: Which,
    /// Does not ask first for the number of people for whom something opens again.
    #[arg(long)]
    yes: bool,
}

/// Says what opens again and for how many people, and lifts the order once somebody has typed their number.
pub(super) async fn cancel(
    ctx: &Context,
    args: CancelArgs,
    actor: Actor,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let record = find(ctx, &args.which.id).await?;
    let (bar, told) = places_bar(printer);
    let opened = opened_by_cancelling(ctx, &record.order.id, told).await?;
    bar.finish_and_clear();
    if !args.yes {
        confirm(opened, *printer)?;
    }
    let record = flow::cancel(ctx, &actor, &record.order.id).await?.map_err(Failure::refused)?;
    let mut data = record_json(&record);
    if !matches!(record.order.state, OrderState::Cancelled { .. }) {
        printer.answer(&data, || record.order.id.to_string())?;
        printer.talk("It stays in force until a second operator approves that it is lifted");
        return Ok(ExitStatus::Done);
    }
    data["opened"] = opened.gate.into();
    data["change_page_opened"] = opened.change_page.into();
    printer.answer(&data, || record.order.id.to_string())?;
    printer.talk(format_args!("Cancelled: {}", opens(opened)));
    heard(&actor, *printer);
    if record.order.level == Level::Recover && record.order.state.force().is_some() {
        printer.talk("Whoever has not changed yet must still do so, with the old password or a code; no session comes back");
    }
    Ok(ExitStatus::Done)
}

fn opens(opened: Opened) -> String {
    match (opened.gate, opened.change_page) {
        (0, 0) => "nothing opens again for anybody".to_owned(),
        (gate, 0) => format!("the gate opens again for {gate} people"),
        (0, page) => format!("the old password opens the change page again for {page} people"),
        (gate, page) => {
            format!(
                "the gate opens again for {gate} people, and the old password opens the change page for {page} others"
            )
        }
    }
}

/// The number is typed, not "yes": whoever types it has read it. Where nothing opens, there is nothing to confirm.
fn confirm(opened: Opened, printer: Printer) -> Result<(), Failure> {
    printer.talk(format_args!("If it is lifted now, {}", opens(opened)));
    let people = opened.people();
    if people == 0 {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::refused("nobody is there to confirm the number of people")
            .hint("run it in a terminal, or add --yes"));
    }
    printer.talk(format_args!("Type the number of people for whom something opens ({people}):"));
    let mut typed = String::new();
    std::io::stdin().lock().read_line(&mut typed)?;
    if typed.trim().parse() == Ok(people) {
        Ok(())
    } else {
        Err(Failure::refused("not confirmed; nothing was lifted"))
    }
}

/// Ends the campaign.
pub(super) async fn close(
    ctx: &Context,
    args: Args,
    actor: Actor,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let record = find(ctx, &args.which.id).await?;
    let record = flow::close(ctx, &actor, &record.order.id).await?.map_err(Failure::refused)?;
    // No server may be running to do so.
    let book = store::reset_order::book(&ctx.db).await?;
    if let Some(order) = book.find(&record.order.id) {
        count(ctx, order, &book).await?;
    }
    printer.answer(&record_json(&record), || record.order.id.to_string())?;
    printer.talk("Closed. It still binds every password that is older than it");
    Ok(ExitStatus::Done)
}
