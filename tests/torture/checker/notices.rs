//! Which relying parties must have been told that a session is over.

use std::collections::{HashMap, HashSet};

use super::Violation;
use super::ended::is_carried;
use super::story::{Life, Order, Story};
use super::window::{Deed, SLACK};
use crate::torture::history::{Act, Final, Instant, Notice};

/// Every session that a relying party was given and that ended has its notice, written by what ended it and not only by what
/// ended the account's later ones; and what was sent was received.
pub(super) fn check_end(story: &Story<'_>, end: &Final) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut told: HashMap<_, Instant> = HashMap::new();
    for Notice { client, sid, written, .. } in &end.notices {
        let first = told.entry((client, sid)).or_insert(*written);
        *first = *written.min(first);
    }
    for life in story.lives.values() {
        for door in life.doors.iter().filter(|deed| deed.sure) {
            let Act::Exchange { code, given: Some(given), .. } = &door.event.act else { continue };
            if !end.told.contains(&given.client) || may_be_revoked(story, life, door, code) {
                continue;
            }
            let first = told.get(&(&given.client, &given.sid)).copied();
            let mut ends = ended_by(story, life, door, code, end.all_told);
            let untold = ends.find(|(_, by)| first.is_none_or(|first| first > by.saturating_add(SLACK)));
            found.extend(untold.map(|(end, _)| {
                let because = "the session of a grant ended and its relying party was not told";
                Violation::of("lost_notice", &[door, end], because)
            }));
        }
    }
    let received: HashSet<_> = end.received.iter().collect();
    for notice in end.notices.iter().filter(|notice| notice.sent) {
        if !received.contains(&(notice.client.clone(), notice.jti.clone())) {
            let because = format!("{} did not receive {} which counts as sent", notice.client, notice.jti);
            found.push(Violation { rule: "lost_notice", events: Vec::new(), because });
        }
    }
    found
}

/// Whether the code or a refresh token of the grant may have come back, which ends it without a word.
fn may_be_revoked(story: &Story<'_>, life: &Life<'_>, grant: &Deed<'_>, code: &str) -> bool {
    let refused = story.refused.iter().copied();
    let tried =
        life.doors.iter().map(|deed| deed.event).chain(refused).filter(|event| event.id != grant.event.id);
    let mut presented = HashSet::new();
    for event in tried {
        let again = match &event.act {
            Act::Exchange { code: other, .. } => other == code,
            Act::Refresh { presented: token, rotates: true, .. } => {
                story.grant_of(token).is_some_and(|other| other.is(grant)) && !presented.insert(token)
            }
            _ => false,
        };
        if again {
            return true;
        }
    }
    false
}

/// What certainly ended the grant, each with when it had told of it at the latest, unless something before it had: an act by
/// the time that it was acknowledged, an order once there was nothing more to tell.
fn ended_by<'s, 'h>(
    story: &'s Story<'h>,
    life: &'s Life<'h>,
    grant: &Deed<'h>,
    code: &str,
    all_told: Instant,
) -> impl Iterator<Item = (&'s Deed<'h>, Instant)> {
    let raised = life.changes.iter().chain(&life.forces).chain(&life.new_codes);
    let session = story.session_of_code(code);
    let out = life.sign_outs.iter().filter(move |out| {
        matches!(&out.event.act, Act::SignOut { session: ended, .. }
            if Some(ended.as_str()) == session && !is_carried(life, ended))
    });
    let acts = raised.chain(out).filter(|act| act.sure && grant.window.surely_before(&act.window));
    let orders = story.orders_over(life).into_iter();
    let orders = orders.filter(|order| order.cancels.is_empty() && is_older(life, grant, order));
    let acts = acts.map(|act| (act, act.window.to));
    acts.chain(orders.map(move |order| (&order.deed, all_told)))
}

/// Whether the grant is certainly older than the order: it cannot be younger, or the gate would have been closed.
fn is_older(life: &Life<'_>, grant: &Deed<'_>, order: &Order<'_>) -> bool {
    if grant.window.surely_before(&order.deed.window) {
        return true;
    }
    let may_be_opened = life.changes.iter().any(|change| {
        order.deed.window.may_precede(&change.window) && change.window.may_precede(&grant.window)
    });
    grant.window.may_precede(&order.deed.window) && !may_be_opened
}
