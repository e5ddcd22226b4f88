//! `ecluse store`: the database as a whole.

mod copy;
mod restored;

use clap::Subcommand;

use crate::cli::printer::{ExitStatus, Failure, Printer};
use crate::cli::system_user::Acting;
use crate::config::layers::Loaded;

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Moves the database from a file to a PostgreSQL server.
    Copy(Box<copy::Args>),
    /// Says that the database was put back from a copy, or moved by one: what was given out before is void.
    Restored(restored::Args),
}

/// Does it.
pub(super) async fn run(
    loaded: &Loaded,
    verb: Verb,
    acting: Acting,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    match verb {
        Verb::Copy(args) => copy::run(&loaded.config, *args, acting, printer).await,
        Verb::Restored(args) => restored::run(&loaded.config, &args, acting, printer).await,
    }
}
