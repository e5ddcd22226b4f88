//! Random histories of a provider that is right are never accused, however the intervals overlap and whatever was not
//! answered; those of one with a flaw are.

use ecluse::domain::level::Level;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use super::model::{AREAS, Flaw, Model, PEOPLE, PLACES};
use crate::torture::checker::check;
use crate::torture::history::{
    Act, Committed, Event, Final, FinalPerson, Given, Held, History, Instant, Notice, Outcome, Row, Secret,
};

/// Something that somebody asks for: which act, of whom, three choices, how long before and after its effect it began and
/// ended, and what becomes of its answer.
type Step = (u8, u8, [u8; 3], u8, u8, u8);

const TICK: Instant = 10_000;
/// By how much the database's clock differs.
const SKEW: Instant = 20_000;

fn steps(many: usize) -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec(any::<Step>(), many)
}

struct Telling {
    model: Model,
    history: History,
    /// The instant of the effect, and the earliest beginning.
    now: Instant,
    floor: Instant,
    passwords: u32,
    held: Vec<(usize, Held, Secret)>,
    codes: Vec<(usize, String)>,
    told: Vec<usize>,
}

fn tell(flaw: Option<Flaw>, steps: &[Step]) -> History {
    let mut telling = Telling {
        model: Model::new(flaw),
        history: History::default(),
        now: 100 * TICK,
        floor: 0,
        passwords: 0,
        held: Vec::new(),
        codes: Vec::new(),
        told: Vec::new(),
    };
    for (who, account) in PEOPLE.into_iter().enumerate() {
        let (account, id) = (account.to_owned(), format!("id-{account}"));
        let act = Act::Person { account, id, place: PLACES[who].to_owned() };
        telling.write(act, Outcome::Yes, (0, 0, [0; 3], 0, 0, 0));
    }
    for step in steps {
        telling.now += TICK;
        telling.step(*step);
    }
    telling.end()
}

impl Telling {
    /// One in sixteen did not happen, and was not answered.
    fn step(&mut self, step: Step) {
        let (kind, .., fate) = step;
        let before = (self.model.clone(), self.held.len(), self.codes.len(), self.told.len());
        let told = self.history.events.len();
        self.act(step);
        if fate < 16 && kind % 32 < 26 && self.history.events.len() > told {
            self.undo(before);
        }
    }

    /// What was just told did not happen, and was not answered.
    fn undo(&mut self, (model, held, codes, told): (Model, usize, usize, usize)) {
        let Some(event) = self.history.events.last_mut() else { return };
        event.outcome = Outcome::Unknown;
        nameless(&mut event.act);
        self.model = model;
        self.held.truncate(held);
        self.codes.truncate(codes);
        self.told.truncate(told);
        let at = self.now + SKEW;
        self.history.end.committed.retain(|committed| committed.at != at);
    }

    fn act(&mut self, step: Step) {
        let (kind, who, [choice, level, other], ..) = step;
        let (who, choice) = (usize::from(who) % PEOPLE.len(), usize::from(choice));
        let level = if level.is_multiple_of(3) { Level::Recover } else { Level::Change };
        let account = PEOPLE[who].to_owned();
        match kind % 32 {
            0..=5 => self.sign_in(who, choice, step),
            6..=9 => self.change(choice, other, step),
            10..=13 => self.authorize(choice, step),
            14..=16 => self.exchange(choice, other, step),
            17..=18 => self.refresh(choice, step),
            19..=22 => self.knock(choice, step),
            23 => self.sign_out(choice, step),
            24 => self.order(level, choice, step),
            25 => self.cancel(choice, step),
            26 => {
                self.model.force(who, level);
                self.line("password.force", &format!("account:id-{account}"));
                self.write(Act::Force { account, level }, Outcome::Yes, step);
            }
            27 => {
                let code = self.model.new_code(who);
                self.codes.extend(code.clone().map(|code| (who, code)));
                self.line("code.issue", &format!("account:id-{account}"));
                self.write(Act::NewCode { account, code }, Outcome::Yes, step);
            }
            28..=29 => {
                let Some(code) = self.model.live_code(who) else { return };
                self.codes.push((who, code.clone()));
                self.write(Act::Slips { codes: vec![(account, code)] }, Outcome::Yes, step);
            }
            30 => {
                let (from, to) = (self.model.people[who].place, choice % PLACES.len());
                self.model.move_to(who, to);
                let (from, to) = (PLACES[from].to_owned(), PLACES[to].to_owned());
                self.write(Act::Move { account, from, to }, Outcome::Yes, step);
            }
            _ => {
                self.write(Act::Quiet, Outcome::Yes, (0, 0, [0; 3], 0, 0, 255));
                self.floor = self.now + 1;
            }
        }
    }

