//! A long history of random acts, against a simple model of who must be shut out. After every act somebody knocks, and
//! the door says what the model says.

mod authority;
mod model;

use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::domain::throttle::ThrottleRules;
use ecluse::domain::timestamp::Timestamp;
use ecluse::flows::random::Random;
use ecluse::store;

use self::model::{CodeMark, Mark, Model};
use crate::browser::{Browser, Page};
use crate::meanwhile::Became::{ChangePage, Done, SignIn};
use crate::meanwhile::{Became, became};
use crate::provider::{Provider, Wish};
use crate::relying_party::{Answer, RelyingParty};

const PEOPLE: [&str; 5] = ["lea", "m.blanc", "mme.roux", "tom", "zoe"];

const STEPS: usize = 220;

/// With `ECLUSE_HISTORY_SEED` another history, for instance the one that failed.
#[tokio::test]
async fn every_door_says_what_the_model_says() {
    let given: Option<u64> = std::env::var("ECLUSE_HISTORY_SEED").ok().map(|text| text.parse().unwrap());
    let seed = given.unwrap_or(7);
    let mut history = History::begin(seed).await;
    for step in 0..STEPS {
        history.steps = step;
        history.act().await;
        history.agree().await;
    }
    let counts = (history.opened, history.shut);
    println!("seed {seed}: open and shut {counts:?}");
    let enough = counts.0 > STEPS / 2 && counts.1 > STEPS / 2;
    assert!(enough || given.is_some(), "seed {seed}: too little to say anything: {counts:?}");
}

struct History {
    seed: u64,
    steps: usize,
    /// How often a door was open that might have been closed.
    opened: usize,
    /// How often nothing but the gate shut one.
    shut: usize,
    dice: Random,
    log: Vec<String>,
    provider: Provider,
    portal: RelyingParty,
    spa: RelyingParty,
    model: Model,
    sessions: Vec<Session>,
    waiting: Vec<Waiting>,
    grants: Vec<Grant>,
    codes: Vec<(&'static str, String, CodeMark)>,
    /// Counts passwords and sessions.
    drawn: u32,
}

/// A browser that is signed in, or was.
struct Session {
    id: u32,
    browser: Browser,
    mark: Mark,
    signed_in_at: Timestamp,
    seen_at: Timestamp,
}

/// An authorization code that nobody exchanged yet.
struct Waiting {
    session: u32,
    code: String,
    mark: Mark,
    at: Timestamp,
}

struct Grant {
    public: bool,
    mark: Mark,
    access: String,
    access_until: Timestamp,
    refresh: String,
    revoked: bool,
}

impl History {
    async fn begin(seed: u64) -> Self {
        let wish = Wish::settings(|settings| {
            settings.throttle = ThrottleRules { free: 1000, ceiling: 2000, ..ThrottleRules::CNIL };
        });
        let provider = Provider::start_with(wish).await;
        Self {
            seed,
            steps: 0,
            opened: 0,
            shut: 0,
            dice: Random::seeded(seed),
            log: Vec::new(),
            portal: RelyingParty::portal(&provider).await,
            spa: RelyingParty::public(&provider).await,
            model: Model::new(provider.clock.now(), &PEOPLE),
            provider,
            sessions: Vec::new(),
            waiting: Vec::new(),
            grants: Vec::new(),
            codes: Vec::new(),
            drawn: 0,
        }
    }

    fn below(&self, many: usize) -> usize {
        usize::from(u16::from_be_bytes(self.dice.bytes())) % many
    }

    fn somebody(&self) -> &'static str {
        PEOPLE[self.below(PEOPLE.len())]
    }

    fn a_level(&self) -> Level {
        if self.below(3) > 0 { Level::Change } else { Level::Recover }
    }

    fn note(&mut self, what: String) {
        self.log.push(what);
    }

    fn context(&self) -> String {
        let from = self.log.len().saturating_sub(25);
        format!("seed {}, step {}, after:\n{}", self.seed, self.steps, self.log[from..].join("\n"))
    }

    async fn act(&mut self) {
        match self.below(34) {
            0..=8 => self.sign_in().await,
            9..=11 => self.sign_in_by_code().await,
            12..=15 => self.authorize().await,
            16 => self.change_by_choice().await,
            17..=18 => self.exchange().await,
            19..=20 => self.refresh().await,
            21..=23 => self.order().await,
            24..=26 => self.cancel().await,
            27 => self.force().await,
            28 => self.disable_or_enable().await,
            29 => self.new_code(self.somebody()).await,
            30 => self.print().await,
            31 => self.sign_out().await,
            _ => self.wait().await,
        }
    }

