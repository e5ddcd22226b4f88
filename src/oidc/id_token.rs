//! The ID token (OpenID Connect Core sections 2 and 3.1.3.6): who signed in, when and how. What is known about the
//! person is told at the userinfo endpoint only.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::jws::{SigningError, SigningKey};
use crate::domain::client::{ClientId, SigningAlgorithm};
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;

/// The `typ` of an ID token: it keeps other tokens of the same keys from being taken for one.
pub const TYP: &str = "JWT";

/// The `acr` of a sign-in with a password, the only one there is.
pub const ACR_PASSWORD: &str = "urn:ecluse:acr:password";

/// The `amr` of a sign-in with a password (RFC 8176 section 2).
pub const AMR_PASSWORD: &str = "pwd";

/// What an ID token is made from.
#[derive(Clone, Copy)]
pub struct IdToken<'a> {
    /// This provider.
    pub issuer: &'a str,
    /// The person, as the client's sector knows them.
    pub subject: &'a str,
    /// The client.
    pub client_id: &'a ClientId,
    /// Now.
    pub issued_at: Timestamp,
    /// How long a relying party may take it for fresh.
    pub lifetime: Duration,
    /// When the person proved who they are. Unchanged by refreshes and silent sign-ins.
    pub authenticated_at: Timestamp,
    /// Of the authorization request; absent in a refresh (Core section 12.2).
    pub nonce: Option<&'a str>,
    /// The session, as relying parties know it.
    pub sid: &'a str,
    /// The access token that goes with it.
    pub access_token: &'a Secret,
}

/// The claims, on the way out and, from a hint, on the way back in. The audience is a text and not a list: some
/// relying parties read nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdTokenClaims {
    /// This provider.
    pub iss: String,
    /// The person.
    pub sub: String,
    /// The client.
    pub aud: ClientId,
    /// When it ends, in seconds since the epoch.
    pub exp: i64,
    /// When it was made.
    pub iat: i64,
    /// When the person proved who they are.
    pub auth_time: i64,
    /// Of the authorization request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// How sure that was.
    pub acr: String,
    /// With what.
    pub amr: Vec<String>,
    /// The session.
    pub sid: String,
    /// Ties the access token to it.
    pub at_hash: String,
}

impl IdToken<'_> {
    /// Signs it with the key of the client's algorithm.
    pub fn sign(&self, key: &SigningKey) -> Result<Secret, SigningError> {
        let claims = IdTokenClaims {
            iss: self.issuer.to_owned(),
            sub: self.subject.to_owned(),
            aud: self.client_id.clone(),
            exp: self.issued_at.plus(self.lifetime).seconds(),
            iat: self.issued_at.seconds(),
            auth_time: self.authenticated_at.seconds(),
            nonce: self.nonce.map(ToOwned::to_owned),
            acr: ACR_PASSWORD.to_owned(),
            amr: vec![AMR_PASSWORD.to_owned()],
            sid: self.sid.to_owned(),
            at_hash: at_hash(key.algorithm(), self.access_token),
        };
        key.sign(TYP, &claims)
    }
}

/// OpenID Connect Core section 3.1.3.6: the left half of the hash that the algorithm uses. Ed25519 hashes with SHA-512
/// (RFC 8032 section 5.1).
fn at_hash(algorithm: SigningAlgorithm, access_token: &Secret) -> String {
    let hash = match algorithm {
        SigningAlgorithm::Rs256 | SigningAlgorithm::Es256 => {
            digest(&SHA256, access_token.expose().as_bytes())
        }
        SigningAlgorithm::EdDsa => digest(&SHA512, access_token.expose().as_bytes()),
    };
    let (left, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
    URL_SAFE_NO_PAD.encode(left)
}

#[cfg(test)]
mod tests {
    use openidconnect::core::{CoreIdTokenVerifier, CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
    use openidconnect::{AccessToken, AccessTokenHash, IdToken as ForeignIdToken, IssuerUrl, Nonce};

    use super::*;
    use crate::oidc::keys::{KeyRing, KeyState};

    type Foreign = ForeignIdToken<
        openidconnect::EmptyAdditionalClaims,
        openidconnect::core::CoreGenderClaim,
        openidconnect::core::CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >;

    /// 2026-01-01T00:00:00Z; the verifier is told the same time.
    const NOW: i64 = 1_767_225_600;

    #[test]
    fn the_hash_of_the_specification() {
        // The access token and at_hash of OpenID Connect Core appendix A.3 (RS256).
        let token = Secret::new("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y".to_owned());
        assert_eq!(at_hash(SigningAlgorithm::Rs256, &token), "77QmUPtjPfzWtF2AnpK9RQ");
    }

    #[test]
    fn a_relying_party_of_another_make_accepts_it() {
        let keys = SigningAlgorithm::ALL.map(|alg| (KeyState::Active, SigningKey::generate(alg).unwrap()));
        let ring = KeyRing::new(keys.into()).ok().unwrap();
        let jwks: CoreJsonWebKeySet =
            serde_json::from_value(serde_json::to_value(ring.jwks()).unwrap()).unwrap();
        assert_eq!(jwks.keys().len(), 3);
        let issuer = IssuerUrl::new("https://op.example".to_owned()).unwrap();
        let access_token = Secret::from_random([1; 32]);
        let client_id = ClientId("portal".to_owned());
        for algorithm in SigningAlgorithm::ALL {
            let token = IdToken {
                issuer: "https://op.example",
                subject: "subject",
                client_id: &client_id,
                issued_at: Timestamp::from_seconds(NOW),
                lifetime: Duration::from_mins(10),
                authenticated_at: Timestamp::from_seconds(NOW - 5),
                nonce: Some("n"),
                sid: "sid",
                access_token: &access_token,
            };
            let signed = token.sign(ring.signer(algorithm)).unwrap();
            let foreign: Foreign = signed.expose().parse().unwrap();
            let verifier = CoreIdTokenVerifier::new_public_client(
                openidconnect::ClientId::new("portal".to_owned()),
                issuer.clone(),
                jwks.clone(),
            )
            .set_time_fn(|| {
                std::time::UNIX_EPOCH.checked_add(Duration::from_secs(1_767_225_601)).unwrap().into()
            })
            .set_allowed_algs([
                CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
                CoreJwsSigningAlgorithm::EcdsaP256Sha256,
                CoreJwsSigningAlgorithm::EdDsa,
            ]);
            let claims = foreign.claims(&verifier, &Nonce::new("n".to_owned())).unwrap();
            assert_eq!(claims.subject().as_str(), "subject");
            assert_eq!(claims.auth_time().unwrap().timestamp(), NOW - 5);
            let expected = AccessTokenHash::from_token(
                &AccessToken::new(access_token.expose().to_owned()),
                foreign.signing_alg().unwrap(),
                foreign.signing_key(&verifier).unwrap(),
            );
            assert_eq!(claims.access_token_hash(), Some(&expected.unwrap()), "{algorithm:?}");
        }
    }
}
