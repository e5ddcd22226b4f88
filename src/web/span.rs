//! What a trace says of a request: which route, how it ended, and the number under which the log has it. No address, no query, no
//! login, nothing that a person typed, and not what the gate said.

use http::{HeaderMap, Method, StatusCode};
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

const TRACEPARENT: &str = "traceparent";

/// The methods that have a name; a stranger's own are not written down.
const METHODS: [Method; 7] =
    [Method::GET, Method::POST, Method::HEAD, Method::OPTIONS, Method::PUT, Method::DELETE, Method::PATCH];

/// The span of a request. It costs nothing where nobody takes spans.
pub fn of(method: &Method, route: &str, id: &str) -> Span {
    let method = METHODS.iter().find(|known| *known == method).map_or("_OTHER", Method::as_str);
    tracing::info_span!(
        target: "ecluse::span",
        "request",
        otel.name = format_args!("{method} {route}"),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
        ecluse.request = id,
    )
}

/// Goes on with the trace that the proxy in front has begun (W3C Trace Context), sampled or not as it says.
pub fn continue_trace(span: &Span, headers: &HeaderMap) {
    let begun = TraceContextPropagator::new().extract(&TraceParent(headers));
    let _ = span.set_parent(begun); // where nobody takes spans there is nothing to go on with
}

/// The one header that is read. `tracestate` is other people's text: it would be sent on with every span, and kept until then.
struct TraceParent<'a>(&'a HeaderMap);

impl Extractor for TraceParent<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == TRACEPARENT).then(|| self.0.get(TRACEPARENT)?.to_str().ok()).flatten()
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}

/// How it ended.
pub fn answered(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
}
