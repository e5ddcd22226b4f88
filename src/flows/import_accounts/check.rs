//! What is wrong with the staged file as a whole. Each check is one statement; the lines it finds are told and refused.

use crate::store;
use crate::store::db::Batch;
use crate::store::import::check::{Collision, Findings, NoPupil};

use super::line::LineError;
use super::{Import, ImportError, Report};

/// Runs every check. The last one comes after the lines that the others found are refused, as it asks about them.
pub(super) async fn check(import: &Import<'_>, report: &mut Report) -> Result<(), ImportError> {
    let db = &import.ctx.db;
    refuse(import, report, store::import::check::repeated_keys(db).await?, repeated_key).await?;
    refuse(import, report, store::import::check::taken_logins(db).await?, login_of_another).await?;
    refuse(import, report, store::import::check::repeated_logins(db).await?, login_of_another).await?;
    refuse(import, report, store::import::check::missing_pupils(db).await?, missing_pupil).await
}

async fn refuse<T>(
    import: &Import<'_>,
    report: &mut Report,
    mut findings: Findings<T>,
    tell: fn(T) -> (u64, LineError),
) -> Result<(), ImportError> {
    while let Some(found) = findings.next().await? {
        let mut statements = vec![store::import::held(&import.id)];
        for finding in found {
            let (line, error) = tell(finding);
            report.errors.add(line, error);
            statements.extend(store::import::refuse(line));
        }
        import.ctx.db.run(Batch::plain(statements)).await?;
    }
    Ok(())
}

fn repeated_key(found: Collision) -> (u64, LineError) {
    let line = found.other_line.unwrap_or_default();
    (found.line, LineError::KeyTwice { source_name: found.source, key: found.key, line })
}

fn login_of_another(found: Collision) -> (u64, LineError) {
    let Collision { line, text: login, other_line, source: source_name, key } = found;
    let error = match other_line {
        Some(line) => LineError::LoginTwice { login, source_name, key, line },
        None => LineError::LoginTaken { login, source_name, key },
    };
    (line, error)
}

fn missing_pupil(found: NoPupil) -> (u64, LineError) {
    let NoPupil { line, key, source, other_line, refused_line, has_account } = found;
    let error = match (other_line, refused_line) {
        (Some(line), _) => LineError::NoPupilInFile { key, line },
        (None, Some(line)) => LineError::RefusedPupil { key, line },
        (None, None) if has_account => LineError::NoPupilInDatabase { key },
        (None, None) => LineError::UnknownPupil { key, source_name: source },
    };
    (line, error)
}
