//! What was acknowledged and must be there, also at the end.

use ecluse::domain::level::Level;

use super::Violation;
use super::commits::Commits;
use super::story::{Life, Order, Story};
use super::window::{Deed, SLACK, Window};
use crate::torture::history::{Act, Event, Final, FinalPerson, Held, Instant, Outcome, Secret};

/// Nothing acknowledged was forgotten while the run went on.
pub(super) fn check(story: &Story<'_>) -> Vec<Violation> {
    let refused = story.refused.iter().filter_map(|event| forgotten(story, event));
    refused.collect()
}

/// Nor at its end, and everybody can get in.
pub(super) fn check_end(story: &Story<'_>, end: &Final) -> Vec<Violation> {
    let mut found = Vec::new();
    for person in &end.people {
        let Some(life) = story.lives.get(person.account.as_str()) else { continue };
        found.extend(lost_change(life, person));
        if !person.got_in {
            let because =
                format!("{} cannot get in, with the right secret and nothing broken", person.account);
            found.push(Violation { rule: "locked_out", events: Vec::new(), because });
        }
    }
    for order in &story.orders {
        found.extend(lost_order(order, end));
    }
    let commits = Commits::of(end);
    found.extend(lost_audit(story, &commits));
    found.extend(done_twice(story, &commits));
    found
}

/// A sign-in with the password that was certainly the current one, refused as wrong, where nothing says that it was
/// believed stolen.
fn forgotten(story: &Story<'_>, event: &Event) -> Option<Violation> {
    let Act::SignIn { account, secret: Secret::Password(number), .. } = &event.act else { return None };
    if event.outcome != Outcome::No("wrong".to_owned()) {
        return None;
    }
    let life = story.lives.get(account.as_str())?;
    let asked = Window::between(event.began, event.ended);
    let chosen = life.choice_of(*number);
    if *number != 0 && !chosen.is_some_and(|chosen| chosen.sure && chosen.window.surely_before(&asked)) {
        return None;
    }
    let since = |window: &Window| {
        window.may_precede(&asked) && chosen.is_none_or(|chosen| chosen.window.may_precede(window))
    };
    let replaced = life
        .changes
        .iter()
        .any(|other| chosen.is_none_or(|chosen| !other.is(chosen)) && since(&other.window));
    let ordered = story.orders_maybe_over(life).into_iter();
    let stolen = ordered.filter(|order| order.level == Level::Recover).map(|order| &order.deed);
    let forced = life.forces.iter().filter(|force| is_recover(force));
    let stolen = stolen.chain(forced).any(|closed| since(&closed.window));
    if replaced || stolen {
        return None;
    }
    let because = "the password that was chosen last, and acknowledged, was refused as wrong".to_owned();
    let events = chosen.map(|chosen| chosen.event.id).into_iter().chain([event.id]).collect();
    Some(Violation { rule: "lost_change", events, because })
}

fn is_recover(force: &Deed<'_>) -> bool {
    matches!(force.event.act, Act::Force { level: Level::Recover, .. })
}

fn lost_change(life: &Life<'_>, person: &FinalPerson) -> Option<Violation> {
    let last = match person.password {
        Some(number) => life.changes.iter().find(|change| life.ends_password(change, number))?,
        None => life.changes.iter().find(|change| change.sure)?,
    };
    let because = match person.password {
        Some(number) => format!("{} has password {number} at the end, which was replaced", person.account),
        None => format!("{} has none of the passwords that were chosen", person.account),
    };
    Some(Violation { rule: "lost_change", events: vec![last.event.id], because })
}

fn lost_order(order: &Order<'_>, end: &Final) -> Option<Violation> {
    let id = order.id.filter(|_| order.deed.sure)?;
    let state = end.orders.iter().find(|(other, _)| other == id).map(|(_, state)| state.as_str());
    let cancelled = order.cancels.iter().find(|cancel| cancel.sure);
    match (state, cancelled) {
        (None, _) => {
            Some(Violation::of("lost_order", &[&order.deed], "an order that was written is not there"))
        }
        (Some("cancelled"), _) if order.cancels.is_empty() => {
            Some(Violation::of("lost_order", &[&order.deed], "an order that nobody cancelled is cancelled"))
        }
        (Some(other), Some(cancel)) if other != "cancelled" => {
            let because = "an order whose cancellation was acknowledged is not cancelled";
            Some(Violation::of("lost_order", &[&order.deed, cancel], because))
        }
        _ => None,
    }
}

/// Every acknowledged act has a line of its own, written in its time.
fn lost_audit(story: &Story<'_>, commits: &Commits<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for order in &story.orders {
        let object = format!("order:{}", order.id.unwrap_or_default());
        found.extend(without_line(&[order.deed], commits.lines("order.issue", &object)));
        found.extend(without_line(&order.cancels, commits.lines("order.cancel", &object)));
    }
    for life in story.lives.values() {
        let object = format!("account:{}", life.id);
        let sessions = life
            .sign_ins
            .iter()
            .filter(|deed| matches!(&deed.event.act, Act::SignIn { held: Some(Held::Session(_)), .. }));
        let sessions: Vec<_> = sessions.copied().collect();
        let kinds = [
            (&life.changes, "password.change"),
            (&life.forces, "password.force"),
            (&life.new_codes, "code.issue"),
            (&sessions, "sign_in"),
        ];
        for (deeds, act) in kinds {
            found.extend(without_line(deeds, commits.lines(act, &object)));
        }
    }
    found
}

/// The first of the acknowledged acts that finds no line: each takes the earliest line that nobody took, those first that
/// were over first.
fn without_line(deeds: &[Deed<'_>], lines: &[Instant]) -> Option<Violation> {
    let mut deeds: Vec<_> = deeds.iter().filter(|deed| deed.sure).collect();
    deeds.sort_by_key(|deed| deed.event.ended);
    let mut lines = lines.to_vec();
    lines.sort_unstable();
    let lost = deeds.into_iter().find(|deed| {
        let Event { began, ended, .. } = deed.event;
        let own = lines.iter().position(|at| *began - SLACK <= *at && *at <= *ended + SLACK);
        own.map(|place| lines.remove(place)).is_none()
    })?;
    Some(Violation::of("lost_audit", &[lost], "an act that was acknowledged has no line in the audit log"))
}

/// An act leaves one line, and what nobody asked for none.
fn done_twice(story: &Story<'_>, commits: &Commits<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut more = |lines: usize, deeds: &[Deed<'_>], what: &str| {
        if lines > deeds.len() {
            let events = deeds.iter().map(|deed| deed.event.id).collect();
            let because = format!("{what} was done {lines} times, and asked for {} times", deeds.len());
            found.push(Violation { rule: "done_twice", events, because });
        }
    };
    for life in story.lives.values() {
        let object = format!("account:{}", life.id);
        more(commits.lines("password.change", &object).len(), &life.changes, "a change");
        more(commits.lines("password.force", &object).len(), &life.forces, "a force");
    }
    for order in &story.orders {
        let Some(id) = order.id else { continue };
        let object = format!("order:{id}");
        more(commits.lines("order.issue", &object).len(), &[order.deed], "an order");
        more(commits.lines("order.cancel", &object).len(), &order.cancels, "a cancellation");
    }
    let named = |object: &str| {
        story.orders.iter().any(|order| object == format!("order:{}", order.id.unwrap_or("?")))
    };
    let nameless = commits.objects("order.issue").filter(|object| !named(object)).count();
    let unanswered: Vec<_> =
        story.orders.iter().filter(|order| order.id.is_none()).map(|order| order.deed).collect();
    more(nameless, &unanswered, "an order without an answer");
    found
}
