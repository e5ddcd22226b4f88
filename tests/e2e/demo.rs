//! The demo as a newcomer runs it: everybody is as the table says, every door is right, and nothing stays behind.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::browser::{Browser, Page};
use crate::ports::{free_row, is_free};

/// A demo that runs.
pub(crate) struct Demo {
    process: Child,
    said: Vec<String>,
    /// Of the provider, the portal and the gradebook.
    ports: [u16; 3],
    pub(crate) folder: TempDir,
}

fn program() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_ecluse")).parent().unwrap().join("examples/demo");
    assert!(program.exists(), "{}: run cargo build --examples", program.display());
    program
}

impl Demo {
    fn start() -> Self {
        Self::start_at(Some(free_row(4)))
    }

    /// Starts a demo at four ports in a row, or at its usual ones.
    pub(crate) fn start_at(base: Option<u16>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(program());
        command.args(["run", "--folder"]).arg(folder.path()).stdout(Stdio::piped());
        let mut ports = [8080, 9001, 9002];
        if let Some(base) = base {
            ports = [base, base + 1, base + 2];
            command.args(["--port-base", &base.to_string()]);
        }
        let mut process = command.spawn().unwrap();
        let lines = BufReader::new(process.stdout.as_mut().unwrap()).lines().map(Result::unwrap);
        let mut said = Vec::new();
        for line in lines {
            let is_last = line.contains("Ctrl-C");
            said.push(line);
            if is_last {
                break;
            }
        }
        Self { process, said, ports, folder }
    }

    /// What the table says somebody types.
    pub(crate) fn typed(&self, login: &str) -> String {
        let line =
            self.said.iter().find(|line| line.contains(login)).unwrap_or_else(|| panic!("{:?}", self.said));
        let rest = line.split_once(login).unwrap().1;
        rest.split_whitespace().next().unwrap().to_owned()
    }

    /// Where the provider, the portal and the gradebook answer.
    pub(crate) fn addresses(&self) -> [String; 3] {
        self.ports.map(|port| format!("http://127.0.0.1:{port}"))
    }

    /// Signs somebody in, without a relying party.
    async fn sign_in(&self, login: &str) -> Page {
        let browser = Browser::new(&self.addresses()[0]);
        let page = browser.go("/login").await;
        browser.sign_in(&page, login, &self.typed(login)).await
    }

    fn signal(process: u32, name: &str) {
        let words = ["-c", "kill -s \"$1\" \"$2\"", "sh", name, &process.to_string()];
        assert!(Command::new("sh").args(words).status().unwrap().success());
    }

    /// The processes it started.
    fn children(&self) -> Vec<u32> {
        let id = self.process.id();
        let mut children = Vec::new();
        for thread in std::fs::read_dir(format!("/proc/{id}/task")).unwrap() {
            let list = std::fs::read_to_string(thread.unwrap().path().join("children")).unwrap();
            children.extend(list.split_whitespace().map(|child| child.parse::<u32>().unwrap()));
        }
        children
    }

    /// Waits for its end, and sees that nobody listens any more.
    fn has_ended(mut self, code: i32) {
        // What else it says, so that it never waits for a reader.
        let mut rest = String::new();
        self.process.stdout.take().unwrap().read_to_string(&mut rest).unwrap();
        assert_eq!(self.process.wait().unwrap().code(), Some(code), "{rest}");
        assert!(self.ports.into_iter().all(is_free), "a process was left behind");
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            Self::signal(self.process.id(), "TERM");
            let _ = self.process.wait();
        }
    }
}

#[tokio::test]
async fn everybody_of_the_demo_is_as_the_table_says_and_every_door_is_right() {
    let demo = Demo::start();
    let straight = ["lina.valombre", "helene.aubrisac", "tom.sautereine"];
    for login in straight {
        assert!(demo.sign_in(login).await.body.contains("id=\"current_password\""), "{login}");
    }
    for (login, why) in [("noe.brumeville", "Pont-Levis"), ("marc.perchevent", "validité")] {
        let page = demo.sign_in(login).await;
        assert!(page.is_change() && page.body.contains(why), "{login}: {}", page.body);
    }
    let page = demo.sign_in("odile.chantelauve").await;
    assert!(page.is_change() && !page.body.contains("current_password"), "{}", page.body);

    let doors =
        || Command::new(program()).args(["doors", "--folder"]).arg(demo.folder.path()).output().unwrap();
    for again in [false, true] {
        let doors = doors();
        let said = String::from_utf8_lossy(&doors.stdout);
        assert!(doors.status.success(), "again: {again}: {said}{}", String::from_utf8_lossy(&doors.stderr));
        assert_eq!(said.matches('✓').count(), 60, "{said}");
    }
    Demo::signal(demo.process.id(), "INT");
    demo.has_ended(0);
}

