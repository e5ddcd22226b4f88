//! The demo: the provider, two relying parties and invented people, all on this machine and all as in earnest.
//!
//! `run` makes a fresh folder with the real command line, gives people their passwords the way pupils get theirs, and
//! starts three processes. `doors` tries every door of that provider around an order. Where somebody else starts the
//! processes, as `docker-compose.yml` does, `found` and `fill` do the rest of `run`, each once.

mod activate;
mod browser;
mod doors;
mod ecluse;
mod fill;
mod found;
mod holder;
mod people;
mod place;
mod processes;
mod run;

use std::path::PathBuf;

use ::ecluse::cli::printer::{ExitStatus, Failure, Printer};
use clap::{Parser, Subcommand};

/// The demo of Écluse.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
    /// Where everything of the demo lies; made anew by every run
    #[arg(long, global = true, default_value = ".demo", value_name = "FOLDER")]
    folder: PathBuf,
}

#[derive(Subcommand)]
enum Verb {
    /// Starts the provider and both relying parties, until Ctrl-C
    Run {
        /// Listen on this port and the three after it, in place of 8080 and 9001 to 9003
        #[arg(long, env = "DEMO_PORT_BASE", value_name = "PORT")]
        port_base: Option<u16>,
    },
    /// With the demo running: tries every door before, during and after an order
    Doors,
    /// Writes settings, master key and secrets into the folder, as far as they are missing, for programs that others start
    Found {
        /// What is added to the settings of config/demo
        #[arg(long, value_name = "FILE")]
        settings: PathBuf,
        /// Where every other program gets a folder with what it has to know, and no more
        #[arg(long, value_name = "FOLDER")]
        share: PathBuf,
    },
    /// Makes schema, keys, places and people in the database of that folder, unless they are there
    Fill,
    /// Fails unless a program answers there
    Answers {
        /// Such as `http://127.0.0.1:9001/`
        address: String,
    },
}

fn main() -> ExitStatus {
    // Before anything verifies a signature: it would have no library to do it with. A second start is no failure.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    let Arguments { verb, folder } = Arguments::parse();
    let printer = Printer::new(false, false);
    let outcome = tokio::runtime::Runtime::new().map_err(Failure::from).and_then(|runtime| {
        runtime.block_on(async {
            match verb {
                Verb::Run { port_base } => run::run(&folder, place::Ports::new(port_base), &printer).await,
                Verb::Doors => doors::run(&folder, &printer).await,
                Verb::Found { settings, share } => found::run(&folder, &settings, &share),
                Verb::Fill => fill::run(&folder, &printer).await,
                Verb::Answers { address } => answers(&address).await,
            }
        })
    });
    outcome.unwrap_or_else(|failure| printer.failure(&failure))
}

async fn answers(address: &str) -> Result<ExitStatus, Failure> {
    let page = browser::send(browser::http().build()?.get(address)).await?;
    if page.status.is_success() {
        return Ok(ExitStatus::Done);
    }
    Err(Failure::failed(format_args!("{address} answered {}", page.status)))
}
