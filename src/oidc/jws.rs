//! Signing keys and what they sign (RFC 7515, compact form). The key pairs are kept parsed: parsing and checking a key
//! for every signature would double its cost.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::Error as JwtError;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::domain::client::SigningAlgorithm;
use crate::domain::jwk::{PublicJwk, PublicMembers};
use crate::domain::secret::{Secret, SecretBytes};

/// The claims of a compact JWS that this key signed. The algorithm is the key's, never the token's; what the claims say, time
/// and audience included, is for the caller to judge.
pub fn verify<T: DeserializeOwned>(token: &str, jwk: &PublicJwk) -> Result<T, JwtError> {
    let mut validation = Validation::new(match jwk.alg {
        SigningAlgorithm::Rs256 => Algorithm::RS256,
        SigningAlgorithm::Es256 => Algorithm::ES256,
        SigningAlgorithm::EdDsa => Algorithm::EdDSA,
    });
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let key = match &jwk.members {
        PublicMembers::Rsa { n, e } => DecodingKey::from_rsa_components(n, e),
        PublicMembers::Ec { x, y, .. } => DecodingKey::from_ec_components(x, y),
        PublicMembers::Okp { x, .. } => DecodingKey::from_ed_components(x),
    };
    Ok(decode(token, &key?, &validation)?.claims)
}

/// A private key that signs for one algorithm.
pub struct SigningKey {
    pair: KeyPair,
    jwk: PublicJwk,
}

enum KeyPair {
    Rs256(RsaKeyPair),
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

/// Why a key is no good, or did not sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SigningError {
    /// The library has no more randomness or memory.
    #[error("the cryptographic library failed")]
    Library,
    /// The claims have no JSON form.
    #[error("the claims cannot be written as JSON")]
    Claims,
    /// The bytes are no PKCS#8 private key of this algorithm.
    #[error("the key is no PKCS#8 private key of its algorithm")]
    Key,
}

impl SigningKey {
    /// Makes a key with the library's own randomness, the only one that can: it takes none from outside. A key for
    /// RS256 takes 50 to 300 ms of a core.
    pub fn generate(algorithm: SigningAlgorithm) -> Result<Self, SigningError> {
        let pair = match algorithm {
            SigningAlgorithm::Rs256 => RsaKeyPair::generate(KeySize::Rsa2048).map(KeyPair::Rs256),
            SigningAlgorithm::Es256 => {
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(KeyPair::Es256)
            }
            SigningAlgorithm::EdDsa => Ed25519KeyPair::generate().map(KeyPair::EdDsa),
        };
        Self::with_pair(pair.map_err(|_| SigningError::Library)?)
    }