    fn sign_in(&mut self, who: usize, choice: usize, step: Step) {
        let code = self.codes.iter().rev().filter(|(owner, _)| *owner == who).nth(choice % 4);
        let secret = match code {
            Some((_, code)) if choice.is_multiple_of(3) => Secret::Code(code.clone()),
            _ if choice % 8 == 1 => Secret::Password(self.passwords.saturating_sub(1)),
            _ => Secret::Password(self.model.people[who].password),
        };
        let held = self.model.sign_in(who, &secret);
        let answer = said(held.as_ref(), "wrong");
        if let Some(held) = &held {
            self.held.push((who, held.clone(), secret.clone()));
        }
        if matches!(held, Some(Held::Session(_))) {
            self.line("sign_in", &format!("account:id-{}", PEOPLE[who]));
        }
        let account = PEOPLE[who].to_owned();
        self.write(Act::SignIn { account, secret, replaces: None, held }, answer, step);
    }

    fn change(&mut self, choice: usize, other: u8, step: Step) {
        let back = choice % self.held.len().clamp(1, 5);
        let Some((who, by, secret)) = self.held.iter().rev().nth(back).cloned() else { return };
        let current = self.model.people[who].password;
        let proof = match (secret, &by) {
            (Secret::Code(code), Held::Page(_)) => Secret::Code(code),
            (Secret::Password(number), _) if other.is_multiple_of(4) => Secret::Password(number),
            _ => Secret::Password(current),
        };
        let typed = if let Secret::Password(number) = proof { number } else { current };
        self.passwords += 1;
        let session = self.model.change(&by, typed, self.passwords);
        let answer = said(session.as_ref(), "ended");
        let session = session.map(|session| {
            self.held.push((who, session.clone(), Secret::Password(self.passwords)));
            self.line("password.change", &format!("account:id-{}", PEOPLE[who]));
            name(&session)
        });
        let (account, new) = (PEOPLE[who].to_owned(), self.passwords);
        self.write(Act::Change { account, by, proof, new, session }, answer, step);
    }

    fn a_session(&self, choice: usize) -> Option<(usize, usize)> {
        let sessions = self.held.iter().rev().filter(|(_, held, _)| matches!(held, Held::Session(_)));
        let (who, held, _) = sessions.take(1 + choice % 6).last()?;
        Some((*who, name(held).parse().ok()?))
    }

    fn authorize(&mut self, choice: usize, step: Step) {
        let Some((who, session)) = self.a_session(choice) else { return };
        let code = self.model.authorize(session);
        let answer = said(code.as_ref(), "login_required");
        let code = code.map(|code| {
            self.told.push(who);
            format!("c{code}")
        });
        let (account, session) = (PEOPLE[who].to_owned(), session.to_string());
        self.write(Act::Authorize { account, session, silent: choice.is_multiple_of(2), code }, answer, step);
    }

    fn exchange(&mut self, choice: usize, other: u8, step: Step) {
        let Some(back) = choice.checked_rem(self.told.len().min(4)) else { return };
        let code = self.told.len() - 1 - back;
        let offline = other.is_multiple_of(2);
        let given = self.model.exchange(code, offline);
        let answer = given.map_or_else(|text| Outcome::No(text.to_owned()), |_| Outcome::Yes);
        let given = given.ok().map(|grant| {
            let (access, refresh) = self.model.give(grant, offline);
            self.token(access, self.told[code]);
            let sid = format!("sid-{}", self.model.session_of(grant));
            let refresh = refresh.map(|token| format!("r{token}"));
            Given { client: "portal".to_owned(), sid, offline, access: format!("a{access}"), refresh }
        });
        let account = PEOPLE[self.told[code]].to_owned();
        self.write(Act::Exchange { account, code: format!("c{code}"), given }, answer, step);
    }

