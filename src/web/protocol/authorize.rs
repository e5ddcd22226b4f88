//! The authorization endpoint.

use axum::extract::State;
use axum::response::Response;

use crate::flows::interaction::begin::{Arrival, Received, receive};
use crate::oidc::authorize::PageError;
use crate::oidc::parameters::{ParameterError, Parameters};
use crate::web::answer::{see_other, trouble, unavailable_page};
use crate::web::app::App;
use crate::web::extract::form::{Form, Query};
use crate::web::extract::visit::Visit;
use crate::web::pages::interaction::lead_to;
use crate::web::pages::view::Trouble;

/// GET `/authorize`.
pub async fn get(State(app): State<App>, visit: Visit, query: Query) -> Response {
    answer(&app, visit, query.0, Arrival::Get).await
}

/// POST `/authorize`: the same request from a form (OpenID Connect Core section 3.1.2.1).
pub async fn post(State(app): State<App>, visit: Visit, form: Form) -> Response {
    answer(&app, visit, form.0, Arrival::Post).await
}

async fn answer(
    app: &App,
    visit: Visit,
    parameters: Result<Parameters, ParameterError>,
    arrival: Arrival,
) -> Response {
    let language = visit.language();
    let parameters = match parameters {
        Ok(parameters) => parameters,
        Err(error) => return refused(app, &visit, &PageError::Malformed(error)),
    };
    let browser = match visit.browser(app).await {
        Ok(browser) => browser,
        Err(error) => return unavailable_page(app, language, &error),
    };
    match receive(&app.ctx, &parameters, &browser, arrival).await {
        Ok(Received::Answered(answer)) => see_other(answer.location()),
        Ok(Received::Begun(begun)) => lead_to(app, visit.jar, &begun),
        Ok(Received::Refused(error)) => refused(app, &visit, &error),
        Err(error) => unavailable_page(app, language, &error),
    }
}

/// Nothing in the request can be trusted, so nobody is redirected anywhere.
fn refused(app: &App, visit: &Visit, error: &PageError) -> Response {
    let kind = match error {
        PageError::ClientUnknown | PageError::RedirectUriNotRegistered => Trouble::UnknownService,
        PageError::ClientIdMissing | PageError::Malformed(_) | PageError::RedirectUriMissing => {
            Trouble::InvalidRequest
        }
    };
    trouble(app, visit.language(), kind, None, Some(&error.to_string()))
}
