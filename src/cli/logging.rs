//! The log of a process that serves: one line an event, on standard error.

use std::panic::Location;

use tracing_subscriber::filter::FilterExt as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry, fmt};

use crate::cli::traces::{self, Tracing};
use crate::config::log::{Log, LogFormat};

/// Starts the log of this process, panics included, and what takes its traces. A second call changes nothing.
pub(super) fn start(log: &Log, traced: Option<&Tracing>) {
    // The filter was parsed when the configuration was checked.
    let filter = EnvFilter::try_new(&log.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let filter = filter.and(traces::log_alone());
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = match log.format {
        LogFormat::Json => {
            lines.json().flatten_event(true).with_current_span(false).with_filter(filter).boxed()
        }
        LogFormat::Text => lines.with_filter(filter).boxed(),
    };
    // What is left when a log runs already is that log.
    let _ = Registry::default().with(traced.map(Tracing::layer)).with(lines).try_init();
    std::panic::set_hook(Box::new(|panic| tell(panic.location())));
}

/// Where something panicked, and not what it said: the message may quote what somebody typed.
fn tell(place: Option<&Location<'_>>) {
    let place = place.map_or_else(|| "-".to_owned(), Location::to_string);
    tracing::error!(place, "panicked");
}
