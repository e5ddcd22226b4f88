//! The pages of an interaction: sign in, change the password, give up, and on.

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::cookie::CookieJar;
use http::StatusCode;

use crate::domain::client::Client;
use crate::domain::secret::Secret;
use crate::flows::browser::Browser;
use crate::flows::change_password::{ChangePassword, change_password};
use crate::flows::interaction::advance::{ChangePage, Next, Ready, advance};
use crate::flows::interaction::cancel;
use crate::flows::interaction::finish::{Answer, finish, notify};
use crate::flows::interaction::{Begun, Interaction, Lost, Opened};
use crate::flows::log_in::{Credentials, LogIn, log_in};
use crate::flows::unavailable::Unavailable;
use crate::oidc::authorize::Refusal as RequestRefusal;
use crate::oidc::authorize_response::RedirectAnswer;
use crate::oidc::parameters::Parameters;
use crate::web::answer::{page, see_other, trouble, unavailable_page};
use crate::web::app::App;
use crate::web::extract::cookies::{KNOWN_FOR, Name, read, set, set_for, unset};
use crate::web::extract::form::Form;
use crate::web::extract::visit::Visit;
use crate::web::pages::change_form::{self, Outcome};
use crate::web::pages::text::Language;
use crate::web::pages::view::{ChangedPage, Frame, Link, LoginPage, Next as After, Refusal, Trouble};

/// Where the pages of an interaction are.
struct Room<'a> {
    app: &'a App,
    visit: Visit,
    language: Language,
    opened: Opened,
}

/// GET `/interaction/{uid}`: shows the page that is due, or goes on.
pub async fn show(State(app): State<App>, Path(uid): Path<String>, visit: Visit) -> Response {
    let room = match Room::enter(&app, &uid, visit).await {
        Ok(room) => room,
        Err(response) => return response,
    };
    room.show(None).await.unwrap_or_else(|error| unavailable_page(&app, room.language, &error))
}

/// POST `/interaction/{uid}/login`.
pub async fn sign_in(State(app): State<App>, Path(uid): Path<String>, visit: Visit, form: Form) -> Response {
    let (room, form) = match Room::enter_by_form(&app, &uid, visit, form).await {
        Ok(entered) => entered,
        Err(response) => return response,
    };
    let language = room.language;
    room.sign_in(&form).await.unwrap_or_else(|error| unavailable_page(&app, language, &error))
}

/// POST `/interaction/{uid}/password`.
pub async fn change(State(app): State<App>, Path(uid): Path<String>, visit: Visit, form: Form) -> Response {
    let (room, form) = match Room::enter_by_form(&app, &uid, visit, form).await {
        Ok(entered) => entered,
        Err(response) => return response,
    };
    let language = room.language;
    room.change(&form).await.unwrap_or_else(|error| unavailable_page(&app, language, &error))
}

/// POST `/interaction/{uid}/cancel`.
pub async fn give_up(State(app): State<App>, Path(uid): Path<String>, visit: Visit, form: Form) -> Response {
    let (room, _) = match Room::enter_by_form(&app, &uid, visit, form).await {
        Ok(entered) => entered,
        Err(response) => return response,
    };
    let language = room.language;
    room.give_up().await.unwrap_or_else(|error| unavailable_page(&app, language, &error))
}

/// GET `/interaction/{uid}/changed`: the change was made; one link on. Where none was, whatever is due.
pub async fn changed(State(app): State<App>, Path(uid): Path<String>, visit: Visit) -> Response {
    let room = match Room::enter(&app, &uid, visit).await {
        Ok(room) => room,
        Err(response) => return response,
    };
    if !change_form::was_changed(&app, &room.visit.jar, &uid) {
        return see_other(&room.link(""));
    }
    let on = room.link("/resume");
    let service = room.client_name();
    let next = match (&room.opened.client, app.ctx.settings.signs_in_after_change) {
        (Some(client), true) => After::Service(Link { name: &client.name, href: &on }),
        (_, false) => After::SignIn { service, href: &on },
        (None, true) => After::Home { href: "/" },
    };
    page(StatusCode::OK, &ChangedPage { frame: room.frame(None), next }, &room.origins())
}

