//! Slips as a table that office programs read: UTF-8 with a byte order mark, `;`.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::domain::code::printed;
use crate::paper::slip::Slip;

const HEAD: [&str; 9] = [
    "Établissement",
    "Classe",
    "Profil",
    "Nom",
    "Prénom",
    "Identifiant",
    "Code",
    "Valable jusqu'au",
    "Élèves",
];

/// A cell that begins with one of these is a formula to a spreadsheet.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A cell that no spreadsheet takes for a formula.
pub fn tame(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(FORMULA) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// A table under way.
pub struct Table<W: Write> {
    csv: csv::Writer<W>,
}

impl<W: Write> Table<W> {
    /// Writes the head.
    pub fn begin(mut out: W) -> io::Result<Self> {
        out.write_all(b"\xef\xbb\xbf")?;
        let mut csv = csv::WriterBuilder::new().delimiter(b';').from_writer(out);
        csv.write_record(HEAD)?;
        Ok(Self { csv })
    }

    /// Writes a line.
    pub fn add(&mut self, slip: &Slip) -> io::Result<()> {
        let code = printed(&slip.code);
        let pupils = slip.pupils.join(", ");
        let cells = [
            &slip.school,
            &slip.class,
            slip.profile.as_str(),
            &slip.family_name,
            &slip.given_name,
            &slip.login,
            code.expose(),
            &slip.expires,
            &pupils,
        ];
        for cell in cells {
            self.csv.write_field(&*tame(cell))?;
        }
        Ok(self.csv.write_record(None::<&[u8]>)?)
    }

    /// Hands over what is left.
    pub fn finish(mut self) -> io::Result<()> {
        self.csv.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paper::slip::sample;

    #[test]
    fn a_name_that_begins_like_a_formula_stays_a_name() {
        let mut out = Vec::new();
        let mut table = Table::begin(&mut out).unwrap();
        table.add(&Slip { family_name: "=cmd|' /C calc'!A0".to_owned(), ..sample("Zoé") }).unwrap();
        table.add(&Slip { class: "6;A".to_owned(), ..sample("\"Zo\"") }).unwrap();
        table.finish().unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].starts_with("\u{feff}Établissement;Classe;"), "{text}");
        assert_eq!(
            lines[1],
            "Collège des Tilleuls;6A;National_ELV;'=cmd|' /C calc'!A0;Zoé;zoe.martin;ABCD-EFGH-JKMN;13 avril 2024;"
        );
        assert!(lines[2].contains(";\"6;A\";") && lines[2].contains(";\"\"\"Zo\"\"\";"), "{text}");
    }
}
