//! `ecluse migrate`: brings the schema up to what this program needs.

use serde_json::json;

use crate::cli::open;
use crate::cli::printer::{ExitStatus, Failure, Printer};
use crate::config::layers::Loaded;

pub(super) async fn run(loaded: &Loaded, printer: &Printer) -> Result<ExitStatus, Failure> {
    let config = &loaded.config;
    open::database(config).await?.migrate().await?;
    let database = config.store.place().to_string();
    printer.answer(&json!({ "migrated": database }), || database.clone())?;
    Ok(ExitStatus::Done)
}
