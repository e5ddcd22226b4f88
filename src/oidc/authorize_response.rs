//! What goes back to a relying party through the browser (RFC 6749 section 4.1.2, OpenID Connect Core section
//! 3.1.2.5, RFC 9207), and the one value that says where to.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;
use url::form_urlencoded::byte_serialize;

use super::authorize::PageError;
use super::parameters::{ParameterError, Parameters};
use super::signal;
use crate::domain::client::Client;
use crate::domain::secret::Secret;

/// Where an answer goes: a redirect URI that was registered, byte for byte, when the request was read. The stored form
/// may be older than the registration, so whoever loads it asks [`ReturnAddress::is_registered`] again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnAddress {
    redirect_uri: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<String>,
}

impl ReturnAddress {
    /// The longest `state` that is taken, in bytes: whoever asks for a page has it kept here, without having signed in.
    pub const MAX_STATE: usize = 2048;

    /// The address a request names, if the client registered it. A `state` that cannot be given back is left out: the
    /// check that refuses it comes after this one, and has to answer somewhere.
    pub fn of(parameters: &Parameters, client: &Client) -> Result<Self, PageError> {
        let redirect_uri = parameters.one("redirect_uri")?.ok_or(PageError::RedirectUriMissing)?;
        if !client.may_redirect_to(redirect_uri) {
            return Err(PageError::RedirectUriNotRegistered);
        }
        let state = read_state(parameters).unwrap_or_default().map(ToOwned::to_owned);
        Ok(Self { redirect_uri: redirect_uri.to_owned(), state })
    }

    /// Whether the client still has this address.
    pub fn is_registered(&self, client: &Client) -> bool {
        client.may_redirect_to(&self.redirect_uri)
    }

    /// The redirect URI, as the token request has to repeat it.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// The origin of the redirect URI, for the `form-action` of a page that may be redirected there.
    pub fn origin(&self) -> Option<String> {
        Url::parse(&self.redirect_uri).ok().map(|url| url.origin().ascii_serialization())
    }
}

/// The `state` of a request (RFC 6749 section 4.1.1): given back as it came, whatever it holds.
pub fn read_state(parameters: &Parameters) -> Result<Option<&str>, ParameterError> {
    parameters.one_line("state", ReturnAddress::MAX_STATE)
}

/// An answer that is ready to be sent: one address. It may hold a code, so it cannot be printed.
pub struct RedirectAnswer {
    location: String,
}

impl RedirectAnswer {
    /// The request succeeded: `code`, `state` and `iss`.
    pub fn code(to: &ReturnAddress, code: &Secret, issuer: &str) -> Self {
        Self::build(to, &[("code", code.expose())], issuer)
    }

    /// The request failed: `error`, `error_description`, sometimes `error_uri`, `state` and `iss`; nothing else, as
    /// OpenID Connect Core section 3.1.2.6 asks.
    pub fn error(to: &ReturnAddress, error: &AuthorizeError, issuer: &str) -> Self {
        let description = error.to_string();
        let uri = error.error_uri(issuer);
        let mut members = vec![("error", error.code()), ("error_description", description.as_str())];
        members.extend(uri.as_deref().map(|uri| ("error_uri", uri)));
        Self::build(to, &members, issuer)
    }

    /// The value of the `Location` header.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// The query that the redirect URI was registered with stays as it is (RFC 6749 section 3.1.2).
    fn build(to: &ReturnAddress, members: &[(&str, &str)], issuer: &str) -> Self {
        let mut location = to.redirect_uri.clone();
        let state = to.state.as_deref().map(|state| ("state", state));
        for (name, value) in members.iter().copied().chain(state).chain([("iss", issuer)]) {
            append(&mut location, name, value);
        }
        Self { location }
    }
}

