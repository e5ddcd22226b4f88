//! Chromium, looked at and typed into as people do. Every wait is for something to be seen, never for time to pass.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::error::{CmdError, ErrorStatus};
use fantoccini::key::Key;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::{ParseError, Url};

/// A browser of one's own: no cookie, no history, in French.
pub(crate) struct Chromium {
    pub(crate) client: Client,
    kind: Kind,
    driver: Child,
    // The driver dies of a broken pipe without it.
    _said: BufReader<ChildStdout>,
    profile: TempDir,
}

/// What kind of browser.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    /// In CSS pixels.
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Whether pages may run scripts.
    pub(crate) scripts: bool,
}

impl Kind {
    /// A telephone of the smallest size that is still sold.
    pub(crate) const PHONE: Self = Self { width: 360, height: 740, scripts: true };
    pub(crate) const DESKTOP: Self = Self { width: 1280, height: 800, scripts: true };
}

impl Chromium {
    pub(crate) async fn start(kind: Kind) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .env("TMPDIR", profile.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Chromium is a child of the driver; by their group both are ended, whatever state they are in.
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("chromedriver: {error}; `make test` installs it"));
        let mut said = BufReader::new(driver.stdout.take().unwrap());
        let port = port(&mut said);
        let capabilities = capabilities(kind, &profile);
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap();
        let browser = Self { client, kind, driver, _said: said, profile };
        browser.tell("Page.addScriptToEvaluateOnNewDocument", json!({ "source": LEAVING })).await;
        browser
    }

    /// Waits until the page that is shown is not being left any more: a click is answered before what it led to is there, and
    /// whoever looks at once sees the page before.
    async fn settled(&self) {
        for _ in 0..6000 {
            // Between two pages there may be none that could answer.
            if let Ok(leaving) = self.client.execute("return self.leaving === true", Vec::new()).await
                && leaving == false
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("what was left never gives way: {}", self.client.source().await.unwrap());
    }

    pub(crate) async fn open(&self, address: &str) {
        self.client.goto(address).await.unwrap();
    }

    /// Waits for an element.
    pub(crate) async fn see(&self, id: &str) -> Element {
        self.settled().await;
        match self.client.wait().for_element(Locator::Id(id)).await {
            Ok(element) => element,
            Err(error) => panic!("no #{id} ({error}) on {}", self.client.source().await.unwrap()),
        }
    }

    /// Waits for an element that a selector finds.
    pub(crate) async fn see_css(&self, selector: &str) -> Element {
        self.settled().await;
        match self.client.wait().for_element(Locator::Css(selector)).await {
            Ok(element) => element,
            Err(error) => panic!("no {selector} ({error}) on {}", self.client.source().await.unwrap()),
        }
    }

    /// Goes where a link leads.
    pub(crate) async fn follow(&self, text: &str) {
        self.settled().await;
        match self.client.wait().for_element(Locator::LinkText(text)).await {
            Ok(link) => link.click().await.unwrap(),
            Err(error) => panic!("no link {text} ({error}) on {}", self.client.source().await.unwrap()),
        }
    }

    /// Waits for the only file that was downloaded, to be whole.
    pub(crate) async fn downloaded(&self) -> PathBuf {
        let folder = downloads(&self.profile);
        for _ in 0..6000 {
            let files = std::fs::read_dir(&folder).into_iter().flatten();
            let whole =
                |path: &PathBuf| path.extension().is_some_and(|kind| kind != "crdownload" && kind != "tmp");
            // A file with a name of its own beside it is still being written.
            let files: Vec<_> = files.map(|entry| entry.unwrap().path()).collect();
            if let ([file], true) = (files.as_slice(), files.iter().all(whole)) {
                // What is downloaded was navigated to as well, and the page stays nevertheless.
                self.client.execute("self.leaving = false", Vec::new()).await.unwrap();
                return file.clone();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("nothing is downloaded on {}", self.client.source().await.unwrap());
    }

    /// Whether an element is on the page that is shown.
    pub(crate) async fn has(&self, id: &str) -> bool {
        self.settled().await;
        !self.client.find_all(Locator::Id(id)).await.unwrap().is_empty()
    }

    pub(crate) async fn text(&self, id: &str) -> String {
        self.read(async || self.see(id).await).await
    }

    /// The heading.
    pub(crate) async fn heading(&self) -> String {
        self.read(async || self.see_css("h1").await).await
    }

    /// What an element says. Where its page gives way to the next between seeing and reading, it is looked for again.
    async fn read(&self, see: impl AsyncFn() -> Element) -> String {
        for _ in 0..60 {
            match see().await.text().await {
                Err(error) if is_gone(&error) => {}
                text => return text.unwrap(),
            }
        }
        panic!("no page stays: {}", self.client.source().await.unwrap());
    }

    pub(crate) async fn fill(&self, id: &str, text: &str) {
        self.see(id).await.send_keys(text).await.unwrap();
    }

    pub(crate) async fn press(&self, id: &str) {
        self.see(id).await.click().await.unwrap();
    }

    /// Presses Tab until the element has the focus, as somebody without a mouse.
    pub(crate) async fn tab_to(&self, id: &str) {
        self.see(id).await;
        self.tab_until("document.activeElement.id", id).await;
    }

    /// The same for the link with this text.
    pub(crate) async fn tab_to_link(&self, text: &str) {
        self.settled().await;
        self.client.wait().for_element(Locator::LinkText(text)).await.unwrap();
        self.tab_until("document.activeElement.closest('a')?.textContent.trim()", text).await;
    }

    async fn tab_until(&self, what: &str, is: &str) {
        for _ in 0..60 {
            if self.client.execute(&format!("return {what}"), Vec::new()).await.unwrap() == is {
                return;
            }
            self.keys(&Key::Tab.to_string()).await;
        }
        panic!("Tab never reaches {is} on {}", self.client.source().await.unwrap());
    }

    /// Types into whatever has the focus.
    pub(crate) async fn keys(&self, text: &str) {
        self.settled().await;
        self.client.active_element().await.unwrap().send_keys(text).await.unwrap();
    }

    /// A picture of the page as it is once nothing moves any more, down to its end.
    pub(crate) async fn picture(&self) -> Vec<u8> {
        let script = "document.getAnimations().forEach((animation) => animation.finish());
            return [innerWidth, document.documentElement.scrollHeight]";
        self.settled().await;
        self.tell("Emulation.setScrollbarsHidden", json!({ "hidden": true })).await;
        let size = self.client.execute(script, Vec::new()).await.unwrap();
        let screen = json!({ "width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": false });
        self.tell("Emulation.setDeviceMetricsOverride", screen).await;
        self.client.screenshot().await.unwrap()
    }

    /// Whatever axe-core finds wrong with the page that is shown, whether it is wider than the screen, and numbers of which it does
    /// not say what they count: on a telephone and on a desk, by day and by night.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        for kind in [Kind::PHONE, Kind::DESKTOP] {
            self.resize(kind).await;
            for scheme in ["light", "dark"] {
                let features = json!([
                    { "name": "prefers-color-scheme", "value": scheme },
                    { "name": "prefers-reduced-motion", "value": "reduce" },
                ]);
                self.tell("Emulation.setEmulatedMedia", json!({ "features": features })).await;
                let found = self.client.execute_async(&axe(), Vec::new()).await.unwrap();
                let found = found.as_array().unwrap_or_else(|| panic!("{found}"));
                let found = found.iter().map(|found| found.as_str().unwrap());
                complaints.extend(found.map(|found| format!("{scheme}, {} px: {found}", kind.width)));
            }
            let bare = self.client.execute(BARE_NUMBERS, Vec::new()).await.unwrap();
            for number in bare.as_array().unwrap() {
                complaints
                    .push(format!("{} px: a number without the name of its column: {number}", kind.width));
            }
            if self.scrolls_sideways().await {
                complaints.push(format!("{} px: wider than the screen", kind.width));
            }
        }
        self.resize(self.kind).await;
        complaints
    }

    /// Makes the screen another for a while.
    async fn resize(&self, kind: Kind) {
        let screen =
            json!({ "width": kind.width, "height": kind.height, "deviceScaleFactor": 1, "mobile": false });
        self.tell("Emulation.setDeviceMetricsOverride", screen).await;
    }

    async fn tell(&self, what: &'static str, how: Value) {
        self.client.issue_cmd(DevTools(what, how)).await.unwrap();
    }

    /// Whether the page is wider than the screen.
    pub(crate) async fn scrolls_sideways(&self) -> bool {
        let script = "return document.documentElement.scrollWidth > document.documentElement.clientWidth";
        self.client.execute(script, Vec::new()).await.unwrap() == Value::Bool(true)
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let group = format!("-{}", self.driver.id());
        let _ = Command::new("sh").args(["-c", "kill -s KILL -- \"$1\"", "sh", &group]).status();
        let _ = self.driver.wait();
    }
}

