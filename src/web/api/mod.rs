//! The operator API: everything that an operator does, for programs. Its document is made from this code and committed as
//! `docs/openapi.json`; a test keeps the two the same.

mod agenda;
mod audit;
mod caller;
pub(in crate::web) mod cursor;
pub(in crate::web) mod once;
mod order_report;
mod order_view;
mod orders;
mod people;
mod person;
pub(in crate::web) mod problem;
mod roles;
mod slips;
mod territories;
mod wire;

use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use http::StatusCode;
use utoipa::OpenApi;
use utoipa::openapi::RefOr;
use utoipa::openapi::security::{ClientCredentials, Flow, OAuth2, Scopes, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::problem::{MEDIA_TYPE, Problem};
use crate::domain::scope::ApiScope;
use crate::oidc::endpoints;
use crate::web::app::App;

/// Where it is.
pub const ROOT: &str = "/api/v1";

/// The longest body: a selection of 10,000 logins fits.
const MAX_BODY: usize = 1024 * 1024;

/// How the document writes every status of an error.
const ERROR: &str = "4XX";

/// What the document says of the whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Écluse operator API",
        description = "Reset orders, people, codes, roles and the audit log, as far as the roles of the account reach that \
                       the token speaks for. Errors are problem details (RFC 9457). What is outside the territory answers \
                       404, as what does not exist. An act that takes an Idempotency-Key is done once for all that are sent \
                       with it in a week by the same operator: the later are answered with what came of the first, or with \
                       `answer-gone` where that is there no more, and another request under the same key with \
                       `idempotency-key-used`. Acts that take none may be sent again as they are.",
        license(name = "MIT OR Apache-2.0")
    ),
    tags(
        (name = "orders", description = "Reset orders"),
        (name = "people", description = "Acts on people"),
        (name = "slips", description = "Printed codes, and that they were handed over"),
        (name = "roles", description = "Roles over territories"),
        (name = "audit", description = "The audit log")
    )
)]
struct Document;

/// The routes, and the document of them.
fn parts() -> (Router<App>, utoipa::openapi::OpenApi) {
    let routes = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(orders::list, orders::issue))
        .routes(routes!(orders::preview))
        .routes(routes!(order_view::show, orders::edit))
        .routes(routes!(orders::submit))
        .routes(routes!(orders::approve))
        .routes(routes!(orders::send_back))
        .routes(routes!(orders::cancel))
        .routes(routes!(orders::close))
        .routes(routes!(agenda::show))
        .routes(routes!(people::list))
        .routes(routes!(territories::list))
        .routes(routes!(territories::show))
        .routes(routes!(person::show))
        .routes(routes!(person::history))
        .routes(routes!(order_report::report))
        .routes(routes!(order_report::school))
        .routes(routes!(order_report::left))
        .routes(routes!(order_report::notices))
        .routes(routes!(order_report::retry))
        .routes(routes!(order_report::families))
        .routes(routes!(people::act))
        .routes(routes!(people::code))
        .routes(routes!(slips::print))
        .routes(routes!(slips::hand))
        .routes(routes!(roles::list, roles::grant, roles::revoke))
        .routes(routes!(roles::factor))
        .routes(routes!(roles::pending))
        .routes(routes!(roles::approve))
        .routes(routes!(roles::refuse))
        .routes(routes!(audit::list))
        .routes(routes!(audit::export));
    let (router, mut document) = OpenApiRouter::new().nest(ROOT, routes).split_for_parts();
    let scopes = Scopes::from_iter(ApiScope::ALL.map(|scope| (scope.as_str(), scope.meaning())));
    let flow = Flow::ClientCredentials(ClientCredentials::new(endpoints::TOKEN, scopes));
    problems(&mut document);
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("oauth2", SecurityScheme::OAuth2(OAuth2::new([flow])));
    (router, document)
}

/// Gives what is said of an error its own media type.
fn problems(document: &mut utoipa::openapi::OpenApi) {
    let operations = document.paths.paths.values_mut().flat_map(|path| {
        [&mut path.get, &mut path.post, &mut path.put, &mut path.delete].into_iter().flatten()
    });
    let answers = operations.flat_map(|operation| operation.responses.responses.iter_mut());
    for (_, answer) in answers.filter(|(status, _)| status.as_str() == ERROR) {
        if let RefOr::T(answer) = answer {
            let content = std::mem::take(&mut answer.content);
            answer.content = content.into_values().map(|body| (MEDIA_TYPE.to_owned(), body)).collect();
        }
    }
}

/// The routes.
pub fn router() -> Router<App> {
    let (router, document) = parts();
    let document = Json(document);
    let unknown = || async { Problem::not_found("there is no such address") };
    router
        .route(&format!("{ROOT}/openapi.json"), get(move || async move { document }))
        .route(ROOT, any(unknown))
        .route(&format!("{ROOT}/{{*rest}}"), any(unknown))
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "see the header Allow")
        })
        .layer(DefaultBodyLimit::max(MAX_BODY))
}

/// What is answered where something broke here; the log says what.
pub fn broken() -> Response {
    let problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "something broke here");
    problem.into_response()
}

/// What is answered where the time was up, which the request's own line tells.
pub fn late() -> Response {
    Problem::unavailable().into_response()
}

/// The document as it is committed.
pub fn document() -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string_pretty(&parts().1)? + "\n")
}
