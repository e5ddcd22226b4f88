//! `ecluse doctor`: looks at everything that the provider hangs from, and says of each what to do. It changes nothing.

mod issuer;
mod keys;
mod mail;
mod report;
mod stores;
mod work;

use crate::cli::printer::{ExitStatus, Failure, Printer};
use crate::cli::{Global, open};
use crate::config::layers::Loaded;
use report::Report;

pub(super) async fn run(global: Global, printer: &Printer) -> Result<ExitStatus, Failure> {
    let mut report = Report::default();
    match global.load() {
        Ok(loaded) => examine(&loaded, &mut report).await,
        Err(failure) => report.failed("configuration", failure),
    }
    report.print(*printer)?;
    Ok(if report.is_anything_wrong() { ExitStatus::Failed } else { ExitStatus::Done })
}

/// What hangs from what is broken is left out: one thing is said to be wrong, not ten.
async fn examine(loaded: &Loaded, report: &mut Report) {
    let config = &loaded.config;
    configuration(loaded, report);
    let sealer = match open::master_key(config) {
        Ok(sealer) => {
            report.ok("master key", config.keys.master_key_file.display());
            Some(sealer)
        }
        Err(failure) => {
            report.failed("master key", failure);
            None
        }
    };
    match open::database(config).await {
        Ok(db) => {
            if stores::database(config, &db, report).await {
                stores::clocks(&db, report).await;
                stores::instance(config, &db, report).await;
                if let Some(sealer) = sealer {
                    keys::examine(config, &db, sealer, report).await;
                }
                stores::claims(config, &db, report).await;
                work::notices(&db, report).await;
                work::orders(&db, &config.display.zone, report).await;
            }
            issuer::examine(config, Some(&db), report).await;
        }
        Err(failure) => {
            report.failed("database", failure);
            issuer::examine(config, None, report).await;
        }
    }
    mail::examine(loaded, report).await;
}

fn configuration(loaded: &Loaded, report: &mut Report) {
    let config = &loaded.config;
    let clients = match loaded.clients(|name| std::env::var_os(name)) {
        Ok(clients) => clients.len(),
        Err(error) => return report.failed("configuration", error.into()),
    };
    if config.password.hash.is_too_cheap() {
        let found = "password.hash costs less than OWASP's minimum";
        return report.warning("configuration", found, "take its lines out; such hashes are for tests only");
    }
    let file = loaded.file().map_or_else(|| "no file".to_owned(), |file| file.display().to_string());
    report.ok("configuration", format_args!("{file}, declared clients: {clients}"));
}
