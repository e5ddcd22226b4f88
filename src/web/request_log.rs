//! One line for each request, with nothing personal: no address, no login, no query, and of the path only its pattern.

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;

use crate::web::app::App;
use crate::web::listener::Peer;

const REQUEST_ID: &str = "x-request-id";

/// Logs a request once it is answered, and names it in the answer so that a person can quote it.
pub async fn log(State(app): State<App>, request: Request, next: Next) -> Response {
    let began = app.ctx.clock.now();
    let id = given_id(&app, &request).unwrap_or_else(|| URL_SAFE_NO_PAD.encode(app.ctx.random.bytes::<12>()));
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let mut response = next.run(request).await;
    let took = app.ctx.clock.now().since(began);
    tracing::info!(
        target: "ecluse::request",
        id,
        %method,
        route = route.as_deref().unwrap_or("-"),
        status = response.status().as_u16(),
        micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
    );
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// The id that a trusted proxy gave. Anybody else's is ignored: it would let a stranger write into the log.
fn given_id(app: &App, request: &Request) -> Option<String> {
    let ConnectInfo(Peer(address)) = request.extensions().get::<ConnectInfo<Peer>>()?;
    if !app.site.trusted_proxies.iter().any(|net| net.contains(&address.ip())) {
        return None;
    }
    let id = request.headers().get(REQUEST_ID)?.to_str().ok()?;
    let plain =
        id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    (plain && !id.is_empty()).then(|| id.to_owned())
}
