//! `kill -9` at any moment: of a change or an order there is the whole or nothing, and what was confirmed is there.
//!
//! The real program is killed when its write-ahead log was just written to: in the middle of a commit, or right after
//! one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Child;
use std::sync::{Arc, Mutex};

use ecluse::flows::random::Random;
use tokio::task::JoinSet;

use crate::browser::Browser;
use crate::deployment::{House, PEOPLE};
use crate::receiver::Receiver;

/// With `ECLUSE_CRASH_SEED` it is killed at other moments.
fn seed() -> u64 {
    std::env::var("ECLUSE_CRASH_SEED").map_or(1, |text| text.parse().unwrap())
}

fn between(dice: &Random, least: u32, most: u32) -> u32 {
    least + u32::from_be_bytes(dice.bytes()) % (most - least + 1)
}

/// Kills the processes once `ready` and, from then on, the log was written to so many times; or once all have ended.
///
/// No clock decides: on a slow machine there is as much to cut off as on a fast one.
fn kill_when_written(processes: &mut [Child], log: &Path, times: u32, mut ready: impl FnMut() -> bool) {
    let state = || fs::metadata(log).ok().map(|file| (file.len(), file.modified().unwrap()));
    let all_ended =
        |processes: &mut [Child]| processes.iter_mut().all(|process| process.try_wait().unwrap().is_some());
    while !ready() && !all_ended(processes) {
        std::thread::yield_now();
    }
    let (mut seen, mut left) = (state(), times);
    while left > 0 && !all_ended(processes) {
        let now = state();
        left -= u32::from(now != seen);
        seen = now;
    }
    for process in processes {
        let _ = process.kill(); // it may have ended by itself
    }
}

/// What one person knows of the own password.
#[derive(Clone, Default)]
struct Chosen {
    /// The one whose change was confirmed last, and the one before.
    confirmed: Option<String>,
    before: Option<String>,
    /// The one that was sent when the server was killed.
    sent: Option<String>,
    changes: i64,
    /// An answer that a living server must not give.
    surprise: Option<String>,
}

/// Chooses one password after the other, until nobody answers.
async fn keep_changing(issuer: String, login: String, slip: String, chosen: Arc<Mutex<Chosen>>) {
    let browser = Browser::new(&issuer);
    let start = chosen.lock().unwrap().confirmed.clone();
    let mut page = browser.sign_in(&browser.go("/login").await, &login, &start.unwrap_or(slip)).await;
    assert!(page.is_change(), "{login} {} {}", page.status, page.body);
    loop {
        let (current, new) = {
            let mut chosen = chosen.lock().unwrap();
            let new = format!("Mot-de-passe-{}", chosen.changes + 1);
            chosen.sent = Some(new.clone());
            (chosen.confirmed.clone().unwrap_or_default(), new)
        };
        let typed = [("current_password", current.as_str()), ("new_password", &new), ("confirmation", &new)];
        let sent = browser.send(&page, "/password", &typed).await;
        {
            let mut chosen = chosen.lock().unwrap();
            if !sent.location().is_some_and(|next| next.ends_with("/changed")) {
                chosen.surprise = Some(format!("{} {}", sent.status, sent.body));
                return;
            }
            chosen.before = chosen.confirmed.replace(new);
            chosen.sent = None;
            chosen.changes += 1;
        }
        page = browser.go("/account/password").await;
    }
}

fn changes(known: &BTreeMap<String, Arc<Mutex<Chosen>>>) -> i64 {
    known.values().map(|chosen| chosen.lock().unwrap().changes).sum()
}

/// What the file says of somebody is of one moment: credential, numbers and audit lines.
async fn check_file(house: &House, known: &BTreeMap<String, Arc<Mutex<Chosen>>>) {
    let rows = house
        .rows(
            "SELECT a.login, a.number, a.code_issue, a.chosen_at,
                 (SELECT COUNT(*) FROM audit l WHERE l.object = 'account:' || a.id AND l.act = 'password.change')
                     AS changes,
                 (SELECT MAX(l.at) FROM audit l WHERE l.object = 'account:' || a.id AND l.act = 'password.change')
                     AS changed_at,
                 (SELECT COUNT(*) FROM audit l WHERE l.object = 'account:' || a.id AND l.act IN ('code.issue', 'code.renew'))
                     AS issues
             FROM account a",
        )
        .await;
    assert_eq!(rows.len(), PEOPLE);
    for row in rows {
        let login = row.text("login").unwrap();
        let int = |column| row.int(column).unwrap();
        let (changes, issues) = (int("changes"), int("issues"));
        assert_eq!(int("number"), 1 + changes + issues, "{login}");
        assert_eq!(int("code_issue"), 1 + changes + issues, "{login}");
        assert_eq!(row.opt_int("chosen_at").unwrap(), row.opt_int("changed_at").unwrap(), "{login}");
        let mut chosen = known[&login].lock().unwrap();
        assert_eq!(chosen.surprise, None, "{login}");
        let possible = chosen.changes..=chosen.changes + i64::from(chosen.sent.is_some());
        assert!(possible.contains(&changes), "{login}: {changes} changes, {} confirmed", chosen.changes);
        if changes > chosen.changes {
            // Written, and never confirmed: it counts.
            chosen.before = chosen.confirmed.take();
            chosen.confirmed = chosen.sent.take();
            chosen.changes = changes;
        }
    }
    // Neither is the chain of the audit log broken where the server died over it.
    house.run(&["audit", "verify"]);
}

