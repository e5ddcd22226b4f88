//! The words of mails: ours, or a deployment's in place of any of them.

use fluent_templates::langid;

use crate::words::{Vocabulary, Words, WordsError};

/// What a subject may speak of. A telephone shows it to whoever is beside it, so that it speaks of nobody.
const OF_A_SUBJECT: &[&str] = &["service"];

/// What a mail may speak of. No code, and nothing that opens anything.
const OF_A_MAIL: &[&str] = &["service", "login", "at"];

static VOCABULARY: Vocabulary = Vocabulary {
    messages: &[
        ("subject-changed", OF_A_SUBJECT),
        ("subject-change-asked", OF_A_SUBJECT),
        ("subject-voided", OF_A_SUBJECT),
        ("subject-code-issued", OF_A_SUBJECT),
        ("subject-order-returned", OF_A_SUBJECT),
        ("hello", OF_A_MAIL),
        ("what-changed", OF_A_MAIL),
        ("what-change-asked", OF_A_MAIL),
        ("what-voided", OF_A_MAIL),
        ("what-code-issued", OF_A_MAIL),
        ("what-order-returned", OF_A_MAIL),
        ("next-changed", OF_A_MAIL),
        ("next-change-asked", OF_A_MAIL),
        ("next-voided", OF_A_MAIL),
        ("next-code-issued", OF_A_MAIL),
        ("next-order-returned", OF_A_MAIL),
        ("mind", OF_A_MAIL),
    ],
    needed: (
        &[
            "subject-changed",
            "subject-change-asked",
            "subject-voided",
            "subject-code-issued",
            "subject-order-returned",
            "what-changed",
            "what-change-asked",
            "what-voided",
            "what-code-issued",
            "what-order-returned",
            "mind",
        ],
        "nobody would know what the mail is about, or what it never asks for",
    ),
    rule,
};

/// The longest subject in one language: telephones show less.
const LONGEST_SUBJECT: usize = 100;

/// The words of mails in both languages.
pub struct MailWords {
    /// In French.
    pub french: Words,
    /// In English.
    pub english: Words,
}

impl MailWords {
    /// Ours.
    pub fn ours() -> Result<Self, WordsError> {
        Ok(Self { french: french(None)?, english: english(None)? })
    }
}

/// In French, with the messages of a deployment in place of ours.
pub fn french(own: Option<&str>) -> Result<Words, WordsError> {
    Words::read(&VOCABULARY, langid!("fr"), include_str!("../../../assets/mails/fr.ftl"), own)
}

/// The same in English.
pub fn english(own: Option<&str>) -> Result<Words, WordsError> {
    Words::read(&VOCABULARY, langid!("en"), include_str!("../../../assets/mails/en.ftl"), own)
}

fn rule(message: &str, text: &str) -> Result<(), &'static str> {
    let is_subject = message.starts_with("subject-");
    if is_subject && text.chars().any(char::is_control) {
        return Err("is one line; take the line break out");
    }
    if text.chars().any(|sign| sign.is_control() && sign != '\n') {
        return Err("has a control character; take it out");
    }
    if is_subject && text.chars().count() > LONGEST_SUBJECT {
        return Err("is longer than 100 characters; telephones show less");
    }
    if leads_somewhere(text) {
        let why = "has a link or an address; whoever learns to follow one in a mail about passwords follows a thief's: \
                   say where to go in words, or by telephone";
        return Err(why);
    }
    Ok(())
}

/// Whether a mail program would make a link of it: of an address with its scheme, of a host's name, of somebody's address.
fn leads_somewhere(text: &str) -> bool {
    let is_host = |word: &str| {
        let host = word.split(['/', ':', '?', '#']).next().unwrap_or_default();
        host.rsplit_once('.').is_some_and(|(before, last)| {
            before.ends_with(char::is_alphanumeric)
                && last.chars().count() > 1
                && last.chars().all(char::is_alphabetic)
        })
    };
    let text = text.to_lowercase();
    let mut words = text.split(|sign: char| sign.is_whitespace() || "()[]<>{}«»\"“”'’,;".contains(sign));
    ["://", "www.", "@", "mailto:"].iter().any(|sign| text.contains(sign))
        || words.any(|word| is_host(word.trim_matches(['.', '!', '?', ':', '…'])))
}

#[cfg(test)]
mod tests {
    use fluent_templates::fluent_bundle::FluentArgs;

    use super::*;

    fn refused(own: &str) -> String {
        french(Some(own)).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_deployment_replaces_what_it_wants_and_keeps_the_rest() {
        let own =
            "-aide = le 05 49 00 00 00\nhello = { \"\" }\nnext-changed = Sinon, appelez { -aide } à 10.30.\n";
        let words = french(Some(own)).unwrap();
        let say = |message| words.say(message, &FluentArgs::new());
        assert_eq!(say("next-changed"), "Sinon, appelez le 05 49 00 00 00 à 10.30.");
        assert_eq!(
            (say("hello").as_str(), say("subject-changed").as_str()),
            ("", "votre mot de passe a été changé")
        );
    }

    #[test]
    fn what_would_teach_people_to_follow_a_link_is_refused() {
        for text in [
            "Allez sur https://ent.example.fr",
            "Allez sur HTTPS://x",
            "ent.example.fr",
            "Allez sur ent.example.fr/login.",
            "(ent.fr)",
            "www.ent",
            "aide@ac",
            "Écrivez à aide@ac-poitiers.fr",
            "{ $login }.fr",
            "https:{ \"//\" }x",
            "{ \"https://x\" }",
            "{ \"\\u0068ttps\\u003A//x\" }",
            "{ $login ->\n    [zoe] ent.example.fr\n   *[other] rien\n }",
            "{ -site }\n-site = ent.example.fr",
            "{ -site }\n-site = { $x ->\n    [a] ent.example.fr\n   *[b] rien\n }",
        ] {
            let said = refused(&format!("next-changed = {text}\n"));
            assert!(said.contains("has a link or an address; "), "{text}: {said}");
        }
        for text in
            ["Voir M. Blanc, c.-à-d. le secrétariat.", "Le 21.11.2026 à 10.30...", "etc.", "p.m.", "1.a"]
        {
            assert_eq!(refused(&format!("next-changed = {text}\n")), "", "{text}");
        }
    }

    #[test]
    fn a_subject_is_one_line_and_speaks_of_nobody() {
        let long = "a".repeat(101);
        for (text, why) in [
            ("a\n    b", "is one line;"),
            ("a{ \"\\u000D\\u000A\" }Bcc: x", "is one line;"),
            ("{ \"\\u000A\" }", "is one line;"),
            ("{ $service ->\n    [ENT] { \"\\u000A\" }Bcc\n   *[other] rien\n }", "is one line;"),
            ("{ $login }", "speaks of $login; it may speak of $service"),
            (&long, "is longer than 100 characters"),
            ("{ \"\" }", "says nothing; "),
        ] {
            let said = refused(&format!("subject-changed = {text}\n"));
            assert!(said.starts_with("subject-changed") && said.contains(why), "{text}: {said}");
        }
        assert!(
            refused("what-voided = { $code }\n")
                .contains("speaks of $code; it may speak of $service, $login, $at")
        );
        assert!(refused("what-voided = a{ \"\\u0007\" }\n").contains("has a control character"));
        assert!(refused("subject = x\n").starts_with("has a message subject; known are subject-changed, "));
        assert!(refused("mind = { \"\" }\n").starts_with("mind: says nothing; "));
    }
}
