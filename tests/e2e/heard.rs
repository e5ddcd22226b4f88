//! All that is logged while tests run, at its loudest, is held against every password, code, token and secret that they typed or were
//! given: when a provider ends, nothing that was logged in its life may hold one.
//!
//! A test has a thread of its own, on which its provider runs too: what is logged there, and what is kept there, is of that test. What
//! other threads log and keep is everybody's.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once, PoisonError};
use std::thread::{self, ThreadId};

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

/// The shortest text that is looked for: shorter ones stand in any log by chance.
const SHORTEST: usize = 8;

/// What is listened to, and what must not be heard.
struct Heard {
    log: Vec<u8>,
    /// Where the log begins: what nobody has to hear any more is forgotten.
    from: usize,
    secrets: BTreeSet<String>,
    /// Where those began who listen.
    listening: Vec<usize>,
}

impl Heard {
    const fn nothing() -> Self {
        Self { log: Vec::new(), from: 0, secrets: BTreeSet::new(), listening: Vec::new() }
    }

    fn hear(&mut self, bytes: &[u8]) {
        if !self.listening.is_empty() {
            self.log.extend_from_slice(bytes);
        }
    }

    fn begin(&mut self) -> usize {
        let start = self.from + self.log.len();
        self.listening.push(start);
        start
    }

    fn since(&self, start: usize) -> &[u8] {
        &self.log[start.saturating_sub(self.from)..]
    }

    fn end(&mut self, start: usize) {
        if let Some(at) = self.listening.iter().position(|it| *it == start) {
            self.listening.swap_remove(at);
        }
        let end = self.from + self.log.len();
        let first = self.listening.iter().copied().min().unwrap_or(end);
        self.log.drain(..first.saturating_sub(self.from));
        self.from = first;
        if self.listening.is_empty() {
            self.secrets.clear();
        }
    }
}

static EVERYBODYS: Mutex<Heard> = Mutex::new(Heard::nothing());

thread_local! {
    static OWN: RefCell<Heard> = const { RefCell::new(Heard::nothing()) };
}

fn everybodys<T>(act: impl FnOnce(&mut Heard) -> T) -> T {
    act(&mut EVERYBODYS.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Of this thread where it is that of a test, which is named by its path; else everybody's.
fn here<T>(act: impl FnOnce(&mut Heard) -> T) -> T {
    if thread::current().name().is_some_and(|name| name == "main" || name.contains("::")) {
        OWN.with_borrow_mut(act)
    } else {
        everybodys(act)
    }
}

struct Ear;

impl Write for Ear {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        here(|heard| heard.hear(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // The browsers of the tests are no part of the program.
        let loud = Targets::new().with_default(tracing::Level::TRACE).with_target("cookie_store", None);
        let lines = fmt::layer().with_ansi(false).with_writer(|| Ear).with_filter(loud);
        tracing_subscriber::registry().with(lines).try_init().unwrap();
    });
}

/// Keeps what must not be heard: what was typed, or was given.
pub(crate) fn keep(secret: &str) {
    let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    here(|heard| {
        heard.secrets.extend([secret.to_owned(), encoded].into_iter().filter(|it| it.len() >= SHORTEST));
    });
}

/// The same of a code on paper, as it is printed and as it is read.
pub(crate) fn keep_code(printed: &str) {
    for code in [printed.to_owned(), printed.to_uppercase(), printed.to_lowercase()] {
        keep(&code);
        keep(&code.replace('-', ""));
    }
}

/// The same of what a client says of itself in a header.
pub(crate) fn keep_client(id: &str, secret: &str) {
    keep(secret);
    keep(&STANDARD.encode(format!("{id}:{secret}")));
}

/// The same of those fields of a form that are nobody else's business.
pub(crate) fn keep_fields<'a>(form: impl IntoIterator<Item = (&'a str, &'a str)>) {
    for (name, value) in form {
        match name {
            "password" | "current_password" | "new_password" | "confirmation" | "code" => keep_code(value),
            "csrf" | "refresh_token" | "token" | "client_assertion" | "client_secret" | "id_token_hint" => {
                keep(value);
            }
            _ => {}
        }
    }
}

/// Somebody who listens while a provider lives, and to whatever programs write into `*.log` in its folder.
pub(crate) struct Listening {
    folder: PathBuf,
    thread: ThreadId,
    own: usize,
    everybodys: usize,
}

impl Listening {
    pub(crate) fn begin(folder: &Path) -> Self {
        listen();
        let folder = folder.to_owned();
        Self {
            folder,
            thread: thread::current().id(),
            own: here(Heard::begin),
            everybodys: everybodys(Heard::begin),
        }
    }

    /// What was logged so far.
    pub(crate) fn heard(&self) -> String {
        let mut log = everybodys(|heard| heard.since(self.everybodys).to_vec());
        if thread::current().id() == self.thread {
            here(|heard| log.extend_from_slice(heard.since(self.own)));
        }
        for file in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if file.path().extension().is_some_and(|kind| kind == "log") {
                log.extend(fs::read(file.path()).unwrap());
            }
        }
        String::from_utf8_lossy(&log).into_owned()
    }

    /// What was kept so far.
    pub(crate) fn secrets(&self) -> BTreeSet<String> {
        let mut secrets = everybodys(|heard| heard.secrets.clone());
        if thread::current().id() == self.thread {
            here(|heard| secrets.extend(heard.secrets.iter().cloned()));
        }
        secrets
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if !thread::panicking() {
            let (log, secrets) = (self.heard(), self.secrets());
            let words: Vec<_> = secrets.iter().collect();
            let found = AhoCorasick::new(&words).unwrap().find(&log);
            if let Some(found) = found {
                let line = log[..found.start()].rfind('\n').map_or(0, |end| end + 1);
                let end = log[found.end()..].find('\n').map_or(log.len(), |more| found.end() + more);
                panic!("{:?} was logged: {}", words[found.pattern().as_usize()], &log[line..end]);
            }
        }
        everybodys(|heard| heard.end(self.everybodys));
        if thread::current().id() == self.thread {
            here(|heard| heard.end(self.own));
        }
    }
}

#[test]
#[should_panic(expected = "was logged: ")]
fn what_is_logged_and_was_kept_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let _listening = Listening::begin(folder.path());
    keep_code("ABCD-2345-WXYZ");
    tracing::trace!(address = "/login?code=abcd2345wxyz&x=1", "somebody came");
}

#[test]
#[should_panic(expected = "was logged: ")]
fn what_another_program_logged_is_found_too() {
    let folder = tempfile::tempdir().unwrap();
    let _listening = Listening::begin(folder.path());
    keep("Chat noir 7");
    fs::write(folder.path().join("server.log"), "password=Chat+noir+7\n").unwrap();
}
