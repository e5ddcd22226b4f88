//! The schema's history: numbered scripts, applied once each and in order, never edited afterwards.
//!
//! The scripts are written in PostgreSQL's words; an engine that has others rewrites them itself. Each one
//! that was applied leaves its number and checksum in `schema_version`, and which older programs may go on with what
//! it has made: a script adds (a table, a column that may be empty or has a default), programs follow one by one, and
//! what no program uses any more is removed by a later script, which says since when none does.

use std::fmt::Write as _;

use super::error::DbError;
use aws_lc_rs::digest;

/// One script of `src/store/migrations/`.
pub(super) struct Migration {
    /// Counted from 1 without a gap.
    pub(super) version: i64,
    /// Programs that know the scripts up to this one, and none further, may read and write what this one leaves behind.
    /// Its own version where none may.
    pub(super) usable_from: i64,
    /// Statements that end with `;`, and comments from `--` to the end of a line; neither stands in a string.
    pub(super) sql: &'static str,
}

/// All scripts this program knows, oldest first.
pub(super) const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, usable_from: 1, sql: include_str!("../migrations/0001_foundation.sql") }];

/// A line of `schema_version`.
pub(super) struct Applied {
    pub(super) version: i64,
    pub(super) checksum: String,
    /// As the program has left it that knew the script.
    pub(super) usable_from: i64,
}

/// Why a database is not one this program may use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MigrateError {
    /// A later program has changed the schema.
    #[error(
        "the database has schema version {found}, for programs that know version {needed} at least, and this program \
         knows versions up to {known}: start the program that made it, or a later one"
    )]
    Newer {
        /// The version found in the database.
        found: i64,
        /// The version that a program must know.
        needed: i64,
        /// The last version this program carries.
        known: i64,
    },
    /// The schema lacks what this program needs.
    #[error(
        "the database has schema version {found} and this program needs version {needed}: run `ecluse migrate`, \
         with a user who may change the schema"
    )]
    Older {
        /// The version found in the database, 0 for an empty one.
        found: i64,
        /// The version this program needs.
        needed: i64,
    },
    /// The database was made with a script this program does not have.
    #[error(
        "schema version {version} of the database was made by another text than the one in this program: \
         start the build that made it, or restore a copy made by this one"
    )]
    Changed {
        /// The version whose texts differ.
        version: i64,
    },
    /// A script did not run; the schema is as it was before.
    #[error("schema version {version} could not be applied, nothing was changed: {reason}")]
    Failed {
        /// The version of the script.
        version: i64,
        /// The engine's own words.
        reason: String,
    },
}

impl Migration {
    /// SHA-256 of the script, in hexadecimal.
    pub(super) fn checksum(&self) -> String {
        let hash = digest::digest(&digest::SHA256, self.sql.as_bytes());
        hash.as_ref().iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// The statements of the script without its comments, in an engine's own words: `word` answers what stands in the
    /// place of one, if it is not to stay.
    pub(super) fn reworded(&self, word: impl Fn(&str) -> Option<&'static str>) -> Vec<String> {
        let without_comments =
            self.sql.lines().map(|line| line.split("--").next().unwrap_or(line).trim_end());
        let code = without_comments.collect::<Vec<_>>().join("\n");
        let statements = code.split(';').map(str::trim).filter(|statement| !statement.is_empty());
        let reword = |statement: &str| {
            let pieces = statement
                .split_inclusive(|symbol: char| !symbol.is_ascii_alphanumeric() && symbol != '_')
                .map(|piece| {
                    let end = piece.find(|symbol: char| !symbol.is_ascii_alphanumeric() && symbol != '_');
                    let (text, rest) = piece.split_at(end.unwrap_or(piece.len()));
                    [word(text).unwrap_or(text), rest].concat()
                });
            pieces.collect::<String>()
        };
        statements.map(reword).collect()
    }
}

/// The scripts still to apply to a database that has had those of `applied` (oldest first). None where a later program has
/// applied more, each of which leaves this one room to go on.
pub(super) fn pending<'a>(
    known: &'a [Migration],
    applied: &[Applied],
) -> Result<&'a [Migration], MigrateError> {
    for (place, done) in applied.iter().enumerate() {
        let Some(migration) = known.get(place) else {
            let known = known.last().map_or(0, |migration| migration.version);
            if done.usable_from <= known {
                continue;
            }
            return Err(MigrateError::Newer { found: done.version, needed: done.usable_from, known });
        };
        if migration.version != done.version || migration.checksum() != done.checksum {
            return Err(MigrateError::Changed { version: done.version });
        }
    }
    Ok(known.get(applied.len()..).unwrap_or_default())
}

/// Refuses a database that lacks a script.
pub(super) fn expect_none_pending(known: &[Migration], applied: &[Applied]) -> Result<(), DbError> {
    match pending(known, applied)?.last() {
        None => Ok(()),
        Some(last) => {
            let found = applied.last().map_or(0, |applied| applied.version);
            Err(MigrateError::Older { found, needed: last.version }.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_count_from_one_without_a_gap() {
        for (place, migration) in (1..).zip(MIGRATIONS) {
            assert_eq!(migration.version, place);
            assert!((1..=migration.version).contains(&migration.usable_from));
        }
    }
}
