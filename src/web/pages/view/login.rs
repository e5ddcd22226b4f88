use askama::Template;

use super::Frame;

/// The sign-in page.
#[derive(Template)]
#[template(path = "login.html")]
pub struct LoginPage<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Where the form is posted to.
    pub action: &'a str,
    /// The value that binds the form to the browser's sign-in.
    pub csrf: &'a str,
    /// The service that asked, if one did.
    pub service: Option<&'a str>,
    /// What the deployment tells everyone, in the page's language (while an order runs, for example).
    pub notice: Option<&'a str>,
    /// The login to begin with: `login_hint`, or what was typed before a refusal.
    pub login: &'a str,
    /// Why the last attempt did not succeed.
    pub refusal: Option<Refusal<'a>>,
    /// Where giving up is posted to, when a service waits for an answer.
    pub cancel: Option<&'a str>,
}

/// Why a sign-in was refused. Unknown login, wrong password, wrong or expired code and a password that an
/// order at level `recover` shut out are one case, so that the page tells nobody which one it was.
#[derive(Clone, Copy, Debug)]
pub enum Refusal<'a> {
    /// The login and the secret do not go together.
    Incorrect,
    /// Too many failures; nothing was compared.
    Throttled(Retry<'a>),
}

/// When to try again.
#[derive(Clone, Copy, Debug)]
pub struct Retry<'a> {
    /// Whole minutes from now, rounded up, at least 1.
    pub minutes: u32,
    /// The hour of the day in the deployment's zone, from `Language::time`.
    pub clock: &'a str,
}

impl LoginPage<'_> {
    fn refused(&self) -> Option<String> {
        self.refusal.map(|refusal| match refusal {
            Refusal::Incorrect => self.frame.text("login-incorrect"),
            Refusal::Throttled(retry) => retry.sentence(self.frame),
        })
    }

    fn advice(&self) -> String {
        match self.refusal {
            Some(Refusal::Throttled(_)) => self.frame.text("login-throttled-advice"),
            Some(Refusal::Incorrect) | None => self.frame.text("login-incorrect-advice"),
        }
    }

    fn toward(&self, service: &str) -> String {
        self.frame.language.text_with("login-toward", &[("service", service)])
    }

    fn give_up(&self) -> String {
        match self.service {
            Some(service) => self.frame.language.text_with("cancel-toward", &[("service", service)]),
            None => self.frame.text("cancel"),
        }
    }

    /// Only a wrong pair marks the fields as wrong: when throttled nothing was compared.
    fn wrong(&self) -> bool {
        matches!(self.refusal, Some(Refusal::Incorrect))
    }
}

impl Retry<'_> {
    pub(crate) fn sentence(self, frame: Frame<'_>) -> String {
        let minutes = frame.language.text_with("minutes", &[("count", self.minutes)]);
        frame.language.text_with("throttled", &[("minutes", minutes.as_str()), ("clock", self.clock)])
    }
}
