//! What can be wrong with a line of a file of people, and what deserves a look.

use thiserror::Error;

use crate::domain::account::LoginNameError;
use crate::domain::profile::UnknownProfile;
use crate::domain::territory::{TerritoryCode, TerritoryCodeError, Uai};
use crate::flows::csv_table::{HeaderError, RowError};

/// What is wrong with a line. It is not applied.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LineError {
    /// The columns are not those of a file of people.
    #[error(transparent)]
    Header(HeaderError),
    /// The line cannot be read.
    #[error(transparent)]
    Row(RowError),
    /// A cell that is needed is empty.
    #[error("{0} is empty")]
    Empty(&'static str),
    /// A cell holds too much.
    #[error("{column} is longer than {longest} characters")]
    TooLong {
        /// The column.
        column: &'static str,
        /// How much it may hold.
        longest: usize,
    },
    /// A cell holds what nobody can type.
    #[error("{0} holds a control character")]
    Control(&'static str),
    /// The login is none.
    #[error(transparent)]
    Login(LoginNameError),
    /// The profile is none.
    #[error(transparent)]
    Profile(UnknownProfile),
    /// The e-mail address is none.
    #[error("email is not one address")]
    Email,
    /// A value of `uai` or `classes` is no place.
    #[error("{text:?} is no place: {error}")]
    Place {
        /// The value.
        text: String,
        /// Why.
        error: TerritoryCodeError,
    },
    /// A class in the column of the schools.
    #[error("{0} is a class; it belongs in the column classes")]
    ClassAmongSchools(TerritoryCode),
    /// A class where no school is named.
    #[error("the class {0:?} is in no school: uai is empty")]
    ClassWithoutSchool(String),
    /// A class that could be in any of several schools.
    #[error("the class {0:?} could be in any of the schools; write UAI/CLASS")]
    ClassOfWhichSchool(String),
    /// A class of a school where the person is not.
    #[error("the class {class:?} is in {uai}, which is not in the column uai")]
    ClassElsewhere {
        /// The value.
        class: String,
        /// Its school.
        uai: Uai,
    },
    /// The person would be nowhere, and no order would ever cover the account.
    #[error("the person has no place: fill uai, or guardian_of")]
    NoPlace,
    /// A pupil who is somebody's guardian has a second record at the source.
    #[error("a pupil cannot be a guardian; give the guardian a line of its own with another key")]
    PupilAsGuardian,
    /// A place that is no school is nowhere.
    #[error("the territory {0} is not known; import it first")]
    UnknownTerritory(TerritoryCode),
    /// A school that nobody knows begins with digits that are no département.
    #[error(
        "the school {uai} is not known, and its first digits are no département; import the school first"
    )]
    UnknownDepartement {
        /// The school.
        uai: Uai,
    },
    /// The same person twice.
    #[error("{source_name}:{key} stands on line {line} already")]
    KeyTwice {
        /// Who keeps the person's file.
        source_name: String,
        /// The person's key there.
        key: String,
        /// The earlier line.
        line: u64,
    },
    /// Two people of the file want the same login.
    #[error("the login {login:?} belongs to {source_name}:{key} on line {line}")]
    LoginTwice {
        /// The login.
        login: String,
        /// Who keeps the other's file.
        source_name: String,
        /// The other's key there.
        key: String,
        /// The other's line.
        line: u64,
    },
    /// Somebody else's account has the login.
    #[error("the login {login:?} belongs to the account of {source_name}:{key}")]
    LoginTaken {
        /// The login.
        login: String,
        /// Who keeps the other's file.
        source_name: String,
        /// The other's key there.
        key: String,
    },
    /// The person named in `guardian_of` is somebody else.
    #[error("guardian_of names {key}, who is no pupil on line {line}")]
    NoPupilInFile {
        /// The key.
        key: String,
        /// The line.
        line: u64,
    },
    /// The person named in `guardian_of` has an account, and is no pupil (any more).
    #[error("guardian_of names {key}, whose account is not a pupil's")]
    NoPupilInDatabase {
        /// The key.
        key: String,
    },
    /// The pupil's own line is wrong.
    #[error("guardian_of names {key}, whose line {line} has an error of its own")]
    RefusedPupil {
        /// The key.
        key: String,
        /// The line.
        line: u64,
    },
    /// Nobody has the key.
    #[error("guardian_of names {key}, whom {source_name} does not have in this file or before it")]
    UnknownPupil {
        /// The key.
        key: String,
        /// Who keeps both files.
        source_name: String,
    },
}

/// What deserves a look. The line is applied.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LineWarning {
    /// Real exports hold such codes.
    #[error("the check letter of the UAI code {0} is wrong")]
    CheckLetter(Uai),
    /// A school seen for the first time.
    #[error("the school {uai} is new: it hangs under {departement}, and its name is its code")]
    NewSchool {
        /// The school.
        uai: Uai,
        /// Where it hangs.
        departement: TerritoryCode,
    },
    /// A guardian is placed where the pupils are.
    #[error("uai and classes are ignored: a guardian is placed where the pupils are")]
    PlaceOfGuardian,
}
