//! `ecluse reset-order families ID`.

use serde_json::json;

use super::{Which, find};
use crate::cli::printer::{ExitStatus, Failure, Printer};
use crate::config::layers::Loaded;
use crate::flows::context::Context;
use crate::paper::letter::LetterError;
use crate::store;
use crate::web::app::Site;
use crate::web::families::family_notice;
use crate::web::pages::text::Language;

/// Of which order, and how.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    which: Which,
    /// One language alone.
    #[arg(long, value_name = "fr|en", value_parser = language)]
    language: Option<Language>,
}

pub(super) fn language(text: &str) -> Result<Language, String> {
    Language::named(text).ok_or_else(|| "write fr or en".to_owned())
}

/// Prints what families are told.
pub(super) async fn run(
    ctx: &Context,
    loaded: &Loaded,
    args: &Args,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let record = find(ctx, &args.which.id).await?;
    let site = Site { slips: loaded.slip_words()?, ..loaded.config.site() };
    let place = match record.order.population.territory.code() {
        Some(code) => store::territory::find(&ctx.db, &code).await?,
        None => None,
    };
    let place = place.map(|place| place.name).unwrap_or_default();
    let spoken = Language::ALL.into_iter().filter(|it| args.language.is_none_or(|asked| asked == *it));
    let told = |language| {
        let notice = family_notice(&site, &ctx.settings.issuer, language, &place, &record)?;
        Ok((language, notice))
    };
    let notices = spoken.map(told).collect::<Result<Vec<_>, LetterError>>()?;
    let data: Vec<_> = notices
        .iter()
        .map(|(language, (title, paragraphs))| {
            json!({ "language": language.tag(), "title": title, "paragraphs": paragraphs })
        })
        .collect();
    printer.answer(&data, || {
        let texts = notices.iter().map(|(_, (title, text))| format!("{title}\n\n{}\n", text.join("\n\n")));
        texts.collect::<Vec<_>>().join("\n\n")
    })?;
    Ok(ExitStatus::Done)
}
