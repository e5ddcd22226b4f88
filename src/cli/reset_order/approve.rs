//! `ecluse reset-order approve ID` and `send-back ID`.

use super::{Which, find, record_json, state_word};
use crate::cli::printer::{ExitStatus, Failure, Printer};
use crate::cli::system_user::heard;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::reset_order::approve as flow;

/// Which order.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    which: Which,
}

/// Approves what waits for it. The command line is one person already, so this is for an emergency.
pub(super) async fn approve(
    ctx: &Context,
    args: Args,
    actor: Actor,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let record = find(ctx, &args.which.id).await?;
    let record = flow::approve(ctx, &actor, &record.order.id, None).await?.map_err(Failure::refused)?;
    printer.answer(&record_json(&record), || record.order.id.to_string())?;
    printer.talk(format_args!("Approved: the order is {}", state_word(record.order.state)));
    heard(&actor, *printer);
    Ok(ExitStatus::Done)
}

/// Sends it back.
pub(super) async fn send_back(
    ctx: &Context,
    args: Args,
    actor: Actor,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let record = find(ctx, &args.which.id).await?;
    let record = flow::send_back(ctx, &actor, &record.order.id).await?.map_err(Failure::refused)?;
    printer.answer(&record_json(&record), || record.order.id.to_string())?;
    printer.talk(format_args!("Sent back: the order is {}", state_word(record.order.state)));
    Ok(ExitStatus::Done)
}
