//! What must be over for good: by the account's number, by a belief that passwords were stolen, by signing out, by a
//! token that came back.

use ecluse::domain::level::Level;

use super::Violation;
use super::story::{Life, Story};
use super::window::{Deed, Window};
use crate::torture::history::{Act, Event, Held, Outcome, Secret};

/// Nothing that ended opens anything.
pub(super) fn check(story: &Story<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for life in story.lives.values() {
        let ends = ends(story, life);
        for used in life.doors.iter().chain(&life.changes).filter(|deed| deed.sure) {
            found.extend(outlived(story, life, &ends, used));
            found.extend(signed_out(story, life, used));
            found.extend(withdrawn(story, used));
        }
        for used in life.sign_ins.iter().chain(&life.changes).filter(|deed| deed.sure) {
            found.extend(old_password(life, used));
            found.extend(dead_code(story, life, used));
        }
        found.extend(life.new_codes.iter().filter_map(|issued| repeated_code(story, issued)));
    }
    found
}

/// Something that certainly ended everything an account held.
struct End<'s, 'h> {
    deed: &'s Deed<'h>,
    /// Sessions and what hangs from them only, not the right to change.
    sessions_only: bool,
}

fn ends<'s, 'h>(story: &'s Story<'h>, life: &'s Life<'h>) -> Vec<End<'s, 'h>> {
    let raised = life.changes.iter().chain(&life.forces).chain(&life.new_codes);
    let raised = raised.map(|deed| End { deed, sessions_only: false });
    let stolen = story.orders_over(life).into_iter().filter(|order| order.level == Level::Recover);
    let stolen = stolen.map(|order| End { deed: &order.deed, sessions_only: true });
    raised.chain(stolen).filter(|end| end.deed.sure).collect()
}

/// What a deed stands on: the sign-in or the change that opened its session or its page.
fn root<'s, 'h>(story: &'s Story<'h>, used: &'s Deed<'h>) -> Option<(&'s Deed<'h>, bool)> {
    if let Act::Change { by, .. } = &used.event.act {
        return Some((story.opened_by(by)?, matches!(by, Held::Session(_))));
    }
    let (session, _) = story.behind(used)?;
    Some((story.opened_by(&Held::Session(session.to_owned()))?, true))
}

fn outlived(story: &Story<'_>, life: &Life<'_>, ends: &[End<'_, '_>], used: &Deed<'_>) -> Option<Violation> {
    let (root, is_session) = root(story, used)?;
    let end = ends.iter().find(|end| {
        (is_session || !end.sessions_only)
            && !end.deed.is(root)
            && !end.deed.is(used)
            && is_first(life, root, end.deed)
            && end.deed.window.surely_before(&used.window)
    })?;
    let because = "what an earlier sign-in gave was good after the account's number was raised";
    Some(Violation::of("outlived", &[root, end.deed, used], because))
}

/// Whether the root certainly read the account before this end: in time, or because it read a password that the end
/// replaced.
fn is_first(life: &Life<'_>, root: &Deed<'_>, end: &Deed<'_>) -> bool {
    let of_password = match &root.event.act {
        Act::SignIn { secret: Secret::Password(number), .. } => Some(*number),
        Act::Change { new, .. } => Some(*new),
        _ => None,
    };
    root.window.surely_before(&end.window)
        || of_password.is_some_and(|number| life.ends_password(end, number))
}

fn signed_out(story: &Story<'_>, life: &Life<'_>, used: &Deed<'_>) -> Option<Violation> {
    let (session, grant) = match &used.event.act {
        Act::Change { by: Held::Session(session), .. } => (session.as_str(), None),
        _ => story.behind(used)?,
    };
    let outlives = grant.is_some_and(|grant| match &grant.event.act {
        Act::Exchange { given: Some(given), .. } => given.offline || is_carried(life, session),
        _ => true,
    });
    if outlives {
        return None;
    }
    let out = life.sign_outs.iter().find(|out| {
        let same = matches!(&out.event.act, Act::SignOut { session: ended, .. } if ended == session);
        out.sure && same && out.window.surely_before(&used.window)
    })?;
    let because = "what was signed out was good afterwards";
    Some(Violation::of("signed_out", &[out, used], because))
}

