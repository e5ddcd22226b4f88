//! What is recorded of a run: one event for each thing that somebody asked for, with the interval in which it may have
//! happened, and what was found at the end. Written as JSON lines, to be read by eye too.
//!
//! Whatever names a secret (a session, a code on its way, a token) is the hash under which the database knows it
//! (`Secret::hash`), so that what was answered and what was found can be joined. Orders have no deadline, no exclusion and
//! no later start here, every profile is ordered, and nobody among the people is an operator.

use ecluse::domain::level::Level;
use serde::{Deserialize, Serialize};

/// Microseconds of one monotonic clock since the run began.
pub(crate) type Instant = i64;

/// One thing that somebody asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) id: u32,
    /// Before the first byte was sent.
    pub(crate) began: Instant,
    /// After the last byte of the answer was read, or when it was given up.
    pub(crate) ended: Instant,
    pub(crate) actor: u32,
    pub(crate) replica: Option<u8>,
    pub(crate) act: Act,
    pub(crate) outcome: Outcome,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Yes,
    /// Refused for good, in a few words: `wrong`, `throttled`, `login_required`, `interaction_required`, `invalid_grant` …
    /// A 503 to something that was sent is `Unknown` unless it writes nothing.
    No(String),
    /// It may have happened, at any time from its beginning to the next [`Act::Quiet`].
    Unknown,
}

/// What was typed to show who it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Secret {
    /// The account's password of this number; each is chosen at most once in a run. 0 is the one it began with.
    Password(u32),
    /// A printed code, in capitals without separators.
    Code(String),
}

/// What a browser holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Held {
    Session(String),
    /// The right to change a password.
    Page(String),
}

/// A grant as the client was given it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Given {
    pub(crate) client: String,
    /// As the ID token says it.
    pub(crate) sid: String,
    /// With `offline_access`: outlives its session.
    pub(crate) offline: bool,
    pub(crate) access: String,
    pub(crate) refresh: Option<String>,
}

/// What was asked for. `account` is the login.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Act {
    /// Before all else, one for each account: its id in the database, and its place, as paths are stored there
    /// (`ministere>academie:13>…`); an order's `place` and a move's are the same.
    Person {
        account: String,
        id: String,
        place: String,
    },
    /// Yes: something is held then. `replaces`: what the browser held before, if it held anything.
    SignIn {
        account: String,
        secret: Secret,
        replaces: Option<Held>,
        held: Option<Held>,
    },
    /// A new password. `by`: what the browser held; `proof`: what was typed as the current one, or the code that opened the
    /// page. `session`: the session that came with it.
    Change {
        account: String,
        by: Held,
        proof: Secret,
        new: u32,
        session: Option<String>,
    },
    /// Yes: a code was handed out. `silent`: by `prompt=none`.
    Authorize {
        account: String,
        session: String,
        silent: bool,
        code: Option<String>,
    },
    /// Yes: `given`.
    Exchange {
        account: String,
        code: String,
        given: Option<Given>,
    },
    /// Yes: `access`, and where tokens rotate `next`.
    Refresh {
        account: String,
        presented: String,
        rotates: bool,
        access: Option<String>,
        next: Option<String>,
    },
    /// Yes: `active: true`. The token may be an access token or a refresh token.
    Introspect {
        account: String,
        token: String,
    },
    /// Yes: 200.
    Userinfo {
        account: String,
        access: String,
    },
    SignOut {
        account: String,
        session: String,
    },
    /// Of everybody at this place or below. Yes: `order`, its id.
    Order {
        order: Option<String>,
        level: Level,
        place: String,
    },
    Cancel {
        order: String,
    },
    Force {
        account: String,
        level: Level,
    },
    /// Yes: the code that was shown.
    NewCode {
        account: String,
        code: Option<String>,
    },
    /// Yes: (account, code) of everybody on the sheet.
    Slips {
        codes: Vec<(String, String)>,
    },
    /// An import that closes one place and opens another, with the same profile.
    Move {
        account: String,
        from: String,
        to: String,
    },
    /// What was broken or mended, for the reader.
    Fault {
        what: String,
    },
    /// Nothing that was begun before this event is under way after it: all is healed, every program that was asked is dead
    /// or idle.
    Quiet,
}

