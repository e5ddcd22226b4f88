//! `ecluse slips hand-over` and `take-back`.

use std::path::PathBuf;

use serde_json::json;

use super::place;
use crate::cli::logins::Selected;
use crate::cli::printer::{ExitStatus, Failure, Printer};
use crate::domain::profile::Profile;
use crate::domain::territory::TerritoryCode;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::hand_over::{HandOver, Which, hand_over, whose};

/// Where, and to which of those there.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct There {
    /// The place: a class, a school, or a place above it. Of a class, its pupils and guardians are meant.
    #[arg(long, value_name = "TERRITORY", value_parser = TerritoryCode::parse)]
    territory: TerritoryCode,
    /// One class of the school given by --territory.
    #[arg(long, value_name = "NAME")]
    class: Option<String>,
    /// Only people of this profile there, such as `National_ELV`.
    #[arg(long, value_name = "PROFILE")]
    profile: Option<Profile>,
}

/// Which slips.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    there: There,
    /// Everybody there for whom one was printed.
    #[arg(long, conflicts_with_all = ["logins", "file"])]
    printed: bool,
    /// Who got theirs; one who is not there refuses all of them.
    #[arg(value_name = "LOGIN", required_unless_present_any = ["printed", "file"])]
    logins: Vec<String>,
    /// A file with a login on each line; - is standard input
    #[arg(long = "logins", id = "file", value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Whose slips.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct BackArgs {
    #[command(flatten)]
    there: There,
    #[command(flatten)]
    whom: Selected,
}

/// Ticks them.
pub(super) async fn run(
    ctx: &Context,
    Args { there, printed, logins, file }: Args,
    actor: &Actor,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    if printed {
        return tick(ctx, &there, (Which::Printed, true), actor, printer).await;
    }
    let logins = Selected { logins, file }.read()?;
    tick(ctx, &there, (Which::Logins(&logins), true), actor, printer).await
}

/// Takes the ticks away.
pub(super) async fn take_back(
    ctx: &Context,
    args: BackArgs,
    actor: &Actor,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let logins = args.whom.read()?;
    tick(ctx, &args.there, (Which::Logins(&logins), false), actor, printer).await
}

async fn tick(
    ctx: &Context,
    there: &There,
    (which, handed): (Which<'_>, bool),
    actor: &Actor,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let place = place(&there.territory, there.class.as_deref())?;
    let who = whose(&place, there.profile);
    let wish = HandOver { place: &place, who, which, handed };
    let slips = hand_over(ctx, actor, &wish).await?.map_err(Failure::refused)?;
    printer.answer(&json!({ "slips": slips }), || slips.to_string())?;
    printer.talk(match (slips, handed) {
        (0, true) => "Nothing to tick: no slip counts there that was not ticked already",
        (0, false) => "Nothing to take back: none of these slips was ticked",
        (_, true) => "Ticked as handed over; a tick ends with its code",
        (_, false) => "Not ticked any more",
    });
    Ok(ExitStatus::Done)
}
