//! The log of a process that serves: one line an event, on standard error.

use std::panic::Location;

use tracing_subscriber::{EnvFilter, fmt};

use crate::config::log::{Log, LogFormat};

/// Starts the log of this process, panics included. A second call changes nothing.
pub fn start(log: &Log) {
    // The filter was parsed when the configuration was checked.
    let filter = EnvFilter::try_new(&log.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // What is left when a log runs already is that log.
    let _ = match log.format {
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).try_init(),
        LogFormat::Text => builder.try_init(),
    };
    std::panic::set_hook(Box::new(|panic| tell(panic.location())));
}

/// Where something panicked, and not what it said: the message may quote what somebody typed.
fn tell(place: Option<&Location<'_>>) {
    let place = place.map_or_else(|| "-".to_owned(), Location::to_string);
    tracing::error!(place, "panicked");
}
