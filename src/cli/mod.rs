//! The command line. One verb, one file: each reads its arguments, calls one flow and prints the outcome.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::cli::printer::{ExitStatus, Failure, Printer};
use crate::cli::system_user::Acting;
use crate::config::layers::{Layers, Loaded};

mod account;
mod audit;
mod backup;
mod check_config;
mod client;
mod doctor;
mod findings;
mod init;
mod instance;
mod instant;
mod keys;
pub mod logging;
mod logins;
mod migrate;
mod names;
mod notice;
pub mod open;
mod operator;
pub mod printer;
mod ready;
mod reset_order;
mod serve;
mod slips;
mod store;
pub mod system_user;
mod territory;
mod traces;

/// Écluse: an OpenID provider that issues tokens only after the password-change gate passes.
#[derive(Debug, Parser)]
#[command(name = "ecluse", version, after_help = EXIT_CODES, disable_help_subcommand = true)]
struct CommandLine {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused by a rule, 4 partly done.
Standard output is data, standard error is talk.";

/// What every command takes.
#[derive(Debug, clap::Args)]
struct Global {
    /// The configuration file [default: ecluse.toml of the current directory, if it is there]
    #[arg(long, global = true, env = "ECLUSE_CONFIG", value_name = "PATH")]
    config: Option<PathBuf>,
    /// A setting that wins over file and environment, such as `server.listen=[::]:8080`; may be repeated
    #[arg(long = "set", global = true, value_name = "SECTION.KEY=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
    /// Print JSON for programs instead of tables for people
    #[arg(long, global = true)]
    json: bool,
    /// Say nothing on standard error but errors
    #[arg(long, short, global = true)]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a configuration file, a master key, a database and its keys, as far as they are missing
    Init,
    /// Print the settings in force and check them, the master key and the database
    CheckConfig,
    /// Copy the database, while it stays in use
    Backup(backup::Args),
    /// Look for what is wrong with settings, clocks, database, Redis, keys and issuer, and say what to do
    Doctor,
    /// One person, or a selection.
    Account(Acts<account::Verb>),
    /// What was done, and whether the record of it is whole.
    Audit(Acts<audit::Verb>),
    /// The relying parties.
    Client(Acts<client::Verb>),
    /// The signing keys, and the master key.
    Keys(Acts<keys::Verb>),
    /// Bring the schema of the database up to what this program needs
    Migrate,
    /// What relying parties have not been told.
    Notice(Acts<notice::Verb>),
    /// Who may order others to do what, and where.
    Operator(Acts<operator::Verb>),
    /// Ask the provider that runs here whether it is ready; for programs that look after processes
    Ready,
    /// What an authority orders.
    ResetOrder(Acts<reset_order::Verb>),
    /// Runs the provider until it is told to stop.
    Serve,
    /// Prints the live codes of a population, or says that slips were handed over.
    Slips(Slips),
    /// The database as a whole.
    Store(Acts<store::Verb>),
    /// The places that people belong to.
    Territory(Acts<territory::Verb>),
}

/// Verbs that are written into the audit log.
#[derive(Debug, clap::Args)]
struct Acts<V: Subcommand> {
    #[command(subcommand)]
    verb: V,
    #[command(flatten)]
    acting: Acting,
}

/// Printing codes is an act as well.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
struct Slips {
    #[command(subcommand)]
    verb: Option<slips::Verb>,
    #[command(flatten)]
    args: slips::Args,
    #[command(flatten)]
    acting: Acting,
}

/// How long the end waits for what nobody waits for any more.
const LINGER: Duration = Duration::from_secs(1);

/// Runs one command line, the program's name first. Prints everything there is to print.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitStatus {
    let CommandLine { global, command } = match CommandLine::try_parse_from(arguments) {
        Ok(parsed) => parsed,
        Err(answer) => {
            // Help and version are answers; anything else is wrong usage. Nobody is left to tell if this cannot be written.
            let _ = answer.print();
            return if answer.use_stderr() { ExitStatus::Usage } else { ExitStatus::Done };
        }
    };
    let printer = Printer::new(global.json, global.quiet);
    let outcome = tokio::runtime::Runtime::new().map_err(Failure::from).and_then(|runtime| {
        let outcome = runtime.block_on(dispatch(global, command, &printer));
        // A name that nobody resolves is asked for on a thread, and cannot be cut off.
        runtime.shutdown_timeout(LINGER);
        outcome
    });
    outcome.unwrap_or_else(|failure| printer.failure(&failure))
}

async fn dispatch(global: Global, command: Command, printer: &Printer) -> Result<ExitStatus, Failure> {
    match command {
        Command::Init => init::run(global, printer).await,
        Command::CheckConfig => check_config::run(&global.load()?, printer).await,
        Command::Backup(args) => backup::run(&global.load()?, args, printer).await,
        Command::Doctor => doctor::run(global, printer).await,
        Command::Account(act) => account::run(&global.load()?, act.verb, act.acting, printer).await,
        Command::Audit(act) => audit::run(&global.load()?, act.verb, act.acting, printer).await,
        Command::Client(act) => client::run(&global.load()?, act.verb, act.acting, printer).await,
        Command::Keys(act) => keys::run(&global.load()?, act.verb, act.acting, printer).await,
        Command::Migrate => migrate::run(&global.load()?, printer).await,
        Command::Notice(act) => notice::run(&global.load()?, act.verb, act.acting, printer).await,
        Command::Operator(act) => operator::run(&global.load()?, act.verb, act.acting, printer).await,
        Command::Ready => ready::run(&global.load()?, *printer),
        Command::ResetOrder(act) => reset_order::run(&global.load()?, act.verb, act.acting, printer).await,
        Command::Serve => serve::run(&global.load()?).await,
        Command::Slips(act) => slips::run(&global.load()?, act.verb, act.args, act.acting, printer).await,
        Command::Store(act) => store::run(&global.load()?, act.verb, act.acting, printer).await,
        Command::Territory(act) => territory::run(&global.load()?, act.verb, act.acting, printer).await,
    }
}

impl Global {
    fn load(self) -> Result<Loaded, Failure> {
        Ok(Layers::of_process(self.config, self.settings).load()?)
    }
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write SECTION.KEY=VALUE")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn a_setting_is_a_key_and_a_value() {
        assert_eq!(setting("log.level=a=b"), Ok(("log.level".to_owned(), "a=b".to_owned())));
        assert!(setting("log.level").is_err());
    }
}
