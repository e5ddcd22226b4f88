//! `ecluse operator`: who may order others to do what, and where.

use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::json;

use crate::cli::printer::{ExitStatus, Failure, Printer};
use crate::cli::system_user::Acting;
use crate::cli::{instant, open};
use crate::config::layers::Loaded;
use crate::domain::code::printed;
use crate::domain::operator::Role;
use crate::domain::territory::TerritoryCode;
use crate::flows::account::grant_role::grant_role;
use crate::flows::account::reset_factor::reset_factor;
use crate::flows::account::revoke_role::revoke_role;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::people::operators::operators;
use crate::store::operator::Holder;

/// Roles that are read in one go.
const PAGE: u32 = 500;

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Takes an operator's second factor away, if there is one, and prints a code for enrolling another.
    FactorCode(Login),
    /// Gives an account a role over a territory.
    Grant(Grant),
    /// Lists who holds a role, by place.
    List,
    /// Takes a role away, and ends what its holder had open.
    Revoke(Grant),
}

/// Who.
#[derive(Debug, clap::Args)]
pub(super) struct Login {
    /// The login.
    #[arg(value_name = "LOGIN")]
    login: String,
}

/// Who, what and where.
#[derive(Debug, clap::Args)]
pub(super) struct Grant {
    /// The login.
    #[arg(value_name = "LOGIN")]
    login: String,
    /// What its holder may do.
    #[arg(long, value_name = "ROLE", value_parser = roles())]
    role: Role,
    /// The place, with everything below it.
    #[arg(long, value_name = "TERRITORY", value_parser = TerritoryCode::parse)]
    territory: TerritoryCode,
}

/// The roles by their words.
fn roles() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.map(Role::as_str)).try_map(|word| word.parse::<Role>())
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
        Verb::FactorCode(Login { login }) => {
            let leave = reset_factor(&ctx, &actor, &login).await?.map_err(Failure::refused)?;
            let code = printed(&leave.code);
            let expires = instant::write(leave.expires_at, &loaded.config.display.zone);
            let data = json!({
                "login": login,
                "code": code.expose(),
                "expires_at": instant::write_utc(leave.expires_at),
            });
            printer.answer(&data, || code.expose().to_owned())?;
            printer.talk(format_args!(
                "Typed at the console after signing in, it lets {login} set up a second factor, once, until {expires}"
            ));
        }
        Verb::Grant(Grant { login, role, territory }) => {
            grant_role(&ctx, &actor, &login, role, &territory).await?.map_err(Failure::refused)?;
            printer.talk(format_args!("{login} is {} over {territory}", role.as_str()));
        }
        Verb::List => list(&ctx, &actor, printer).await?,
        Verb::Revoke(Grant { login, role, territory }) => {
            revoke_role(&ctx, &actor, &login, role, &territory).await?.map_err(Failure::refused)?;
            printer.talk(format_args!("{login} is {} over {territory} no more", role.as_str()));
        }
    }
    Ok(ExitStatus::Done)
}

async fn list(ctx: &Context, actor: &Actor, printer: &Printer) -> Result<(), Failure> {
    let (mut held, mut after) = (Vec::new(), None);
    while let Some(page) = operators(ctx, actor, after.as_ref(), PAGE).await? {
        held.extend(page.holders);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let data: Vec<_> = held
        .iter()
        .map(|holder| {
            json!({
                "login": holder.login,
                "role": holder.grant.role.as_str(),
                "territory": holder.grant.over.label(),
                "disabled": holder.disabled,
            })
        })
        .collect();
    let line = |holder: &Holder| {
        let (role, place) = (holder.grant.role.as_str(), holder.grant.over.label());
        let note = if holder.disabled { "  (disabled)" } else { "" };
        format!("{role:<14} {place:<24} {}{note}", holder.login)
    };
    let lines = || held.iter().map(line).collect::<Vec<_>>().join("\n");
    Ok(printer.answer(&data, lines)?)
}
