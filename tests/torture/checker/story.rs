//! A history, sorted by what the rules ask for.

use std::collections::{BTreeMap, HashMap};

use ecluse::domain::level::Level;
use ecluse::domain::territory::TerritoryPath;

use super::commits::Commits;
use super::window::{Deed, Window};
use crate::torture::history::{Act, Event, Final, Held, History, Instant, Secret};

/// What happened or may have happened to one account.
#[derive(Default)]
pub(super) struct Life<'h> {
    pub(super) id: &'h str,
    place: &'h str,
    moves: Vec<Deed<'h>>,
    pub(super) changes: Vec<Deed<'h>>,
    pub(super) forces: Vec<Deed<'h>>,
    pub(super) new_codes: Vec<Deed<'h>>,
    pub(super) sign_ins: Vec<Deed<'h>>,
    pub(super) sign_outs: Vec<Deed<'h>>,
    /// Codes on their way, exchanges, refreshes and knocks.
    pub(super) doors: Vec<Deed<'h>>,
}

/// An order, and what may have lifted it.
pub(super) struct Order<'h> {
    pub(super) deed: Deed<'h>,
    pub(super) id: Option<&'h str>,
    pub(super) level: Level,
    place: &'h str,
    pub(super) cancels: Vec<Deed<'h>>,
}

/// The whole history.
#[derive(Default)]
pub(super) struct Story<'h> {
    pub(super) lives: BTreeMap<&'h str, Life<'h>>,
    pub(super) orders: Vec<Order<'h>>,
    /// Sessions and rights to change, by what they were given with.
    pub(super) held: HashMap<&'h Held, Deed<'h>>,
    sessions: HashMap<&'h str, Deed<'h>>,
    /// Authorization codes, by the request that was answered with them.
    codes: HashMap<&'h str, Deed<'h>>,
    /// Access and refresh tokens, by the exchange of their grant.
    grants: HashMap<&'h str, Deed<'h>>,
    /// Printed codes, by account, with when each was shown.
    pub(super) printed: HashMap<(&'h str, &'h str), Vec<Window>>,
    pub(super) refused: Vec<&'h Event>,
}

impl<'h> Story<'h> {
    pub(super) fn of(history: &'h History) -> Self {
        let quiet = history.events.iter().filter(|event| matches!(event.act, Act::Quiet));
        let mut quiet: Vec<(Instant, Instant)> = quiet.map(|event| (event.began, event.ended)).collect();
        quiet.sort_unstable();
        let mut events: Vec<_> = history.events.iter().collect();
        events.sort_by_key(|event| (event.began, event.id));
        let mut story = Self::default();
        for event in &events {
            match Deed::of(event, &quiet) {
                Some(deed) => story.enter(deed),
                None => story.refused.push(event),
            }
        }
        story.cancel(&events, &quiet);
        if Self::has_ended(&history.end) {
            Commits::of(&history.end).place(&mut story);
        }
        story.trace();
        story
    }

    fn enter(&mut self, deed: Deed<'h>) {
        match &deed.event.act {
            Act::Person { account, id, place } => {
                let life = self.life(account);
                (life.id, life.place) = (id, place);
            }
            Act::Move { account, .. } => self.life(account).moves.push(deed),
            Act::SignIn { account, .. } => self.life(account).sign_ins.push(deed),
            Act::Change { account, .. } => self.life(account).changes.push(deed),
            Act::Force { account, .. } => self.life(account).forces.push(deed),
            Act::SignOut { account, .. } => self.life(account).sign_outs.push(deed),
            Act::NewCode { account, code } => {
                self.life(account).new_codes.push(deed);
                if let Some(code) = code {
                    self.printed.entry((account, code)).or_default().push(deed.window);
                }
            }
            Act::Slips { codes } => {
                for (account, code) in codes {
                    self.printed.entry((account, code)).or_default().push(deed.window);
                }
            }
            Act::Authorize { account, .. }
            | Act::Exchange { account, .. }
            | Act::Refresh { account, .. }
            | Act::Introspect { account, .. }
            | Act::Userinfo { account, .. } => self.life(account).doors.push(deed),
            Act::Order { order, level, place } => {
                let id = order.as_deref();
                self.orders.push(Order { deed, id, level: *level, place, cancels: Vec::new() });
            }
            Act::Cancel { .. } | Act::Fault { .. } | Act::Quiet => {}
        }
    }

