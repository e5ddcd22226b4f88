//! Whether relying parties reach this provider under its name, and it and no other.

use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::report::Report;
use crate::config::Config;
use crate::oidc::discovery::ProviderMetadata;
use crate::oidc::endpoints;
use crate::outgoing::{Outgoing, Reach};
use crate::store;
use crate::store::db::Db;

/// Whoever waits longer gives up.
const PATIENCE: Duration = Duration::from_secs(10);

const CHECK: &str = "issuer";

pub(super) async fn examine(config: &Config, db: Option<&Db>, report: &mut Report) {
    let issuer = config.server.issuer.as_str();
    match compare(issuer, db).await {
        Ok(()) => report.ok(CHECK, format_args!("{issuer} leads here")),
        Err((found, advice)) => report.wrong(CHECK, format_args!("{issuer} {found}"), advice),
    }
}

async fn compare(issuer: &str, db: Option<&Db>) -> Result<(), (String, &'static str)> {
    let outgoing = Outgoing::new(Reach::everywhere(), PATIENCE)
        .map_err(|error| (error.to_string(), "look at its cause"))?;
    let told = document(&outgoing, issuer, endpoints::OPENID_CONFIGURATION).await?;
    let expected = serde_json::to_value(ProviderMetadata::new(issuer)).unwrap_or_default();
    if told != expected {
        let other = "is answered with another discovery document than this program's";
        return Err((
            other.to_owned(),
            "look where the proxy sends it, and whether all programs are of one version",
        ));
    }
    let Some(db) = db else { return Ok(()) };
    let published = document(&outgoing, issuer, endpoints::JWKS).await?;
    let Ok(stored) = store::signing_key::list(db).await else { return Ok(()) }; // said already
    let is_published =
        |kid: &str| published["keys"].as_array().is_some_and(|keys| keys.iter().any(|key| key["kid"] == kid));
    if stored.iter().all(|key| is_published(&key.kid)) {
        return Ok(());
    }
    let advice = "look whether it leads to another deployment; a rotation takes a minute to be published";
    Err(("publishes other keys than this database's".to_owned(), advice))
}

async fn document(outgoing: &Outgoing, issuer: &str, path: &str) -> Result<Value, (String, &'static str)> {
    let unreadable =
        |found: String| (found, "look whether a program serves, at the proxy, its certificate and the name");
    let address = Url::parse(&endpoints::at(issuer, path)).map_err(|error| unreadable(error.to_string()))?;
    match outgoing.get(&address).await {
        Ok((200, body)) => serde_json::from_slice(&body)
            .map_err(|_| unreadable(format!("is answered at {path} with something that is no JSON"))),
        Ok((status, _)) => Err(unreadable(format!("is answered at {path} with status {status}"))),
        Err(error) => Err(unreadable(format!("is not answered at {path}: {error}"))),
    }
}
