//! Printing codes: `ecluse slips`, beside the derivation of as many codes and the scan of as many people.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use ecluse::domain::account::AccountId;
use ecluse::domain::code::{Issue, derive};
use ecluse::domain::level::Level;
use ecluse::domain::secret::SecretBytes;
use ecluse::flows::context::Context;
use rusqlite::Connection;

use crate::cpu;
use crate::deployment::Deployment;
use crate::order::order;
use crate::people::DEPARTEMENTS;
use crate::report::{self, rate};

/// Orders a département to change with codes, and prints them: a quarter of the population.
pub(crate) async fn measure(deployment: &Deployment, ctx: &Context) {
    let territory = format!("departement:{}", DEPARTEMENTS[0]);
    let order = order(ctx, &territory, &[], Level::Recover).await;
    let mut program = deployment.program(&["slips", "--order", &order.to_string(), "--json"]);
    let before = cpu::of_ended_children();
    let (output, took) =
        cpu::watch(|| program.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap());
    let cost = cpu::of_ended_children().saturating_sub(before);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let slips = u32::try_from(output.stdout.split(|byte| *byte == b'\n').count() - 2).unwrap();
    let derived = derivation(slips);
    let scanned = scan(&deployment.database(), &territory, slips);
    let limit = derived + scanned;
    report::title("Codes as CSV, for a quarter of the population");
    let share = limit.as_secs_f64() / took.as_secs_f64();
    report::share(
        "slips a second, each marked and audited",
        rate(slips, took),
        rate(slips, limit),
        share,
        "200000",
    );
    report::alone("  the same, a second of a core", &format!("{:.0}", rate(slips, cost)), "");
    report::alone("  codes derived a second of a core", &format!("{:.0}", rate(slips, derived)), "");
    report::alone("  people scanned a second of a core", &format!("{:.0}", rate(slips, scanned)), "");
}

fn derivation(count: u32) -> Duration {
    let key = SecretBytes::new(vec![7; 32]);
    let account = AccountId("019ab000-0000-7000-8000-000000000000".to_owned());
    cpu::cost(|| {
        for number in 0..i64::from(count) {
            derive(&key, &account, Issue { epoch: 0, number }).unwrap();
        }
    })
}

/// Reads the names and places of everybody below a territory, in the order of places.
fn scan(database: &Path, territory: &str, count: u32) -> Duration {
    let connection = Connection::open(database).unwrap();
    let sql = "SELECT f.path, a.id, a.login, a.given_name, a.family_name, a.code_issue FROM affiliation f
               JOIN account a ON a.id = f.account_id WHERE f.path > $1 AND f.path < $2 ORDER BY f.path";
    let mut read = connection.prepare(sql).unwrap();
    let path = format!("ministry:fr>academie:13>{territory}");
    cpu::cost(|| {
        let mut rows = read.query([format!("{path}>"), format!("{path}?")]).unwrap();
        let mut seen = 0;
        while let Some(row) = rows.next().unwrap() {
            let _: (String, String, String) = (row.get(0).unwrap(), row.get(1).unwrap(), row.get(4).unwrap());
            seen += 1;
        }
        assert!(seen >= count, "{seen} people for {count} slips");
    })
}
