//! An assertion by which a client says who it is (`private_key_jwt`: RFC 7521 section 4.2, RFC 7523 section 3, OpenID Connect
//! Core section 9). Narrower than these, as draft-ietf-oauth-rfc7523bis has it: the audience is the issuer of this provider
//! and nothing else, so that what was signed for another server is worth nothing here, nor the other way round.

use std::time::Duration;

use serde::Deserialize;
use thiserror::Error;

use super::jws::verify;
use crate::domain::client::{AuthMethod, Client, ClientId};
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;

/// The `client_assertion_type` (RFC 7523 section 2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The types that the header may say: none, the one that every library writes, and the draft's own. Whatever else a client
/// signs with the same key, such as a proof of possession, is no assertion.
const TYPES: [&str; 2] = ["JWT", "client-authentication+jwt"];

/// How far the client's clock may be off.
pub const LEEWAY: Duration = Duration::from_secs(10);

/// How far ahead an assertion may end: libraries write an hour if they are not told otherwise.
pub const LONGEST: Duration = Duration::from_hours(1);

/// How much longer it is remembered that one was used: the clocks of two replicas differ.
const REMEMBERED: Duration = Duration::from_mins(5);

/// An assertion whose claims and signature nobody has looked at yet.
pub struct ClientAssertion {
    text: Secret,
    client_id: ClientId,
}

/// An assertion that is right, and good for one use.
#[derive(Debug, PartialEq, Eq)]
pub struct SingleUse {
    /// The hash of its `jti`.
    pub jti_hash: String,
    /// From when on nobody takes it for fresh.
    pub expires_at: Timestamp,
}

/// Why an assertion is none. The client is told nothing of it, the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AssertionError {
    /// It is for somebody else, or for several.
    #[error("aud is not the issuer")]
    Audience,
    /// The claims are not there, or are something else.
    #[error("iss, sub, aud, exp or jti is missing or malformed")]
    Claims,
    /// The form names another client, or the assertion two.
    #[error("iss, sub and client_id are not the same")]
    ClientId,
    /// It begins later.
    #[error("nbf or iat is in the future")]
    Early,
    /// It has ended.
    #[error("exp is in the past")]
    Expired,
    /// Its header says what it must not.
    #[error("typ is another, or crit is there")]
    Header,
    /// Its `jti` is empty.
    #[error("jti is empty")]
    Jti,
    /// It names a key that the client has not registered.
    #[error("kid is not registered")]
    KeyUnknown,
    /// It ends too late.
    #[error("exp is too far ahead")]
    LivesTooLong,
    /// It is no signed token at all.
    #[error("it is no signed token")]
    Malformed,
    /// It was used before.
    #[error("jti was used before")]
    Replayed,
    /// No key of the client made the signature, by that key's algorithm.
    #[error("the signature is not by a registered key and its algorithm")]
    Signature,
    /// The form says another type.
    #[error("client_assertion_type is not jwt-bearer")]
    Type,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    /// A list is refused, also one of a single member.
    aud: String,
    exp: i64,
    nbf: Option<i64>,
    iat: Option<i64>,
    jti: String,
}

impl ClientAssertion {
    /// Reads the members of a form. Whom it speaks for is what it says, until [`ClientAssertion::verify`].
    pub fn read(text: &str, kind: Option<&str>, client_id: Option<&str>) -> Result<Self, AssertionError> {
        if kind != Some(ASSERTION_TYPE) {
            return Err(AssertionError::Type);
        }
        let claims: Claims =
            jsonwebtoken::dangerous::insecure_decode_claims(text).map_err(|_| AssertionError::Claims)?;
        if client_id.is_some_and(|id| id != claims.sub) {
            return Err(AssertionError::ClientId);
        }
        Ok(Self { text: Secret::new(text.to_owned()), client_id: ClientId(claims.sub) })
    }

    /// The client to look up.
    pub fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// Whether this client made it, for this provider, to be used now. Whether it was used before is not asked here.
    pub fn verify(&self, client: &Client, issuer: &str, now: Timestamp) -> Result<SingleUse, AssertionError> {
        let claims = self.verified_claims(client)?;
        if claims.iss != client.id.0 || claims.sub != client.id.0 {
            return Err(AssertionError::ClientId);
        }
        if claims.aud != issuer {
            return Err(AssertionError::Audience);
        }
        let ends_at = Timestamp::from_seconds(claims.exp);
        if ends_at.plus(LEEWAY) <= now {
            return Err(AssertionError::Expired);
        }
        if ends_at > now.plus(LONGEST).plus(LEEWAY) {
            return Err(AssertionError::LivesTooLong);
        }
        let latest = now.plus(LEEWAY);
        if [claims.nbf, claims.iat].into_iter().flatten().any(|at| Timestamp::from_seconds(at) > latest) {
            return Err(AssertionError::Early);
        }
        if claims.jti.is_empty() {
            return Err(AssertionError::Jti);
        }
        let expires_at = ends_at.plus(LEEWAY).plus(REMEMBERED);
        Ok(SingleUse { jti_hash: Secret::new(claims.jti).hash(), expires_at })
    }

    /// The algorithm is the key's, never the token's.
    fn verified_claims(&self, client: &Client) -> Result<Claims, AssertionError> {
        let header =
            jsonwebtoken::decode_header(self.text.expose()).map_err(|_| AssertionError::Malformed)?;
        let known = |typ: &str| TYPES.iter().any(|known| known.eq_ignore_ascii_case(typ));
        if header.crit.is_some() || header.typ.as_deref().is_some_and(|typ| !known(typ)) {
            return Err(AssertionError::Header);
        }
        let keys = client.jwks.as_ref().filter(|_| client.auth_method == AuthMethod::PrivateKeyJwt);
        let mut candidates =
            keys.into_iter().flat_map(|keys| keys.candidates(header.kid.as_deref())).peekable();
        candidates.peek().ok_or(AssertionError::KeyUnknown)?;
        candidates.find_map(|key| verify(self.text.expose(), key).ok()).ok_or(AssertionError::Signature)
    }
}

#[cfg(test)]
mod tests;
