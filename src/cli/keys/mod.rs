//! `ecluse keys`: the signing keys, and the master key that seals them.

mod backup;

use clap::Subcommand;
use serde_json::json;

use crate::cli::instant;
use crate::cli::open;
use crate::cli::printer::{ExitStatus, Failure, Printer, table};
use crate::cli::system_user::Acting;
use crate::config::layers::Loaded;
use crate::domain::client::SigningAlgorithm;
use crate::domain::event::Act;
use crate::flows::context::Context;
use crate::flows::signing_keys::rotate;
use crate::store;
use crate::store::db::Batch;

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Writes the master key on a sheet to be locked away, or checks one.
    Backup(backup::Args),
    /// Lists the keys that are published.
    List,
    /// The next keys sign from now on, and new ones are published. Serving programs follow within a minute.
    Rotate,
}

/// Does it.
pub(super) async fn run(
    loaded: &Loaded,
    verb: Verb,
    acting: Acting,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    match verb {
        Verb::Backup(args) => backup::run(&loaded.config, args, acting, printer).await,
        Verb::List => list(&open::context(&loaded.config).await?, loaded, printer).await,
        Verb::Rotate => {
            let ctx = open::context(&loaded.config).await?;
            let now = ctx.clock.now();
            let actor = acting.actor();
            for algorithm in SigningAlgorithm::ALL {
                if !rotate(&ctx.key_room(), algorithm, now).await? {
                    return Err(Failure::failed(
                        "another program rotated the keys in between; look with `ecluse keys list`",
                    ));
                }
            }
            let line = actor.line(Act::KeyRotate, "signing keys".to_owned());
            ctx.commit(Batch::plain(vec![ctx.audit(now, &line)])).await?;
            list(&ctx, loaded, printer).await
        }
    }
}

async fn list(ctx: &Context, loaded: &Loaded, printer: &Printer) -> Result<ExitStatus, Failure> {
    let keys = store::signing_key::list(&ctx.db).await?;
    let data: Vec<_> = keys
        .iter()
        .map(|key| {
            json!({
                "kid": key.kid,
                "alg": key.algorithm.as_str(),
                "state": key.state,
                "created_at": instant::write_utc(key.created_at),
                "activated_at": key.activated_at.map(instant::write_utc),
                "retired_at": key.retired_at.map(instant::write_utc),
            })
        })
        .collect();
    let zone = &loaded.config.display.zone;
    printer.answer(&data, || {
        let rows = keys.iter().map(|key| {
            let since = key.retired_at.or(key.activated_at).unwrap_or(key.created_at);
            [
                key.algorithm.as_str().to_owned(),
                key.state.clone(),
                instant::write(since, zone),
                key.kid.clone(),
            ]
        });
        table(["alg", "state", "since", "kid"], rows)
    })?;
    Ok(ExitStatus::Done)
}
