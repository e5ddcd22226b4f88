//! Who is left, as a table that office programs read: UTF-8 with a byte order mark, `;`. It has no codes in it.
//!
//! It is made a piece at a time, so that a list of any length is sent as it comes.

use std::io;

use crate::domain::profile::Profile;
use crate::paper::table::tame;

/// The words of the table, in the language of whoever reads it.
#[derive(Clone, Debug)]
pub struct Words {
    /// What the columns are called.
    pub head: [String; 8],
    /// That a slip was printed.
    pub yes: String,
    /// That none was.
    pub no: String,
}

/// Somebody on the list.
pub struct Entry<'a> {
    /// The school's name.
    pub school: &'a str,
    /// Its code.
    pub school_code: &'a str,
    /// The class, where there is one.
    pub class: &'a str,
    /// Who the person is there.
    pub profile: Profile,
    /// Family name.
    pub family_name: &'a str,
    /// Given name.
    pub given_name: &'a str,
    /// The login.
    pub login: &'a str,
    /// Whether a slip was printed.
    pub printed: bool,
}

/// What comes first.
pub fn head(words: &Words) -> io::Result<Vec<u8>> {
    let mut text = b"\xef\xbb\xbf".to_vec();
    text.extend(write(|csv| csv.write_record(&words.head))?);
    Ok(text)
}

/// Some lines.
pub fn lines<'a>(words: &Words, entries: impl IntoIterator<Item = Entry<'a>>) -> io::Result<Vec<u8>> {
    write(|csv| {
        for entry in entries {
            let cells = [
                entry.school,
                entry.school_code,
                entry.class,
                entry.profile.as_str(),
                entry.family_name,
                entry.given_name,
                entry.login,
                if entry.printed { &words.yes } else { &words.no },
            ];
            csv.write_record(cells.iter().map(|cell| tame(cell).into_owned()))?;
        }
        Ok(())
    })
}

fn write(lines: impl FnOnce(&mut csv::Writer<Vec<u8>>) -> csv::Result<()>) -> io::Result<Vec<u8>> {
    let mut csv = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    lines(&mut csv)?;
    csv.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_begins_like_a_formula_stays_a_name() {
        let entry = |family_name, class| Entry {
            school: "Collège des Tilleuls",
            school_code: "0860001J",
            class,
            profile: Profile::Pupil,
            family_name,
            given_name: "Zoé",
            login: "zoe.martin",
            printed: true,
        };
        let head =
            ["Établissement", "UAI", "Classe", "Profil", "Nom", "Prénom", "Identifiant", "Code imprimé"];
        let words = Words { head: head.map(str::to_owned), yes: "oui".to_owned(), no: "non".to_owned() };
        let lines = lines(&words, [entry("=1+1", "6A"), entry("Martin", "6;A")]).unwrap();
        assert_eq!(
            String::from_utf8(lines).unwrap(),
            "Collège des Tilleuls;0860001J;6A;National_ELV;'=1+1;Zoé;zoe.martin;oui\n\
             Collège des Tilleuls;0860001J;\"6;A\";National_ELV;Martin;Zoé;zoe.martin;oui\n"
        );
        assert!(super::head(&words).unwrap().starts_with("\u{feff}Établissement;UAI;".as_bytes()));
    }
}
