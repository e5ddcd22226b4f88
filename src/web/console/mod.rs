//! The console: pages for operators. What may be done is decided by flows; here it is asked and shown.

pub(in crate::web) mod acts;
pub mod audit;
pub(in crate::web) mod audit_view;
mod curve;
pub mod factor;
pub mod home;
mod names;
pub mod new_order;
pub mod order_report;
pub(in crate::web) mod order_view;
pub mod orders;
pub mod people;
pub mod person;
pub mod places;
mod progress_view;
pub mod roles;
pub mod selection;
pub mod sign_in;
pub mod slips;
pub(in crate::web) mod view;

use axum::response::Response;
use axum_extra::extract::cookie::CookieJar;
use serde::de::DeserializeOwned;
use url::form_urlencoded::Serializer;

use crate::domain::jurisdiction::{Permission, allowing};
use crate::domain::secret::Secret;
use crate::flows::actor::{Actor, is_usable_reason};
use crate::flows::console::destination::Destination;
use crate::flows::console::{AtDesk, Entry, Visitor, enter};
use crate::flows::unavailable::Unavailable;
use crate::oidc::parameters::Parameters;
use crate::store::db::DbError;
use crate::web::answer::{page, see_other, trouble, unavailable_page};
use crate::web::api::cursor;
use crate::web::app::App;
use crate::web::extract::cookies::{Name, read, set};
use crate::web::extract::form::Form;
use crate::web::extract::visit::Visit;
use crate::web::pages::text::Language;
use crate::web::pages::view::{Frame, Trouble};
use view::{Desk, WithoutRolePage};

/// The first page.
pub const HOME: &str = "/console";

/// Where people are looked for.
pub const PEOPLE: &str = "/console/people";

/// Where a second factor is shown, or enrolled.
pub const FACTOR: &str = "/console/factor";

/// Somebody's visit to the console.
pub(in crate::web) struct Room<'a> {
    app: &'a App,
    visit: Visit,
    language: Language,
    /// Where a sign-in or a second factor that comes between leads back to; none for the first page.
    here: Option<Destination>,
    is_form: bool,
}

/// Why somebody does not get what was asked for.
enum Elsewhere {
    /// This is due instead.
    Due(Box<Response>),
    /// It cannot be answered now.
    Unavailable(Unavailable),
}

/// Whether a role lets somebody do it somewhere.
fn visitor_may(visitor: &Visitor, permission: Permission) -> bool {
    allowing(&visitor.roles, permission).next().is_some()
}

/// A number that somebody typed to confirm, its thousands apart or not; none where it is no number.
fn typed_number(form: &Parameters, name: &'static str) -> Option<u64> {
    form.one(name).ok()??.replace([' ', '\u{a0}', '\u{202f}'], "").parse().ok()
}

impl From<Response> for Elsewhere {
    fn from(due: Response) -> Self {
        Self::Due(Box::new(due))
    }
}

impl From<Unavailable> for Elsewhere {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error)
    }
}

impl From<DbError> for Elsewhere {
    fn from(error: DbError) -> Self {
        Self::Unavailable(error.into())
    }
}

/// What a page comes to.
type Answer = Result<Response, Elsewhere>;

impl<'a> Room<'a> {
    /// Somebody who asks for a page.
    fn new(app: &'a App, visit: Visit) -> Self {
        let here = Destination::parse(&visit.address);
        Self { app, language: visit.language(), visit, here, is_form: false }
    }

    /// Somebody who sends a form that is on the page there. What is sent while nobody is signed in is not done later by itself:
    /// they come back to the form.
    fn of_form(app: &'a App, visit: Visit, path: &str, query: &[(&str, &str)]) -> Self {
        let mut room = Self { app, language: visit.language(), visit, here: None, is_form: true };
        room.here = Destination::parse(&room.address(path, query));
        room
    }

    fn cookie(&self) -> Option<Secret> {
        read(&self.visit.jar, &self.app.site, Name::Console)
    }

    async fn entry(&self) -> Result<Entry, Unavailable> {
        enter(&self.app.ctx, self.cookie().as_ref()).await
    }

    /// An operator who has shown a second factor. Everybody else is sent for what is missing.
    async fn operator(&self) -> Result<Box<AtDesk>, Elsewhere> {
        match self.entry().await? {
            Entry::In(desk) => Ok(desk),
            Entry::WithoutFactor(visitor) => {
                visitor.want(&self.app.ctx, self.here.as_ref()).await?;
                Err(self.go(FACTOR).into())
            }
            Entry::WithoutRole(login) => Err(self.without_role(&login).into()),
            Entry::Nobody => Err(self.sign_in().await?.into()),
        }
    }

    /// Somebody with a role, with or without a second factor.
    async fn visitor(&self) -> Result<Visitor, Elsewhere> {
        match self.entry().await? {
            Entry::In(desk) => Ok(desk.visitor),
            Entry::WithoutFactor(visitor) => Ok(*visitor),
            Entry::WithoutRole(login) => Err(self.without_role(&login).into()),
            Entry::Nobody => Err(self.sign_in().await?.into()),
        }
    }

