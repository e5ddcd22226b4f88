//! Every route there is.

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::{get, post};
use http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, RETRY_AFTER,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, StatusCode};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::flows::console::CALLBACK;
use crate::oidc::endpoints;
use crate::oidc::parameters::Parameters;
use crate::web::answer::{RETRY_SECONDS, content_security_policy, internal_json, late_json, trouble};
use crate::web::app::App;
use crate::web::console;
use crate::web::extract::visit::Visit;
use crate::web::pages::view::Trouble;
use crate::web::pages::{account, assets, developer, interaction};
use crate::web::protocol::{authorize, discovery, introspect, logout, revoke, token, userinfo};
use crate::web::{api, health, request_log};

/// The whole surface.
pub fn router(app: App, request_timeout: Duration) -> Router {
    // No handler answers this status, so that it tells further out, where the language is known, that the time was up.
    let in_time = TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, request_timeout);
    let people = pages().route("/healthz", get(health::live)).route("/readyz", get(health::ready));
    let routes = Router::new()
        .merge(for_programs(back_channel().layer(in_time), internal_json, late_json))
        .merge(for_programs(api::router().layer(in_time), api::broken, api::late))
        .merge(people.layer(in_time))
        .fallback(not_found);
    under_layers(routes, app)
}

/// What stands around every route.
fn under_layers(routes: Router<App>, app: App) -> Router {
    routes
        .layer(CatchPanicLayer::custom(request_log::panicked))
        .layer(DefaultBodyLimit::max(Parameters::MAX_LENGTH))
        .layer(from_fn_with_state(app.clone(), request_log::log))
        .layer(from_fn_with_state(app.clone(), headers))
        .with_state(app)
}

/// What stands around the routes that programs call: they are told in their own way, also of a fault of ours and that the time was up.
fn for_programs(routes: Router<App>, broken: fn() -> Response, late: fn() -> Response) -> Router<App> {
    let in_time = move |response: Response| async move {
        if response.status() == StatusCode::REQUEST_TIMEOUT { late() } else { response }
    };
    routes.layer(CatchPanicLayer::custom(move |_| broken())).layer(map_response(in_time))
}

/// What relying parties call themselves.
fn back_channel() -> Router<App> {
    Router::new()
        .route(endpoints::OPENID_CONFIGURATION, get(discovery::metadata))
        .route(endpoints::OAUTH_METADATA, get(discovery::metadata))
        .route(endpoints::JWKS, get(discovery::jwks))
        .route(endpoints::TOKEN, post(token::post))
        .route(endpoints::USERINFO, get(userinfo::get).post(userinfo::post))
        .route(endpoints::INTROSPECT, post(introspect::post))
        .route(endpoints::REVOKE, post(revoke::post))
}

/// What people see, and what a browser is sent to.
fn pages() -> Router<App> {
    console()
        .route(endpoints::AUTHORIZE, get(authorize::get).post(authorize::post))
        .route(endpoints::LOGOUT, get(logout::get).post(logout::post))
        .route("/", get(account::home))
        .route("/login", get(account::login))
        .route("/logout/confirm", post(logout::confirm))
        .route(account::PASSWORD, get(account::show).post(account::change))
        .route("/account/password/changed", get(account::changed))
        .route("/interaction/{uid}", get(interaction::show))
        .route("/interaction/{uid}/login", post(interaction::sign_in))
        .route("/interaction/{uid}/password", post(interaction::change))
        .route("/interaction/{uid}/cancel", post(interaction::give_up))
        .route("/interaction/{uid}/changed", get(interaction::changed))
        .route("/interaction/{uid}/resume", get(interaction::resume))
        .route("/.well-known/change-password", get(account::well_known_change_password))
        .route(endpoints::PASSWORD_CHANGE_REQUIRED, get(developer::required))
        .route(endpoints::PASSWORD_CHANGE_DECLINED, get(developer::declined))
        .route("/assets/{file}", get(assets::serve))
}

/// What operators see.
fn console() -> Router<App> {
    Router::new()
        .route(console::HOME, get(console::home::show))
        .route(CALLBACK, get(console::sign_in::callback))
        .route(console::orders::ORDERS, get(console::orders::list).post(console::new_order::create))
        .route("/console/orders/new", get(console::new_order::show).post(console::new_order::change))
        .route("/console/orders/check", post(console::new_order::check))
        .route("/console/orders/draft", post(console::new_order::leave))
        .route("/console/orders/{id}/edit", get(console::new_order::take_up))
        .route("/console/orders/{id}", get(console::orders::show))
        .route("/console/orders/{id}/families", get(console::order_report::families))
        .route("/console/orders/{id}/left", get(console::order_report::left))
        .route("/console/orders/{id}/report", get(console::order_report::show))
        .route("/console/orders/{id}/schools/{code}", get(console::order_report::school))
        .route("/console/orders/{id}/slips", post(console::slips::of_an_order))
        .route("/console/orders/{id}/{act}", post(console::orders::act))
        .route("/console/sign-out", post(console::sign_in::leave))
        .route(console::PEOPLE, get(console::people::show))
        .route("/console/people/{id}", get(console::person::show))
        .route("/console/people/{id}/slip", get(console::person::slip))
        .route("/console/people/{id}/roles", post(console::roles::change))
        .route("/console/people/{id}/{deed}", post(console::person::act))
        .route(console::roles::ROLES, get(console::roles::show))
        .route("/console/roles/{id}/{answer}", post(console::roles::answer))
        .route(console::selection::SELECTION, post(console::selection::check))
        .route(console::selection::REQUIRE, post(console::selection::require))
        .route(console::places::PLACES, get(console::places::show))
        .route("/console/places/print", post(console::places::print))
        .route("/console/places/slips", post(console::places::tick))
        .route(console::audit::AUDIT, get(console::audit::show))
        .route("/console/audit/export", post(console::audit::export))
        .route(console::FACTOR, get(console::factor::show).post(console::factor::prove))
        .route("/console/factor/permit", post(console::factor::permit))
        .route("/console/factor/codes", post(console::factor::renew))
        .route("/console/factor/app", post(console::factor::enrol_app))
        .route("/console/factor/list", post(console::factor::enrol_list))
}

async fn not_found(State(app): State<App>, visit: Visit) -> Response {
    trouble(&app, visit.language(), Trouble::NotFound, None, None)
}

/// What every answer carries; an answer that says otherwise keeps its own.
async fn headers(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let unavailable = response.status() == StatusCode::SERVICE_UNAVAILABLE;
    let headers = response.headers_mut();
    let mut default = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    if unavailable {
        default(RETRY_AFTER, RETRY_SECONDS);
    }
    if app.leaving.has_begun() {
        // Whoever keeps connections lets go of this one, before it is cut while a request is on its way.
        default(CONNECTION, "close");
    }
    default(CACHE_CONTROL, "no-store");
    default(REFERRER_POLICY, "no-referrer");
    default(X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    if app.site.secure {
        default(STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains");
    }
    if !headers.contains_key(CONTENT_SECURITY_POLICY)
        && let Ok(policy) = HeaderValue::from_str(&content_security_policy(&[]))
    {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

#[cfg(test)]
#[path = "panic_tests.rs"]
mod tests;