/// Adds a parameter to an address, leaving what is there as it is. A space is written `%20`, which every decoder
/// undoes; many leave `+` alone.
pub fn append(address: &mut String, name: &str, value: &str) {
    match address.find('?') {
        None => address.push('?'),
        Some(mark) if mark + 1 < address.len() && !address.ends_with('&') => address.push('&'),
        Some(_) => {}
    }
    address.push_str(name);
    address.push('=');
    for piece in byte_serialize(value.as_bytes()) {
        address.push_str(if piece == "+" { "%20" } else { piece });
    }
}

/// Why an authorization request is refused, told to the relying party. The text is the `error_description`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AuthorizeError {
    /// The user gave up before signing in.
    #[error("the user gave up")]
    AccessDenied,
    /// PKCE is required of this client and no `code_challenge` came.
    #[error("code_challenge is required of this client")]
    ChallengeMissing,
    /// The challenge is not a base64url SHA-256.
    #[error("code_challenge must be the base64url SHA-256 of the verifier, 43 characters")]
    ChallengeMalformed,
    /// The method is `plain`, or left out, which means `plain` (RFC 7636 section 4.3).
    #[error("code_challenge_method must be S256")]
    ChallengeNotS256,
    /// The `id_token_hint` is none of this provider's ID tokens.
    #[error("id_token_hint is not an ID token of this provider")]
    IdTokenHint,
    /// `prompt=none`, and the user is not signed in, or not as recently or not as the one asked for.
    #[error("the user is not signed in")]
    LoginRequired,
    /// The request cannot be read.
    #[error(transparent)]
    Malformed(#[from] ParameterError),
    /// `max_age` is not a number of seconds.
    #[error("max_age must be a whole number of seconds")]
    MaxAge,
    /// The user gave up the password change.
    #[error("{}", signal::DECLINED_DESCRIPTION)]
    PasswordChangeDeclined,
    /// The gate is closed, and the client is to be told.
    #[error("{}", signal::DESCRIPTION)]
    PasswordChangeRequired,
    /// `prompt=none` with another value (OpenID Connect Core section 3.1.2.1).
    #[error("prompt=none cannot be combined with other values")]
    PromptNoneCombined,
    /// A `prompt` value that discovery does not list.
    #[error("prompt holds a value that is not supported")]
    PromptUnknown,
    /// A request object by value (OpenID Connect Core section 6.1).
    #[error("the request parameter is not supported")]
    RequestObject,
    /// A request object by reference (OpenID Connect Core section 6.2).
    #[error("the request_uri parameter is not supported")]
    RequestUri,
    /// A way of answering that is not offered.
    #[error("response_mode must be query")]
    ResponseMode,
    /// No `response_type`.
    #[error("response_type is missing")]
    ResponseTypeMissing,
    /// A `response_type` other than `code`.
    #[error("response_type must be code")]
    ResponseTypeUnsupported,
    /// The scope does not hold `openid`, or the client is not registered for it.
    #[error("scope must hold openid")]
    ScopeWithoutOpenid,
}