    /// Off to the sign-in; but not because a page of somebody else sent a form: with it no cookie came, and a sign-in would take
    /// the place of the session that is there.
    async fn sign_in(&self) -> Answer {
        if self.is_form && !self.visit.same_origin {
            return Ok(self.trouble(Trouble::CrossSite));
        }
        Ok(sign_in::begin(self.app, &self.visit, self.here.as_ref()).await?)
    }

    /// The form of one of our own pages, made for this visitor.
    fn form(&self, visitor: &Visitor, form: Form) -> Result<Parameters, Elsewhere> {
        let Ok(form) = form.0 else { return Err(self.trouble(Trouble::InvalidRequest).into()) };
        let sent = Secret::new(form.one("csrf").ok().flatten().unwrap_or_default().to_owned());
        if !self.visit.same_origin || !visitor.csrf(&self.app.ctx).same_as(&sent) {
            return Err(self.trouble(Trouble::CrossSite).into());
        }
        Ok(form)
    }

    /// An operator, and the form that they sent.
    async fn posted(&self, form: Form) -> Result<(Box<AtDesk>, Parameters), Elsewhere> {
        let desk = self.operator().await?;
        let form = self.form(&desk.visitor, form)?;
        // Every field for a reason takes as much and no more.
        if form.one("reason").is_ok_and(|reason| reason.is_some_and(|reason| !is_usable_reason(reason))) {
            return Err(self.trouble(Trouble::InvalidRequest).into());
        }
        Ok((desk, form))
    }

    /// Behind what a page begins. A cursor is good for the operator and the question that it was given for; any other is refused.
    fn position<T: DeserializeOwned>(
        &self,
        actor: &Actor,
        question: &str,
        cursor: Option<&str>,
    ) -> Result<Option<T>, Elsewhere> {
        let refused = |_| self.trouble(Trouble::InvalidRequest).into();
        cursor::read(&self.app.ctx, actor, question, cursor).map_err(refused)
    }

    /// What is sent.
    fn end(&self, answer: Answer) -> Response {
        answer.unwrap_or_else(|elsewhere| match elsewhere {
            Elsewhere::Due(due) => *due,
            Elsewhere::Unavailable(error) => unavailable_page(self.app, self.language, &error),
        })
    }

    fn trouble(&self, what: Trouble) -> Response {
        trouble(self.app, self.language, what, None, None)
    }

    /// On to a page of the console, in the language that was chosen.
    fn go(&self, path: &str) -> Response {
        see_other(&format!("{path}{}", self.suffix()))
    }

    /// On to where somebody was going.
    fn back(&self, wanted: Option<&Destination>) -> Response {
        see_other(&self.way_back(wanted))
    }

    /// Its address. A language that was chosen meanwhile takes the place of the one that was chosen there.
    fn way_back(&self, wanted: Option<&Destination>) -> String {
        let Some(wanted) = wanted else { return format!("{HOME}{}", self.suffix()) };
        if self.visit.spoken.asked().is_none() {
            return wanted.as_str().to_owned();
        }
        let (path, query) = wanted.as_str().split_once('?').unwrap_or((wanted.as_str(), ""));
        let kept = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("ui_locales="));
        let chosen = format!("ui_locales={}", self.language.tag());
        let query: Vec<_> = kept.chain([chosen.as_str()]).collect();
        format!("{path}?{}", query.join("&"))
    }

    /// A page of the console with a query, in the language that was chosen.
    fn address(&self, path: &str, query: &[(&str, &str)]) -> String {
        let mut pairs = Serializer::new(String::new());
        pairs.extend_pairs(query);
        if self.visit.spoken.asked().is_some() && !query.iter().any(|(name, _)| *name == "ui_locales") {
            pairs.append_pair("ui_locales", self.language.tag());
        }
        let query = pairs.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    fn suffix(&self) -> String {
        self.visit.spoken.asked().map(|_| format!("?ui_locales={}", self.language.tag())).unwrap_or_default()
    }

    /// The session goes on under this cookie.
    fn keep(&self, cookie: &Secret) -> CookieJar {
        set(self.visit.jar.clone(), &self.app.site, Name::Console, cookie.expose())
    }

    /// What surrounds a page. `switch` is for pages that a GET shows again.
    fn frame<'b>(&'b self, switch: Option<&'b str>) -> Frame<'b> {
        Frame { language: self.language, name: &self.app.site.name, origin: &self.app.site.origin, switch }
    }

    fn switch(&self) -> String {
        format!("{}?ui_locales={}", self.visit.path, self.language.other().tag())
    }

    fn desk(&self, visitor: &Visitor) -> Desk {
        Desk {
            name: visitor.person.full_name(),
            csrf: visitor.csrf(&self.app.ctx),
            suffix: self.suffix(),
            is_in: visitor.session.factor_at.is_some(),
            reads_audit: visitor_may(visitor, Permission::ReadAudit),
            writes_orders: visitor_may(visitor, Permission::IssueOrder),
        }
    }

    fn without_role(&self, login: &str) -> Response {
        let switch = self.switch();
        let view = WithoutRolePage { frame: self.frame(Some(&switch)), login };
        page(http::StatusCode::FORBIDDEN, &view, &[])
    }
}
