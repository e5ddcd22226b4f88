//! Traces of a process that serves: what a request did and how long each part took, sent to a collector.
//!
//! Only spans of [`TARGET`] are sent, and no events: those are the log's. Spans are ended by requests and sent by a thread of
//! OpenTelemetry's, from a queue of a fixed length: what does not fit is dropped, so a collector that is slow or dead costs
//! nobody time and no more memory than the queue.

use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider};
use tokio::runtime::Handle;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{FilterFn, LevelFilter};
use tracing_subscriber::registry::LookupSpan;

use crate::cli::printer::Failure;
use crate::config::traces::Traces;
use crate::outgoing::{Collector, Outgoing, Reach};

/// The target of the spans that are sent.
const TARGET: &str = "ecluse::span";

/// Spans that wait to be sent: some megabytes.
const QUEUE: usize = 4096;

/// How long a collector may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a stop is put off for what is left.
const LAST: Duration = Duration::from_secs(2);

/// What is being traced, until it is stopped.
pub(super) struct Tracing(SdkTracerProvider);

impl Tracing {
    /// Starts, if there is a collector.
    pub(super) fn start(traces: &Traces) -> Result<Option<Self>, Failure> {
        let Some(address) = traces.collector() else { return Ok(None) };
        let outgoing = Outgoing::new(Reach::everywhere(), PATIENCE)?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(address)
            .with_timeout(PATIENCE)
            .with_http_client(Collector::new(outgoing, Handle::current()))
            .build()?;
        let batches = BatchConfigBuilder::default().with_max_queue_size(QUEUE).build();
        let share = Sampler::TraceIdRatioBased(1.0 / f64::from(traces.one_in));
        let program = Resource::builder_empty()
            .with_service_name("ecluse")
            .with_attribute(opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
        let provider = SdkTracerProvider::builder()
            .with_span_processor(BatchSpanProcessor::builder(exporter).with_batch_config(batches).build())
            .with_sampler(Sampler::ParentBased(Box::new(share)))
            .with_resource(program.build())
            .build();
        Ok(Some(Self(provider)))
    }

    /// What takes the spans.
    pub(super) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> impl Layer<S> + use<S> {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("ecluse"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(
                FilterFn::new(|metadata| !is_of_log(metadata)).with_max_level_hint(LevelFilter::INFO),
            )
    }

    /// Sends what is left, unless the collector lets it wait.
    pub(super) async fn stop(self) {
        let sent = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(LAST)).await;
        if !matches!(sent, Ok(Ok(()))) {
            tracing::warn!("the last traces were not sent");
        }
    }
}

/// What the log takes: everything but the spans that are for the collector.
pub(super) fn log_alone() -> FilterFn {
    FilterFn::new(is_of_log as fn(&Metadata<'_>) -> bool).with_max_level_hint(LevelFilter::TRACE)
}

fn is_of_log(metadata: &Metadata<'_>) -> bool {
    metadata.target() != TARGET
}
