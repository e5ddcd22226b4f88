//! Signing out: by the person, or because a relying party asks (OpenID Connect RP-Initiated Logout 1.0).

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::cookie::CookieJar;
use http::StatusCode;
use url::Url;

use crate::domain::client::Client;
use crate::domain::secret::Secret;
use crate::domain::session::Session;
use crate::flows::browser::Browser;
use crate::flows::sign_out::{SignOut, login_of, sign_out, who_signs_out};
use crate::flows::unavailable::Unavailable;
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
    match form.0.map_err(LogoutError::from).and_then(|form| LogoutRequest::read(&form)) {
        Ok(request) => see_other(&format!("/logout?{}", request.query())),
        Err(error) => bad_request(&app, visit.language(), &error),
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
        Ok(Ok(sign_out)) => {
            let language = visit.spoken.language(&request.ui_locales);
            end(&app, visit.jar, language, &browser, sign_out).await
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
            Some(session) => {
                let login = Some(login_of(&app.ctx, session).await?);
                let alone = SignOut { login, ..SignOut::default() };
                Ok(ask(app, language, session, &alone, &[]))
            }
            None => Ok(bad_request(app, language, &error)),
        },
        Ok(sign_out) => match &browser.session {
            Some(session) if !sign_out.confirmed => {
                let hidden = request.members();
                let hidden: Vec<_> = hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
                Ok(ask(app, language, session, &sign_out, &hidden))
            }
            Some(_) | None => Ok(end(app, visit.jar, language, &browser, sign_out).await),
        },
    }
}

fn ask(
    app: &App,
    language: Language,
    session: &Session,
    sign_out: &SignOut,
    hidden: &[(&str, &str)],
) -> Response {
    let csrf = csrf(app, session);
    let view = LogoutPage {
        frame: frame(app, language),
        action: "/logout/confirm",
        csrf: csrf.expose(),
        hidden,
        login: sign_out.login.as_deref().unwrap_or_default(),
        service: sign_out.client.as_ref().map(|client| client.name.as_str()),
        stay: "/",
    };
    page(StatusCode::OK, &view, &origins(sign_out))
}

/// Where the form leads in the end: to the address that was asked for, and to where its service may send on from there.
fn origins(sign_out: &SignOut) -> Vec<String> {
    let Some(address) = &sign_out.return_to else { return Vec::new() };
    let mut origins = sign_out.client.as_ref().map(Client::origins).unwrap_or_default();
    origins.extend(Url::parse(address).map(|url| url.origin().ascii_serialization()));
    origins.sort_unstable();
    origins.dedup();
    origins
}

async fn end(app: &App, jar: CookieJar, language: Language, browser: &Browser, asked: SignOut) -> Response {
    if let Err(error) = sign_out(&app.ctx, browser).await {
        return unavailable_page(app, language, &error);
    }
    let jar = unset(jar, &app.site, Name::Session);
    let jar = unset(jar, &app.site, Name::Pending);
    if let Some(location) = asked.return_to {
        return (jar, see_other(&location)).into_response();
    }
    let client = asked.client.as_ref();
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
