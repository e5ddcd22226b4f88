//! `ecluse slips`: the live codes of a population, to be printed, place by place and by name.

mod hand_over;
mod output;

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{ArgGroup, Subcommand, ValueEnum};

use crate::cli::open;
use crate::cli::printer::{ExitStatus, Failure, Printer};
use crate::cli::reset_order::find;
use crate::cli::system_user::Acting;
use crate::config::layers::Loaded;
use crate::domain::population::Population;
use crate::domain::profile::Profile;
use crate::domain::territory::{TerritoryCode, Uai};
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::people::read::named;
use crate::flows::print_slips::{Selection, print_slips};
use crate::flows::unavailable::Unavailable;
use crate::paper::output::Format as Form;
use crate::paper::slip::Slip;
use crate::paper::stationery::{PerPage, Stationery};
use crate::store;
use crate::web::pages::text::Language;
use crate::web::slips::{self, Names, Written};

use output::Output;

/// What else is done with them.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Says that slips were handed over: those of some people at a place, or all that were printed for it.
    HandOver(hand_over::Args),
    /// Says that slips were not handed over after all.
    TakeBack(hand_over::BackArgs),
}

/// Whose codes, and in which form.
#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(group = ArgGroup::new("whom").args(["order", "territory", "login"]).required(true).multiple(true))]
pub(super) struct Args {
    /// Everybody whom this order binds.
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    order: Option<String>,
    /// Everybody here whose gate is closed; with --order, only those of them here.
    #[arg(long, value_name = "TERRITORY", value_parser = TerritoryCode::parse)]
    territory: Option<TerritoryCode>,
    /// One class of the school given by --territory.
    #[arg(long, value_name = "NAME", requires = "territory")]
    class: Option<String>,
    /// One person, by login or id.
    #[arg(long, value_name = "LOGIN", conflicts_with_all = ["order", "territory", "class", "profiles"])]
    login: Option<String>,
    /// Only people of this profile there, such as `National_ELV`; may be given more than once.
    #[arg(long = "profile", value_name = "PROFILE")]
    profiles: Vec<Profile>,
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

impl From<Format> for Form {
    fn from(format: Format) -> Self {
        match format {
            Format::Csv => Self::Csv,
            Format::Pdf => Self::Pdf,
            Format::Zip => Self::Zip,
        }
    }
}

fn per_page(text: &str) -> Result<PerPage, String> {
    let number = text.parse().ok().and_then(PerPage::of);
    number.ok_or_else(|| "write 1, 2 or 8".to_owned())
}

fn language(text: &str) -> Result<Language, String> {
    Language::named(text).ok_or_else(|| "write fr or en".to_owned())
}

/// Prints slips, or says what became of them.
pub(super) async fn run(
    loaded: &Loaded,
    verb: Option<Verb>,
    args: Args,
    acting: Acting,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    match verb {
        None => print(loaded, args, acting, printer).await,
        Some(Verb::HandOver(args)) => {
            let ctx = open::context(&loaded.config).await?;
            hand_over::run(&ctx, args, &acting.actor(), printer).await
        }
        Some(Verb::TakeBack(args)) => {
            let ctx = open::context(&loaded.config).await?;
            hand_over::take_back(&ctx, args, &acting.actor(), printer).await
        }
    }
}

/// Prints slips as they are decided.
async fn print(
    loaded: &Loaded,
    args: Args,
    acting: Acting,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let language = args.language.unwrap_or(loaded.config.slips.language);
    let config = &loaded.config;
    let letter = loaded.slip_words()?.letter(language)?;
    let stationery =
        slips::stationery(letter, args.per_page, &config.display.name, config.server.issuer.as_str())?;
    let ctx = open::context(&loaded.config).await?;
    let actor = acting.actor();
    let selection = selection(&ctx, &actor, &args).await?;
    let names = Names::of(&ctx, &selection).await?;
    let mut output = Output::open(&args, &selection, &stationery)?;
    let written = Written { format: args.format.into(), language, zone: config.display.zone.clone() };
    let mut misspelt = Misspelt::default();
    let printed = print_slips(&ctx, &actor, &selection, |slip| {
        let slip = names.on_paper(slip, &written);
        misspelt.look_at(&slip, &stationery, args.format);
        output.add(&slip).map_err(|error| Unavailable::Broken(format!("writing the slips: {error}")))
    });
    let printed = printed.await?.map_err(Failure::refused)?;
    let documents = output.finish(printed.slips)?;
    let documents = documents.map(|number| format!(" in {number} documents")).unwrap_or_default();
    printer.talk(format_args!("{} slips{documents}; {} people need none", printed.slips, printed.open));
    if let Some(warning) = misspelt.warning() {
        printer.warn(warning);
    }
    if printed.operators.is_empty() {
        return Ok(ExitStatus::Done);
    }
    printer.warn(format_args!(
        "operators get no slip; give each a code in person with `ecluse account code LOGIN`: {}",
        printed.operators.join(", ")
    ));
    Ok(ExitStatus::Partly)
}

/// People whose names cannot be set as they write them.
#[derive(Default)]
struct Misspelt {
    logins: Vec<String>,
    more: u64,
}

impl Misspelt {
    fn look_at(&mut self, slip: &Slip, stationery: &Stationery, format: Format) {
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

async fn selection(ctx: &Context, actor: &Actor, args: &Args) -> Result<Selection, Failure> {
    if let Some(login) = &args.login {
        let unknown = || Failure::refused(format_args!("no account has the login or the id {login:?}"));
        let account = named(ctx, login).await?.ok_or_else(unknown)?.facts.account;
        return Selection::one(ctx, actor, &account).await?.map_err(Failure::refused);
    }
    let order = match &args.order {
        None => None,
        Some(which) => Some(find(ctx, which).await?.order),
    };
    let path = match (&args.territory, &order) {
        (Some(code), _) => {
            let code = place(code, args.class.as_deref())?;
            let found = store::territory::find(&ctx.db, &code).await?;
            let unknown = || Failure::refused(format_args!("the territory {code} is not known"));
            found.ok_or_else(unknown)?.path
        }
        (None, Some(order)) => order.population.territory.clone(),
        (None, None) => return Err(Failure::usage("give --order, --territory or --login")),
    };
    let profiles = args.profiles.iter().copied().collect();
    Ok(Selection::of(Population { territory: path, profiles }, order.map(|order| order.id)))
}

/// A place, or one class of a school.
fn place(territory: &TerritoryCode, class: Option<&str>) -> Result<TerritoryCode, Failure> {
    let Some(class) = class else { return Ok(territory.clone()) };
    let uai = territory.uai().and_then(|uai| Uai::parse(uai).ok());
    let uai = uai.ok_or_else(|| Failure::usage("--class needs a school: --territory uai:0860001J"))?;
    Ok(TerritoryCode::class(&uai, class)?)
}
