//! The database moves from a file to a server.

use std::path::Path;

use crate::domain::event::Act;
use crate::flows::actor::Actor;
use crate::flows::random::Random;
use crate::store;
use crate::store::clock::Clock;
use crate::store::db::{Copied, CopyError, Db, Parting};
use crate::store::deployment::{copied, moved};

/// Which file, by whose clock, and whether what is on paper is good in the copy.
pub struct Move<'a> {
    /// The file, which nobody else has open.
    pub source: &'a Path,
    /// The time.
    pub clock: &'a Clock,
    /// Whether the file is the database as it is in use, and no copy of it is: then none of its codes can be used anywhere
    /// but in the copy, and they stay good.
    pub codes_live: bool,
}

/// Fills `target` with what is in the file, marks the copy as one, and the file as given up.
pub async fn copy_store(
    what: Move<'_>,
    target: &Db,
    actor: &Actor,
    random: &Random,
    progress: impl FnMut(u64, u64) + Send,
) -> Result<Vec<Copied>, CopyError> {
    let now = what.clock.now();
    let line = actor.line(Act::StoreCopied, "store".to_owned());
    let parting = Parting {
        arrives: vec![copied(now, what.codes_live), store::audit::write(&random.id(now), now, &line)],
        leaves: moved(now),
    };
    target.copy_from(what.source, what.clock, parting, progress).await
}
