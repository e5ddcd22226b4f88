//! The pages behind the `error_uri` of the signal: documentation for whoever runs a relying party.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::web::answer::page;
use crate::web::app::App;
use crate::web::extract::visit::Visit;
use crate::web::pages::view::{DeveloperPage, Frame, Signal};

/// GET `/errors/password_change_required`.
pub async fn required(State(app): State<App>, visit: Visit) -> Response {
    show(&app, &visit, Signal::Required)
}

/// GET `/errors/password_change_declined`.
pub async fn declined(State(app): State<App>, visit: Visit) -> Response {
    show(&app, &visit, Signal::Declined)
}

fn show(app: &App, visit: &Visit, signal: Signal) -> Response {
    let language = visit.language();
    let switch = format!("{}?ui_locales={}", visit.path, language.other().tag());
    let frame = Frame { language, name: &app.site.name, origin: &app.site.origin, switch: Some(&switch) };
    let view = DeveloperPage { frame, signal, issuer: &app.ctx.settings.issuer };
    page(StatusCode::OK, &view, &[])
}
