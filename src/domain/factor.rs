//! Second factors of operators: six digits from an app (TOTP, RFC 6238), or codes of a list that work once each.

use aws_lc_rs::hmac;

use super::account::AccountId;
use super::code;
use super::operator::Role;
use super::secret::{Secret, SecretBytes, same_text};
use super::timestamp::Timestamp;

/// Bytes of an app's secret: as many as SHA-1 has (RFC 4226 section 4).
pub const SECRET_BYTES: usize = 20;

/// Seconds in a step.
const STEP: i64 = 30;

/// Symbols of a spare code: 16 × log2(31) = 79 bits. Unlike a slip's it is not bounded by a campaign, and may lie about for
/// years.
const SPARE_SYMBOLS: usize = 16;

/// Spare codes for whoever has an app and loses it.
pub const RECOVERY_CODES: usize = 10;

/// Codes of a list that stands in for an app.
pub const LISTED_CODES: usize = 20;

/// What the factor is. A person has one app or one list; passkeys will be a kind of which a person has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A list on paper.
    List,
    /// An app.
    Totp,
}

impl Kind {
    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Totp => "totp",
        }
    }

    /// Reads the stored form.
    pub fn from_stored(text: &str) -> Option<Self> {
        [Self::List, Self::Totp].into_iter().find(|kind| kind.as_str() == text)
    }

    /// Whether somebody with these roles may have it. A list is copied at a glance: it is for whoever reaches one class and
    /// nobody who may do anything to others.
    pub fn is_for(self, roles: impl IntoIterator<Item = Role>) -> bool {
        self == Self::Totp || roles.into_iter().all(Role::is_for_families)
    }
}

/// What a spare code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Stands in for the factor.
    Factor,
    /// Lets somebody enrol one.
    Enrolment,
}

impl Purpose {
    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Factor => "factor",
            Self::Enrolment => "enrolment",
        }
    }
}

/// Under which name an app's secret is sealed: moved to another account it does not open.
pub fn seal_name(account: &AccountId) -> String {
    format!("factor:{}", account.0)
}

/// The six digits of a step (RFC 4226 section 5.3).
fn digits(secret: &SecretBytes, step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.expose());
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag.last().copied().unwrap_or_default() & 0x0f);
    let word = tag.iter().skip(at).take(4).fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}

/// The step whose digits were typed: this one or a neighbour, as clocks differ and people type slowly. None of those that were
/// accepted before, nor any before them (RFC 6238 section 5.2).
pub fn accepted_step(secret: &SecretBytes, typed: &Secret, now: Timestamp, last: Option<i64>) -> Option<i64> {
    let typed: String = typed.expose().chars().filter(|sign| !sign.is_whitespace()).take(7).collect();
    let this = now.seconds().div_euclid(STEP);
    [this, this - 1, this + 1]
        .into_iter()
        .filter(|step| last.is_none_or(|last| *step > last))
        .find(|step| same_text(&digits(secret, *step), &typed))
}

/// A spare code from 128 random bits.
pub fn spare_code(bytes: [u8; 16]) -> Secret {
    code::write(u128::from_be_bytes(bytes), SPARE_SYMBOLS)
}

/// What somebody typed, if it has the form of a spare code.
pub fn read_spare(typed: &Secret) -> Option<Secret> {
    code::read_symbols(typed, SPARE_SYMBOLS)
}

/// An app's secret as it is typed by hand: base32 without padding (RFC 4648 section 6).
pub fn base32(secret: &SecretBytes) -> Secret {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::new();
    for chunk in secret.expose().chunks(5) {
        let word =
            chunk.iter().fold(0_u64, |word, byte| word << 8 | u64::from(*byte)) << (8 * (5 - chunk.len()));
        for place in 0..(8 * chunk.len()).div_ceil(5) {
            let index = usize::try_from(word >> (35 - 5 * place) & 31).unwrap_or_default();
            text.push(char::from(ALPHABET[index]));
        }
    }
    Secret::new(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> SecretBytes {
        SecretBytes::new(b"12345678901234567890".to_vec())
    }

    fn typed(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn the_digits_are_those_of_rfc_6238() {
        // Appendix B, the last six of its eight digits.
        let vectors = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (seconds, digits) in vectors {
            let now = Timestamp::from_seconds(seconds);
            assert_eq!(accepted_step(&secret(), &typed(digits), now, None), Some(seconds / 30));
        }
    }

    #[test]
    fn a_neighbouring_step_counts_and_none_that_was_accepted_or_is_older() {
        let at = |step: i64| Timestamp::from_seconds(step * 30 + 7);
        let shown = typed(&format!(" {} ", digits(&secret(), 100)));
        let accepted = |now, last| accepted_step(&secret(), &shown, at(now), last);
        for now in [99, 100, 101] {
            assert_eq!(accepted(now, Some(99)), Some(100));
        }
        assert_eq!((accepted(98, None), accepted(102, None)), (None, None));
        assert_eq!((accepted(100, Some(100)), accepted(100, Some(101))), (None, None));
        for wrong in ["", "28708", "2870820", "28708a", "２８７０８２"] {
            assert_eq!(accepted_step(&secret(), &typed(wrong), Timestamp::from_seconds(59), None), None);
        }
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        for (plain, written) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
        ] {
            assert_eq!(base32(&SecretBytes::new(plain.into())).expose(), written);
        }
        assert_eq!(base32(&secret()).expose(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn a_spare_code_reads_back_and_is_not_taken_for_a_slips() {
        let code = spare_code([0xa7; 16]);
        let shown = code::printed(&code);
        assert_eq!(shown.expose().len(), 19);
        assert!(read_spare(&typed(&shown.expose().to_lowercase())).unwrap().same_as(&code));
        assert!(code::read(&code).is_none());
        assert!(read_spare(&typed("ABCD-EFGH-JKLM")).is_none());
    }

    #[test]
    fn a_list_is_for_whoever_has_a_class_and_nothing_else() {
        assert!(Kind::List.is_for([Role::ClassTeacher, Role::ClassTeacher]));
        assert!(!Kind::List.is_for([Role::ClassTeacher, Role::Auditor]));
        assert!(Kind::Totp.is_for([Role::Authority]));
    }
}
