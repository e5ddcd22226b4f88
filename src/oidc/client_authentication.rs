//! How a client says who it is at the token, introspection and revocation endpoints (RFC 6749 section 2.3, OpenID
//! Connect Core section 9).

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use thiserror::Error;
use zeroize::Zeroizing;

use super::client_assertion::{AssertionError, ClientAssertion, SingleUse};
use super::error_answer::{ErrorAnswer, ErrorBody};
use super::parameters::{ParameterError, Parameters, form_decode};
use crate::domain::client::{AuthMethod, Client, ClientId};
use crate::domain::secret::{Secret, same_text};
use crate::domain::timestamp::Timestamp;

/// The challenge that goes with every 401 of these endpoints.
const CHALLENGE: &str = r#"Basic realm="ecluse", charset="UTF-8""#;

/// Padding is optional on the way in: some clients leave it out, and nothing depends on it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Who a request says it comes from, and with what proof.
pub enum ClientCredentials {
    /// `client_assertion` in the form.
    Assertion(ClientAssertion),
    /// `Authorization: Basic`.
    Basic {
        /// The name it gives.
        client_id: ClientId,
        /// The proof.
        secret: Secret,
    },
    /// `client_id` and `client_secret` in the form.
    Post {
        /// The name it gives.
        client_id: ClientId,
        /// The proof.
        secret: Secret,
    },
    /// `client_id` alone.
    None {
        /// The name it gives.
        client_id: ClientId,
    },
}

