//! The token endpoint (RFC 6749 sections 4.1.3, 4.4, 5 and 6).

use serde::{Serialize, Serializer};
use thiserror::Error;

use super::client_authentication::ClientAuthenticationError;
use super::error_answer::{ErrorAnswer, ErrorBody};
use super::parameters::{ParameterError, Parameters};
use super::pkce::{CodeVerifier, PkceError};
use crate::domain::scope::ScopeSet;
use crate::domain::secret::Secret;

/// What a client asks of the token endpoint.
pub enum TokenRequest {
    /// A token for the client itself (RFC 6749 section 4.4).
    ClientCredentials {
        /// The scopes wanted, if fewer than it is registered for.
        scope: Option<ScopeSet>,
    },
    /// Tokens for a code (RFC 6749 section 4.1.3).
    AuthorizationCode {
        /// The code.
        code: Secret,
        /// The redirect URI of the authorization request, repeated.
        redirect_uri: String,
        /// The verifier of the challenge (RFC 7636 section 4.5).
        code_verifier: Option<CodeVerifier>,
    },
    /// Tokens for a refresh token (RFC 6749 section 6).
    RefreshToken {
        /// The refresh token.
        refresh_token: Secret,
        /// The scopes wanted, if fewer than were given.
        scope: Option<ScopeSet>,
    },
}

