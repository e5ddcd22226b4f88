//! Whether the master key opens what the database holds, and whether the signing keys go on.

use std::time::Duration;

use super::report::Report;
use crate::cli::open;
use crate::config::Config;
use crate::domain::client::SigningAlgorithm;
use crate::flows::random::Random;
use crate::flows::signing_keys::{self, KeyRoom};
use crate::oidc::keys::KeyState;
use crate::store;
use crate::store::db::{Db, DbError};
use crate::store::seal::MasterKey;
use crate::store::secrets::DeploymentSecrets;

/// Keys rotate within a minute of being due, in any program that serves.
const LATE: Duration = Duration::from_hours(24);

pub(super) async fn examine(config: &Config, db: &Db, sealer: MasterKey, report: &mut Report) {
    let secrets = match DeploymentSecrets::load(db, sealer).await {
        Ok(secrets) => secrets,
        Err(error) => return report.failed("secrets", open::secrets_failure(config, error)),
    };
    report.ok("secrets", "the master key opens them");
    let room = KeyRoom { db, sealer: &secrets.sealer, random: &Random::system() };
    if let Err(error) = signing_keys::load(&room).await {
        return report.failed("signing keys", error.into());
    }
    match doubt(config, db).await {
        Ok(None) => report.ok("signing keys", "for each algorithm one that signs and the next"),
        Ok(Some((found, advice))) => report.warning("signing keys", found, advice),
        Err(error) => report.failed("signing keys", error.into()),
    }
}

async fn doubt(config: &Config, db: &Db) -> Result<Option<(String, &'static str)>, DbError> {
    let stored = store::signing_key::list(db).await?;
    let now = db.clock().now();
    for algorithm in SigningAlgorithm::ALL {
        let of = |state: KeyState| {
            stored.iter().find(|key| key.algorithm == algorithm && key.state == state.as_str())
        };
        let name = algorithm.as_str();
        if of(KeyState::Next).is_none() {
            return Ok(Some((format!("{name} has no next key"), "run `ecluse init`")));
        }
        let began = of(KeyState::Active).map(|key| key.activated_at.unwrap_or(key.created_at));
        if began.is_some_and(|began| now > began.plus(config.keys.rotation).plus(LATE)) {
            let found = format!("the {name} key should have been replaced a day ago and more");
            return Ok(Some((
                found,
                "look whether any program serves, and what its log says of housekeeping",
            )));
        }
    }
    Ok(None)
}