/// One password opens the account: the one the file counted last, never the one before or one that was only sent.
async fn check_doors(house: &House, known: &BTreeMap<String, Arc<Mutex<Chosen>>>) {
    for (login, chosen) in known {
        let chosen = chosen.lock().unwrap().clone();
        for (password, opens) in [(chosen.confirmed, true), (chosen.sent, false), (chosen.before, false)] {
            let Some(password) = password else { continue };
            let browser = Browser::new(&house.issuer);
            let page = browser.sign_in(&browser.go("/login").await, login, &password).await;
            assert_eq!(page.is_change(), opens, "{login} with {password}: {}", page.body);
        }
    }
}

/// A server that runs seals what is written, by itself.
fn everything_is_sealed(house: &House) {
    let waits = || {
        let verified = house.run(&["--json", "--quiet", "audit", "verify"]);
        let verified: serde_json::Value = serde_json::from_slice(&verified.stdout).unwrap();
        verified["unsealed"] != 0
    };
    let asked = (0..500).take_while(|_| waits()).count();
    assert!(asked < 500, "lines of the audit log wait to be sealed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_killed_server_has_made_each_change_or_not_begun_it() {
    let dice = Random::seeded(seed());
    println!("seed {}", seed());
    let house = House::build();
    let slips = house.slips();
    let known: BTreeMap<_, _> = slips.keys().map(|login| (login.clone(), Arc::default())).collect();
    for _ in 0..3 {
        let mut server = [house.serve().await];
        let mut people = JoinSet::new();
        for (login, slip) in &slips {
            let chosen: &Arc<Mutex<Chosen>> = &known[login];
            chosen.lock().unwrap().sent = None;
            people.spawn(keep_changing(
                house.issuer.clone(),
                login.clone(),
                slip.clone(),
                Arc::clone(chosen),
            ));
        }
        // Everybody is at work, and then it is any moment.
        let goal = changes(&known) + i64::from(between(&dice, 20, 60));
        // A person who stops while the server lives has met what is looked into below.
        let at_work = || {
            let stopped = people.try_join_next().inspect(|ended| assert!(ended.is_ok(), "{ended:?}"));
            stopped.is_some() || changes(&known) >= goal
        };
        let (log, times) = (house.log_file(), between(&dice, 1, 20));
        tokio::task::block_in_place(|| kill_when_written(&mut server, &log, times, at_work));
        // Whoever was waiting for an answer is left without one.
        people.abort_all();
        while people.join_next().await.is_some() {}
        server[0].wait().unwrap();
        check_file(&house, &known).await;
        let mut again = house.serve().await;
        check_doors(&house, &known).await;
        everything_is_sealed(&house);
        again.kill().unwrap();
        again.wait().unwrap();
    }
}

/// Pupils and their guardians, so that a file has both turns.
fn a_school(pupils: usize) -> String {
    let mut file = "source;key;login;given_name;family_name;profile;uai;classes;guardian_of\n".to_owned();
    for number in 0..pupils {
        writeln!(file, "B;{number};p{number};P;Essai;National_ELV;0169001X;5B;").unwrap();
        writeln!(file, "B;g{number};g{number};G;Essai;National_TUT;;;{number}").unwrap();
    }
    file
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_killed_import_leaves_whole_accounts_and_is_finished_by_the_same_command() {
    let dice = Random::seeded(seed());
    println!("seed {}", seed());
    let house = House::build();
    fs::write(house.folder.path().join("school.csv"), a_school(400)).unwrap();
    let import = ["account", "import", "school.csv", "--quiet"];
    for _ in 0..3 {
        let mut process = [house.command(&import).spawn().unwrap()];
        let (log, times) = (house.log_file(), between(&dice, 5, 60));
        tokio::task::block_in_place(|| kill_when_written(&mut process, &log, times, || true));
        process[0].wait().unwrap();
        let homeless = "SELECT COUNT(*) FROM account a WHERE a.number <> 1 OR NOT EXISTS
            (SELECT 1 FROM affiliation f WHERE f.account_id = a.id)";
        assert_eq!(house.number(homeless).await, 0, "each account is whole");
        let lonely = "SELECT COUNT(*) FROM account a WHERE a.login LIKE 'g%' AND NOT EXISTS
            (SELECT 1 FROM guardianship u WHERE u.guardian_id = a.id)";
        assert_eq!(house.number(lonely).await, 0, "a guardian comes with the pupil");
    }
    house.run(&import);
    assert_eq!(house.number("SELECT COUNT(*) FROM account WHERE source = 'B'").await, 800);
    let told = "SELECT COALESCE(SUM(count), 0) FROM audit WHERE act = 'account.import' AND count <> 12";
    assert_eq!(house.number(told).await, 800, "and the audit lines count each of them once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_killed_command_line_has_written_each_order_or_nothing_of_it() {
    let dice = Random::seeded(seed());
    println!("seed {}", seed());
    let house = House::build();
    let mut confirmed: Vec<String> = Vec::new();
    let issue = ["reset-order", "issue", "--territory", "academie:13", "--level", "recover", "--yes"];
    let issue = [&issue[..], &["--reason", "passwords for sale"]].concat();
    for _ in 0..6 {
        let mut processes: Vec<Child> = (0..3).map(|_| house.command(&issue).spawn().unwrap()).collect();
        if let Some(id) = confirmed.last() {
            let cancel = ["reset-order", "cancel", id, "--reason", "false alarm", "--yes"];
            processes.push(house.command(&cancel).spawn().unwrap());
        }
        let (log, times) = (house.log_file(), between(&dice, 1, 24));
        tokio::task::block_in_place(|| kill_when_written(&mut processes, &log, times, || true));
        for process in processes.drain(..3) {
            let output = process.wait_with_output().unwrap();
            if output.status.success() {
                confirmed.push(String::from_utf8(output.stdout).unwrap().trim().to_owned());
            }
        }
        for mut process in processes {
            process.wait().unwrap();
        }
        let issued = house.number("SELECT COUNT(*) FROM audit WHERE act = 'order.issue'").await;
        let lifted = house.number("SELECT COUNT(*) FROM audit WHERE act = 'order.cancel'").await;
        assert_eq!(house.number("SELECT value FROM order_clock").await, issued + lifted);
        let orders = house.rows("SELECT id, state, clock, sealed_code_key FROM reset_order").await;
        assert_eq!(orders.len(), usize::try_from(issued).unwrap());
        let cancelled = orders.iter().filter(|row| row.str("state").unwrap() == "cancelled").count();
        assert_eq!(cancelled, usize::try_from(lifted).unwrap());
        for order in &orders {
            assert!(order.int("clock").unwrap() <= issued + lifted);
            assert!(order.opt_str("sealed_code_key").unwrap().is_some(), "it has the key of its codes");
        }
        for id in &confirmed {
            assert!(orders.iter().any(|order| order.str("id").unwrap() == id), "{id} was confirmed");
        }
    }
    assert!(!confirmed.is_empty(), "no order was ever confirmed");
    assert_eq!(house.slips().len(), PEOPLE, "the last order's codes can be printed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_killed_server_leaves_nobody_untold() {
    let dice = Random::seeded(seed());
    println!("seed {}", seed());
    let house = House::build();
    let receiver = Receiver::start().await;
    fs::write(house.folder.path().join("school.csv"), a_school(300)).unwrap();
    house.run(&["account", "import", "school.csv", "--quiet"]);
    let client = ["client", "add", "--name", "hearer", "--redirect-uri", "http://127.0.0.1:9/cb"];
    house.run(&[&client[..], &["--backchannel-logout-uri", &receiver.uri]].concat());
    house
        .write(
            "INSERT INTO token_grant (id, account_id, client_id, code_hash, scope, sid, session, account_number, epoch,
                 clock, authenticated_at, created_at, expires_at)
             SELECT a.id, a.id, 'hearer', a.id, 'openid', a.id, a.id, a.number, 0, 0, now_us(), now_us(),
                 now_us() + 86400000000 FROM account a",
        )
        .await;
    let everybody = house.rows("SELECT id FROM account ORDER BY id").await;
    let everybody: Vec<_> = everybody.iter().map(|row| row.text("id").unwrap()).collect();
    assert_eq!(everybody.len(), 600 + PEOPLE);
    let order = ["reset-order", "issue", "--territory", "academie:13", "--level", "recover", "--yes"];
    house.run(&[&order[..], &["--reason", "passwords for sale"]].concat());

    let mut heard = BTreeSet::new();
    for _ in 0..3 {
        let mut server = house.serve().await;
        // What the one before had claimed is claimed again after its lease.
        receiver.has_heard(usize::try_from(between(&dice, 1, 150)).unwrap()).await;
        server.kill().unwrap();
        server.wait().unwrap();
        heard.extend(receiver.sids());
        house.write("UPDATE notice SET due_at = 1 WHERE due_at IS NOT NULL").await;
    }
    assert!(heard.len() < everybody.len(), "killed before the end");
    let mut server = house.serve().await;
    while heard.len() < everybody.len() {
        receiver.has_heard(1).await;
        heard.extend(receiver.sids());
    }
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!(heard.into_iter().collect::<Vec<_>>(), everybody);
}
