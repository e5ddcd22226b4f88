//! A history told by hand.

use ecluse::domain::level::Level;

use crate::torture::checker::check;
use crate::torture::history::{
    Act, Committed, Event, Final, FinalPerson, Given, Held, History, Instant, Outcome, Row, Secret,
};

pub(super) const ZOE: &str = "zoe";

pub(super) const NOTHING: [&str; 0] = [];

const SCHOOL: &str = "academie:13>school:A";

/// A history of one account, `zoe`, and what to add to it. Times are in seconds.
pub(super) struct Tale {
    pub(super) history: History,
}

impl Tale {
    pub(super) fn new() -> Self {
        let mut tale = Self { history: History::default() };
        let place = format!("{SCHOOL}>class:1");
        tale.yes(0, 0, Act::Person { account: ZOE.to_owned(), id: "id".to_owned(), place });
        tale
    }

    fn event(&mut self, began: i64, ended: i64, act: Act, outcome: Outcome) -> u32 {
        let id = u32::try_from(self.history.events.len()).unwrap();
        let (began, ended) = (began * 1_000_000, ended * 1_000_000);
        self.history.events.push(Event { id, began, ended, actor: 0, replica: None, act, outcome });
        id
    }

    pub(super) fn yes(&mut self, began: i64, ended: i64, act: Act) -> u32 {
        self.event(began, ended, act, Outcome::Yes)
    }

    pub(super) fn no(&mut self, began: i64, ended: i64, act: Act, text: &str) -> u32 {
        self.event(began, ended, act, Outcome::No(text.to_owned()))
    }

    pub(super) fn unknown(&mut self, began: i64, ended: i64, act: Act) -> u32 {
        self.event(began, ended, act, Outcome::Unknown)
    }

    /// A sign-in with the first password, a code, a grant: session `s`, code `c`, tokens `a` and `r`, until second 4.
    pub(super) fn signed_in() -> Self {
        let mut tale = Self::new();
        tale.yes(1, 2, sign_in(Secret::Password(0), Some(session("s"))));
        tale.yes(2, 3, authorize("s", "c"));
        tale.yes(3, 4, exchange("c", "a", "r"));
        tale
    }

    /// The end, where everybody gets in and zoe has this password.
    pub(super) fn end(&mut self, password: u32) -> &mut Final {
        let person = FinalPerson { account: ZOE.to_owned(), password: Some(password), got_in: true };
        self.history.end.people.push(person);
        &mut self.history.end
    }

    pub(super) fn line(&mut self, at: i64, act: &str, object: &str) {
        let row = Row::Audit { act: act.to_owned(), object: object.to_owned() };
        self.history.end.committed.push(Committed { at: at * 100_000, row });
    }

    pub(super) fn token(&mut self, at: i64, hash: &str) {
        let row = Row::Access { hash: hash.to_owned(), account_id: "id".to_owned() };
        self.history.end.committed.push(Committed { at: at * 100_000, row });
    }

    /// The rules that it breaks.
    pub(super) fn broken(&self) -> Vec<&'static str> {
        let mut rules: Vec<_> = check(&self.history).into_iter().map(|violation| violation.rule).collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }
}

pub(super) fn session(name: &str) -> Held {
    Held::Session(name.to_owned())
}

pub(super) fn page(name: &str) -> Held {
    Held::Page(name.to_owned())
}

pub(super) fn code(text: &str) -> Secret {
    Secret::Code(text.to_owned())
}

pub(super) fn sign_in(secret: Secret, held: Option<Held>) -> Act {
    Act::SignIn { account: ZOE.to_owned(), secret, replaces: None, held }
}

pub(super) fn change(by: Held, proof: Secret, new: u32) -> Act {
    Act::Change { account: ZOE.to_owned(), by, proof, new, session: Some(format!("of {new}")) }
}

pub(super) fn authorize(session: &str, code: &str) -> Act {
    let (session, code) = (session.to_owned(), Some(code.to_owned()));
    Act::Authorize { account: ZOE.to_owned(), session, silent: false, code }
}

pub(super) fn exchange(code: &str, access: &str, refresh: &str) -> Act {
    let given = Given {
        client: "portal".to_owned(),
        sid: "sid".to_owned(),
        offline: true,
        access: access.to_owned(),
        refresh: Some(refresh.to_owned()),
    };
    Act::Exchange { account: ZOE.to_owned(), code: code.to_owned(), given: Some(given) }
}

pub(super) fn refresh(presented: &str, access: &str, next: &str) -> Act {
    let (access, next) = (Some(access.to_owned()), Some(next.to_owned()));
    Act::Refresh { account: ZOE.to_owned(), presented: presented.to_owned(), rotates: true, access, next }
}

pub(super) fn introspect(token: &str) -> Act {
    Act::Introspect { account: ZOE.to_owned(), token: token.to_owned() }
}

pub(super) fn userinfo(access: &str) -> Act {
    Act::Userinfo { account: ZOE.to_owned(), access: access.to_owned() }
}

pub(super) fn sign_out(session: &str) -> Act {
    Act::SignOut { account: ZOE.to_owned(), session: session.to_owned() }
}

pub(super) fn order(level: Level) -> Act {
    Act::Order { order: Some("1".to_owned()), level, place: SCHOOL.to_owned() }
}

pub(super) fn cancel() -> Act {
    Act::Cancel { order: "1".to_owned() }
}

pub(super) fn force(level: Level) -> Act {
    Act::Force { account: ZOE.to_owned(), level }
}

pub(super) fn new_code(code: &str) -> Act {
    Act::NewCode { account: ZOE.to_owned(), code: Some(code.to_owned()) }
}

pub(super) fn slips(code: &str) -> Act {
    Act::Slips { codes: vec![(ZOE.to_owned(), code.to_owned())] }
}

pub(super) fn moved(from: &str, to: &str) -> Act {
    Act::Move { account: ZOE.to_owned(), from: from.to_owned(), to: to.to_owned() }
}

/// The instant of a run, in seconds.
pub(super) const fn second(at: i64) -> Instant {
    at * 1_000_000
}
