//! A row of the file becomes a person, or a list of everything that is wrong with it.

use crate::domain::account::LoginName;
use crate::domain::profile::Profile;
use crate::domain::territory::{TerritoryCode, TerritoryKind, Uai};
use crate::flows::csv_table::{Column, Row};
use crate::store::import::StagedPerson;

use super::line::{LineError, LineWarning};

/// The columns of a file of people.
pub(super) const COLUMNS: [Column; 10] = [
    Column { name: "source", required: true },
    Column { name: "key", required: true },
    Column { name: "login", required: true },
    Column { name: "given_name", required: true },
    Column { name: "family_name", required: true },
    Column { name: "profile", required: true },
    Column { name: "uai", required: true },
    Column { name: "classes", required: false },
    Column { name: "email", required: false },
    Column { name: "guardian_of", required: false },
];

/// The place of a column in [`COLUMNS`].
#[derive(Clone, Copy)]
enum Cell {
    Source,
    Key,
    Login,
    GivenName,
    FamilyName,
    Profile,
    Uai,
    Classes,
    Email,
    GuardianOf,
}

/// Between the values of a cell that holds a list.
const LIST: char = '|';

/// Characters of a source or a key.
const LONGEST_KEY: usize = 128;

/// Characters of a name.
const LONGEST_NAME: usize = 200;

/// Characters of an address (RFC 5321 section 4.5.3.1).
const LONGEST_EMAIL: usize = 254;

/// A line that reads well by itself.
pub(super) struct Entry {
    pub(super) person: StagedPerson,
    /// Where the person is, without what follows from the pupils.
    pub(super) places: Vec<TerritoryCode>,
    /// Keys of the pupils this person is the guardian of.
    pub(super) pupils: Vec<String>,
    pub(super) warnings: Vec<LineWarning>,
}

/// A line that does not.
pub(super) struct Wrong {
    /// Source and key, if at least those could be read.
    pub(super) identity: Option<(String, String)>,
    pub(super) errors: Vec<LineError>,
}

/// Reads a row.
pub(super) fn entry(row: &Row<'_>) -> Result<Entry, Wrong> {
    let mut errors = Vec::new();
    let source = keep(&mut errors, text(row, Cell::Source, LONGEST_KEY));
    let key = keep(&mut errors, text(row, Cell::Key, LONGEST_KEY));
    let login = row.cell(Cell::Login as usize);
    let login_name = keep(&mut errors, LoginName::parse(login).map_err(LineError::Login));
    let given_name = keep(&mut errors, text(row, Cell::GivenName, LONGEST_NAME));
    let family_name = keep(&mut errors, text(row, Cell::FamilyName, LONGEST_NAME));
    let email = keep(&mut errors, email(row));
    let profile = row.cell(Cell::Profile as usize).parse::<Profile>();
    let profile = keep(&mut errors, profile.map_err(LineError::Profile));
    let pupils = list(row, Cell::GuardianOf).map(ToOwned::to_owned).collect::<Vec<_>>();
    let schools = keep(&mut errors, Schools::read(row));
    let classes = schools.as_ref().and_then(|schools| keep(&mut errors, schools.classes(row)));
    let whereabouts = match (profile, schools, classes) {
        (Some(profile), Some(schools), Some(classes)) => {
            keep(&mut errors, whereabouts(profile, schools, classes, !pupils.is_empty()))
        }
        _ => None,
    };
    match (source, key, login_name, given_name, family_name, email, profile, whereabouts) {
        (
            Some(source),
            Some(key),
            Some(login_name),
            Some(given_name),
            Some(family_name),
            Some(email),
            Some(profile),
            Some((places, warnings)),
        ) => {
            let login = login.to_owned();
            let line = row.line;
            let person = StagedPerson {
                line,
                source,
                key,
                login,
                login_name,
                given_name,
                family_name,
                email,
                profile,
            };
            Ok(Entry { person, places, pupils, warnings })
        }
        (source, key, ..) => Err(Wrong { identity: source.zip(key), errors }),
    }
}

fn keep<T>(errors: &mut Vec<LineError>, read: Result<T, LineError>) -> Option<T> {
    read.map_err(|error| errors.push(error)).ok()
}

fn text(row: &Row<'_>, cell: Cell, longest: usize) -> Result<String, LineError> {
    let column = COLUMNS[cell as usize].name;
    let text = row.cell(cell as usize);
    if text.is_empty() {
        return Err(LineError::Empty(column));
    }
    if text.chars().count() > longest {
        return Err(LineError::TooLong { column, longest });
    }
    if text.chars().any(char::is_control) {
        return Err(LineError::Control(column));
    }
    Ok(text.to_owned())
}

