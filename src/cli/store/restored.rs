//! `ecluse store restored`: goes on with a copy of the database.

use std::io::{BufRead as _, IsTerminal as _};

use serde_json::json;

use crate::cli::printer::{ExitStatus, Failure, Printer};
use crate::cli::system_user::Acting;
use crate::cli::{instance, open};
use crate::config::Config;
use crate::flows::restored::declare_restored;
use crate::store::clock::Clock;

/// Whether to ask.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Does not ask first.
    #[arg(long)]
    yes: bool,
}

pub(super) async fn run(
    config: &Config,
    args: &Args,
    acting: Acting,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let ctx = open::context_of_any_age(config, Clock::system()).await?;
    let place = config.store.place().to_string();
    if !args.yes {
        confirm(&place, *printer)?;
    }
    let path = &config.keys.instance_file;
    // A damaged file is written anew, like one that knows better.
    let witness = instance::read(path).unwrap_or_default();
    let restored = declare_restored(&ctx, &acting.actor(), witness.as_ref()).await?;
    instance::renew(path, &ctx.db).await?;
    let codes = if restored.codes_live { "live" } else { "dead" };
    printer.answer(&json!({ "restored": place, "codes": codes }), || place.clone())?;
    printer.talk("Everybody signs in again: every session and every token is void");
    if restored.codes_live {
        printer.talk("Printed codes are good, as nothing else can use them any more");
        return Ok(ExitStatus::Done);
    }
    printer.talk("Every printed code is dead: print the live ones with `ecluse slips`");
    printer.talk(
        "What happened since the copy was made is undone, orders and changed passwords included: issue those orders again",
    );
    Ok(ExitStatus::Done)
}

/// The word is typed, not "yes": it signs everybody out.
fn confirm(place: &str, printer: Printer) -> Result<(), Failure> {
    printer.talk(format_args!(
        "Everybody will have to sign in again, and every code on paper in {place} dies, unless `ecluse store copy` kept them"
    ));
    if !std::io::stdin().is_terminal() {
        return Err(
            Failure::refused("nobody is there to confirm it").hint("run it in a terminal, or add --yes")
        );
    }
    printer.talk("Type \"restored\" if the database was put back from a copy, or moved by one:");
    let mut typed = String::new();
    std::io::stdin().lock().read_line(&mut typed)?;
    if typed.trim() == "restored" {
        Ok(())
    } else {
        Err(Failure::refused("not confirmed; nothing was changed"))
    }
}