impl AuthorizeError {
    /// The `error` value: RFC 6749 section 4.1.2.1 and OpenID Connect Core section 3.1.2.6.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AccessDenied | Self::PasswordChangeDeclined => "access_denied",
            Self::ChallengeMalformed
            | Self::ChallengeMissing
            | Self::ChallengeNotS256
            | Self::IdTokenHint
            | Self::Malformed(_)
            | Self::MaxAge
            | Self::PromptNoneCombined
            | Self::PromptUnknown
            | Self::ResponseMode
            | Self::ResponseTypeMissing => "invalid_request",
            Self::LoginRequired => "login_required",
            Self::PasswordChangeRequired => "interaction_required",
            Self::RequestObject => "request_not_supported",
            Self::RequestUri => "request_uri_not_supported",
            Self::ResponseTypeUnsupported => "unsupported_response_type",
            Self::ScopeWithoutOpenid => "invalid_scope",
        }
    }

    /// The `error_uri` value of the two errors that have one.
    pub fn error_uri(&self, issuer: &str) -> Option<String> {
        match self {
            Self::PasswordChangeDeclined => Some(signal::declined_uri(issuer)),
            Self::PasswordChangeRequired => Some(signal::required_uri(issuer)),
            Self::AccessDenied
            | Self::ChallengeMalformed
            | Self::ChallengeMissing
            | Self::ChallengeNotS256
            | Self::IdTokenHint
            | Self::LoginRequired
            | Self::Malformed(_)
            | Self::MaxAge
            | Self::PromptNoneCombined
            | Self::PromptUnknown
            | Self::RequestObject
            | Self::RequestUri
            | Self::ResponseMode
            | Self::ResponseTypeMissing
            | Self::ResponseTypeUnsupported
            | Self::ScopeWithoutOpenid => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://op.example";

    fn to(redirect_uri: &str, state: Option<&str>) -> ReturnAddress {
        ReturnAddress { redirect_uri: redirect_uri.to_owned(), state: state.map(ToOwned::to_owned) }
    }

    #[test]
    fn a_registered_query_stays_as_it_is() {
        let table = [
            ("https://a.example/cb", "https://a.example/cb?code=c&iss=https%3A%2F%2Fop.example"),
            ("https://a.example/cb?", "https://a.example/cb?code=c&iss=https%3A%2F%2Fop.example"),
            (
                "https://a.example/cb?x=%7e+1",
                "https://a.example/cb?x=%7e+1&code=c&iss=https%3A%2F%2Fop.example",
            ),
            ("https://a.example/cb?x=1&", "https://a.example/cb?x=1&code=c&iss=https%3A%2F%2Fop.example"),
        ];
        for (registered, location) in table {
            let answer = RedirectAnswer::code(&to(registered, None), &Secret::new("c".to_owned()), ISSUER);
            assert_eq!(answer.location(), location);
        }
    }

    #[test]
    fn the_signal_is_the_same_on_this_surface_as_on_all_others() {
        let answer = RedirectAnswer::error(
            &to("https://a.example/cb", Some("s 1+é")),
            &AuthorizeError::PasswordChangeRequired,
            ISSUER,
        );
        assert_eq!(
            answer.location(),
            "https://a.example/cb?error=interaction_required&error_description=password_change_required%3A%20the%20user\
             %20must%20change%20their%20password%20at%20the%20provider&error_uri=https%3A%2F%2Fop.example%2Ferrors%2F\
             password_change_required&state=s%201%2B%C3%A9&iss=https%3A%2F%2Fop.example"
        );
    }

    #[test]
    fn descriptions_keep_to_the_characters_of_the_rfc() {
        let all = [
            AuthorizeError::AccessDenied,
            AuthorizeError::ChallengeMalformed,
            AuthorizeError::ChallengeMissing,
            AuthorizeError::ChallengeNotS256,
            AuthorizeError::IdTokenHint,
            AuthorizeError::LoginRequired,
            AuthorizeError::Malformed(ParameterError::Repeated("state")),
            AuthorizeError::MaxAge,
            AuthorizeError::PasswordChangeDeclined,
            AuthorizeError::PasswordChangeRequired,
            AuthorizeError::PromptNoneCombined,
            AuthorizeError::PromptUnknown,
            AuthorizeError::RequestObject,
            AuthorizeError::RequestUri,
            AuthorizeError::ResponseMode,
            AuthorizeError::ResponseTypeMissing,
            AuthorizeError::ResponseTypeUnsupported,
            AuthorizeError::ScopeWithoutOpenid,
        ];
        for error in all {
            let text = error.to_string();
            assert!(
                text.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E)),
                "{text}"
            );
        }
    }

    #[test]
    fn the_origin_is_what_a_policy_needs() {
        let origin = |uri| to(uri, None).origin();
        assert_eq!(origin("https://a.example/cb?x=1").as_deref(), Some("https://a.example"));
        assert_eq!(origin("http://127.0.0.1:4000/cb").as_deref(), Some("http://127.0.0.1:4000"));
    }
}