    /// Everything that is held is tried without using it up, and the clock is the model's.
    async fn agree(&mut self) {
        let context = self.context();
        for grant in &self.grants {
            let good = self.model.is_good(grant.mark) && !grant.revoked;
            let fresh = self.model.now < grant.access_until;
            let rp = if grant.public { &self.spa } else { &self.portal };
            let active = |answer: &Answer| answer.body["active"] == true;
            assert_eq!(
                active(&rp.introspect(&grant.access).await),
                good && fresh,
                "{:?} {context}",
                grant.mark
            );
            assert_eq!(active(&rp.introspect(&grant.refresh).await), good, "{:?} {context}", grant.mark);
            self.opened += usize::from(good);
            let stands = self.model.stands(grant.mark) && !grant.revoked;
            self.shut += usize::from(stands && !good);
        }
        if self.grants.len() > 6 {
            // What ended is seen to stay so for a while; what stands is kept.
            let ended = self.grants.iter().position(|grant| !self.model.stands(grant.mark));
            self.grants.remove(ended.unwrap_or(0));
        }
        let which = self.below(self.grants.len().max(1));
        if let Some(grant) = self.grants.get(which) {
            let expected =
                self.model.is_good(grant.mark) && !grant.revoked && self.model.now < grant.access_until;
            let answer = self.portal.userinfo(&grant.access).await;
            assert_eq!(answer.status.is_success(), expected, "{answer:?} {context}");
        }
        let book = store::reset_order::book(&self.provider.ctx.db).await.unwrap();
        assert_eq!(
            book.clock.0, self.model.clock,
            "raised by every change to an order and by nothing else: {context}"
        );
    }

    /// The browser is signed in from now on.
    fn holds(&mut self, browser: Browser, login: &'static str) {
        self.drawn += 1;
        let (mark, now) = (self.model.mark(login), self.model.now);
        self.sessions.push(Session { id: self.drawn, browser, mark, signed_in_at: now, seen_at: now });
    }

    /// A session was answered with a code.
    async fn receives(&mut self, page: &Page, which: usize) {
        let Session { id, mark, .. } = self.sessions[which];
        let code = page.parameter("code").unwrap();
        self.waiting.push(Waiting { session: id, code, mark, at: self.model.now });
        if self.below(3) > 0 {
            self.exchange().await;
        }
    }

    /// With the password of today or one of before.
    async fn sign_in(&mut self) {
        let login = self.somebody();
        let person = &self.model.people[login];
        let former = person.former.last().filter(|_| self.below(4) == 0);
        let (password, right) = match (former, &person.password) {
            (Some(former), _) => (former.clone(), false),
            (None, Some(password)) => (password.clone(), true),
            (None, None) => ("Jamais-choisi7".to_owned(), false),
        };
        let expected = match self.model.shut(login) {
            _ if !right => SignIn,
            None => Done,
            Some(shut) if Model::admits_old(shut) => ChangePage,
            Some(_) => SignIn,
        };
        self.note(format!("{login} signs in, right: {right}, expecting {expected:?}"));
        let browser = Browser::new(&self.provider.issuer);
        let page = browser.sign_in(&browser.go(&self.portal.authorize(&[])).await, login, &password).await;
        assert_eq!(became(&page), expected, "{}", self.context());
        match expected {
            Done => {
                self.holds(browser, login);
                self.receives(&page, self.sessions.len() - 1).await;
            }
            ChangePage if self.below(3) == 0 => self.change(browser, &page, login, &password).await,
            _ => {}
        }
    }

    /// With a code that was handed out at some time.
    async fn sign_in_by_code(&mut self) {
        let shut = PEOPLE.into_iter().filter(|login| self.model.shut(login).is_some()).collect::<Vec<_>>();
        if !shut.is_empty() && (self.codes.is_empty() || self.below(2) == 0) {
            self.new_code(shut[self.below(shut.len())]).await;
        }
        if self.codes.is_empty() {
            return;
        }
        // Mostly the last ones: the others are dead for the most part.
        let back = self.below(self.codes.len().min(4));
        let (login, code, mark) = self.codes[self.codes.len() - 1 - back].clone();
        let expected = if self.model.live_code(login) == Some(mark) { ChangePage } else { SignIn };
        self.note(format!("{login} types a code {mark:?}, expecting {expected:?}"));
        let browser = Browser::new(&self.provider.issuer);
        let page = browser.sign_in(&browser.go(&self.portal.authorize(&[])).await, login, &code).await;
        assert_eq!(became(&page), expected, "{}", self.context());
        if expected == ChangePage && self.below(4) > 0 {
            self.change(browser, &page, login, "").await;
        }
    }

    async fn change(&mut self, browser: Browser, page: &Page, login: &'static str, current: &str) {
        self.drawn += 1;
        let new = format!("Motdepasse-{}", self.drawn);
        self.note(format!("{login} chooses a new password"));
        let page = browser.change(page, current, &new).await;
        assert!(page.is_success(), "{} {}", page.body, self.context());
        self.model.change(login, &new);
        self.holds(browser, login);
    }

