//! Pairwise subjects (OpenID Connect Core section 8.1): services of different sectors cannot compare notes.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::account::AccountId;
use crate::domain::secret::SecretBytes;

/// The `sub` of an account for the clients of a sector: 43 characters, base64url of HMAC-SHA-256 under the
/// deployment's salt. Nothing that a reset, a new address or a new master key changes goes into it: services know
/// their users by it for years. The zero byte keeps (`ab`, `c`) and (`a`, `bc`) apart; neither part can hold one.
pub fn pairwise(salt: &SecretBytes, sector: &str, account: &AccountId) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, salt.expose()));
    context.update(sector.as_bytes());
    context.update(&[0]);
    context.update(account.0.as_bytes());
    URL_SAFE_NO_PAD.encode(context.sign())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(salt: u8, sector: &str, account: &str) -> String {
        pairwise(&SecretBytes::new(vec![salt; 32]), sector, &AccountId(account.to_owned()))
    }

    #[test]
    fn a_subject_stays_the_same_from_version_to_version() {
        assert_eq!(
            subject(7, "portal.example", "018f0000-0000-7000-8000-000000000001"),
            "F5ZRv0dusxCZ-YtcfVbIOuDPW96Vswze4TURAlM5RHw"
        );
    }

    #[test]
    fn each_part_matters() {
        let subjects =
            [subject(7, "ab", "c"), subject(7, "a", "bc"), subject(8, "ab", "c"), subject(7, "ab", "d")];
        let distinct: std::collections::BTreeSet<_> = subjects.iter().collect();
        assert_eq!(distinct.len(), subjects.len());
    }
}