/// Whether the element went with its page. The driver has a name for it, except where it asks the browser in the very moment.
fn is_gone(error: &CmdError) -> bool {
    let CmdError::Standard(error) = error else { return false };
    error.error == ErrorStatus::StaleElementReference
        || error.message.contains("does not belong to the document")
}

/// A command of the browser that its driver has no words for.
#[derive(Debug)]
struct DevTools(&'static str, Value);

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "cmd": self.0, "params": self.1 }).to_string()))
    }
}

/// A script that runs in each page before its own, and notes when somebody leaves the page for another. A page that comes back
/// from the browser's memory is not being left any more.
const LEAVING: &str = "
    addEventListener('submit', (event) => { self.leaving = !event.defaultPrevented; });
    navigation.addEventListener('navigate', (event) => {
        if (!event.destination.sameDocument && event.downloadRequest === null) self.leaving = true;
    });
    addEventListener('pageshow', () => { self.leaving = false; });";

/// A script that answers with the numbers and dates in cells of tables, where neither the head of the table nor the cell itself
/// shows what they are.
const BARE_NUMBERS: &str = "
    const isHidden = (head) => !head || getComputedStyle(head).position === 'absolute';
    const isNamed = (cell) => !['none', 'normal', '\"\"'].includes(getComputedStyle(cell, '::before').content);
    return [...document.querySelectorAll('td')]
        .filter((cell) => /^[0-9]/.test(cell.textContent.trim()) && cell.checkVisibility())
        .filter((cell) => isHidden(cell.closest('table').tHead) && !isNamed(cell))
        .map((cell) => cell.textContent.trim());";

