//! The keys of the deployment, in their three ages. A key is published before it signs, so that every relying party
//! that reads the set now and then has seen it, and stays published after, until what it signed has expired.

use thiserror::Error;

use super::jws::SigningKey;
use crate::domain::client::SigningAlgorithm;
use crate::domain::jwk::{JwkSet, PublicJwk};

/// How far a key has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Published, not yet signing.
    Next,
    /// Signing. One for each algorithm.
    Active,
    /// Published, no longer signing.
    Retired,
}

impl KeyState {
    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }

    /// Reads the stored form.
    pub fn from_stored(text: &str) -> Option<Self> {
        [Self::Next, Self::Active, Self::Retired].into_iter().find(|state| state.as_str() == text)
    }
}

/// Every key that is published.
pub struct KeyRing {
    rs256: SigningKey,
    es256: SigningKey,
    eddsa: SigningKey,
    others: Vec<SigningKey>,
}

/// Why keys make no ring.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyRingError {
    /// Nothing signs for an algorithm.
    #[error("no key is active for {}", .0.as_str())]
    NoneActive(SigningAlgorithm),
    /// Two keys want to sign for an algorithm.
    #[error("more than one key is active for {}", .0.as_str())]
    SeveralActive(SigningAlgorithm),
    /// One key came twice.
    #[error("the key {0} is there twice")]
    Twice(String),
}

impl KeyRing {
    /// Puts the keys in order. Every algorithm has one that signs.
    pub fn new(keys: Vec<(KeyState, SigningKey)>) -> Result<Self, KeyRingError> {
        let mut active = Vec::new();
        let mut others: Vec<SigningKey> = Vec::new();
        for (state, key) in keys {
            if active.iter().chain(&others).any(|known: &SigningKey| known.kid() == key.kid()) {
                return Err(KeyRingError::Twice(key.kid().to_owned()));
            }
            match state {
                KeyState::Active => active.push(key),
                KeyState::Next | KeyState::Retired => others.push(key),
            }
        }
        let mut signer = |algorithm| {
            let place = active.iter().position(|key| key.algorithm() == algorithm);
            place.map(|place| active.swap_remove(place)).ok_or(KeyRingError::NoneActive(algorithm))
        };
        let rs256 = signer(SigningAlgorithm::Rs256)?;
        let es256 = signer(SigningAlgorithm::Es256)?;
        let eddsa = signer(SigningAlgorithm::EdDsa)?;
        match active.first() {
            Some(left) => Err(KeyRingError::SeveralActive(left.algorithm())),
            None => Ok(Self { rs256, es256, eddsa, others }),
        }
    }

    /// The key that signs for an algorithm.
    pub fn signer(&self, algorithm: SigningAlgorithm) -> &SigningKey {
        match algorithm {
            SigningAlgorithm::Rs256 => &self.rs256,
            SigningAlgorithm::Es256 => &self.es256,
            SigningAlgorithm::EdDsa => &self.eddsa,
        }
    }

    /// The published key of this name.
    pub fn find(&self, kid: &str) -> Option<&PublicJwk> {
        self.public_keys().find(|jwk| jwk.kid == kid)
    }

    /// The body of the JWKS endpoint.
    pub fn jwks(&self) -> JwkSet<'_> {
        JwkSet { keys: self.public_keys().collect() }
    }

    fn public_keys(&self) -> impl Iterator<Item = &PublicJwk> {
        [&self.rs256, &self.es256, &self.eddsa].into_iter().chain(&self.others).map(SigningKey::public_jwk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(algorithm: SigningAlgorithm) -> SigningKey {
        SigningKey::generate(algorithm).unwrap()
    }

    fn three() -> Vec<(KeyState, SigningKey)> {
        SigningAlgorithm::ALL.map(|algorithm| (KeyState::Active, key(algorithm))).into()
    }

    #[test]
    fn each_algorithm_has_one_key_that_signs_and_all_are_published() {
        let mut keys = three();
        keys.push((KeyState::Next, key(SigningAlgorithm::Es256)));
        keys.push((KeyState::Retired, key(SigningAlgorithm::EdDsa)));
        let signing: Vec<_> = keys.iter().map(|(_, key)| key.kid().to_owned()).collect();
        let ring = KeyRing::new(keys).ok().unwrap();
        for (algorithm, kid) in SigningAlgorithm::ALL.into_iter().zip(&signing) {
            assert_eq!(ring.signer(algorithm).kid(), kid);
        }
        assert_eq!(ring.jwks().keys.len(), 5);
        assert!(signing.iter().all(|kid| ring.find(kid).is_some()));
        assert!(ring.find("other").is_none());
    }

    #[test]
    fn keys_that_make_no_ring() {
        let mut keys = three();
        keys.remove(1);
        assert_eq!(KeyRing::new(keys).err(), Some(KeyRingError::NoneActive(SigningAlgorithm::Es256)));
        let mut keys = three();
        keys.push((KeyState::Active, key(SigningAlgorithm::EdDsa)));
        assert_eq!(KeyRing::new(keys).err(), Some(KeyRingError::SeveralActive(SigningAlgorithm::EdDsa)));
        let mut keys = three();
        let twin = SigningKey::from_pkcs8(SigningAlgorithm::EdDsa, &keys[2].1.pkcs8().unwrap()).unwrap();
        let kid = twin.kid().to_owned();
        keys.push((KeyState::Retired, twin));
        assert_eq!(KeyRing::new(keys).err(), Some(KeyRingError::Twice(kid)));
    }

    #[test]
    fn states_read_back() {
        for state in [KeyState::Next, KeyState::Active, KeyState::Retired] {
            assert_eq!(KeyState::from_stored(state.as_str()), Some(state));
        }
        assert_eq!(KeyState::from_stored("new"), None);
    }
}
