//! The words of the pages, in French and English, from the Fluent files of `locales/`.
//!
//! Nothing is escaped here: the templates escape what they print.

use std::borrow::Cow;
use std::collections::HashMap;

use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, langid, static_loader};
use jiff::Zoned;

static_loader! {
    static LOCALES = {
        locales: "./locales",
        fallback_language: "fr",
        // The isolation marks Fluent puts around values are invisible characters that people copy by
        // accident, and both languages are written from left to right.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

static FRENCH: LanguageIdentifier = langid!("fr");
static ENGLISH: LanguageIdentifier = langid!("en");

/// A language the pages are written in. French is the default: the schools are French.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// `fr`
    #[default]
    French,
    /// `en`
    English,
}

impl Language {
    /// Every language, in the order of preference of the deployment.
    pub const ALL: [Self; 2] = [Self::French, Self::English];

    /// The language for a request: the first one known of `ui_locales` (space-separated BCP 47 tags, `OpenID`
    /// Connect Core 1.0 section 3.1.2.1), else the heaviest one known of `Accept-Language` (RFC 9110
    /// section 12.5.4), else French.
    pub fn negotiate(ui_locales: Option<&str>, accept_language: Option<&str>) -> Self {
        let asked = ui_locales.and_then(|tags| tags.split_ascii_whitespace().find_map(Self::from_tag));
        asked.or_else(|| accept_language.and_then(Self::heaviest)).unwrap_or_default()
    }

    /// The BCP 47 tag, for `lang` attributes and `ui_locales`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }

    /// The language of exactly this tag.
    pub fn named(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// The language that the switch of each page leads to.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::French => Self::English,
            Self::English => Self::French,
        }
    }

    /// The message of that key. An unknown key shows itself, and a test keeps it from happening.
    pub fn text(self, key: &str) -> String {
        self.message(key, None)
    }

    /// The message of that key with its variables filled in; numbers choose the plural.
    pub fn text_with<'a, V>(self, key: &str, values: &[(&'static str, V)]) -> String
    where
        V: Into<FluentValue<'a>> + Clone,
    {
        let values =
            values.iter().map(|(name, value)| (Cow::Borrowed(*name), value.clone().into())).collect();
        self.message(key, Some(&values))
    }

    /// A day and an hour in the zone they carry: `13 avril 2024 à 8 h 00`, `13 April 2024 at 08:00`.
    pub fn date_and_time(self, at: &Zoned) -> String {
        self.text_with("date-and-time", &[("date", self.date(at)), ("time", self.time(at))])
    }

    /// A day: `1er avril 2024`, `1 April 2024`.
    pub fn date(self, at: &Zoned) -> String {
        let month = self.text(&format!("month-{}", at.month()));
        let day = if at.day() == 1 { self.text("first-of-month") } else { at.day().to_string() };
        self.text_with("date", &[("day", day), ("month", month), ("year", at.year().to_string())])
    }

    /// An hour of the day: `8 h 05`, `08:05`.
    pub fn time(self, at: &Zoned) -> String {
        let minute = format!("{:02}", at.minute());
        match self {
            Self::French => format!("{}\u{a0}h\u{a0}{minute}", at.hour()),
            Self::English => format!("{:02}:{minute}", at.hour()),
        }
    }

    /// A place as a complement: French elides before a vowel (`de Poitiers`, `d’Amiens`).
    pub fn of(self, place: &str) -> String {
        let vowel = |first: char| "aâàeéèêëiîïoôuûyæœ".contains(first.to_ascii_lowercase());
        match self {
            Self::French if place.starts_with(|first: char| vowel(first)) => format!("d’{place}"),
            Self::French => format!("de {place}"),
            Self::English => format!("of {place}"),
        }
    }

    fn message(self, key: &str, values: Option<&HashMap<Cow<'static, str>, FluentValue<'_>>>) -> String {
        LOCALES.lookup_single_language(self.identifier(), key, values).unwrap_or_else(|_| key.to_owned())
    }

    fn identifier(self) -> &'static LanguageIdentifier {
        match self {
            Self::French => &FRENCH,
            Self::English => &ENGLISH,
        }
    }

    fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next()?;
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    fn heaviest(header: &str) -> Option<Self> {
        let mut best = None;
        for range in header.split(',') {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
            let weight = parameters.trim().strip_prefix("q=").map_or(1.0, |q| q.parse().unwrap_or(0.0));
            let known = Self::from_tag(tag.trim()).or_else(|| (tag.trim() == "*").then(Self::default));
            // At equal weight the first one wins, hence the strict comparison.
            if let Some(language) = known
                && weight > best.map_or(0.0_f32, |(_, heaviest)| heaviest)
            {
                best = Some((language, weight));
            }
        }
        best.map(|(language, _)| language)
    }
}

