//! The public keys by which a client says who it is (`private_key_jwt`, RFC 7523), as they are registered: a JWK set, inline.
//! No address of one is taken (`jwks_uri`): what a client is would hang from an answer that somebody else gives.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::client::SigningAlgorithm;
use super::jwk::{PublicJwk, PublicMembers};

/// The keys of one client, at least one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Set")]
pub struct ClientKeys {
    keys: Vec<PublicJwk>,
}

/// What is wrong with a key, or with the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ClientKeyError {
    /// It is for another algorithm than its kind of key has here.
    #[error("alg must be RS256 for RSA, ES256 for P-256, EdDSA for Ed25519, or left out")]
    Algorithm,
    /// None, or too many.
    #[error("a set has 1 to {} keys", ClientKeys::MOST)]
    Count,
    /// A member of the key is not there, or not base64url without padding.
    #[error("a member of the key is missing, or is not base64url without padding")]
    Member,
    /// Its name is empty, too long, or another key's.
    #[error("kid must be 1 to 128 visible ASCII characters, and another for each key")]
    Name,
    /// The coordinates are not those of a point of the curve.
    #[error("the key is no point of its curve")]
    Point,
    /// It is a private key.
    #[error("this is a private key; register the public one, and make a new pair: this one has been shown")]
    Private,
    /// It has another size.
    #[error(
        "an RSA key has 2048 to 4096 bits and an odd exponent from 65537 on; P-256 and Ed25519 have 32 bytes"
    )]
    Size,
    /// It is none of the known kinds.
    #[error("kty must be RSA, EC with crv P-256, or OKP with crv Ed25519")]
    Type,
    /// It is not for signatures.
    #[error("use must be sig, or left out")]
    Use,
}

/// A set as it is written (RFC 7517 section 5). Members nobody knows are ignored, as the RFC asks.
#[derive(Deserialize)]
struct Set {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    public_key_use: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    /// Every private key has it (RFC 7518 section 6, RFC 8037 section 2).
    d: Option<IgnoredAny>,
}

impl ClientKeys {
    /// Each one may be tried for a signature that names none.
    const MOST: usize = 8;

    /// The keys that may have made a signature which names this key, or none.
    pub fn candidates(&self, kid: Option<&str>) -> impl Iterator<Item = &PublicJwk> {
        self.keys.iter().filter(move |key| kid.is_none_or(|kid| kid == key.kid))
    }

    /// Whether each key can verify anything.
    pub fn check(&self) -> Result<(), ClientKeyError> {
        self.keys.iter().try_for_each(|key| check(&key.members))
    }
}

impl TryFrom<Set> for ClientKeys {
    type Error = ClientKeyError;

    fn try_from(set: Set) -> Result<Self, ClientKeyError> {
        if !(1..=Self::MOST).contains(&set.keys.len()) {
            return Err(ClientKeyError::Count);
        }
        let mut keys: Vec<PublicJwk> = Vec::new();
        for jwk in set.keys {
            let key = jwk.read()?;
            let named =
                (1..=128).contains(&key.kid.len()) && key.kid.bytes().all(|byte| byte.is_ascii_graphic());
            if !named || keys.iter().any(|known| known.kid == key.kid) {
                return Err(ClientKeyError::Name);
            }
            keys.push(key);
        }
        Ok(Self { keys })
    }
}

impl Jwk {
    fn read(self) -> Result<PublicJwk, ClientKeyError> {
        if self.d.is_some() {
            return Err(ClientKeyError::Private);
        }
        if self.public_key_use.is_some_and(|purpose| purpose != "sig") {
            return Err(ClientKeyError::Use);
        }
        let (alg, members) = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => (SigningAlgorithm::Rs256, PublicMembers::rsa(&number(self.n)?, &number(self.e)?)),
            ("EC", Some("P-256")) => {
                (SigningAlgorithm::Es256, PublicMembers::p256(&bytes(self.x)?, &bytes(self.y)?))
            }
            ("OKP", Some("Ed25519")) => (SigningAlgorithm::EdDsa, PublicMembers::ed25519(&bytes(self.x)?)),
            _ => return Err(ClientKeyError::Type),
        };
        if self.alg.is_some_and(|given| given != alg.as_str()) {
            return Err(ClientKeyError::Algorithm);
        }
        Ok(PublicJwk::named(self.kid.unwrap_or_else(|| members.thumbprint()), alg, members))
    }
}

fn bytes(member: Option<String>) -> Result<Vec<u8>, ClientKeyError> {
    URL_SAFE_NO_PAD.decode(member.ok_or(ClientKeyError::Member)?).map_err(|_| ClientKeyError::Member)
}

/// Some libraries write the zero that keeps a big number from being read as a negative one.
fn number(member: Option<String>) -> Result<Vec<u8>, ClientKeyError> {
    Ok(bytes(member)?.into_iter().skip_while(|byte| *byte == 0).collect())
}

fn check(members: &PublicMembers) -> Result<(), ClientKeyError> {
    let decoded = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| ClientKeyError::Member);
    match members {
        PublicMembers::Rsa { n, e } => check_rsa(&decoded(n)?, &decoded(e)?),
        PublicMembers::Ec { crv: _, x, y } => {
            let (x, y) = (decoded(x)?, decoded(y)?);
            if x.len() != 32 || y.len() != 32 {
                return Err(ClientKeyError::Size);
            }
            // An uncompressed point (SEC 1 section 2.3.3).
            let point = [&[4], x.as_slice(), &y].concat();
            ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map(drop).map_err(|_| ClientKeyError::Point)
        }
        PublicMembers::Okp { crv: _, x } => {
            let x = decoded(x)?;
            if x.len() != 32 {
                return Err(ClientKeyError::Size);
            }
            ParsedPublicKey::new(&ED25519, x).map(drop).map_err(|_| ClientKeyError::Point)
        }
    }
}

