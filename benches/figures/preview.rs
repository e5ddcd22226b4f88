//! What an order over everybody would do, counted before anybody writes it, beside a bare reading of the same rows.

use std::path::Path;
use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::domain::profile::Profile;
use ecluse::flows::context::Context;
use ecluse::flows::reset_order::issue::Proposal;
use ecluse::flows::reset_order::preview::preview;
use ecluse::store::db::{Batch, Statement};
use rusqlite::Connection;

use crate::cpu;
use crate::deployment::Deployment;
use crate::order::{actor, millis, proposal};
use crate::people::Invented;
use crate::report::{self, median};

const ROUNDS: usize = 9;

/// Counts, again and again.
pub(crate) async fn measure(deployment: &Deployment, ctx: &Context) {
    let now = ctx.clock.now();
    let everybody = |level| proposal("academie:13", &[], level);
    let school = format!("uai:{}", Invented::new(0).uai);
    let asked = [
        ("an order over everybody", everybody(Level::Change)),
        (
            "the same, recover, all exclusions",
            Proposal {
                never_activated: true,
                changed_since: Some(now.minus(Duration::from_hours(24))),
                reset_by_school_since: Some(now.minus(Duration::from_hours(48))),
                ..everybody(Level::Recover)
            },
        ),
        ("the same, pupils alone", proposal("academie:13", &[Profile::Pupil], Level::Change)),
        ("a quarter of them", proposal("departement:016", &[], Level::Change)),
        ("one school", proposal(&school, &[], Level::Change)),
    ];
    let mut took = vec![Vec::new(); asked.len()];
    let mut covered = vec![0; asked.len()];
    let mut bare = Vec::new();
    for _ in 0..ROUNDS {
        for (at, (_, proposal)) in asked.iter().enumerate() {
            let began = cpu::now();
            let counts = preview(ctx, &actor(), proposal).await.unwrap().unwrap().counts;
            took[at].push(millis(began.elapsed()));
            covered[at] = counts.covered;
        }
        if !deployment.is_on_server() {
            bare.push(millis(scan(&deployment.database())));
        }
    }
    report::title("Preview, in milliseconds from the question to the counts");
    for (at, (what, _)) in asked.iter().enumerate() {
        let goal = if at == 0 { "1000 ms" } else { "" };
        report::alone(&format!("{what}: {}", covered[at]), &format!("{:.0} ms", median(&took[at])), goal);
    }
    if !bare.is_empty() {
        let bare = format!("{:.0} ms", median(&bare));
        report::alone("  to read accounts and places, one thread", &bare, "");
    }
}

/// Everybody has a password, as after some weeks: they came in any order, one of sixteen has a new one, and a few have none.
/// In steps, as a server breaks off what takes long.
pub(crate) async fn activate(ctx: &Context) {
    const HASHES: &str = "INSERT INTO credential (account_id, phc) SELECT a.id, $1
        FROM account a WHERE a.id LIKE $2 ORDER BY substr(a.id, 28) ON CONFLICT (account_id) DO NOTHING";
    const CHOSEN: &str = "UPDATE account SET chosen_under = 0,
            chosen_at = CASE WHEN id LIKE '%a' THEN now_us() ELSE now_us() - 31536000000000 END,
            proof = CASE WHEN id LIKE '%1' THEN 'old_password' ELSE 'code' END
        WHERE id LIKE $1 AND chosen_at IS NULL
            AND EXISTS (SELECT 1 FROM credential WHERE account_id = account.id)";
    let phc = format!("$argon2id$v=19$m=19456,t=2,p=1${}${}", "c".repeat(22), "h".repeat(43));
    for step in 0..0xff {
        let ending = format!("%{step:02x}");
        let hashes = Statement::new(HASHES, vec![phc.clone().into(), ending.clone().into()]);
        let chosen = Statement::new(CHOSEN, vec![ending.into()]);
        ctx.db.run(Batch::plain(vec![hashes, chosen])).await.unwrap();
    }
}

/// Reads every row that the answer rests on, in the order in which they lie, and asks nothing.
fn scan(database: &Path) -> Duration {
    let connection = Connection::open(database).unwrap();
    let ((), took) = cpu::watch(|| {
        for sql in [
            "SELECT COUNT(*) + COUNT(email) + COUNT(chosen_at) + COUNT(proof) FROM account NOT INDEXED",
            "SELECT COUNT(*) + COUNT(ended) + COUNT(path) FROM affiliation NOT INDEXED",
        ] {
            connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        }
    });
    took
}
