//! Discovery and the public keys.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL};

use crate::oidc::discovery::ProviderMetadata;
use crate::web::app::App;

/// Public and the same for everybody, so that any page's script may read it.
const PUBLIC: [(http::HeaderName, &str); 2] =
    [(CACHE_CONTROL, "public, max-age=300"), (ACCESS_CONTROL_ALLOW_ORIGIN, "*")];

/// GET `/.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`.
pub async fn metadata(State(app): State<App>) -> Response {
    (PUBLIC, Json(ProviderMetadata::new(&app.ctx.settings.issuer))).into_response()
}

/// GET `/jwks`.
pub async fn jwks(State(app): State<App>) -> Response {
    (PUBLIC, Json(app.ctx.keys().jwks())).into_response()
}