/// Why the token endpoint gives nothing. The text is the `error_description`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TokenError {
    /// The client did not say who it is.
    #[error(transparent)]
    Client(#[from] ClientAuthenticationError),
    /// No `code`.
    #[error("code is missing")]
    CodeMissing,
    /// The code was exchanged before. What it gave is withdrawn (RFC 6749 section 4.1.2).
    #[error("the code was used before")]
    CodeReused,
    /// No such code: never given, expired, or given to another client.
    #[error("the code is unknown or has expired")]
    CodeUnknown,
    /// The grant ended since it was given: by a sign-out, a change of password, or the end of the account.
    #[error("the grant has ended")]
    GrantEnded,
    /// No `grant_type`.
    #[error("grant_type is missing")]
    GrantTypeMissing,
    /// A `grant_type` that this client is not registered for.
    #[error("this client is not registered for this grant_type")]
    GrantTypeNotRegistered,
    /// A `grant_type` that is not offered.
    #[error("grant_type must be authorization_code, refresh_token or client_credentials")]
    GrantTypeUnsupported,
    /// The request cannot be read.
    #[error(transparent)]
    Malformed(#[from] ParameterError),
    /// The gate is closed.
    #[error("{}", super::signal::DESCRIPTION)]
    PasswordChangeRequired,
    /// The verifier fails the challenge.
    #[error(transparent)]
    Pkce(#[from] PkceError),
    /// The redirect URI is not the one of the authorization request.
    #[error("redirect_uri is not the one of the authorization request")]
    RedirectUriDiffers,
    /// No `redirect_uri` (OpenID Connect Core section 3.1.3.1).
    #[error("redirect_uri is missing")]
    RedirectUriMissing,
    /// No `refresh_token`.
    #[error("refresh_token is missing")]
    RefreshTokenMissing,
    /// The refresh token was exchanged for a newer one before. All of its family are withdrawn (RFC 9700 section
    /// 4.14.2).
    #[error("the refresh token was used before")]
    RefreshTokenReused,
    /// No such refresh token: never given, expired, or given to another client.
    #[error("the refresh token is unknown or has expired")]
    RefreshTokenUnknown,
    /// More scopes than the grant has, or than the client is registered for.
    #[error("scope exceeds what was granted")]
    ScopeExceeded,
    /// The verifier has the wrong length or characters.
    #[error("code_verifier must be 43 to 128 unreserved characters")]
    VerifierMalformed,
}

/// What the token endpoint gives (RFC 6749 section 5.1, OpenID Connect Core section 3.1.3.3).
#[derive(Serialize)]
pub struct TokenResponse {
    /// The access token.
    #[serde(serialize_with = "expose")]
    pub access_token: Secret,
    /// How to use it.
    pub token_type: TokenType,
    /// How long it lives, in seconds.
    pub expires_in: u64,
    /// What it is good for: always said, since unknown scopes were left out.
    pub scope: ScopeSet,
    /// Who signed in.
    #[serde(serialize_with = "expose_some", skip_serializing_if = "Option::is_none")]
    pub id_token: Option<Secret>,
    /// For more of the same.
    #[serde(serialize_with = "expose_some", skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Secret>,
}

/// How an access token is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum TokenType {
    /// By whoever holds it (RFC 6750).
    Bearer,
}

/// This response is the one place where tokens leave.
fn expose<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

#[expect(clippy::ref_option, reason = "the signature is serde's")]
fn expose_some<S: Serializer>(secret: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(Secret::expose).serialize(serializer)
}

impl TokenRequest {
    /// Reads the form. What it says about the client is read by
    /// [`ClientCredentials::read`](super::client_authentication::ClientCredentials::read).
    pub fn read(form: &Parameters) -> Result<Self, TokenError> {
        match form.one("grant_type")? {
            Some("authorization_code") => Self::read_code(form),
            Some("refresh_token") => Self::read_refresh(form),
            Some("client_credentials") => Ok(Self::ClientCredentials { scope: read_scope(form)? }),
            Some(_) => Err(TokenError::GrantTypeUnsupported),
            None => Err(TokenError::GrantTypeMissing),
        }
    }

    fn read_code(form: &Parameters) -> Result<Self, TokenError> {
        let code = form.one("code")?.ok_or(TokenError::CodeMissing)?;
        let redirect_uri = form.one("redirect_uri")?.ok_or(TokenError::RedirectUriMissing)?;
        let code_verifier = match form.one("code_verifier")? {
            Some(text) => Some(CodeVerifier::parse(text).ok_or(TokenError::VerifierMalformed)?),
            None => None,
        };
        Ok(Self::AuthorizationCode {
            code: Secret::new(code.to_owned()),
            redirect_uri: redirect_uri.to_owned(),
            code_verifier,
        })
    }

    fn read_refresh(form: &Parameters) -> Result<Self, TokenError> {
        let refresh_token = form.one("refresh_token")?.ok_or(TokenError::RefreshTokenMissing)?;
        let scope = read_scope(form)?;
        Ok(Self::RefreshToken { refresh_token: Secret::new(refresh_token.to_owned()), scope })
    }
}

/// A scope nobody knows was never granted, so here it is not ignored (RFC 6749 sections 3.3 and 6).
fn read_scope(form: &Parameters) -> Result<Option<ScopeSet>, TokenError> {
    match form.one("scope")? {
        Some(text) => text.parse().map(Some).map_err(|_| TokenError::ScopeExceeded),
        None => Ok(None),
    }
}

/// The scopes of a token: what was asked for, if it was granted; all that was granted if nothing was asked for (RFC 6749
/// sections 3.3 and 6).
pub fn narrow(granted: &ScopeSet, asked: Option<ScopeSet>) -> Result<ScopeSet, TokenError> {
    match asked {
        None => Ok(granted.clone()),
        Some(asked) if asked.is_subset(granted) => Ok(asked),
        Some(_) => Err(TokenError::ScopeExceeded),
    }
}

impl TokenError {
    /// What to answer (RFC 6749 section 5.2).
    pub fn answer(&self, issuer: &str) -> ErrorAnswer {
        let body = match self {
            Self::Client(error) => return error.answer(),
            Self::PasswordChangeRequired => ErrorBody::password_change_required("invalid_grant", issuer),
            Self::CodeReused
            | Self::CodeUnknown
            | Self::GrantEnded
            | Self::Pkce(_)
            | Self::RedirectUriDiffers
            | Self::RefreshTokenReused
            | Self::RefreshTokenUnknown
            | Self::VerifierMalformed => ErrorBody::plain("invalid_grant", self.to_string()),
            Self::CodeMissing
            | Self::GrantTypeMissing
            | Self::Malformed(_)
            | Self::RedirectUriMissing
            | Self::RefreshTokenMissing => ErrorBody::plain("invalid_request", self.to_string()),
            Self::GrantTypeNotRegistered => ErrorBody::plain("unauthorized_client", self.to_string()),
            Self::GrantTypeUnsupported => ErrorBody::plain("unsupported_grant_type", self.to_string()),
            Self::ScopeExceeded => ErrorBody::plain("invalid_scope", self.to_string()),
        };
        ErrorAnswer { status: 400, www_authenticate: None, body: Some(body) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &str) -> Result<TokenRequest, TokenError> {
        TokenRequest::read(&Parameters::parse(form).unwrap())
    }

    #[test]
    fn a_code_exchange_and_a_refresh_are_read() {
        let form =
            format!("grant_type=authorization_code&code=c&redirect_uri=r&code_verifier={}", "v".repeat(43));
        assert!(
            matches!(read(&form), Ok(TokenRequest::AuthorizationCode { code, redirect_uri, code_verifier: Some(_) })
            if code.expose() == "c" && redirect_uri == "r")
        );
        assert!(matches!(read("grant_type=refresh_token&refresh_token=t"),
            Ok(TokenRequest::RefreshToken { refresh_token, scope: None }) if refresh_token.expose() == "t"));
        assert!(matches!(read("grant_type=refresh_token&refresh_token=t&scope=openid+ent"),
            Ok(TokenRequest::RefreshToken { scope: Some(scope), .. }) if scope.to_string() == "openid ent"));
    }

    #[test]
    fn what_is_refused_and_how() {
        let table = [
            ("", TokenError::GrantTypeMissing, "invalid_request"),
            ("grant_type=password", TokenError::GrantTypeUnsupported, "unsupported_grant_type"),
            ("grant_type=a&grant_type=a", ParameterError::Repeated("grant_type").into(), "invalid_request"),
            ("grant_type=authorization_code&redirect_uri=r", TokenError::CodeMissing, "invalid_request"),
            ("grant_type=authorization_code&code=c", TokenError::RedirectUriMissing, "invalid_request"),
            (
                "grant_type=authorization_code&code=c&redirect_uri=r&code_verifier=short",
                TokenError::VerifierMalformed,
                "invalid_grant",
            ),
            ("grant_type=refresh_token", TokenError::RefreshTokenMissing, "invalid_request"),
            ("grant_type=client_credentials&scope=phone", TokenError::ScopeExceeded, "invalid_scope"),
            (
                "grant_type=refresh_token&refresh_token=t&scope=phone",
                TokenError::ScopeExceeded,
                "invalid_scope",
            ),
        ];
        for (form, error, code) in table {
            let answer = error.answer("https://op.example");
            assert_eq!(read(form).err(), Some(error), "{form}");
            assert_eq!((answer.status, answer.body.unwrap().error), (400, code), "{form}");
        }
    }

    #[test]
    fn a_refresh_may_narrow_and_never_widen() {
        let granted: ScopeSet = "openid profile".parse().unwrap();
        let asked = |text: &str| Some(text.parse::<ScopeSet>().unwrap());
        assert_eq!(narrow(&granted, None), Ok(granted.clone()));
        assert_eq!(narrow(&granted, asked("openid")).unwrap().to_string(), "openid");
        assert_eq!(narrow(&granted, asked("openid email")), Err(TokenError::ScopeExceeded));
    }

    #[test]
    fn the_signal_is_an_invalid_grant() {
        let answer = TokenError::PasswordChangeRequired.answer("https://op.example");
        assert_eq!(answer.status, 400);
        assert_eq!(
            answer.body,
            Some(ErrorBody::password_change_required("invalid_grant", "https://op.example"))
        );
        assert_eq!(TokenError::Client(ClientAuthenticationError::Unknown).answer("").status, 401);
    }

    #[test]
    fn the_response_has_the_members_of_the_rfc() {
        let response = TokenResponse {
            access_token: Secret::new("a".to_owned()),
            token_type: TokenType::Bearer,
            expires_in: 600,
            scope: "openid".parse().unwrap(),
            id_token: Some(Secret::new("i".to_owned())),
            refresh_token: None,
        };
        assert_eq!(
            serde_json::to_string(&response).unwrap(),
            r#"{"access_token":"a","token_type":"Bearer","expires_in":600,"scope":"openid","id_token":"i"}"#
        );
    }
}
