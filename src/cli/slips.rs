//! `ecluse slips`: the live codes of a population, to be printed, place by place and by name.

use std::collections::HashMap;
use std::path::PathBuf;

use clap::ValueEnum;

use crate::cli::instant;
use crate::cli::open;
use crate::cli::printer::{ExitStatus, Failure, Printer};
use crate::cli::system_user::Acting;
use crate::config::layers::Loaded;
use crate::domain::reset_order::OrderId;
use crate::domain::territory::{TerritoryCode, Uai};
use crate::domain::timestamp::Timestamp;
use crate::flows::context::Context;
use crate::flows::print_slips::{Selection, Slip, print_slips};
use crate::flows::unavailable::Unavailable;
use crate::paper;
use crate::paper::stationery::{PerPage, Stationery};
use crate::store;
use crate::web::pages::text::Language;

use output::Output;

mod output;

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
    /// Slips on an A4 page of a PDF: a letter each, half a page each, or two columns of four.
    #[arg(long, value_name = "1|2|8", default_value = "8", value_parser = per_page)]
    per_page: PerPage,
    /// The language of a PDF [default: slips.language].
    #[arg(long, value_name = "fr|en", value_parser = language)]
    language: Option<Language>,
    /// A new file in place of standard output; or an empty folder, which gets a PDF for each class.
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
}

/// A form in which slips are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table that office programs read: UTF-8 with a byte order mark, `;`.
    Csv,
    /// To be printed and cut: one document for a class or a school; with --out a folder, one for each class.
    Pdf,
    /// A ZIP archive with a PDF for each class: for any number of people.
    Zip,
}

fn per_page(text: &str) -> Result<PerPage, String> {
    match text {
        "1" => Ok(PerPage::One),
        "2" => Ok(PerPage::Two),
        "8" => Ok(PerPage::Eight),
        _ => Err("write 1, 2 or 8".to_owned()),
    }
}

fn language(text: &str) -> Result<Language, String> {
    Language::named(text).ok_or_else(|| "write fr or en".to_owned())
}

/// Prints slips as they are decided.
pub(super) async fn run(
    loaded: &Loaded,
    args: Args,
    acting: Acting,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let language = args.language.unwrap_or(loaded.config.slips.language);
    let stationery = stationery(loaded, language, args.per_page)?;
    let ctx = open::context(&loaded.config).await?;
    let selection = selection(&ctx, &args).await?;
    let schools = school_names(&ctx, &selection).await?;
    let mut output = Output::open(&args, &selection, &stationery)?;
    let zone = &loaded.config.display.zone;
    let expires = |at: Timestamp| match args.format {
        Format::Csv => instant::write(at, zone),
        Format::Pdf | Format::Zip => language.date_and_time(&instant::local(at, zone)),
    };
    let mut misspelt = Misspelt::default();
    let actor = acting.actor();
    let written = print_slips(&ctx, &actor, &selection, |slip| {
        let slip = on_paper(slip, &schools, &expires);
        misspelt.look_at(&slip, &stationery, args.format);
        output.add(&slip).map_err(|error| Unavailable::Broken(format!("writing the slips: {error}")))
    });
    let written = written.await?.map_err(Failure::refused)?;
    let documents = output.finish(written.slips)?;
    let documents = documents.map(|number| format!(" in {number} documents")).unwrap_or_default();
    printer.talk(format_args!("{} slips{documents}; {} people need none", written.slips, written.open));
    if let Some(warning) = misspelt.warning() {
        printer.warn(warning);
    }
    if written.operators.is_empty() {
        return Ok(ExitStatus::Done);
    }
    printer.warn(format_args!(
        "operators get no slip; give each a code in person with `ecluse account code LOGIN`: {}",
        written.operators.join(", ")
    ));
    Ok(ExitStatus::Partly)
}

fn stationery(loaded: &Loaded, language: Language, per_page: PerPage) -> Result<Stationery, Failure> {
    let config = &loaded.config;
    // Never a code or a login: an address is kept by browsers, phones and whatever lies in between.
    let address = format!("{}/login", config.server.issuer.as_str());
    Ok(Stationery::new(loaded.letter(language)?, per_page, &config.display.name, &address)?)
}

/// People whose names cannot be set as they write them.
#[derive(Default)]
struct Misspelt {
    logins: Vec<String>,
    more: u64,
}

impl Misspelt {
    fn look_at(&mut self, slip: &paper::slip::Slip, stationery: &Stationery, format: Format) {
        const NAMED: usize = 50;
        if format == Format::Csv || stationery.writes(slip) {
            return;
        }
        if self.logins.len() < NAMED {
            self.logins.push(slip.login.clone());
        } else {
            self.more += 1;
        }
    }

    fn warning(&self) -> Option<String> {
        let more = if self.more > 0 { format!(" and {} more", self.more) } else { String::new() };
        (!self.logins.is_empty()).then(|| {
            format!(
                "names with letters that slips are not set in, or not joined as they should be; look at the slips of {}{more}",
                self.logins.join(", ")
            )
        })
    }
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

/// What is said to the person whom a slip is for.
fn on_paper(
    slip: Slip,
    schools: &HashMap<String, String>,
    expires: &impl Fn(Timestamp) -> String,
) -> paper::slip::Slip {
    let Slip { place, person, profile, pupils, code, live } = slip;
    let code_of_school = place.code.uai().unwrap_or(place.code.as_str());
    let school = match place.code.uai() {
        Some(uai) => schools.get(uai).map_or(uai, String::as_str),
        None => &place.name,
    };
    paper::slip::Slip {
        school_code: code_of_school.to_owned(),
        school: school.to_owned(),
        class: place.code.class_name().unwrap_or_default().to_owned(),
        profile,
        family_name: person.family_name,
        given_name: person.given_name,
        login: person.login,
        pupils,
        code,
        expires: expires(live.expires_at),
    }
}
