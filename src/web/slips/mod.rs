//! Slips put on paper: what is printed of whoever a code was printed for, and how it gets to whoever asked. The command line
//! writes the same slips into files.

pub mod download;

use std::collections::{BTreeSet, HashMap};

use jiff::tz::TimeZone;

use crate::domain::territory::{TerritoryCode, Uai};
use crate::domain::timestamp::Timestamp;
use crate::flows::context::Context;
use crate::flows::print_slips::{Selection, Slip};
use crate::paper;
use crate::paper::letter::Letter;
use crate::paper::output::Format;
use crate::paper::stationery::{PerPage, Stationery, Unprintable};
use crate::store;
use crate::store::db::DbError;
use crate::store::slip::Ward;
use crate::web::pages::text::Language;

/// Paper for a service, known by a name, of this issuer.
pub fn stationery(
    words: Letter,
    per_page: PerPage,
    service: &str,
    issuer: &str,
) -> Result<Stationery, Unprintable> {
    // Never a code or a login: an address is kept by browsers, phones and whatever lies in between.
    Stationery::new(words, per_page, service, &format!("{issuer}/login"))
}

/// How instants are written.
pub struct Written {
    /// Tables are for programs, the rest is for people.
    pub format: Format,
    /// For people.
    pub language: Language,
    /// Where it is that time.
    pub zone: TimeZone,
}

impl Written {
    fn instant(&self, at: Timestamp) -> String {
        let at = jiff::Timestamp::from_microsecond(at.micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let at = at.to_zoned(self.zone.clone());
        match self.format {
            Format::Csv => at.strftime("%Y-%m-%d %H:%M").to_string(),
            Format::Pdf | Format::Zip => self.language.date_and_time(&at),
        }
    }
}

/// What schools are called, by UAI.
pub struct Names(HashMap<String, String>);

impl Names {
    /// Those of the places of a selection.
    pub async fn of(ctx: &Context, selection: &Selection) -> Result<Self, DbError> {
        let mut names = HashMap::new();
        let mut places = Vec::new();
        for root in selection.places() {
            places.extend(store::territory::subtree(&ctx.db, root).await?);
        }
        for place in places {
            let Some(uai) = place.code.uai().map(str::to_owned) else { continue };
            if place.code.class_name().is_none() {
                names.insert(uai, place.name);
            } else if !names.contains_key(&uai)
                && let Ok(school) = Uai::parse(&uai)
                && let Some(school) = store::territory::find(&ctx.db, &TerritoryCode::school(&school)).await?
            {
                names.insert(uai, school.name);
            }
        }
        Ok(Self(names))
    }

    /// What is said to the person whom a slip is for.
    pub fn on_paper(&self, slip: Slip, written: &Written) -> paper::slip::Slip {
        let Slip { place, person, profile, wards, code, live } = slip;
        let code_of_school = place.code.uai().unwrap_or(place.code.as_str());
        let school = match place.code.uai() {
            Some(uai) => self.0.get(uai).map_or(uai, String::as_str),
            None => &place.name,
        };
        paper::slip::Slip {
            school_code: code_of_school.to_owned(),
            school: school.to_owned(),
            class: place.code.class_name().unwrap_or_default().to_owned(),
            profile,
            family_name: person.family_name,
            given_name: person.given_name,
            login: person.login,
            pupils: pupils(&wards),
            code,
            expires: written.instant(live.expires_at),
        }
    }
}

/// The names of a guardian's pupils; with the class of each where they are in different ones, and the school where those differ.
fn pupils(wards: &[Ward]) -> Vec<String> {
    let several = |of: fn(&(String, String)) -> &String| {
        let each = wards.iter().map(|ward| ward.classes.iter().map(of).collect::<BTreeSet<_>>());
        each.filter(|names| !names.is_empty()).collect::<BTreeSet<_>>().len() > 1
    };
    let (schools, classes) = (several(|(_, school)| school), several(|(class, _)| class));
    let whereabouts = |(class, school): &(String, String)| {
        if schools { format!("{class}, {school}") } else { class.clone() }
    };
    let named = |ward: &Ward| {
        let places: Vec<_> = ward.classes.iter().map(whereabouts).collect();
        if places.is_empty() || !(schools || classes) {
            ward.name.clone()
        } else {
            format!("{} ({})", ward.name, places.join(" – "))
        }
    };
    wards.iter().map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ward(name: &str, classes: &[(&str, &str)]) -> Ward {
        let classes = classes.iter().map(|(class, school)| ((*class).to_owned(), (*school).to_owned()));
        Ward { name: name.to_owned(), classes: classes.collect() }
    }

    #[test]
    fn the_class_of_each_child_is_said_where_they_are_in_different_ones() {
        let (one, other) = ("Tilleuls", "Port");
        for (wards, expected) in [
            (vec![ward("Zoé", &[("6A", one)])], vec!["Zoé"]),
            (vec![ward("Tom", &[("6A", one)]), ward("Zoé", &[("6A", one)])], vec!["Tom", "Zoé"]),
            (vec![ward("Tom", &[("3B", one)]), ward("Zoé", &[("6A", one)])], vec!["Tom (3B)", "Zoé (6A)"]),
            (
                vec![ward("Tom", &[("6A", other)]), ward("Zoé", &[("6A", one)])],
                vec!["Tom (6A, Port)", "Zoé (6A, Tilleuls)"],
            ),
            (vec![ward("Tom", &[]), ward("Zoé", &[("6A", one)])], vec!["Tom", "Zoé"]),
        ] {
            assert_eq!(pupils(&wards), expected);
        }
    }
}
