//! Proof Key for Code Exchange (RFC 7636), with the method `S256` alone: `plain` protects from nothing that reads the
//! request (RFC 9700 section 2.1.1).

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::domain::secret::{Secret, same_text};

/// The challenge of an authorization request: base64url of the SHA-256 of the verifier, 43 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CodeChallenge(String);

impl CodeChallenge {
    /// `None` if the text cannot be a base64url SHA-256.
    pub fn parse(text: &str) -> Option<Self> {
        let base64url = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        (text.len() == 43 && text.bytes().all(base64url)).then(|| Self(text.to_owned()))
    }

    /// A challenge as it was kept. Not parsed again: a stored text that were refused would look like no challenge at
    /// all, and would let a code without a verifier through.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text, as it is kept with the code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The verifier of a token request: 43 to 128 unreserved characters (RFC 7636 section 4.1).
pub struct CodeVerifier(Secret);

impl CodeVerifier {
    /// `None` if the text has another length or other characters.
    pub fn parse(text: &str) -> Option<Self> {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let fits = (43..=128).contains(&text.len()) && text.bytes().all(unreserved);
        fits.then(|| Self(Secret::new(text.to_owned())))
    }
}

/// How a verifier fails its challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PkceError {
    /// The request had a challenge, and no verifier came.
    #[error("code_verifier is missing")]
    Missing,
    /// The verifier is not the one that was hashed.
    #[error("code_verifier does not match the challenge")]
    Mismatch,
    /// A verifier came for a request without a challenge: someone took the challenge out (RFC 9700 section 4.8.2).
    #[error("code_verifier was sent for a request without a challenge")]
    Unexpected,
}

/// Compares what came to the token endpoint with what came to the authorization endpoint, in a time that does not
/// depend on where they differ (RFC 7636 section 4.6).
pub fn verify(challenge: Option<&CodeChallenge>, verifier: Option<&CodeVerifier>) -> Result<(), PkceError> {
    match (challenge, verifier) {
        (None, None) => Ok(()),
        (Some(_), None) => Err(PkceError::Missing),
        (None, Some(_)) => Err(PkceError::Unexpected),
        (Some(challenge), Some(verifier)) => {
            // What a secret is stored as is just what S256 asks for: base64url of its SHA-256.
            if same_text(&verifier.0.hash(), &challenge.0) { Ok(()) } else { Err(PkceError::Mismatch) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pair of RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_pair_of_the_rfc_fits_and_nothing_else_does() {
        let challenge = CodeChallenge::parse(CHALLENGE);
        let right = CodeVerifier::parse(VERIFIER);
        let wrong = CodeVerifier::parse(CHALLENGE);
        let table = [
            (&challenge, &right, Ok(())),
            (&challenge, &wrong, Err(PkceError::Mismatch)),
            (&challenge, &None, Err(PkceError::Missing)),
            (&None, &right, Err(PkceError::Unexpected)),
            (&None, &None, Ok(())),
        ];
        for (challenge, verifier, outcome) in table {
            assert_eq!(verify(challenge.as_ref(), verifier.as_ref()), outcome);
        }
    }

    #[test]
    fn lengths_and_characters() {
        for (length, fits) in [(42, false), (43, true), (128, true), (129, false)] {
            assert_eq!(CodeVerifier::parse(&"a".repeat(length)).is_some(), fits, "{length}");
        }
        assert!(CodeVerifier::parse(&"+".repeat(43)).is_none());
        for challenge in ["", &CHALLENGE[1..], &format!("{CHALLENGE}="), &CHALLENGE.replace('-', "+")] {
            assert!(CodeChallenge::parse(challenge).is_none(), "{challenge}");
        }
    }
}
