use askama::Template;

use super::Frame;
use crate::oidc::signal;

/// The page behind an `error_uri`: what the signal means and what a relying party does about it. It never
/// says why an account has to change, and shows nothing of the user who met it.
#[derive(Template)]
#[template(path = "developer.html")]
pub struct DeveloperPage<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Which of the two signals it documents.
    pub signal: Signal,
    /// The issuer, which the addresses in the signals begin with.
    pub issuer: &'a str,
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
        self.frame.text(match self.signal {
            Signal::Required => "required-title",
            Signal::Declined => "declined-title",
        })
    }

    fn error_uri(&self) -> String {
        match self.signal {
            Signal::Required => signal::required_uri(self.issuer),
            Signal::Declined => signal::declined_uri(self.issuer),
        }
    }

    fn error_description(&self) -> &'static str {
        match self.signal {
            Signal::Required => signal::DESCRIPTION,
            Signal::Declined => signal::DECLINED_DESCRIPTION,
        }
    }
}