/// The act of an audit line whose order of commits counts.
pub(crate) type AuditAct = String;

/// What the database has committed, in the order of commits (`pg_xact_commit_timestamp(xmin)` of rows that are written
/// once and never updated; needs `track_commit_timestamp = on`).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Committed {
    /// On the run's clock: the wall clock of the machine less that of the run's beginning.
    pub(crate) at: Instant,
    pub(crate) row: Row,
}

/// A row that is written once.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Row {
    /// Of `audit`: act and object (`account:ID`, `order:ID`, …) as stored.
    Audit { act: AuditAct, object: String },
    /// Of `access_token`, with the id of its grant's account.
    Access { hash: String, account_id: String },
}

/// Which way a relying party stands to be told that a session is over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Notice {
    pub(crate) client: String,
    pub(crate) sid: String,
    pub(crate) jti: String,
    /// When it was decided upon, on the run's clock.
    pub(crate) written: Instant,
    /// Whether the outbox says that it was sent.
    pub(crate) sent: bool,
}

/// What was found when all was healed and quiet.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Final {
    pub(crate) people: Vec<FinalPerson>,
    /// Order id, state as stored.
    pub(crate) orders: Vec<(String, String)>,
    pub(crate) committed: Vec<Committed>,
    /// The rows of the outbox.
    pub(crate) notices: Vec<Notice>,
    /// When nothing was left to be told, all being quiet, before anybody got in again.
    pub(crate) all_told: Instant,
    /// (client, jti) of what the relying parties received, and said so.
    pub(crate) received: Vec<(String, String)>,
    /// Clients that are told at all (they registered a `backchannel_logout_uri`).
    pub(crate) told: Vec<String>,
}

/// What opened an account at the end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FinalPerson {
    pub(crate) account: String,
    /// Every password of a `Change` that was tried, and whether it is the one (by the hash in the database, which no gate
    /// and no throttle hides).
    pub(crate) password: Option<u32>,
    /// Whether its owner got to a session at last: with the password, through the change page, or with a code.
    pub(crate) got_in: bool,
}

/// A whole run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct History {
    pub(crate) events: Vec<Event>,
    pub(crate) end: Final,
}

impl History {
    /// As JSON lines: the events, then what was found.
    pub(crate) fn to_lines(&self) -> String {
        let mut text: String = self.events.iter().map(line).collect();
        text.push_str(&line(&self.end));
        text
    }

    /// Reads them back.
    pub(crate) fn from_lines(text: &str) -> serde_json::Result<Self> {
        let mut lines: Vec<_> = text.lines().collect();
        let end = lines.pop().map(serde_json::from_str).transpose()?.unwrap_or_default();
        let events = lines.into_iter().map(serde_json::from_str).collect::<Result<_, _>>()?;
        Ok(Self { events, end })
    }
}

fn line<T: Serialize>(of: &T) -> String {
    let mut text = serde_json::to_string(of).unwrap();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::{Act, Event, History, Outcome, Secret};

    #[test]
    fn a_history_reads_back() {
        let act = Act::SignIn {
            account: "zoe".to_owned(),
            secret: Secret::Code("ABCD".to_owned()),
            replaces: None,
            held: None,
        };
        let outcome = Outcome::No("wrong".to_owned());
        let event = Event { id: 3, began: 10, ended: 20, actor: 1, replica: Some(2), act, outcome };
        let history = History { events: vec![event], ..History::default() };
        let text = history.to_lines();
        assert!(text.starts_with(r#"{"id":3,"began":10,"ended":20,"#), "{text}");
        assert_eq!(History::from_lines(&text).unwrap().to_lines(), text);
    }
}
