//! The own account: the home page, signing in without a relying party, and changing the password by choice.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use crate::domain::secret::Secret;
use crate::flows::browser::Browser;
use crate::flows::change_password::{ChangePassword, change_password};
use crate::flows::interaction::advance::ChangePage;
use crate::flows::interaction::begin::begin_alone;
use crate::flows::password_history::{PasswordHistory, password_history};
use crate::flows::unavailable::Unavailable;
use crate::flows::visit_account::{Visitor, visit_account};
use crate::web::answer::{page, see_other, trouble, unavailable_page};
use crate::web::app::App;
use crate::web::extract::form::Form;
use crate::web::extract::visit::Visit;
use crate::web::pages::change_form::{self, Outcome};
use crate::web::pages::interaction::lead_to;
use crate::web::pages::text::Language;
use crate::web::pages::view::{self, ChangedPage, Frame, HomePage, Next, Trouble};

/// The page where the own password is changed.
pub const PASSWORD: &str = "/account/password";

/// GET `/`.
pub async fn home(State(app): State<App>, visit: Visit) -> Response {
    let language = visit.language();
    let seen = async {
        let browser = visit.browser(&app).await?;
        let Visitor::SignedIn(due) = visit_account(&app.ctx, &browser).await? else { return Ok(None) };
        let history = password_history(&app.ctx, &due.person.facts.account).await?;
        Ok(Some((due, history)))
    };
    let seen = match seen.await {
        Ok(seen) => seen,
        Err(error) => return unavailable_page(&app, language, &error),
    };
    let told = seen.as_ref().map(|(_, history)| told(&app, language, history));
    let switch = format!("/?ui_locales={}", language.other().tag());
    let view = HomePage {
        frame: Frame { language, name: &app.site.name, origin: &app.site.origin, switch: Some(&switch) },
        notice: app.site.notice(language),
        login: seen.as_ref().map(|(due, _)| due.person.login.as_str()),
        told: told.as_deref().unwrap_or_default(),
        change: PASSWORD,
        logout: "/logout",
    };
    page(StatusCode::OK, &view, &[])
}

/// What became of the password lately, a sentence each.
fn told(app: &App, language: Language, history: &PasswordHistory) -> Vec<String> {
    view::told(language, history, |at| language.date_and_time(&app.site.local(at)))
}

/// GET `/login`: signing in without a relying party ends at the account page.
pub async fn login(State(app): State<App>, visit: Visit) -> Response {
    let language = visit.language();
    let begun = async {
        let browser = visit.browser(&app).await?;
        begin(&app, visit, &browser).await
    };
    begun.await.unwrap_or_else(|error| unavailable_page(&app, language, &error))
}

/// GET `/.well-known/change-password`: a redirect, as the W3C draft asks.
pub async fn well_known_change_password() -> Response {
    see_other(PASSWORD)
}

/// GET `/account/password`.
pub async fn show(State(app): State<App>, visit: Visit) -> Response {
    let language = visit.language();
    let shown = async {
        let browser = visit.browser(&app).await?;
        match visit_account(&app.ctx, &browser).await? {
            Visitor::SignedIn(due) => Ok(form(&app, &visit, &browser, &due, &Outcome::default())),
            Visitor::Nobody => begin(&app, visit, &browser).await,
        }
    };
    shown.await.unwrap_or_else(|error| unavailable_page(&app, language, &error))
}

/// POST `/account/password`.
pub async fn change(State(app): State<App>, visit: Visit, form: Form) -> Response {
    let language = visit.language();
    submit(&app, visit, form).await.unwrap_or_else(|error| unavailable_page(&app, language, &error))
}

/// GET `/account/password/changed`: the change was made. Where none was, the page for making one.
pub async fn changed(State(app): State<App>, visit: Visit) -> Response {
    if !change_form::was_changed(&app, &visit.jar, PASSWORD) {
        return see_other(PASSWORD);
    }
    let frame =
        Frame { language: visit.language(), name: &app.site.name, origin: &app.site.origin, switch: None };
    let next = if app.ctx.settings.signs_in_after_change {
        Next::Home { href: "/" }
    } else {
        Next::SignIn { service: None, href: "/login" }
    };
    page(StatusCode::OK, &ChangedPage { frame, next }, &[])
}

async fn begin(app: &App, visit: Visit, browser: &Browser) -> Result<Response, Unavailable> {
    let begun = begin_alone(&app.ctx, browser).await?;
    Ok(lead_to(app, visit.jar, &begun))
}

async fn submit(app: &App, visit: Visit, posted: Form) -> Result<Response, Unavailable> {
    let browser = visit.browser(app).await?;
    let Visitor::SignedIn(due) = visit_account(&app.ctx, &browser).await? else {
        return Ok(see_other("/login"));
    };
    let Ok(typed) = posted.0 else {
        return Ok(trouble(app, visit.language(), Trouble::InvalidRequest, None, None));
    };
    let sent = Secret::new(typed.one("csrf").ok().flatten().unwrap_or_default().to_owned());
    if !visit.same_origin || !csrf(app, &browser).same_as(&sent) {
        return Ok(trouble(app, visit.language(), Trouble::CrossSite, None, None));
    }
    match change_password(&app.ctx, &browser, &due.person.facts.account, change_form::read(&typed)).await? {
        ChangePassword::Changed { session, known } => {
            let jar = change_form::keep(app, visit.jar, session, &known, PASSWORD);
            Ok((jar, see_other("/account/password/changed")).into_response())
        }
        ChangePassword::Ended => Ok(see_other("/login")),
        ChangePassword::Invalid(problems) => {
            Ok(form(app, &visit, &browser, &due, &Outcome::invalid(problems)))
        }
        ChangePassword::Throttled { until } => {
            Ok(form(app, &visit, &browser, &due, &Outcome::throttled(until)))
        }
    }
}

fn form(app: &App, visit: &Visit, browser: &Browser, due: &ChangePage, outcome: &Outcome) -> Response {
    let language = visit.language();
    let switch = format!("{PASSWORD}?ui_locales={}", language.other().tag());
    let csrf = csrf(app, browser);
    let place = change_form::Place {
        frame: Frame { language, name: &app.site.name, origin: &app.site.origin, switch: Some(&switch) },
        action: PASSWORD,
        csrf: csrf.expose(),
        cancel: None,
        service: None,
    };
    change_form::render(app, place, due, outcome, &[])
}

/// Bound to the session: its id alone, which relying parties know, does not make one.
fn csrf(app: &App, browser: &Browser) -> Secret {
    let sid = browser.session.as_ref().map_or("", |session| session.sid.as_str());
    Secret::new(app.ctx.secrets.tag("session form", &[sid]))
}
