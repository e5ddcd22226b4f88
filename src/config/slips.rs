//! `[slips]`: the words of what is printed.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Problem;
use crate::paper::letter::LetterError;
use crate::web::app::SlipWords;
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
    /// What is printed, in every language, with the words of the deployment's files.
    pub(super) fn words(&self) -> Result<SlipWords, Problem> {
        let words = SlipWords {
            language: self.language,
            french: self.own(Language::French)?,
            english: self.own(Language::English)?,
        };
        for language in Language::ALL {
            let (key, file) = self.file(language);
            let problem = |error: LetterError| Problem::new(key, format!("{} {error}", file.display()));
            words.letter(language).map_err(problem)?;
        }
        Ok(words)
    }

    fn file(&self, language: Language) -> (&'static str, &Path) {
        match language {
            Language::French => ("slips.letter_fr_file", &self.letter_fr_file),
            Language::English => ("slips.letter_en_file", &self.letter_en_file),
        }
    }

    fn own(&self, language: Language) -> Result<Option<String>, Problem> {
        let (key, file) = self.file(language);
        let problem = |error| Problem::new(key, format!("{} cannot be read ({error})", file.display()));
        Some(file).filter(|file| *file != Path::new("")).map(fs::read_to_string).transpose().map_err(problem)
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
