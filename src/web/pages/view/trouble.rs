use askama::Template;

use super::{Frame, Link};

/// What a person reads when a request cannot go on: what happened, and what to do.
#[derive(Template)]
#[template(path = "trouble.html")]
pub struct TroublePage<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// What happened.
    pub trouble: Trouble,
    /// A registered address of the service the person came from.
    pub back: Option<Link<'a>>,
    /// One English sentence for the developer of the service; never anything about an account.
    pub detail: Option<&'a str>,
    /// The number of the request in the log.
    pub reference: Option<&'a str>,
}

/// What happened, as far as the person in front of the page is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The service sent a request that cannot be answered, not even to the service.
    InvalidRequest,
    /// The service, or the address it wants the answer at, is not registered.
    UnknownService,
    /// The browser did not send back the cookie of this request.
    CookieMissing,
    /// The form was not sent by a page of this site.
    CrossSite,
    /// There is nothing at this address.
    NotFound,
    /// The page was open for too long, or its request is already answered.
    Expired,
    /// Something broke here.
    Internal,
    /// Too busy, or the store does not answer: the same request may succeed in a moment.
    Unavailable,
}

impl Trouble {
    /// Every trouble there is.
    pub const ALL: [Self; 8] = [
        Self::InvalidRequest,
        Self::UnknownService,
        Self::CookieMissing,
        Self::CrossSite,
        Self::NotFound,
        Self::Expired,
        Self::Internal,
        Self::Unavailable,
    ];

    /// The HTTP status the page goes out with.
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidRequest | Self::UnknownService | Self::CookieMissing => 400,
            Self::CrossSite => 403,
            Self::NotFound => 404,
            Self::Expired => 410,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }

    const fn keys(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::InvalidRequest => {
                ("invalid-request-title", "invalid-request-what", "invalid-request-advice")
            }
            Self::UnknownService => {
                ("unknown-service-title", "unknown-service-what", "unknown-service-advice")
            }
            Self::CookieMissing => ("cookie-missing-title", "cookie-missing-what", "cookie-missing-advice"),
            Self::CrossSite => ("cross-site-title", "cross-site-what", "cross-site-advice"),
            Self::NotFound => ("not-found-title", "not-found-what", "not-found-advice"),
            Self::Expired => ("expired-title", "expired-what", "expired-advice"),
            Self::Internal => ("internal-title", "internal-what", "internal-advice"),
            Self::Unavailable => ("unavailable-title", "unavailable-what", "unavailable-advice"),
        }
    }
}

impl TroublePage<'_> {
    fn title(&self) -> String {
        self.frame.text(self.trouble.keys().0)
    }

    fn what(&self) -> String {
        self.frame.text(self.trouble.keys().1)
    }

    fn advice(&self) -> String {
        self.frame.text(self.trouble.keys().2)
    }

    fn back_text(&self, service: &str) -> String {
        self.frame.language.text_with("back-toward", &[("service", service)])
    }
}
