use askama::Template;

use super::Frame;

/// The page behind an `error_uri`: what the signal means and what a relying party does about it. It never
/// says why an account has to change, and shows nothing of the user who met it.
#[derive(Template)]
#[template(path = "developer.html")]
pub struct DeveloperPage<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Which of the two signals it documents.
    pub signal: Signal,
    /// The address of this page, which is the discriminator.
    pub error_uri: &'a str,
    /// The `error_description` that goes with it.
    pub error_description: &'a str,
    /// The member that says the same in JSON bodies, and its value.
    pub member: (&'a str, &'a str),
}

/// A signal that a relying party can meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The user must change their password.
    Required,
    /// The user was asked to, and gave up.
    Declined,
}

impl DeveloperPage<'_> {
    fn required(&self) -> bool {
        self.signal == Signal::Required
    }

    fn title(&self) -> String {
        self.frame.text(if self.required() { "required-title" } else { "declined-title" })
    }
}
