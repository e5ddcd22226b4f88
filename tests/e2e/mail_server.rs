//! A real mail server (aiosmtpd), and whatever behaviour a test wants of it.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ecluse::outgoing::mail::words::MailWords;
use ecluse::outgoing::mail::{MailServer as Settings, MailTls, Mailer};
use serde_json::Value;
use tokio::sync::Notify;

/// A server of one's own.
pub(crate) struct MailServer {
    pub(crate) port: u16,
    child: Child,
    told: Arc<Told>,
}

#[derive(Default)]
struct Told {
    events: Mutex<Vec<Value>>,
    news: Notify,
}

/// A mail as the server read it.
#[derive(Clone, Debug)]
pub(crate) struct Mail(pub(crate) Value);

impl Mail {
    pub(crate) fn header(&self, wanted: &str) -> String {
        let named = self.0["headers"].as_array().unwrap().iter().filter(|pair| pair[0] == wanted);
        let values: Vec<_> = named.map(|pair| pair[1].as_str().unwrap().to_owned()).collect();
        assert_eq!(values.len(), 1, "{wanted}: {:?}", self.0);
        values[0].clone()
    }

    pub(crate) fn body(&self) -> String {
        self.0["body"].as_str().unwrap().to_owned()
    }

    pub(crate) fn to(&self) -> String {
        let to = self.0["to"].as_array().unwrap();
        assert_eq!(to.len(), 1, "one person a mail");
        to[0].as_str().unwrap().to_owned()
    }
}

/// Where the certificates lie that `scripts/smtp.sh` made.
pub(crate) fn certificates() -> String {
    env::var("ECLUSE_TEST_SMTP_TLS").unwrap_or_else(|_| panic!("run it with scripts/smtp.sh"))
}

impl MailServer {
    /// As it comes: no TLS, and no password.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// One that wants TLS, and a user with a password.
    pub(crate) async fn guarded() -> Self {
        Self::start_with(&[&certificates()]).await
    }

    async fn start_with(arguments: &[&str]) -> Self {
        let python = env::var("ECLUSE_TEST_SMTP").unwrap_or_else(|_| panic!("run it with scripts/smtp.sh"));
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/smtp/server.py");
        let mut child = Command::new(python)
            .arg(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        let told = Arc::new(Told::default());
        let heard = Arc::clone(&told);
        std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                heard.events.lock().unwrap().push(serde_json::from_str(&line).unwrap());
                heard.news.notify_one();
            }
        });
        let mut server = Self { port: 0, child, told };
        let listens = server.wait_for(|event| event["event"] == "listens", 1).await;
        server.port = u16::try_from(listens[0]["port"].as_u64().unwrap()).unwrap();
        server
    }

    /// From here on it does this, for instance `data 451 later`.
    pub(crate) async fn behaves(&mut self, manner: &str) {
        let obeyed = self.events(|event| event["event"] == "obeys").len();
        writeln!(self.child.stdin.as_mut().unwrap(), "{manner}").unwrap();
        self.wait_for(|event| event["event"] == "obeys", obeyed + 1).await;
    }

    fn events(&self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        self.told.events.lock().unwrap().iter().filter(|event| wanted(event)).cloned().collect()
    }

    async fn wait_for(&self, wanted: impl Fn(&Value) -> bool, number: usize) -> Vec<Value> {
        loop {
            let news = self.told.news.notified();
            let found = self.events(&wanted);
            if found.len() >= number {
                return found;
            }
            news.await;
        }
    }

    /// What it took since it was started. It says so before it answers, so whatever counts as sent is among it.
    pub(crate) async fn taken(&self, number: usize) -> Vec<Mail> {
        self.wait_for(|event| event["event"] == "taken", number).await.into_iter().map(Mail).collect()
    }

    /// What it took by now.
    pub(crate) fn taken_by_now(&self) -> usize {
        self.events(|event| event["event"] == "taken").len()
    }

    /// What it refused, at least so many.
    pub(crate) async fn refused(&self, number: usize) -> Vec<Mail> {
        self.wait_for(|event| event["event"] == "refused", number).await.into_iter().map(Mail).collect()
    }

    /// What reaches it.
    pub(crate) fn mailer(&self) -> Mailer {
        mailer(self.port, |_| {})
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill(); // the test has said what there was to say
        let _ = self.child.wait();
    }
}

/// What sends to a port of this machine.
pub(crate) fn mailer(port: u16, change: impl FnOnce(&mut Settings)) -> Mailer {
    let mut settings = Settings {
        host: "127.0.0.1".to_owned(),
        port,
        tls: MailTls::None,
        roots: None,
        login: None,
        from: "Académie de Poitiers <ne-pas-repondre@ac.example>".to_owned(),
        hello: "127.0.0.1".to_owned(),
        service: "Écluse".to_owned(),
        zone: jiff::tz::TimeZone::UTC,
        words: MailWords::ours().unwrap(),
        timeout: Duration::from_mins(1),
    };
    change(&mut settings);
    Mailer::new(settings).unwrap()
}