/// NIST SP 800-131A: 2048 bits at least; above 4096 a verification costs more than it protects.
fn check_rsa(modulus: &[u8], exponent: &[u8]) -> Result<(), ClientKeyError> {
    let leading = modulus.first().map_or(8, |first| first.leading_zeros() as usize);
    let bits = (modulus.len() * 8).saturating_sub(leading);
    let exponent = exponent
        .iter()
        .try_fold(0_u32, |value, byte| value.checked_mul(256).map(|value| value | u32::from(*byte)));
    let good = (2048..=4096).contains(&bits)
        && exponent.is_some_and(|exponent| exponent >= 65_537 && exponent % 2 == 1);
    if good { Ok(()) } else { Err(ClientKeyError::Size) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::oidc::jws::SigningKey;

    fn public(algorithm: SigningAlgorithm) -> Value {
        serde_json::to_value(SigningKey::generate(algorithm).unwrap().public_jwk()).unwrap()
    }

    fn with(mut key: Value, member: &str, value: Value) -> Value {
        key[member] = value;
        key
    }

    fn read(keys: &[Value]) -> Result<ClientKeys, String> {
        let read: ClientKeys =
            serde_json::from_value(json!({ "keys": keys })).map_err(|error| error.to_string())?;
        read.check().map(|()| read).map_err(|error| error.to_string())
    }

    #[test]
    fn keys_of_each_kind_are_taken_and_read_back() {
        let keys = SigningAlgorithm::ALL.map(public);
        let read_keys = read(&keys).unwrap();
        let stored = serde_json::to_value(&read_keys).unwrap();
        assert_eq!(serde_json::from_value::<ClientKeys>(stored).unwrap(), read_keys);
        for key in &keys {
            let kid = key["kid"].as_str();
            let found: Vec<_> = read_keys.candidates(kid).map(|key| key.kid.as_str()).collect();
            assert_eq!(found, [kid.unwrap()]);
        }
        assert_eq!(read_keys.candidates(None).count(), 3);
        assert_eq!(read_keys.candidates(Some("another")).count(), 0);
    }

    #[test]
    fn a_key_without_a_name_has_its_thumbprint_and_members_nobody_knows_are_left_out() {
        let mut key = public(SigningAlgorithm::Rs256);
        let kid = key["kid"].take();
        let n = URL_SAFE_NO_PAD.decode(key["n"].as_str().unwrap()).unwrap();
        let padded = URL_SAFE_NO_PAD.encode([&[0], n.as_slice()].concat());
        for member in ["kid", "alg", "use"] {
            key.as_object_mut().unwrap().remove(member);
        }
        let key = with(with(key, "n", padded.into()), "key_ops", json!(["verify"]));
        assert_eq!(read(&[key]).unwrap().candidates(kid.as_str()).count(), 1);
    }

    #[test]
    fn what_is_refused_at_registration() {
        let [rsa, ec, ed] = SigningAlgorithm::ALL.map(public);
        let of_length = |length: usize| json!(URL_SAFE_NO_PAD.encode(vec![0xFF; length]));
        let table = [
            (vec![], ClientKeyError::Count),
            (vec![ec.clone(); 9], ClientKeyError::Count),
            (vec![ec.clone(), ec.clone()], ClientKeyError::Name),
            (vec![with(ec.clone(), "kid", "a b".into())], ClientKeyError::Name),
            (vec![with(ec.clone(), "d", "AA".into())], ClientKeyError::Private),
            (vec![with(ec.clone(), "use", "enc".into())], ClientKeyError::Use),
            (vec![with(ec.clone(), "alg", "HS256".into())], ClientKeyError::Algorithm),
            (vec![with(rsa.clone(), "alg", "PS256".into())], ClientKeyError::Algorithm),
            (vec![with(ec.clone(), "crv", "P-384".into())], ClientKeyError::Type),
            (vec![json!({ "kty": "oct", "k": "c2VjcmV0" })], ClientKeyError::Type),
            (vec![with(ec.clone(), "x", json!(null))], ClientKeyError::Member),
            (vec![with(ec.clone(), "x", "a+b".into())], ClientKeyError::Member),
            (vec![with(ec.clone(), "x", of_length(31))], ClientKeyError::Size),
            (vec![with(ec.clone(), "x", of_length(32))], ClientKeyError::Point),
            (vec![with(ed, "x", of_length(33))], ClientKeyError::Size),
            (vec![with(rsa.clone(), "n", of_length(255))], ClientKeyError::Size),
            (vec![with(rsa.clone(), "n", of_length(513))], ClientKeyError::Size),
            (vec![with(rsa.clone(), "e", "Aw".into())], ClientKeyError::Size),
            (vec![with(rsa, "e", "AQAAAAE".into())], ClientKeyError::Size),
        ];
        for (keys, error) in table {
            assert_eq!(read(&keys), Err(error.to_string()), "{keys:?}");
        }
    }
}