/// GET `/interaction/{uid}/resume`: asks all checks again and answers the relying party.
pub async fn resume(State(app): State<App>, Path(uid): Path<String>, visit: Visit) -> Response {
    let room = match Room::enter(&app, &uid, visit).await {
        Ok(room) => room,
        Err(response) => return response,
    };
    let language = room.language;
    room.resume().await.unwrap_or_else(|error| unavailable_page(&app, language, &error))
}

/// On to a new interaction, with the cookie that binds it to its browser, for as long as it may take: each tab that is
/// closed half-way leaves one.
pub fn lead_to(app: &App, jar: CookieJar, begun: &Begun) -> Response {
    let uid = &begun.interaction.uid;
    let lifetime = app.ctx.settings.interaction;
    let jar = set_for(jar, &app.site, Name::Interaction(uid), begun.cookie.expose(), lifetime);
    (jar, see_other(&format!("/interaction/{uid}"))).into_response()
}

impl<'a> Room<'a> {
    async fn enter(app: &'a App, uid: &str, visit: Visit) -> Result<Self, Response> {
        let cookie = read(&visit.jar, &app.site, Name::Interaction(uid));
        match Interaction::open(&app.ctx, uid, cookie.as_ref()).await {
            Ok(Ok(opened)) => {
                let locales =
                    opened.interaction.request.as_ref().map_or(&[][..], |request| &request.ui_locales);
                let language = visit.spoken.language(locales);
                Ok(Self { app, visit, language, opened })
            }
            // A browser that sends no cookie at all keeps none: starting again would not help.
            Ok(Err(_)) if visit.jar.iter().next().is_none() => {
                Err(trouble(app, visit.language(), Trouble::CookieMissing, None, None))
            }
            Ok(Err(lost)) => Err(lost_page(app, visit.language(), &lost)),
            Err(error) => Err(unavailable_page(app, visit.language(), &error)),
        }
    }

    /// Enters by one of our own forms: the browser says so, and the form carries the value that only the interaction's
    /// pages had, which the change page follows by its own.
    async fn enter_by_form(
        app: &'a App,
        uid: &str,
        visit: Visit,
        form: Form,
    ) -> Result<(Self, Parameters), Response> {
        if !visit.same_origin {
            return Err(trouble(app, visit.language(), Trouble::CrossSite, None, None));
        }
        let room = Self::enter(app, uid, visit).await?;
        let Ok(form) = form.0 else {
            return Err(trouble(app, room.language, Trouble::InvalidRequest, None, None));
        };
        let sent = sent_csrf(&form);
        let of_interaction = sent.expose().split('.').next().unwrap_or_default();
        if !Secret::new(of_interaction.to_owned()).same_as(&room.csrf()) {
            return Err(trouble(app, room.language, Trouble::CrossSite, None, None));
        }
        Ok((room, form))
    }

    async fn show(&self, refusal: Option<Refusal<'_>>) -> Result<Response, Unavailable> {
        let browser = self.visit.browser(self.app).await?;
        match advance(&self.app.ctx, &self.opened, &browser).await? {
            Next::LogIn => Ok(self.login_page("", refusal)),
            Next::Change(change) => Ok(self.change_page(&change, &Outcome::default())),
            Next::Finish(_) | Next::Error(_) | Next::Notify => Ok(see_other(&self.link("/resume"))),
        }
    }

