//! A slip: what is said to one person.

use crate::domain::profile::Profile;
use crate::domain::secret::Secret;

/// What is said to one person, and to nobody else.
#[derive(Clone)]
pub struct Slip {
    /// The school's UAI code, or else what the place is called by.
    pub school_code: String,
    /// The school's name.
    pub school: String,
    /// The class it is handed out in; empty for none.
    pub class: String,
    /// Who the person is there.
    pub profile: Profile,
    /// Family name.
    pub family_name: String,
    /// Given name.
    pub given_name: String,
    /// The login, as it is typed.
    pub login: String,
    /// The names of the pupils whom a guardian answers for.
    pub pupils: Vec<String>,
    /// The code, without separators.
    pub code: Secret,
    /// Until when it is good, as people read it.
    pub expires: String,
}

impl Slip {
    /// The name as class lists have it: family name, then given name.
    pub(super) fn person(&self) -> String {
        format!("{} {}", self.family_name, self.given_name).trim().to_owned()
    }

    /// Whether two slips are handed out in one place.
    pub(super) fn is_beside(&self, other: &Self) -> bool {
        self.school_code == other.school_code && self.class == other.class
    }

    /// What the place is called.
    pub(super) fn place(&self) -> String {
        if self.class.is_empty() { self.school.clone() } else { format!("{}, {}", self.school, self.class) }
    }
}

/// A slip of somebody of this given name.
#[cfg(test)]
pub(super) fn sample(given_name: &str) -> Slip {
    Slip {
        school_code: "0860001J".to_owned(),
        school: "Collège des Tilleuls".to_owned(),
        class: "6A".to_owned(),
        profile: Profile::Pupil,
        family_name: "Martin".to_owned(),
        given_name: given_name.to_owned(),
        login: "zoe.martin".to_owned(),
        pupils: Vec::new(),
        code: Secret::new("ABCDEFGHJKMN".to_owned()),
        expires: "13 avril 2024".to_owned(),
    }
}