    fn owner(&self, grant: usize) -> String {
        let session = self.model.session_of(grant).to_string();
        let owner = self.held.iter().find(|(_, held, _)| *held == Held::Session(session.clone()));
        owner.map(|(who, ..)| PEOPLE[*who].to_owned()).unwrap_or_default()
    }

    fn refresh(&mut self, choice: usize, step: Step) {
        let Some(back) = choice.checked_rem(self.model.refresh.len().min(4)) else { return };
        let token = self.model.refresh.len() - 1 - back;
        let account = self.owner(self.model.refresh[token].0);
        let granted = self.model.refresh(token);
        let answer = granted.map_or_else(|text| Outcome::No(text.to_owned()), |_| Outcome::Yes);
        let (mut access, mut next) = (None, None);
        if let Ok(grant) = granted {
            let (given, rotated) = self.model.give(grant, true);
            let who = PEOPLE.iter().position(|person| *person == account).unwrap_or_default();
            self.token(given, who);
            (access, next) = (Some(format!("a{given}")), rotated.map(|token| format!("r{token}")));
        }
        let presented = format!("r{token}");
        self.write(Act::Refresh { account, presented, rotates: true, access, next }, answer, step);
    }

    fn knock(&mut self, choice: usize, step: Step) {
        let Some(back) = choice.checked_rem(self.model.access.len().min(12)) else { return };
        let token = self.model.access.len() - 1 - back;
        let grant = self.model.access[token];
        let (account, token) = (self.owner(grant), format!("a{token}"));
        let active = self.model.is_active(grant);
        let answer = if active { Outcome::Yes } else { Outcome::No("inactive".to_owned()) };
        let act = if choice.is_multiple_of(2) {
            Act::Introspect { account, token }
        } else {
            Act::Userinfo { account, access: token }
        };
        self.write(act, answer, step);
    }

    fn sign_out(&mut self, choice: usize, step: Step) {
        let Some((who, session)) = self.a_session(choice) else { return };
        self.model.sign_out(session);
        let act = Act::SignOut { account: PEOPLE[who].to_owned(), session: session.to_string() };
        self.write(act, Outcome::Yes, step);
    }

    fn order(&mut self, level: Level, choice: usize, step: Step) {
        let area = choice % AREAS.len();
        let id = self.model.orders.len().to_string();
        self.model.order(level, area);
        self.line("order.issue", &format!("order:{id}"));
        let act = Act::Order { order: Some(id), level, place: AREAS[area].to_owned() };
        self.write(act, Outcome::Yes, step);
    }

    fn cancel(&mut self, choice: usize, step: Step) {
        let Some(which) = choice.checked_rem(self.model.orders.len()) else { return };
        let order = which.to_string();
        let done = self.model.cancel(which);
        if done {
            self.line("order.cancel", &format!("order:{order}"));
        }
        let answer = said(done.then_some(&()), "was cancelled before");
        self.write(Act::Cancel { order }, answer, step);
    }

    fn line(&mut self, act: &str, object: &str) {
        let row = Row::Audit { act: act.to_owned(), object: object.to_owned() };
        self.history.end.committed.push(Committed { at: self.now + SKEW, row });
    }

    fn token(&mut self, access: usize, who: usize) {
        let row = Row::Access { hash: format!("a{access}"), account_id: format!("id-{}", PEOPLE[who]) };
        self.history.end.committed.push(Committed { at: self.now + SKEW, row });
    }

