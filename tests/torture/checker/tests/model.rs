//! A provider that does one thing at a time and is right, unless it is told to have a flaw.

use ecluse::domain::level::Level;

use crate::torture::history::{Held, Secret};

pub(super) const PEOPLE: [&str; 3] = ["lea", "tom", "zoe"];
pub(super) const PLACES: [&str; 3] = ["a:13>s:A>c:1", "a:13>s:A>c:2", "a:13>s:B"];
pub(super) const AREAS: [&str; 4] = ["a:13", "a:13>s:A", "a:13>s:A>c:1", "a:13>s:B"];

/// What it forgets to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    Gate,
    Recover,
    Number,
    PredatesRecovery,
    SignOut,
    Rotation,
    CodeReuse,
    CodeIssue,
    Credential,
    CancelReleases,
    Coverage,
}

#[derive(Clone, Default)]
pub(super) struct Person {
    pub(super) password: u32,
    pub(super) place: usize,
    number: u32,
    issue: u32,
    chosen_under: u32,
    forced: Option<Level>,
    /// The clock under which a code was issued for this person alone.
    own_code: Option<u32>,
    /// (place, began, ended)
    stays: Vec<(usize, u32, Option<u32>)>,
}

#[derive(Clone)]
pub(super) struct Order {
    area: usize,
    level: Level,
    number: u32,
    pub(super) cancelled: bool,
}

#[derive(Clone)]
struct Session {
    who: usize,
    number: u32,
    clock: u32,
    over: bool,
}

#[derive(Clone)]
struct Page {
    who: usize,
    number: u32,
    code: Option<String>,
    over: bool,
}

#[derive(Clone)]
struct Grant {
    session: usize,
    offline: bool,
    revoked: bool,
}

#[derive(Clone, Default)]
pub(super) struct Model {
    pub(super) flaw: Option<Flaw>,
    clock: u32,
    pub(super) people: Vec<Person>,
    pub(super) orders: Vec<Order>,
    sessions: Vec<Session>,
    pages: Vec<Page>,
    /// The session, and the grant once it was exchanged; over when it was refused.
    codes: Vec<(usize, Option<usize>, bool)>,
    grants: Vec<Grant>,
    /// Access tokens, by grant.
    pub(super) access: Vec<usize>,
    /// Refresh tokens: grant, rotated.
    pub(super) refresh: Vec<(usize, bool)>,
}

impl Model {
    pub(super) fn new(flaw: Option<Flaw>) -> Self {
        let person = |place| Person { place, stays: vec![(place, 0, None)], ..Person::default() };
        Self { flaw, people: (0..PEOPLE.len()).map(person).collect(), ..Self::default() }
    }

    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    fn covers(&self, order: &Order, who: usize) -> bool {
        let person = &self.people[who];
        let below = |place: usize| PLACES[place].starts_with(AREAS[order.area]);
        if self.is(Flaw::Coverage) {
            return below(person.place); // leaving frees, arriving binds
        }
        let met = |(place, began, ended): &(usize, u32, Option<u32>)| {
            below(*place) && *began < order.number && ended.is_none_or(|ended| ended >= order.number)
        };
        person.stays.iter().any(met)
    }

    /// The strictest closure, with the order that decides.
    fn closed(&self, who: usize) -> Option<(Level, Option<usize>)> {
        if self.is(Flaw::Gate) {
            return None;
        }
        let person = &self.people[who];
        let binding = |(which, order): (usize, &Order)| {
            let level = match (order.cancelled, order.level) {
                (false, level) => level,
                (true, Level::Recover) if !self.is(Flaw::CancelReleases) => Level::Change,
                (true, _) => return None,
            };
            let binds = order.number > person.chosen_under && self.covers(order, who);
            binds.then_some((level, Some(which)))
        };
        let ordered = self.orders.iter().enumerate().filter_map(binding);
        ordered.max_by_key(|(level, which)| (*level, *which)).max(person.forced.map(|level| (level, None)))
    }

    fn predates(&self, who: usize, clock: u32) -> bool {
        let stolen =
            |order: &Order| order.level == Level::Recover && order.number > clock && self.covers(order, who);
        !self.is(Flaw::PredatesRecovery) && self.orders.iter().any(stolen)
    }

    pub(super) fn live_code(&self, who: usize) -> Option<String> {
        let person = &self.people[who];
        let text = |key: &str| format!("{key}-{who}-{}", person.issue);
        match self.closed(who) {
            Some((_, Some(order))) => Some(text(&order.to_string())),
            _ => person.own_code.map(|_| text("own")),
        }
    }

    fn open_session(&mut self, who: usize) -> Held {
        let number = self.people[who].number;
        self.sessions.push(Session { who, number, clock: self.clock, over: false });
        Held::Session((self.sessions.len() - 1).to_string())
    }

    fn open_page(&mut self, who: usize, code: Option<String>) -> Held {
        let number = self.people[who].number;
        self.pages.push(Page { who, number, code, over: false });
        Held::Page((self.pages.len() - 1).to_string())
    }

    fn stolen(&self, who: usize) -> bool {
        self.closed(who).is_some_and(|(level, _)| level == Level::Recover) && !self.is(Flaw::Recover)
    }

    pub(super) fn sign_in(&mut self, who: usize, secret: &Secret) -> Option<Held> {
        match secret {
            Secret::Password(number) if *number == self.people[who].password && !self.stolen(who) => {
                let closed = self.closed(who).is_some();
                Some(if closed { self.open_page(who, None) } else { self.open_session(who) })
            }
            Secret::Code(code) if Some(code) == self.live_code(who).as_ref() => {
                Some(self.open_page(who, Some(code.clone())))
            }
            _ => None,
        }
    }

