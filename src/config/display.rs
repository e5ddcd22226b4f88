//! `[display]`: what people read about this deployment.

use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Problem;
use crate::domain::client::PasswordChangeMode;

/// What people read about this deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Display {
    /// The name at the head of each page.
    pub name: String,
    /// A line on the sign-in page, in French; empty for none.
    pub notice_fr: String,
    /// The same line in English; empty for none.
    pub notice_en: String,
    /// The zone in which times are written on pages, and in which a time without an offset is read.
    #[serde(serialize_with = "zone_name", deserialize_with = "zone")]
    pub zone: TimeZone,
    /// Who tells the user that the password must change, for clients registered without a choice of their own.
    #[serde(deserialize_with = "mode")]
    pub default_password_change_mode: PasswordChangeMode,
}

impl Default for Display {
    fn default() -> Self {
        Self {
            name: "Écluse".to_owned(),
            notice_fr: String::new(),
            notice_en: String::new(),
            // Without the system's zone files there is no better answer; reading the file says which package is missing.
            zone: TimeZone::get("Europe/Paris").unwrap_or(TimeZone::UTC),
            default_password_change_mode: PasswordChangeMode::OpHosted,
        }
    }
}

impl Display {
    pub(super) fn check(&self) -> Result<(), Problem> {
        if self.name.trim().is_empty() {
            return Err(Problem::new(
                "display.name",
                "is empty; write the name people know the service by".to_owned(),
            ));
        }
        Ok(())
    }
}

fn mode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PasswordChangeMode, D::Error> {
    let text = String::deserialize(deserializer)?;
    [PasswordChangeMode::OpHosted, PasswordChangeMode::ClientNotice]
        .into_iter()
        .find(|mode| serde_json::json!(mode) == text)
        .ok_or_else(|| {
            serde::de::Error::custom(format!("{text:?} is unknown; write \"op_hosted\" or \"client_notice\""))
        })
}

fn zone_name<S: Serializer>(zone: &TimeZone, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(zone.iana_name().unwrap_or("UTC"))
}

fn zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TimeZone, D::Error> {
    let name = String::deserialize(deserializer)?;
    TimeZone::get(&name).map_err(|_| {
        serde::de::Error::custom(format!(
            "{name:?} is no time zone of this machine; write one such as \"Europe/Paris\", or install the package tzdata"
        ))
    })
}
