//! The staged lines become accounts, one window of lines after the other.

use std::collections::{BTreeSet, HashSet};

use crate::domain::event::Act;
use crate::domain::territory::TerritoryPath;
use crate::domain::timestamp::Timestamp;
use crate::flows::reset_order::come_into_force::come_into_force;
use crate::flows::step::Step;
use crate::flows::unavailable::TRIES;
use crate::store;
use crate::store::db::{Affected, Batch, BatchError, Statement};
use crate::store::import::Turn;
use crate::store::import::apply::{CREATED, Differences, Window};
use crate::store::reset_order::{NOTHING_DUE, nothing_due};

use super::places::NewPlace;
use super::stage::Staged;
use super::{GIVE_WAY, Import, ImportError, Progress, Report};

/// Lines per batch: others wait some twenty milliseconds for it at most.
const WINDOW: u64 = 500;

/// Places per batch.
const PLACES: usize = 500;

/// Applies what was staged: places first, then people, then those who are guardians by `guardian_of`.
pub(super) async fn apply(
    import: &Import<'_>,
    staged: Staged,
    report: &mut Report,
    progress: &mut impl FnMut(Progress),
) -> Result<(), ImportError> {
    create_places(import, staged.new_places, report).await?;
    let of = store::import::count(&import.ctx.db).await?;
    let turns: &[Turn] = if staged.has_guardians { &[Turn::First, Turn::Guardians] } else { &[Turn::First] };
    let mut known = 0;
    for turn in turns {
        let mut from = 1;
        while from <= staged.last_line {
            let to = from.saturating_add(WINDOW - 1);
            apply_window(import, Window { from, to, turn: *turn }, report).await?;
            // Each time the accounts may have doubled, what the database believes of them is wrong.
            if report.created > 2 * known {
                known = report.created;
                store::import::take_stock(&import.ctx.db).await?;
            }
            let people = report.created + report.changed + report.unchanged;
            progress(Progress::Applied { people, of });
            from = to + 1;
        }
    }
    Ok(())
}

async fn apply_window(import: &Import<'_>, window: Window, report: &mut Report) -> Result<(), ImportError> {
    let ctx = import.ctx;
    for _ in 0..TRIES {
        let differences = window.differences(&ctx.db).await?;
        let Differences { people, created, changed } = differences;
        if created + changed == 0 {
            report.unchanged += people;
            return Ok(());
        }
        let statements = statements(import, window, differences, ctx.clock.now());
        match ctx.db.run(Batch::under_order_lock(statements)).await {
            Ok(done) => {
                report.created += created;
                report.changed += changed;
                report.unchanged += people - created - changed;
                report.followed += followers(&done)?;
                ctx.steps.at(Step::ImportBatchApplied).await;
                tokio::time::sleep(GIVE_WAY).await;
                return Ok(());
            }
            Err(BatchError::Unmet { label: NOTHING_DUE, .. }) => come_into_force(ctx).await?,
            // Somebody else created one of them since they were counted.
            Err(BatchError::Unmet { label: CREATED, .. } | BatchError::Unique { .. }) => {}
            Err(error @ (BatchError::Unmet { .. } | BatchError::Busy | BatchError::Db(_))) => {
                return Err(error.into());
            }
        }
    }
    Err(ImportError::Overtaken)
}

/// The guardians' statement is the last, so that its answer is found.
fn statements(
    import: &Import<'_>,
    window: Window,
    differences: Differences,
    now: Timestamp,
) -> Vec<Statement> {
    let Differences { created, changed, .. } = differences;
    let mut line = import.actor.line(Act::AccountImport, format!("import:{}", import.id));
    line.count = i64::try_from(created + changed).ok();
    let mut statements = vec![store::import::held(&import.id), nothing_due(), import.ctx.audit(now, &line)];
    if changed > 0 {
        statements.extend(window.change(now));
    }
    if created > 0 {
        statements.push(window.create(created, now));
    }
    statements.extend(window.place());
    if changed > 0 && window.turn == Turn::First {
        statements.extend(window.follow());
    }
    statements
}

fn followers(done: &[Affected]) -> Result<u64, ImportError> {
    let rows = done.last().map(|last| last.rows.as_slice()).unwrap_or_default();
    let accounts = rows.iter().map(|row| row.str("account_id")).collect::<Result<HashSet<_>, _>>()?;
    Ok(accounts.len() as u64)
}

async fn create_places(
    import: &Import<'_>,
    new: Vec<NewPlace>,
    report: &mut Report,
) -> Result<(), ImportError> {
    let ctx = import.ctx;
    let mut new = new;
    if report.errors.count > 0 {
        let needed: BTreeSet<_> = store::import::places(&ctx.db).await?.into_iter().collect();
        new.retain(|new| is_needed(&new.place.path, &needed));
    }
    for some in new.chunks(PLACES) {
        let now = ctx.clock.now();
        let mut line = import.actor.line(Act::TerritoryImport, format!("import:{}", import.id));
        line.count = i64::try_from(some.len()).ok();
        let mut statements = vec![store::import::held(&import.id), ctx.audit(now, &line)];
        statements
            .extend(some.iter().map(|new| store::territory::put_if_missing(&new.place, &new.parent, now)));
        ctx.db.run(Batch::plain(statements)).await?;
        tokio::time::sleep(GIVE_WAY).await;
    }
    report.new_schools = new.iter().filter(|new| new.is_school()).count() as u64;
    report.new_classes = new.len() as u64 - report.new_schools;
    Ok(())
}

/// Whether somebody is at the place or below it. In the order of paths what lies below a place follows it.
fn is_needed(path: &TerritoryPath, needed: &BTreeSet<TerritoryPath>) -> bool {
    needed.range(path..).next().is_some_and(|first| path.contains(first))
}
