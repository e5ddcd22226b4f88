//! The words of a slip, and of the notice for families: a Fluent file, of which a deployment may replace any message.

use fluent_templates::fluent_bundle::FluentArgs;
use fluent_templates::langid;

use crate::paper::slip::Slip;
pub use crate::words::WordsError as LetterError;
use crate::words::{Vocabulary, Words};

/// What the title of a document may speak of.
const OF_A_DOCUMENT: &[&str] = &["service", "place"];

/// What everything else may speak of. The code is not among them: it has its place, and is read out by nothing else.
const OF_A_SLIP: &[&str] = &["service", "school", "class", "person", "pupils", "count", "address", "expires"];

/// What a notice for families may speak of. It speaks of nobody: it hangs on a wall.
const OF_A_NOTICE: &[&str] = &["service", "place", "address", "since", "deadline", "expires"];

static VOCABULARY: Vocabulary = Vocabulary {
    messages: &[
        ("document-title", OF_A_DOCUMENT),
        ("headline", OF_A_SLIP),
        ("guardian", OF_A_SLIP),
        ("login-label", OF_A_SLIP),
        ("code-label", OF_A_SLIP),
        ("intro", OF_A_SLIP),
        ("step-1", OF_A_SLIP),
        ("step-2", OF_A_SLIP),
        ("step-3", OF_A_SLIP),
        ("expires", OF_A_SLIP),
        ("advice", OF_A_SLIP),
        ("square", OF_A_SLIP),
        ("notice-title", OF_A_NOTICE),
        ("notice-intro", OF_A_NOTICE),
        ("notice-change", OF_A_NOTICE),
        ("notice-recover", OF_A_NOTICE),
        ("notice-deadline", OF_A_NOTICE),
        ("notice-hardens", OF_A_NOTICE),
        ("notice-expires", OF_A_NOTICE),
        ("notice-advice", OF_A_NOTICE),
    ],
    needed: (&["document-title", "square"], "whoever has a document read out needs it"),
    rule: |_, _| Ok(()),
};

/// The words of a slip in one language.
pub struct Letter {
    tag: &'static str,
    words: Words,
}

impl Letter {
    /// In French, with the messages of a deployment in place of ours.
    pub fn french(own: Option<&str>) -> Result<Self, LetterError> {
        const WORDS: &str = include_str!("../../assets/letters/fr.ftl");
        Ok(Self { tag: "fr", words: Words::read(&VOCABULARY, langid!("fr"), WORDS, own)? })
    }

    /// The same in English.
    pub fn english(own: Option<&str>) -> Result<Self, LetterError> {
        const WORDS: &str = include_str!("../../assets/letters/en.ftl");
        Ok(Self { tag: "en", words: Words::read(&VOCABULARY, langid!("en"), WORDS, own)? })
    }

    /// The language, as documents name it.
    pub(super) fn tag(&self) -> &'static str {
        self.tag
    }

    /// The title of a document.
    pub(super) fn title(&self, service: &str, place: &str) -> String {
        let mut values = FluentArgs::new();
        values.set("service", service);
        values.set("place", place);
        self.words.say("document-title", &values)
    }

    /// What is said to one person.
    pub(super) fn speaker<'a>(&'a self, slip: &'a Slip, service: &'a str, address: &'a str) -> Speaker<'a> {
        let mut values = FluentArgs::with_capacity(OF_A_SLIP.len());
        values.set("service", service);
        values.set("school", slip.school.as_str());
        values.set("class", slip.class.as_str());
        values.set("person", slip.person());
        values.set("pupils", slip.pupils.join(", "));
        values.set("count", slip.pupils.len());
        values.set("address", address);
        values.set("expires", slip.expires.as_str());
        Speaker { letter: self, values }
    }

    /// What families are told of an order: a title, and what follows it.
    pub fn family_notice(&self, notice: &FamilyNotice<'_>) -> (String, Vec<String>) {
        let mut values = FluentArgs::with_capacity(OF_A_NOTICE.len());
        values.set("service", notice.service);
        values.set("place", notice.place);
        values.set("address", notice.address);
        values.set("since", notice.since);
        values.set("deadline", notice.deadline.unwrap_or_default());
        values.set("expires", notice.expires);
        let say = |message| self.words.say(message, &values);
        let by_code =
            ["notice-intro", "notice-recover", "notice-deadline", "notice-expires", "notice-advice"];
        let by_password =
            ["notice-intro", "notice-change", "notice-deadline", "notice-hardens", "notice-advice"];
        let messages = if notice.by_code { by_code } else { by_password };
        let of_deadline = ["notice-deadline", "notice-hardens"];
        let messages =
            messages.into_iter().filter(|it| notice.deadline.is_some() || !of_deadline.contains(it));
        let paragraphs = messages.map(say).filter(|text| !text.is_empty());
        (say("notice-title"), paragraphs.collect())
    }
}

