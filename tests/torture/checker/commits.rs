//! What the database says it committed, and when: it makes the intervals of what was answered smaller, and says of what
//! was not answered whether it happened.

use std::collections::HashMap;

use super::story::{Life, Story};
use super::window::{Deed, SLACK};
use crate::torture::history::{Act, Final, Held, Instant, Outcome, Row};

/// How far a line may lie outside the interval of an act that was not answered, before it is held to be another's.
const FAR: Instant = 20 * SLACK;

/// Commits, by what they wrote.
pub(super) struct Commits<'h> {
    lines: HashMap<String, Vec<Instant>>,
    access: HashMap<&'h str, Instant>,
}

impl<'h> Commits<'h> {
    pub(super) fn of(end: &'h Final) -> Self {
        let mut commits = Self { lines: HashMap::new(), access: HashMap::new() };
        for committed in &end.committed {
            match &committed.row {
                Row::Audit { act, object } => {
                    commits.lines.entry(format!("{act} {object}")).or_default().push(committed.at);
                }
                Row::Access { hash, .. } => {
                    commits.access.insert(hash, committed.at);
                }
            }
        }
        commits
    }

    /// The lines of one act on one object.
    pub(super) fn lines(&self, act: &str, object: &str) -> &[Instant] {
        self.lines.get(&format!("{act} {object}")).map_or(&[], Vec::as_slice)
    }

    /// On what an act was done.
    pub(super) fn objects<'c>(&'c self, act: &'c str) -> impl Iterator<Item = &'c str> {
        self.lines.keys().filter_map(move |key| key.strip_prefix(act)?.strip_prefix(' '))
    }

    /// Gives everything that can be told apart its commit, and drops what was not answered and left no line.
    pub(super) fn place(&self, story: &mut Story<'h>) {
        for order in &mut story.orders {
            let Some(id) = order.id else { continue };
            let object = format!("order:{id}");
            settle(std::slice::from_mut(&mut order.deed), self.lines("order.issue", &object));
            let cancelled = self.lines("order.cancel", &object);
            forget(&mut order.cancels, cancelled);
            settle(&mut order.cancels, cancelled);
        }
        for life in story.lives.values_mut() {
            self.place_life(life);
        }
    }

    fn place_life(&self, life: &mut Life<'h>) {
        let object = format!("account:{}", life.id);
        let kinds = [
            (&mut life.changes, "password.change"),
            (&mut life.forces, "password.force"),
            (&mut life.new_codes, "code.issue"),
        ];
        for (deeds, act) in kinds {
            let lines = self.lines(act, &object);
            forget(deeds, lines);
            settle(deeds, lines);
        }
        let opens = |deed: &Deed<'_>| match &deed.event.act {
            Act::SignIn { held, .. } => !matches!(held, Some(Held::Page(_))),
            _ => false,
        };
        let (mut sessions, pages): (Vec<_>, Vec<_>) = life.sign_ins.drain(..).partition(opens);
        settle(&mut sessions, self.lines("sign_in", &object));
        life.sign_ins = [sessions, pages].concat();
        settle(&mut life.sign_outs, self.lines("sign_out", &object));
        for door in &mut life.doors {
            let access = match &door.event.act {
                Act::Exchange { given: Some(given), .. } => &given.access,
                Act::Refresh { access: Some(access), .. } => access,
                _ => continue,
            };
            let at = self.access.get(access.as_str()).filter(|at| door.window.may_be(**at));
            if let Some(at) = at {
                door.window = door.window.committed_at(*at);
            }
        }
    }
}

/// What left no line did not happen.
fn forget(deeds: &mut Vec<Deed<'_>>, lines: &[Instant]) {
    deeds.retain(|deed| {
        let Deed { event, window, .. } = deed;
        let near = |at: &&Instant| window.from - FAR <= **at && **at <= window.to.saturating_add(FAR);
        event.outcome != Outcome::Unknown || lines.iter().any(|at| near(&at))
    });
}

/// A line that can be of one act only is that act's. An acknowledged act has a line, so it goes before those that may not
/// have happened.
fn settle(deeds: &mut [Deed<'_>], lines: &[Instant]) {
    let acknowledged: Vec<_> = deeds.iter().filter(|deed| deed.sure).map(|deed| deed.window).collect();
    for deed in deeds {
        let mut own = lines.iter().filter(|at| deed.window.may_be(**at));
        let (Some(at), None) = (own.next(), own.next()) else { continue };
        let rivals = acknowledged.iter().filter(|window| window.may_be(*at)).count();
        if deed.sure && rivals == 1 {
            deed.window = deed.window.committed_at(*at);
        }
    }
}
