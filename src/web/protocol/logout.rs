//! Signing out: by the person, or because a relying party asks (OpenID Connect RP-Initiated Logout 1.0).

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use crate::domain::client::Client;
use crate::domain::secret::Secret;
use crate::domain::session::Session;
use crate::flows::browser::Browser;
use crate::flows::context::Unavailable;
use crate::flows::sign_out::{SignOut, sign_out, who_signs_out};
use crate::oidc::end_session::{LogoutError, LogoutRequest};
use crate::oidc::parameters::{ParameterError, Parameters};
use crate::web::answer::{page, see_other, trouble, unavailable_page};
use crate::web::app::App;
use crate::web::extract::cookies::{Name, unset};
use crate::web::extract::form::{Form, Query};
use crate::web::extract::visit::Visit;
use crate::web::pages::text::Language;
use crate::web::pages::view::{Frame, Link, LoggedOutPage, LogoutPage, Trouble};

/// GET `/logout`.
pub async fn get(State(app): State<App>, visit: Visit, query: Query) -> Response {
    begin(&app, visit, query.0).await
}

/// POST `/logout`: the same request from another site's form, which comes without cookies, so that it is sent round.
pub async fn post(State(app): State<App>, visit: Visit, form: Form) -> Response {
    if visit.same_origin {
        return begin(&app, visit, form.0).await;
    }
    match form.0.and_then(|form| {
        LogoutRequest::read(&form).map(|request| request.query()).map_err(|_| ParameterError::NotUtf8)
    }) {
        Ok(query) => see_other(&format!("/logout?{query}")),
        Err(error) => bad_request(&app, visit.language(), &error.into()),
    }
}

/// POST `/logout/confirm`: the person said yes.
pub async fn confirm(State(app): State<App>, visit: Visit, form: Form) -> Response {
    let language = visit.language();
    let Ok(form) = form.0 else { return trouble(&app, language, Trouble::InvalidRequest, None, None) };
    let browser = match visit.browser(&app).await {
        Ok(browser) => browser,
        Err(error) => return unavailable_page(&app, language, &error),
    };
    let typed = Secret::new(form.one("csrf").ok().flatten().unwrap_or_default().to_owned());
    let ours = browser.session.as_ref().is_none_or(|session| csrf(&app, session).same_as(&typed));
    if !visit.same_origin || !ours {
        return trouble(&app, language, Trouble::CrossSite, None, None);
    }
    let request = match LogoutRequest::read(&form) {
        Ok(request) => request,
        Err(error) => return bad_request(&app, language, &error),
    };
    match who_signs_out(&app.ctx, &browser, &request).await {
        Ok(Ok(SignOut { client, return_to, .. })) => {
            end(&app, visit, &browser, client.as_ref(), return_to).await
        }
        Ok(Err(error)) => bad_request(&app, language, &error),
        Err(error) => unavailable_page(&app, language, &error),
    }
}

async fn begin(app: &App, visit: Visit, parameters: Result<Parameters, ParameterError>) -> Response {
    let language = visit.language();
    let request = match parameters.map_err(LogoutError::from).and_then(|read| LogoutRequest::read(&read)) {
        Ok(request) => request,
        Err(error) => return bad_request(app, language, &error),
    };
    let language = visit.spoken.language(&request.ui_locales);
    match decide(app, visit, language, &request).await {
        Ok(response) => response,
        Err(error) => unavailable_page(app, language, &error),
    }
}

async fn decide(
    app: &App,
    visit: Visit,
    language: Language,
    request: &LogoutRequest,
) -> Result<Response, Unavailable> {
    let browser = visit.browser(app).await?;
    match who_signs_out(&app.ctx, &browser, request).await? {
        // Also on a request that is no good, whoever wants to sign out can.
        Err(error) => match &browser.session {
            Some(session) => Ok(ask(app, language, session, "", None, &[])),
            None => Ok(bad_request(app, language, &error)),
        },
        Ok(SignOut { login: Some(login), confirmed: false, client, .. }) => {
            let hidden = request.members();
            let hidden: Vec<_> = hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let service = client.as_ref().map(|client| client.name.as_str());
            Ok(match &browser.session {
                Some(session) => ask(app, language, session, &login, service, &hidden),
                None => end(app, visit, &browser, client.as_ref(), None).await,
            })
        }
        Ok(SignOut { client, return_to, .. }) => {
            Ok(end(app, visit, &browser, client.as_ref(), return_to).await)
        }
    }
}

fn ask(
    app: &App,
    language: Language,
    session: &Session,
    login: &str,
    service: Option<&str>,
    hidden: &[(&str, &str)],
) -> Response {
    let csrf = csrf(app, session);
    let view = LogoutPage {
        frame: frame(app, language),
        action: "/logout/confirm",
        csrf: csrf.expose(),
        hidden,
        login,
        service,
        stay: "/",
    };
    page(StatusCode::OK, &view, &[])
}

async fn end(
    app: &App,
    visit: Visit,
    browser: &Browser,
    client: Option<&Client>,
    return_to: Option<String>,
) -> Response {
    let language = visit.language();
    if let Err(error) = sign_out(&app.ctx, browser).await {
        return unavailable_page(app, language, &error);
    }
    let jar = unset(visit.jar, &app.site, Name::Session);
    let jar = unset(jar, &app.site, Name::Pending);
    if let Some(location) = return_to {
        return (jar, see_other(&location)).into_response();
    }
    let back =
        client.and_then(|client| Some(Link { name: &client.name, href: client.client_uri.as_deref()? }));
    (jar, page(StatusCode::OK, &LoggedOutPage { frame: frame(app, language), back }, &[])).into_response()
}

fn bad_request(app: &App, language: Language, error: &LogoutError) -> Response {
    trouble(app, language, Trouble::InvalidRequest, None, Some(&error.to_string()))
}

fn frame(app: &App, language: Language) -> Frame<'_> {
    Frame { language, name: &app.site.name, origin: &app.site.origin, switch: None }
}

fn csrf(app: &App, session: &Session) -> Secret {
    Secret::new(app.ctx.secrets.tag("session form", &[&session.sid]))
}
