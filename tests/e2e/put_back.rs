//! A copy is made and put back by the commands of `docs/operations.md`, as they stand there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::browser::Browser;
use crate::premises::{Held, Premises};
use crate::test_server::ServerDatabase;

const PASSWORD: &str = "Mot-de-passe-un-7";
const CHANGED: &str = "Mot-de-passe-deux-7";

/// The commands under this name in the document.
pub(crate) fn documented(name: &str) -> String {
    let document =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md")).unwrap();
    let after =
        document.split_once(&format!("<!-- runs: {name} -->\n")).unwrap_or_else(|| panic!("no {name}")).1;
    let block = after.trim_start().strip_prefix("```sh\n").unwrap().split_once("```").unwrap().0;
    block.lines().map(|line| line.trim_start().to_owned() + "\n").collect()
}

/// Runs them in the folder of the premises, with these variables; what they printed.
pub(crate) fn run(premises: &Premises, name: &str, variables: &[(&str, &str)]) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_ecluse")).parent().unwrap().display().to_string();
    let path = [program, newest_tools(), std::env::var("PATH").unwrap()].join(":");
    let output = Command::new("sh")
        .args(["-eu", "-c", &documented(name)])
        .current_dir(premises.path())
        .env_clear()
        .env("PATH", path)
        .env("ECLUSE__STORE__URL", &premises.url)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let told = text(&output.stdout) + &text(&output.stderr);
    assert!(output.status.success(), "{name}: {told}");
    told
}

/// Where the server's own tools are, which have to be as new as it is.
fn newest_tools() -> String {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()).max();
    newest.map_or_else(String::new, |version| format!("/usr/lib/postgresql/{version}/bin"))
}

#[tokio::test]
async fn after_a_copy_was_put_back_nothing_given_out_is_good_and_passwords_and_orders_are_those_of_the_copy()
{
    let database = ServerDatabase::create(None).await;
    let mut premises = Premises::build(database.as_ref().map_or("", |database| &database.url), 8);
    let file = premises.path().join("ecluse.sqlite3").display().to_string();
    let (kind, place) = match &database {
        Some(database) => ("server", database.url.clone()),
        None => ("file", file),
    };
    let backups = tempfile::tempdir().unwrap();
    let variables = [("DATABASE", place.as_str()), ("BACKUPS", backups.path().to_str().unwrap())];

    premises.open().await;
    let slips = premises.slips();
    let portal = premises.portal();
    let zoe = premises.activate("eleve0", &slips["eleve0"], PASSWORD).await;
    premises.activate("eleve1", &slips["eleve1"], PASSWORD).await;
    premises.activate("eleve2", &slips["eleve2"], PASSWORD).await;
    order(&premises, "6B", "change");
    let before = Held::of(&portal, zoe).await;
    run(&premises, &format!("back up a {kind}"), &variables);

    let after = Held::of(&portal, signed_in(&premises, "eleve0").await).await;
    let changing = signed_in(&premises, "eleve2").await;
    let page = changing.change(&changing.go("/account/password").await, PASSWORD, CHANGED).await;
    assert!(page.is_success(), "{}", page.body);
    premises.activate("eleve4", &slips["eleve4"], PASSWORD).await;
    order(&premises, "6A", "recover");
    assert!(!premises.is_let_in("eleve0", PASSWORD).await);
    premises.close();

    run(&premises, &format!("put a {kind} back"), &variables);
    for command in [&["serve"][..], &["reset-order", "list"]] {
        let told = premises.ecluse(command);
        assert!(told.starts_with("exit 3") && told.contains("older copy"), "{told}");
    }
    run(&premises, "say that it was put back", &variables);

    premises.open().await;
    before.assert_dead(&portal).await;
    after.assert_dead(&portal).await;
    for (login, typed, is_let_in) in [
        ("eleve0", PASSWORD, true),
        ("eleve2", PASSWORD, true),
        ("eleve2", CHANGED, false),
        ("eleve4", slips["eleve4"].as_str(), false),
        ("eleve6", slips["eleve6"].as_str(), false),
    ] {
        assert_eq!(premises.is_let_in(login, typed).await, is_let_in, "{login}");
    }
    let bound = Browser::new(&premises.issuer);
    let page = bound.sign_in(&bound.go(&portal.authorize(&[])).await, "eleve1", PASSWORD).await;
    assert!(page.is_change(), "the order from before binds: {} {}", page.status, page.body);

    // The order that was lost binds nobody, until it is issued again.
    let free = Held::of(&portal, signed_in(&premises, "eleve0").await).await;
    order(&premises, "6A", "recover");
    free.assert_shut(&portal).await;
    assert!(!premises.is_let_in("eleve0", PASSWORD).await);
    let anew = premises.slips();
    assert!(
        premises.is_let_in("eleve0", &anew["eleve0"]).await
            && premises.is_let_in("eleve6", &anew["eleve6"]).await
    );
}

