//! Places are read from a file: checked as a whole, then written. What the file does not name is left alone.
//!
//! The ministry, the académies and the départements are shipped with the program, in the same form.

use std::collections::{HashMap, HashSet};
use std::io::{self, Read};

use thiserror::Error;

use crate::domain::event::Act;
use crate::domain::territory::{TerritoryCode, TerritoryCodeError, TerritoryKind, TerritoryPath, Uai};
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::csv_table::{Column, CsvTable, HeaderError, Next, OnLine, Row, RowError};
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::db::Batch;
use crate::store::territory::Territory;

/// The places of the whole country down to the départements, with the académies of 2020 and later. Saint-Barthélemy and
/// Saint-Martin are the Guadeloupe rectorat's; the agricultural schools' ministry is an académie without départements.
const SHIPPED: &str = include_str!("../../config/territories.csv");

const COLUMNS: [Column; 4] = [
    Column { name: "code", required: true },
    Column { name: "kind", required: true },
    Column { name: "parent", required: true },
    Column { name: "name", required: true },
];
const CODE: usize = 0;
const KIND: usize = 1;
const PARENT: usize = 2;
const NAME: usize = 3;

/// Characters of a name.
const LONGEST_NAME: usize = 200;

/// Places per batch: a few milliseconds, between which others write.
const STEP: usize = 500;

/// What came of a file of places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TerritoryReport {
    /// Places that are new.
    pub created: u64,
    /// Places that took another name.
    pub renamed: u64,
    /// Places that are as the file says.
    pub unchanged: u64,
    /// What deserves a look.
    pub warnings: Vec<OnLine<TerritoryWarning>>,
    /// What is wrong. With any of it nothing was written.
    pub errors: Vec<OnLine<TerritoryError>>,
}

/// What deserves a look, and was done nevertheless.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TerritoryWarning {
    /// Real exports hold such codes.
    #[error("the check letter of the UAI code {0} is wrong")]
    CheckLetter(Uai),
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TerritoryError {
    /// The columns are not those of a file of places.
    #[error(transparent)]
    Header(HeaderError),
    /// The line cannot be read.
    #[error(transparent)]
    Row(RowError),
    /// The code or the parent is none.
    #[error("{text:?} is no territory: {error}")]
    Code {
        /// The cell.
        text: String,
        /// Why.
        error: TerritoryCodeError,
    },
    /// The kind is another than the code says.
    #[error("the kind {found:?} does not fit {code}, whose kind is {}", code.kind().as_str())]
    Kind {
        /// The code.
        code: TerritoryCode,
        /// The cell.
        found: String,
    },
    /// The same code on two lines.
    #[error("{code} stands on line {line} already")]
    Twice {
        /// The code.
        code: TerritoryCode,
        /// The earlier line.
        line: u64,
    },
    /// Only the ministry has no parent.
    #[error("the parent of {0} is missing")]
    NoParent(TerritoryCode),
    /// The parent is none for this kind of place.
    #[error("{code} cannot lie in {parent}")]
    WrongParent {
        /// The place.
        code: TerritoryCode,
        /// The parent that the file gives.
        parent: TerritoryCode,
    },
    /// The parent is nowhere.
    #[error("the parent {0} is not known; name it in this file too")]
    UnknownParent(TerritoryCode),
    /// The parent's own line is wrong.
    #[error("the parent {parent} has an error of its own on line {line}")]
    RefusedParent {
        /// The parent.
        parent: TerritoryCode,
        /// Its line.
        line: u64,
    },
    /// The place lies elsewhere already.
    #[error(
        "{code} lies in {parent} and can never move; a school that moves is a new territory with a new code"
    )]
    Moved {
        /// The place.
        code: TerritoryCode,
        /// Where it lies.
        parent: TerritoryCode,
    },
    /// No name, a name that is too long, or one with a control character.
    #[error("the name must have 1 to {LONGEST_NAME} characters and no control characters")]
    Name,
}