    async fn sign_in(self, form: &Parameters) -> Result<Response, Unavailable> {
        let browser = self.visit.browser(self.app).await?;
        let field = |name| form.one(name).ok().flatten().unwrap_or_default().to_owned();
        let login = field("login");
        let typed = Credentials { login: login.clone(), password: Secret::new(field("password")) };
        let ctx = &self.app.ctx;
        let on = self.link("");
        match log_in(ctx, &browser, typed).await? {
            LogIn::SignedIn { cookie, known, .. } => {
                let jar = set(self.visit.jar, &self.app.site, Name::Session, cookie.expose());
                let jar = unset(jar, &self.app.site, Name::Pending);
                let jar = set_for(jar, &self.app.site, Name::Known, &known, KNOWN_FOR);
                Ok((jar, see_other(&on)).into_response())
            }
            LogIn::MustChange { cookie, .. } => {
                let jar = set(self.visit.jar, &self.app.site, Name::Pending, cookie.expose());
                let jar = unset(jar, &self.app.site, Name::Session);
                Ok((jar, see_other(&on)).into_response())
            }
            LogIn::Refused => Ok(self.login_page(&login, Some(Refusal::Incorrect))),
            LogIn::Throttled { until } => {
                let clock = self.language.time(&self.app.site.local(until));
                let retry = change_form::retry(ctx.clock.now(), until, &clock);
                Ok(self.login_page(&login, Some(Refusal::Throttled(retry))))
            }
        }
    }

    async fn change(self, form: &Parameters) -> Result<Response, Unavailable> {
        let browser = self.visit.browser(self.app).await?;
        let ctx = &self.app.ctx;
        let Next::Change(due) = advance(ctx, &self.opened, &browser).await? else {
            return Ok(see_other(&self.link("")));
        };
        let account = &due.person.facts.account;
        if !sent_csrf(form).same_as(&self.opened.interaction.csrf_for(ctx, account)) {
            // The form was shown for whoever was at this browser before, in another tab.
            return Ok(see_other(&self.link("")));
        }
        match change_password(ctx, &browser, account, change_form::read(form)).await? {
            ChangePassword::Changed { session, known } => {
                let on = self.link("/changed");
                let jar = change_form::keep(
                    self.app,
                    self.visit.jar,
                    session,
                    &known,
                    &self.opened.interaction.uid,
                );
                Ok((jar, see_other(&on)).into_response())
            }
            ChangePassword::Ended => Ok(see_other(&self.link(""))),
            ChangePassword::Invalid(problems) => Ok(self.change_page(&due, &Outcome::invalid(problems))),
            ChangePassword::Throttled { until } => Ok(self.change_page(&due, &Outcome::throttled(until))),
        }
    }

    async fn give_up(self) -> Result<Response, Unavailable> {
        let browser = self.visit.browser(self.app).await?;
        let answer = cancel::cancel(&self.app.ctx, &self.opened, &browser).await?;
        Ok(self.leave(answer))
    }

    async fn resume(self) -> Result<Response, Unavailable> {
        let browser = self.visit.browser(self.app).await?;
        let ctx = &self.app.ctx;
        match advance(ctx, &self.opened, &browser).await? {
            Next::LogIn | Next::Change(_) => Ok(see_other(&self.link(""))),
            Next::Notify => {
                let answer = notify(ctx, &self.opened, &browser).await?;
                Ok(self.leave(answer))
            }
            Next::Error(error) => {
                let answer = if self.opened.interaction.take(ctx).await? {
                    self.opened.answer_error(ctx, &error)
                } else {
                    None
                };
                Ok(self.leave(answer))
            }
            Next::Finish(_) if self.opened.client.is_none() => Ok(see_other("/account/password")),
            Next::Finish(ready) => self.finish(&browser, *ready).await,
        }
    }

    async fn finish(self, browser: &Browser, ready: Ready) -> Result<Response, Unavailable> {
        match finish(&self.app.ctx, &self.opened, browser, ready).await? {
            Answer::Redirect(answer) => Ok(self.leave(Some(answer))),
            // Something changed in between, or another tab was first: all is looked at once more.
            Answer::Again => Ok(see_other(&self.link(""))),
        }
    }

