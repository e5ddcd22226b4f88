//! In which language to answer: `ui_locales` of the address first, then what the browser prefers.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::header::ACCEPT_LANGUAGE;
use http::request::Parts;

use crate::oidc::parameters::Parameters;
use crate::web::pages::text::Language;

/// The language that the address asks for, if it asks, and the one to answer in otherwise.
#[derive(Clone, Debug)]
pub struct Spoken {
    asked: Option<String>,
    accepted: Option<String>,
}

impl Spoken {
    /// The language to answer in; `remembered` is what the relying party's request asked for.
    pub fn language(&self, remembered: &[String]) -> Language {
        let remembered = (!remembered.is_empty()).then(|| remembered.join(" "));
        Language::negotiate(self.asked.as_deref().or(remembered.as_deref()), self.accepted.as_deref())
    }

    /// What the address itself asks for: kept on the links and forms of a page, so that a choice lasts.
    pub fn asked(&self) -> Option<&str> {
        self.asked.as_deref()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Spoken {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let parameters = Parameters::parse(parts.uri.query().unwrap_or_default()).unwrap_or_default();
        let asked = parameters.one("ui_locales").ok().flatten().filter(|asked| asked.len() <= 100);
        let accepted = parts.headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Ok(Self { asked: asked.map(str::to_owned), accepted: accepted.map(str::to_owned) })
    }
}