/// A page of a relying party that the person reaches through the provider.
async fn arrive(browser: &Browser, page: Page) -> Page {
    let page = browser.get(&page.location().unwrap()).await;
    browser.get(&page.location().unwrap()).await
}

#[tokio::test]
async fn the_portal_and_the_gradebook_hear_that_somebody_signed_out() {
    let demo = Demo::start();
    let [provider, portal, gradebook] = demo.addresses();
    let browser = Browser::new(&provider);
    let page = browser.go(&format!("{portal}/login")).await;
    let page = browser.sign_in(&page, "lina.valombre", &demo.typed("lina.valombre")).await;
    assert!(arrive(&browser, page).await.body.contains("Bonjour"));
    let page = browser.go(&format!("{gradebook}/login")).await;
    assert!(arrive(&browser, page).await.body.contains("Notes de"));

    let nonsense = [("logout_token".to_owned(), "e30.e30.".to_owned())];
    let refused = browser.post_from(&provider, &format!("{portal}/backchannel-logout"), &nonsense).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert!(browser.get(&portal).await.body.contains("Bonjour"));

    let page = browser.go("/logout").await;
    browser.submit(&page, "/logout/confirm", &[]).await;
    // They are told at once, and at the same time as the person.
    while browser.get(&portal).await.body.contains("Bonjour") {}
    while browser.get(&format!("{gradebook}/notes")).await.body.contains("Notes de") {}
    drop(demo);
}

#[test]
fn when_one_process_of_the_demo_dies_all_of_it_ends() {
    let demo = Demo::start();
    let children = demo.children();
    assert_eq!(children.len(), 3);
    Demo::signal(children[2], "KILL");
    demo.has_ended(1);
}

#[test]
fn a_deployment_is_given_its_secrets_once_and_each_program_its_own() {
    let place = tempfile::tempdir().unwrap();
    let [folder, share] = ["demo", "share"].map(|name| place.path().join(name));
    let more = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/demo/compose.toml");
    let found = || {
        let mut command = Command::new(program());
        command.args(["found", "--folder"]).arg(&folder).arg("--settings").arg(&more);
        assert!(command.arg("--share").arg(&share).status().unwrap().success());
        let files = |folder: &Path| -> BTreeMap<PathBuf, (u32, String)> {
            let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            files
                .map(|path| {
                    let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
                    (path.clone(), (mode, std::fs::read_to_string(path).unwrap()))
                })
                .collect()
        };
        let shared = ["postgres", "redis", "portal", "gradebook"].map(|program| files(&share.join(program)));
        (files(&folder), shared)
    };
    let (own, shared) = found();
    assert_eq!((own.clone(), shared.clone()), found());

    let secrets = own.iter().filter(|(path, _)| !path.ends_with("ecluse.toml")).collect::<Vec<_>>();
    assert_eq!(secrets.len(), 6, "master key, two passwords, three clients");
    assert!(secrets.iter().all(|(_, (mode, _))| *mode == 0o600));
    let own = |name: &str| own[&folder.join(name)].1.trim_end();
    let [postgres, redis, portal, gradebook] =
        shared.map(|files| files.into_values().next().unwrap()).map(|(mode, text)| {
            assert_eq!(mode, 0o444);
            text
        });
    assert_eq!(postgres, own("postgres.password"));
    assert_eq!((portal.as_str(), gradebook.as_str()), (own("portal.secret"), own("gradebook.secret")));
    assert!(redis.contains("user ecluse on ~ecluse:* ") && !redis.contains(own("redis.password")), "{redis}");
}
