//! What people share: the accounts, what is known of their passwords and codes, the way to operators.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::{Semaphore, watch};
use tokio_postgres::Client;

use super::browser::Fronts;
use super::operators::print_slips;
use super::recorder::Recorder;
use crate::torture::history::{Act, Outcome};
use crate::torture::world::World;
use crate::torture::world::link::Link;
use crate::torture::world::replica::ecluse;

/// The classes, each with its school.
pub(crate) const CLASSES: [(&str, &str); 5] =
    [("0860001J", "6A"), ("0860001J", "6B"), ("0169001X", "5B"), ("0169001X", "5C"), ("0799999P", "6Z")];

/// The last is the lair of those who lie in ambush: nobody comes there or leaves.
pub(crate) const LAIR: usize = 4;

/// Accounts in each class at the beginning.
const IN_A_CLASS: u32 = 5;

/// Accounts in the lair.
const IN_THE_LAIR: u32 = 6;

/// Everybody, and what is needed to act.
pub(crate) struct Town {
    pub(crate) recorder: Recorder,
    pub(crate) fronts: Fronts,
    pub(crate) accounts: BTreeMap<String, Arc<Account>>,
    /// True once nobody begins anything more.
    pub(crate) over: AtomicBool,
    chosen: AtomicU32,
    /// Of each place, the codes from the root down, as orders have it.
    pub(crate) paths: BTreeMap<String, String>,
    /// Of each login, the account's id.
    pub(crate) ids: BTreeMap<String, String>,
    folder: PathBuf,
    office: Link,
    /// An operator's program takes a core while it starts.
    desks: Semaphore,
}

/// One account, and what its owner knows.
pub(crate) struct Account {
    pub(crate) login: String,
    pub(crate) key: u32,
    /// The numbers of passwords that may be the one, the likeliest last.
    passwords: Mutex<Vec<u32>>,
    /// Every code that was ever printed, the latest last.
    codes: Mutex<Vec<String>>,
    /// Raised by whatever ends all that was given to it, as far as one knows.
    generation: AtomicU32,
    /// Which class; none while it moves.
    pub(crate) class: Mutex<Option<usize>>,
    /// Raised when an order or a force on it is about to be sent, and when it was acknowledged.
    pub(crate) alarm: watch::Sender<u32>,
}

/// What an operator's program said.
pub(crate) struct Said {
    pub(crate) outcome: Outcome,
    pub(crate) out: String,
}

impl Town {
    /// Brings the people in, who have no password yet, and prints their first codes.
    pub(crate) async fn found(world: &World) -> Self {
        let mut accounts = BTreeMap::new();
        let mut file = HEADER.to_owned();
        for key in 0..IN_A_CLASS * 4 + IN_THE_LAIR {
            let class = if key < IN_A_CLASS * 4 { key as usize % LAIR } else { LAIR };
            let account = Account {
                login: format!("eleve{key}"),
                key,
                passwords: Mutex::default(),
                codes: Mutex::default(),
                generation: AtomicU32::new(0),
                class: Mutex::new(Some(class)),
                alarm: watch::Sender::new(0),
            };
            file.push_str(&account.line(class));
            accounts.insert(account.login.clone(), Arc::new(account));
        }
        std::fs::write(world.folder().join("people.csv"), file).unwrap();
        world.run(&["account", "import", "people.csv", "--quiet"]);
        let ports = world.replicas.iter().map(|replica| replica.front.port).collect();
        let mut town = Self {
            recorder: Recorder::new(),
            fronts: Fronts::new(ports, &world.issuer),
            accounts,
            over: AtomicBool::new(false),
            chosen: AtomicU32::new(0),
            paths: BTreeMap::new(),
            ids: BTreeMap::new(),
            folder: world.folder(),
            office: world.office.clone(),
            desks: Semaphore::new(3),
        };
        town.register(&world.database().await).await;
        print_slips(&town, 0, "academie:13").await;
        town
    }

