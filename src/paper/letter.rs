//! The words of a slip, and of the notice for families: a Fluent file, of which a deployment may replace any message.

use std::collections::BTreeSet;

use fluent_syntax::ast::{CallArguments, Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_templates::fluent_bundle::concurrent::FluentBundle;
use fluent_templates::fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_templates::{LanguageIdentifier, langid};
use thiserror::Error;

use crate::paper::slip::Slip;

/// What the title of a document may speak of.
const OF_A_DOCUMENT: [&str; 2] = ["service", "place"];

/// What everything else may speak of. The code is not among them: it has its place, and is read out by nothing else.
const OF_A_SLIP: [&str; 8] =
    ["service", "school", "class", "person", "pupils", "count", "address", "expires"];

/// What a notice for families may speak of. It speaks of nobody: it hangs on a wall.
const OF_A_NOTICE: [&str; 6] = ["service", "place", "address", "since", "deadline", "expires"];

/// Every message.
const MESSAGES: [&str; 20] = [
    "document-title",
    "headline",
    "guardian",
    "login-label",
    "code-label",
    "intro",
    "step-1",
    "step-2",
    "step-3",
    "expires",
    "advice",
    "square",
    "notice-title",
    "notice-intro",
    "notice-change",
    "notice-recover",
    "notice-deadline",
    "notice-hardens",
    "notice-expires",
    "notice-advice",
];

/// Those without which a PDF is not one that can be read out.
const NEEDED: [&str; 2] = ["document-title", "square"];

/// Why words cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LetterError {
    /// It is not Fluent.
    #[error("is not a Fluent file: {0}")]
    Syntax(String),
    /// Nobody would ever read it.
    #[error("has a message {0}; known are {known}", known = MESSAGES.join(", "))]
    UnknownMessage(String),
    /// Nobody could fill it in.
    #[error("{message} speaks of {placeholder}; it may speak of {known}")]
    UnknownPlaceholder {
        /// The message.
        message: String,
        /// The placeholder as it is written.
        placeholder: String,
        /// What it may speak of.
        known: String,
    },
    /// A message cannot be put together, for instance because it refers to itself.
    #[error("{message}: {problem}")]
    Broken {
        /// The message.
        message: String,
        /// What is wrong.
        problem: String,
    },
}

/// The words of a slip in one language.
pub struct Letter {
    tag: &'static str,
    bundle: FluentBundle<FluentResource>,
}

impl Letter {
    /// In French, with the messages of a deployment in place of ours.
    pub fn french(own: Option<&str>) -> Result<Self, LetterError> {
        const WORDS: &str = include_str!("../../assets/letters/fr.ftl");
        Self::read("fr", langid!("fr"), WORDS, own)
    }

    /// The same in English.
    pub fn english(own: Option<&str>) -> Result<Self, LetterError> {
        const WORDS: &str = include_str!("../../assets/letters/en.ftl");
        Self::read("en", langid!("en"), WORDS, own)
    }

    fn read(
        tag: &'static str,
        language: LanguageIdentifier,
        words: &str,
        own: Option<&str>,
    ) -> Result<Self, LetterError> {
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        // As on the pages: both languages are written from left to right, and the marks are copied by accident.
        bundle.set_use_isolating(false);
        for text in [Some(words), own].into_iter().flatten() {
            let resource = FluentResource::try_new(text.trim_start_matches('\u{feff}').to_owned());
            let resource = resource.map_err(|(_, errors)| {
                LetterError::Syntax(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
            })?;
            Reader { resource: &resource }.check()?;
            bundle.add_resource_overriding(resource);
        }
        let letter = Self { tag, bundle };
        letter.try_out()?;
        Ok(letter)
    }

    /// What cannot be seen in the file: messages that go round in circles.
    fn try_out(&self) -> Result<(), LetterError> {
        for message in MESSAGES {
            let mut values = FluentArgs::new();
            for name in known(message) {
                values.set(*name, FluentValue::from(*name));
            }
            let broken = |problem| LetterError::Broken { message: message.to_owned(), problem };
            let text = self.filled(message, &values).map_err(broken)?;
            if NEEDED.contains(&message) && text.trim().is_empty() {
                return Err(broken("says nothing; whoever has a document read out needs it".to_owned()));
            }
        }
        Ok(())
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
        self.filled("document-title", &values).unwrap_or_default()
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
        let say = |message| self.filled(message, &values).unwrap_or_default().trim().to_owned();
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

    fn filled(&self, message: &str, values: &FluentArgs<'_>) -> Result<String, String> {
        let pattern = self.bundle.get_message(message).and_then(|message| message.value());
        let pattern = pattern.ok_or("is empty; write { \"\" } for nothing")?;
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, Some(values), &mut errors).into_owned();
        match errors.first() {
            None => Ok(text),
            Some(error) => Err(error.to_string()),
        }
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
        self.letter.filled(message, &self.values).unwrap_or_default().trim().to_owned()
    }
}

fn known(message: &str) -> &'static [&'static str] {
    match message {
        "document-title" => &OF_A_DOCUMENT,
        notice if notice.starts_with("notice-") => &OF_A_NOTICE,
        _ => &OF_A_SLIP,
    }
}

