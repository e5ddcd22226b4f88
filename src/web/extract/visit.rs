//! A browser's visit to a page: its cookies, its language, and whether its form is our own.

use axum::extract::FromRequestParts;
use axum_extra::extract::cookie::CookieJar;
use http::request::Parts;

use crate::flows::browser::{Browser, Cookies};
use crate::flows::unavailable::Unavailable;
use crate::web::app::App;
use crate::web::extract::cookies::{Name, read};
use crate::web::extract::language::Spoken;
use crate::web::extract::same_origin::is_same_origin;
use crate::web::pages::text::Language;

/// A browser's visit to a page.
pub struct Visit {
    /// The cookies it sent; what is set on the answer is added here.
    pub jar: CookieJar,
    /// The language.
    pub spoken: Spoken,
    /// Whether a posted form comes from one of our own pages.
    pub same_origin: bool,
    /// The path of the page itself, for links that change the language.
    pub path: String,
    /// The path with the query, as they were sent.
    pub address: String,
}

impl Visit {
    /// Looks the browser's cookies up.
    pub async fn browser(&self, app: &App) -> Result<Browser, Unavailable> {
        let cookie = |name| read(&self.jar, &app.site, name);
        let cookies = Cookies {
            session: cookie(Name::Session),
            pending: cookie(Name::Pending),
            known: cookie(Name::Known).map(|value| value.expose().to_owned()),
        };
        Browser::load(&app.ctx, cookies).await
    }

    /// The language where nothing else asks for one.
    pub fn language(&self) -> Language {
        self.spoken.language(&[])
    }
}

impl FromRequestParts<App> for Visit {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        Ok(Self {
            jar: CookieJar::from_headers(&parts.headers),
            spoken: Spoken::from_request_parts(parts, app).await?,
            same_origin: is_same_origin(&parts.headers, &app.site.origin),
            path: parts.uri.path().to_owned(),
            address: parts.uri.path_and_query().map_or_else(String::new, ToString::to_string),
        })
    }
}
