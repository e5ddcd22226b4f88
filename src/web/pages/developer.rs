//! The pages behind the `error_uri` of the signal: documentation for whoever runs a relying party.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::oidc::signal;
use crate::web::answer::page;
use crate::web::app::App;
use crate::web::extract::visit::Visit;
use crate::web::pages::view::{DeveloperPage, Frame, Signal};

/// GET `/errors/password_change_required`.
pub async fn required(State(app): State<App>, visit: Visit) -> Response {
    let uri = signal::required_uri(&app.ctx.settings.issuer);
    show(&app, &visit, Signal::Required, &uri, signal::DESCRIPTION)
}

/// GET `/errors/password_change_declined`.
pub async fn declined(State(app): State<App>, visit: Visit) -> Response {
    let uri = signal::declined_uri(&app.ctx.settings.issuer);
    show(&app, &visit, Signal::Declined, &uri, signal::DECLINED_DESCRIPTION)
}

fn show(app: &App, visit: &Visit, signal: Signal, error_uri: &str, error_description: &str) -> Response {
    let language = visit.language();
    let switch = format!("{}?ui_locales={}", visit.path, language.other().tag());
    let view = DeveloperPage {
        frame: Frame { language, name: &app.site.name, origin: &app.site.origin, switch: Some(&switch) },
        signal,
        error_uri,
        error_description,
        member: (signal::INTERACTION_MEMBER, signal::INTERACTION),
    };
    page(StatusCode::OK, &view, &[])
}