fn email(row: &Row<'_>) -> Result<Option<String>, LineError> {
    let text = row.cell(Cell::Email as usize);
    if text.is_empty() {
        return Ok(None);
    }
    let parts = text.split_once('@').filter(|(name, host)| !name.is_empty() && !host.is_empty());
    let plain = !text.chars().any(|c| c.is_control() || c.is_whitespace());
    let one_address = parts.is_some_and(|(_, host)| !host.contains(['@', ',', ';', LIST]));
    if plain && one_address && text.chars().count() <= LONGEST_EMAIL {
        Ok(Some(text.to_owned()))
    } else {
        Err(LineError::Email)
    }
}

fn list<'a>(row: &'a Row<'_>, cell: Cell) -> impl Iterator<Item = &'a str> {
    row.cell(cell as usize).split(LIST).map(str::trim).filter(|value| !value.is_empty())
}

/// What the cell `uai` says.
struct Schools {
    schools: Vec<Uai>,
    /// Places that are no schools, for those who are not at one.
    others: Vec<TerritoryCode>,
}

impl Schools {
    fn read(row: &Row<'_>) -> Result<Self, LineError> {
        let mut read = Self { schools: Vec::new(), others: Vec::new() };
        for value in list(row, Cell::Uai) {
            let wrong = |error| LineError::Place { text: value.to_owned(), error };
            let code = if value.contains(':') {
                TerritoryCode::parse(value).map_err(wrong)?
            } else {
                TerritoryCode::school(&Uai::parse(value).map_err(wrong)?)
            };
            match (code.kind(), code.uai().and_then(|uai| Uai::parse(uai).ok())) {
                (TerritoryKind::Class, _) => return Err(LineError::ClassAmongSchools(code)),
                (_, Some(uai)) => add(&mut read.schools, uai),
                (_, None) => add(&mut read.others, code),
            }
        }
        Ok(read)
    }

    fn classes(&self, row: &Row<'_>) -> Result<Vec<TerritoryCode>, LineError> {
        let mut classes = Vec::new();
        for value in list(row, Cell::Classes) {
            let wrong = |error| LineError::Place { text: value.to_owned(), error };
            let (uai, name) = match (value.split_once('/'), self.schools.as_slice()) {
                (Some((uai, name)), _) => (Uai::parse(uai).map_err(wrong)?, name),
                (None, [school]) => (school.clone(), value),
                (None, []) => return Err(LineError::ClassWithoutSchool(value.to_owned())),
                (None, _) => return Err(LineError::ClassOfWhichSchool(value.to_owned())),
            };
            if !self.schools.contains(&uai) {
                return Err(LineError::ClassElsewhere { class: value.to_owned(), uai });
            }
            add(&mut classes, TerritoryCode::class(&uai, name).map_err(wrong)?);
        }
        Ok(classes)
    }
}

/// The places of a person. A pupil is in the class, and through it in the school; staff is at the school and in the classes
/// taught, so that whoever may act on a class may not act on its teachers.
fn whereabouts(
    profile: Profile,
    schools: Schools,
    classes: Vec<TerritoryCode>,
    is_guardian: bool,
) -> Result<(Vec<TerritoryCode>, Vec<LineWarning>), LineError> {
    let Schools { schools, others } = schools;
    if is_guardian && profile == Profile::Pupil {
        return Err(LineError::PupilAsGuardian);
    }
    if is_guardian && profile == Profile::Guardian {
        let ignored = !(schools.is_empty() && others.is_empty());
        return Ok((Vec::new(), if ignored { vec![LineWarning::PlaceOfGuardian] } else { Vec::new() }));
    }
    let in_classes_only = matches!(profile, Profile::Pupil | Profile::Guardian);
    let has_class = |uai: &Uai| classes.iter().any(|class| class.uai() == Some(uai.as_str()));
    let at_school = schools.iter().filter(|uai| !(in_classes_only && has_class(uai)));
    let mut places: Vec<_> = at_school.map(TerritoryCode::school).collect();
    places.extend(others);
    places.extend(classes);
    if places.is_empty() { Err(LineError::NoPlace) } else { Ok((places, Vec::new())) }
}

fn add<T: PartialEq>(list: &mut Vec<T>, value: T) {
    if !list.contains(&value) {
        list.push(value);
    }
}