    /// With an interval around the effect. What was not answered may have been given up before it happened.
    fn write(&mut self, mut act: Act, mut outcome: Outcome, (.., before, after, fate): Step) {
        let began = (self.now - TICK * Instant::from(before) / 12).max(self.floor);
        let mut ended = self.now + TICK * Instant::from(after) / 12;
        if (16..48).contains(&fate) && outcome == Outcome::Yes {
            outcome = Outcome::Unknown;
            nameless(&mut act);
            if fate.is_multiple_of(2) {
                ended = began;
            }
        }
        let id = u32::try_from(self.history.events.len()).unwrap();
        self.history.events.push(Event { id, began, ended, actor: 0, replica: None, act, outcome });
    }

    fn end(mut self) -> History {
        let end = &mut self.history.end;
        for (account, person) in PEOPLE.iter().zip(&self.model.people) {
            let password = Some(person.password);
            end.people.push(FinalPerson { account: (*account).to_owned(), password, got_in: true });
        }
        for (which, order) in self.model.orders.iter().enumerate() {
            let state = if order.cancelled { "cancelled" } else { "in_force" };
            end.orders.push((which.to_string(), state.to_owned()));
        }
        end.told.push("portal".to_owned());
        end.all_told = Instant::MAX;
        for event in &self.history.events {
            let Act::Exchange { given: Some(given), .. } = &event.act else { continue };
            let (client, sid, jti) = (given.client.clone(), given.sid.clone(), "j".to_owned());
            end.received.push((client.clone(), jti.clone()));
            end.notices.push(Notice { client, sid, jti, written: event.began, sent: true });
        }
        self.history
    }
}

/// What was not answered was told nothing.
fn nameless(act: &mut Act) {
    match act {
        Act::SignIn { held, .. } => *held = None,
        Act::Change { session, .. } => *session = None,
        Act::Authorize { code, .. } | Act::NewCode { code, .. } => *code = None,
        Act::Exchange { given, .. } => *given = None,
        Act::Refresh { access, next, .. } => (*access, *next) = (None, None),
        Act::Order { order, .. } => *order = None,
        Act::Slips { codes } => codes.clear(),
        _ => {}
    }
}

fn said<T>(held: Option<&T>, otherwise: &str) -> Outcome {
    held.map_or_else(|| Outcome::No(otherwise.to_owned()), |_| Outcome::Yes)
}

fn name(held: &Held) -> String {
    match held {
        Held::Session(name) | Held::Page(name) => name.clone(),
    }
}

proptest! {
    #![proptest_config(Config { cases: 400, ..Config::default() })]
    #[test]
    fn whoever_is_right_is_never_accused(steps in steps(250)) {
        let mut history = tell(None, &steps);
        prop_assert_eq!(check(&history), vec![]);
        // Nor while the run goes on, with what was answered so far.
        history.end = Final::default();
        prop_assert_eq!(check(&history), vec![]);
    }
}

#[test]
fn whoever_has_a_flaw_is_accused_of_it() {
    let flaws: [(Flaw, &[&str]); 11] = [
        (Flaw::Gate, &["gate_closed"]),
        (Flaw::Recover, &["recover"]),
        (Flaw::Number, &["outlived"]),
        (Flaw::PredatesRecovery, &["outlived"]),
        (Flaw::SignOut, &["signed_out"]),
        (Flaw::Rotation, &["refresh_twice"]),
        (Flaw::CodeReuse, &["code_twice"]),
        (Flaw::CodeIssue, &["dead_code"]),
        (Flaw::Credential, &["lost_change", "old_password"]),
        (Flaw::CancelReleases, &["gate_closed"]),
        (Flaw::Coverage, &["gate_closed"]),
    ];
    let mut runner = TestRunner::deterministic();
    let stories: Vec<Vec<Step>> =
        (0..40).map(|_| steps(400).new_tree(&mut runner).unwrap().current()).collect();
    for (flaw, rules) in flaws {
        let accused = |steps: &Vec<Step>| {
            let found = check(&tell(Some(flaw), steps));
            rules.iter().any(|rule| found.iter().any(|violation| violation.rule == *rule))
        };
        assert!(stories.iter().any(accused), "{flaw:?} is not noticed");
    }
}
