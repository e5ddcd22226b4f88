//! Places in the tree ministry → académie → département → school → class.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What sort of place a territory is, from the widest to the narrowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TerritoryKind {
    /// The root of the tree.
    Ministry,
    /// A rectorat's territory, by its two-digit number.
    Academie,
    /// A département, by the three digits its schools' UAI codes begin with.
    Departement,
    /// A school, by its UAI code.
    School,
    /// A class of one school.
    Class,
}

impl TerritoryKind {
    /// The stored form, and the one in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Academie => "academie",
            Self::Class => "class",
            Self::Departement => "departement",
            Self::Ministry => "ministry",
            Self::School => "school",
        }
    }
}

/// A territory's written form: `ministry:fr`, `academie:13`, `departement:086`, `uai:0860001J`, `class:0860001J/6A`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TerritoryCode {
    kind: TerritoryKind,
    text: String,
}

/// Why a text is no territory code.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TerritoryCodeError {
    /// The part before the colon is none of the five kinds.
    #[error(
        "a territory is written ministry:fr, academie:13, departement:086, uai:0860001J or class:0860001J/6A"
    )]
    UnknownKind,
    /// An académie's number is one to three digits.
    #[error("an académie is a number such as academie:13")]
    BadAcademie,
    /// A département's number is three digits.
    #[error("a département is written with three digits, such as departement:086")]
    BadDepartement,
    /// A UAI code is seven digits and one capital letter.
    #[error("a UAI code is seven digits and a capital letter, such as 0860001J")]
    BadUai,
    /// A class is named by 1 to 32 characters without `/`, `>` or control characters.
    #[error("a class is written class:UAI/NAME, with a name of 1 to 32 characters without / and >")]
    BadClass,
}

impl TerritoryCode {
    /// The root of every tree.
    pub fn ministry() -> Self {
        Self { kind: TerritoryKind::Ministry, text: "ministry:fr".to_owned() }
    }

    /// Reads the written form. Académie numbers are brought to two digits, as the field writes them in three ways.
    pub fn parse(text: &str) -> Result<Self, TerritoryCodeError> {
        let (kind, rest) = text.trim().split_once(':').ok_or(TerritoryCodeError::UnknownKind)?;
        match kind {
            "ministry" if rest == "fr" => Ok(Self::ministry()),
            "academie" => Self::academie(rest),
            "departement" => Self::departement(rest),
            "uai" => Ok(Self::school(&Uai::parse(rest)?)),
            "class" => {
                let (uai, name) = rest.split_once('/').ok_or(TerritoryCodeError::BadClass)?;
                Self::class(&Uai::parse(uai)?, name)
            }
            _ => Err(TerritoryCodeError::UnknownKind),
        }
    }

    fn academie(number: &str) -> Result<Self, TerritoryCodeError> {
        let digits = (1..=3).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
        let number: u16 =
            if digits { number.parse().map_err(|_| TerritoryCodeError::BadAcademie)? } else { 0 };
        if !(1..=99).contains(&number) {
            return Err(TerritoryCodeError::BadAcademie);
        }
        Ok(Self { kind: TerritoryKind::Academie, text: format!("academie:{number:02}") })
    }

    fn departement(digits: &str) -> Result<Self, TerritoryCodeError> {
        if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(TerritoryCodeError::BadDepartement);
        }
        Ok(Self { kind: TerritoryKind::Departement, text: format!("departement:{digits}") })
    }

    /// The territory of a school.
    pub fn school(uai: &Uai) -> Self {
        Self { kind: TerritoryKind::School, text: format!("uai:{uai}") }
    }

    /// The territory of a class of a school. Inner runs of white space become one space.
    pub fn class(uai: &Uai, name: &str) -> Result<Self, TerritoryCodeError> {
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let fits = (1..=32).contains(&name.chars().count());
        if !fits || name.chars().any(|c| c.is_control() || c == '/' || c == '>') {
            return Err(TerritoryCodeError::BadClass);
        }
        Ok(Self { kind: TerritoryKind::Class, text: format!("class:{uai}/{name}") })
    }

    /// The sort of place.
    pub fn kind(&self) -> TerritoryKind {
        self.kind
    }

    /// The written form.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The UAI code of a school, or of the school of a class.
    pub fn uai(&self) -> Option<&str> {
        match self.kind {
            TerritoryKind::School => self.text.strip_prefix("uai:"),
            TerritoryKind::Class => {
                self.text.strip_prefix("class:").and_then(|rest| rest.split_once('/')).map(|(uai, _)| uai)
            }
            TerritoryKind::Ministry | TerritoryKind::Academie | TerritoryKind::Departement => None,
        }
    }

    /// The name of a class within its school.
    pub fn class_name(&self) -> Option<&str> {
        match self.kind {
            TerritoryKind::Class => self.text.split_once('/').map(|(_, name)| name),
            _ => None,
        }
    }
}