fn order(premises: &Premises, class: &str, level: &str) {
    let place = format!("class:0860001J/{class}");
    premises.run(&[
        "reset-order",
        "issue",
        "--yes",
        "--territory",
        &place,
        "--level",
        level,
        "--reason",
        "a test",
    ]);
}

async fn signed_in(premises: &Premises, login: &str) -> Browser {
    let browser = Browser::new(&premises.issuer);
    let page = browser.sign_in(&browser.go("/login").await, login, PASSWORD).await;
    assert!(!page.is_sign_in(), "{} {}", page.status, page.body);
    browser
}

/// A path for a file that does not exist.
pub(crate) fn beside(premises: &Premises, name: &str) -> PathBuf {
    premises.path().join(name)
}

#[tokio::test]
async fn the_key_on_a_sheet_is_put_back_and_opens_what_it_sealed_and_nothing_else() {
    let premises = Premises::build("", 1);
    let sheet = beside(&premises, "sheet");
    let variables = [("SHEET", sheet.to_str().unwrap())];
    let told = run(&premises, "write the sheet", &variables);
    let written = fs::read_to_string(&sheet).unwrap();
    let key = fs::read_to_string(beside(&premises, "ecluse.master.key")).unwrap();
    for secret in [&written[written.find("\n1  ").unwrap() + 4..][..9], &key[..8]] {
        assert!(!told.contains(secret), "{told}");
    }
    assert!(
        premises.ecluse(&["keys", "backup", sheet.to_str().unwrap()]).starts_with("exit 3"),
        "never written over"
    );
    let shown = premises.run(&["keys", "backup", "-"]);
    assert!(shown.contains(written[written.find("\n1  ").unwrap()..].trim_end()), "the same four lines");

    fs::remove_file(beside(&premises, "ecluse.master.key")).unwrap();
    assert!(run(&premises, "check the sheet", &variables).contains("opens ecluse.sqlite3"));
    fs::rename(&sheet, beside(&premises, "ecluse.master.key")).unwrap();
    premises.run(&["keys", "list"]);
    assert_eq!(premises.slips().len(), 1);

    let verify = |premises: &Premises| premises.ecluse(&["keys", "backup", "--verify", "ecluse.master.key"]);
    let other = Premises::build("", 1);
    fs::rename(beside(&premises, "ecluse.master.key"), beside(&other, "ecluse.master.key")).unwrap();
    let told = verify(&other);
    assert!(told.starts_with("exit 3") && told.contains("does not open ecluse.sqlite3"), "{told}");
    let line = written.lines().find(|line| line.starts_with("3  ")).unwrap();
    let mistyped = format!("{}{}", &line[..line.len() - 1], if line.ends_with('0') { "1" } else { "0" });
    fs::write(beside(&other, "ecluse.master.key"), written.replace(line, &mistyped)).unwrap();
    let told = verify(&other);
    assert!(told.starts_with("exit 1") && told.contains("line 3 of the sheet was mistyped"), "{told}");
    assert!(!told.contains(&mistyped[3..7]), "{told}");
}
