//! Invented people: schools of 500, so that there are 2,000 for 1,000,000, with pupils, guardians, teachers and staff, in files such as a directory exports.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

/// People of one school: 350 pupils in 14 classes, 105 guardians of two pupils each, 40 teachers and 5 of the staff.
pub(crate) const SCHOOL: u32 = 500;

/// The source that all of them come from.
pub(crate) const SOURCE: &str = "AC-POITIERS";

/// Where they are: the four départements of one académie, which get the schools in turn.
pub(crate) const DEPARTEMENTS: [&str; 4] = ["016", "017", "079", "086"];

const GIVEN: [&str; 12] =
    ["Lina", "Noé", "Maëlle", "Jules", "Odile", "Marc", "Hélène", "Tom", "Zoé", "Anatole", "Inès", "Côme"];
const FAMILY: [&str; 12] = [
    "Valombre",
    "Brumeville",
    "Chantelauve",
    "Perchevent",
    "Rocheclaire",
    "Tournebois",
    "Grandpré",
    "Sablonnière",
    "Hautefeuille",
    "Clairval",
    "Montrouvre",
    "Beauregard",
];

/// An invented person.
pub(crate) struct Invented {
    pub(crate) key: String,
    pub(crate) login: String,
    pub(crate) given_name: &'static str,
    pub(crate) family_name: &'static str,
    pub(crate) profile: &'static str,
    pub(crate) departement: &'static str,
    pub(crate) uai: String,
    /// Empty for whoever is in none.
    pub(crate) class: String,
    pub(crate) email: String,
    /// Keys, for a guardian.
    pub(crate) pupils: Vec<String>,
}

impl Invented {
    /// The person of this number, counted from 0.
    pub(crate) fn new(number: u32) -> Self {
        let (school, place) = (number / SCHOOL, number % SCHOOL);
        let departement = DEPARTEMENTS[(school % 4) as usize];
        let given_name = GIVEN[(number * 7 % 12) as usize];
        let family_name = FAMILY[(number / 12 * 5 % 12) as usize];
        let login = format!("{}.{}{number}", ascii(given_name), ascii(family_name));
        let profile = match place {
            0..350 => "National_ELV",
            350..455 => "National_TUT",
            455..495 => "National_ENS",
            495 => "National_DIR",
            _ => "National_ETA",
        };
        let class = match profile {
            "National_ELV" => {
                format!("{}{}", 6 - place / 25 / 4, char::from(b"ABCD"[(place / 25 % 4) as usize]))
            }
            "National_ENS" => format!("6{}", char::from(b"ABCD"[(place % 4) as usize])),
            _ => String::new(),
        };
        let pupils = match profile {
            "National_TUT" => {
                let first = school * SCHOOL + (place - 350) * 3;
                vec![key(first), key(first + 1)]
            }
            _ => Vec::new(),
        };
        Self {
            key: key(number),
            email: if place % 3 == 0 { format!("{login}@mail.example") } else { String::new() },
            login,
            given_name,
            family_name,
            profile,
            departement,
            uai: uai(departement, school / 4 + 1),
            class,
            pupils,
        }
    }
}

/// Writes the schools, in the form of a file of territories.
pub(crate) fn write_schools(file: &Path, people: u32) {
    let mut out = BufWriter::new(File::create(file).unwrap());
    writeln!(out, "code;kind;parent;name").unwrap();
    for school in 0..people.div_ceil(SCHOOL) {
        let Invented { departement, uai, .. } = Invented::new(school * SCHOOL);
        writeln!(out, "uai:{uai};school;departement:{departement};Collège {school}").unwrap();
    }
}

/// Writes the people, in the form of a file of people.
pub(crate) fn write_people(file: &Path, people: u32) {
    let mut out = BufWriter::new(File::create(file).unwrap());
    writeln!(out, "source;key;login;given_name;family_name;profile;uai;classes;email;guardian_of").unwrap();
    for number in 0..people {
        let Invented { key, login, given_name, family_name, profile, uai, class, email, pupils, .. } =
            Invented::new(number);
        // Whoever is a guardian is where the pupils are.
        let uai = if pupils.is_empty() { uai.as_str() } else { "" };
        let pupils = pupils.join("|");
        writeln!(
            out,
            "{SOURCE};{key};{login};{given_name};{family_name};{profile};{uai};{class};{email};{pupils}"
        )
        .unwrap();
    }
    out.flush().unwrap();
}

fn key(number: u32) -> String {
    format!("P{number:08}")
}

/// A school's code with the letter that belongs to its digits.
fn uai(departement: &str, number: u32) -> String {
    const LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPRSTUVWXYZ";
    let digits = format!("{departement}{number:04}");
    let value: u32 = digits.parse().unwrap();
    format!("{digits}{}", char::from(LETTERS[(value % 23) as usize]))
}

fn ascii(name: &str) -> String {
    name.to_lowercase().replace(['é', 'è', 'ë'], "e").replace('ô', "o")
}
