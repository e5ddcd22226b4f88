//! One line for each request, with nothing personal: no address, no login, no query, and of the path only its pattern.

use std::any::Any;

use axum::extract::{ConnectInfo, FromRequestParts as _, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderValue, StatusCode};
use tracing::Instrument as _;

use crate::web::answer::{internal_page, trouble};
use crate::web::app::App;
use crate::web::extract::language::Spoken;
use crate::web::extract::origin::RequestId;
use crate::web::listener::Peer;
use crate::web::pages::view::Trouble;
use crate::web::span;

const REQUEST_ID: &str = "x-request-id";

/// Logs a request once it is answered, and names it in the answer so that a person can quote it.
pub async fn log(State(app): State<App>, request: Request, next: Next) -> Response {
    let began = app.ctx.clock.now();
    let is_from_trusted_proxy = is_from_trusted_proxy(&app, &request);
    let given = is_from_trusted_proxy.then(|| given_id(&request)).flatten();
    let id = given.unwrap_or_else(|| URL_SAFE_NO_PAD.encode(app.ctx.random.bytes::<12>()));
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(RequestId(id.clone()));
    let Ok(spoken) = Spoken::from_request_parts(&mut parts, &app).await;
    let span = span::of(&method, route.as_ref().map_or("-", MatchedPath::as_str), &id);
    if is_from_trusted_proxy && app.site.believes_traceparent {
        span::continue_trace(&span, &parts.headers);
    }
    let mut response = next.run(Request::from_parts(parts, body)).instrument(span.clone()).await;
    if response.status() == StatusCode::REQUEST_TIMEOUT {
        response = trouble(&app, spoken.language(&[]), Trouble::Unavailable, None, None);
    }
    span::answered(&span, response.status());
    if response.extensions().get::<Panicked>().is_some() {
        response = internal_page(&app, spoken.language(&[]), &id);
    }
    let took = app.ctx.clock.now().since(began);
    let route = route.as_ref().map_or("-", MatchedPath::as_str);
    app.ctx.meters.answered(route, response.status().as_u16(), took);
    tracing::info!(
        target: "ecluse::request",
        id,
        %method,
        route,
        status = response.status().as_u16(),
        micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
    );
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Marks the answer of a handler that panicked.
#[derive(Clone, Copy)]
struct Panicked;

/// A handler panicked: the others go on, and the answer says under which number the log has the request.
pub fn panicked(_: Box<dyn Any + Send>) -> Response {
    let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    response.extensions_mut().insert(Panicked);
    response
}

/// Whether what the request says of itself is believed. A stranger could else write into the log, and decide what is traced.
fn is_from_trusted_proxy(app: &App, request: &Request) -> bool {
    let peer = request.extensions().get::<ConnectInfo<Peer>>();
    peer.is_some_and(|ConnectInfo(Peer(peer))| {
        app.site.trusted_proxies.iter().any(|network| network.contains(&peer.ip()))
    })
}

/// The id that the proxy gave.
fn given_id(request: &Request) -> Option<String> {
    let id = request.headers().get(REQUEST_ID)?.to_str().ok()?;
    let plain =
        id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    (plain && !id.is_empty()).then(|| id.to_owned())
}
