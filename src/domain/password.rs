//! What a new password must look like. The rules of the deployment, checked on every choice and again at every
//! sign-in, the only moment at which the plaintext is there.

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizer;
use serde::{Deserialize, Serialize};

use super::account::LoginName;
use super::code;
use super::secret::Secret;

/// The rules for new passwords. The default is what the portals of 2024 asked: 8 characters of four classes, case 2 of
/// the CNIL's recommendation 2022-100 (50 bits), which holds only together with a throttle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is one rule of its own; together they are no state")]
pub struct PasswordRules {
    /// The least number of code points after NFKC.
    pub min_length: usize,
    /// The largest number of code points after NFKC: a limit against exhaustion, not a policy.
    pub max_length: usize,
    /// At least one capital letter.
    pub upper: bool,
    /// At least one small letter.
    pub lower: bool,
    /// At least one digit.
    pub digit: bool,
    /// At least one character that is neither letter nor digit; a space counts.
    pub special: bool,
    /// Must not contain the login.
    pub without_login: bool,
}

impl Default for PasswordRules {
    fn default() -> Self {
        Self {
            min_length: 8,
            max_length: 256,
            upper: true,
            lower: true,
            digit: true,
            special: true,
            without_login: true,
        }
    }
}

/// A rule that a new password breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Violation {
    /// Shorter than the least length.
    TooShort,
    /// Longer than the largest length.
    TooLong,
    /// No capital letter.
    NoUpper,
    /// No small letter.
    NoLower,
    /// No digit.
    NoDigit,
    /// No special character.
    NoSpecial,
    /// Contains the login.
    ContainsLogin,
    /// The password that must be replaced.
    SameAsCurrent,
    /// The code that opened the page.
    IsCode,
}

/// The form in which passwords are hashed and compared: NFKC, so that an é typed as one key or two is one password
/// (NIST SP 800-63B-4 section 3.1.1.2). Longer input is cut nowhere: the caller bounds it first.
pub fn normal_form(password: &Secret) -> Secret {
    Secret::new(ComposingNormalizer::new_nfkc().normalize(password.expose()).into_owned())
}

impl PasswordRules {
    /// The rules that a password alone can break, in the order in which the page lists them.
    pub fn violations(&self, password: &Secret, login: &LoginName) -> Vec<Violation> {
        let password = normal_form(password);
        let text = password.expose();
        let length = text.chars().count();
        let lacks = |class: fn(char) -> bool| !text.chars().any(class);
        let broken = [
            (length < self.min_length, Violation::TooShort),
            (length > self.max_length, Violation::TooLong),
            (self.upper && lacks(char::is_uppercase), Violation::NoUpper),
            (self.lower && lacks(char::is_lowercase), Violation::NoLower),
            (self.digit && lacks(char::is_numeric), Violation::NoDigit),
            (self.special && lacks(is_special), Violation::NoSpecial),
            (self.without_login && contains_login(text, login), Violation::ContainsLogin),
        ];
        broken.into_iter().filter_map(|(is, violation)| is.then_some(violation)).collect()
    }
}

/// What authorised the change, to which the new password must not be equal.
pub enum Replaced<'a> {
    /// The current password, as it was typed and verified.
    Password(&'a Secret),
    /// The code that opened the page.
    Code(&'a Secret),
}

impl Replaced<'_> {
    /// Whether the new password is the very secret that opened the page.
    pub fn repeated_by(&self, new: &Secret) -> Option<Violation> {
        match self {
            Self::Password(current) => {
                normal_form(current).same_as(&normal_form(new)).then_some(Violation::SameAsCurrent)
            }
            Self::Code(used) => {
                code::read(new).is_some_and(|typed| typed.same_as(used)).then_some(Violation::IsCode)
            }
        }
    }
}

fn is_special(c: char) -> bool {
    !c.is_alphanumeric() && !c.is_control()
}

fn contains_login(password: &str, login: &LoginName) -> bool {
    // A login of one or two letters would forbid half of all passwords.
    let long_enough = login.as_str().chars().count() >= 3;
    long_enough && CaseMapper::new().fold_string(password).contains(login.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violations(password: &str) -> Vec<Violation> {
        let login = LoginName::parse("Zoe.Martin").unwrap();
        PasswordRules::default().violations(&Secret::new(password.to_owned()), &login)
    }

    #[test]
    fn each_rule_is_broken_alone() {
        use Violation::*;
        assert_eq!(violations("Chat-noir7"), []);
        assert_eq!(violations("Ch-noir7"), []);
        assert_eq!(violations("C-noir7"), [TooShort]);
        assert_eq!(violations("chat-noir7"), [NoUpper]);
        assert_eq!(violations("CHAT-NOIR7"), [NoLower]);
        assert_eq!(violations("Chat-noir"), [NoDigit]);
        assert_eq!(violations("Chatnoir7"), [NoSpecial]);
        assert_eq!(violations("a-ZOE.martin-7"), [ContainsLogin]);
        assert_eq!(violations(&format!("Aa-7{}", "é".repeat(253))), [TooLong]);
        assert_eq!(violations("Été là-bas 7"), []);
    }

    #[test]
    fn an_accent_typed_as_two_keys_is_the_same_password() {
        let composed = Secret::new("Éte-2024".to_owned());
        let decomposed = Secret::new("E\u{301}te-2024".to_owned());
        assert_eq!(Replaced::Password(&composed).repeated_by(&decomposed), Some(Violation::SameAsCurrent));
    }
}