/// How a client failed to say who it is.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ClientAuthenticationError {
    /// The assertion is none. Told in the same words as [`ClientAuthenticationError::Unknown`].
    #[error("client authentication failed")]
    Assertion(#[from] AssertionError),
    /// The `Authorization` header is not two form-encoded words in base64.
    #[error("the Authorization header cannot be read")]
    HeaderMalformed,
    /// The `Authorization` header has another scheme than `Basic`.
    #[error("the Authorization scheme must be Basic")]
    HeaderScheme,
    /// The header and the form name different clients.
    #[error("the header and the form name different clients")]
    IdsDiffer,
    /// The form cannot be read.
    #[error(transparent)]
    Malformed(#[from] ParameterError),
    /// It authenticates otherwise than it was registered to.
    #[error("this client is registered for another token_endpoint_auth_method")]
    MethodDiffers,
    /// No `client_id` anywhere.
    #[error("no client authentication was sent")]
    Nothing,
    /// The secret is wrong. Told in the same words as [`ClientAuthenticationError::Unknown`].
    #[error("client authentication failed")]
    SecretWrong,
    /// Two of a header, a secret and an assertion (RFC 6749 section 2.3: one method in each request).
    #[error("two ways of client authentication were used at once")]
    TwoMethods,
    /// No such client.
    #[error("client authentication failed")]
    Unknown,
}

impl ClientCredentials {
    /// Reads the `Authorization` header, as it came, and the form.
    pub fn read(authorization: Option<&str>, form: &Parameters) -> Result<Self, ClientAuthenticationError> {
        let form_id = form.one("client_id")?.map(|id| ClientId(id.to_owned()));
        let form_secret = form.one("client_secret")?.map(|secret| Secret::new(secret.to_owned()));
        let kind = form.one("client_assertion_type")?;
        if let Some(assertion) = form.one("client_assertion")? {
            if authorization.is_some() || form_secret.is_some() {
                return Err(ClientAuthenticationError::TwoMethods);
            }
            let assertion = ClientAssertion::read(assertion, kind, form.one("client_id")?)?;
            return Ok(Self::Assertion(assertion));
        }
        let Some(header) = authorization else {
            let client_id = form_id.ok_or(ClientAuthenticationError::Nothing)?;
            return Ok(match form_secret {
                Some(secret) => Self::Post { client_id, secret },
                None => Self::None { client_id },
            });
        };
        let (client_id, secret) = read_basic(header)?;
        if form_secret.is_some() {
            return Err(ClientAuthenticationError::TwoMethods);
        }
        if form_id.is_some_and(|id| id != client_id) {
            return Err(ClientAuthenticationError::IdsDiffer);
        }
        Ok(Self::Basic { client_id, secret })
    }

    /// The client to look up before [`ClientCredentials::verify`].
    pub fn client_id(&self) -> &ClientId {
        match self {
            Self::Assertion(assertion) => assertion.client_id(),
            Self::Basic { client_id, .. } | Self::Post { client_id, .. } | Self::None { client_id } => {
                client_id
            }
        }
    }

    /// Whether the request comes from this client: by the method it was registered for, and the secret compared by
    /// its hash, in a time that does not depend on where they differ. An assertion is good for one use, which is left to
    /// whoever asked.
    pub fn verify(
        &self,
        client: &Client,
        issuer: &str,
        now: Timestamp,
    ) -> Result<Option<SingleUse>, ClientAuthenticationError> {
        if *self.client_id() != client.id {
            return Err(ClientAuthenticationError::Unknown);
        }
        let secret = match (self, client.auth_method) {
            (Self::None { .. }, AuthMethod::None) => return Ok(None),
            // Of a client with another method it is not told from a forged one.
            (Self::Assertion(assertion), _) => return Ok(Some(assertion.verify(client, issuer, now)?)),
            (Self::Basic { secret, .. }, AuthMethod::ClientSecretBasic)
            | (Self::Post { secret, .. }, AuthMethod::ClientSecretPost) => secret,
            (Self::Basic { .. } | Self::Post { .. } | Self::None { .. }, _) => {
                return Err(ClientAuthenticationError::MethodDiffers);
            }
        };
        let stored = client.secret_hash.as_deref().ok_or(ClientAuthenticationError::SecretWrong)?;
        if same_text(&secret.hash(), stored) { Ok(None) } else { Err(ClientAuthenticationError::SecretWrong) }
    }
}

/// RFC 7617 section 2, and RFC 6749 section 2.3.1: both words are form-encoded before they are joined by a colon.
fn read_basic(header: &str) -> Result<(ClientId, Secret), ClientAuthenticationError> {
    let (scheme, encoded) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
    if !scheme.eq_ignore_ascii_case("Basic") {
        return Err(ClientAuthenticationError::HeaderScheme);
    }
    let malformed = || ClientAuthenticationError::HeaderMalformed;
    let decoded = BASE64.decode(encoded.trim()).map(Zeroizing::new).map_err(|_| malformed())?;
    let text = std::str::from_utf8(&decoded).map_err(|_| malformed())?;
    let (id, secret) = text.split_once(':').ok_or_else(malformed)?;
    let id = form_decode(id).filter(|id| !id.is_empty()).ok_or_else(malformed)?;
    let secret = form_decode(secret).ok_or_else(malformed)?;
    Ok((ClientId(id.to_string()), Secret::new(secret.to_string())))
}

impl ClientAuthenticationError {
    /// What to answer (RFC 6749 section 5.2).
    pub fn answer(&self) -> ErrorAnswer {
        let (status, code) = match self {
            Self::Assertion(_)
            | Self::HeaderMalformed
            | Self::HeaderScheme
            | Self::MethodDiffers
            | Self::Nothing
            | Self::SecretWrong
            | Self::Unknown => (401, "invalid_client"),
            Self::IdsDiffer | Self::Malformed(_) | Self::TwoMethods => (400, "invalid_request"),
        };
        ErrorAnswer {
            status,
            www_authenticate: (status == 401).then(|| CHALLENGE.to_owned()),
            body: Some(ErrorBody::plain(code, self.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::oidc::test_client::{SECRET, client};

    fn basic(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    fn read(header: Option<&str>, form: &str) -> Result<ClientCredentials, ClientAuthenticationError> {
        ClientCredentials::read(header, &Parameters::parse(form).unwrap())
    }

    #[test]
    fn each_method_is_read() {
        let header = basic("portal:s");
        let credentials = read(Some(&header), "client_id=portal").ok().unwrap();
        assert!(matches!(&credentials, ClientCredentials::Basic { secret, .. } if secret.expose() == "s"));
        assert_eq!(credentials.client_id().0, "portal");
        let credentials = read(None, "client_id=portal&client_secret=s").ok().unwrap();
        assert!(matches!(credentials, ClientCredentials::Post { secret, .. } if secret.expose() == "s"));
        let credentials = read(None, "client_id=portal&client_secret=").ok().unwrap();
        assert!(matches!(credentials, ClientCredentials::None { .. }));
    }

    #[test]
    fn the_words_of_the_header_are_form_decoded() {
        for (text, secret) in [("a%2Eb:1+2%3A3", "1 2:3"), ("a.b:x:y", "x:y"), ("a.b:", "")] {
            let header = basic(text).trim_end_matches('=').replacen("Basic", "bAsIc", 1);
            let Ok(ClientCredentials::Basic { client_id, secret: read }) = read(Some(&header), "") else {
                panic!("{text} was refused");
            };
            assert_eq!((client_id.0.as_str(), read.expose()), ("a.b", secret));
        }
    }

    #[test]
    fn what_is_refused() {
        let good = basic("portal:s");
        let table = [
            (None, "", ClientAuthenticationError::Nothing),
            (None, "client_secret=s", ClientAuthenticationError::Nothing),
            (None, "client_id=a&client_id=a", ParameterError::Repeated("client_id").into()),
            (Some("Bearer x"), "", ClientAuthenticationError::HeaderScheme),
            (Some(""), "", ClientAuthenticationError::HeaderScheme),
            (Some("Basic"), "", ClientAuthenticationError::HeaderMalformed),
            (Some("Basic !"), "", ClientAuthenticationError::HeaderMalformed),
            (Some(&basic("portal")), "", ClientAuthenticationError::HeaderMalformed),
            (Some(&basic(":s")), "", ClientAuthenticationError::HeaderMalformed),
            (Some(&basic("portal:%ff")), "", ClientAuthenticationError::HeaderMalformed),
            (Some(&good), "client_secret=s", ClientAuthenticationError::TwoMethods),
            (Some(&good), "client_assertion=a", ClientAuthenticationError::TwoMethods),
            (None, "client_id=a&client_secret=s&client_assertion=a", ClientAuthenticationError::TwoMethods),
            (None, "client_assertion=a", AssertionError::Type.into()),
            (None, "client_assertion=a&client_assertion_type=jwt", AssertionError::Type.into()),
            (Some(&good), "client_id=other", ClientAuthenticationError::IdsDiffer),
        ];
        for (header, form, error) in table {
            assert_eq!(read(header, form).err(), Some(error), "{header:?} {form}");
        }
    }

    #[test]
    fn the_method_must_be_the_registered_one_and_the_secret_the_right_one() {
        let secret = || Secret::new(SECRET.to_owned());
        let id = || ClientId("portal".to_owned());
        let basic = ClientCredentials::Basic { client_id: id(), secret: secret() };
        let post = ClientCredentials::Post { client_id: id(), secret: secret() };
        let none = ClientCredentials::None { client_id: id() };
        let wrong = ClientCredentials::Basic { client_id: id(), secret: Secret::new(String::new()) };
        let other = ClientCredentials::Basic { client_id: ClientId("x".to_owned()), secret: secret() };
        let with = |auth_method| Client { auth_method, ..client() };
        let public = Client { secret_hash: None, ..with(AuthMethod::None) };
        let differs = || Err(ClientAuthenticationError::MethodDiffers);
        let table = [
            (&basic, with(AuthMethod::ClientSecretBasic), Ok(None)),
            (&post, with(AuthMethod::ClientSecretPost), Ok(None)),
            (&none, public.clone(), Ok(None)),
            (&basic, with(AuthMethod::ClientSecretPost), differs()),
            (&basic, with(AuthMethod::PrivateKeyJwt), differs()),
            (&post, with(AuthMethod::ClientSecretBasic), differs()),
            (&none, with(AuthMethod::ClientSecretBasic), differs()),
            (&basic, public, differs()),
            (&wrong, client(), Err(ClientAuthenticationError::SecretWrong)),
            (&basic, Client { secret_hash: None, ..client() }, Err(ClientAuthenticationError::SecretWrong)),
            (&other, client(), Err(ClientAuthenticationError::Unknown)),
        ];
        for (credentials, client, outcome) in table {
            let verified = credentials.verify(&client, "https://op.example", Timestamp::from_seconds(0));
            assert_eq!(verified, outcome, "{:?}", client.auth_method);
        }
    }

    #[test]
    fn an_unknown_client_and_a_wrong_secret_are_answered_alike() {
        let unknown = ClientAuthenticationError::Unknown.answer();
        assert_eq!(unknown, ClientAuthenticationError::SecretWrong.answer());
        assert_eq!(unknown, ClientAuthenticationError::Assertion(AssertionError::Replayed).answer());
        assert_eq!(unknown.status, 401);
        assert!(unknown.www_authenticate.unwrap().starts_with("Basic realm="));
        assert_eq!(ClientAuthenticationError::TwoMethods.answer().status, 400);
    }
}