/// The keys of every message of a language, for the tests.
#[cfg(test)]
pub(crate) fn keys(language: Language) -> std::collections::BTreeSet<String> {
    tests::messages(language).into_keys().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::{Path, PathBuf};

    use super::*;

    /// Every message of a language, with the variables it uses.
    pub(super) fn messages(language: Language) -> BTreeMap<String, BTreeSet<String>> {
        let mut messages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut key = String::new();
        for file in files(&Path::new("locales").join(language.tag()), "ftl") {
            for line in std::fs::read_to_string(&file).unwrap().lines() {
                let starts = line.starts_with(|first: char| first.is_ascii_lowercase());
                if let Some((name, _)) = line.split_once(" =").filter(|_| starts) {
                    assert!(messages.insert(name.to_owned(), BTreeSet::new()).is_none(), "{name} twice");
                    key = name.to_owned();
                }
                for variable in line.split('$').skip(1) {
                    let name = variable.split(|sign: char| !sign.is_ascii_alphanumeric()).next().unwrap();
                    messages.get_mut(&key).unwrap().insert(name.to_owned());
                }
            }
        }
        messages
    }

    fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
        let here = files.into_iter().filter(|path| path.extension().is_some_and(|it| it == extension));
        here.chain(folders.iter().flat_map(|folder| self::files(folder, extension))).collect()
    }

    #[test]
    fn the_languages_have_the_same_messages_with_the_same_variables() {
        let french = messages(Language::French);
        assert!(french.len() > 100);
        assert_eq!(french, messages(Language::English));
    }

    #[test]
    fn every_message_reads_in_every_language() {
        for language in Language::ALL {
            for (key, variables) in messages(language) {
                let values = variables.iter().map(|name| (Cow::from(name.clone()), "X".into())).collect();
                let text = LOCALES.lookup_single_language(language.identifier(), &key, Some(&values));
                let text = text.unwrap_or_else(|error| panic!("{key} in {}: {error}", language.tag()));
                assert!(!text.trim().is_empty() && !text.contains('\u{2068}'), "{key}");
                assert!(!text.contains(" :") && !text.contains(" ?"), "{key}: French wants a no-break space");
            }
        }
    }

    #[test]
    fn every_message_is_used_and_every_message_used_exists() {
        let mut sources = files(Path::new("templates"), "html");
        sources
            .extend(files(Path::new("src/web"), "rs").into_iter().filter(|path| !path.ends_with("tests.rs")));
        let source: String = sources.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
        let known = keys(Language::French);
        for key in known.iter().filter(|key| !key.starts_with("month-")) {
            // Of a problem, the API names the word.
            let word = key.strip_prefix("problem-").unwrap_or(key);
            let is_used = [key.as_str(), word].iter().any(|word| source.contains(&format!("\"{word}\"")));
            assert!(is_used, "{key} is used nowhere");
        }
        for call in [".text(\"", ".text_with(\""] {
            for used in source.split(call).skip(1).filter_map(|rest| rest.split('"').next()) {
                assert!(known.contains(used) || used.is_empty(), "{used} is not in the translation files");
            }
        }
    }

    #[test]
    fn the_language_follows_the_request_then_the_browser_then_the_school() {
        let cases = [
            (None, None, Language::French),
            (Some("en"), Some("fr"), Language::English),
            (Some("de en-GB fr"), None, Language::English),
            (Some("EN-us"), None, Language::English),
            (Some("de"), Some("en;q=0.4, fr;q=0.8"), Language::French),
            (None, Some("de, en;q=0.5, fr;q=0.5"), Language::English),
            (None, Some("en;q=0, *;q=0.1"), Language::French),
            (None, Some("*"), Language::French),
            (None, Some("en ; q=0.3"), Language::English),
            (None, Some(";;,q=,\u{0}"), Language::French),
            (Some(""), Some("en"), Language::English),
        ];
        for (asked, browser, expected) in cases {
            assert_eq!(Language::negotiate(asked, browser), expected, "{asked:?} {browser:?}");
        }
    }

    #[test]
    fn days_and_hours_read_as_people_write_them() {
        let at = |text: &str| text.parse::<Zoned>().unwrap();
        let spring = at("2024-04-13T08:00[Europe/Paris]");
        assert_eq!(Language::French.date_and_time(&spring), "13\u{a0}avril 2024 à 8\u{a0}h\u{a0}00");
        assert_eq!(Language::English.date_and_time(&spring), "13\u{a0}April 2024 at 08:00");
        let first = at("2025-08-01T17:05[Indian/Reunion]");
        assert_eq!(Language::French.date_and_time(&first), "1er\u{a0}août 2025 à 17\u{a0}h\u{a0}05");
        assert_eq!(Language::English.date(&first), "1\u{a0}August 2025");
    }

    #[test]
    fn french_elides_before_a_vowel() {
        assert_eq!(Language::French.of("Poitiers"), "de Poitiers");
        assert_eq!(Language::French.of("Orléans-Tours"), "d’Orléans-Tours");
        assert_eq!(Language::English.of("Amiens"), "of Amiens");
    }

    #[test]
    fn numbers_choose_the_plural_and_text_is_kept() {
        assert_eq!(Language::French.text_with("minutes", &[("count", 1_u32)]), "une minute");
        assert_eq!(Language::English.text_with("minutes", &[("count", 12_u32)]), "12 minutes");
        let toward = Language::English.text_with("login-toward", &[("service", "007 & Co")]);
        assert_eq!(toward, "To continue to 007 & Co");
    }
}
