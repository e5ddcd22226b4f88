//! The change form, which stands on two pages: in an interaction, and on the account's own page.

use axum::response::Response;
use axum_extra::extract::cookie::CookieJar;
use http::StatusCode;

use crate::domain::gate::Closure;
use crate::domain::secret::Secret;
use crate::domain::session::Session;
use crate::domain::timestamp::Timestamp;
use crate::flows::change_password::{ChangeProblem, NewPassword};
use crate::flows::interaction::advance::ChangePage as Due;
use crate::oidc::parameters::Parameters;
use crate::web::answer::page;
use crate::web::app::App;
use crate::web::extract::cookies::{KNOWN_FOR, Name, read as read_cookie, set, set_for, unset};
use crate::web::pages::view::{ChangePage, Frame, Proof, Retry, Why};

/// What surrounds the form.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Where the form is posted to.
    pub action: &'a str,
    /// The value that binds it to the browser.
    pub csrf: &'a str,
    /// Where giving up is posted to.
    pub cancel: Option<&'a str>,
    /// The service the person goes to afterwards.
    pub service: Option<&'a str>,
}

/// What became of the last attempt.
#[derive(Default)]
pub struct Outcome {
    problems: Vec<ChangeProblem>,
    throttled_until: Option<Timestamp>,
}

impl Outcome {
    /// Something has to be mended.
    pub fn invalid(problems: Vec<ChangeProblem>) -> Self {
        Self { problems, throttled_until: None }
    }

    /// The current password was tried too often.
    pub fn throttled(until: Timestamp) -> Self {
        Self { problems: Vec::new(), throttled_until: Some(until) }
    }
}

/// What was typed.
pub fn read(form: &Parameters) -> NewPassword {
    let field = |name| Secret::new(form.one(name).ok().flatten().unwrap_or_default().to_owned());
    NewPassword {
        current: field("current_password"),
        new: field("new_password"),
        confirmation: field("confirmation"),
    }
}

/// The cookies after a change: the session in hand under its new id, nothing of what was before, and the mark that opens
/// the page which says so. `place` is where the form stood.
pub fn keep(
    app: &App,
    jar: CookieJar,
    session: Option<(Session, Secret)>,
    known: &str,
    place: &str,
) -> CookieJar {
    let jar = unset(jar, &app.site, Name::Pending);
    let mark = mark(app, known, place);
    let jar = set_for(jar, &app.site, Name::Changed, mark.expose(), app.ctx.settings.pending_change);
    let jar = set_for(jar, &app.site, Name::Known, known, KNOWN_FOR);
    match session {
        Some((_, cookie)) => set(jar, &app.site, Name::Session, cookie.expose()),
        None => unset(jar, &app.site, Name::Session),
    }
}

/// Whether the password was just changed from this browser, by the form of this place.
pub fn was_changed(app: &App, jar: &CookieJar, place: &str) -> bool {
    let cookie = |name| read_cookie(jar, &app.site, name);
    let (Some(known), Some(sent)) = (cookie(Name::Known), cookie(Name::Changed)) else { return false };
    mark(app, known.expose(), place).same_as(&sent)
}

/// Bound to what the same answer made of the browser, so that it is nobody else's and ends with the next sign-in.
fn mark(app: &App, known: &str, place: &str) -> Secret {
    Secret::new(app.ctx.secrets.tag("changed page", &[known, place]))
}

/// When an attempt is allowed again, in whole minutes and as a clock time.
pub fn retry(now: Timestamp, until: Timestamp, clock: &str) -> Retry<'_> {
    let minutes = until.since(now).as_secs().div_ceil(60).max(1);
    Retry { minutes: u32::try_from(minutes).unwrap_or(u32::MAX), clock }
}

/// The page.
pub fn render(app: &App, place: Place<'_>, due: &Due, outcome: &Outcome, origins: &[String]) -> Response {
    let language = place.frame.language;
    let now = app.ctx.clock.now();
    let clock = outcome.throttled_until.map(|until| language.time(&app.site.local(until)));
    let throttled =
        outcome.throttled_until.zip(clock.as_deref()).map(|(until, clock)| retry(now, until, clock));
    let on = due.ordered_by.as_ref().and_then(|ordered| ordered.since);
    let on = on.map(|since| language.date(&app.site.local(since)));
    let minutes = due.until.since(now).as_secs() / 60;
    let view = ChangePage {
        frame: place.frame,
        action: place.action,
        csrf: place.csrf,
        cancel: place.cancel,
        login: &due.person.login,
        service: place.service,
        why: why(due, on.as_deref()),
        proof: if due.by_code { Proof::Code } else { Proof::Password },
        rules: &app.ctx.settings.password_rules,
        problems: &outcome.problems,
        throttled,
        minutes: u32::try_from(minutes).ok(),
    };
    let status = match (&outcome.throttled_until, outcome.problems.is_empty()) {
        (Some(_), _) => StatusCode::TOO_MANY_REQUESTS,
        (None, false) => StatusCode::UNPROCESSABLE_ENTITY,
        (None, true) => StatusCode::OK,
    };
    page(status, &view, origins)
}

fn why<'a>(due: &'a Due, on: Option<&'a str>) -> Why<'a> {
    match (&due.closure, &due.ordered_by) {
        (Some(Closure::Ordered { .. }), Some(by)) => Why::Ordered { by, on },
        // A disabled account has no page; should it have been disabled just now, the form will say that it ended.
        (Some(Closure::Ordered { .. } | Closure::Individual { .. } | Closure::Disabled), _) => {
            Why::Individual
        }
        (Some(Closure::NotActivated), _) => Why::NotActivated,
        (Some(Closure::Compromised), _) => Why::Compromised,
        (Some(Closure::RulesTightened), _) => Why::RulesTightened,
        (Some(Closure::Expired), _) => Why::Expired,
        (None, _) => Why::Voluntary,
    }
}