/// Reads what a file says, also where it says it to some people only.
struct Reader<'a> {
    resource: &'a FluentResource,
}

impl Reader<'_> {
    fn check(&self) -> Result<(), LetterError> {
        for entry in self.resource.entries() {
            match entry {
                Entry::Message(message) => {
                    let name = message.id.name;
                    if !MESSAGES.contains(&name) {
                        return Err(LetterError::UnknownMessage(name.to_owned()));
                    }
                    message.value.iter().try_for_each(|pattern| self.check_pattern(name, pattern))?;
                }
                // What a term says is said in messages, and has no placeholder but those it is given there.
                Entry::Term(_)
                | Entry::Comment(_)
                | Entry::GroupComment(_)
                | Entry::ResourceComment(_)
                | Entry::Junk { .. } => {}
            }
        }
        Ok(())
    }

    fn check_pattern(&self, message: &str, pattern: &Pattern<&str>) -> Result<(), LetterError> {
        pattern.elements.iter().try_for_each(|element| match element {
            PatternElement::TextElement { .. } => Ok(()),
            PatternElement::Placeable { expression } => self.check_expression(message, expression),
        })
    }

    fn check_expression(&self, message: &str, expression: &Expression<&str>) -> Result<(), LetterError> {
        match expression {
            Expression::Inline(inline) => self.check_inline(message, inline),
            Expression::Select { selector, variants } => {
                self.check_inline(message, selector)?;
                variants.iter().try_for_each(|variant| self.check_pattern(message, &variant.value))
            }
        }
    }

    fn check_inline(&self, message: &str, inline: &InlineExpression<&str>) -> Result<(), LetterError> {
        let unknown = |placeholder: String| {
            let known = known(message).iter().map(|name| format!("${name}")).collect::<Vec<_>>().join(", ");
            Err(LetterError::UnknownPlaceholder { message: message.to_owned(), placeholder, known })
        };
        match inline {
            InlineExpression::StringLiteral { .. } | InlineExpression::NumberLiteral { .. } => Ok(()),
            InlineExpression::VariableReference { id } if known(message).contains(&id.name) => Ok(()),
            InlineExpression::VariableReference { id } => unknown(format!("${}", id.name)),
            InlineExpression::MessageReference { id, attribute: None } if MESSAGES.contains(&id.name) => {
                Ok(())
            }
            InlineExpression::MessageReference { id, .. } => unknown(id.name.to_owned()),
            InlineExpression::TermReference { id, arguments, .. } if self.terms().contains(id.name) => {
                arguments.iter().try_for_each(|arguments| self.check_arguments(message, arguments))
            }
            InlineExpression::TermReference { id, .. } => unknown(format!("-{}", id.name)),
            InlineExpression::FunctionReference { id, .. } => unknown(format!("{}()", id.name)),
            InlineExpression::Placeable { expression } => self.check_expression(message, expression),
        }
    }

    fn check_arguments(&self, message: &str, arguments: &CallArguments<&str>) -> Result<(), LetterError> {
        let named = arguments.named.iter().map(|argument| &argument.value);
        arguments.positional.iter().chain(named).try_for_each(|inline| self.check_inline(message, inline))
    }

    fn terms(&self) -> BTreeSet<&str> {
        let terms = self.resource.entries().filter_map(|entry| match entry {
            Entry::Term(term) => Some(term.id.name),
            _ => None,
        });
        terms.collect()
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
