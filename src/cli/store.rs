//! `ecluse store`: the database as a whole.

use std::io::{BufRead as _, IsTerminal as _};

use clap::Subcommand;
use serde_json::json;

use crate::cli::printer::{ExitStatus, Failure, Printer};
use crate::cli::system_user::Acting;
use crate::cli::{instance, open};
use crate::config::layers::Loaded;
use crate::flows::restored::declare_restored;
use crate::store::clock::Clock;

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Says that the database was put back from a copy: everything that was given out before is void.
    Restored(Restored),
}

/// Whether to ask.
#[derive(Debug, clap::Args)]
pub(super) struct Restored {
    /// Does not ask first.
    #[arg(long)]
    yes: bool,
}

/// Does it.
pub(super) async fn run(
    loaded: &Loaded,
    verb: Verb,
    acting: Acting,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let Verb::Restored(Restored { yes }) = verb;
    let config = &loaded.config;
    let ctx = open::context_of_any_age(config, Clock::system()).await?;
    let place = config.store.place().to_string();
    if !yes {
        confirm(&place, *printer)?;
    }
    let path = &config.keys.instance_file;
    // A damaged file is written anew, like one that knows better.
    let seen = instance::read(path).unwrap_or_default().map(|witness| witness.mark);
    declare_restored(&ctx, &acting.actor(), seen).await?;
    instance::renew(path, &ctx.db).await?;
    printer.answer(&json!({ "restored": place }), || place.clone())?;
    printer.talk("Everybody signs in again: every session and every token is void");
    printer.talk("Every printed code is dead: print the live ones with `ecluse slips`");
    printer.talk(
        "What happened since the copy was made is undone, orders and changed passwords included: issue those orders again",
    );
    Ok(ExitStatus::Done)
}

/// The word is typed, not "yes": it signs everybody out.
fn confirm(place: &str, printer: Printer) -> Result<(), Failure> {
    printer
        .talk(format_args!("Everybody will have to sign in again, and every code on paper in {place} dies"));
    if !std::io::stdin().is_terminal() {
        return Err(
            Failure::refused("nobody is there to confirm it").hint("run it in a terminal, or add --yes")
        );
    }
    printer.talk("Type \"restored\" if the database was put back from a copy:");
    let mut typed = String::new();
    std::io::stdin().lock().read_line(&mut typed)?;
    if typed.trim() == "restored" {
        Ok(())
    } else {
        Err(Failure::refused("not confirmed; nothing was changed"))
    }
}