    fn life(&mut self, account: &'h str) -> &mut Life<'h> {
        self.lives.entry(account).or_default()
    }

    fn cancel(&mut self, events: &[&'h Event], quiet: &[(Instant, Instant)]) {
        for deed in events.iter().filter_map(|event| Deed::of(event, quiet)) {
            let Act::Cancel { order: cancelled } = &deed.event.act else { continue };
            for order in self.orders.iter_mut().filter(|order| order.id == Some(cancelled)) {
                order.cancels.push(deed);
            }
        }
    }

    /// Where everything that is held comes from.
    fn trace(&mut self) {
        for life in self.lives.values() {
            for deed in life.sign_ins.iter().chain(&life.changes).chain(&life.doors) {
                match &deed.event.act {
                    Act::SignIn { held: Some(held), .. } => {
                        self.held.insert(held, *deed);
                        if let Held::Session(session) = held {
                            self.sessions.insert(session, *deed);
                        }
                    }
                    Act::Change { session: Some(session), .. } => {
                        self.sessions.insert(session, *deed);
                    }
                    Act::Authorize { code: Some(code), .. } => {
                        self.codes.insert(code, *deed);
                    }
                    Act::Exchange { given: Some(given), .. } => {
                        let tokens = [Some(&given.access), given.refresh.as_ref()];
                        self.grants.extend(tokens.into_iter().flatten().map(|token| (token.as_str(), *deed)));
                    }
                    _ => {}
                }
            }
        }
        self.follow_refreshes();
    }

    fn follow_refreshes(&mut self) {
        let refreshes = self.lives.values().flat_map(|life| &life.doors);
        let mut refreshes: Vec<_> = refreshes
            .filter_map(|deed| match &deed.event.act {
                Act::Refresh { presented, access, next, .. } => Some((presented, access, next)),
                _ => None,
            })
            .collect();
        // A family in the order in which its tokens were given: one round for each generation, until nothing is new.
        loop {
            let before = refreshes.len();
            refreshes.retain(|(presented, access, next)| {
                let Some(grant) = self.grants.get(presented.as_str()).copied() else { return true };
                let tokens = access.iter().chain(next.iter());
                self.grants.extend(tokens.map(|token| (token.as_str(), grant)));
                false
            });
            if refreshes.len() == before {
                return;
            }
        }
    }

    /// What a session was opened by.
    pub(super) fn opened_by(&self, held: &Held) -> Option<&Deed<'h>> {
        match held {
            Held::Session(session) => self.sessions.get(session.as_str()),
            Held::Page(_) => self.held.get(held),
        }
    }

    /// The session that an authorization code came from.
    pub(super) fn session_of_code(&self, code: &str) -> Option<&'h str> {
        match &self.codes.get(code)?.event.act {
            Act::Authorize { session, .. } => Some(session),
            _ => None,
        }
    }

    /// The exchange of a token's grant.
    pub(super) fn grant_of(&self, token: &str) -> Option<&Deed<'h>> {
        self.grants.get(token)
    }

    /// The session that a door was opened by, and the grant, where there is one.
    pub(super) fn behind(&self, door: &Deed<'h>) -> Option<(&'h str, Option<&Deed<'h>>)> {
        let of_token = |token: &str| {
            let grant = self.grant_of(token)?;
            let Act::Exchange { code, .. } = &grant.event.act else { return None };
            Some((self.session_of_code(code)?, Some(grant)))
        };
        match &door.event.act {
            Act::Authorize { session, .. } => Some((session, None)),
            Act::Exchange { code, .. } => Some((self.session_of_code(code)?, None)),
            Act::Refresh { presented, .. } => of_token(presented),
            Act::Introspect { token, .. } => of_token(token),
            Act::Userinfo { access, .. } => of_token(access),
            _ => None,
        }
    }

    /// The orders that certainly cover an account: wherever it may have been then, it was below their place.
    pub(super) fn orders_over(&self, life: &Life<'h>) -> Vec<&Order<'h>> {
        let covers = |order: &&Order<'h>| {
            order.deed.sure
                && life.places_at(&order.deed.window).iter().all(|place| is_below(place, order.place))
        };
        self.orders.iter().filter(covers).collect()
    }

    /// The orders that may cover an account.
    pub(super) fn orders_maybe_over(&self, life: &Life<'h>) -> Vec<&Order<'h>> {
        let covers = |order: &&Order<'h>| life.every_place().any(|place| is_below(place, order.place));
        self.orders.iter().filter(covers).collect()
    }

    /// Whether the end of the run was looked at.
    pub(super) fn has_ended(end: &Final) -> bool {
        !end.people.is_empty()
    }
}

impl<'h> Life<'h> {
    fn every_place(&self) -> impl Iterator<Item = &'h str> {
        std::iter::once(self.place).chain(self.moves.iter().map(|deed| arrival(deed)))
    }

    /// Where the account may have been at one instant of the window.
    fn places_at(&self, window: &Window) -> Vec<&'h str> {
        let done = |deed: &&Deed<'h>| deed.sure && deed.window.surely_before(window);
        let settled: Vec<_> = self.moves.iter().filter(done).collect();
        let last = |deed: &&&Deed<'h>| !settled.iter().any(|later| deed.window.surely_before(&later.window));
        let mut places: Vec<_> = settled.iter().filter(last).map(|deed| arrival(deed)).collect();
        if places.is_empty() {
            places.push(self.place);
        }
        let open = |deed: &&Deed<'h>| !done(deed) && deed.window.may_precede(window);
        places.extend(self.moves.iter().filter(open).map(arrival));
        places
    }

    /// Whether the change certainly put another password in the place of this one: the one that it replaced, or one that
    /// came after it.
    pub(super) fn ends_password(&self, change: &Deed<'h>, number: u32) -> bool {
        let Act::Change { proof, new, .. } = &change.event.act else { return false };
        if !change.sure || *new == number {
            return false;
        }
        let chosen = self.choice_of(number);
        let first = chosen.is_none() && number == 0;
        first
            || *proof == Secret::Password(number)
            || chosen.is_some_and(|chosen| chosen.window.surely_before(&change.window))
    }

    /// The change that chose this password; none for the first, and for one that never was.
    pub(super) fn choice_of(&self, number: u32) -> Option<&Deed<'h>> {
        self.changes.iter().find(|deed| matches!(&deed.event.act, Act::Change { new, .. } if *new == number))
    }
}

fn arrival<'h>(deed: &Deed<'h>) -> &'h str {
    match &deed.event.act {
        Act::Move { to, .. } => to,
        _ => "",
    }
}

fn is_below(place: &str, above: &str) -> bool {
    let path = |text: &str| TerritoryPath::from_stored(text.to_owned());
    path(above).contains(&path(place))
}
