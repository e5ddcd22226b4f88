//! `ecluse account`: one person, or a selection.

mod import;

use clap::Subcommand;
use serde_json::json;

use crate::cli::printer::{ExitStatus, Failure, Printer};
use crate::cli::system_user::Acting;
use crate::cli::{instant, open};
use crate::config::layers::Loaded;
use crate::domain::code::printed;
use crate::domain::level::Level;
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
    /// Closes the gate for good and ends everything the account holds.
    Disable(Login),
    /// Enables a disabled account; nothing that ended comes back.
    Enable(Login),
    /// Signs somebody out everywhere; the password stays.
    EndSessions(Login),
    /// Forces selected people to change their password.
    ForceChange(Force),
    /// Reads people from a CSV file. With an error on any line nothing is applied.
    #[command(after_help = import::COLUMNS)]
    Import(import::Args),
    /// Lets somebody try again at once who failed too often.
    Unlock(Login),
}

/// One person.
#[derive(Debug, clap::Args)]
pub(super) struct Login {
    /// The login.
    #[arg(value_name = "LOGIN")]
    login: String,
}

/// Selected people.
#[derive(Debug, clap::Args)]
pub(super) struct Force {
    /// change: the old password still opens the change page. recover: it opens nothing, only a code does.
    #[arg(long, value_name = "LEVEL")]
    level: Level,
    /// The logins; one that nobody has refuses all of them.
    #[arg(value_name = "LOGIN", required = true)]
    logins: Vec<String>,
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
        Verb::Disable(Login { login }) => {
            disable(&ctx, &actor, &[login]).await?.map_err(Failure::refused)?;
            printer.talk("Disabled. No page opens it, and its sessions and tokens have ended");
        }
        Verb::Enable(Login { login }) => {
            enable(&ctx, &actor, &[login]).await?.map_err(Failure::refused)?;
            printer.talk("Enabled. Its sessions and tokens stay ended");
        }
        Verb::EndSessions(Login { login }) => {
            end_sessions(&ctx, &actor, &[login]).await?.map_err(Failure::refused)?;
            printer.talk("Signed out everywhere. The password stays");
        }
        Verb::Unlock(Login { login }) => {
            unlock(&ctx, &actor, &[login]).await?.map_err(Failure::refused)?;
            printer.talk("Unlocked. The failures are forgotten");
        }
        Verb::ForceChange(Force { level, logins }) => {
            let count = force_change(&ctx, &actor, level, &logins).await?.map_err(Failure::refused)?;
            printer.answer(&json!({ "forced": count }), || count.to_string())?;
            if level == Level::Recover {
                printer.talk("Print a code for each with `ecluse account code LOGIN`");
            }
        }
    }
    Ok(ExitStatus::Done)
}