    /// Writes down who there is, and where.
    async fn register(&mut self, client: &Client) {
        let places = client.query("SELECT code, path FROM territory", &[]).await.unwrap();
        self.paths = places.iter().map(|row| (row.get(0), row.get(1))).collect();
        let people = "SELECT a.login, a.id, f.path FROM account a JOIN affiliation f ON f.account_id = a.id
             WHERE f.path LIKE '%class:%'";
        for row in client.query(people, &[]).await.unwrap() {
            self.ids.insert(row.get(0), row.get(1));
            let act = Act::Person { account: row.get(0), id: row.get(1), place: row.get(2) };
            self.recorder.record(self.recorder.now(), (0, None), act, Outcome::Yes);
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// A password that nobody had, and its number.
    pub(crate) fn new_password(&self) -> u32 {
        self.chosen.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Gives people the codes that were printed for them.
    pub(crate) fn hand_out(&self, codes: &[(String, String)]) {
        for (login, code) in codes {
            self.accounts[login].codes.lock().unwrap().push(code.clone());
        }
    }

    /// Runs an operator's program to its end, whatever becomes of its link.
    pub(crate) async fn operate(&self, arguments: &[&str]) -> Said {
        let _desk = self.desks.acquire().await.unwrap();
        self.operate_at_once(arguments).await
    }

    /// The same for those who wait for no desk.
    pub(crate) async fn operate_at_once(&self, arguments: &[&str]) -> Said {
        let mut command = ecluse(&self.folder, &self.office);
        command.args(arguments).arg("--quiet");
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let outcome = match output.status.code() {
            Some(0) => Outcome::Yes,
            Some(2 | 3) => Outcome::No(told),
            _ => Outcome::Unknown,
        };
        Said { outcome, out: String::from_utf8(output.stdout).unwrap() }
    }

    /// The folder where a file for an operator can be written.
    pub(crate) fn file(&self, name: &str, text: &str) {
        std::fs::write(self.folder.join(name), text).unwrap();
    }
}

pub(crate) const HEADER: &str = "source;key;login;given_name;family_name;profile;uai;classes\n";

/// Logins and codes of a sheet of slips, as they are typed without hyphens.
pub(crate) fn codes_of(sheet: &str) -> Vec<(String, String)> {
    let cells = sheet.lines().skip(1).map(|line| line.split(';').collect::<Vec<_>>());
    cells.filter(|cells| cells.len() > 6).map(|cells| (cells[5].to_owned(), plain(cells[6]))).collect()
}

/// A code as the history names it.
pub(crate) fn plain(code: &str) -> String {
    code.trim().replace('-', "")
}

/// The text of a password.
pub(crate) fn password(number: u32) -> String {
    format!("Mot-de-passe-{number}")
}

impl Account {
    /// Its line in a file of people, in a class.
    pub(crate) fn line(&self, class: usize) -> String {
        let (school, class) = CLASSES[class];
        let Self { login, key, .. } = self;
        format!("A;{key};{login};Élève;Essai;National_ELV;{school};{class}\n")
    }

    /// Whether somebody lies in ambush for it, and nobody else has to do with it.
    pub(crate) fn is_in_the_lair(&self) -> bool {
        *self.class.lock().unwrap() == Some(LAIR)
    }

    pub(crate) fn passwords(&self) -> Vec<u32> {
        self.passwords.lock().unwrap().clone()
    }

    pub(crate) fn generation(&self) -> u32 {
        self.generation.load(Ordering::Relaxed)
    }

    /// Sessions, codes on their way and tokens are worth nothing any more.
    pub(crate) fn all_ends(&self) {
        self.generation.fetch_add(1, Ordering::Relaxed);
    }

    /// Every code that was printed so far.
    pub(crate) fn codes(&self) -> Vec<String> {
        self.codes.lock().unwrap().clone()
    }

    pub(crate) fn last_code(&self) -> Option<String> {
        self.codes.lock().unwrap().last().cloned()
    }

    /// This is the password, as far as one knows.
    pub(crate) fn is(&self, number: u32) {
        let mut passwords = self.passwords.lock().unwrap();
        passwords.retain(|other| *other != number);
        passwords.push(number);
        if passwords.len() > 8 {
            passwords.remove(0);
        }
    }

    /// This may be the password: whoever sent it had no answer.
    pub(crate) fn may_be(&self, number: u32) {
        let mut passwords = self.passwords.lock().unwrap();
        let last = passwords.len().saturating_sub(1);
        passwords.insert(last, number);
    }
}
