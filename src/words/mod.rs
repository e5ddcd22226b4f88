//! WORDS THAT A DEPLOYMENT MAY REPLACE. Fluent files: ours, and a deployment's own in place of any message of them. What cannot be
//! said is found when a file is read, also where few would ever read it.

mod reader;

use fluent_templates::LanguageIdentifier;
use fluent_templates::fluent_bundle::concurrent::FluentBundle;
use fluent_templates::fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use thiserror::Error;

use reader::Reader;

/// Looks at what a message says, or a piece of it, and says what is wrong with it.
pub type Rule = fn(message: &str, text: &str) -> Result<(), &'static str>;

/// What there is to say.
pub struct Vocabulary {
    /// Each message, and what it may speak of.
    pub messages: &'static [(&'static str, &'static [&'static str])],
    /// Those that have to say something, and what for.
    pub needed: (&'static [&'static str], &'static str),
    /// What every message is held to.
    pub rule: Rule,
}

/// Why words cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WordsError {
    /// It is not Fluent.
    #[error("is not a Fluent file: {0}")]
    Syntax(String),
    /// Nobody would ever read it.
    #[error("has a message {message}; known are {known}")]
    UnknownMessage {
        /// The message.
        message: String,
        /// Those there are.
        known: String,
    },
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
    /// A message cannot be put together, for instance because it refers to itself; or must not say what it says.
    #[error("{message}: {problem}")]
    Broken {
        /// The message.
        message: String,
        /// What is wrong.
        problem: String,
    },
}

/// Words in one language.
pub struct Words {
    bundle: FluentBundle<FluentResource>,
}

impl Vocabulary {
    fn known(&self, message: &str) -> Option<&'static [&'static str]> {
        self.messages.iter().find(|(name, _)| *name == message).map(|(_, known)| *known)
    }
}

impl Words {
    /// Ours, with the messages of a deployment in place of them.
    pub fn read(
        vocabulary: &'static Vocabulary,
        language: LanguageIdentifier,
        ours: &str,
        own: Option<&str>,
    ) -> Result<Self, WordsError> {
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        // As on the pages: both languages are written from left to right, and the marks are copied by accident.
        bundle.set_use_isolating(false);
        for text in [Some(ours), own].into_iter().flatten() {
            let resource = FluentResource::try_new(text.trim_start_matches('\u{feff}').to_owned());
            let resource = resource.map_err(|(_, errors)| {
                WordsError::Syntax(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
            })?;
            Reader { resource: &resource, vocabulary }.check()?;
            bundle.add_resource_overriding(resource);
        }
        let words = Self { bundle };
        words.try_out(vocabulary)?;
        Ok(words)
    }

    /// What cannot be seen in the file: messages that go round in circles, and what only the whole says.
    fn try_out(&self, vocabulary: &Vocabulary) -> Result<(), WordsError> {
        let (needed, what_for) = vocabulary.needed;
        for (message, known) in vocabulary.messages {
            let mut values = FluentArgs::new();
            for name in *known {
                values.set(*name, FluentValue::from(*name));
            }
            let broken = |problem| WordsError::Broken { message: (*message).to_owned(), problem };
            let text = self.filled(message, &values).map_err(broken)?;
            if needed.contains(message) && text.trim().is_empty() {
                return Err(broken(format!("says nothing; {what_for}")));
            }
            (vocabulary.rule)(message, &text).map_err(|problem| broken(problem.to_owned()))?;
        }
        Ok(())
    }

    /// What a message says; nothing where there is nothing to say.
    pub fn say(&self, message: &str, values: &FluentArgs<'_>) -> String {
        self.filled(message, values).unwrap_or_default().trim().to_owned()
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
