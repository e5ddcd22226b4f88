//! Where somebody was going at the console when a sign-in, or a second factor, came between.

use serde::{Deserialize, Serialize};

use crate::oidc::parameters::form_decode;

/// A page of the console, as the path and query of a request. It is kept here until whoever asked for it may see it, and nothing
/// that comes back from a browser says where to go; still it is held to what a page of ours looks like, so that no browser can
/// read another host, or another part of the provider, out of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Destination(String);

/// It is no page of the console.
#[derive(Debug, thiserror::Error)]
#[error("no page of the console")]
pub struct Elsewhere;

impl Destination {
    /// The longest address that is kept, in bytes. Our own are shorter; whoever wrote a longer one by hand goes to the first page.
    const LONGEST: usize = 1_000;

    /// None for what is no page of the console, and for its first page, where everybody goes who was going nowhere else.
    pub fn parse(address: &str) -> Option<Self> {
        let (path, query) =
            address.split_once('?').map_or((address, None), |(path, query)| (path, Some(query)));
        let below = path.strip_prefix("/console/")?;
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !br#"\#"<>"#.contains(&byte);
        let is_page = address.len() <= Self::LONGEST
            && below.split('/').all(is_segment)
            && path.bytes().chain(query.unwrap_or_default().bytes()).all(is_plain);
        is_page.then(|| Self(address.to_owned()))
    }

    /// The path and the query.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a browser, or a proxy that decodes what it passes on, reads one name in it and no way up or out.
fn is_segment(segment: &str) -> bool {
    let is_sign = |sign: char| sign != '/' && sign != '\\' && sign != '%' && !sign.is_control();
    form_decode(segment)
        .is_some_and(|name| !matches!(name.as_str(), "" | "." | "..") && name.chars().all(is_sign))
}

impl TryFrom<String> for Destination {
    type Error = Elsewhere;

    fn try_from(address: String) -> Result<Self, Elsewhere> {
        Self::parse(&address).ok_or(Elsewhere)
    }
}

impl From<Destination> for String {
    fn from(destination: Destination) -> Self {
        destination.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_the_console_are_come_back_to() {
        for page in [
            "/console/orders",
            "/console/orders?ui_locales=en",
            "/console/people/0199-abc",
            "/console/people?q=L%C3%A9a&profile=National_ELV&from=eyJ_-",
            "/console/places?at=class%3A0860001J%2F6A",
            "/console/orders/1/schools/uai%3A0860001J",
            "/console/audit?from=//evil.example",
        ] {
            assert_eq!(Destination::parse(page).as_ref().map(Destination::as_str), Some(page));
        }
    }

    #[test]
    fn nothing_else_is() {
        let long = format!("/console/people?q={}", "a".repeat(1_000));
        for address in [
            "",
            "/",
            "/console",
            "/console?ui_locales=en",
            "/console/",
            "/consolelation/orders",
            "/login",
            "//evil.example/console/orders",
            "//evil.example/",
            "https://evil.example/console/orders",
            "console/orders",
            "\\\\evil.example/console/orders",
            "/\\evil.example/console/orders",
            "/console//evil.example",
            "/console/../authorize",
            "/console/./orders",
            "/console/people/..",
            "/console/people/%2e%2e/x",
            "/console/people/.%2E/x",
            "/console/people/%2F%2Fevil.example",
            "/console/people/%5C..%5C",
            "/console/people/%252e%252e",
            "/console/people/a\\b",
            "/console/people/a%0d%0aSet-Cookie:x",
            "/console/people?q=a\r\nSet-Cookie: x=y",
            "/console/people?q=a b",
            "/console/people?q=a#b",
            "/console/people?q=<a>",
            "/console/people?q=é",
            "/console/people/%ff",
            &long,
        ] {
            assert_eq!(Destination::parse(address), None, "{address}");
            let kept = serde_json::to_string(address).unwrap();
            assert!(serde_json::from_str::<Destination>(&kept).is_err(), "{address}");
        }
    }
}