    /// The right to change of what is held: the account, and the code where one opened the page.
    fn right(&self, by: &Held) -> Option<(usize, Option<String>)> {
        match by {
            Held::Session(session) => {
                let session: usize = session.parse().ok()?;
                let who = self.sessions.get(session)?.who;
                (self.stands(session) && !self.stolen(who)).then_some((who, None))
            }
            Held::Page(page) => {
                let page = self.pages.get(page.parse::<usize>().ok()?)?;
                let same = page.number == self.people[page.who].number || self.is(Flaw::Number);
                let opens = match &page.code {
                    Some(code) => Some(code) == self.live_code(page.who).as_ref(),
                    None => !self.stolen(page.who),
                };
                (same && opens && !page.over).then(|| (page.who, page.code.clone()))
            }
        }
    }

    /// The session after it.
    pub(super) fn change(&mut self, by: &Held, typed: u32, new: u32) -> Option<Held> {
        let (who, code) = self.right(by)?;
        if code.is_none() && typed != self.people[who].password {
            return None;
        }
        match by {
            Held::Session(session) => self.sessions[session.parse::<usize>().ok()?].over = true,
            Held::Page(page) => self.pages[page.parse::<usize>().ok()?].over = true,
        }
        let clock = self.clock;
        let forgets = self.is(Flaw::Credential);
        let person = &mut self.people[who];
        if !forgets {
            person.password = new;
        }
        (person.chosen_under, person.forced, person.own_code) = (clock, None, None);
        self.raise(who);
        Some(self.open_session(who))
    }

    fn raise(&mut self, who: usize) {
        self.people[who].number += 1;
        if !self.is(Flaw::CodeIssue) {
            self.people[who].issue += 1;
        }
    }

    fn stands(&self, session: usize) -> bool {
        let Session { who, number, clock, over } = self.sessions[session];
        let same = self.people[who].number == number || self.is(Flaw::Number);
        same && (!over || self.is(Flaw::SignOut)) && !self.predates(who, clock)
    }

    fn is_good(&self, session: usize) -> bool {
        self.stands(session) && self.closed(self.sessions[session].who).is_none()
    }

    pub(super) fn authorize(&mut self, session: usize) -> Option<usize> {
        if session >= self.sessions.len() || !self.is_good(session) {
            return None;
        }
        self.codes.push((session, None, false));
        Some(self.codes.len() - 1)
    }

    pub(super) fn session_of(&self, grant: usize) -> usize {
        self.grants[grant].session
    }

    pub(super) fn exchange(&mut self, code: usize, offline: bool) -> Result<usize, &'static str> {
        let (session, grant, over) = self.codes[code];
        if let Some(grant) = grant.filter(|_| !self.is(Flaw::CodeReuse)) {
            self.grants[grant].revoked = true;
            return Err("the code was used before");
        }
        if over || !self.is_good(session) {
            self.codes[code].2 = true;
            return Err("the grant has ended");
        }
        self.grants.push(Grant { session, offline, revoked: false });
        let grant = self.grants.len() - 1;
        self.codes[code].1 = Some(grant);
        Ok(grant)
    }

    pub(super) fn give(&mut self, grant: usize, rotates: bool) -> (usize, Option<usize>) {
        self.access.push(grant);
        if rotates {
            self.refresh.push((grant, false));
        }
        (self.access.len() - 1, rotates.then(|| self.refresh.len() - 1))
    }

    pub(super) fn is_active(&self, grant: usize) -> bool {
        let Grant { session, offline, revoked } = self.grants[grant];
        let signed_out = self.sessions[session].over && !offline && !self.is(Flaw::SignOut);
        let Session { who, number, clock, .. } = self.sessions[session];
        let same = self.people[who].number == number || self.is(Flaw::Number);
        !revoked && !signed_out && same && !self.predates(who, clock) && self.closed(who).is_none()
    }

    pub(super) fn refresh(&mut self, token: usize) -> Result<usize, &'static str> {
        let (grant, rotated) = self.refresh[token];
        if rotated && !self.is(Flaw::Rotation) {
            self.grants[grant].revoked = true;
            return Err("the refresh token was used before");
        }
        if !self.is_active(grant) {
            return Err("the grant has ended");
        }
        self.refresh[token].1 = true;
        Ok(grant)
    }

    pub(super) fn sign_out(&mut self, session: usize) {
        self.sessions[session].over = true;
    }

    pub(super) fn order(&mut self, level: Level, area: usize) {
        self.clock += 1;
        self.orders.push(Order { area, level, number: self.clock, cancelled: false });
    }

    pub(super) fn cancel(&mut self, order: usize) -> bool {
        self.clock += 1;
        !std::mem::replace(&mut self.orders[order].cancelled, true)
    }

    pub(super) fn force(&mut self, who: usize, level: Level) {
        self.people[who].forced = self.people[who].forced.max(Some(level));
        self.people[who].own_code = None;
        self.raise(who);
    }

    pub(super) fn new_code(&mut self, who: usize) -> Option<String> {
        self.raise(who);
        self.people[who].own_code = Some(self.clock);
        self.live_code(who)
    }

    pub(super) fn move_to(&mut self, who: usize, place: usize) {
        let clock = self.clock;
        let person = &mut self.people[who];
        let open = person.stays.iter_mut().filter(|(_, _, ended)| ended.is_none());
        open.for_each(|(_, _, ended)| *ended = Some(clock));
        person.stays.push((place, clock, None));
        person.place = place;
    }
}
