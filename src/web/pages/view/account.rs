use askama::Template;

use super::change::authority;
use super::{Frame, Link};
use crate::domain::timestamp::Timestamp;
use crate::flows::password_history::{PasswordHistory, Reset};
use crate::web::pages::text::Language;

/// The provider's own first page: where one is, and the way to change a password.
#[derive(Template)]
#[template(path = "home.html")]
pub struct HomePage<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// What the deployment tells everyone, in the page's language.
    pub notice: Option<&'a str>,
    /// The login of the person signed in here, if someone is.
    pub login: Option<&'a str>,
    /// What became of the password lately.
    pub told: &'a [String],
    /// The page to change a password.
    pub change: &'a str,
    /// The page to sign out.
    pub logout: &'a str,
}

/// What asks whether to sign out, for a request that does not prove whose session it means (`OpenID` Connect
/// RP-Initiated Logout 1.0 section 2).
#[derive(Template)]
#[template(path = "logout.html")]
pub struct LogoutPage<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Where the answer is posted to.
    pub action: &'a str,
    /// The value that binds the form to the browser's session.
    pub csrf: &'a str,
    /// Further names and values the form carries, such as those of the request it answers.
    pub hidden: &'a [(&'a str, &'a str)],
    /// The login of the person signed in here.
    pub login: &'a str,
    /// The service that asked, if one did.
    pub service: Option<&'a str>,
    /// Where to go to stay signed in.
    pub stay: &'a str,
}

/// What says that nobody is signed in any more.
#[derive(Template)]
#[template(path = "logged_out.html")]
pub struct LoggedOutPage<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// A registered address of the service that asked, if one did.
    pub back: Option<Link<'a>>,
}

/// What became of a password lately, a sentence each; `written` is how an instant is written.
pub fn told(
    language: Language,
    history: &PasswordHistory,
    written: impl Fn(Timestamp) -> String,
) -> Vec<String> {
    let chosen = history.chosen_at.map(|at| language.text_with("history-changed", &[("at", written(at))]));
    let reset = history.reset.as_ref().and_then(|reset| match reset {
        Reset::Ordered(by) => {
            let (authority, at) = (authority(by, language), written(by.since?));
            Some(language.text_with("history-ordered", &[("authority", authority), ("at", at)]))
        }
        Reset::Individual { at } => Some(language.text_with("history-individual", &[("at", written(*at))])),
    });
    chosen.into_iter().chain(reset).collect()
}

impl HomePage<'_> {
    fn signed_in(&self, login: &str) -> String {
        self.frame.language.text_with("signed-in-as", &[("login", login)])
    }
}

impl LogoutPage<'_> {
    fn question(&self) -> String {
        let language = self.frame.language;
        match self.service {
            Some(service) => {
                language.text_with("logout-asked-by", &[("service", service), ("login", self.login)])
            }
            None => language.text_with("logout-question", &[("login", self.login)]),
        }
    }
}

impl LoggedOutPage<'_> {
    fn back_text(&self, service: &str) -> String {
        self.frame.language.text_with("back-toward", &[("service", service)])
    }
}
