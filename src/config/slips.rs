//! `[slips]`: the words of what is printed.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Problem;
use crate::paper::letter::Letter;
use crate::web::pages::text::Language;

/// The words of what is printed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Slips {
    /// The language, where nobody asks for another.
    #[serde(serialize_with = "tag", deserialize_with = "language")]
    pub language: Language,
    /// A Fluent file with words in place of ours, in French; empty for none.
    pub letter_fr_file: PathBuf,
    /// The same in English.
    pub letter_en_file: PathBuf,
}

impl Slips {
    /// The words in a language.
    pub(super) fn letter(&self, language: Language) -> Result<Letter, Problem> {
        let (key, file) = match language {
            Language::French => ("slips.letter_fr_file", &self.letter_fr_file),
            Language::English => ("slips.letter_en_file", &self.letter_en_file),
        };
        let problem = |text: String| Problem::new(key, format!("{} {text}", file.display()));
        let own = Some(file).filter(|file| **file != Path::new("")).map(fs::read_to_string).transpose();
        let own = own.map_err(|error| problem(format!("cannot be read ({error})")))?;
        match language {
            Language::French => Letter::french(own.as_deref()),
            Language::English => Letter::english(own.as_deref()),
        }
        .map_err(|error| problem(error.to_string()))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn tag<S: Serializer>(language: &Language, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(language.tag())
}

fn language<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Language, D::Error> {
    let text = String::deserialize(deserializer)?;
    Language::named(&text)
        .ok_or_else(|| serde::de::Error::custom(format!("{text:?} is unknown; write \"fr\" or \"en\"")))
}
