//! Where the places of a file lie. Each is looked up once; schools and classes seen for the first time are remembered
//! and written when the file has been found good.

use std::collections::{HashMap, HashSet};

use crate::domain::territory::{TerritoryCode, TerritoryKind, TerritoryPath, Uai};
use crate::store;
use crate::store::db::{Db, DbError};
use crate::store::territory::Territory;

use super::line::{LineError, LineWarning};

/// A place to be written, and the one it lies in.
pub(super) struct NewPlace {
    pub(super) place: Territory,
    pub(super) parent: TerritoryCode,
}

/// The places met so far. Grows with the schools and classes of a file, not with its people.
pub(super) struct Places {
    known: HashMap<TerritoryCode, TerritoryPath>,
    /// Schools that were looked up, whether they were found or not.
    asked: HashSet<Uai>,
    pub(super) new: Vec<NewPlace>,
}

impl Places {
    /// With every place wider than a school.
    pub(super) async fn load(db: &Db) -> Result<Self, DbError> {
        let mut places = Self { known: HashMap::new(), asked: HashSet::new(), new: Vec::new() };
        places.learn(store::territory::wide(db).await?);
        Ok(places)
    }

    /// The path of a place. Warnings come with the first line that speaks of a school.
    pub(super) async fn path(
        &mut self,
        db: &Db,
        code: &TerritoryCode,
        warnings: &mut Vec<LineWarning>,
    ) -> Result<Result<TerritoryPath, LineError>, DbError> {
        if let Some(path) = self.known.get(code) {
            return Ok(Ok(path.clone()));
        }
        let Some(uai) = code.uai().and_then(|uai| Uai::parse(uai).ok()) else {
            return Ok(Err(LineError::UnknownTerritory(code.clone())));
        };
        if !self.asked.contains(&uai) {
            self.ask(db, &uai, warnings).await?;
        }
        if let Some(path) = self.known.get(code) {
            return Ok(Ok(path.clone()));
        }
        let school = TerritoryCode::school(&uai);
        let Some(school_path) = self.known.get(&school).cloned() else {
            return Ok(Err(LineError::UnknownDepartement { uai }));
        };
        let name = code.class_name().unwrap_or_default().to_owned();
        Ok(Ok(self.add(code.clone(), &school_path, school, name)))
    }

    /// Looks a school up with its classes. One that is nowhere hangs under the département of its first digits.
    async fn ask(&mut self, db: &Db, uai: &Uai, warnings: &mut Vec<LineWarning>) -> Result<(), DbError> {
        if !uai.letter_is_right() {
            warnings.push(LineWarning::CheckLetter(uai.clone()));
        }
        let school = TerritoryCode::school(uai);
        if let Some(place) = store::territory::find(db, &school).await? {
            self.learn(store::territory::subtree(db, &place.path).await?);
        } else {
            let departement = uai.departement_code();
            if let Some(path) = self.known.get(&departement).cloned() {
                self.add(school, &path, departement.clone(), uai.to_string());
                warnings.push(LineWarning::NewSchool { uai: uai.clone(), departement });
            }
        }
        self.asked.insert(uai.clone());
        Ok(())
    }

    fn learn(&mut self, places: Vec<Territory>) {
        self.known.extend(places.into_iter().map(|place| (place.code, place.path)));
    }

    fn add(
        &mut self,
        code: TerritoryCode,
        above: &TerritoryPath,
        parent: TerritoryCode,
        name: String,
    ) -> TerritoryPath {
        let path = above.child(&code);
        self.known.insert(code.clone(), path.clone());
        self.new.push(NewPlace { place: Territory { code, path: path.clone(), name }, parent });
        path
    }
}

impl NewPlace {
    pub(super) fn is_school(&self) -> bool {
        self.place.code.kind() == TerritoryKind::School
    }
}