/// What a notice for families is about.
pub struct FamilyNotice<'a> {
    /// What people know the service by.
    pub service: &'a str,
    /// The place that the order is about.
    pub place: &'a str,
    /// Where they sign in.
    pub address: &'a str,
    /// Since when it is in force, or from when on.
    pub since: &'a str,
    /// By when everybody should have changed, where there is such a day.
    pub deadline: Option<&'a str>,
    /// Until when codes do.
    pub expires: &'a str,
    /// Whether nothing but a code opens the change page.
    pub by_code: bool,
}

/// Speaks to one person.
pub(super) struct Speaker<'a> {
    letter: &'a Letter,
    values: FluentArgs<'a>,
}

impl Speaker<'_> {
    /// What a message says; nothing where there is nothing to say.
    pub(super) fn say(&self, message: &str) -> String {
        self.letter.words.say(message, &self.values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paper::slip::sample;

    fn said(letter: &Letter, slip: &Slip, message: &str) -> String {
        letter.speaker(slip, "ENT", "https://ent.example.org/login").say(message)
    }

    #[test]
    fn a_deployment_replaces_what_it_wants_and_keeps_the_rest() {
        let own = "-town = Poitiers\nintro = { $person } à { -town }, { $class ->\n    [Terminale] bienvenue\n   *[other] bonjour\n }\nadvice = { \"\" }\n";
        let letter = Letter::french(Some(own)).unwrap();
        let zoe = Slip { class: "Terminale".to_owned(), ..sample("Zoé") };
        assert_eq!(said(&letter, &zoe, "intro"), "Martin Zoé à Poitiers, bienvenue");
        assert_eq!(said(&letter, &zoe, "advice"), "");
        assert_eq!(said(&letter, &zoe, "login-label"), "Identifiant");
        assert_eq!(said(&Letter::english(None).unwrap(), &zoe, "login-label"), "Login");
    }

    #[test]
    fn numbers_of_children_choose_the_words() {
        let letter = Letter::french(None).unwrap();
        let of = |pupils: &[&str]| {
            let pupils = pupils.iter().map(|&name| name.to_owned()).collect();
            said(&letter, &Slip { pupils, ..sample("Ana") }, "guardian")
        };
        assert_eq!(of(&["Zoé Martin"]), "Responsable de Zoé Martin");
        assert_eq!(of(&["Zoé Martin", "Tom Roy"]), "Responsable de\u{a0}: Zoé Martin, Tom Roy");
    }

    #[test]
    fn families_are_told_what_opens_the_page_and_until_when() {
        let notice = |by_code, deadline| FamilyNotice {
            service: "ENT",
            place: "Poitiers",
            address: "https://ent.example.org/login",
            since: "2 mars",
            deadline,
            expires: "30 mars",
            by_code,
        };
        for letter in [Letter::french(None).unwrap(), Letter::english(None).unwrap()] {
            let said = |by_code, deadline| letter.family_notice(&notice(by_code, deadline)).1.join("\n");
            let by_code = said(true, None);
            assert!(by_code.contains("30 mars") && by_code.contains("https://ent.example.org/login"));
            assert!(said(false, Some("9 mars")).contains("9 mars"));
            assert!(!said(false, None).contains("30 mars"), "there is no code");
        }
        let own = Letter::french(Some("notice-title = Avis { $place }\n")).unwrap();
        assert_eq!(own.family_notice(&notice(false, None)).0, "Avis Poitiers");
        assert!(Letter::french(Some("notice-title = { $person }\n")).is_err(), "it speaks of nobody");
    }

    #[test]
    fn what_nobody_could_fill_in_is_an_error_also_where_few_would_read_it() {
        let refused =
            |own: &str| Letter::french(Some(own)).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(
            refused("intro = { $nom }")
                .starts_with("intro speaks of $nom; it may speak of $service, $school")
        );
        assert!(
            refused("intro = { $class ->\n    [Terminale] { $code }\n   *[other] -\n }")
                .contains("speaks of $code;")
        );
        assert!(refused("intro = { $place }").contains("$place"), "the title alone speaks of a place");
        assert!(refused("document-title = { $person }").contains("it may speak of $service, $place"));
        assert!(refused("intro = { introduction }").contains("introduction"));
        assert!(refused("intro = { -town }").contains("-town"));
        assert!(refused("intro = { DATETIME($expires) }").contains("DATETIME()"));
        assert!(
            refused("introduction = x").contains("has a message introduction; known are document-title,")
        );
        assert!(refused("intro = { advice }\nadvice = { intro }").starts_with("intro: "));
        assert!(refused("square = { \"\" }").starts_with("square: says nothing;"));
        assert!(refused("intro = { $person").starts_with("is not a Fluent file: "));
    }
}
