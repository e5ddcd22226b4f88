//! Public keys as JSON (RFC 7517, RFC 7518 section 6, RFC 8037 section 2). There is no form for private ones, so none
//! can be published by mistake.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::client::SigningAlgorithm;

/// A public key and what it verifies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PublicJwk {
    /// Its name: the RFC 7638 thumbprint of the members, 43 characters.
    pub kid: String,
    /// What it verifies.
    pub alg: SigningAlgorithm,
    #[serde(rename = "use")]
    public_key_use: PublicKeyUse,
    /// The key itself.
    #[serde(flatten)]
    pub members: PublicMembers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
enum PublicKeyUse {
    #[serde(rename = "sig")]
    Signature,
}

/// The members that are the key. All values are base64url.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kty")]
pub enum PublicMembers {
    /// An RSA key.
    #[serde(rename = "RSA")]
    Rsa {
        /// The modulus.
        n: String,
        /// The exponent.
        e: String,
    },
    /// A point on a curve.
    #[serde(rename = "EC")]
    Ec {
        /// The curve.
        crv: Curve,
        /// The first coordinate.
        x: String,
        /// The second coordinate.
        y: String,
    },
    /// A point on an Edwards curve.
    #[serde(rename = "OKP")]
    Okp {
        /// The curve.
        crv: Curve,
        /// The point.
        x: String,
    },
}

/// The curves in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Curve {
    /// NIST P-256.
    #[serde(rename = "P-256")]
    P256,
    /// Edwards 25519.
    Ed25519,
}

/// A set of public keys (RFC 7517 section 5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JwkSet<'a> {
    /// The keys.
    pub keys: Vec<&'a PublicJwk>,
}

impl PublicJwk {
    /// The key with its name.
    pub fn new(alg: SigningAlgorithm, members: PublicMembers) -> Self {
        Self::named(members.thumbprint(), alg, members)
    }

    /// The key under the name that somebody else gave it.
    pub fn named(kid: String, alg: SigningAlgorithm, members: PublicMembers) -> Self {
        Self { kid, alg, public_key_use: PublicKeyUse::Signature, members }
    }
}

impl PublicMembers {
    /// From the modulus and the exponent, big-endian without leading zeros.
    pub fn rsa(n: &[u8], e: &[u8]) -> Self {
        Self::Rsa { n: URL_SAFE_NO_PAD.encode(n), e: URL_SAFE_NO_PAD.encode(e) }
    }

    /// From the coordinates, big-endian with 32 bytes each.
    pub fn p256(x: &[u8], y: &[u8]) -> Self {
        Self::Ec { crv: Curve::P256, x: URL_SAFE_NO_PAD.encode(x), y: URL_SAFE_NO_PAD.encode(y) }
    }

    /// From the encoded point, 32 bytes.
    pub fn ed25519(x: &[u8]) -> Self {
        Self::Okp { crv: Curve::Ed25519, x: URL_SAFE_NO_PAD.encode(x) }
    }

    /// RFC 7638 section 3: the required members in the order of their names, without white space. None of the values
    /// needs escaping.
    pub fn thumbprint(&self) -> String {
        let canonical = match self {
            Self::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
            Self::Ec { crv: _, x, y } => format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#),
            Self::Okp { crv: _, x } => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#),
        };
        URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::jwk::{Jwk, ThumbprintHash};

    use super::*;
    use crate::oidc::jws::SigningKey;

    #[test]
    fn the_thumbprint_of_the_rfc() {
        // RFC 8037 appendix A.3.
        let x = URL_SAFE_NO_PAD.decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        let jwk = PublicJwk::new(SigningAlgorithm::EdDsa, PublicMembers::ed25519(&x));
        assert_eq!(jwk.kid, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(
            serde_json::to_value(&jwk).unwrap(),
            serde_json::json!({
                "kid": jwk.kid, "alg": "EdDSA", "use": "sig", "kty": "OKP", "crv": "Ed25519",
                "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            })
        );
    }

    #[test]
    fn another_library_finds_the_same_thumbprint() {
        // Another test of this process may have done it already; either way the provider is there.
        let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        for algorithm in SigningAlgorithm::ALL {
            let key = SigningKey::generate(algorithm).unwrap();
            let json = serde_json::to_value(key.public_jwk()).unwrap();
            let foreign: Jwk = serde_json::from_value(json).unwrap();
            assert_eq!(foreign.thumbprint(ThumbprintHash::SHA256).unwrap(), key.kid());
            assert_eq!(foreign.common.key_id.as_deref(), Some(key.kid()));
        }
    }
}
