//! `ecluse account`: one person, or a selection.

mod find;
mod import;
mod show;

use clap::Subcommand;
use serde_json::json;

use crate::cli::logins::Selected;
use crate::cli::printer::{ExitStatus, Failure, Printer};
use crate::cli::system_user::Acting;
use crate::cli::{instant, open};
use crate::config::layers::Loaded;
use crate::domain::code::printed;
use crate::domain::level::Level;
use crate::flows::account::AccountError;
use crate::flows::account::disable::{disable, enable};
use crate::flows::account::end_sessions::end_sessions;
use crate::flows::account::force_change::force_change;
use crate::flows::account::new_code::new_code;
use crate::flows::account::unlock::unlock;

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Issues a new code for one person and prints it; the code before it is dead.
    Code(Login),
    /// Closes the gate of selected people for good and ends everything they hold.
    Disable(Selected),
    /// Enables disabled accounts; nothing that ended comes back.
    Enable(Selected),
    /// Signs selected people out everywhere; the password stays.
    EndSessions(Selected),
    /// Looks for people by name, login, class or school, and by how their gate is.
    Find(find::Args),
    /// Forces selected people to change their password.
    ForceChange(Force),
    /// Reads people from a CSV file. With an error on any line nothing is applied.
    #[command(after_help = import::COLUMNS)]
    Import(import::Args),
    /// Shows one person: the gate and why it is closed, the places, the slip, sessions, roles, and what was done lately.
    Show(show::Args),
    /// Lets selected people try again at once who failed too often.
    Unlock(Selected),
}

/// One person.
#[derive(Debug, clap::Args)]
pub(super) struct Login {
    /// The login.
    #[arg(value_name = "LOGIN")]
    login: String,
}

/// Selected people, and what their old passwords are worth.
#[derive(Debug, clap::Args)]
pub(super) struct Force {
    /// change: the old password still opens the change page. recover: it opens nothing, only a code does.
    #[arg(long, value_name = "LEVEL")]
    level: Level,
    #[command(flatten)]
    whom: Selected,
}

/// Does it.
pub(super) async fn run(
    loaded: &Loaded,
    verb: Verb,
    acting: Acting,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let ctx = open::context(&loaded.config).await?;
    let actor = acting.actor();
    match verb {
        Verb::Import(args) => return import::run(&ctx, &actor, args, printer).await,
        Verb::Code(Login { login }) => {
            let issued = new_code(&ctx, &actor, &login).await?.map_err(Failure::refused)?;
            let code = printed(&issued.code);
            let expires = instant::write(issued.live.expires_at, &loaded.config.display.zone);
            let data = json!({
                "login": issued.person.login,
                "code": code.expose(),
                "expires_at": instant::write_utc(issued.live.expires_at),
            });
            printer.answer(&data, || code.expose().to_owned())?;
            printer.talk(format_args!(
                "Typed in the password field, it opens the change page for {} until {expires}, and nothing else",
                issued.person.full_name()
            ));
        }
        Verb::Disable(whom) => {
            let done = disable(&ctx, &actor, &whom.read()?).await?;
            told(done, "Disabled: no page opens, and every session and token has ended", *printer)?;
        }
        Verb::Enable(whom) => {
            let done = enable(&ctx, &actor, &whom.read()?).await?;
            told(done, "Enabled: what had ended stays ended", *printer)?;
        }
        Verb::EndSessions(whom) => {
            let done = end_sessions(&ctx, &actor, &whom.read()?).await?;
            told(done, "Signed out everywhere: the password stays", *printer)?;
        }
        Verb::Find(args) => return find::run(&ctx, args, &actor, printer).await,
        Verb::Show(args) => {
            return show::run(&ctx, &args, &actor, &loaded.config.display.zone, printer).await;
        }
        Verb::Unlock(whom) => {
            let done = unlock(&ctx, &actor, &whom.read()?).await?;
            told(done, "Unlocked: the failures are forgotten", *printer)?;
        }
        Verb::ForceChange(Force { level, whom }) => {
            let done = force_change(&ctx, &actor, level, &whom.read()?).await?;
            let next = match level {
                Level::Change => "Forced: the old password opens the change page and nothing else",
                Level::Recover => {
                    "Forced: only a code opens the change page; `ecluse account code LOGIN` gives one, and `ecluse slips` \
                     prints those of a class"
                }
            };
            told(done, next, *printer)?;
        }
    }
    Ok(ExitStatus::Done)
}

/// To how many it was done, and what that means for them.
fn told(done: Result<usize, AccountError>, means: &str, printer: Printer) -> Result<(), Failure> {
    let people = done.map_err(Failure::refused)?;
    printer.answer(&json!({ "people": people }), || people.to_string())?;
    printer.talk(means);
    Ok(())
}