    /// Reads a key as [`SigningKey::pkcs8`] wrote it.
    pub fn from_pkcs8(algorithm: SigningAlgorithm, der: &SecretBytes) -> Result<Self, SigningError> {
        let der = der.expose();
        let pair = match algorithm {
            SigningAlgorithm::Rs256 => RsaKeyPair::from_pkcs8(der).map(KeyPair::Rs256),
            SigningAlgorithm::Es256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map(KeyPair::Es256)
            }
            SigningAlgorithm::EdDsa => Ed25519KeyPair::from_pkcs8(der).map(KeyPair::EdDsa),
        };
        Self::with_pair(pair.map_err(|_| SigningError::Key)?)
    }

    /// The private key as PKCS#8 v1 DER (RFC 5208), to be sealed and stored.
    pub fn pkcs8(&self) -> Result<SecretBytes, SigningError> {
        let library = |_| SigningError::Library;
        let der = match &self.pair {
            KeyPair::Rs256(pair) => {
                let der: Pkcs8V1Der<'static> = pair.as_der().map_err(library)?;
                der.as_ref().to_vec()
            }
            KeyPair::Es256(pair) => pair.to_pkcs8v1().map_err(library)?.as_ref().to_vec(),
            KeyPair::EdDsa(pair) => pair.to_pkcs8v1().map_err(library)?.as_ref().to_vec(),
        };
        Ok(SecretBytes::new(der))
    }

    /// What it signs with.
    pub fn algorithm(&self) -> SigningAlgorithm {
        match self.pair {
            KeyPair::Rs256(_) => SigningAlgorithm::Rs256,
            KeyPair::Es256(_) => SigningAlgorithm::Es256,
            KeyPair::EdDsa(_) => SigningAlgorithm::EdDsa,
        }
    }

    /// Its name: the RFC 7638 thumbprint of the public key, so that no two keys can share it.
    pub fn kid(&self) -> &str {
        &self.jwk.kid
    }

    /// What may be known of it.
    pub fn public_jwk(&self) -> &PublicJwk {
        &self.jwk
    }

    /// Signs claims as a compact JWS of the media type `typ` (RFC 7515 section 4.1.9: `JWT`, or one that keeps a token
    /// from being taken for another).
    pub fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<Secret, SigningError> {
        let header = Header { alg: self.algorithm(), typ, kid: self.kid() };
        let mut token = encoded(&header)?;
        token.push('.');
        token.push_str(&encoded(claims)?);
        let signature = self.signature(token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(Secret::new(token))
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        let library = |_| SigningError::Library;
        match &self.pair {
            KeyPair::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                // The library ignores the source of randomness it asks for here, and uses its own.
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
                    .map_err(library)?;
                Ok(signature)
            }
            KeyPair::Es256(pair) => {
                Ok(pair.sign(&SystemRandom::new(), message).map_err(library)?.as_ref().to_vec())
            }
            KeyPair::EdDsa(pair) => Ok(pair.try_sign(message).map_err(library)?.as_ref().to_vec()),
        }
    }

    fn with_pair(pair: KeyPair) -> Result<Self, SigningError> {
        let (algorithm, members) = match &pair {
            KeyPair::Rs256(pair) => {
                let public = pair.public_key();
                let n = public.modulus().big_endian_without_leading_zero();
                let e = public.exponent().big_endian_without_leading_zero();
                (SigningAlgorithm::Rs256, PublicMembers::rsa(n, e))
            }
            KeyPair::Es256(pair) => {
                // An uncompressed point: the byte 4, then x and y with 32 bytes each (SEC 1 section 2.3.3).
                let [4, point @ ..] = pair.public_key().as_ref() else { return Err(SigningError::Key) };
                let (x, y) = point.split_at_checked(32).ok_or(SigningError::Key)?;
                (SigningAlgorithm::Es256, PublicMembers::p256(x, y))
            }
            KeyPair::EdDsa(pair) => {
                (SigningAlgorithm::EdDsa, PublicMembers::ed25519(pair.public_key().as_ref()))
            }
        };
        Ok(Self { pair, jwk: PublicJwk::new(algorithm, members) })
    }
}

#[derive(Serialize)]
struct Header<'a> {
    alg: SigningAlgorithm,
    typ: &'a str,
    kid: &'a str,
}

fn encoded(part: &impl Serialize) -> Result<String, SigningError> {
    let json = serde_json::to_vec(part).map_err(|_| SigningError::Claims)?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_after_it_was_stored() {
        for algorithm in SigningAlgorithm::ALL {
            let key = SigningKey::generate(algorithm).unwrap();
            let stored = key.pkcs8().unwrap();
            let again = SigningKey::from_pkcs8(algorithm, &stored).unwrap();
            assert_eq!(again.algorithm(), algorithm);
            assert_eq!(again.public_jwk(), key.public_jwk());
            let another = SigningKey::generate(algorithm).unwrap();
            assert_ne!(another.kid(), key.kid());
        }
    }

    #[test]
    fn a_key_of_another_algorithm_is_refused() {
        let ed = SigningKey::generate(SigningAlgorithm::EdDsa).unwrap().pkcs8().unwrap();
        for algorithm in [SigningAlgorithm::Rs256, SigningAlgorithm::Es256] {
            assert_eq!(SigningKey::from_pkcs8(algorithm, &ed).err(), Some(SigningError::Key));
        }
        let empty = SecretBytes::new(Vec::new());
        assert_eq!(SigningKey::from_pkcs8(SigningAlgorithm::EdDsa, &empty).err(), Some(SigningError::Key));
    }

    #[test]
    fn the_header_names_algorithm_type_and_key() {
        let key = SigningKey::generate(SigningAlgorithm::EdDsa).unwrap();
        let token = key.sign("JWT", &serde_json::json!({"a": 1})).unwrap();
        let parts: Vec<_> = token.expose().split('.').collect();
        let decoded =
            |part: &str| serde_json::from_slice::<serde_json::Value>(&URL_SAFE_NO_PAD.decode(part).unwrap());
        assert_eq!(
            decoded(parts[0]).unwrap(),
            serde_json::json!({"alg": "EdDSA", "typ": "JWT", "kid": key.kid()})
        );
        assert_eq!(decoded(parts[1]).unwrap(), serde_json::json!({"a": 1}));
        assert_eq!(parts.len(), 3);
    }
}
