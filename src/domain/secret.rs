//! Values that must not be seen. None of them can be printed, logged or serialised.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::{Zeroize, Zeroizing};

/// A secret text: a password, a code, a token, a cookie's value. Wiped when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a text into custody.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// A bearer value of 256 bits, base64url without padding, 43 characters.
    pub fn from_random(mut bytes: [u8; 32]) -> Self {
        let secret = Self::new(URL_SAFE_NO_PAD.encode(bytes));
        bytes.zeroize();
        secret
    }

    /// The text itself, for the one place that has to send or verify it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored instead of the text: base64url of its SHA-256. Enough for values of high entropy only.
    pub fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, self.0.as_bytes()))
    }

    /// Whether both hold the same text, in a time that does not depend on where they differ.
    pub fn same_as(&self, other: &Self) -> bool {
        same_text(&self.0, &other.0)
    }
}

/// Whether two texts are equal, in a time that does not depend on where they differ.
pub fn same_text(left: &str, right: &str) -> bool {
    verify_slices_are_equal(left.as_bytes(), right.as_bytes()).is_ok()
}

/// Secret key material. Wiped when dropped.
#[derive(Clone)]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes key material into custody.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A tag over texts that only the holder of this key can compute: base64url of HMAC-SHA-256. Each text is preceded by
    /// its length, so that no two lists of texts are tagged alike; `purpose` keeps uses of one key apart.
    pub fn tag(&self, purpose: &str, texts: &[&str]) -> String {
        URL_SAFE_NO_PAD.encode(self.mac(purpose, texts))
    }

    /// Bytes that only the holder of this key can compute, for a secret that is to be found again: the first half of such a tag.
    pub fn derive(&self, purpose: &str, texts: &[&str]) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(self.mac(purpose, texts).as_ref()).for_each(|(byte, mac)| *byte = *mac);
        bytes
    }

    fn mac(&self, purpose: &str, texts: &[&str]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.0));
        for text in std::iter::once(&purpose).chain(texts) {
            context.update(&text.len().to_be_bytes());
            context.update(text.as_bytes());
        }
        context.sign()
    }

    /// The bytes themselves, for the one place that computes with them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_value_is_43_characters_and_its_hash_is_not_it() {
        let token = Secret::from_random([7; 32]);
        assert_eq!(token.expose().len(), 43);
        assert_ne!(token.expose(), token.hash());
        assert!(token.same_as(&Secret::new(token.expose().to_owned())));
        assert!(!token.same_as(&Secret::new(String::new())));
    }
}