/// Whether another sign-in in the same browser may have taken the session's grants over.
pub(super) fn is_carried(life: &Life<'_>, session: &str) -> bool {
    let takes = |deed: &Deed<'_>| match &deed.event.act {
        Act::SignIn { replaces: Some(Held::Session(before)), .. }
        | Act::Change { by: Held::Session(before), .. } => before == session,
        _ => false,
    };
    life.sign_ins.iter().chain(&life.changes).any(takes)
}

/// A code or a refresh token that came back, and was recognised, ended its grant.
fn withdrawn(story: &Story<'_>, used: &Deed<'_>) -> Option<Violation> {
    let (_, Some(grant)) = story.behind(used)? else { return None };
    let again = story.refused.iter().find(|event| {
        is_reuse(story, event, grant) && Window::between(event.began, event.ended).surely_before(&used.window)
    })?;
    let because = "what hangs from a grant was good after its code or refresh token had come back".to_owned();
    Some(Violation { rule: "withdrawn", events: vec![grant.event.id, again.id, used.event.id], because })
}

fn is_reuse(story: &Story<'_>, event: &Event, grant: &Deed<'_>) -> bool {
    let recognised = matches!(&event.outcome, Outcome::No(text) if text.contains("used before"));
    recognised
        && match (&event.act, &grant.event.act) {
            (Act::Exchange { code, .. }, Act::Exchange { code: given, .. }) => code == given,
            (Act::Refresh { presented, .. }, _) => {
                story.grant_of(presented).is_some_and(|other| other.is(grant))
            }
            _ => false,
        }
}

fn old_password(life: &Life<'_>, used: &Deed<'_>) -> Option<Violation> {
    let number = match &used.event.act {
        Act::SignIn { secret: Secret::Password(number), held: Some(_), .. }
        | Act::Change { proof: Secret::Password(number), .. } => *number,
        _ => return None,
    };
    let chosen = life.choice_of(number);
    if number != 0 && !chosen.is_some_and(|chosen| chosen.window.may_precede(&used.window)) {
        return Some(Violation::of("wrong_password", &[used], "a password that nobody had chosen was right"));
    }
    let replaced = life.changes.iter().find(|change| {
        !change.is(used) && life.ends_password(change, number) && change.window.surely_before(&used.window)
    })?;
    let because = "a password was worth something after it had been replaced";
    Some(Violation::of("old_password", &[replaced, used], because))
}

fn dead_code(story: &Story<'_>, life: &Life<'_>, used: &Deed<'_>) -> Option<Violation> {
    let (Act::SignIn { account, secret: Secret::Code(code), held: Some(_), .. }
    | Act::Change { account, proof: Secret::Code(code), .. }) = &used.event.act
    else {
        return None;
    };
    let shown = story.printed.get(&(account.as_str(), code.as_str()))?;
    let old = |end: &Deed<'_>| shown.iter().all(|shown| shown.surely_before(&end.window));
    let raised = life.changes.iter().chain(&life.forces).chain(&life.new_codes);
    let ended =
        raised.filter(|end| end.sure && !end.is(used) && old(end) && end.window.surely_before(&used.window));
    let over = story.orders_over(life).into_iter().filter(|order| {
        let lifted = order.cancels.iter().any(|cancel| cancel.window.may_precede(&used.window));
        let answered = life.changes.iter().any(|change| {
            !change.is(used)
                && order.deed.window.may_precede(&change.window)
                && change.window.may_precede(&used.window)
        });
        order.level == Level::Recover
            && old(&order.deed)
            && order.deed.window.surely_before(&used.window)
            && !lifted
            && !answered
    });
    let ended = ended.chain(over.map(|order| &order.deed)).next()?;
    let because = "a printed code was good after it had been replaced";
    Some(Violation::of("dead_code", &[ended, used], because))
}

/// A code that was issued anew, and had been shown before. Of two that are issued at once both may show the later.
fn repeated_code(story: &Story<'_>, issued: &Deed<'_>) -> Option<Violation> {
    let Act::NewCode { account, code: Some(code) } = &issued.event.act else { return None };
    let shown = story.printed.get(&(account.as_str(), code.as_str()))?;
    let before = shown.iter().any(|shown| shown.surely_before(&issued.window));
    before.then(|| Violation::of("code_repeated", &[issued], "a new code had been shown before"))
}
