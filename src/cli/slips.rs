//! `ecluse slips`: the live codes of a population, as CSV, place by place and by name.

use std::collections::HashMap;
use std::io::{self, Write as _};

use clap::ValueEnum;

use crate::cli::instant;
use crate::cli::open;
use crate::cli::printer::{ExitStatus, Failure, Printer};
use crate::cli::system_user::Acting;
use crate::config::layers::Loaded;
use crate::domain::code::printed;
use crate::domain::reset_order::OrderId;
use crate::domain::territory::{TerritoryCode, Uai};
use crate::flows::context::Context;
use crate::flows::print_slips::{Selection, Slip, print_slips};
use crate::flows::unavailable::Unavailable;
use crate::store;

/// Whose codes, and in which form.
#[derive(Debug, clap::Args)]
#[group(id = "whom", required = true, multiple = true)]
pub(super) struct Args {
    /// Everybody whom this order binds.
    #[arg(long, value_name = "ID", group = "whom")]
    order: Option<String>,
    /// Everybody here whose gate is closed; with --order, only those of them here.
    #[arg(long, value_name = "TERRITORY", value_parser = TerritoryCode::parse, group = "whom")]
    territory: Option<TerritoryCode>,
    /// One class of the school given by --territory.
    #[arg(long, value_name = "NAME", requires = "territory")]
    class: Option<String>,
    /// The form.
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
}

/// A form in which slips are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table that office programs read: UTF-8 with a byte order mark, `;`.
    Csv,
}

/// A cell that begins with one of these is a formula to a spreadsheet.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Prints slips to standard output as they are decided.
pub(super) async fn run(
    loaded: &Loaded,
    args: Args,
    acting: Acting,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let ctx = open::context(&loaded.config).await?;
    let selection = selection(&ctx, &args).await?;
    let schools = school_names(&ctx, &selection).await?;
    let zone = &loaded.config.display.zone;
    let mut out = match args.format {
        Format::Csv => io::BufWriter::new(io::stdout().lock()),
    };
    out.write_all(b"\xef\xbb\xbf")?;
    let mut csv = csv::WriterBuilder::new().delimiter(b';').from_writer(out);
    csv.write_record([
        "Établissement",
        "Classe",
        "Profil",
        "Nom",
        "Prénom",
        "Identifiant",
        "Code",
        "Valable jusqu'au",
        "Élèves",
    ])?;
    let actor = acting.actor();
    let written = print_slips(&ctx, &actor, &selection, |slip| {
        let expires = instant::write(slip.live.expires_at, zone);
        let record = record(&slip, &schools, &expires);
        csv.write_record(record).map_err(|error| Unavailable::Broken(format!("writing the slips: {error}")))
    });
    let written = written.await?.map_err(Failure::refused)?;
    csv.flush()?;
    printer.talk(format_args!("{} slips; {} people need none", written.slips, written.open));
    if written.operators.is_empty() {
        return Ok(ExitStatus::Done);
    }
    printer.warn(format_args!(
        "operators get no slip; give each a code in person with `ecluse account code LOGIN`: {}",
        written.operators.join(", ")
    ));
    Ok(ExitStatus::Partly)
}

async fn selection(ctx: &Context, args: &Args) -> Result<Selection, Failure> {
    let order = match &args.order {
        None => None,
        Some(id) => {
            let record = store::reset_order::find(&ctx.db, &OrderId(id.clone())).await?;
            Some(record.ok_or_else(|| Failure::failed(format_args!("there is no order {id}")))?.order)
        }
    };
    let territory = match (&args.territory, &args.class) {
        (Some(school), Some(class)) => {
            let uai = school.uai().and_then(|uai| Uai::parse(uai).ok());
            let uai = uai.ok_or_else(|| {
                Failure::usage("--class needs a school: --territory uai:0860001J".to_owned())
            })?;
            Some(TerritoryCode::class(&uai, class)?)
        }
        (territory, _) => territory.clone(),
    };
    let path = match (territory, &order) {
        (Some(code), _) => match store::territory::find(&ctx.db, &code).await? {
            Some(place) => place.path,
            None => return Err(Failure::refused(format_args!("the territory {code} is not known"))),
        },
        (None, Some(order)) => order.population.territory.clone(),
        (None, None) => return Err(Failure::usage("give --order or --territory".to_owned())),
    };
    Ok(Selection::everybody(path, order.map(|order| order.id)))
}

/// What the schools of a selection are called, by UAI.
async fn school_names(ctx: &Context, selection: &Selection) -> Result<HashMap<String, String>, Failure> {
    let mut names = HashMap::new();
    for place in store::territory::subtree(&ctx.db, &selection.territory).await? {
        let Some(uai) = place.code.uai().map(str::to_owned) else { continue };
        if place.code.class_name().is_none() {
            names.insert(uai, place.name);
        } else if !names.contains_key(&uai)
            && let Ok(school) = Uai::parse(&uai)
            && let Some(school) = store::territory::find(&ctx.db, &TerritoryCode::school(&school)).await?
        {
            names.insert(uai, school.name);
        }
    }
    Ok(names)
}

fn record(slip: &Slip, schools: &HashMap<String, String>, expires: &str) -> [String; 9] {
    let uai = slip.place.code.uai().unwrap_or_default();
    let school = schools.get(uai).map_or(uai, String::as_str);
    let class = slip.place.code.class_name().unwrap_or_default();
    let code = printed(&slip.code);
    let person = &slip.person;
    [
        school,
        class,
        slip.profile.as_str(),
        &person.family_name,
        &person.given_name,
        &person.login,
        code.expose(),
        expires,
        &slip.pupils.join(", "),
    ]
    .map(neutral)
}

/// A cell that no spreadsheet takes for a formula.
fn neutral(cell: &str) -> String {
    if cell.starts_with(FORMULA) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_begins_like_a_formula_stays_a_name() {
        assert_eq!(neutral("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
        assert_eq!(neutral("Zoé"), "Zoé");
    }
}
