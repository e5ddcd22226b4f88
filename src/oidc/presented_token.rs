//! The request of the introspection endpoint (RFC 7662 section 2.1) and of the revocation endpoint (RFC 7009 section
//! 2.1), which is the same. A `token_type_hint` is ignored, as both allow: tokens are found by their hash, whatever
//! they are. Revocation answers 200 with no body whether there was such a token or not (RFC 7009 section 2.2).

use thiserror::Error;

use super::client_authentication::ClientAuthenticationError;
use super::error_answer::{ErrorAnswer, ErrorBody};
use super::parameters::{ParameterError, Parameters};
use crate::domain::secret::Secret;

/// Why the request is refused. The text is the `error_description`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PresentedTokenError {
    /// The client did not say who it is.
    #[error(transparent)]
    Client(#[from] ClientAuthenticationError),
    /// The request cannot be read.
    #[error(transparent)]
    Malformed(#[from] ParameterError),
    /// No `token`.
    #[error("token is missing")]
    TokenMissing,
}

/// The token that the form asks about.
pub fn presented_token(form: &Parameters) -> Result<Secret, PresentedTokenError> {
    form.one("token")?.map(|token| Secret::new(token.to_owned())).ok_or(PresentedTokenError::TokenMissing)
}

impl PresentedTokenError {
    /// What to answer (RFC 7009 section 2.2.1, RFC 7662 section 2.3).
    pub fn answer(&self) -> ErrorAnswer {
        match self {
            Self::Client(error) => error.answer(),
            Self::Malformed(_) | Self::TokenMissing => ErrorAnswer {
                status: 400,
                www_authenticate: None,
                body: Some(ErrorBody::plain("invalid_request", self.to_string())),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hint_is_ignored_and_the_token_is_not() {
        let read = |form: &str| {
            presented_token(&Parameters::parse(form).unwrap()).map(|token| token.expose().to_owned())
        };
        assert_eq!(read("token=t&token_type_hint=whatever"), Ok("t".to_owned()));
        assert_eq!(read("token="), Err(PresentedTokenError::TokenMissing));
        assert_eq!(read("token=a&token=b"), Err(ParameterError::Repeated("token").into()));
    }

    #[test]
    fn statuses() {
        assert_eq!(PresentedTokenError::TokenMissing.answer().status, 400);
        assert_eq!(PresentedTokenError::Client(ClientAuthenticationError::Nothing).answer().status, 401);
    }
}