/// A script that runs axe-core and answers with a line for each violation. It carries the library along, because pages let
/// nobody add a script to them.
fn axe() -> String {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/accessibility/node_modules/axe-core/axe.min.js");
    let library = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; `make test` installs it", path.display()));
    let run = "const done = arguments[arguments.length - 1];
        const line = (rule) => (node) =>
            rule.id + ' at ' + node.target.join(' ') + ': ' + node.failureSummary.replaceAll('\\n', ' ');
        document.getAnimations().forEach((animation) => animation.finish());
        axe.run(document, { resultTypes: ['violations'] })
            .then((found) => done(found.violations.flatMap((rule) => rule.nodes.map(line(rule)))))
            .catch((error) => done(String(error)));";
    format!("{library}\n{run}")
}

/// Where downloads go.
fn downloads(profile: &TempDir) -> PathBuf {
    profile.path().join("downloads")
}

fn port(said: &mut impl BufRead) -> u16 {
    let mut line = String::new();
    while said.read_line(&mut line).unwrap() > 0 {
        if let Some((_, rest)) = line.split_once("started successfully on port ") {
            return rest.trim().trim_end_matches('.').parse().unwrap();
        }
        line.clear();
    }
    panic!("chromedriver ended without naming its port");
}

fn capabilities(kind: Kind, profile: &TempDir) -> Capabilities {
    let Kind { width, height, scripts } = kind;
    let options = json!({
        "args": [
            "--headless=new",
            // A container has no room for the sandbox, and every page here is our own.
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--no-proxy-server",
            format!("--user-data-dir={}", profile.path().join("profile").display()),
            format!("--window-size={width},{height}"),
        ],
        "prefs": {
            "intl.accept_languages": "fr-FR,fr",
            "profile.managed_default_content_settings.javascript": if scripts { 1 } else { 2 },
            "credentials_enable_service": false,
            "download.default_directory": downloads(profile),
        },
        // A window is never narrower than 500 pixels; an emulated screen is.
        "mobileEmulation": { "deviceMetrics": { "width": width, "height": height, "pixelRatio": 1.0, "touch": false } },
    });
    let all = json!({ "browserName": "chrome", "goog:chromeOptions": options });
    all.as_object().unwrap().clone()
}
