//! `ecluse operator`: who may order others to do what, and where.

use clap::Subcommand;
use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser};
use jiff::tz::TimeZone;
use serde_json::json;

use crate::cli::names::{Names, short};
use crate::cli::printer::{ExitStatus, Failure, Printer, table};
use crate::cli::system_user::{Acting, heard};
use crate::cli::{instant, open};
use crate::config::layers::Loaded;
use crate::domain::code::printed;
use crate::domain::operator::Role;
use crate::domain::territory::TerritoryCode;
use crate::flows::account::approve_role::{approve_role, refuse_role};
use crate::flows::account::grant_role::grant_role;
use crate::flows::account::reset_factor::reset_factor;
use crate::flows::account::revoke_role::revoke_role;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::people::operators::{Waiting as Asked, all_waiting, operators};
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
    /// Lists the roles that operators asked for and that wait for a second one, the oldest first.
    Pending,
    /// Gives a role that waits, as its second person, with --break-glass.
    Approve(Waiting),
    /// Refuses a role that waits.
    Refuse(Waiting),
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

/// Which role that waits.
#[derive(Debug, clap::Args)]
pub(super) struct Waiting {
    /// Its id, as `operator pending` names it, or enough of its beginning to tell it apart.
    #[arg(value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    id: String,
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
        Verb::Pending => pending(&ctx, &actor, &loaded.config.display.zone, printer).await?,
        Verb::Approve(Waiting { id }) => {
            let role = find(&ctx, &actor, &id).await?;
            let given = approve_role(&ctx, &actor, &role.pending.id).await?.map_err(Failure::refused)?;
            printer.talk(format_args!(
                "{} is {} over {}",
                role.person.login,
                given.grant.role.as_str(),
                given.grant.over.label()
            ));
            heard(&actor, *printer);
        }
        Verb::Refuse(Waiting { id }) => {
            let role = find(&ctx, &actor, &id).await?;
            let refused = refuse_role(&ctx, &actor, &role.pending.id).await?.map_err(Failure::refused)?;
            printer.talk(format_args!(
                "Refused: {} does not become {} over {}",
                role.person.login,
                refused.grant.role.as_str(),
                refused.grant.over.label()
            ));
        }
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
    printer.answer(&data, || {
        let row = |holder: &Holder| {
            let (role, place) = (holder.grant.role.as_str().to_owned(), holder.grant.over.label());
            let name = format!("{} {}", holder.family_name, holder.given_name);
            let note = if holder.disabled { "disabled" } else { "" };
            [role, place, holder.login.clone(), note.to_owned(), name]
        };
        table(["role", "over", "login", "", "name"], held.iter().map(row))
    })?;
    if held.is_empty() {
        printer.talk("Nobody holds a role: `ecluse operator grant` gives the first");
    }
    Ok(())
}

async fn pending(ctx: &Context, actor: &Actor, zone: &TimeZone, printer: &Printer) -> Result<(), Failure> {
    let waits = all_waiting(ctx, actor).await?;
    let data: Vec<_> = waits
        .iter()
        .map(|role| {
            json!({
                "id": role.pending.id,
                "login": role.person.login,
                "role": role.pending.grant.role.as_str(),
                "territory": role.pending.grant.over.label(),
                "requested_by": role.pending.by,
                "requested_at": instant::write_utc(role.pending.at),
            })
        })
        .collect();
    let ids = waits.iter().map(|role| role.pending.id.as_str());
    let mut names = Names::new(ctx);
    let mut rows = Vec::with_capacity(waits.len());
    for role in &waits {
        rows.push([
            short(&role.pending.id, &ids).to_owned(),
            role.pending.grant.role.as_str().to_owned(),
            role.pending.grant.over.label(),
            role.person.login.clone(),
            instant::write(role.pending.at, zone),
            names.of(&role.pending.by).await?,
        ]);
    }
    printer.answer(&data, || table(["id", "role", "over", "for", "asked", "by"], rows))?;
    if waits.is_empty() {
        printer.talk("No role waits");
    }
    Ok(())
}

/// The role that somebody means by its id, or by the beginning of it.
async fn find(ctx: &Context, actor: &Actor, id: &str) -> Result<Asked, Failure> {
    let mut waits = all_waiting(ctx, actor).await?;
    waits.retain(|role| role.pending.id.starts_with(id));
    match (waits.pop(), waits.is_empty()) {
        (Some(role), true) => Ok(role),
        (Some(_), false) => {
            Err(Failure::usage(format_args!("several begin with {id}; write more of the id")))
        }
        (None, _) => Err(Failure::refused(format_args!("no role waits under {id}"))
            .hint("`ecluse operator pending` lists those that do")),
    }
}