impl fmt::Display for TerritoryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for TerritoryCode {
    type Error = TerritoryCodeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<TerritoryCode> for String {
    fn from(code: TerritoryCode) -> Self {
        code.text
    }
}

/// Where a territory lies: the codes from the root down to it, joined by `>`. It never changes: a school that
/// moves is a new territory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TerritoryPath(String);

impl TerritoryPath {
    /// The path of the root.
    pub fn root() -> Self {
        Self(TerritoryCode::ministry().text)
    }

    /// A path as it was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The path of a place directly below this one.
    #[must_use]
    pub fn child(&self, code: &TerritoryCode) -> Self {
        Self(format!("{}>{code}", self.0))
    }

    /// Whether `other` is this place or lies below it.
    pub fn contains(&self, other: &Self) -> bool {
        other.0.strip_prefix(&self.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('>'))
    }

    /// The half-open range of stored texts that lie strictly below this place: `>` is followed by `?` in ASCII.
    pub fn range_below(&self) -> (String, String) {
        (format!("{}>", self.0), format!("{}?", self.0))
    }

    /// The narrowest place that holds both.
    #[must_use]
    pub fn common(&self, other: &Self) -> Self {
        let mut above = Some(self.clone());
        while let Some(path) = above {
            if path.contains(other) {
                return path;
            }
            above = path.parent();
        }
        Self::root()
    }

    /// The path of the place that this one lies in; none for the root.
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('>').map(|(parent, _)| Self(parent.to_owned()))
    }

    /// The code of the place itself.
    pub fn code(&self) -> Option<TerritoryCode> {
        TerritoryCode::parse(self.0.rsplit('>').next()?).ok()
    }

    /// As people write the place: its code, or the path where it has none.
    pub fn label(&self) -> String {
        self.code().map_or_else(|| self.0.clone(), |code| code.to_string())
    }

    /// The stored form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A school's code (*unité administrative immatriculée*, formerly RNE): seven digits and a check letter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uai(String);

impl Uai {
    /// Checks the pattern only: real exports hold pseudo codes whose letter is wrong ("zones de remplacement").
    pub fn parse(text: &str) -> Result<Self, TerritoryCodeError> {
        let text = text.trim();
        let bytes = text.as_bytes();
        let fits =
            bytes.len() == 8 && bytes[..7].iter().all(u8::is_ascii_digit) && bytes[7].is_ascii_uppercase();
        if fits { Ok(Self(text.to_owned())) } else { Err(TerritoryCodeError::BadUai) }
    }

    /// Whether the last letter is the one that the digits ask for: the number modulo 23, in the alphabet without
    /// I, O and Q.
    pub fn letter_is_right(&self) -> bool {
        const LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPRSTUVWXYZ";
        let bytes = self.0.as_bytes();
        let number = bytes[..7].iter().fold(0_usize, |sum, digit| sum * 10 + usize::from(digit - b'0'));
        LETTERS[number % 23] == bytes[7]
    }

    /// The three digits that name the département: `086`, `620` and `720` for Corsica, `97x` overseas.
    pub fn departement(&self) -> &str {
        &self.0[..3]
    }

    /// The territory of that département.
    pub fn departement_code(&self) -> TerritoryCode {
        TerritoryCode {
            kind: TerritoryKind::Departement,
            text: format!("departement:{}", self.departement()),
        }
    }

    /// The eight characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Uai {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_forms_come_back_and_academies_are_padded() {
        for text in ["ministry:fr", "academie:13", "departement:086", "uai:0860001J", "class:0860001J/6A"] {
            assert_eq!(TerritoryCode::parse(text).unwrap().as_str(), text);
        }
        for text in ["academie:2", "academie:02", "academie:002"] {
            assert_eq!(TerritoryCode::parse(text).unwrap().as_str(), "academie:02");
        }
        for text in [
            "",
            "academie:0",
            "academie:x",
            "departement:86",
            "uai:086000J",
            "class:0860001J",
            "class:0860001J/a>b",
        ] {
            assert!(TerritoryCode::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn check_letters_of_known_codes() {
        for right in ["0049951V", "0370884K", "0860001J", "0860999U", "0169001X", "7200001N", "9740001H"] {
            assert!(Uai::parse(right).unwrap().letter_is_right(), "{right}");
        }
        assert!(!Uai::parse("1004001V").unwrap().letter_is_right());
    }

    #[test]
    fn a_path_contains_itself_and_what_lies_below_but_not_its_namesake() {
        let school = TerritoryPath::root().child(&TerritoryCode::parse("uai:0860001J").unwrap());
        let class = school.child(&TerritoryCode::parse("class:0860001J/6A").unwrap());
        let longer = TerritoryPath::from_stored(format!("{}A", class.as_str()));
        assert!(school.contains(&school) && school.contains(&class));
        assert!(!class.contains(&school) && !class.contains(&longer));
        assert_eq!(class.code().unwrap().class_name(), Some("6A"));
    }
}
