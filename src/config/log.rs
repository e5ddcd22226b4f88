//! `[log]`: what is told on standard error, and in which form.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use tracing_subscriber::EnvFilter;

use super::Problem;

/// What is told on standard error, and in which form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// The form of a line.
    pub format: LogFormat,
    /// A filter in the notation of `tracing-subscriber`: `info`, or `warn,ecluse::web=debug`.
    pub level: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Json, level: "info".to_owned() }
    }
}

impl Log {
    pub(super) fn check(&self) -> Result<(), Problem> {
        EnvFilter::try_new(&self.level).map(drop).map_err(|cause| {
            Problem::new(
                "log.level",
                format!(
                    "{:?} is not a filter ({cause}); write error, warn, info, debug or trace",
                    self.level
                ),
            )
        })
    }
}

/// The form of a line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum LogFormat {
    /// One JSON object a line, for programs.
    Json,
    /// One sentence a line, for people.
    Text,
}

/// The text is no form of a log line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is not a log format; write \"json\" or \"text\"")]
pub struct UnknownLogFormat(String);

impl LogFormat {
    /// As it is written in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Text => "text",
        }
    }
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for LogFormat {
    type Error = UnknownLogFormat;

    fn try_from(text: String) -> Result<Self, UnknownLogFormat> {
        [Self::Json, Self::Text]
            .into_iter()
            .find(|format| format.as_str() == text)
            .ok_or(UnknownLogFormat(text))
    }
}

impl From<LogFormat> for String {
    fn from(format: LogFormat) -> Self {
        format.as_str().to_owned()
    }
}