    /// A browser that signed in at some time comes again.
    async fn authorize(&mut self) {
        let Some((which, expected)) = self.a_session() else { return };
        let session = &self.sessions[which];
        let mark = session.mark;
        let page = session.browser.go(&self.portal.authorize(&[])).await;
        let found = became(&page);
        self.note(format!("{} comes again, expecting {expected:?}", mark.login));
        assert_eq!(found, expected, "{mark:?} {}", self.context());
        if expected == Done {
            self.sessions[which].seen_at = self.model.now;
            self.receives(&page, which).await;
        }
    }

    /// One of the sessions, and what it is good for.
    fn a_session(&self) -> Option<(usize, Became)> {
        if self.sessions.is_empty() {
            return None;
        }
        let which = self.below(self.sessions.len());
        let Session { mark, signed_in_at, seen_at, .. } = &self.sessions[which];
        let now = self.model.now;
        let in_time =
            now < seen_at.plus(Duration::from_hours(2)) && now < signed_in_at.plus(Duration::from_hours(12));
        let expected = match self.model.shut(mark.login) {
            _ if !self.model.stands(*mark) || !in_time => SignIn,
            None => Done,
            Some(shut) if Model::admits_old(shut) => ChangePage,
            Some(_) => SignIn,
        };
        Some((which, expected))
    }

    async fn change_by_choice(&mut self) {
        let Some((which, expected)) = self.a_session() else { return };
        let session = self.sessions.remove(which);
        let page = session.browser.go("/account/password").await;
        self.note(format!("{} visits the account page, expecting {expected:?}", session.mark.login));
        assert_eq!(page.is_change(), expected != SignIn, "{}", self.context());
        if expected != SignIn {
            let current = self.model.people[session.mark.login].password.clone().unwrap();
            self.change(session.browser, &page, session.mark.login, &current).await;
        }
    }

    /// The code that waits longest is exchanged.
    async fn exchange(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let Waiting { session, code, mark, at } = self.waiting.remove(0);
        let signed_in = self.sessions.iter().any(|other| other.id == session);
        let expected =
            self.model.is_good(mark) && self.model.now < at.plus(Duration::from_mins(1)) && signed_in;
        let answer = self.portal.exchange(&code).await;
        self.note(format!("{} is exchanged, expecting {expected}", mark.login));
        assert_eq!(answer.status.is_success(), expected, "{answer:?} {mark:?} {}", self.context());
        if expected {
            let access_until = self.model.now.plus(Duration::from_mins(10));
            let (access, refresh) = (answer.text("access_token"), answer.text("refresh_token"));
            self.grants.push(Grant { public: false, mark, access, access_until, refresh, revoked: false });
        }
    }

    /// Now and then a public client comes with the token before the last one.
    async fn refresh(&mut self) {
        if self.grants.is_empty() {
            return self.public_grant().await;
        }
        let which = self.below(self.grants.len());
        let grant = &self.grants[which];
        let rp = if grant.public { &self.spa } else { &self.portal };
        let expected = self.model.is_good(grant.mark) && !grant.revoked;
        let before = grant.refresh.clone();
        let answer = rp.refresh(&before).await;
        let (login, public) = (grant.mark.login, grant.public);
        self.note(format!("{login} is refreshed, expecting {expected}"));
        assert_eq!(answer.status.is_success(), expected, "{answer:?} {}", self.context());
        if !expected {
            return;
        }
        let grant = &mut self.grants[which];
        grant.access = answer.text("access_token");
        grant.access_until = self.model.now.plus(Duration::from_mins(10));
        if public {
            grant.refresh = answer.text("refresh_token");
            if self.below(3) == 0 {
                self.note(format!("the token of {login} from before comes back"));
                assert!(!self.spa.refresh(&before).await.status.is_success(), "{}", self.context());
                self.grants[which].revoked = true;
            }
        }
    }

    /// A grant of the public client, for somebody who is signed in.
    async fn public_grant(&mut self) {
        let Some((which, Done)) = self.a_session() else { return };
        let session = &mut self.sessions[which];
        let page = session.browser.go(&self.spa.authorize(&[])).await;
        session.seen_at = self.model.now;
        let mark = session.mark;
        let answer = self.spa.exchange(&self.spa.code(&page)).await;
        self.note(format!("{} goes to the public client", mark.login));
        let access_until = self.model.now.plus(Duration::from_mins(10));
        let (access, refresh) = (answer.text("access_token"), answer.text("refresh_token"));
        self.grants.push(Grant { public: true, mark, access, access_until, refresh, revoked: false });
    }

    async fn sign_out(&mut self) {
        if self.sessions.is_empty() {
            return;
        }
        let session = self.sessions.remove(self.below(self.sessions.len()));
        self.note(format!("{} signs out", session.mark.login));
        let page = session.browser.go("/logout").await;
        if page.body.contains("/logout/confirm") {
            session.browser.submit(&page, "/logout/confirm", &[]).await;
        }
        let page = session.browser.go(&self.portal.authorize(&[])).await;
        assert_eq!(became(&page), SignIn, "{}", self.context());
    }
}
