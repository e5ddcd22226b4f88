//! Draws the pictures of the documentation: `make screenshots`. One pupil meets the gate on a phone, then on a desktop.

use std::path::Path;
use std::process::Command;

use crate::chromium::{Chromium, Kind};
use crate::demo::Demo;

const PUPIL: &str = "noe.brumeville";
const EVERYBODY: &str = "academie:13";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "writes docs/images: make screenshots"]
async fn of_every_page_a_pupil_sees_at_the_gate() {
    // Where it usually is: addresses are in the pictures.
    let demo = Demo::start_at(None);
    let mut password = demo.typed(PUPIL);
    for (kind, new) in [(Kind::PHONE, "Canal+bleu12"), (Kind::DESKTOP, "Ronde_7-collines")] {
        order(&demo);
        let browser = Chromium::start(kind).await;
        let album = Album { browser: &browser, width: kind.width };
        let [_, portal, gradebook] = demo.addresses();

        browser.open(&format!("{gradebook}/notes/francais")).await;
        browser.fill("login", PUPIL).await;
        album.keep("sign-in").await;
        browser.fill("password", &password).await;
        browser.press("sign-in").await;
        browser.see("notice").await;
        album.keep("gradebook-notice").await;
        browser.press("change-now").await;
        browser.fill("current_password", &password).await;
        // Some rules are still to be met.
        browser.fill("new_password", &new[..6].to_lowercase()).await;
        album.keep("change").await;
        browser.see("new_password").await.clear().await.unwrap();
        browser.fill("new_password", new).await;
        browser.fill("confirmation", new).await;
        browser.press("next").await;
        browser.see("continue").await;
        album.keep("success").await;
        browser.press("continue").await;
        browser.see("subject").await;

        browser.open(&portal).await;
        browser.press("sign-in").await;
        browser.see("who").await;
        album.keep("portal").await;
        new.clone_into(&mut password);
    }
}

fn order(demo: &Demo) {
    let words = [
        "reset-order",
        "issue",
        "--yes",
        "--level",
        "change",
        "--territory",
        EVERYBODY,
        "--reason",
        "pictures",
    ];
    let output = Command::new(env!("CARGO_BIN_EXE_ecluse"))
        .arg("--config")
        .arg(demo.folder.path().join("ecluse.toml"))
        .args(words)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Where the pictures of one width go.
struct Album<'a> {
    browser: &'a Chromium,
    width: u32,
}

impl Album<'_> {
    async fn keep(&self, name: &str) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/images");
        keep(&folder, &format!("{name}-{}", self.width), self.browser).await;
    }
}

/// Keeps the page that is shown as a picture.
pub(crate) async fn keep(folder: &Path, name: &str, browser: &Chromium) {
    let picture = browser.picture().await;
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
}
