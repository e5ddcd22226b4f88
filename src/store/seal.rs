//! The master key, and what is sealed under it: AES-256-GCM (NIST SP 800-38D), so that a copy of the database alone
//! opens nothing.
//!
//! The name of a secret is authenticated with it: a sealed text moved to another row does not open there.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;
use zeroize::{Zeroize as _, Zeroizing};

use super::key_sheet;
use crate::domain::secret::{Secret, SecretBytes};

/// Bytes of the nonce that sealing consumes.
pub const NONCE_BYTES: usize = NONCE_LEN;

pub(super) const KEY_BYTES: usize = 32;

/// The key that seals all others. It comes from a file outside the database and is never stored.
pub struct MasterKey(LessSafeKey);

/// The bytes of a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SealError {
    /// The library refused to seal.
    #[error("the cryptographic library failed to seal")]
    Library,
    /// The text is no master key.
    #[error(
        "a master key is 64 hexadecimal digits; put back the file that `ecluse init` made, or your copy of it"
    )]
    Malformed,
    /// A line of a sheet is not what was printed.
    #[error(
        "line {0} of the sheet was mistyped: type it again as it is printed, its last four symbols included"
    )]
    Mistyped(usize),
    /// Sealed under another key or name, or changed since.
    #[error("the sealed secret does not open under this master key")]
    WrongKey,
}

impl MasterKey {
    /// The written form of a key: 64 lower-case hexadecimal digits.
    pub fn text_of(mut bytes: [u8; KEY_BYTES]) -> Secret {
        let mut text = String::with_capacity(2 * KEY_BYTES);
        for byte in bytes {
            for digit in [byte >> 4, byte & 0x0f] {
                text.push(char::from_digit(digit.into(), 16).unwrap_or_default());
            }
        }
        bytes.zeroize();
        Secret::new(text)
    }

    /// Reads the written form, or the [sheet](super::key_sheet).
    pub fn from_text(text: &Secret) -> Result<Self, SealError> {
        let bytes = key_sheet::read(text)?;
        let key = UnboundKey::new(&AES_256_GCM, bytes.as_ref()).map_err(|_| SealError::Malformed)?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Seals a secret under its name: base64url of nonce, ciphertext and tag. The nonce is random and used once; 96
    /// random bits are safe for the first four thousand million secrets (NIST SP 800-38D section 8.3).
    pub fn seal(
        &self,
        name: &str,
        secret: &SecretBytes,
        nonce: [u8; NONCE_BYTES],
    ) -> Result<String, SealError> {
        let mut sealed = Vec::with_capacity(NONCE_BYTES + secret.expose().len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(secret.expose());
        let tag = self
            .0
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(name.as_bytes()),
                &mut sealed[NONCE_BYTES..],
            )
            .map_err(|_| SealError::Library)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// Opens what [`MasterKey::seal`] sealed under this name.
    pub fn open(&self, name: &str, sealed: &str) -> Result<SecretBytes, SealError> {
        let mut bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(sealed).map_err(|_| SealError::WrongKey)?);
        let (nonce, rest) = bytes.split_at_mut_checked(NONCE_BYTES).ok_or(SealError::WrongKey)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::WrongKey)?;
        let secret =
            self.0.open_in_place(nonce, Aad::from(name.as_bytes()), rest).map_err(|_| SealError::WrongKey)?;
        Ok(SecretBytes::new(secret.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> MasterKey {
        MasterKey::from_text(&MasterKey::text_of([byte; 32])).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_under_its_key_and_its_name_only() {
        let secret = SecretBytes::new(b"thirty-two bytes of a code key..".to_vec());
        let sealed = key(1).seal("code_key", &secret, [9; 12]).unwrap();
        assert_eq!(key(1).open("code_key", &sealed).unwrap().expose(), secret.expose());
        assert_eq!(key(2).open("code_key", &sealed).err(), Some(SealError::WrongKey));
        assert_eq!(key(1).open("cookie_key", &sealed).err(), Some(SealError::WrongKey));
        assert!(!sealed.contains('='));
    }

    #[test]
    fn a_changed_text_does_not_open() {
        let sealed = key(1).seal("n", &SecretBytes::new(b"secret".to_vec()), [9; 12]).unwrap();
        let mut bytes = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
        for place in 0..bytes.len() {
            bytes[place] ^= 1;
            assert!(key(1).open("n", &URL_SAFE_NO_PAD.encode(&bytes)).is_err(), "byte {place}");
            bytes[place] ^= 1;
        }
        for short in ["", "AAAA", "not base64!"] {
            assert_eq!(key(1).open("n", short).err(), Some(SealError::WrongKey));
        }
    }

    #[test]
    fn the_layout_is_the_one_older_files_have() {
        // Computed once with another implementation of AES-256-GCM: key 01 × 32, nonce 09 × 12, name "n", text "secret".
        let sealed = key(1).seal("n", &SecretBytes::new(b"secret".to_vec()), [9; 12]).unwrap();
        assert_eq!(sealed, "CQkJCQkJCQkJCQkJt2pEvKtE_TcYmI7jv51ndpytYFrRlw");
    }

    #[test]
    fn a_master_key_is_64_hexadecimal_digits() {
        assert_eq!(MasterKey::text_of([0xa5; 32]).expose(), "a5".repeat(32));
        for bad in [String::new(), "a5".repeat(31), "a5".repeat(33), "+5".repeat(32), "é".repeat(32)] {
            assert_eq!(MasterKey::from_text(&Secret::new(bad)).err(), Some(SealError::Malformed));
        }
        assert!(MasterKey::from_text(&Secret::new("A5".repeat(32))).is_ok());
    }
}