    /// Back to the relying party, if there is one to go back to.
    fn leave(self, answer: Option<RedirectAnswer>) -> Response {
        let jar: CookieJar =
            unset(self.visit.jar.clone(), &self.app.site, Name::Interaction(&self.opened.interaction.uid));
        match (answer, &self.opened.client) {
            (Some(answer), _) => (jar, see_other(answer.location())).into_response(),
            (None, None) => (jar, see_other("/")).into_response(),
            (None, Some(_)) => lost_page(self.app, self.language, &Lost::Gone),
        }
    }

    fn login_page(&self, login: &str, refusal: Option<Refusal<'_>>) -> Response {
        let hint = self.opened.interaction.request.as_ref().and_then(|request| request.login_hint.as_deref());
        let csrf = self.csrf();
        let switch = self.switch();
        let cancel = self.opened.client.is_some().then(|| self.link("/cancel"));
        let page_view = LoginPage {
            frame: self.frame(Some(&switch)),
            action: &self.link("/login"),
            csrf: csrf.expose(),
            service: self.client_name(),
            notice: self.app.site.notice(self.language),
            login: if login.is_empty() { hint.unwrap_or_default() } else { login },
            refusal,
            cancel: cancel.as_deref(),
        };
        let status = match refusal {
            None => StatusCode::OK,
            Some(Refusal::Incorrect) => StatusCode::UNPROCESSABLE_ENTITY,
            Some(Refusal::Throttled(_)) => StatusCode::TOO_MANY_REQUESTS,
        };
        page(status, &page_view, &self.origins())
    }

    fn change_page(&self, due: &ChangePage, outcome: &Outcome) -> Response {
        let switch = self.switch();
        let csrf = self.opened.interaction.csrf_for(&self.app.ctx, &due.person.facts.account);
        let cancel = self.opened.client.is_some().then(|| self.link("/cancel"));
        let place = change_form::Place {
            frame: self.frame(Some(&switch)),
            action: &self.link("/password"),
            csrf: csrf.expose(),
            cancel: cancel.as_deref(),
            service: self.client_name(),
        };
        change_form::render(self.app, place, due, outcome, &self.origins())
    }

    fn frame<'b>(&'b self, switch: Option<&'b str>) -> Frame<'b> {
        Frame { language: self.language, name: &self.app.site.name, origin: &self.app.site.origin, switch }
    }

    fn csrf(&self) -> Secret {
        self.opened.interaction.csrf(&self.app.ctx)
    }

    fn client_name(&self) -> Option<&str> {
        self.opened.client.as_ref().map(|client| client.name.as_str())
    }

    /// A page of this interaction, in the language that was chosen.
    fn link(&self, page: &str) -> String {
        let path = format!("/interaction/{}{page}", self.opened.interaction.uid);
        match self.visit.spoken.asked() {
            Some(_) => format!("{path}?ui_locales={}", self.language.tag()),
            None => path,
        }
    }

    fn switch(&self) -> String {
        format!("/interaction/{}?ui_locales={}", self.opened.interaction.uid, self.language.other().tag())
    }

    fn origins(&self) -> Vec<String> {
        self.opened.client.as_ref().map(Client::origins).unwrap_or_default()
    }
}

fn sent_csrf(form: &Parameters) -> Secret {
    Secret::new(form.one("csrf").ok().flatten().unwrap_or_default().to_owned())
}

fn lost_page(app: &App, language: Language, lost: &Lost) -> Response {
    match lost {
        Lost::Gone => trouble(app, language, Trouble::Expired, None, None),
        Lost::Refused(refusal) => match refusal.as_ref() {
            RequestRefusal::Page(error) => {
                trouble(app, language, Trouble::UnknownService, None, Some(&error.to_string()))
            }
            RequestRefusal::Redirect { to, error } => {
                see_other(RedirectAnswer::error(to, error, &app.ctx.settings.issuer).location())
            }
        },
    }
}
