//! The database, its clock, and the store of what expires.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::report::Report;
use crate::cli::{instance, open};
use crate::config::Config;
use crate::config::store::Place;
use crate::store::db::Db;
use crate::store::skew::skew;

/// Whether the schema is the one that is needed, so that more can be asked.
pub(super) async fn database(config: &Config, db: &Db, report: &mut Report) -> bool {
    if let Place::File(path) = config.store.place() {
        file(path, report);
    }
    if !report.examined("database", db.examine(config.store.connections).await) {
        return false;
    }
    match db.look_at_schema().await {
        Ok(()) => {
            report.ok("schema", "the one that this program needs");
            true
        }
        Err(error) => {
            report.failed("schema", error.into());
            false
        }
    }
}

fn file(path: &Path, report: &mut Report) {
    let Ok(metadata) = path.metadata() else { return }; // it was opened: whoever took it away is told by what follows
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let found =
            format_args!("others than its owner can read or change {} (mode {mode:04o})", path.display());
        report.wrong("database", found, format_args!("run `chmod 600 {}`", path.display()));
    }
}

pub(super) async fn clocks(db: &Db, report: &mut Report) {
    match skew(db).await {
        Ok(skew) if skew.is_too_much() => report.wrong(
            "clocks",
            format_args!("this machine is {skew} s ahead of the database's (behind, if negative); more than 2 s is not ready"),
            "have both follow the same time servers",
        ),
        Ok(skew) => report.ok("clocks", format_args!("this machine is {skew} s ahead of the database's at least")),
        Err(error) => report.failed("clocks", error.into()),
    }
}

/// Whether an older copy in the database's place would be noticed, or is there.
pub(super) async fn instance(config: &Config, db: &Db, report: &mut Report) {
    let file = config.keys.instance_file.display();
    match instance::examine(config, db).await {
        Ok(true) => report.ok("instance file", format_args!("{file} knows this database")),
        Ok(false) => report.warning(
            "instance file",
            format_args!("{file} is not there: an older copy in the database's place would not be noticed"),
            "if the database was put back from a copy, run `ecluse store restored`; else `ecluse serve` makes the file",
        ),
        Err(failure) => report.failed("instance file", failure),
    }
}

pub(super) async fn claims(config: &Config, db: &Db, report: &mut Report) {
    match open::ephemeral(config, db) {
        Ok(claims) => match claims.examine().await {
            Some(examined) => {
                report.examined("redis", examined);
            }
            None => report.ok("sessions", "in the database"),
        },
        Err(failure) => report.failed("redis", failure),
    }
}