/// Why a file of places could not be read or written.
#[derive(Debug, Error)]
pub enum TerritoryImportError {
    /// The file cannot be read.
    #[error("reading the file: {0}")]
    File(#[from] io::Error),
    /// The database cannot be asked.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Reads places from `file`, with the columns `code`, `kind`, `parent` and `name`. A school without a parent hangs under
/// the département of its first digits, a class under its school.
pub async fn import_territories(
    ctx: &Context,
    actor: &Actor,
    file: impl Read,
) -> Result<TerritoryReport, TerritoryImportError> {
    ensure_shipped(ctx).await?;
    let known =
        store::territory::subtree(&ctx.db, &TerritoryPath::root()).await.map_err(Unavailable::from)?;
    let mut plan = Plan::new(known);
    plan.read(file)?;
    write(ctx, actor, plan).await
}

/// Brings in the shipped places that are missing, and answers how many were. One that is there keeps the name a file may
/// have given it.
pub async fn ensure_shipped(ctx: &Context) -> Result<u64, TerritoryImportError> {
    let known = store::territory::wide(&ctx.db).await.map_err(Unavailable::from)?;
    let there: HashSet<_> = known.iter().map(|place| place.code.clone()).collect();
    let mut plan = Plan::new(known);
    plan.read(SHIPPED.as_bytes())?;
    plan.writes.retain(|(place, _)| !there.contains(&place.code));
    let report = write(ctx, &Actor::system(), plan).await?;
    match report.errors.first() {
        Some(OnLine { line, what }) => {
            let told = format!("the shipped places do not fit the database: line {line}: {what}");
            Err(Unavailable::Broken(told).into())
        }
        None => Ok(report.created),
    }
}

async fn write(ctx: &Context, actor: &Actor, plan: Plan) -> Result<TerritoryReport, TerritoryImportError> {
    let Plan { mut report, mut writes, .. } = plan;
    report.errors.sort_by_key(|error| error.line);
    if !report.errors.is_empty() {
        return Ok(TerritoryReport { created: 0, renamed: 0, unchanged: 0, ..report });
    }
    let now = ctx.clock.now();
    writes.sort_by(|one, other| one.0.path.cmp(&other.0.path));
    for some in writes.chunks(STEP) {
        let puts = some.iter().map(|(place, parent)| store::territory::put(place, parent.as_ref(), now));
        let mut line = actor.line(Act::TerritoryImport, "territory".to_owned());
        line.count = i64::try_from(some.len()).ok();
        let batch = puts.chain([ctx.audit(now, &line)]).collect();
        if !ctx.commit(Batch::plain(batch)).await? {
            return Err(Unavailable::Contended.into());
        }
    }
    Ok(report)
}

/// A line of the file that reads well by itself.
struct Entry {
    line: u64,
    code: TerritoryCode,
    parent: Option<TerritoryCode>,
    name: String,
}

/// What is to be written, as far as the file has been judged.
struct Plan {
    known: HashMap<TerritoryCode, Territory>,
    /// Every line whose code could be read.
    lines: HashMap<TerritoryCode, u64>,
    writes: Vec<(Territory, Option<TerritoryCode>)>,
    report: TerritoryReport,
}

impl Plan {
    fn new(known: Vec<Territory>) -> Self {
        Self {
            known: known.into_iter().map(|place| (place.code.clone(), place)).collect(),
            lines: HashMap::new(),
            writes: Vec::new(),
            report: TerritoryReport::default(),
        }
    }

    fn read(&mut self, file: impl Read) -> io::Result<()> {
        let mut table = match CsvTable::open(file, &COLUMNS)? {
            Ok(table) => table,
            Err(error) => {
                self.refuse(1, TerritoryError::Header(error));
                return Ok(());
            }
        };
        let mut entries = Vec::new();
        loop {
            match table.next_row()? {
                Next::Row(row) => match self.entry(&row) {
                    Ok(entry) => entries.push(entry),
                    Err(error) => self.refuse(row.line, error),
                },
                Next::Unreadable(OnLine { line, what }) => self.refuse(line, TerritoryError::Row(what)),
                Next::End => break,
            }
        }
        // A parent is of a wider kind, so that it has been judged before what lies in it, wherever its line stands.
        entries.sort_by_key(|entry| entry.code.kind());
        for entry in entries {
            let line = entry.line;
            if let Err(error) = self.judge(entry) {
                self.refuse(line, error);
            }
        }
        Ok(())
    }

    fn refuse(&mut self, line: u64, what: TerritoryError) {
        self.report.errors.push(OnLine { line, what });
    }

    fn entry(&mut self, row: &Row<'_>) -> Result<Entry, TerritoryError> {
        let code = parse(row.cell(CODE))?;
        if let Some(line) = self.lines.insert(code.clone(), row.line) {
            self.lines.insert(code.clone(), line);
            return Err(TerritoryError::Twice { code, line });
        }
        let kind = row.cell(KIND);
        if kind != code.kind().as_str() {
            return Err(TerritoryError::Kind { code, found: kind.to_owned() });
        }
        let name = row.cell(NAME);
        let fits = (1..=LONGEST_NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control);
        if !fits {
            return Err(TerritoryError::Name);
        }
        let parent = match row.cell(PARENT) {
            "" => default_parent(&code),
            text => Some(parse(text)?),
        };
        match &parent {
            None if code.kind() != TerritoryKind::Ministry => return Err(TerritoryError::NoParent(code)),
            Some(parent) if !may_lie_in(&code, parent) => {
                return Err(TerritoryError::WrongParent { code, parent: parent.clone() });
            }
            _ => {}
        }
        if let Some(uai) = school(&code).filter(|uai| !uai.letter_is_right()) {
            let what = TerritoryWarning::CheckLetter(uai);
            self.report.warnings.push(OnLine { line: row.line, what });
        }
        Ok(Entry { line: row.line, code, parent, name: name.to_owned() })
    }

    fn judge(&mut self, entry: Entry) -> Result<(), TerritoryError> {
        let path = match &entry.parent {
            None => TerritoryPath::root(),
            Some(parent) => self.parent_path(parent)?.child(&entry.code),
        };
        let place = Territory { code: entry.code.clone(), path, name: entry.name };
        match self.known.get(&entry.code) {
            None => self.report.created += 1,
            Some(known) if known.path != place.path => {
                let parent =
                    known.path.parent().and_then(|path| path.code()).unwrap_or_else(TerritoryCode::ministry);
                return Err(TerritoryError::Moved { code: entry.code, parent });
            }
            Some(known) if known.name == place.name => {
                self.report.unchanged += 1;
                return Ok(());
            }
            Some(_) => self.report.renamed += 1,
        }
        self.known.insert(entry.code, place.clone());
        self.writes.push((place, entry.parent));
        Ok(())
    }

    fn parent_path(&self, parent: &TerritoryCode) -> Result<&TerritoryPath, TerritoryError> {
        match (self.known.get(parent), self.lines.get(parent)) {
            (Some(place), _) => Ok(&place.path),
            (None, Some(line)) => Err(TerritoryError::RefusedParent { parent: parent.clone(), line: *line }),
            (None, None) => Err(TerritoryError::UnknownParent(parent.clone())),
        }
    }
}

fn parse(text: &str) -> Result<TerritoryCode, TerritoryError> {
    TerritoryCode::parse(text).map_err(|error| TerritoryError::Code { text: text.to_owned(), error })
}

/// The UAI code of a school or of a class's school.
fn school(code: &TerritoryCode) -> Option<Uai> {
    code.uai().and_then(|uai| Uai::parse(uai).ok())
}

fn default_parent(code: &TerritoryCode) -> Option<TerritoryCode> {
    let uai = school(code)?;
    match code.kind() {
        TerritoryKind::Class => Some(TerritoryCode::school(&uai)),
        TerritoryKind::School => Some(uai.departement_code()),
        TerritoryKind::Ministry | TerritoryKind::Academie | TerritoryKind::Departement => None,
    }
}

/// A class lies in its own school; anything else in something wider than itself that is no school.
fn may_lie_in(code: &TerritoryCode, parent: &TerritoryCode) -> bool {
    match code.kind() {
        TerritoryKind::Class => parent.kind() == TerritoryKind::School && parent.uai() == code.uai(),
        TerritoryKind::Ministry => false,
        TerritoryKind::Academie | TerritoryKind::Departement | TerritoryKind::School => {
            parent.kind() < code.kind()
        }
    }
}

#[cfg(test)]
#[path = "import_territories_tests.rs"]
mod tests;
