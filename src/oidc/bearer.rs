//! Access tokens that come as bearer tokens (RFC 6750), and what is answered when they are no good.

use thiserror::Error;

use super::error_answer::{ErrorAnswer, ErrorBody};
use super::parameters::{ParameterError, Parameters};
use super::signal;
use crate::domain::secret::Secret;

/// Why a request with a bearer token is refused. The text is the `error_description`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BearerError {
    /// The header does not hold one token.
    #[error("the Authorization header must hold one bearer token")]
    HeaderMalformed,
    /// The form cannot be read.
    #[error(transparent)]
    Malformed(#[from] ParameterError),
    /// No token at all.
    #[error("no access token was sent")]
    Missing,
    /// The gate is closed.
    #[error("{}", signal::DESCRIPTION)]
    PasswordChangeRequired,
    /// The token was not given for `openid`.
    #[error("the access token was not given for this")]
    ScopeInsufficient,
    /// The token is unknown, expired or withdrawn.
    #[error("the access token is unknown or has expired")]
    TokenUnknown,
    /// A token in the header and another in the form (RFC 6750 section 2).
    #[error("the access token was sent in two ways at once")]
    TwoWays,
}

/// The token of a request: from the `Authorization` header as it came, or from the form of a POST. Never from a query:
/// addresses are logged and shared (RFC 9700 section 4.3.2).
pub fn access_token(authorization: Option<&str>, form: Option<&Parameters>) -> Result<Secret, BearerError> {
    let in_header = match authorization {
        Some(header) => from_header(header)?,
        None => None,
    };
    let in_form = match form {
        Some(form) => form.one("access_token")?,
        None => None,
    };
    match (in_header, in_form) {
        (Some(_), Some(_)) => Err(BearerError::TwoWays),
        (Some(token), None) | (None, Some(token)) => Ok(Secret::new(token.to_owned())),
        (None, None) => Err(BearerError::Missing),
    }
}

/// RFC 6750 section 2.1. Another scheme is no bearer token, so it is as if nothing had come.
fn from_header(header: &str) -> Result<Option<&str>, BearerError> {
    let (scheme, token) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Ok(None);
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    let token = token.trim();
    if token.is_empty() || !token.bytes().all(allowed) {
        return Err(BearerError::HeaderMalformed);
    }
    Ok(Some(token))
}

impl BearerError {
    /// What to answer (RFC 6750 section 3).
    pub fn answer(&self, issuer: &str) -> ErrorAnswer {
        let plain = |code| Some(ErrorBody::plain(code, self.to_string()));
        let (status, body) = match self {
            Self::HeaderMalformed | Self::Malformed(_) | Self::TwoWays => (400, plain("invalid_request")),
            Self::Missing => (401, None),
            Self::PasswordChangeRequired => {
                (401, Some(ErrorBody::password_change_required("invalid_token", issuer)))
            }
            Self::ScopeInsufficient => (403, plain("insufficient_scope")),
            Self::TokenUnknown => (401, plain("invalid_token")),
        };
        ErrorAnswer { status, www_authenticate: Some(challenge(body.as_ref())), body }
    }
}

/// Descriptions hold neither quotation marks nor backslashes, so nothing needs escaping.
fn challenge(body: Option<&ErrorBody>) -> String {
    let mut challenge = r#"Bearer realm="ecluse""#.to_owned();
    let members = body.into_iter().flat_map(|body| {
        [
            ("error", Some(body.error)),
            ("error_description", Some(body.error_description.as_str())),
            ("error_uri", body.error_uri.as_deref()),
        ]
    });
    for (name, value) in members {
        if let Some(value) = value {
            challenge.extend([", ", name, "=\"", value, "\""]);
        }
    }
    challenge
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: Option<&str>, form: Option<&str>) -> Result<String, BearerError> {
        let form = form.map(|form| Parameters::parse(form).unwrap());
        access_token(header, form.as_ref()).map(|token| token.expose().to_owned())
    }

    #[test]
    fn where_a_token_may_be() {
        let table = [
            (Some("Bearer a-b_c"), None, Ok("a-b_c")),
            (Some("bearer  abc "), Some(""), Ok("abc")),
            (None, Some("access_token=abc"), Ok("abc")),
            (Some("Basic abc"), Some("access_token=abc"), Ok("abc")),
            (Some("Basic abc"), None, Err(BearerError::Missing)),
            (None, None, Err(BearerError::Missing)),
            (None, Some("access_token="), Err(BearerError::Missing)),
            (Some("Bearer abc"), Some("access_token=abc"), Err(BearerError::TwoWays)),
            (Some("Bearer"), None, Err(BearerError::HeaderMalformed)),
            (Some("Bearer a b"), None, Err(BearerError::HeaderMalformed)),
            (Some("Bearer a\"b"), None, Err(BearerError::HeaderMalformed)),
            (
                None,
                Some("access_token=a&access_token=a"),
                Err(ParameterError::Repeated("access_token").into()),
            ),
        ];
        for (header, form, outcome) in table {
            assert_eq!(read(header, form), outcome.map(ToOwned::to_owned), "{header:?} {form:?}");
        }
    }

    #[test]
    fn every_refusal_has_a_challenge() {
        let answer = |error: BearerError| error.answer("https://op.example");
        let missing = answer(BearerError::Missing);
        assert_eq!((missing.status, missing.body), (401, None));
        assert_eq!(missing.www_authenticate.as_deref(), Some(r#"Bearer realm="ecluse""#));
        let table = [
            (BearerError::TwoWays, 400, "invalid_request"),
            (BearerError::TokenUnknown, 401, "invalid_token"),
            (BearerError::ScopeInsufficient, 403, "insufficient_scope"),
        ];
        for (error, status, code) in table {
            let answer = answer(error);
            assert_eq!((answer.status, answer.body.unwrap().error), (status, code));
            assert!(
                answer
                    .www_authenticate
                    .unwrap()
                    .contains(&format!(r#", error="{code}", error_description=""#))
            );
        }
    }

    #[test]
    fn the_signal_is_in_the_challenge_and_in_the_body() {
        let answer = BearerError::PasswordChangeRequired.answer("https://op.example");
        assert_eq!(answer.status, 401);
        assert_eq!(
            answer.www_authenticate.as_deref(),
            Some(
                "Bearer realm=\"ecluse\", error=\"invalid_token\", error_description=\"password_change_required: the \
                 user must change their password at the provider\", \
                 error_uri=\"https://op.example/errors/password_change_required\""
            )
        );
        let body = answer.body.unwrap();
        assert_eq!((body.error, body.interaction), ("invalid_token", Some(signal::INTERACTION)));
    }
}
